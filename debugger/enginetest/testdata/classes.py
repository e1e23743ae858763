# Bodies of classes, methods, inheritance, properties.
#: over: 3 next; next*3
#: method: go; next; out; go; 2 next; go; ret; go
#: body: go*2; next
class Point(object):
    scale = 2                        #> scale=2  #@ body: break | body 1: hit

    def __init__(self, x):
        self.x = x * self.scale      #> return None  #@ method: break | method 1: hit

    def move(self, by):
        self.x = self.x + by         #@ method: break | method 4: hit
        return self.x                #> return 7

    @property
    def double(self):
        return self.x * 2            #> return 14  #@ method: break | method 6: hit | method 7: return 14


class Child(Point):
    def __init__(self, x):
        Point.__init__(self, x + 1)  #> return None  #@ method 2: return None


p = Child(1)                         #@ over 1 | body: break | body 2: hit
q = p.move(3)                        #@ over 2 | method 3 | body 3
r = p.double                         #> return None  #@ over 3: q=7 | method 5: q=7
#@ over 4: exit_normal | method 8: exit_normal
