# Expressions in the frame where the program stands, and in those that called it.
#: here: go
#: more: go
#: callers: go; next; ret
#: errors: go
#: wrong: go
#: module: 3 next; next
#: past: go; back
def inner(a, b):         #> call inner a=1 b=[2, 3]
    pair = (a, b)        #> pair=(1, [2, 3])
    text = 'it''s'       #> text='its'  #@ past 2: pair=(1, [2, 3])
    return [pair, text]  #> return [(1, [2, 3]), 'its']  #@ here: break | here 1: hit; eval a -> 1; eval   b   -> [2, 3]; eval a + len(b) -> 3; eval pair[1][0] * 10 -> 20
    #^ more: break | more 1: hit; eval [x + a for x in b] -> [3, 4]; eval text.upper() -> 'ITS'; eval a if b else None -> 1; eval {'k': a} -> {'k': 1}
    #^ callers: break | callers 1: hit; eval @1 c -> [2, 3]; eval @1 len(c) -> 2; eval @2 top -> 7
    #^ errors: break | errors 1: hit; eval nope !> nope; eval a.missing !> AttributeError; eval 1 // 0 !> ZeroDivisionError
    #^ wrong: break | wrong 1: hit; eval a + !> syntax; eval a = 2 !> syntax; eval @9 a !> frame; eval @1 pair !> pair
    #^ past: break | past 1: text='its'; hit


def outer(c):            #> call outer c=[2, 3]
    return inner(1, c)   #> return [(1, [2, 3]), 'its']  #@ callers 2: return [(1, [2, 3]), 'its']


top = 7                  #> top=7  #@ module 1
r = outer([2, 3])        #> return None  #@ callers 3: return None | module 2: eval top -> 7; eval top * 2 -> 14
