import json

orders = [{'id': i, 'items': ['a', 'b'][:i], 'price': i * 1.5, 'paid': i % 2 == 0, 'note': None} for i in range(4)]
text = json.dumps(orders, indent=1, sort_keys=True)
back = json.loads(text)
assert back == orders


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, complex):
            return [o.real, o.imag]
        return super().default(o)


print(json.dumps({'z': 1 + 2j}, cls=Encoder))
try:
    json.loads('{"a": }')
except json.JSONDecodeError as e:
    where = e.lineno, e.colno
pairs = json.loads('{"a": 1, "b": 2}', object_pairs_hook=lambda p: [k for k, v in p])
try:
    json.dumps(object)
except TypeError as e:
    print('no:', type(e).__name__)
