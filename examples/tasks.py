"""Two asyncio tasks that take turns at a queue."""

import asyncio


async def producer(queue, items):
    for item in items:
        await queue.put(item)
    await queue.put(None)


async def consumer(queue):
    total = 0
    while (item := await queue.get()) is not None:
        total += item
    return total


async def main():
    queue = asyncio.Queue(maxsize=1)
    _, total = await asyncio.gather(producer(queue, [1, 2, 3]), consumer(queue))
    return total


print(asyncio.run(main()))
