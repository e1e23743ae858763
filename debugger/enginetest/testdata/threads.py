#! threads
# Steps stay in their thread; breakpoints and continue look at all of them.
#: main: 4 next; 4 in; next*4
#: worker: go; next; ret; next; out
#: both: go*3
#: back: go*2; backin*2; backin; backgo
import threading


def work(n, out):
    square = n * n      #@ worker: break | worker 1: hit; stack work; n=3 | worker 4: hit | both: break | both 1: hit | both 3: hit
    #^ back: break | back 1: hit | back 6: hit
    out.append(square)  #@ worker 2: square=9 | worker 3: return None


def run(n):             #> call run n=3 | call run n=4
    out = []            #> out=[] | out=[]
    t = threading.Thread(target=work, args=(n, out))
    t.start()           #@ main 2
    t.join()            #@ main 3: out=[9] | back 5: out=[9]
    return out[0]       #> return 9 | return 16  #@ main 4 | back 3: return 9 | back 4


a = run(3)              #> a=9  #@ main 1
b = run(4)              #> return None  #@ main 5: a=9 | both: break | both 2: a=9; hit | back: break | back 2: a=9; hit
#@ main 6: exit_normal | worker 5: exit_normal
