import functools


@functools.lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@functools.total_ordering
class Version:
    def __init__(self, *parts):
        self.parts = parts

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    @functools.cached_property
    def text(self):
        return '.'.join(map(str, self.parts))


@functools.singledispatch
def show(x):
    return 'other'


@show.register(int)
def _(x):
    return 'int %d' % x


value = fib(15)
info = fib.cache_info()
top = max(Version(1, 2), Version(1, 10), Version(0, 9))
same = top.text == top.text
double = functools.partial(pow, 2)
folded = functools.reduce(lambda acc, x: acc + [x] if x not in acc else acc, [1, 2, 1], [])
key = sorted(['b', 'A', 'c'], key=functools.cmp_to_key(lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower())))
print(value, info.hits, top.text, same, double(5), folded, key, show(3), show('x'))
