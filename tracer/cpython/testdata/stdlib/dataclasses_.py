from dataclasses import asdict, astuple, dataclass, field, replace
from typing import ClassVar, List


@dataclass(order=True)
class Item:
    name: str
    price: float = 1.0
    tags: List[str] = field(default_factory=list, compare=False)
    made: ClassVar[int] = 0

    def __post_init__(self):
        Item.made += 1


@dataclass(frozen=True)
class Pair:
    a: int
    b: 'Pair' = None


items = [Item('b', 2), Item('a', 3, ['x'])]
items.sort()
total = sum(i.price for i in items)
items[0].tags.append('y')
copy = replace(items[0], price=9)
p = Pair(1, Pair(2))
try:
    p.a = 5
except AttributeError as e:
    kind = type(e).__name__
print(asdict(copy), astuple(p), kind, Item.made, hash(p) == hash(Pair(1, Pair(2))))
