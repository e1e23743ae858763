import asyncio


async def produce(queue, n):
    for i in range(n):
        await queue.put(i)
        await asyncio.sleep(0)
    await queue.put(None)


async def consume(queue, out):
    while True:
        item = await queue.get()
        if item is None:
            return len(out)
        out.append(item * 2)


async def fails():
    await asyncio.sleep(0)
    raise ValueError('task')


async def main():
    queue, out = asyncio.Queue(maxsize=2), []
    task = asyncio.create_task(consume(queue, out))
    await produce(queue, 4)
    n = await task
    results = await asyncio.gather(fails(), asyncio.sleep(0, 'ok'), return_exceptions=True)
    lock = asyncio.Lock()
    async with lock:
        held = lock.locked()
    late = asyncio.create_task(asyncio.sleep(100))
    await asyncio.sleep(0)
    late.cancel()
    try:
        await late
    except asyncio.CancelledError:
        print('cancelled')
    return n, out, held, [type(r).__name__ for r in results]


print(asyncio.run(main()))
