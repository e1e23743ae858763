# A deep stack.
#: down: go; ret; out
#: up: go; 50 out; tocall; backout
def deep(n):
    if n == 0:
        return 0            #> return 0  #@ down: break | down 1: hit; n=0; up 100 n=100; up 150 n=150; up 151 src r = deep(150) | down 2: return 0
        #^ up: break | up 1: hit | up 3: hit
    return deep(n - 1) + 1  #@ down 3: return 1 | up 2: return 50 | up 4


r = deep(150)               #> return None
