def counter():
    n = 0
    log = []

    def bump(by=1):
        nonlocal n
        n += by
        log.append(n)
        return n

    def drop():
        nonlocal n
        del log[0]
        n = 0
    for i in range(60):
        bump()
        if i % 9 == 8:
            drop()
        bump(i)
    return n, log[-3:]


def deep(n):
    a = [n]

    def one(x):
        b = {x: a}

        def two(y):
            nonlocal a, b
            a = a + [y]
            if len(a) > 4:
                a = [y]
            b = {y: len(a)}
            return lambda z: (a, b, z)
        return two(x + 1)(x)
    out = None
    for i in range(60):
        out = one(i)
        out = out[:2]
    return out


def late():
    fs = []
    for i in range(60):
        fs.append(lambda: i)
        last = fs[-1]()
        j = fs[0]()
    def unbound():
        return later
    try:
        unbound()
    except NameError as e:
        pass
    later = 1
    return unbound(), last, j


def shared_argument(x, y=[]):
    def inner():
        nonlocal x
        x = x + 1
        y.append(x)
        del y[:-2]
    for _ in range(60):
        inner()
    del y
    try:
        inner()
    except NameError:
        x = None
    return x


print(counter(), deep(3), late(), shared_argument(1))
