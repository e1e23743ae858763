class Resource:
    def __init__(self, log):
        self.log = log

    async def __aenter__(self):
        self.log.append('in')
        return self.log

    async def __aexit__(self, *_):
        self.log.append('out')


class Steps:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        self.n -= 1
        return self.n


class Pause:
    def __await__(self):
        x = yield 'pause'
        return x


async def agen(n):
    for i in range(n):
        await Pause()
        yield i


async def leaf(x):
    y = await Pause()
    return [x, y]


async def main(n):
    out = []
    for i in range(n):
        v = await leaf(i)
        out.append(v)
        del out[:-2]
        async with Resource(out) as r:
            r.append(i)
    async for s in Steps(5):
        out.append(s)
    async for s in agen(5):
        out.append(s)
    xs = [z async for z in Steps(3)]
    try:
        await failing()
    except ValueError as e:
        out.append(str(e))
    return out, xs


async def failing():
    await Pause()
    raise ValueError('x')


def run(c):
    i = 0
    value = None
    while True:
        try:
            c.send(value)
        except StopIteration as e:
            return e.value
        i += 1
        value = i


result = run(main(60))
