# python 3.10
class Point:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y):
        self.x, self.y = x, y


def what(v):
    match v:
        case 0:
            r = 'zero'
        case int() as n if n > 50:
            r = n
        case [a, *rest]:
            rest.append(a)
            r = rest
        case {'k': k, **more}:
            more['k'] = k
            r = more
        case Point(0, y) | Point(y, 0):
            r = y
        case 'a' | 'b' as s:
            r = s
        case _:
            r = None
    return r


def work():
    out = []
    for v in (0, 51, 7, [1, 2], {'k': 1, 'l': 2}, Point(0, 3), Point(4, 0), Point(1, 1), 'b', 'z') * 8:
        out.append(what(v))
        del out[:-3]
    return out


work()
for i in range(60):
    match [i, i % 3]:
        case [p, 0]:
            q = [p]
        case [p, (1 | 2) as r]:
            q.append(r)
            del q[:-2]
