def leaves(x):
    return 'abc'[x]          #> raise! IndexError('string index out of range') | return 'b'


def passes():
    leaves(9)                #> raise! IndexError('string index out of range')


def handles():
    try:
        passes()             #> raise IndexError('string index out of range')
    except IndexError as e:  #> e=IndexError('string index out of range')
        n = 1                #> n=1; -e
    return n                 #> return 1


def cleans(log):
    try:
        raise KeyError('k')  #> raise KeyError('k')
    finally:
        log.append(1)        #> raise! KeyError('k')


def again():
    try:
        raise ValueError('x', 1)  #> raise ValueError('x', 1)
    except ValueError:
        raise                #> raise! ValueError('x', 1)



def swallowed():
    try:
        {}['k']              #> raise KeyError('k')
    finally:
        return 5             #> return 5


class Own(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b           #> return None

    def __repr__(self):
        1 / 0


class Quiet:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return True          #> return True


def suppressed():
    with Quiet():
        raise Own('a', 2)    #> raise Own('a') | ...
    return 'after'           #> return 'after'


log = []
handles()
try:
    cleans(log)              #> raise KeyError('k'); log=[1]
except KeyError:
    pass                     #>
for f in again, swallowed, suppressed:
    try:
        f()                  #> raise ValueError('x', 1) | - | -
    except ValueError:
        pass
leaves(1)
assert log, 'never'          #>
try:
    assert not log, log      #> raise AssertionError([1])
except AssertionError:
    pass
try:
    undefined                #> raise NameError("name 'undefined' is not defined")
except NameError:
    pass
try:
    ''.missing               #> raise AttributeError("'str' object has no attribute 'missing'")
except AttributeError:
    pass
