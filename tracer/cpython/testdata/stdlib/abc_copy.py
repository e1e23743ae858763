import abc
import copy
import operator


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

    def double(self):
        return 2 * self.area()


class Square(Shape):
    def __init__(self, side):
        self.side = side
        self.notes = []

    def area(self):
        return self.side ** 2

    def __copy__(self):
        new = Square(self.side)
        new.notes = self.notes[:]
        return new


try:
    Shape()
except TypeError as e:
    kind = type(e).__name__
s = Square(3)
shallow = copy.copy(s)
deep = copy.deepcopy(s)
s.notes.append('seen')
ring = [1]
ring.append(ring)
again = copy.deepcopy(ring)
by = sorted([(2, 'b'), (1, 'c')], key=operator.itemgetter(1))
side = operator.attrgetter('side')(s)
print(kind, s.double(), shallow.notes, deep.notes, again[1] is again, by, side)
