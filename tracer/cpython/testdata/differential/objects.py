class Box:
    kind = 'box'
    seen = []

    def __init__(self, v):
        self.v = v

    def grow(self, by):
        self.v += by
        return self.v

    @property
    def double(self):
        return self.v * 2

    @double.setter
    def double(self, x):
        self.v = x // 2

    def __getitem__(self, i):
        return self.v + i

    def __setitem__(self, i, x):
        log.append((i, x))
        del log[:-3]

    def __iadd__(self, other):
        self.v -= other
        log.append(other)
        return self

    def __add__(self, other):
        log.append('add')
        return self.v

    def __neg__(self):
        log.append('neg')
        return 1

    def __lt__(self, other):
        log.append('lt')
        return True

    def __contains__(self, x):
        log.append('in')
        return False

    def __eq__(self, other):
        log.append('eq')
        return True

    def __bool__(self):
        log.append('bool')
        return True

    def __enter__(self):
        log.append('enter')
        return log

    def __exit__(self, *_):
        log.append('exit')

    def __len__(self):
        log.append('len')
        return 3

    def __iter__(self):
        log.append('iter')
        return iter(range(2))

    def __getattr__(self, name):
        log.append(name)
        return 5

    def __format__(self, spec):
        log.append('format')
        return 'b'

    def __hash__(self):
        log.append('hash')
        return 1


log = []


def work(n):
    out = []
    mine = log
    for i in range(n):
        b = Box(i)
        b.v += 1
        b.double = i
        b[i] = b.double
        b[0] += 4
        b += 1
        x = b + 1
        x = -b
        x = b < 1
        x = 1 in b
        x = b == 2
        if b: pass
        with b as y: pass
        x = [*b]
        p, q = b
        x = b.missing
        x = f'{b}'
        x = {b: 1}
        x = None
        b.ys = out
        b.ys.append(i)
        del out[:-2]
        del log[:-2]
        del b
    return out


work(60)
total = 0
for i in range(60):
    box = Box(i)
    total += box.grow(i)
    if box != 3:
        del log[:-2]
    while box:
        break
    box = None
    del log[:-1]
