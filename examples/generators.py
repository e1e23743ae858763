"""A pipeline of generators: each value is pulled through all of them before the next one is made."""


def numbers(limit):
    n = 1
    while n <= limit:
        yield n
        n += 1


def squares(source):
    for n in source:
        yield n * n


def pick(source, divisor):
    return [x for x in source if x % divisor == 1]


print(pick(squares(numbers(4)), 3))
