import enum
import typing


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    ALIAS = 1

    @property
    def label(self):
        return self.name.title()


class Perm(enum.Flag):
    R = enum.auto()
    W = enum.auto()


class Box(typing.Generic[typing.TypeVar('T')]):
    def __init__(self, item):
        self.item = item


class Movie(typing.TypedDict):
    name: str


class Emp(typing.NamedTuple):
    name: str
    id: int = 3


labels = [c.label for c in Color]
red = Color(1)
same = Color.ALIAS is Color.RED
perms = Perm.R | Perm.W
can = Perm.W in perms
box: typing.Optional[Box] = Box(5)
film: Movie = {'name': 'x'}
emp = Emp('Ann')
hints = sorted(typing.get_type_hints(Emp))
try:
    Color['BLUE']
except KeyError as e:
    missing = e.args
print(labels, red.name, same, perms.value, can, box.item, film, emp.id, hints, missing)
