import collections, dataclasses, enum, datetime, decimal, fractions, functools, types

Point = collections.namedtuple('Point', 'x y')


@dataclasses.dataclass
class Data:
    a: int
    b: list = dataclasses.field(default_factory=list)
    hidden: int = dataclasses.field(default=1, repr=False)


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Node:
    def __init__(self, val, next=None):
        self.val, self.next = val, next


class Slots:
    __slots__ = ('p', 'q')


class Sub(list):
    pass


class Text(str):
    pass


p = Point(1, [2])                      #> p=Point(x=1, y=[2])
d = Data(1, [Point(0, 0)])             #> d=Data(a=1, b=[Point(x=0, y=0)])
c = Color.RED, Level.LOW               #> c=(<Color.RED: 1>, <Level.LOW: 1>)
n = Node(1)                            #> n=<Node #1 val=1, next=None>
m = Node(2, n)                         #> m=<Node #2 val=2, next=<Node #1 val=1, next=None>>
n.val = 5                              #> n=<Node #1 val=5, next=None>; m=<Node #2 val=2, next=<Node #1 val=5, next=None>>
n.next = n                             #> n=<Node #1 val=5, next=<Node #1>>; m=<Node #2 val=2, next=<Node #1 val=5, next=<Node #1>>>
both = [n, n]                          #> both=[<Node #1 val=5, next=<Node #1>>, <Node #1>]
s = Slots(); s.p = [1]                 #> s=<Slots #3 p=[1]>
u = Sub([1, 2])                        #> u=[1, 2]
v = Text('it')                         #> v='it'
e = object()                           #> e=<object #4>
r = []; r.append(r)                    #> r=[[...]]
k = {}; k['k'] = k                     #> k={'k': {...}}
q = (r, 1)                             #> q=([[...]], 1)
f = frozenset({3, 1})                  #> f=frozenset({1, 3})
g = {'b', 'a', 'c'}                    #> g={'a', 'b', 'c'}
h = {(2, 1), (1, 2)}                   #> h={(1, 2), (2, 1)}
i = {None, 2, 'x'}                     #> i={'x', 2, None}
o = set(), frozenset(), (), [], {}     #> o=(set(), frozenset(), (), [], {})
a1 = b'a\x00\'"', bytearray(b'x')      #> a1=(b'a\x00\'"', bytearray(b'x'))
a2 = range(3), slice(1, None), ...     #> a2=(range(0, 3), slice(1, None, None), Ellipsis)
a3 = 1e16, 1e-5, -0.0, float('nan'), float('inf'), 0.1 + 0.2, 1e22, 5e-324  #> a3=(1e+16, 1e-05, -0.0, nan, inf, 0.30000000000000004, 1e+22, 5e-324)
a4 = 1j, complex(-0.0, 2), complex(1, float('nan'))  #> a4=(1j, (-0+2j), (1+nanj))
a5 = 10 ** 30, -(2 ** 63), True        #> a5=(1000000000000000000000000000000, -9223372036854775808, True)
a6 = 'é\u200b\ud800\n\t\\\'', "'", '\'"'   #> a6=("é\u200b\ud800\n\t\\'", "'", '\'"')
a7 = int, Node, type(None)             #> a7=(<class 'int'>, <class '__main__.Node'>, <class 'NoneType'>)
a8 = len, [].append                    #> a8=(<built-in function len>, <built-in method append of list object>)
a9 = n.__init__                        #> a9=<bound method Node.__init__ of <Node #1 val=5, next=<Node #1>>>
b1 = collections.deque([1], 3)         #> b1=deque([1], maxlen=3)
b2 = collections.OrderedDict(a=1).keys(), {1: 2}.items()  #> ...
b3 = collections.Counter('aab')        #> b3=Counter({'a': 2, 'b': 1})
b4 = collections.defaultdict(int, x=1) #> b4=defaultdict(<class 'int'>, {'x': 1})
b5 = datetime.date(2020, 1, 2), decimal.Decimal('1.50'), fractions.Fraction(1, 3)  #> b5=(datetime.date(2020, 1, 2), Decimal('1.50'), Fraction(1, 3))
b6 = ValueError('x', [1]), StopIteration  #> b6=(ValueError('x', [1]), <class 'StopIteration'>)
b7 = (StopIteration, 'obj', 'x', 1)    #> b7=(<class 'StopIteration'>, 'obj', 'x', 1)
b8 = {1: StopIteration, StopIteration: 'raw'}  #> b8={1: <class 'StopIteration'>, <class 'StopIteration'>: 'raw'}
b9 = types.SimpleNamespace(a=1)        #> ...
