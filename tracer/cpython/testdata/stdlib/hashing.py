import base64
import binascii
import hashlib
import hmac
import zlib

data = b'some data ' * 3
digest = hashlib.sha256(data).hexdigest()
step = hashlib.md5()
for i in range(0, len(data), 7):
    step.update(data[i:i + 7])
same = step.hexdigest() == hashlib.md5(data).hexdigest()
coded = base64.b64encode(data[:7])
url = base64.urlsafe_b64decode(b'_-8=')
mac = hmac.new(b'key', data, 'sha1').hexdigest()
packed = zlib.compress(data)
crc = zlib.crc32(data)
hexed = binascii.hexlify(b'\x00\xff').decode()
try:
    base64.b64decode(b'abc', validate=True)
except binascii.Error as e:
    kind = type(e).__name__
print(digest[:8], same, coded, url, mac[:8], len(packed) < len(data), crc, hexed, kind, zlib.decompress(packed) == data)
