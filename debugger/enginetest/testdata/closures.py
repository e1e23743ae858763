# Functions in functions, and what they share.
#: counter: go*3; out; go
#: decorated: go; in*7; next
#: key: go*4
def counter():                       #> call counter
    n = 0                            #> n=0

    def step(by):
        nonlocal n
        n = n + by                   #> n=1 | n=3  #@ counter: break | counter 2: hit | counter 3: hit
        return n                     #> return 1 | return 3
    return step                      #@ counter: break | counter 1: hit


def traced(f):
    def inner(*args, **named):       #@ decorated 2: call; args=(3,); named={'by': 5}
        return f(*args, **named)     #> return 15  #@ decorated 3 | decorated 7: return 15
    return inner


@traced
def scale(x, by=2):                  #> call scale x=3 by=5  #@ decorated 4: call; x=3; by=5
    return x * by                    #> return 15  #@ decorated 5 | decorated 6: return 15


count = counter()
a = count(1)                         #> a=1
b = count(2)                         #> b=3
c = scale(3, by=5)                   #> c=15  #@ counter 4: b=3 | decorated: break | decorated 1: b=3; hit
d = (lambda x: x + c)(1)             #> d=16 | return 16  #@ decorated 8: c=15
def negative(x):                     #> call negative x=3 | call negative x=1 | call negative x=2  #@ decorated 9: d=16
    return -x                        #> return -3 | return -1 | return -2  #@ key: break | key 1: hit | key 2: hit | key 3: hit
e = sorted([3, 1, 2], key=negative)  #> return None
#@ counter 5: exit_normal | key 4: exit_normal
