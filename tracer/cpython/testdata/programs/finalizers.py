# python 3.13
# Earlier versions keep what a tracer saw of a frame's locals until it looks again.
class Box:
    def __init__(self, name):
        self.name = name

    def __del__(self):           #> call Box.__del__ self=<Box #3 name='a'> | call Box.__del__ self=<Box #4 name='b'> | call Box.__del__ self=<Box #5 name='c'>
        trash.append(self.name)  #> return None | return None | return None


trash = []


def work():
    a = Box('a')   #> a=<Box #3 name='a'>
    del a          #> -a
    b = [Box('b')] #> b=[<Box #4 name='b'>]
    b.pop()        #> b=[]
    c = Box('c')   #> c=<Box #5 name='c'>
    c = 1          #> c=1
    return c


work()
n = len(trash)     #> n=3
end = None
