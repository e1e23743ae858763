import queue
import threading
from concurrent.futures import ThreadPoolExecutor

jobs, done = queue.Queue(), []
lock = threading.Lock()


def worker():
    while True:
        job = jobs.get()
        if job is None:
            break
        with lock:
            done.append(job * job)


threads = [threading.Thread(target=worker, name='w%d' % i) for i in range(1)]
for t in threads:
    t.start()
for i in range(6):
    jobs.put(i)
for t in threads:
    jobs.put(None)
for t in threads:
    t.join()
local = threading.local()
local.x = 1
with ThreadPoolExecutor(max_workers=1) as pool:
    futures = [pool.submit(pow, 2, n) for n in range(4)]
    powers = [f.result() for f in futures]
    mapped = list(pool.map(lambda n: n + 1, range(3)))
timer = threading.Timer(0, done.append, ['timer'])
timer.start()
timer.join()
print(sorted(d for d in done if d != 'timer'), powers, mapped, done[-1])
