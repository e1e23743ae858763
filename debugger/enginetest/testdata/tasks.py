#! python 7
# Coroutines: tasks take turns, each activation is a level of its own.
#: go: go*4
#: step: go; remove 1; next*2
import asyncio


async def part(n):
    await asyncio.sleep(0)
    return n * 2         #> return 2 | return 4  #@ go: break | go 1: hit | go 2: hit | step: break | step 1: hit


async def main():
    a, b = await asyncio.gather(part(1), part(2))
    return a + b         #> return 6  #@ go: break | go 3: a=2; b=4; hit


r = asyncio.run(main())  #> return None  #@ step 2: return None
#@ go 4: exit_normal | step 3: exit_normal
