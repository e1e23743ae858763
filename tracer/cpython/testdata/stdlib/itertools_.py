import itertools as it


def primes():
    seen = []
    for n in it.count(2):
        if all(n % p for p in it.takewhile(lambda p: p * p <= n, seen)):
            seen.append(n)
            yield n


first = list(it.islice(primes(), 10))
runs = [(k, len(list(g))) for k, g in it.groupby('aabccc')]
pairs = list(it.combinations('abc', 2))
grid = [(x, y) for x, y in it.product(range(2), repeat=2)]
sums = list(it.accumulate([1, 2, 3], lambda a, b: a * 10 + b))
a, b = it.tee(iter(range(3)))
zipped = list(it.zip_longest(a, it.chain(b, [9]), fillvalue='-'))
cyc = it.cycle('xy')
four = [next(cyc) for _ in range(4)]
star = list(it.starmap(pow, [(2, 3), (3, 2)]))
perm = sum(1 for _ in it.permutations(range(4)))
print(first, runs, pairs, grid, sums, zipped, four, star, perm)
