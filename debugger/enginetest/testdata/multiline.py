# One statement over several lines: which of them are reported is the interpreter's business.
#: over: go; 40 next
#: stop: go*2; ret; go*2; ret; go
def add(a, b, c):     #> call add a=1 b=2 c=3 | call add a=1 b=6 c=2
    return a + b + c  #> return 6 | return 9  #@ stop: break | stop 2: hit | stop 3: return 6 | stop 4: hit


x = 1                 #> x=1  #@ over: break | over 1: hit | stop: break | stop 1: hit
y = add(              
    x,
    add(1, 2, 3),
    [                 
        2,
    ][0],
)
z = y                 #> return None  #@ stop: break | stop 5: y=9; hit | stop 6: return None
#@ over 2: exit_normal | stop 7: exit_normal
