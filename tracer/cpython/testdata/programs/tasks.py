import asyncio


async def child(name, n):        #> call child name='a' n=1 | call child name='b' n=2
    for i in range(n):
        await asyncio.sleep(0)   #> ...
    return name * n              #> return 'a' | return 'bb'


async def ticks(n):
    for i in range(n):
        yield i                  #> yield 0 | yield 1


class Held:
    async def __aenter__(self):
        return 'in'              #> return 'in'

    async def __aexit__(self, *e):
        return False             #> return False


async def main():                #> call main
    both = await asyncio.gather(child('a', 1), child('b', 2))   #> ...
    seen = []                    #> seen=[]
    async for t in ticks(2):
        seen.append(t)           #> seen=[0] | seen=[0, 1] | ...
    async with Held() as h:
        seen.append(h)
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.001)
    except asyncio.TimeoutError:
        late = 1                 #> late=1
    return both                  #> return ['a', 'bb']


result = asyncio.run(main())     #> return None
