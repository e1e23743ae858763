import io


class Upper(io.TextIOBase):
    def __init__(self):
        self.parts = []

    def write(self, text):
        self.parts.append(text.upper())
        return len(text)


raw = io.BytesIO(b'one\ntwo\nthree')
first = raw.readline()
raw.seek(-5, io.SEEK_END)
tail = raw.read()
text = io.TextIOWrapper(io.BytesIO('zeile\xe4\n'.encode('latin-1')), encoding='latin-1')
line = text.readline()
up = Upper()
print('hello', 'there', file=up)
buf = io.StringIO()
for i in range(3):
    buf.write('%d,' % i)
view = raw.getbuffer()
head = bytes(view[:3])
del view
raw.close()
try:
    raw.read()
except ValueError:
    closed = raw.closed
print(first, tail, line, up.parts, buf.getvalue(), head, closed)
