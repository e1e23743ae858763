def f(n):
    d = {}
    for i in range(n):
        d[i] = i
        t = d
        if i % 2:
            del t
        if i > 3:
            del d[i - 3]
        k = list(d)
        del k[:1], i
    try:
        print(t)
    except UnboundLocalError:
        t = 0
    del t, d
    return n


def rebinding(n):
    for i in range(n):
        try:
            raise ValueError(i)
        except ValueError as e:
            m = str(e)
        try:
            m + e
        except UnboundLocalError:
            e = i
        with open('/dev/null') as h:
            w = i
        del w, h
    return m


f(60)
rebinding(60)
for q in range(60):
    r = [q]
    del q
    s = r.pop()
    if s % 3 == 0:
        del s
