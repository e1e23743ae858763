# A breakpoint in what is called stops every move over it.
#: over: 4 next; next; next; next*2
#: out: 4 next; in; ret; ret; out*3
#: until: 4 next; until*3
#: action: 4 next; step_over; step_return; step_return; breakpoint:    return a + inner(a); breakpoint:    return a + inner(a)
#: back: 3 go; back*6; backout; backgo; backgo
#: plain: 3 next; in; backout; next*2; inv_step_over*3; inv_step_into
def inner(n):            #> call inner n=1 | call inner n=2  #@ back 6: call; n=2
    n = n + 1            #> n=2 | n=3  #@ back 5
    return n             #> return 2 | return 3  #@ over: break | over 1: n=2; hit | over 3: n=3; hit
    #^ out: break | out 1: n=2; hit | out 2: return 2 | out 3: n=3; hit | out 4: return 3
    #^ until: break | until 1: n=2; hit | until 2: return 2 | until 4: n=3; hit
    #^ action: break | action 1: n=2; hit | action 2: return 2 | action 3: n=3; hit | action 4: return 3
    #^ back: break | back 4: n=3; hit | back 8: n=2; hit


def outer(n):            #> call outer n=1  #@ plain 2: call; n=1
    a = inner(n)         #> a=2
    return a + inner(a)  #> return 5  #@ over 2: a=2 | over 4: return 5 | out 5: return 5 | until 3: a=2 | action 5: return 5 | back 7: a=2
    #^ plain 9: return 5


x = outer(1)             #> x=5  #@ plain 1 | plain 3 | plain 8: callline
y = x                    #> return None  #@ over 5: x=5 | out 6: x=5 | back 2: return None | back 3: x=5
#^ plain 4: x=5 | plain 6: return None | plain 7: x=5
#@ out 7: exit_normal | action 6: exit_normal | back 1: exit_normal | back 9: inv_exit_entry | back 10: inv_exit_entry | plain 5: exit_normal
