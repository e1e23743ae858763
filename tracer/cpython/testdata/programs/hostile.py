# Objects whose special methods must never be called for a rendering: each counts its calls.
calls = []


def spy(name):
    def method(self, *args, **kwargs):
        calls.append(name)
        raise BaseException(name)
    return method


class Meta(type):
    __repr__ = spy('meta repr')
    __getattribute__ = spy('meta getattribute')
    __instancecheck__ = spy('instancecheck')
    __subclasscheck__ = spy('subclasscheck')
    __eq__ = spy('meta eq')
    __hash__ = spy('meta hash')
    __bool__ = spy('meta bool')
    __len__ = spy('meta len')


class Evil:
    for _n in ('repr', 'str', 'getattr', 'getattribute', 'len', 'iter', 'eq', 'hash', 'bool', 'format', 'dir',
               'reduce', 'reduce_ex', 'sizeof', 'index', 'int', 'float', 'contains', 'getitem', 'del', 'ne', 'lt'):
        locals()['__%s__' % _n] = spy(_n)
    __class__ = property(spy('class'))
    __dict__ = property(spy('dict'))
    __slots__ = ('a',)
    del __del__


class EvilList(list):
    __iter__ = spy('list iter')
    __len__ = spy('list len')
    __getitem__ = spy('list getitem')


class EvilDict(dict):
    __iter__ = spy('dict iter')
    items = spy('dict items')
    __len__ = spy('dict len')
    keys = values = spy('dict keys')


class EvilStr(str):
    __len__ = spy('str len')
    __iter__ = spy('str iter')
    __getitem__ = spy('str getitem')
    __hash__ = str.__hash__
    __eq__ = spy('str eq')


class EvilInt(int):
    __index__ = spy('int index')
    bit_length = spy('bit_length')


class EvilTuple(tuple):
    __iter__ = spy('tuple iter')
    __len__ = spy('tuple len')


class EvilError(Exception):
    __str__ = spy('error str')
    __repr__ = spy('error repr')
    args = property(spy('error args'))


class Endless:
    def __repr__(self):
        while True:
            pass

    __len__ = __iter__ = __getattr__ = __repr__


def work(e):
    x = e                    #> x=<Evil #57>
    y = [e, (e,), {'k': e}]  #> y=[<Evil #57>, (<Evil #57>,), {'k': <Evil #57>}]
    z = Endless()            #> z=<Endless #58>
    z.e = e                  #> z=<Endless #58 e=<Evil #57>>
    a = EvilList([1])        #> a=[1]
    b = EvilDict(k=1)        #> b={'k': 1}
    c = EvilStr('s')         #> c='s'
    d = EvilInt(5)           #> d=5
    f = EvilTuple((1, 2))    #> f=(1, 2)
    g = EvilError('m')       #> g=EvilError('m')
    try:
        raise g              #> raise EvilError('m')
    except EvilError:
        pass
    for i in range(60):
        h = x, a, b, c, d, f, g
    return e                 #> return <Evil #57>


work(object.__new__(Evil))
for i in range(60):
    last = [object.__new__(Evil)]
q = Meta('Q', (), {})        #> q=<class '__main__.Q'>
count = len(calls)           #> count=0
shown = calls                #> return None
