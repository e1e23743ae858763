#! events 40
# A program without an end: the limit on events ends it.
#: go: go
#: ret: 4 in; ret
#: over: 3 next; step_over*2; go
#: back: go; back; backgo
def spin(n):       #> call spin n=0  #@ ret 1: call; n=0
    while n >= 0:  #@ back 2: n=17
        n = n + 1
x = 0              #> x=0
spin(x)            #@ over 1: x=0
#@ go 1: exit_never; outcome truncated events | ret 2: exit_never; outcome truncated events
#@ over 2: exit_never; outcome truncated events | over 3: exit_never; outcome truncated events | over 4: exit_never; outcome truncated events
#@ back 1: exit_never; outcome truncated events | back 3: inv_exit_entry
