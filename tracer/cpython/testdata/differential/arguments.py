import functools


def star(a, b=2, *args, c, d=4, **kw):
    args = list(args)
    args.append(a)
    kw['d'] = d
    return args, kw


def named(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return f(*args, **kwargs)
    wrapper.calls = 0
    return wrapper


@named
def swap(x, y, /, *, z=None):
    x, y = y, x
    (x, [y, *rest]), z = (x, [y, 1, 2]), z
    return x, y, rest, z


def work(n):
    for i in range(n):
        r = star(i, *range(i % 4), c=i, **{'e': [i]})
        s = swap(i, i + 1, z=r)
        first, *_, last = range(i + 2)
        d = {}
        d['k'], d['l'] = i, [i]
        d['k'] += 1
        d['l'] += [2]
        d['l'][0:1] = [9, 9]
        a = b = [i]
        a.append(b[0])
        lo = 1 < i < 50 and i != 7
        f = lambda q, *w: (q, w)
        t = f(i, a)
        u = i if i % 2 else None
        text = f'{i!r:>5}{d["k"]}' \
            'more'
        del a[:]
    return r, s, lo


@named
@named
def stacked(k):
    return k


work(60)
for i in range(60):
    stacked(i)
    e = [i]; g = e; g *= 2
    e[0], e[1] = e[1], 0
