# Loops: the header runs once more than the body.  #@ home 6: call
#: for: 3 next; next*7
#: until: 3 next; until*4; until 15; until
#: while: runto 11; next*6
#: back: go; back*4; 6 back
#: home: go; 2 back; backuntil*3; backuntil 1
total = 0                                          #> total=0
for i in range(3):                                 #> i=0 | i=1 | i=2 | -  #@ for 2 | for 4: total=1 | for 6: total=3 | home 5: total=3
    total += i                                     #> - | total=1 | total=3  #@ for 1: i=0 | for 3: i=1 | for 5: i=2 | until 1: i=0 | back 6: i=2
n = 2                                              #> n=2  #@ for 7 | until 2 | home 4
while n > 0:                                       #> - | - | -  #@ for 8: n=2 | until 3: n=2 | while 1: n=2; hit | while 3: n=1 | while 5: n=0 | back 4: n=0 | home 3: n=0
    n -= 1                                         #> n=1 | n=0  #@ until 4 | while 2 | while 4 | back 5
done = True                                        #> return None  #@ until 5 | until 6: return None | while 6 | back 2: return None | back 3 | home 2
#@ until 7: exit_normal | while 7: exit_normal | back 1: exit_normal
#@ home 1: exit_normal
