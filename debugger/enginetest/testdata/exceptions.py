# Handled, passing through, with a finally in between, and raised again.
#: into: 5 next; in*16
#: next: 5 next; next*5
#: ret: go; ret*2; out*3
#: out: go; out*5
#: over: go; step_over*7
#: back: go; out; back*3; backin*3
def raises(n):               #> call raises n=0 | call raises n=0 | call raises n=1  #@ into 12: call; n=0 | back 4: call; n=0
    return {1: 2}[n]         #@ into 13 | into 14: raise! KeyError(0)
    #^ ret: break | ret 1: hit | ret 2: raise! KeyError(0) | out: break | out 1: hit | out 6: hit
    #^ over: break | over 1: hit | over 2: raise! KeyError(0) | back: break | back 1: hit | back 3: hit


def passes(n):               #> call passes n=0 | call passes n=1  #@ into 10: call; n=0 | back 6: call; n=0
    raises(n)                #> raise! KeyError(0) | return None  #@ into 11 | into 15: raise! KeyError(0)
    #^ ret 3: raise! KeyError(0) | out 2: raise! KeyError(0)
    #^ over 3: raise! KeyError(0) | back 2: raise! KeyError(0) | back 5


def cleans(n):               #> call cleans n=0 | call cleans n=1  #@ into 6: call; n=0
    log = []                 #> log=[] | log=[]  #@ into 7
    try:                     #> - | -  #@ into 8: log=[] | back 8: log=[]
        passes(n)            #> raise KeyError(0) | -  #@ into 9 | into 16: raise KeyError(0)
        #^ ret 4: raise KeyError(0) | out 3: raise KeyError(0)
        #^ over 4: raise KeyError(0) | back 7
    finally:
        log.append(n)        #> raise! KeyError(0) | log=[1]  #@ into 17
        #^ over 5 | over 6: raise! KeyError(0)
    return log               #> return [1]


def handles(n):              #> call handles n=0  #@ into 3: call; n=0
    try:                     #@ into 4
        cleans(n)            #> raise KeyError(0)  #@ into 5 | ret 5: raise KeyError(0)
        #^ out 4: raise KeyError(0) | over 7: raise KeyError(0)
    except KeyError as e:    #> e=KeyError(0)  #@ over 8
        got = str(e)         #> got='0'; -e
    return got               #> return '0'


def again(n):                #> call again n=0  #@ into 1 | next 1
    try:
        raises(n)            #> raise KeyError(0)
    except KeyError:
        raise ValueError(n)  #> raise! ValueError(0)


r = handles(0)               #> r='0'  #@ into 2 | next 2
try:                         #@ next 3: r='0' | ret 6: r='0' | out 5: r='0'
    again(0)                 #> raise ValueError(0)  #@ next 4 | next 5: raise ValueError(0)
except ValueError:           #@ next 6
    r = 1                    #> r=1
ok = cleans(1)               #> return None
