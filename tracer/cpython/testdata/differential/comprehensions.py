def f(n):
    out = []
    for i in range(n):
        a = [x + i for x in range(3)]
        b = {x: y for x, y in zip(a, 'abc') if x % 2}
        c = {x % 4 for x in a}
        g = (x for x in a)
        s = sum(g)
        m = [[p * q for p in range(2)] for q in range(2)]
        if (w := s % 5) > 2:
            out.append(w)
        v = [last := x for x in a if x]
        x = i
        k = [x for x in a] + [x]
    return out[:5], last, b, c, m, v, k


def cells(n):
    for i in range(n):
        fs = [lambda: i + j for j in range(3)]
        a = [h() for h in fs]
        b = [(lambda z=j: z)() for j in a]
        i2 = any(x > 50 for x in a)
    return a, b, i2


f(60)
cells(60)
for t in range(60):
    u = [t2 for t2 in range(t % 4)]
    v = {k: [t] for k in u}
    w = [y := t, y + 1]
