def counting(n):
    total = 0
    for i in range(n):
        total += i
        if i % 7 == 3:
            continue
        if total > 2000:
            break
    else:
        total = -1
    return total


def whiles(n):
    xs = []
    while n:
        n -= 1
        xs.append(n)
        if len(xs) > 5:
            xs.pop(0)
    else:
        xs = tuple(xs)
    return xs


def nested(n):
    grid = []
    for y in range(n):
        row = []
        grid.append(row)
        for x in range(n):
            row.append(x * y)
            a, b = x, [y]
            b += [a]
    return grid


def one_liners(n):
    s = ''
    for i in range(n): s += str(i); t = s[-3:]; u = [t]
    while len(s) > 20: s = s[:-7]
    return s, t, u


print(counting(80), whiles(70), nested(9), one_liners(70))
x = 0
ys = []
for i in range(70):
    x += i; ys.append(x % 10)
    if len(ys) > 8:
        ys.clear()
    z = (x,
         i,
         [j for j in range(i % 3)])
for i in range(60): pass
del i, z
