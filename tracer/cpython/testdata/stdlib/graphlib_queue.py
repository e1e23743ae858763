import queue
from graphlib import CycleError, TopologicalSorter

order = list(TopologicalSorter({'d': ['b', 'c'], 'b': ['a'], 'c': ['a']}).static_order())
try:
    list(TopologicalSorter({1: [2], 2: [1]}).static_order())
except CycleError as e:
    cycle = e.args[1]
q = queue.PriorityQueue()
for pair in ((3, 'c'), (1, 'a'), (2, 'b')):
    q.put(pair)
out = []
while not q.empty():
    out.append(q.get())
    q.task_done()
small = queue.Queue(maxsize=1)
small.put_nowait(1)
try:
    small.put_nowait(2)
except queue.Full:
    full = small.full()
lifo = queue.LifoQueue()
for i in range(3):
    lifo.put(i)
print(order[0], order[-1], len(cycle), out, full, [lifo.get() for _ in range(3)])
