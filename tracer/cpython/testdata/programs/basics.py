import os, sys as system   #>
from math import floor     #> floor=<built-in function floor>
__version__ = 3            #>
x = 1                      #> x=1
y = z = [x]                #> y=[1]; z=[1]
y.append(2)                #> y=[1, 2]; z=[1, 2]
z += [3]                   #> y=[1, 2, 3]; z=[1, 2, 3]
z = z + [4]                #> z=[1, 2, 3, 4]
a, (b, *c) = 1, (2, 3, 4)  #> a=1; b=2; c=[3, 4]
del a, b                   #> -a; -b
pass
x                          #>
x = 1                      #>
x = 1.0                    #> x=1.0
x = True                   #> x=True
d = {}                     #> d={}
d['k'] = y                 #> d={'k': [1, 2, 3]}
d['k'].pop()               #> y=[1, 2]; d={'k': [1, 2]}
for i in range(3):         #> i=0 | i=1 | i=2 | -
    x += i                 #> x=1 | x=2 | x=4
while x > 2:               #> - | - | -
    x -= 1                 #> x=3 | x=2
else:
    x = 'done'             #> x='done'
if (n := len(y)) > 1: m = n  #> n=2; m=2
with open(os.devnull) as f: w = 1  #> ...
s = {3, 1, 2}              #> s={1, 2, 3}
s.discard(1)               #> s={2, 3}
t = x if n else y          #> t='done'
print('p', t)              #> return None
