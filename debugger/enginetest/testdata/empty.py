#: go: go
#: back: go; backout
#@ go 1: exit_normal | back 1: exit_normal | back 2: inv_exit_entry
