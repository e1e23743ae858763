# Calls and what they bind.
def f(a, b=2, *args, c, **kw):  #> call f a=1 b=2 c=3 args=() kw={} | call f a=1 b=2 c=4 args=(5,) kw={'k': 6}
    args = a + b                #> args=3 | args=3
    return args                 #> return 3 | return 3


def deco(g):
    def wrapper(*a):     #> call deco.<locals>.wrapper a=(5,) g=<function decorated #3>
        return g(*a)     #> return 10
    return wrapper


@deco
@(lambda q: q)
def decorated(v):        #> call <lambda> q=<function decorated #3> | call decorated v=5
    return v * 2         #> return 10


def nothing():           #> call nothing
    pass                 #> return None


def outer():
    n = 0                #> n=0
    seen = []            #> seen=[]

    def inner():         #> call outer.<locals>.inner n=0 seen=[] | call outer.<locals>.inner n=1 seen=[1]
        nonlocal n
        n += 1           #> n=1 | n=2
        seen.append(n)   #> return None | return None
    inner()              #> n=1; seen=[1]
    inner()              #> n=2; seen=[1, 2]
    return n             #> return 2


def fact(n):             #> call fact n=3 | call fact n=2 | call fact n=1
    if n < 2:            #> - | - | -
        return 1         #> return 1
    return n * fact(n - 1)   #> return 6 | return 2


total = 0


def use_global(k):
    global total, fresh
    total += k           #>
    fresh = [k]          #> return None


class A:                 #> call A
    x = 1                #> x=1
    y = [x]              #> y=[1]
    y.append(2)          #> y=[1, 2]

    class B:             #> call A.B
        z = 3            #> z=3

        def m(self):     #> call A.B.m self=<B #12>
            self.v = 1   #> return None

    @staticmethod
    def s(q):            #> call A.s q=1
        return q         #> return 1

    @classmethod
    def c(cls):          #> call A.c cls=<class '__main__.A'>
        return cls.x     #> return 1

    @property
    def p(self):         #> call A.p self=<A #13>
        return 5         #> return 5


f(1, c=3)
f(1, 2, 5, c=4, k=6)
decorated(5)
nothing()
outer()
fact(3)
use_global(4)            #> total=4; fresh=[4]
b = A.B()                #> b=<B #12>
b.m()                    #> b=<B #12 v=1>
A.s(1)                   #>
A.c()                    #>
e = A().p                #> e=5
g = lambda u: u + 1      #> ...
h = g(1)                 #> ...
