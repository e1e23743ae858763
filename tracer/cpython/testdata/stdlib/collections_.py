from collections import ChainMap, Counter, OrderedDict, defaultdict, deque, namedtuple

Point = namedtuple('Point', 'x y', defaults=[0])
p = Point(1)
q = p._replace(y=5)
words = Counter('the cat the dog the end'.split())
top = words.most_common(1)
words.update(['cat'] * 5)
groups = defaultdict(list)
for word in words:
    groups[len(word)].append(word)
recent = deque(maxlen=3)
for i in range(5):
    recent.append(i)
recent.rotate(1)
order = OrderedDict(a=1, b=2, c=3)
order.move_to_end('a')
first = order.popitem(last=False)
config = ChainMap({'debug': True}, {'debug': False, 'level': 1})
level = config['level']
config['level'] = 2
print(top, first, level, dict(groups), q.x + q.y)
