# Asked to end, with a status, from within a function.
#: go: go
#: over: 3 next; next
#: back: go; back; backin*2
import sys
def leave(code):    #> call leave code=3
    sys.exit(code)  #> raise! SystemExit(3)  #@ back 3: raise! SystemExit(3) | back 4
leave(3)            #> raise! SystemExit(3)  #@ over 1 | over 2: raise! SystemExit(3) | back 2: raise! SystemExit(3)
#@ go 1: exit_error; outcome exit 3 | back 1: exit_error; outcome exit 3
