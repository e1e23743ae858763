"""The part of ndb that lives inside CPython: runs a program and reports its states.

One file, no dependencies, CPython 3.9 and later. It is started by the Go side as

    python -c "...; import _ndb_agent; _ndb_agent.main('run' or 'serve', FD)"

`run` reads one request from FD and becomes the program; `serve` is a fork server:
FD is a unix socket on which each message brings three file descriptors, a request to
read, a pipe to report to and a standard input, and every request gets a forked process
of its own.

The wire is a sequence of blocks, each a 4-byte little-endian length and a list in
marshal format version 2. An item of a list is one of:

    line                            the line is about to run, nothing changed
    (line, name, value, ...)        likewise, with what may have changed
    (CALL, code, name, value, ...)  a frame was entered
    (RETURN, line, value)           (YIELD, line, value)
    (EXCEPTION, line, value, unwinds)
    (RESUME, frame, line, name, value, ...)
    (THREAD, number)                events from here on are of this thread
    (LOST, frame, value)            frames above this one were left by this exception, unseen
    (CODE, file, line, qualname, kind)  numbered from 0 in order
    (NAME, text)                        numbered from 0 in order
    (FILE, path, source or None)        numbered from 0 in order
    (OUTPUT, stream, bytes)
    (BEGIN, args)                   a call recorded by --within starts, a trace of its own
    (STOP, ...) (REPLY, ...) (NOTE, ...)    of a debugger, see debug.py
    (END, status, exit code or None, value or None, text or None)

A value is an int, str, float, complex, bool, None or Ellipsis as it is; StopIteration
where the name is unbound; otherwise a bytes object: the marshalled value if it consists
of plain built-in data, or a description, in which a tuple that starts with StopIteration
is a node (see Describer). No code of the traced program is run to make one.
"""

import atexit
import sys
import os
import marshal
import io
import _signal
import _thread
from _operator import is_ as _is
from _weakref import ref as _ref

# The functions below have builtins of their own, which the program can't replace.
__builtins__ = dict(sys.modules['builtins'].__dict__)

CALL, RETURN, EXCEPTION, YIELD, RESUME, THREAD, LOST, CODE, NAME, FILE, OUTPUT, BEGIN, END = range(-1, -14, -1)

FUNCTION, GENERATOR, NAMESPACE = range(3)

# Exit code of an END: the program has no such entry.
REFUSED = 2
# Exit status of a forked process that the agent could not set up.
FAILED = 99

TAG = StopIteration
_dumps = marshal.dumps
_settrace = sys.settrace
_gettrace = sys.gettrace
_getframe = sys._getframe
_write = os.write
_exit = os._exit
_getpid = os.getpid
_fork = os.fork if hasattr(os, 'fork') else None
_compile = compile
_open = open
_VERSION = sys.version_info[:2]
_HERE = __file__
_LIBRARY = (os.path.dirname(os.path.realpath(os.__file__)) + '/',)

_ModuleType = type(sys)
_FunctionType = type(lambda: 0)
_GetSet = type(_FunctionType.__code__)
_Member = type(_FunctionType.__globals__)
_Code = type((lambda: 0).__code__)
_Builtin = type(len)
_Method = type(type('', (), {'m': lambda s: 0})().m)

_raw = type.__dict__
_type_dict = _raw['__dict__'].__get__
_type_mro = _raw['__mro__'].__get__
_type_name = _raw['__name__'].__get__
_type_qualname = _raw['__qualname__'].__get__
_type_module = _raw['__module__'].__get__

ATOMS = frozenset((int, str, float, bool, type(None), complex, type(...)))
SIMPLE = frozenset((float, bool, type(None), complex, type(...)))
NUMBERS = frozenset((int, float, bool, type(None), complex))
CONTAINERS = frozenset((list, dict, tuple, set, frozenset))
# The start of (TAG, 'cut', 'list', total, items) in marshal format, up to the total.
_CUT_LIST = _dumps((TAG, 'cut', 'list', 0, 0), 2)[:-9]
# The rendering of these never changes while the object stays the same.
STABLE = frozenset((_FunctionType, type, _ModuleType, _Builtin, bytes, range))


class _Ref(_ref):
    """A weak reference that knows its object's id."""

    __slots__ = ('key',)


# Public attributes of the standard library's objects that differ between runs.
_VOLATILE = frozenset(('collectedDurations', 'created', 'msecs', 'relativeCreated', 'process', 'thread', 'forward'))


