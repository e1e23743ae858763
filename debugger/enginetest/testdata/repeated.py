# Lines with the same text, in one function and in two.
#: text: breakpoint:    n = n + 1; breakpoint:    n = n + 1; breakpoint:    n = n + 1; breakpoint:    n = n + 1
#: line: breakpoint:8; breakpoint:repeated.py:13; breakpoint:8
#: file: breakpoint:elsewhere.py:8
#: stops: go*4
#: call: breakpoint:def one(n):; breakpoint:def one(n):; breakpoint:def one(n):
def one(n):    #> call one n=1  #@ call 1 | call 2: call; n=1
    n = n + 1  #> n=2  #@ text 1 | line 1 | stops: break; text | stops 1: hit
    n = n + 1  #> n=3  #@ text 2: n=2 | stops 2: n=2; hit
    return n   #> return 3


def two(n):    #> call two n=3  #@ line 2: call; n=3
    n = n + 1  #> n=4  #@ text 3 | stops 3: hit
    return n   #> return 4


a = one(1)     #> a=3
a = two(a)     #> return None
#@ text 4: exit_normal | line 3: exit_normal | file 1: exit_normal | stops 4: exit_normal | call 3: exit_normal
