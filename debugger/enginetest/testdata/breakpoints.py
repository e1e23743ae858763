# Every kind of breakpoint.
#: plain: go*3; remove 1; go
#: if: go*3
#: last: go*2
#: equal: go*2
#: above: go*3
#: least: go*3
#: below: go*3
#: most: go*3
#: every: go*3
#: both: go*2
#: log: go*2
#: braces: go
#: temp: go*2
#: off: go
#: func: go*2
#: text: go*3
#: raises: go
#: nearest: next*2; go; step_return; step_over
#: same: go*2
#: back: 3 go; backgo*3; go
#: counted: 3 go; backgo*3
#: gone: 7 go; backgo*2
def double(n):          #@ func: break; func double | func 1: call; n=0; hit | func 2: call; n=1; hit
#^ nearest: break; func double | nearest 1 | nearest 3: call; n=0; hit
    r = n * 2           #> r=0 | r=2 | r=4 | r=6 | r=8 | r=10  #@ temp: break; temp | temp: break; off | temp 1: hit
    return r            #> return 0 | return 2 | return 4 | return 6 | return 8 | return 10  #@ nearest 4: return 0


total = 0               #> total=0  #@ nearest 2
for i in range(6):      #> i=0 | i=1 | i=2 | i=3 | i=4 | i=5 | -
    total += double(i)  #> - | total=2 | total=6 | total=12 | total=20 | total=30  #@ plain: break | plain 1: i=0; hit | plain 2: i=1; hit | plain 3: i=2; hit
    #^ if: break; if i > 3 | if 1: i=4; hit | if 2: i=5; hit | last: break; if total == 12 and i == 4 | last 1: i=4; hit
    #^ equal: break; hits 2 | equal 1: i=1; hit | above: break; hits > 4 | above 1: i=4; hit | above 2: i=5; hit
    #^ least: break; hits >= 5 | least 1: i=4; hit | least 2: i=5; hit | below: break; hits < 3 | below 1: i=0; hit | below 2: i=1; hit
    #^ most: break; hits <= 2 | most 1: i=0; hit | most 2: i=1; hit | every: break; hits % 3 | every 1: i=2; hit | every 2: i=5; hit
    #^ both: break; if i % 2; hits == 2 | both 1: i=3; hit | log: break; log i is {i}, twice {i * 2}
    #^ braces: break; if i == 1; log {{{i}}} {'}'} {nope} {[i][0]} | off: break; off
    #^ text: break; text | text 1: i=0; hit | text 2: i=1; hit | text 3: i=2; hit
    #^ raises: break; if 6 // (i - 2) > 5 | raises 1: i=3; hit; says! condition 6 // (i - 2) > 5: ZeroDivisionError
    #^ same: break | same: break; if i == 0 | same: break; if i == 1; log one | same 1: i=0; hit | same 2: i=1; hit; says one
    #^ back: break; if i in (2, 4) | back 2: i=4; hit | back 3: i=2; hit | back 5: i=2; hit
    #^ counted: break; hits >= 5 | counted 2: i=5; hit | counted 3: i=4; hit | gone: break; if i == 3; temp
    done = i            #> done=0 | done=1 | done=2 | done=3 | done=4 | done=5  #@ plain: break; if False
    #^ log: break; if i == 1 | log 1: total=2; hit; says i is 0, twice 0; says i is 1, twice 2 | nearest 5
done = True             #> return None  #@ nearest: break
#@ plain 4: exit_normal | if 3: exit_normal | last 2: exit_normal | equal 2: exit_normal | above 3: exit_normal | least 3: exit_normal
#@ below 3: exit_normal | most 3: exit_normal | every 3: exit_normal | both 2: exit_normal
#@ log 2: exit_normal; says i is 2, twice 4; says i is 3, twice 6; says i is 4, twice 8; says i is 5, twice 10
#@ braces 1: exit_normal; says {1} '}' {NameError: name 'nope' is not defined} 1 | temp 2: exit_normal | off 1: exit_normal
#@ back 1: exit_normal | back 4: inv_exit_entry | counted 1: exit_normal | counted 4: inv_exit_entry
#@ gone 1: exit_normal | gone 2: inv_exit_entry | gone 3: inv_exit_entry
