import gc
import types
import weakref


class Node:
    def __init__(self, name):
        self.name = name
        self.children = []
        self.parent = None

    def add(self, child):
        child.parent = weakref.ref(self)
        self.children.append(child)
        return child


root = Node('root')
leaf = root.add(Node('leaf'))
cache = weakref.WeakValueDictionary(root=root)
found = leaf.parent() is root
left = []
weakref.finalize(root, left.append, 'gone')
del root
gc.collect()
after = leaf.parent(), len(cache), left
space = types.SimpleNamespace(a=1, b=[2])
space.c = space.a + 1
proxy = types.MappingProxyType({'k': 1})
try:
    proxy['k'] = 2
except TypeError as e:
    kind = type(e).__name__
made = types.new_class('Made', (Node,), exec_body=lambda ns: ns.update(kind='made'))
print(found, after, space.c, kind, made('x').kind)
