# Asked to end, with a text.
#: go: go
import sys
sys.exit('no way')  #> raise! SystemExit('no way')
#@ go 1: exit_error; outcome exit 1
