import random
import struct

random.seed(7)
rolls = [random.randint(1, 6) for _ in range(5)]
deck = list(range(8))
random.shuffle(deck)
own = random.Random(1)
picked = own.sample(range(100), 3)
weighted = own.choices('ab', weights=[1, 9], k=5)
packed = struct.pack('>HIf', 1, 2 ** 20, 1.5)
back = struct.unpack('>HIf', packed)
size = struct.calcsize('<bq')
points = list(struct.iter_unpack('<hh', bytes(range(8))))
try:
    struct.pack('B', 300)
except struct.error as e:
    kind = 'struct.error'
print(rolls, deck, picked, weighted, packed, back, size, points, kind)
