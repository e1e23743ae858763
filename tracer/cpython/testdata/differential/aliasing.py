def push(xs, v):
    xs.append(v)
    if v % 4 == 0:
        del xs[:]
    return xs


def frames(n):
    mine = []
    d = {'mine': mine}
    for i in range(n):
        push(mine, i)
        other = push(d['mine'], 3)
        t = (mine, i)
        keep = [mine]
        keep[0] += [7]
        del mine[4:]
    return other


def inside(n):
    d = {}
    s = set()
    for i in range(n):
        d.setdefault(i % 5, []).append(i)
        for k in d:
            d[k] = d[k][-2:]
        for k, v in d.items():
            v.append(-1)
            del v[:-2]
        s.add(i % 11); s.discard(3)
        s ^= {1, i % 3}
        u = s | {99}
        fs = frozenset(s)
        for k in list(s): s.remove(k) if k > 8 else None
    return d, s, u, fs


def lazily(n):
    xs = list(range(n))
    out = []
    for x in iter(xs.pop, 0):
        y = len(xs)
    seen = []
    for _ in map(seen.append, range(n)):
        z = len(seen)
    src = list(range(n))
    it = iter(src)
    for a in it:
        b = next(it, None)
        src.append(1) if a < 5 else None
    g = (out.append(q) or q for q in range(n))
    for q2 in g:
        c = q2
    del out[3:]
    return out


def sorting(n):
    calls = []

    def key(x):
        calls.append(x)
        return -x
    for i in range(n):
        xs = [3, 1, i]
        xs.sort(key=key)
        del calls[:-1]
        ys = sorted(xs, key=lambda v: calls.append(v) or v)
        zs = list(map(key, ys))
        mx = max(zs, default=None)
    return xs, ys, mx


frames(60)
inside(60)
lazily(60)
sorting(60)
a = b = []
for i in range(60):
    b.append(i)
    c = [a]
    c[0].append(0)
    del a[2:]
