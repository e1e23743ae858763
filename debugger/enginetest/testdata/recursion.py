# One function, many frames.  #@ back 5: call
#: down: 4 in; 3 in; next*5
#: over: 3 in; step_over*3; step_return; step_over
#: stop: go; ret*3; out*2
#: back: go; tocall*4; back
#: home: go; backout*4
def fact(n):                  #> call fact n=3 | call fact n=2 | call fact n=1  #@ over 1: call; n=3
#^ back 2: call; n=1 | back 3: call; n=2 | back 4: call; n=3
    if n <= 1:                #> - | - | -  #@ down 1 | down 2 | over 2
        return 1              #> return 1  #@ stop: break | stop 1: hit; n=1; -r; stack fact fact fact <module>; up 1 n=2; up 1 src r = fact(n - 1); up 2 n=3; up 3 src x = fact(3) | stop 2: return 1
        #^ back: break | back 1: hit | home: break | home 1: hit
    r = fact(n - 1)           #> r=2 | r=1  #@ down 3 | over 3 | home 2 | home 3
    return n * r              #> return 2 | return 6  #@ down 4: r=1 | down 5: r=2 | over 4: r=2 | over 5: return 6
    #^ stop 3: return 2 | stop 4: return 6


x = fact(3)                   #> x=6  #@ home 4
y = x + 1                     #> return None  #@ down 6: x=6 | over 6: x=6 | stop 5: x=6
#@ down 7: exit_normal | stop 6: exit_normal | back 6: inv_exit_entry | home 5: inv_exit_entry
