import heapq

graph = {'a': {'b': 1, 'c': 4}, 'b': {'c': 2, 'd': 7}, 'c': {'d': 1}, 'd': {}}


def shortest(start):
    best = {start: 0}
    heap = [(0, start)]
    while heap:
        cost, node = heapq.heappop(heap)
        if cost > best[node]:
            continue
        for other, step in graph[node].items():
            new = cost + step
            if new < best.get(other, 10 ** 9):
                best[other] = new
                heapq.heappush(heap, (new, other))
    return best


best = shortest('a')
merged = list(heapq.merge([1, 4], [2, 3]))
large = heapq.nlargest(2, [5, 1, 9, 7], key=lambda x: -x)
xs = [3, 1, 2]
heapq.heapify(xs)
old = heapq.heapreplace(xs, 9)
print(best, merged, large, old, xs)
