"""Makes random built-in values and prints how the agent sends each, and its repr.

    python values.py AGENT_FOLDER SEED COUNT CHARS DEPTH ITEMS

Prints a JSON list a line: [as encode sends it, as describe does (both hexadecimal), repr].
"""
import json
import marshal
import random
import sys

sys.path.insert(0, sys.argv[1])
import _ndb_agent

seed, count, chars, depth, items = map(int, sys.argv[2:])
rnd = random.Random(seed)
ALPHABET = 'abz \'"\\\n\t\x00\x7fäß\xad\u200b\u2028漢\ud800\udfff😀\U0010ffffSu(s'


def atom():
    return rnd.choice((
        lambda: None, lambda: True, lambda: False, lambda: ...,
        lambda: rnd.randint(-9, 9), lambda: rnd.randint(-2 ** 31 - 2, 2 ** 31 + 2),
        lambda: rnd.choice((1, -1)) * (rnd.getrandbits(rnd.randint(1, 200))), lambda: 2 ** rnd.randint(0, 6000),
        lambda: rnd.random() * 10 ** rnd.randint(-20, 20), lambda: float(rnd.randint(-10 ** 17, 10 ** 17)),
        lambda: rnd.choice((0.0, -0.0, float('inf'), float('-inf'), float('nan'), 1e16, 9999999999999998.0, 1e-4, 9.9e-5, 5e-324)),
        lambda: complex(rnd.choice((0.0, -0.0, 1.5, float('nan'), float('-inf'))), rnd.choice((0.0, -0.0, 2.0, float('nan'), float('inf')))),
        lambda: ''.join(rnd.choice(ALPHABET) for _ in range(rnd.choice((0, 1, 5, 30, 300)))),
        lambda: bytes(rnd.randrange(256) for _ in range(rnd.choice((0, 1, 5, 90)))),
    ))()


def value(level):
    kind = rnd.randrange(9)
    if level == 0 or kind < 3:
        return atom()
    n = rnd.choice((0, 1, 2, 3, 6))
    if kind < 5:
        return [value(level - 1) for _ in range(n)]
    if kind == 5:
        return tuple(value(level - 1) for _ in range(n))
    if kind == 6:
        return {atom(): value(level - 1) for _ in range(n)}
    some = rnd.choice((lambda: rnd.randint(-2 ** 40, 2 ** 40), lambda: ''.join(rnd.choice(ALPHABET) for _ in range(3))))
    return rnd.choice((set, frozenset))(some() for _ in range(n))


def show(v):
    t = type(v)
    if t is list:
        return '[' + ', '.join(map(show, v)) + ']'
    if t is tuple:
        return '(' + ', '.join(map(show, v)) + (',)' if len(v) == 1 else ')')
    if t is dict:
        return '{' + ', '.join(show(k) + ': ' + show(x) for k, x in v.items()) + '}'
    if t is set or t is frozenset:
        inside = '{' + ', '.join(map(show, sorted(v))) + '}'
        return repr(v) if not v else inside if t is set else 'frozenset(' + inside + ')'
    return repr(v)


if hasattr(sys, 'set_int_max_str_digits'):
    sys.set_int_max_str_digits(0)
describer = _ndb_agent.Describer(chars, depth, items, False)
for _ in range(count):
    v = value(rnd.choice((0, 1, 2, 3, 7)))
    fast = describer.encode(v, type(v))
    describer.nodes = 10 ** 9
    slow = marshal.dumps(describer.describe(v, 0, {}), 2)
    print(json.dumps([fast.hex(), slow.hex(), show(v)]))
