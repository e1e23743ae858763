# Asked to end, with nothing wrong.
#: go: go
#: in: 2 next; in*3
import sys
sys.exit()  #> raise! SystemExit()  #@ in 1 | in 2: raise! SystemExit()
#@ go 1: exit_normal; outcome exit 0 | in 3: exit_normal; outcome exit 0 | in 4: exit_normal; outcome exit 0
