def f():
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = a8 = a9 = 0
    b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = b8 = b9 = []
    c0 = {}
    for i in range(60):
        a0, a1, a2 = i, a0, a1
        a3 += a2; a4 -= 1; a5 = [a4]
        b0.append(i)
        del b9[:-2]
        c0[i % 3] = b0
        if i % 20 == 10:
            del a7, b7
            d0 = d1 = d2 = d3 = i
            a7 = b7 = None
    del d3, a0
    return d0


f()
for i0 in range(60):
    exec('n%d = %d' % (i0, i0))
    if i0 > 5:
        del globals()['n%d' % (i0 - 5)]
big = 2 ** 70
neg = -big
for i1 in range(60):
    big -= 2 ** 69 + i1
    x = big * 1.5
    s = 'ä' * (i1 % 5) + '\ud800\n' * (i1 % 2)
    b = s.encode('utf-8', 'surrogatepass')
    c = complex(i1, -0.0)
