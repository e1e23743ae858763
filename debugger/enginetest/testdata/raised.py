# An exception that nobody handles.
#: go: go
#: over: 3 next; step_over*3
#: next: 3 next; next*2
#: ret: 4 in; ret*3
#: back: go; backin*4
def fails(x):        #> call fails x={}  #@ ret 1: call; x={} | back 5: call; x={}
    return x['key']  #> raise! KeyError('key')  #@ ret 2: raise! KeyError('key') | back 3: raise! KeyError('key') | back 4
r = {}               #> r={}
fails(r)             #> raise! KeyError('key')  #@ over 1: r={} | over 2: raise! KeyError('key') | next 1: r={} | next 2: raise! KeyError('key')
#^ ret 3: raise! KeyError('key') | back 2: raise! KeyError('key')
never = 1
#@ go 1: exit_error; outcome exception | over 3: exit_error; outcome exception | over 4: exit_error; outcome exception
#@ next 3: exit_error; outcome exception | ret 4: exit_error; outcome exception | back 1: exit_error; outcome exception
