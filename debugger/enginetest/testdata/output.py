# What is written is told once, by the move that passes it.
#: steps: next*5
#: all: go
#: over: 2 next; next; next
#: back: go; back; go; backgo; go
import sys                  #@ steps 1


def loud(n):                #> call loud n=1  #@ steps 2 | over 1
    print('n is', n)
    return n                #> return 1


print('begin')              #@ steps 3: out "" | over 2
loud(1)                     #@ steps 4: out "begin\n" | over 3: out "begin\n"
sys.stderr.write('oops\n')  #@ steps 5: out "n is 1\n"
print('end')                #> return None  #@ back 2: return None; out ""
#@ all 1: exit_normal; out "begin\nn is 1\noops\nend\n" | back 1: exit_normal; out "begin\nn is 1\noops\nend\n" | back 3: exit_normal; out "" | back 4: inv_exit_entry | back 5: exit_normal; out ""
