"""An exception on its way out: what finally and else do, and which handler stops it."""


class OutOfStock(Exception):
    pass


def take(stock, name, count):
    if stock[name] < count:
        raise OutOfStock(name)
    stock[name] -= count
    return count


def order(stock, wanted):
    taken = {}
    try:
        for name, count in wanted:
            taken[name] = take(stock, name, count)
    except KeyError as error:
        return f"no such thing: {error}"
    else:
        return taken
    finally:
        closed = True


stock = {"apple": 3, "pear": 1}
print(order(stock, [("apple", 2), ("plum", 1)]))
try:
    order(stock, [("apple", 1), ("pear", 2)])
except OutOfStock as error:
    print("out of", error)
print(stock)
