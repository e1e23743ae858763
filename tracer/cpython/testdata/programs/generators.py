# Frames that are suspended.
def count(n):                #> call count n=2
    got = []                 #> got=[]
    for i in range(n):
        v = yield i          #> yield 0; v=None | yield 1; v='sent'
        got.append(v)        #> got=[None] | got=[None, 'sent']
    return got               #> return [None, 'sent']


def delegates(n):
    r = yield from count(n)  #> yield 0; yield 1; raise StopIteration([None, 'sent']); r=[None, 'sent']
    return r                 #> return [None, 'sent']


def guarded():
    try:
        yield 1              #> yield 1; raise GeneratorExit()
    finally:
        done = True          #> raise! GeneratorExit()


def throws():
    while True:
        try:
            yield            #> yield None; raise ValueError('v') | yield None; raise KeyError('k')
        except ValueError as e:  #> e=ValueError('v') | raise! KeyError('k')
            m = str(e)       #> m='v'; -e


def never():
    yield 1


g = delegates(2)
a = next(g)                  #> a=0
b = next(g)                  #> b=1
try:
    g.send('sent')           #> raise StopIteration([None, 'sent'])
except StopIteration as e:
    c = e.value              #> c=[None, 'sent']; -e
h = guarded()
next(h)                      #>
h.close()                    #>
k = throws()
next(k)
k.throw(ValueError('v'))     #>
try:
    k.throw(KeyError('k'))   #> raise KeyError('k')
except KeyError:
    pass
never().close()
s = sum(x * x for x in [1, 2])  #> ...
