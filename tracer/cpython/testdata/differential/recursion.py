def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def permute(xs, k, out):
    if k == len(xs):
        out.append(tuple(xs))
        return
    for i in range(k, len(xs)):
        xs[k], xs[i] = xs[i], xs[k]
        permute(xs, k + 1, out)
        xs[k], xs[i] = xs[i], xs[k]


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def hanoi(n, a, b, c):
    if n:
        hanoi(n - 1, a, c, b)
        c.append(a.pop())
        hanoi(n - 1, b, a, c)


fib(9)
out = []
permute([1, 2, 3, 4], 0, out)
even(60)
x, y, z = [3, 2, 1], [], []
hanoi(3, x, y, z)


def until(n):
    if n == 0:
        raise LookupError('bottom')
    try:
        until(n - 1)
    finally:
        n = -n


try:
    until(20)
except LookupError as e:
    args = e.args
