# Each activation of a generator is a level of its own.  #@ back 9: call
#: into: 3 next; in*14
#: ret: go; ret*3; next; ret; out*2
#: over: go; next*4; go
#: level: 4 in; step_over*4
#: back: go; 4 in; backin*3; backout; back*2; tocall
def count(limit):                                        #> call count limit=2 | call count limit=1  #@ into 3: call; limit=2 | back 7: call; limit=2
    n = 0                                                #> n=0 | n=0  #@ into 4 | ret: break | ret 1: hit | ret 3: hit
    #^ over: break | over 1: hit | over 6: hit | back: break | back 1: hit | back 6: hit
    while n < limit:                                     #> - | - | - | -  #@ into 5: n=0 | into 11: n=1 | over 2: n=0 | back 5: n=0
        got = yield n                                    #@ into 6 | into 7: yield 0 | into 9: resume | into 12 | into 13: yield 1
        #^ ret 2: yield 0 | ret 4: yield 0 | over 3 | back 3: yield 0 | back 4
        n += 1                                           #> n=1 | n=1  #@ into 10: got='x'
    return 'end'                                         #> return 'end'


def each(limit):                                         #> call each limit=1  #@ into 15: call; limit=1
    for n in count(limit):                               #> n=0 | raise StopIteration('end'); return None
        yield n                                          #> yield 0  #@ ret 5: n=0 | ret 6: yield 0


g = count(2)                                             #@ into 1
a = next(g)                                              #> a=0  #@ into 2 | level 1 | back 8
b = g.send('x')                                          #> b=1  #@ into 8: a=0 | over 4: a=0 | level 2: a=0 | back 2: a=0
c = list(each(1))                                        #> c=[0]  #@ into 14: b=1 | over 5: b=1 | level 3: b=1
d = sum(x * 2 for x in c)                                #> d=0 | yield 0; x=0 | return None  #@ ret 7: c=[0] | level 4: c=[0]
g.close()                                                #> return None  #@ level 5: d=0
#@ ret 8: exit_normal
