# Into everything, over it, and out of it.
#: into: in*15
#: next: next*6
#: over: step_over*6
#: inside: 4 next; in; next*4
#: level: 4 next; in; step_over*4
#: ret: 8 in; step_return*4
#: out: 8 in; out*3
def add(a, b):     #> call add a=3 b=3  #@ into 1: -add; in <module> | into 7: call; a=3; b=3; -c | next 1 | over 1
    c = a + b      #> c=6  #@ into 8: stack add twice <module>; a=3; b=3; -c | ret 1 | out 1
    return c       #> return 6  #@ into 9: c=6; up 1 n=3; up 2 src y = twice(x) | into 10: return 6; c=6 | ret 2: return 6


def twice(n):      #> call twice n=3  #@ into 2 | into 5: call; stack twice <module>; n=3 | next 2 | over 2 | inside 2: call | level 2: call
    x = add(n, n)  #> x=6  #@ into 6: -x | inside 3 | level 3
    return x + 1   #> return 7  #@ into 11: x=6 | into 12: return 7 | inside 4 | level 4 | level 5: return 7 | ret 3: return 7 | out 2


x = 3              #> x=3  #@ into 3 | next 3 | over 3
y = twice(x)       #> y=7  #@ into 4: x=3; -y | next 4 | over 4 | inside 1 | level 1
z = y              #@ into 13: y=7; stack <module> | into 14: return None | next 5: y=7 | over 5 | over 6: return None | inside 5 | level 6
#^ ret 4: return None | out 3
#@ into 15: exit_normal; outcome ok | next 6: exit_normal | inside 6: exit_normal | ret 5: exit_normal | out 4: exit_normal
