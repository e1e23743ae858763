# Whether a comprehension is a frame of its own is the interpreter's business; what it calls is not.
#: over: 3 next; go
#: inside: go*2; ret; go*2
def double(x):                #> call double x=1 | call double x=2 | call double x=2 | call double x=4
    return x * 2              #> return 2 | return 4 | return 4 | return 8  #@ inside: break | inside 1: hit | inside 2: hit | inside 3: return 4 | inside 4: hit | inside 5: hit


xs = [1, 2]                   #> xs=[1, 2]
ys = [double(x) for x in xs]  #@ over 1: xs=[1, 2]
zs = sorted({y: double(y) for y in ys})
done = True                   #> return None  #@ over: break | over 2: zs=[2, 4]; hit
