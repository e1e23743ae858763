def count(n):
    got = []
    for i in range(n):
        x = yield i
        if x:
            got.append(x)
    return got


def outer(n):
    r = yield from count(n)
    yield r
    try:
        yield 'last'
    finally:
        r = None


def drive():
    g = outer(60)
    xs = [next(g)]
    for i in range(30):
        v = g.send(i)
        xs.append(v)
        del xs[:-2]
    for v in g:
        xs.append(v)
        if v == 'last':
            break
    del g
    return xs


def throwing():
    out = []

    def gen():
        while True:
            try:
                x = yield out[-1:]
                out.append(x)
            except ValueError as e:
                out.append(str(e))
            except GeneratorExit:
                out.append('closed')
                raise
    g = gen()
    next(g)
    for i in range(60):
        g.send(i)
        if i % 5 == 0:
            g.throw(ValueError('v%d' % i))
        del out[:-3]
    g.close()
    h = gen()
    try:
        h.throw(KeyError('early'))
    except KeyError:
        out.append('early')
    h = gen()
    next(h)
    try:
        h.throw(TypeError('t'))
    except TypeError:
        pass
    k = gen()
    k.close()
    return out


def shared(xs):
    for x in xs:
        xs[0] += 1
        yield x
        xs[1] += 1


def aliasing():
    xs = [0, 0, 3]
    for i in range(25):
        for y in shared(xs):
            z = y
            xs.append(i)
            del xs[3:]
    return xs


def fails():
    yield 1
    raise StopIteration('inside')


def evens(n):
    yield from (x for x in range(n) if x % 2 == 0)
    yield None


drive()
throwing()
aliasing()
try:
    list(fails())
except RuntimeError as e:
    message = e.args[0]
for v in evens(120):
    w = v
a, *b = count(5)
print(sum(count(60)), *count(3), max(evens(4) and [1]))
