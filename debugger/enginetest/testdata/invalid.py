# No program at all: the start is the end.
#: go: go
#: in: in; next; out; ret
#: back: go; back
def f(:
#@ go 0 1: exit_error; outcome invalid | in 1 2 3 4: exit_error | back 1: exit_error | back 2: inv_exit_entry
