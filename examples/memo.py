"""A decorator with a closure: the cache of fib grows while the calls get fewer."""


def memo(function):
    cache = {}

    def remember(n):
        if n not in cache:
            cache[n] = function(n)
        return cache[n]

    return remember


@memo
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(6))