class Describer:
    """Turns any value into built-in data of bounded size, without running user code.

    A node is a tuple (TAG, kind, ...):

        (TAG, 'cut', type, total, items)   a container of total items, these shown
        (TAG, 'as', type, value)           an instance of a subclass that prints like value
        (TAG, 'text', type, total, head)   a str or bytes, maybe only its head; a sixth
                                           item is the class that a bytearray prints
        (TAG, 'int', bits, negative)       an int too large to print
        (TAG, 'raw', type, text)           text as it stands
        (TAG, 'call', type, prefix, [name or None, value, ...])   prefix(name=value, ...)
        (TAG, 'wrap', type, prefix, value)                       <prefix value>
        (TAG, 'obj', type, label, number, [name, value, ...] or None)
        (TAG, 'rec', type, text)           a container inside itself
    """

    def __init__(self, chars, depth, items, user_repr):
        self.chars, self.depth, self.items, self.user_repr = chars, depth, items, user_repr
        self.bits = chars * 4
        self.layouts = {}   # id(class) -> (class, handler, ...)
        self.numbers = {}   # id(object) -> its number in this trace
        self.refs = {}      # id(object) -> weak reference that forgets the number
        self.kept = {}      # id(object) -> object that can't be referenced weakly
        self.sweep_at = 1000
        self.last_number = 0
        self.lists = {}     # id(list) -> (its first items, their encoding, number, look or None), of flat lists
        self.look_at = None # makes a look
        self.looks = 0      # at lists, item by item

        numbers, refs = self.numbers, self.refs

        def forget(r):
            numbers.pop(r.key, None)
            refs.pop(r.key, None)
        self.forget = forget

    def reset(self):
        """Starts numbering afresh, for the next trace."""
        self.numbers.clear()
        self.refs.clear()
        self.kept.clear()
        self.last_number = 0

    def number(self, o, cls):
        """The object's number in this trace, or 0 if it can't be told apart safely."""
        key = id(o)
        n = self.numbers.get(key)
        if n is None:
            try:
                r = _Ref(o, self.forget)
                r.key = key
                self.refs[key] = r
            except TypeError:
                if any('__del__' in _type_dict(c) for c in _type_mro(cls)):
                    return 0
                self.kept[key] = o
                if len(self.kept) > self.sweep_at:
                    self.sweep()
            self.last_number = n = self.last_number + 1
            self.numbers[key] = n
        return n

    def sweep(self):
        """Lets go of kept objects that nobody else holds."""
        count = sys.getrefcount
        for key in list(self.kept):
            if count(self.kept[key]) <= 2:
                del self.numbers[key]
                del self.kept[key]
        self.sweep_at = 2 * len(self.kept) + 1000

    def encode(self, v, t):
        """The value as bytes for the wire; equal bytes mean an equal rendering."""
        if t in CONTAINERS:
            # Plain data as it stands, if that is known to be small: what is shared is written each time.
            try:
                if t is list:
                    n = len(v)
                    shown = n if n < self.items else self.items
                    last = self.lists.get(id(v))
                    if last is not None and last[2] == shown and self.same_items(v, last):
                        b = last[1]
                    else:
                        head = v[:shown]
                        if self.is_flat(head):
                            b = _dumps(head, 2)
                            if len(self.lists) > 64:
                                self.lists.clear()
                            self.lists[id(v)] = (head, b, shown, self.look_at and self.look_at(v, shown))
                        elif n == shown and self.is_small(v):
                            return _dumps(v, 2)
                        else:
                            b = None
                    if b is not None:
                        return b if n == shown else _CUT_LIST + n.to_bytes(4, 'little') + b
                elif len(v) <= self.items and self.is_small(v):
                    return _dumps(v, 2)
            except (ValueError, OverflowError, MemoryError):
                pass
        self.nodes = 2 * self.chars
        try:
            return _dumps(self.describe(v, 0, {}), 2)
        except (RecursionError, MemoryError):
            raise
        except Exception:
            # Whatever an object is made of, looking at it must not fail the program.
            return _dumps((TAG, 'obj', _type_name(t), _type_name(t), 0, None), 2)

    def same_items(self, v, last):
        """Whether a list begins with the very objects that it began with last time."""
        look = last[3]
        if look is not None:
            where, at, items, addresses = look
            return where.value == at and items.raw == addresses
        self.looks += 1
        if self.looks == 1000:
            # Worth it only now, and not in a fork server, of which it would make every fork dearer.
            self.look_at = _look_at()
            self.lists.clear()
        return all(map(_is, v[:last[2]], last[0]))

    def is_flat(self, items):
        """Whether the items are numbers only, or short strings only."""
        types = frozenset(map(type, items))
        return types <= NUMBERS or len(types) == 1 and str in types and sum(map(len, items)) <= 20 * self.chars

    def is_small(self, v):
        """Whether a container is built-in data all through, and little of it."""
        left = 2 * self.chars
        todo = [v]
        while todo:
            x = todo.pop()
            left -= len(x)
            if left < 0:
                return False
            if type(x) is dict:
                todo.append([*x.keys(), *x.values()])
                continue
            for y in x:
                t = type(y)
                if t is str:
                    left -= len(y) >> 4
                elif t is list or t is tuple or t is dict:
                    todo.append(y)
                elif t not in NUMBERS:
                    return False   # also sets: for nested ones marshal takes exponential time
        return True

    def atom(self, v):
        """An atom as it is, or a node in its place if it is too large."""
        t = type(v)
        if t is int:
            if v.bit_length() > self.bits:
                return (TAG, 'int', v.bit_length(), v < 0)
        elif t is str and len(v) > self.chars:
            return (TAG, 'text', 'str', len(v), v[:self.chars])
        return v

    def describe(self, v, depth, open_):
        t = type(v)
        if t in ATOMS:
            return self.atom(v)
        self.nodes -= 1
        if t is list or t is tuple or t is dict or t is set or t is frozenset:
            return self.container(v, t, depth, open_)
        layout = self.layouts.get(id(t))
        if layout is None:
            layout = self.layouts[id(t)] = self.classify(t)
        return layout[1](self, v, t, layout, depth, open_)

    def container(self, v, base, depth, open_):
        n = base.__len__(v)
        name = base.__name__
        if id(v) in open_:
            return (TAG, 'rec', name, {'list': '[...]', 'dict': '{...}', 'tuple': '(...)'}.get(name, name + '(...)'))
        if n == 0 and base is not frozenset and base is not set:
            return base()
        limit = self.items
        if depth >= self.depth or self.nodes <= 0:
            return (TAG, 'cut', name, n, [])
        open_[id(v)] = True
        out = []
        if base is dict:
            for k, x in base.items(v):
                if limit == 0 or self.nodes <= 0:
                    break
                limit -= 1
                out.append(self.describe(k, depth + 1, open_))
                out.append(self.describe(x, depth + 1, open_))
        else:
            items = v
            if n > limit and (base is set or base is frozenset):
                if n <= 20000:
                    types = frozenset(map(type, base.__iter__(v)))
                    if types == {int} or types == {str}:
                        items = sorted(v)
            for x in (base if items is v else list).__iter__(items):
                if limit == 0 or self.nodes <= 0:
                    break
                limit -= 1
                out.append(self.describe(x, depth + 1, open_))
        del open_[id(v)]
        return (TAG, 'cut', name, n, out)

    def classify(self, cls):
        """How instances of the class are described: (class, method, details...)."""
        mro = _type_mro(cls)
        rep = None
        for c in mro:
            rep = _type_dict(c).get('__repr__')
            if rep is not None:
                break
        owner = c
        if cls is _FunctionType:
            return (cls, Describer.function)
        if cls is _ModuleType:
            return (cls, Describer.module)
        if any(c is type for c in mro):
            return (cls, Describer.a_class)
        if cls is _Builtin:
            return (cls, Describer.builtin)
        if cls is _Method:
            return (cls, Describer.method)
        if cls is slice:
            return (cls, Describer.a_slice)
        if rep is BaseException.__repr__ or any(c is BaseException for c in mro):
            return (cls, Describer.exception)
        if self.user_repr and owner is not object and type(rep) is _FunctionType and not self.known(rep):
            return (cls, Describer.by_user, rep, self.fields(cls))
        for base in (list, tuple, dict, set, frozenset):
            if rep is base.__repr__ and (cls is not base):
                return (cls, Describer.subclass, base)
        for base in (int, str, float, bytes, bytearray, complex):
            if rep is base.__repr__ and any(c is base for c in mro):
                return (cls, Describer.text if base in (str, bytes, bytearray) else Describer.subatom, base)
        module = self.known(rep)
        fields = self.fields(cls)
        if module in ('dataclasses', 'reprlib') and '__dataclass_fields__' in fields[2]:
            names = []
            for f in dict.values(fields[2]['__dataclass_fields__']):
                if f._field_type.name == '_FIELD' and f.repr:
                    names.append(f.name)
            return (cls, Describer.dataclass, names, fields)
        if module == 'collections' and any(c is tuple for c in mro):
            return (cls, Describer.namedtuple, fields[2].get('_fields', ()))
        if module == 'enum':
            value_repr = fields[2].get('_value_repr_')
            if value_repr is None or type(value_repr) is type(int.__repr__):
                return (cls, Describer.enum, fields)
        if cls in self.leaves():
            return (cls, Describer.leaf, rep)
        name = _type_name(cls)
        where = _type_module(cls)
        if where == 'collections':
            if name == 'deque':
                return (cls, Describer.deque)
            if name == 'OrderedDict' or name == 'Counter' or name == 'defaultdict':
                return (cls, Describer.dictlike, name)
        if where == 'builtins' and name in ('dict_keys', 'dict_values', 'dict_items'):
            return (cls, Describer.view)
        if where == 'builtins' and name == 'mappingproxy':
            return (cls, Describer.obj, (None, (), {}))
        return (cls, Describer.obj, fields)

    def known(self, rep):
        """The standard module that a __repr__ function was written in, or None."""
        if type(rep) is not _FunctionType:
            return None
        module = rep.__globals__.get('__name__')
        real = sys.modules.get(module) if type(module) is str else None
        if module in ('dataclasses', 'reprlib', 'collections', 'enum') and real is not None \
                and _ModuleType.__dict__['__dict__'].__get__(real) is rep.__globals__:
            return module
        return None

    def leaves(self):
        """Standard types whose own repr runs no user code and reads back as it prints."""
        out = {range: True}
        for module, names in (('datetime', 'date time datetime timedelta timezone'), ('decimal', 'Decimal'),
                              ('fractions', 'Fraction'), ('uuid', 'UUID'), ('array', 'array'),
                              ('pathlib', 'PosixPath WindowsPath PurePosixPath PureWindowsPath')):
            m = sys.modules.get(module)
            if type(m) is _ModuleType:
                for name in names.split():
                    out[m.__dict__.get(name)] = True
        return {k for k in out if any(c is type for c in _type_mro(type(k)))}

    def fields(self, cls):
        """(getter of the instance's dict or None, [(slot, getter)], attributes of the class by name)."""
        getter, slots, attrs = None, [], {}
        for c in reversed(_type_mro(cls)):
            d = _type_dict(c)
            for k, x in d.items():
                if type(k) is not str:
                    continue
                attrs[k] = x
                if k == '__dict__' and type(x) is _GetSet and c is not type:
                    getter = x.__get__
                elif type(x) is _Member and c is not object and not (k[:2] == '__' == k[-2:]):
                    if _type_module(c) != 'builtins':
                        slots.append((k, x.__get__))
        return getter, slots, attrs, self.hidden(cls)

    def hidden(self, cls):
        """Attributes of instances that a library keeps to itself; '_' stands for all private ones.

        They hold times, process and thread ids and the like, which differ between runs.
        """
        libraries = [c for c in _type_mro(cls) if self.from_library(c)]
        if not libraries:
            return ()
        out = set(_VOLATILE)
        if libraries[0] is cls:
            out.add('_')
        else:
            for c in libraries:
                for f in _type_dict(c).values():
                    if type(f) is _FunctionType:
                        out.update([n for n in f.__code__.co_names if n[:1] == '_' and n[:2] != '__'])
        return frozenset(out)

    def from_library(self, cls):
        """Whether a class with code of its own is one of the standard library, or of this module."""
        module = sys.modules.get(_type_module(cls)) if type(_type_module(cls)) is str else None
        if type(module) is not _ModuleType:
            return False
        path = _ModuleType.__dict__['__dict__'].__get__(module).get('__file__')
        return type(path) is str and (path == _HERE or path.startswith(_LIBRARY) and '-packages/' not in path)

    def attributes(self, v, fields):
        """The instance's own attributes as a dict, read without running user code."""
        getter, slots = fields[:2]
        out = {}
        for name, get in slots:
            try:
                out[name] = get(v)
            except AttributeError:
                pass
        if getter is not None:
            d = getter(v)
            if d is not None:
                for k, x in dict.items(d):
                    if type(k) is str:
                        out[k] = x
        return out

    # Each of the methods below describes one kind of object.

    def obj(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        n = self.number(v, cls)
        if id(v) in open_:
            return (TAG, 'obj', name, name, n, [])
        attrs = self.attributes(v, layout[2])
        if not attrs:
            return (TAG, 'obj', name, name, n, [])
        if depth >= self.depth or self.nodes <= 0:
            return (TAG, 'obj', name, name, n, None)
        hidden = layout[2][3] if len(layout[2]) > 3 else ()
        if hidden:
            total = len(attrs)
            attrs = {k: x for k, x in attrs.items() if k not in hidden and not (k[:1] == '_' and '_' in hidden)}
            hidden = total - len(attrs)
        open_[id(v)] = True
        out = []
        for k, x in attrs.items():
            if len(out) >= 2 * self.items or self.nodes <= 0:
                break
            out.append(k)
            out.append(self.describe(x, depth + 1, open_))
        left_out = len(attrs) - len(out) // 2 + (hidden or 0)
        if left_out:
            out += ('', left_out)
        # Stays in open_: met again within this value, an object is only named.
        return (TAG, 'obj', name, name, n, out)

    def function(self, v, cls, layout, depth, open_):
        return (TAG, 'obj', 'function', 'function ' + v.__qualname__, self.number(v, cls), [])

    def module(self, v, cls, layout, depth, open_):
        name = _ModuleType.__dict__['__dict__'].__get__(v).get('__name__')
        return (TAG, 'raw', 'module', '<module %s>' % (repr(name) if type(name) is str else '?'))

    def a_class(self, v, cls, layout, depth, open_):
        module, name = _type_module(v), _type_qualname(v)
        if type(module) is str and module != 'builtins':
            name = module + '.' + name
        return (TAG, 'raw', _type_name(cls), "<class '%s'>" % name)

    def builtin(self, v, cls, layout, depth, open_):
        owner = v.__self__
        if owner is None or type(owner) is _ModuleType:
            return (TAG, 'raw', _type_name(cls), '<built-in function %s>' % v.__name__)
        label = 'built-in method %s of %s object' % (v.__name__, _type_name(type(owner)))
        return (TAG, 'raw', _type_name(cls), '<%s>' % label)

    def method(self, v, cls, layout, depth, open_):
        f = v.__func__
        name = f.__qualname__ if type(f) is _FunctionType else '?'
        return (TAG, 'wrap', 'method', 'bound method %s of ' % name, self.describe(v.__self__, depth + 1, open_))

    def a_slice(self, v, cls, layout, depth, open_):
        return (TAG, 'call', 'slice', 'slice', self.pairs((v.start, v.stop, v.step), depth, open_))

    def pairs(self, values, depth, open_):
        out = []
        for x in values:
            out.append(None)
            out.append(self.describe(x, depth + 1, open_))
        return out

    def exception(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        if id(v) in open_ or depth >= self.depth:
            return (TAG, 'raw', name, name + '(…)')
        open_[id(v)] = True
        node = (TAG, 'call', name, name, self.pairs(_exception_args(v), depth, open_))
        del open_[id(v)]
        return node

    def by_user(self, v, cls, layout, depth, open_):
        text = _guarded_repr(layout[2], v, self.layouts, cls)
        if text is None:
            return self.obj(v, cls, (cls, None, layout[3]), depth, open_)
        return (TAG, 'raw', _type_name(cls), text[:self.chars + 1])

    def subclass(self, v, cls, layout, depth, open_):
        return (TAG, 'as', _type_name(cls), self.container(v, layout[2], depth, open_))

    def subatom(self, v, cls, layout, depth, open_):
        base = layout[2]
        if base is int and int.bit_length(v) > self.bits:
            return (TAG, 'as', _type_name(cls), (TAG, 'int', int.bit_length(v), int.__lt__(v, 0)))
        return (TAG, 'raw', _type_name(cls), base.__repr__(v))

    def text(self, v, cls, layout, depth, open_):
        base = layout[2]
        head = base.__getitem__(v, slice(self.chars))
        if base is bytearray:
            return (TAG, 'text', _type_name(cls), base.__len__(v), bytes(head), _type_name(cls))
        return (TAG, 'text', _type_name(cls), base.__len__(v), head)

    def dataclass(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        label = _type_qualname(cls)
        if id(v) in open_:
            return (TAG, 'rec', name, '...')
        if depth >= self.depth or self.nodes <= 0:
            return (TAG, 'raw', name, label + '(…)')
        attrs = self.attributes(v, layout[3])
        defaults = layout[3][2]
        open_[id(v)] = True
        out = []
        for f in layout[2]:
            if f not in attrs and f not in defaults:
                del open_[id(v)]
                return self.obj(v, cls, (cls, None, layout[3]), depth, open_)
            out.append(f)
            out.append(self.describe(attrs[f] if f in attrs else defaults[f], depth + 1, open_))
        del open_[id(v)]
        return (TAG, 'call', name, label, out)

    def namedtuple(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        if id(v) in open_ or depth >= self.depth:
            return (TAG, 'raw', name, name + '(…)')
        open_[id(v)] = True
        out = []
        for f, x in zip(layout[2], tuple.__iter__(v)):
            out.append(f)
            out.append(self.describe(x, depth + 1, open_))
        del open_[id(v)]
        return (TAG, 'call', name, name, out)

    def enum(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        attrs = self.attributes(v, layout[2])
        label = attrs.get('_name_')
        value = self.describe(attrs.get('_value_'), depth + 1, open_)
        return (TAG, 'wrap', name, (name + '.' + label if type(label) is str else name) + ': ', value)

    def leaf(self, v, cls, layout, depth, open_):
        name = _type_name(cls)
        if name in ('datetime', 'time') and v.tzinfo is not None and type(v.tzinfo) not in self.leaves():
            return self.obj(v, cls, (cls, None, (None, (), {})), depth, open_)
        if name == 'Fraction' and not type(v._numerator) is type(v._denominator) is int:
            return self.obj(v, cls, (cls, None, self.fields(cls)), depth, open_)
        if name == 'array' and len(v) > self.chars:
            return (TAG, 'as', name, (TAG, 'cut', 'list', len(v), list(v[:self.items])))
        return (TAG, 'raw', name, layout[2](v))

    def deque(self, v, cls, layout, depth, open_):
        if id(v) in open_:
            return (TAG, 'rec', 'deque', '[...]')
        base = layout[0]
        open_[id(v)] = True
        items = self.first(base.__iter__(v), base.__len__(v), depth, open_)
        del open_[id(v)]
        out = [None, items]
        if v.maxlen is not None:
            out += ('maxlen', v.maxlen)
        return (TAG, 'call', 'deque', 'deque', out)

    def first(self, it, n, depth, open_):
        """A list node of the first items of an iterator over n of them."""
        out = []
        if depth < self.depth:
            for x in it:
                if len(out) >= self.items or self.nodes <= 0:
                    break
                out.append(self.describe(x, depth + 1, open_))
        return (TAG, 'cut', 'list', n, out)

    def dictlike(self, v, cls, layout, depth, open_):
        name = layout[2]
        if id(v) in open_:
            return (TAG, 'rec', name, '...' if name == 'OrderedDict' else name + '(...)')
        if dict.__len__(v) == 0 and name != 'defaultdict':
            return (TAG, 'call', name, name, [])
        items = v
        if name == 'Counter':
            counts = list(dict.values(v))
            if all(type(x) is int for x in counts):
                # As its own repr does: the most common first.
                items = dict(sorted(dict.items(v), key=lambda kv: kv[1], reverse=True))
        elif name == 'OrderedDict' and _VERSION < (3, 12):
            open_[id(v)] = True
            pairs = self.first(iter([(k, x) for k, x in list(dict.items(v))[:self.items + 1]]), dict.__len__(v), depth, open_)
            del open_[id(v)]
            return (TAG, 'call', name, name, [None, pairs])
        open_[id(v)] = True
        inner = self.container(items if type(items) is dict else v, dict, depth, {k: True for k in open_ if k != id(v)})
        del open_[id(v)]
        if name == 'defaultdict':
            return (TAG, 'call', name, name, [None, self.describe(v.default_factory, depth + 1, open_), None, inner])
        return (TAG, 'call', name, name, [None, inner])

    def view(self, v, cls, layout, depth, open_):
        if id(v) in open_:
            return (TAG, 'rec', cls.__name__, '...')
        open_[id(v)] = True
        items = self.first(iter(v), len(v), depth, open_)
        del open_[id(v)]
        return (TAG, 'call', cls.__name__, cls.__name__, [None, items])


def _look_at():
    """A function that makes a look at the first items of a list, or None.

    To compare a hundred items one by one takes longer than anything else that a line costs.
    A look reads the list's array instead (PyListObject.ob_item in Include/cpython/listobject.h),
    after a trial that the array is where it is expected: a view of the pointer to the array,
    its value, a view of the array, and what that holds, the addresses of the items.
    """
    try:
        from ctypes import c_char, c_void_p
        offset = list.__basicsize__ - 16   # ob_item and allocated come last

        def look_at(v, n):
            where = c_void_p.from_address(id(v) + offset)
            at = where.value
            if n == 0 or at is None:
                return None
            items = (c_char * (8 * n)).from_address(at)
            return where, at, items, items.raw
        trial = [object(), 'x', 5]
        if sys.maxsize > 1 << 32 and look_at(trial, 3)[3] == b''.join([id(x).to_bytes(8, sys.byteorder) for x in trial]):
            return look_at
    except Exception:
        pass
    return None


_exception_args = BaseException.__dict__['args'].__get__


def _guarded_repr(rep, v, layouts, cls):
    """The object's own repr, or None if it fails, prints no str or takes over 0.1 s."""
    import signal

    class TooSlow(BaseException):
        pass

    def stop(*_):
        raise TooSlow

    old = None
    try:
        if _thread.get_ident() == _main_thread:
            old = signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
        text = rep(v)
    except TooSlow:
        layouts[id(cls)] = (cls, Describer.obj, layouts[id(cls)][3])
        text = None
    except BaseException:
        text = None
    finally:
        if old is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
    if type(text) is not str:
        return None
    i = text.find(' at 0x')
    while i >= 0:
        j = i + 6
        while j < len(text) and text[j] in '0123456789abcdefABCDEF':
            j += 1
        text = text[:i] + text[j:]
        i = text.find(' at 0x', i)
    return text


_main_thread = _thread.get_ident()


class Code:
    """What the recorder knows of a code object of the program."""

    __slots__ = ('code', 'number', 'kind', 'names', 'at_call', 'nids', 'cells', 'ops', 'plan', 'seen', 'hide')


# A line's bytecode with any of these may change an object without binding a name.
_MUTATING = ('CALL', 'PRECALL', 'STORE_SUBSCR', 'STORE_ATTR', 'STORE_SLICE', 'DELETE_SUBSCR', 'DELETE_ATTR',
             'BEFORE_', 'SETUP_WITH', 'SETUP_ASYNC_WITH', 'LOAD_SPECIAL', 'WITH_', 'IMPORT_', 'SEND', 'YIELD',
             'LIST_EXTEND', 'SET_UPDATE', 'DICT_UPDATE', 'DICT_MERGE', 'EXEC', 'GET_A', 'END_ASYNC')
# With these names about, a for statement's iterator may be C code that changes an object.
_LAZY = frozenset(('iter', 'map', 'filter', 'filterfalse', 'starmap', 'takewhile', 'dropwhile', 'accumulate', 'partial'))

_NO, _YES, _INPLACE = range(3)
_ANYWHERE = -2   # in place of an offset, once an exception has been raised: what ran since is uncertain


_OPS = None


def _opcodes():
    """By opcode: how it binds names (None, 'fast', 'two', 'name', 'deref') and what it may change."""
    global _OPS
    if _OPS is not None:
        return _OPS
    import opcode   # only now: small programs need none of it, and it makes every fork dearer
    binds, changes, yields, leaves = {}, {}, set(), set()
    for name, op in opcode.opmap.items():
        if name in ('STORE_FAST', 'DELETE_FAST', 'LOAD_FAST_AND_CLEAR', 'STORE_FAST_MAYBE_NULL'):
            binds[op] = 'fast'
        elif name in ('STORE_FAST_STORE_FAST', 'STORE_FAST_LOAD_FAST'):
            binds[op] = 'two'
        elif name in ('STORE_NAME', 'STORE_GLOBAL', 'DELETE_NAME', 'DELETE_GLOBAL'):
            binds[op] = 'name'
        elif name in ('STORE_DEREF', 'DELETE_DEREF'):
            binds[op] = 'deref'
        if name.startswith(_MUTATING):
            changes[op] = _YES
        elif name.startswith('INPLACE_'):
            changes[op] = _INPLACE
        if name in ('YIELD_VALUE', 'YIELD_FROM'):
            yields.add(op)
        if name in ('RETURN_VALUE', 'RETURN_CONST'):
            leaves.add(op)
    _OPS = (binds, changes, opcode.opmap.get('BINARY_OP', -1), opcode.opmap.get('FOR_ITER', -1),
            opcode.opmap['EXTENDED_ARG'], yields, leaves,
            frozenset(op for name, op in opcode.opmap.items() if name.startswith('JUMP_')),
            frozenset(op for name, op in opcode.opmap.items() if name in ('END_FOR', 'END_ASYNC_FOR')),
            frozenset(op for name, op in opcode.opmap.items() if name in ('POP_TOP', 'POP_ITER', 'CACHE', 'NOP')),
            # Where the counter is not at the yield itself: at YIELD_FROM before 3.11, always in 3.13.
            [bytes((op,)) for op in (yields if _VERSION == (3, 13) else yields - {opcode.opmap['YIELD_VALUE']})])
    return _OPS


class Plan(dict):
    """By offset at which a line starts: what it may bind, and whether it may change objects.

    An entry is (name, number, ((name, number), ...), change); the first two are of the only
    name, where there is just one and nothing else may change.

    A segment is what runs after the line event at that offset until the next one: the
    line's instructions from there on. Missing segments are worked out on first use.
    """

    def __init__(self, info, ops, lazy):
        binds, changes, binary, for_iter, extended, _, _, jumps, ends, skips = ops[:-1]
        code = info.code
        lines = {}
        for start, end, line in code.co_lines():
            for i in range(start, end, 2):
                lines[i] = line
        raw = code.co_code
        names, varnames = code.co_names, code.co_varnames
        derefs = code.co_cellvars + code.co_freevars
        if _VERSION >= (3, 11):
            # One numbering for all, in which a cell that is an argument keeps its place.
            fast = varnames + tuple(n for n in code.co_cellvars if n not in varnames) + code.co_freevars
            derefs = fast
        else:
            fast = varnames
        by_line = {}
        anywhere = []
        # A loop within one line: its line event comes at the jump, before what it jumps back to.
        self.back = back = set()
        after = run = None
        arg = 0
        for i in range(0, len(raw), 2):
            op = raw[i]
            arg = arg << 8 | raw[i + 1]
            if op == extended:
                back.add(i)
                continue
            if op in jumps:
                back.add(i)
            bound = ()
            b = binds.get(op)
            if b == 'fast':
                bound = (fast[arg],)
            elif b == 'two':
                bound = (fast[arg >> 4], fast[arg & 15])
            elif b == 'name':
                bound = (names[arg],)
            elif b == 'deref':
                bound = (derefs[arg],)
            c = changes.get(op, _NO)
            if op == binary and arg >= 13:
                c = _INPLACE
            elif op == for_iter and lazy:
                c = _YES
            arg = 0
            line = lines.get(i)
            if op in ends:
                after, run = line, None
            elif op not in skips or run is not None:
                run = line if run is None else run
                if line != run:
                    after = None
            if line is None:
                # No event of its own: cleanup that runs after some other line.
                anywhere.extend(bound)
            elif bound or c:
                by_line.setdefault(line, []).append((i, bound, c))
                if after is not None and after != line:
                    # Nor has what follows a loop, where it is of a line before the loop's.
                    by_line.setdefault(after, []).append((i, bound, c))
        self.lines, self.by_line, self.anywhere, self.nids = lines, by_line, anywhere, info.nids

    def __missing__(self, offset):
        bound, change = dict.fromkeys(self.anywhere), _NO
        if offset == _ANYWHERE:
            bound.update(dict.fromkeys([n for line in self.by_line.values() for _, b, _ in line for n in b]))
            change = _YES
        for i, b, c in self.by_line.get(self.lines.get(offset), ()):
            if i >= offset or offset in self.back:
                bound.update(dict.fromkeys(b))
                if c == _YES or change == _NO:
                    change = c
        binds = tuple([(n, self.nids(n)) for n in bound])
        name, nid = binds[0] if len(binds) == 1 and change != _YES else (None, 0)
        self[offset] = out = (name, nid, binds, change)
        return out


class Shared:
    """What the trace functions of all threads share."""

    __slots__ = ('frames', 'last', 'held', 'held_at', 'maybe', 'thread', 'limit', 'by_nid', 'left', 'failed', 'raised')

    def __init__(self):
        self.by_nid = []      # names by number
        self.limit = 1        # items at which the buffer is sent
        self.reset()

    def reset(self):
        self.frames = -1      # number of the newest frame
        self.last = None      # the frame of the last event, if that was a line or its call
        self.held = None      # items held back: an exception that may unwind, a return that may be none
        self.held_at = -1     # offset of the exception held back
        self.maybe = False    # the last item of held is a return or yield of None
        self.thread = 0
        self.left = None      # the frame that ended last, unless it was suspended
        self.failed = None    # the exception that it ended with, as sent (before 3.12)
        self.raised = {}      # id(exception) -> as sent, of the frame that ended with held (before 3.12)


class _Bytes:
    """The encoding of a value, told apart from a value."""

    __slots__ = ('b',)

    def __init__(self, b):
        self.b = b


# What the interpreter itself binds in a class body.
_CLASS_NAMES = frozenset(('__module__', '__qualname__', '__firstlineno__', '__static_attributes__', '__classcell__',
                          '__classdict__', '__classdictcell__', '__conditional_annotations__', '__annotations_cache__',
                          '__annotate_func__', '__annotations__', '__doc__', '__orig_bases__', '__type_params__'))


_get_ident = _thread.get_ident
_never = _thread.allocate_lock()
_never.acquire()


class Recorder:
    """Records the events of the calling process onto a pipe."""

    def __init__(self, config):
        self.not_roots = _LIBRARY
        self.include = config['include']
        self.describer = Describer(config['chars'], config['depth'], config['items'], config['repr'] == 'user')
        self.lock = _thread.allocate_lock()
        self.threaded = False  # the program has started a thread
        self.ended = False     # all is said; what threads still do is no part of it
        self.busy = 0          # the thread that is within the recorder, where that lets others run
        self.pid = None        # set by start
        self.buf = []
        self.flushed = 0
        self.codes = {}        # id(code) -> Code
        self.made = {}         # code made at run time, by equality -> Code
        self.files = {}        # file name -> its number, or -1 for a file that is not the program's
        self.file_count = 0
        self.names = {}
        self.qualnames = {}
        self.code_count = 0
        self.threads = 0
        self.lazy = False
        self.plans = _VERSION >= (3, 10)
        self.shared = Shared()
        self.dying = False
        self.interrupted = False   # Ctrl-C came while a block was being written

    def start(self, request, fd):
        """Makes this process the one that is recorded, onto fd."""
        self.fd = fd
        self.pid = _getpid()
        self.roots = tuple(request['roots'])
        self.main = request['file']
        self.main_name = request['name']
        self.main_source = request['source']   # None where the module system finds it

    # Writing.

    def flush(self):
        """Sends what is buffered. Blocks while the reader is behind."""
        if not self.lock.acquire(False):
            return
        was, self.busy = self.busy, _get_ident()
        try:
            buf = self.buf
            n = len(buf)
            if n and _getpid() == self.pid:
                data = _dumps(buf[:n], 2)
                del buf[:n]
                self.flushed += n
                data = len(data).to_bytes(4, 'little') + data
                try:
                    while data:
                        data = data[_write(self.fd, data):]
                except OSError:
                    _exit(1)   # nobody is listening any more
            if self.ended:
                self.pid = 0
        finally:
            self.busy = was
            self.lock.release()
        if self.dying:
            _run.out_of_time()
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt

    def wait(self):
        """Waits while another thread is within the recorder.

        What the recorder does there (writing, reading files, importing) lets other threads
        run. That is no turn of theirs: they would come as chance has it.
        """
        while self.busy and self.busy != _get_ident():
            _never.acquire(True, 0.0005)

    def busily(self, f, *args):
        """Calls f, which may let other threads run, as part of this thread's turn."""
        was, self.busy = self.busy, _get_ident()
        try:
            return f(*args)
        finally:
            self.busy = was

    def send(self, *item):
        self.buf.append(item)

    # What belongs to the program.

    def nid(self, name):
        n = self.names.get(name)
        if n is None:
            n = self.names[name] = len(self.names)
            self.shared.by_nid.append(name)
            self.buf.append((NAME, name))
        return n

    def file(self, filename):
        """The number of a file of the program, or -1."""
        n = self.files.get(filename)
        if n is None:
            n = self.files[filename] = self.add_file(filename) if self.is_ours(filename) else -1
        return n

    def is_ours(self, filename):
        if filename == self.main:
            return True
        if not filename or filename[0] == '<' or filename == _HERE:
            return False
        path = os.path.realpath(filename)
        for glob in self.include:
            if _match(path, glob):
                return True
        ours = max([len(r) for r in self.roots if path.startswith(r)], default=0)
        if ours <= max([len(r) for r in self.not_roots if path.startswith(r)], default=0):
            return False
        return '/site-packages/' not in path[ours - 1:] and '/dist-packages/' not in path[ours - 1:]

    def add_file(self, filename):
        name, source = filename, None
        if filename == self.main:
            name = self.main_name
        elif filename[:1] != '<':
            name = os.path.realpath(filename)
            for root in self.roots:
                if name.startswith(root) and name != root:
                    name = name[len(root):]
                    break
        if filename != self.main or self.main_source is None:
            try:
                with _open(filename, 'rb') as f:
                    source = f.read()
                _fix_random(source, self.roots)
            except OSError:
                pass
        return self.new_file(name, source)

    def new_file(self, name, source):
        self.buf.append((FILE, name, source))
        self.file_count += 1
        return self.file_count - 1

    def register(self, frame, code):
        """The Code of a frame of the program, or None."""
        filename = code.co_filename
        if filename[:1] == '<' and filename != self.main:
            # Made by exec, eval or compile: the program's if its own code ran it.
            info = self.made.get(code)
            if info is None and code.co_name == '<module>':
                back = frame.f_back
                if back is not None and (id(back.f_code) in self.codes or back.f_code in self.made):
                    name = filename if not self.made else '<%s %d>' % (filename.strip('<>'), len(self.made) + 1)
                    info = self.add_made(code, self.new_file(name, _source_of(code, back)))
            return info
        n = self.file(filename)
        if n < 0:
            return None
        info = self.codes[id(code)] = self.add_code(code, n)
        return info

    def add_made(self, code, file):
        info = self.made[code] = self.add_code(code, file)
        for c in code.co_consts:
            if type(c) is _Code:
                self.add_made(c, file)
        return info

    def add_code(self, code, file):
        info = Code()
        info.code = code
        info.number = self.code_count
        self.code_count += 1
        flags = code.co_flags
        if flags & 2 == 0:   # CO_NEWLOCALS: a function, unless it is a class body
            info.kind = NAMESPACE
        else:
            info.kind = GENERATOR if flags & 0x2a0 else FUNCTION
        if not flags & 1:    # CO_OPTIMIZED: locals live in the frame, not in a dict
            info.kind = NAMESPACE
        info.hide = code.co_name != '<module>'
        names = code.co_varnames + tuple([n for n in code.co_cellvars if n not in code.co_varnames]) + code.co_freevars
        info.names = tuple([(n, self.nid(n)) for n in names])
        args = code.co_argcount + code.co_kwonlyargcount + (flags >> 2 & 1) + (flags >> 3 & 1)
        info.at_call = info.names[:args] + tuple([(n, self.nid(n)) for n in code.co_freevars])
        info.nids = self.nid
        info.cells = tuple([(n, self.nid(n)) for n in code.co_cellvars + code.co_freevars])
        info.ops = code.co_code if info.kind == GENERATOR or _VERSION < (3, 12) else None
        info.plan = None
        info.seen = 0
        all_names = code.co_names
        if not self.lazy and not _LAZY.isdisjoint(all_names):
            self.lazy = True
            for other in list(self.codes.values()) + list(self.made.values()):
                if other.plan is not None:
                    other.plan = self.plan(other)
        if _VERSION >= (3, 11):
            name = code.co_qualname
        else:
            if code.co_name == '<module>':
                self.learn(code, '')
            name = self.qualnames.get(id(code), code.co_name)
        self.buf.append((CODE, file, code.co_firstlineno, name, info.kind))
        return info

    def learn(self, code, prefix):
        """Works out the qualified names of the functions in a module's code (before 3.11)."""
        for c in code.co_consts:
            if type(c) is _Code:
                name = prefix + c.co_name
                self.qualnames[id(c)] = name
                self.learn(c, name + ('.<locals>.' if c.co_flags & 1 else '.'))

    def plan(self, info):
        try:
            return self.busily(lambda: Plan(info, _opcodes(), self.lazy))
        except Exception:
            # It needs a module that the program keeps from loading: look at all locals, as before.
            self.plans = False
            return None

    # Hooks.

    def hooks(self):
        """The global trace function of a new thread."""
        buf = self.buf
        append = buf.append
        describer = self.describer
        encode = describer.encode
        chars, bits = describer.chars, describer.bits
        codes, files = self.codes, self.files
        register, busily = self.register, self.busily
        nid_of = self.nid
        shared = self.shared
        by_nid = shared.by_nid
        missing = TAG
        recorder = self
        monitored = _VERSION >= (3, 12)
        behind = 2 if _VERSION < (3, 11) else -2 if _VERSION == (3, 13) else 0
        me = None   # this thread's number, once it has an event

        def turn(thread):
            """Makes way for an event of a thread: sends what is held back, and says whose turn it is."""
            if shared.held is not None:
                buf.extend(shared.held)
                shared.held = None
                shared.maybe = False
            if shared.thread != thread:
                if recorder.busy:
                    recorder.wait()
                    if shared.held is not None:
                        buf.extend(shared.held)
                        shared.held = None
                        shared.maybe = False
                shared.thread = thread
                append((THREAD, thread))

        def spill():
            recorder.flush()
            n = recorder.flushed >> 6
            shared.limit = 4096 if recorder.threaded else 1 if n < 2 else n if n < 512 else 512

        def value(v):
            t = type(v)
            if t is int:
                if v.bit_length() <= bits:
                    return v
            elif t is str:
                if len(v) <= chars:
                    return v
            elif t in ATOMS:
                return v
            return encode(v, t)

        def whole(frame, names, mut, rec):
            """Adds the named locals to an item, as far as they may be new."""
            get = frame.f_locals.get
            for name, nid in names:
                v = get(name, missing)
                t = type(v)
                if v is missing or t in ATOMS:
                    if nid in mut:
                        del mut[nid]
                    rec += (nid, v if v is missing else value(v))
                else:
                    b = encode(v, t)
                    if mut.get(nid) != b:
                        rec += (nid, b)
                        if t in STABLE:
                            mut.pop(nid, None)
                        else:
                            mut[nid] = b

        def note_raised(e, raised):
            """Notes an exception of a frame, for leave (before 3.12). Returns what is known of the frame's."""
            if shared.held is not None and shared.held[0][3:] == (True,) and id(e) in shared.raised:
                shared.held = ((*shared.held[0][:2], shared.raised[id(e)], True),)
            if raised is None:
                raised = {}
            raised[id(e)] = value(e)
            return raised

        def leave(frame, arg, info, fid, thread, held, raised):
            """The end of an activation. held is what the frame's last exception was reported with."""
            line = frame.f_lineno or 0
            shared.left = fid
            shared.last = None
            kind = RETURN
            lasti = frame.f_lasti
            if info.kind == GENERATOR:
                # 3.13 is one instruction further on; before 3.11, yield from is one behind.
                raw = info.ops
                ops = _opcodes()
                if raw[lasti] in ops[5] or behind and raw[lasti + behind:lasti + behind + 1] in ops[-1]:
                    kind = YIELD
                    shared.left = None
                    if _type_name(type(arg)) == 'async_generator_wrapped_value':
                        import gc
                        arg = gc.get_referents(arg)[0]
            if arg is not None:
                turn(thread)
                append((kind, line, value(arg)))
            elif monitored:
                # None is also what is reported for a frame that an exception leaves;
                # on_unwind comes next if so.
                mine = shared.held if held is not None and shared.held is held else ()
                if not mine:
                    turn(thread)
                shared.held = (*mine, (kind, line, None))
                shared.maybe = True
            elif held is not None and shared.held is held and shared.held_at == lasti:
                # Nothing has run since the exception.
                shared.held = None
                turn(thread)
                shared.left, shared.failed = fid, held[0][2]
                append((EXCEPTION, line, held[0][2], True))
            else:
                turn(thread)
                if kind == YIELD or lasti >= 0 and info.ops[lasti] in _opcodes()[6]:
                    append((kind, line, None))
                else:
                    # The last exception of the frame is the likeliest; its caller may know better.
                    shared.failed = held[0][2] if held is not None else None
                    shared.held, shared.held_at = ((EXCEPTION, line, shared.failed, True),), -1
                    shared.raised = raised

        def of_function(frame, info, thread):
            """The trace function of a frame whose locals are its own."""
            fid = shared.frames + 1
            mut = {}      # number of a name -> the last bytes of its mutable value
            at = -1       # offset of the last line event
            held = None   # the frame's last exception
            raised = None
            plan = info.plan

            def trace(frame, event, arg):
                nonlocal at, held, raised, plan, thread
                if event == 'line':
                    if plan is None:
                        turn(thread)
                        shared.last = fid
                        rec = [frame.f_lineno]
                        whole(frame, info.names, mut, rec)
                        append(tuple(rec))
                        at = frame.f_lasti
                        info.seen += 1
                        if info.seen > 50 and recorder.plans:
                            plan = info.plan = info.plan or recorder.plan(info)
                        if len(buf) >= shared.limit:
                            spill()
                        return trace
                    name, nid, binds, change = plan[at]
                    back = at
                    at = frame.f_lasti
                    if shared.last is fid:
                        # The common cases first: one name bound, or nothing at all.
                        if name is not None:
                            v = frame.f_locals.get(name, missing)
                            t = type(v)
                            if t is int and v.bit_length() <= bits or t in SIMPLE or t is str and len(v) <= chars:
                                if mut and nid in mut:
                                    del mut[nid]
                                append((frame.f_lineno, nid, v))
                                if at <= back and len(buf) >= shared.limit:
                                    spill()
                                return trace
                        elif change == 0 and not binds:
                            append(frame.f_lineno)
                            if at <= back and len(buf) >= shared.limit:
                                spill()
                            return trace
                    else:
                        if shared.held is not None or shared.thread != thread:
                            turn(thread)
                        shared.last = fid
                        if info.cells:
                            binds += info.cells
                        change = 1
                    rec = (frame.f_lineno,)
                    get = frame.f_locals.get
                    for name, nid in binds:
                        v = get(name, missing)
                        t = type(v)
                        if v is missing or t in ATOMS:
                            if nid in mut:
                                del mut[nid]
                            rec += (nid, v if v is missing else value(v))
                            continue
                        if change == 2:
                            change = 1
                        b = encode(v, t)
                        if mut.get(nid) != b:
                            rec += (nid, b)
                            if t in STABLE:
                                mut.pop(nid, None)
                            else:
                                mut[nid] = b
                    if change == 1:
                        for nid in mut:
                            v = get(by_nid[nid], missing)
                            b = encode(v, type(v))
                            if mut[nid] != b:
                                mut[nid] = b
                                rec += (nid, b)
                    append(rec if len(rec) > 1 else rec[0])
                elif event == 'return':
                    if monitored and arg is not None and info.kind == FUNCTION:
                        if shared.held is not None or shared.thread != thread:
                            turn(thread)
                        t = type(arg)
                        shared.left = fid
                        shared.last = None
                        append((RETURN, frame.f_lineno, arg if t is int and arg.bit_length() <= bits else value(arg)))
                    else:
                        leave(frame, arg, info, fid, thread, held, raised)
                elif event == 'exception':
                    if not monitored:
                        raised = note_raised(arg[1], raised)
                    turn(thread)
                    shared.last = None
                    shared.held = held = ((EXCEPTION, frame.f_lineno or 0, value(arg[1]), False),)
                    shared.held_at = frame.f_lasti
                    at = _ANYWHERE
                elif event == 'resume':
                    thread = arg
                    turn(thread)
                    shared.last = None
                    rec = [RESUME, fid, frame.f_lineno]
                    whole(frame, info.names, mut, rec)
                    append(tuple(rec))
                elif event == 'lost':
                    turn(thread)
                    append((LOST, fid, arg))
                elif event == 'changed':   # by a debugger
                    shared.last = None
                    at = _ANYWHERE
                if len(buf) >= shared.limit:
                    spill()
                return trace

            rec = (CALL, info.number)
            if info.at_call:
                get = frame.f_locals.get
                for name, nid in info.at_call:
                    v = get(name, missing)
                    t = type(v)
                    if v is missing or t in ATOMS:
                        rec += (nid, v if t is int and v.bit_length() <= bits or v is missing else value(v))
                    else:
                        b = encode(v, t)
                        rec += (nid, b)
                        if t not in STABLE:
                            mut[nid] = b
            append(rec)
            shared.last = fid
            shared.frames = fid   # only now: what comes before may fail at the recursion limit
            return trace

        def of_namespace(frame, info, thread):
            """The trace function of a module or class body."""
            fid = shared.frames + 1
            seen = {}   # name -> what was last sent: the value, if it can't change, or bytes
            hide = info.hide
            at = -1
            held = None
            raised = None

            # Later, during a comprehension, f_locals may be something else.
            space = frame.f_locals
            if not any(c is dict for c in _type_mro(type(space))):
                space = None

            def check(name, v, rec):
                t = type(v)
                if t is _ModuleType or (name[:2] == '__' == name[-2:] and (not hide or name in _CLASS_NAMES)):
                    if name in seen:
                        del seen[name]
                        rec += (nid_of(name), missing)
                    return
                if t in ATOMS or t in STABLE:
                    if name in seen and seen[name] is v:
                        return
                    seen[name] = v
                    rec += (nid_of(name), value(v))
                else:
                    b = encode(v, t)
                    old = seen.get(name)
                    if type(old) is not _Bytes or old.b != b:
                        seen[name] = _Bytes(b)
                        rec += (nid_of(name), b)

            def scan(rec):
                d = space
                if d is None:
                    return
                for name, v in list(dict.items(d)):
                    if type(name) is str:
                        check(name, v, rec)
                if len(seen) > 0:
                    for name in [n for n in seen if n not in d]:
                        del seen[name]
                        rec += (nid_of(name), missing)

            def trace(frame, event, arg):
                nonlocal at, held, raised
                if event == 'line':
                    line = frame.f_lineno
                    rec = [line]
                    plan = info.plan
                    if plan is None:
                        turn(thread)
                        scan(rec)
                        info.seen += 1
                        if info.seen > 50 and recorder.plans:
                            info.plan = recorder.plan(info)
                    else:
                        _, _, binds, change = plan[at]
                        if shared.last is not fid:
                            turn(thread)
                            change = 1
                        d = space
                        if change == 2 and type(d) is dict:
                            for name, nid in binds:
                                if type(dict.get(d, name)) not in ATOMS:
                                    change = 1
                        if change == 1 or type(d) is not dict:
                            scan(rec)
                        else:
                            for name, nid in binds:
                                if name in d:
                                    check(name, d[name], rec)
                                elif name in seen:
                                    del seen[name]
                                    rec += (nid, missing)
                    shared.last = fid
                    at = frame.f_lasti
                    append(tuple(rec) if len(rec) > 1 else line)
                elif event == 'return':
                    leave(frame, arg, info, fid, thread, held, raised)
                elif event == 'exception':
                    if not monitored:
                        raised = note_raised(arg[1], raised)
                    turn(thread)
                    shared.last = None
                    shared.held = held = ((EXCEPTION, frame.f_lineno or 0, value(arg[1]), False),)
                    shared.held_at = frame.f_lasti
                    at = _ANYWHERE
                elif event == 'lost':
                    turn(thread)
                    append((LOST, fid, arg))
                elif event == 'changed':   # by a debugger
                    shared.last = None
                    at = _ANYWHERE
                if len(buf) >= shared.limit:
                    spill()
                return trace

            rec = [CALL, info.number]
            scan(rec)
            append(tuple(rec))
            shared.frames = fid   # only now: what comes before may fail at the recursion limit
            return trace

        def begin(frame, event, arg):
            """The global trace function: a frame is entered or goes on."""
            nonlocal me
            code = frame.f_code
            info = codes.get(id(code))
            if info is None:
                if files.get(code.co_filename) == -1:
                    return None
                info = busily(register, frame, code)
                if info is None:
                    return None
            if me is None:
                recorder.wait()
                me = recorder.threads
                recorder.threads += 1
            kind = info.kind
            if kind == GENERATOR:
                trace = frame.f_trace
                if trace is not None:
                    return trace(frame, 'resume', me)
            if shared.held is not None or shared.thread != me:
                turn(me)
            shared.last = None
            trace = (of_namespace if kind == NAMESPACE else of_function)(frame, info, me)
            if len(buf) >= shared.limit:
                spill()
            return trace

        return begin

    def unwinds(self, begin):
        """Tells the trace functions which exception leaves a frame, and revives them (3.12 and later).

        An error inside a trace function, such as the recursion limit, makes the interpreter
        drop it; this callback is independent of that and sets it again.
        """
        codes, made, shared = self.codes, self.made, self.shared
        encode = self.describer.encode

        def on_unwind(code, offset, exc):
            if not (id(code) in codes or made and code in made):
                return
            if _gettrace() is not None:
                if shared.maybe:
                    line = shared.held[-1][1]
                    shared.held = None
                    shared.maybe = False
                    try:
                        self.buf.append((EXCEPTION, line, encode(exc, type(exc)), True))
                    except RecursionError:
                        _settrace(None)   # as if it had been dropped: a caller, with more room, goes on
            elif _thread.get_ident() == _main_thread and not self.dying:
                frame = _getframe(1)
                trace = frame.f_trace
                if trace is not None:   # else it was this frame's that failed: go on from its caller
                    shared.held = None
                    shared.maybe = False
                    try:
                        value = encode(exc, type(exc))
                        trace(frame, 'lost', value)
                        self.buf.append((EXCEPTION, frame.f_lineno or 0, value, True))
                    except RecursionError:
                        return
                    _settrace(begin)
        return on_unwind


def _match(path, glob):
    """Whether a path is, or lies in, what a pattern with * and ? names."""
    if '*' not in glob and '?' not in glob:
        return path == glob or path.startswith(glob.rstrip('/') + '/')
    i = j = 0
    star = mark = -1
    while i < len(path):
        if j < len(glob) and (glob[j] == '?' or glob[j] == path[i]) and glob[j] != '*':
            i += 1
            j += 1
        elif j < len(glob) and glob[j] == '*':
            star, mark, j = j, i, j + 1
        elif star >= 0:
            mark += 1
            i, j = mark, star + 1
        else:
            return False
    return glob[j:].strip('*') == ''


def _source_of(code, back):
    """The text that a code object made at run time came from, if the caller still holds it."""
    flags = back.f_code.co_flags & 0x1ff0000
    candidates = list(back.f_code.co_consts)
    for d in (back.f_locals, back.f_globals):
        if type(d) is dict or _VERSION >= (3, 13):
            candidates += list(d.values())
    texts = dict.fromkeys([c for c in candidates if type(c) is str and 0 < len(c) < 65536])
    for text in list(texts)[:200]:
        for mode in ('exec', 'eval'):
            try:
                if _compile(text, code.co_filename, mode, flags, True) == code:
                    return text.encode('utf-8', 'surrogatepass')
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                pass
    return None


def _fix_random(source, roots):
    """Seeds the module random where a program may use it, so that a trace can be repeated."""
    if b'random' in source and not any(os.path.exists(r + 'random.py') for r in roots):
        known = 'random' in sys.modules
        import random
        if not known or _fixed[0] is None:
            _fixed[0] = random
            random.seed(0)


_fixed = [None]


class Output(io.RawIOBase):
    """The raw stream behind sys.stdout or sys.stderr: reports what is written."""

    mode = 'wb'

    def __init__(self, fd):
        self.fd = fd
        self.name = '<stdout>' if fd == 1 else '<stderr>'
        self.forward = None   # where the user sees it

    def fileno(self):
        return self.fd

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        n = len(data)
        recorder = _recorder
        if recorder is None or _getpid() != recorder.pid:
            return _write(self.fd, data)
        if self.forward is not None:
            rest = data
            while rest:
                rest = rest[recorder.busily(_write, self.forward, rest):]
        if n:
            shared = recorder.shared
            if shared.held is not None:
                recorder.buf.extend(shared.held)
                shared.held = None
                shared.maybe = False
            for i in range(0, n, 65536):
                recorder.buf.append((OUTPUT, self.fd, data[i:i + 65536]))
                if i:
                    recorder.flush()
            if len(recorder.buf) >= shared.limit or n > 4096:
                recorder.flush()
        return n


_recorder = None   # of the program that runs in this process
_run = None
_raw_streams = {}


def guard(threads):
    """Keeps recordings whole when a program ends itself, forks, starts threads, traces or writes past sys.stdout."""

    def flushing(f):
        def call(*args, **kwargs):
            if _recorder is not None:
                _recorder.flush()
            return f(*args, **kwargs)
        call.__name__ = call.__qualname__ = f.__name__
        call.__doc__ = f.__doc__
        return call

    for name in ('abort', 'kill', 'killpg', 'execv', 'execve', 'posix_spawn', 'fork', 'forkpty'):
        f = getattr(os, name, None)
        if f is not None:
            setattr(os, name, flushing(f))

    def exit_now(status):
        if _recorder is not None and _getpid() == _recorder.pid:
            _settrace(_idle)
            _run.finish('exit', status & 0xff, None, None)
        _exit(status)
    exit_now.__name__ = exit_now.__qualname__ = '_exit'
    os._exit = exit_now

    def write(fd, data):
        stream = _raw_streams.get(fd) if type(fd) is int else None
        return _write(fd, data) if stream is None else stream.write(data)
    os.write = write

    def in_child():
        if _recorder is not None and _recorder.pid is not None:
            _settrace(None)
            sys.settrace = _settrace
            _raw_streams.clear()
            _recorder.buf.clear()
            os.close(_recorder.fd)
    os.register_at_fork(after_in_child=in_child)

    mine = [None]

    def settrace(function):
        """Remembers the function and leaves the recording on."""
        mine[0] = function
    sys.settrace = settrace
    sys.gettrace = lambda: mine[0]

    def starter(start):
        def start_thread(function, *args, **kwargs):
            def run(*a, **k):
                if _getpid() != _recorder.pid:
                    return function(*a, **k)
                _settrace(_run.watch or _recorder.hooks())
                try:
                    return function(*a, **k)
                finally:
                    _settrace(_idle)
            recorder = _recorder
            if recorder is not None and not recorder.threaded and _getpid() == recorder.pid:
                # From here on writing, and importing, may let the other thread run: seldom, then.
                recorder.flush()
                _opcodes()
                recorder.threaded = True
                recorder.shared.limit = 4096
            return start(run, *args, **kwargs)
        return start_thread
    if threads:
        threading = sys.modules.get('threading')
        for name in ('start_new_thread', 'start_joinable_thread'):
            f = getattr(_thread, name, None)
            if f is not None:
                start = starter(f)
                setattr(_thread, name, start)
                if threading is not None:
                    setattr(threading, '_' + name, start)


def _idle(frame, event, arg):
    """A trace function that wants no events. Turning tracing off and on is far dearer."""
    return None


class Run:
    """One execution of one program in this process."""

    def __init__(self, config):
        self.config = config
        self.recorder = Recorder(config)
        self.begin = self.recorder.hooks()
        self.calls = config['calls']
        self.watch = None
        self.light = False   # a debugger stops it, and nothing is recorded

    def trace_on(self):
        """Turns recording on for the calling thread."""
        _settrace(self.watch or self.begin)

    def prepare(self):
        """Sets this process up, as far as that does not depend on the program: a fork server does it once."""
        global _recorder, _run
        config, recorder = self.config, self.recorder
        _recorder, _run = recorder, self
        if not config['within']:
            _settrace(_idle)
            sys.setswitchinterval(0.5)
        if _VERSION >= (3, 12):
            mon = sys.monitoring
            tool = 4 if mon.get_tool(4) in (None, 'ndb') else 3
            if mon.get_tool(tool) is None:
                mon.use_tool_id(tool, 'ndb')
                mon.set_events(tool, mon.events.PY_UNWIND)
            mon.register_callback(tool, mon.events.PY_UNWIND, recorder.unwinds(self.begin))
        if sys.platform != 'win32':
            def out_of_time(*_):
                _settrace(None)
                recorder.dying = True
                if not recorder.lock.locked():   # else when the block is written
                    self.out_of_time()
            _signal.signal(_signal.SIGXCPU, out_of_time)
        for fd, name, errors in ((1, 'stdout', 'strict'), (2, 'stderr', 'backslashreplace')):
            raw = Output(fd)
            if config['forward']:
                raw.forward = config['forward'][fd - 1]
            _raw_streams[fd] = raw
            stream = io.TextIOWrapper(raw, encoding='utf-8', errors=errors, write_through=True)
            setattr(sys, name, stream)
            setattr(sys, '__%s__' % name, stream)

    def main(self, request, fd):
        """Runs the program and reports how it ended. Returns the exit status."""
        self.request = request
        self.recorder.start(request, fd)
        end = self.execute()
        for step in (self.join, self.at_exit, self.clear) if not request.get('warming') else ():
            try:
                step()
            except SystemExit:
                pass
            except BaseException:
                self.show()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        _settrace(_idle)
        return self.finish(*end)

    def out_of_time(self):
        """Hands over what there is, and ends."""
        self.recorder.dying = False
        self.finish('timeout', None, None, 'cpu_ms')
        _exit(1)

    def finish(self, status, code, value, text):
        recorder = self.recorder
        if _getpid() != recorder.pid:
            return code or 0
        shared = recorder.shared
        if shared.held is not None:
            recorder.buf.extend(shared.held)
            shared.held = None
        if value is not None:
            value = recorder.describer.encode(value, type(value))
        recorder.send(END, status, code, value, text)
        recorder.ended = True
        recorder.flush()
        return code or 0

    def execute(self):
        """The program itself: (status, exit code, exception or None, text or None)."""
        try:
            try:
                start = self.load()
            except (SystemExit, KeyboardInterrupt):
                raise
            except _Refused as e:
                return 'invalid', REFUSED, None, str(e)
            except BaseException as e:
                if isinstance(e, MemoryError) and not isinstance(e, SyntaxError):
                    raise
                self.show()
                return 'invalid', 1, e, self.where(e)
            self.trace_on()
            try:
                start()
            finally:
                lost = _gettrace() is None and not self.config['within'] and not self.light
                _settrace(_idle)
            if lost:
                # Before 3.12 nothing revives the trace functions after an error inside one.
                return 'truncated', 0, None, 'recursion'
            return 'ok', 0, None, None
        except SystemExit as e:
            code = e.code
            if code is None:
                return 'exit', 0, None, None
            if isinstance(code, int):
                return 'exit', int(code) & 0xff, None, None
            try:
                sys.stderr.write(str(code) + '\n')
            except BaseException:
                pass
            return 'exit', 1, None, None
        except BaseException as e:
            self.show()
            self.main_error = e
            return 'memory' if type(e) is MemoryError else 'exception', 1, e, None

    def where(self, e):
        """A SyntaxError's message and position, or None."""
        if type(e) in (SyntaxError, IndentationError, TabError) and type(e.msg) is str:
            return '%s: %s (%s, line %s)' % (type(e).__name__, e.msg, self.request['name'], e.lineno)
        if type(e) in (ValueError, UnicodeDecodeError, SyntaxError):
            return '%s: %s' % (type(e).__name__, e)
        return None

    def show(self):
        """Prints the current exception as the interpreter would, without frames of the agent."""
        _settrace(_idle)
        kind, e, tb = sys.exc_info()
        while tb is not None and tb.tb_frame.f_code.co_filename == _HERE:
            tb = tb.tb_next
        t = tb
        while t is not None:
            while t.tb_next is not None and t.tb_next.tb_frame.f_code.co_filename == _HERE:
                t.tb_next = t.tb_next.tb_next
            t = t.tb_next
        try:
            e = e.with_traceback(tb)
            sys.excepthook(kind, e, tb)
        except BaseException:
            pass

    # Before and after the program.

    def join(self):
        threading = sys.modules.get('threading')
        if threading is not None:
            self.again()
            threading._shutdown()

    def at_exit(self):
        if atexit._ncallbacks():
            self.again()
            atexit._run_exitfuncs()

    def clear(self):
        """Lets the main module's objects go, so that their __del__ runs as at the interpreter's end."""
        main = sys.modules.get('__main__')
        if type(main) is _ModuleType and self.request['mode'] == 'script':
            self.again()
            d = _ModuleType.__dict__['__dict__'].__get__(main)
            self.main_error = None
            for private in (True, False):
                for name in list(d):
                    if type(name) is str and name != '__builtins__' and (name[:1] == '_') == private:
                        d[name] = None

    def again(self):
        if not self.config['within'] and _getpid() == self.recorder.pid:
            self.trace_on()

    # The three kinds of entry.

    def load(self):
        """Prepares the program; returns what starts it."""
        request = self.request
        sys.argv[:] = request['argv']
        if request['path0'] is not None:
            if sys.path[:1] == ['']:
                del sys.path[0]
            sys.path.insert(0, request['path0'])
        if request['source'] is not None:
            _fix_random(request['source'], self.recorder.roots)
        if self.config['within']:
            self.prepare_within()
        if request['mode'] == 'module':
            return self.load_module()
        code = _compile(request['source'], request['file'], 'exec', 0, True)
        name = '__main__' if request['mode'] == 'script' else request['module']
        module = _ModuleType(name)
        ns = module.__dict__
        import builtins
        ns['__builtins__'] = builtins
        ns['__file__'] = request['file']
        if request['path0'] is not None:   # a file, and no text of a row
            loader = sys.modules.get('_frozen_importlib_external')
            if loader is not None:
                ns['__loader__'] = loader.SourceFileLoader(name, request['file'])
        sys.modules[name] = module
        if request['mode'] == 'script':
            return lambda: exec(code, ns)
        return self.load_function(code, ns)

    def load_module(self):
        import runpy
        name = self.request['module']
        spec = runpy._get_module_details(name, _Refused)[1]
        recorder = self.recorder
        if spec.origin:
            # The program's own even where it lies among the libraries; the rest of its package is not, there.
            recorder.main = spec.origin
            parts = os.path.realpath(spec.origin).split('/')
            recorder.main_name = '/'.join(parts[-1 - spec.name.count('.'):])
        sys.modules['__main__'] = _ModuleType('__main__')
        return lambda: runpy._run_module_as_main(name, True)

    def load_function(self, code, ns):
        request = self.request
        self.recorder.learn(code, '')
        exec(code, ns)
        name = request['function']
        target = ns
        for part in name.split('.'):
            try:
                target = target[part] if target is ns else getattr(target, part)
            except (KeyError, AttributeError):
                found = [k for k, v in ns.items() if type(v) is _FunctionType]
                raise _Refused('no function %r in %s%s' % (
                    name, request['name'], '; it defines ' + ', '.join(found) if found else ', which defines none'))
        if not callable(target):
            raise _Refused('%r in %s is no function but of type %s' % (name, request['name'], type(target).__name__))
        try:
            call = _compile('(lambda *args, **kwargs: (args, kwargs))(%s\n)' % request['args'], '<arguments>', 'eval', 0, True)
            args, kwargs = eval(call, ns)
        except BaseException as e:
            raise _Refused('the arguments %s cannot be evaluated: %s: %s' % (request['args'], type(e).__name__, e))
        flags = target.__code__.co_flags if type(target) is _FunctionType else 0
        if flags & 0x80:
            import asyncio
            return lambda: asyncio.run(target(*args, **kwargs))
        if flags & 0x20:
            def drain():
                for _ in target(*args, **kwargs):
                    pass
            return drain
        if flags & 0x200:
            import asyncio

            async def drain_async():
                async for _ in target(*args, **kwargs):
                    pass
            return lambda: asyncio.run(drain_async())
        return lambda: target(*args, **kwargs)

    # Recording only the calls of one function.

    def prepare_within(self):
        module, _, qualname = self.config['within'].partition(':')
        name = qualname.rpartition('.')[2]
        recorder, shared, begin = self.recorder, self.recorder.shared, self.begin
        active = [None]
        monitored = _VERSION >= (3, 12)
        file_names = {module.rpartition('.')[2]}

        def matches(frame):
            where = frame.f_globals.get('__name__')
            if where == module:
                return True
            if where == '__main__':
                base = os.path.basename(frame.f_code.co_filename)
                return base[:-3] in file_names
            return False

        def opened(frame):
            """Starts a trace in a frame that has just been entered."""
            active[0] = frame.f_code
            shared.reset()
            recorder.describer.reset()
            recorder.threads = 0
            fresh = recorder.hooks()
            recorder.files.setdefault(frame.f_code.co_filename, None)
            if recorder.files[frame.f_code.co_filename] in (None, -1):
                recorder.files[frame.f_code.co_filename] = recorder.add_file(frame.f_code.co_filename)
            recorder.send(BEGIN)
            _settrace(fresh)
            inner = fresh(frame, 'call', None)

            def trace(frame, event, arg):
                inner(frame, event, arg)
                if event == 'return':
                    if shared.left != 0:
                        _settrace(self.watch)   # suspended
                    elif not monitored:
                        closed(shared.failed)
                return trace

            def resumed():
                _settrace(fresh)
            trace_of[0] = (trace, resumed)
            return trace

        trace_of = [None]

        def closed(failed):
            """Ends the trace; failed is the encoded exception, or None."""
            _settrace(self.watch)
            active[0] = None
            if shared.held is not None:
                recorder.buf.extend(shared.held)
                shared.held = None
                shared.maybe = False
            recorder.send(END, 'ok' if failed is None else 'exception', None, failed, None)
            recorder.flush()
            self.calls -= 1
            if self.calls == 0:
                stop()

        if monitored:
            mon = sys.monitoring
            tool = 1 if mon.get_tool(1) is None else 2
            mon.use_tool_id(tool, 'ndb within')

            def stop():
                mon.set_events(tool, 0)

            def on_start(code, offset):
                if code.co_name != name or code.co_qualname != qualname:
                    return mon.DISABLE
                frame = _getframe(1)
                if not matches(frame):
                    return mon.DISABLE
                if active[0] is None and self.calls != 0:
                    frame.f_trace = opened(frame)

            def on_resume(code, offset):
                if code is not active[0]:
                    return mon.DISABLE if code.co_qualname != qualname else None
                frame = _getframe(1)
                if trace_of[0] is not None and frame.f_trace is trace_of[0][0]:
                    trace_of[0][1]()
                    frame.f_trace(frame, 'resume', 0)

            def on_return(code, offset, value):
                if code is not active[0]:
                    return mon.DISABLE if code.co_qualname != qualname else None
                if shared.left == 0:
                    closed(None)

            def on_unwind(code, offset, exc):
                if code is active[0] and shared.left == 0:
                    closed(recorder.describer.encode(exc, type(exc)))

            events = mon.events
            for event, f in ((events.PY_START, on_start), (events.PY_RESUME, on_resume),
                             (events.PY_RETURN, on_return), (events.PY_UNWIND, on_unwind)):
                mon.register_callback(tool, event, f)
            mon.set_events(tool, events.PY_START | events.PY_RESUME | events.PY_RETURN | events.PY_UNWIND)
            self.trace_on = lambda: None
        else:
            def stop():
                self.watch = None
                self.trace_on = lambda: None
                _settrace(None)

            def watch(frame, event, arg):
                code = frame.f_code
                if code.co_name != name:
                    return None
                if frame.f_trace is not None and trace_of[0] is not None and frame.f_trace is trace_of[0][0]:
                    trace_of[0][1]()
                    frame.f_trace(frame, 'resume', 0)
                    return frame.f_trace
                if active[0] is None and self.calls != 0 and matches(frame) and _qualname(frame) == qualname:
                    return opened(frame)
                return None
            self.watch = watch


def _qualname(frame):
    """The qualified name of a frame's function, where the code object has none (before 3.11)."""
    code = frame.f_code
    name = getattr(code, 'co_qualname', None)
    if name is not None:
        return name
    names = code.co_varnames
    if code.co_argcount and names[0] in ('self', 'cls'):
        owner = frame.f_locals.get(names[0])
        cls = owner if isinstance(owner, type) else type(owner)
        for c in _type_mro(cls):
            f = _type_dict(c).get(code.co_name)
            f = getattr(f, '__func__', f)
            if type(f) is _FunctionType and f.__code__ is code:
                return f.__qualname__
    return code.co_name


class _Refused(Exception):
    """The entry can't be called as asked."""


def _read_all(fd):
    parts = []
    while True:
        b = os.read(fd, 1 << 16)
        if not b:
            os.close(fd)
            return b''.join(parts)
        parts.append(b)


def _site():
    """The names that the module site adds to builtins, where it was not run."""
    import builtins
    if not hasattr(builtins, 'exit'):
        import _sitebuiltins
        builtins.quit = _sitebuiltins.Quitter('quit', 'Ctrl-D (i.e. EOF)')
        builtins.exit = _sitebuiltins.Quitter('exit', 'Ctrl-D (i.e. EOF)')


def run(request_fd, fd):
    """Becomes the program that the request describes."""
    request = marshal.loads(_read_all(request_fd))
    for f in (fd,) + tuple(request['forward'] or ()):
        os.set_inheritable(f, False)
    _site()
    _limit(request)
    if request['filter']:
        _prepare_filter()
        _restrict(request['filter'], request['placeholder'])
    guard(not request['within'] or _VERSION < (3, 12))
    one = Run(request)
    _defer_interrupts(one.recorder)
    if request.get('control'):
        sys.path.insert(0, os.path.dirname(_HERE))
        import _ndb_debug
        _ndb_debug.attach(one, request['control'], request['record'])
        del sys.path[0]
    one.prepare()
    _exit(one.main(request, fd))


def _defer_interrupts(recorder):
    """Keeps a Ctrl-C from tearing a block that is being written in two."""
    default = _signal.default_int_handler

    def default_int_handler(signum, frame):
        if recorder.lock.locked():
            recorder.interrupted = True
        else:
            default(signum, frame)
    if _signal.getsignal(_signal.SIGINT) is default:
        # Others, such as asyncio, ask whether the handler is still the default one.
        _signal.default_int_handler = default_int_handler
        if 'signal' in sys.modules:
            sys.modules['signal'].default_int_handler = default_int_handler
        _signal.signal(_signal.SIGINT, default_int_handler)


def _limit(request):
    """Sets the limits on memory and processor time that the request names."""
    if request['cpu'] or request['memory']:
        import resource
        for what, limit, more in ((resource.RLIMIT_CPU, request['cpu'], 1), (resource.RLIMIT_AS, request['memory'], 0)):
            if limit:
                hard = resource.getrlimit(what)[1]
                if hard == resource.RLIM_INFINITY or limit + more <= hard:
                    resource.setrlimit(what, (limit, limit + more))


def serve(fd):
    """The fork server. Its own state never changes, so that every program starts alike.

    For each program it answers with its status (s, status, process number), before that,
    if the program takes longer than a moment, with its number alone (p, process number).
    """
    import _socket
    import gc
    import resource
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, fd)
    config = marshal.loads(sock.recv(1 << 16))
    _site()
    guard(True)
    if config['filter']:
        _prepare_filter()
    _warm_up(config)
    one = Run(config)
    one.prepare()
    ended = (_signal.SIGCHLD,)
    _signal.pthread_sigmask(_signal.SIG_BLOCK, ended)
    gc.collect()
    gc.freeze()
    sock.send(b'ready')
    while True:
        data, ancillary, _, _ = sock.recvmsg(1, 64)
        if not data:
            _exit(0)
        fds = ancillary[0][2]
        fds = [int.from_bytes(fds[i:i + 4], sys.byteorder) for i in (0, 4, 8)]
        pid = _fork()
        if pid == 0:
            try:
                sock.close()
                _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ended)
                _serve_one(one, *fds)
            except BaseException as e:
                _write(2, ('agent: %s: %s\n' % (type(e).__name__, e)).encode('utf-8', 'replace'))
            finally:
                _exit(FAILED)
        for f in fds:
            os.close(f)
        # Most programs are short, and waking the other side is what costs then.
        if _signal.sigtimedwait(ended, 0.005) is None:
            sock.send(b'p' + pid.to_bytes(8, 'little'))
        status = os.waitpid(pid, 0)[1]
        sock.send(b's' + status.to_bytes(8, 'little') + pid.to_bytes(8, 'little'))
        _signal.sigtimedwait(ended, 0)   # that of this child, if it came late


def _warm_up(config):
    """Runs a small program, so that what every run needs is loaded and set up before the forks."""
    source = b'def f(x):\n    y = [x]\n    for i in range(3):\n        y.append(i)\n    return y\n'
    request = {'mode': 'function', 'file': 'program.py', 'name': 'program.py', 'source': source, 'module': 'program',
               'function': 'f', 'args': '1', 'argv': ['program.py'], 'path0': None, 'roots': [], 'warming': True}
    fd = os.open(os.devnull, os.O_WRONLY)
    one = Run(config)
    one.prepare()
    one.main(request, fd)
    os.close(fd)
    del sys.modules['program']


def _serve_one(one, request_fd, wire, stdin):
    request = marshal.loads(_read_all(request_fd))
    config = one.config
    os.setpgid(0, 0)
    os.dup2(stdin, 0)
    os.close(stdin)
    if config['cwd']:
        os.chdir(config['cwd'])
    os.set_inheritable(wire, False)
    _limit(config)
    if config['filter']:
        _restrict(config['filter'], config['placeholder'])
    _exit(one.main(request, wire))


def _restrict(program, placeholder):
    """Installs a seccomp filter (an array of struct sock_filter) in this process."""
    program = program.replace(placeholder.to_bytes(4, 'little'), _getpid().to_bytes(4, 'little'))
    # struct sock_fprog: the length, padding, and a pointer to the bytes' data.
    data = id(program) + bytes.__basicsize__ - 1
    prog = (len(program) // 8).to_bytes(8, 'little') + data.to_bytes(8, 'little')
    if _call(_prctl, (38, 1, 0, 0, 0)) != 0 or _call(_prctl, (22, 2, prog, 0, 0)) != 0:
        raise OSError('cannot restrict the process')


def _prepare_filter():
    """Loads what _restrict needs: of ctypes only its C part, since the rest would make every fork dearer."""
    global _call, _prctl
    import _ctypes
    _call, _prctl = _ctypes.call_function, _ctypes.dlsym(_ctypes.dlopen(None, 0), 'prctl')
    if _call(_prctl, (38, 1, 0, 0, 0)) != 0:
        raise OSError('cannot restrict the process')


def main(what, *args):
    if what == 'run':
        run(int(args[0]), int(args[1]))
    else:
        serve(int(args[0]))
