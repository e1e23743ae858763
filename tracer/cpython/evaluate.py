"""The part of ndb that evaluates expressions over recorded values, inside CPython 3.9 and later.

It is run by the Go side (evaluator.go) in a process of its own, with the global `stream`, from
which requests are read. Both directions are blocks of a 4-byte little-endian length and a value in
marshal format version 2. Standard input, output and error lead nowhere.

A recorded value is a rendering: the text that Describer and the Go side made of it. Parser reads
that notation, so that nothing recorded is ever run. What a rendering tells all about is rebuilt;
for anything else there is a Standin, which knows what was recorded and refuses the rest.
"""

import ast
import builtins
import json
import marshal
import os
import re
import sys

import _ndb_agent as agent

del sys.path[0]

TAG = agent.TAG
SIMPLE = agent.SIMPLE
CACHED = 1 << 22   # characters of renderings that are kept in parsed form


class NotRecorded(BaseException):
    """An expression needs more of a value than the recording has."""

    def __init__(self, standin):
        r = record(standin)
        text = r.text if len(r.text) <= 100 else r.text[:99] + '…'
        if r.whole:
            message = '%s cannot be rebuilt from the recording: its value is %s' % (r.root, text)
        elif r.root:
            message = 'a part of %s cannot be rebuilt from the recording: it is %s' % (r.root, text)
        else:
            message = 'not in the recording: %s' % text
        BaseException.__init__(self, message)


# ---- stand-ins

class Record:
    """What is known of a value that cannot be rebuilt."""

    __slots__ = ('text', 'root', 'whole', 'label', 'number', 'attrs', 'shown', 'hidden', 'loss', 'real', 'true', 'cut', 'items')

    def __init__(self, text, root, label='', attrs=None, real=None, true=False, cut=False, items=None, hidden=0):
        self.text = text        # its rendering
        self.root = root        # the local that it is a part of, or, if whole, is
        self.whole = False
        self.label = label
        self.number = 0
        self.attrs = {} if attrs is None else attrs   # what can be asked for
        self.shown = self.attrs # what its rendering shows; None if that is left out
        self.hidden = hidden    # how many attributes or items were left out
        self.loss = 0           # how much was left out of the rendering
        self.real = real        # its class, if that is a built-in one
        self.true = true        # whether it is known to be true
        self.cut = cut
        self.items = items      # of a cut container


class Standin:
    """A value of which only parts are recorded. Whatever else it is asked for, it refuses."""

    __slots__ = ('record',)

    def __getattribute__(self, name):
        r = record(self)
        if name in r.attrs:
            return r.attrs[name]
        if name == '__class__':
            if r.real is None:
                raise NotRecorded(self)
            return r.real
        cls = type(self)
        if name in cls.offers:
            return object.__getattribute__(self, name)
        if r.real is not None and hasattr(r.real, name):
            raise NotRecorded(self)
        there = 'only of %s' % ', '.join(map(str, r.attrs)) if r.attrs else 'of none'
        raise AttributeError('the recording lacks attribute %r of this %s, it knows %s' % (name, cls.__name__, there))

    offers = frozenset()

    def __dir__(self):
        return list(record(self).attrs)

    def __bool__(self):
        if record(self).true:
            return True
        raise NotRecorded(self)

    def __eq__(self, other):
        if self is other:
            return True
        if State.building:
            return False
        if type(self) is type(other) and issubclass(type(self), Member):
            return False   # of one state, where each member is rebuilt once
        raise NotRecorded(self)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(type(self).__name__)   # the same for all that == would have to compare

    def __repr__(self):
        return record(self).text

    def __str__(self):
        r = record(self)
        if r.real is not None and issubclass(r.real, BaseException):
            return str(r.real(*r.attrs['args']))
        return r.text

    def __format__(self, spec):
        return format(str(self), spec)


record = Standin.__dict__['record'].__get__
_set_record = Standin.__dict__['record'].__set__


def _refuse(self, *args, **kwargs):
    raise NotRecorded(self)


for _name in '''setattr delattr len iter next contains getitem setitem delitem reversed missing call index int float complex bytes
        fspath round trunc floor ceil abs neg pos invert lt le gt ge instancecheck subclasscheck reduce_ex copy deepcopy enter exit
        await aiter anext length_hint add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor'''.split():
    setattr(Standin, '__%s__' % _name, _refuse)
for _name in 'add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor'.split():
    setattr(Standin, '__r%s__' % _name, _refuse)
    setattr(Standin, '__i%s__' % _name, _refuse)


class Object(Standin):
    """<Node #3 value='a', rest=None>"""

    __slots__ = ()

    def describe(d, self, cls, layout, depth, open_):
        r = record(self)
        name = cls.__name__
        if r.shown is None:
            return (TAG, 'obj', name, r.label, r.number, None)
        if id(self) in open_ or not r.shown and not r.hidden:
            return (TAG, 'obj', name, r.label, r.number, [])
        if depth >= d.depth or d.nodes <= 0:
            return (TAG, 'obj', name, r.label, r.number, None)
        open_[id(self)] = True
        out = []
        for k, x in r.shown.items():
            out += (k, d.describe(x, depth + 1, open_))
        if r.hidden:
            out += ('', r.hidden)
        return (TAG, 'obj', name, r.label, r.number, out)


class Called(Standin):
    """Point(x=1, y=2) or MyError('a')"""

    __slots__ = ()

    def __getitem__(self, i):
        r = record(self)
        if r.items is None and type(i) is int and not r.hidden and -len(r.attrs) <= i < len(r.attrs):
            return list(r.attrs.values())[i]   # a named tuple has this notation
        raise NotRecorded(self)

    def describe(d, self, cls, layout, depth, open_):
        r = record(self)
        if depth >= d.depth or d.nodes <= 0:
            return (TAG, 'raw', cls.__name__, r.label + '(…)')
        out = []
        for k, x in [(None, x) for x in r.items] if r.items is not None else r.attrs.items():
            out += (k, d.describe(x, depth + 1, open_))
        if r.hidden:
            out += ('', r.hidden)
        return (TAG, 'call', cls.__name__, r.label, out)


class Wrapped(Standin):
    """<bound method Node.add of <Node #3>>"""

    __slots__ = ()

    def describe(d, self, cls, layout, depth, open_):
        r = record(self)
        return (TAG, 'wrap', cls.__name__, r.label, d.describe(r.items, depth + 1, open_))


class Member(Wrapped):
    """<Color.RED: 1>"""

    __slots__ = ()


class Raw(Standin):
    """A value of which only the text is known."""

    __slots__ = ()

    def describe(d, self, cls, layout, depth, open_):
        r = record(self)
        d.cut = d.cut or r.cut
        return (TAG, 'raw', cls.__name__, r.text)


class Cut(Standin):
    """A container or text whose end was left out: [1, 2, …+3]"""

    __slots__ = ()

    def __len__(self):
        r = record(self)
        return len(r.items) + r.hidden

    def __iter__(self):
        yield from record(self).items
        raise NotRecorded(self)

    def __contains__(self, x):
        if x in record(self).items:
            return True
        raise NotRecorded(self)

    def describe(d, self, cls, layout, depth, open_):
        r = record(self)
        base = r.real.__name__ if r.real else 'dict'
        if r.real in (str, bytes):
            d.cut = True
            return (TAG, 'raw', cls.__name__, r.text)   # what is hidden has decided on the quotes
        items = [x for pair in r.items.items() for x in pair] if r.real is dict else r.items
        if depth >= d.depth or d.nodes <= 0:
            items = []
        node = (TAG, 'cut', base, len(r.items) + r.hidden, [d.describe(x, depth + 1, open_) for x in items])
        return node if cls.__name__ == base or r.real is None else (TAG, 'as', cls.__name__, node)


class CutSequence(Cut):
    __slots__ = ()

    def __getitem__(self, i):
        r = record(self)
        there, total = len(r.items), len(r.items) + r.hidden
        if isinstance(i, slice):
            wanted = range(*i.indices(total))
            if all(k < there for k in wanted):
                return r.items[:0] + r.items[min(wanted):max(wanted) + 1][::wanted.step] if wanted else r.items[:0]
            raise NotRecorded(self)
        if type(i) is int and i < 0:
            i += total
        if type(i) is int and there <= i < total:
            raise NotRecorded(self)
        return r.items[i] if type(i) is not int or i >= 0 else r.items[total]   # the latter for its IndexError


class CutDict(Cut):
    __slots__ = ()
    offers = frozenset(('get', 'keys', 'values', 'items'))

    def __getitem__(self, k):
        if k in self:
            return record(self).items[k]

    def get(self, k, default=None):
        return self[k]

    def keys(self):
        return iter(self)

    def values(self):
        yield from record(self).items.values()
        raise NotRecorded(self)

    def items(self):
        yield from record(self).items.items()
        raise NotRecorded(self)


_classes = {}


def class_of(base, name):
    """The class called name, as a subclass of a kind of stand-in or of a built-in type."""
    name = name.replace('\0', '?')   # which no class may have in its name
    cls = _classes.get((base, name))
    if cls is None:
        if issubclass(base, Standin):
            cls = type(name, (base,), {'__slots__': ()})
            describer.layouts[id(cls)] = (cls, base.describe)
        else:
            cls = type(name, (base,), {'__getattr__': _only_content})
        _classes[base, name] = cls
    return cls


def _only_content(self, name):
    raise AttributeError('the recording lacks attribute %r of this %s, it knows only of its content' % (name, type(self).__name__))


def standin(base, name, r):
    o = object.__new__(class_of(base, name))
    _set_record(o, r)
    return o


def is_standin(o):
    return issubclass(type(o), Standin)


class Describer(agent.Describer):
    """Describes results, in which nothing has a number but what has one in the recording."""

    cut = False

    def number(self, o, cls):
        return 0

    def same_items(self, v, last):
        return False


# ---- rebuilding

class State:
    """The values of one state as they are rebuilt."""

    building = False   # stand-ins may be compared: those in a set or dict differed when they were recorded

    def __init__(self):
        self.root = ''
        self.objects = {}   # by number
        self.members = {}   # of enums, by rendering

    def build(self, name, recipe):
        build, text, typ = recipe
        self.root = name
        State.building = True
        try:
            v = suited(build(self), typ)
        except (Exception, NotRecorded):
            v = opaque(text, typ)(self)
        finally:
            State.building = False
        if is_standin(v):
            r = record(v)
            if not r.whole:
                r.root, r.whole = name, True
        return v


def suited(v, typ):
    """v as an instance of the class that was recorded, which may be a subclass that prints like v."""
    cls = type(v)
    if cls.__name__ == typ or not typ or issubclass(cls, Standin):
        return v
    return class_of(cls, typ)(v)


def opaque(text, typ, **known):
    def build(s):
        return standin(Raw, typ or 'object', Record(text, s.root, cut='…' in text, **known))
    return build


def _lazy(module, name):
    def make(*args, **kwargs):
        return getattr(__import__(module, fromlist=[name]), name)(*args, **kwargs)
    return make


# The constructors that a rendering may name, with the keywords that they print.
CONSTRUCTORS = {
    'set': (set, ()), 'frozenset': (frozenset, ()), 'bytearray': (bytearray, ()), 'range': (range, ()), 'slice': (slice, ()),
    'dict_keys': (lambda keys: dict.fromkeys(keys).keys(), ()), 'dict_items': (lambda pairs: dict(pairs).items(), ()),
    'dict_values': (lambda values: dict(enumerate(values)).values(), ()),
}
for _module, _names in (('collections', 'deque OrderedDict defaultdict Counter'), ('decimal', 'Decimal'), ('fractions', 'Fraction'),
                        ('uuid', 'UUID'), ('array', 'array'), ('pathlib', 'PosixPath WindowsPath PurePosixPath PureWindowsPath')):
    for _name in _names.split():
        CONSTRUCTORS[_name] = _lazy(_module, _name), ('maxlen',) if _name == 'deque' else ()
for _name in 'date time datetime timedelta timezone'.split():
    CONSTRUCTORS['datetime.' + _name] = _lazy('datetime', _name), ('tzinfo', 'fold', 'days', 'seconds', 'microseconds')

CONSTANTS = {'None': None, 'True': True, 'False': False, 'Ellipsis': ...}
TYPES = {name: t for name, t in vars(builtins).items() if isinstance(t, type)}
TYPES['NoneType'] = type(None)

_FLOAT = r'(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)'
_match = {name: re.compile(pattern).match for name, pattern in dict(
    string=r"""(b?)('[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")""",
    number=r'-?%s(j?)(?![\w.])' % _FLOAT,
    complex=r'\((-?%s)([+-]%s)j\)' % (_FLOAT, _FLOAT),
    large=r'-?…<int of \d+ bits>',
    more=r'…\+(\d+)',
    name=r'[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<locals>))*',
    keyword=r'([^\W\d]\w*)=',
    known=r"<(class|module) '([^'\\]*)'>|<(built-in function) (\w+)>|<(built-in method) (\w+) of \w+ object>",
    function=r'<(function [^\s#]+)(?: #(\d+))?>',
    method=r'<(bound method (\S+) of )',
    member=r'<(([^\W\d]\w*)(?:\.([^\s:>]+))?: )',
    object=r'<([^\W\d]\w*)(?: #(\d+))?(?=[ >])',
).items()}


class Parser:
    """Reads a rendering. Its methods return functions that build what they have read in a state."""

    def __init__(self, text):
        self.text = text
        self.pos = 0
        self.plain = True   # marshal can copy it

    def whole(self, typ):
        build = self.value(typ)
        if self.pos != len(self.text):
            raise ValueError
        return build

    def match(self, what):
        m = _match[what](self.text, self.pos)
        if m is not None:
            self.pos = m.end()
        return m

    def skip(self, s):
        if self.text.startswith(s, self.pos):
            self.pos += len(s)
            return True
        return False

    def expect(self, s):
        if not self.skip(s):
            raise ValueError

    def value(self, typ=''):
        start = self.pos
        c = self.text[start:start + 1]
        if c == '[':
            return self.list(start, typ)
        if c == '(':
            return self.tuple(start, typ)
        if c == '{':
            return self.braces(start, typ)
        if c == '<':
            return self.angle(start, typ)
        m = self.match('string')
        if m is not None:
            return self.string(start, typ, *m.groups())
        m = self.match('number')
        if m is not None:
            return self.number(start, m)
        if c == '…' or c == '-':
            if self.match('large') is None:
                raise ValueError
            return self.opaque(start, 'int', real=int, true=True)
        if self.skip('...'):
            return self.opaque(start, 'object')
        return self.name(start)

    def constant(self, v):
        return lambda s: v

    def opaque(self, start, typ, **known):
        self.plain = False
        return opaque(self.text[start:self.pos], typ, **known)

    def string(self, start, typ, prefix, quoted):
        v = quoted[1:-1]
        if '\\' in v:
            v = ast.literal_eval(prefix + quoted)
        elif prefix:
            v = v.encode('ascii')
        more = self.match('more')
        if more is not None:
            return self.cut(CutSequence, start, typ, type(v), lambda s: v, int(more[1]))
        return self.constant(v)

    def number(self, start, m):
        text = m[0]
        if m[1]:
            return self.constant(complex(0.0, float(text[:-1])))
        if self.match('more') is not None:
            return self.opaque(start, 'int', real=int, true=True)
        if text.lstrip('-').isdigit():
            return self.constant(integer(text))
        return self.constant(float(text))

    def items(self, close):
        """What stands up to a closing bracket, and how many are left out."""
        out = []
        while not self.skip(close):
            more = self.match('more')
            if more is not None:
                self.expect(close)
                return out, int(more[1])
            out.append(self.value())
            if not self.skip(', ') and not self.text.startswith(close, self.pos):
                self.expect(',')
                self.expect(close)
                break
        return out, 0

    def cut(self, base, start, typ, real, items, hidden):
        self.plain = False
        text = self.text[start:self.pos]
        name = typ or (real.__name__ if real else 'object')
        return lambda s: standin(base, name, Record(text, s.root, real=real, true=True, cut=True, items=items(s), hidden=hidden))

    def list(self, start, typ):
        if self.skip('[...]'):
            return self.opaque(start, 'list', real=list, true=True)
        self.pos += 1
        items, hidden = self.items(']')
        build = lambda s: [f(s) for f in items]
        return self.cut(CutSequence, start, typ, list, build, hidden) if hidden else build

    def tuple(self, start, typ):
        if self.skip('(...)'):
            return self.opaque(start, 'tuple', real=tuple, true=True)
        m = self.match('complex')
        if m is not None:
            return self.constant(complex(float(m[1]), float(m[2])))
        self.pos += 1
        items, hidden = self.items(')')
        build = lambda s: tuple([f(s) for f in items])
        return self.cut(CutSequence, start, typ, tuple, build, hidden) if hidden else build

    def braces(self, start, typ):
        if self.skip('{...}'):
            return self.opaque(start, 'dict', real=dict, true=True)
        self.pos += 1
        keys, values, hidden = [], [], 0
        while not self.skip('}'):
            more = self.match('more')
            if more is not None:
                hidden = int(more[1])
                self.expect('}')
                break
            keys.append(self.value())
            if self.skip(': '):
                values.append(self.value())
            if not self.skip(', ') and not self.text.startswith('}', self.pos):
                raise ValueError
        if values and len(values) != len(keys):
            raise ValueError
        if keys and not values:
            build = lambda s: {f(s) for f in keys}
            return self.cut(Cut, start, typ, set, build, hidden) if hidden else build
        build = lambda s: {k(s): v(s) for k, v in zip(keys, values)}
        if not hidden:
            return build
        if keys or typ == 'dict':
            return self.cut(CutDict, start, typ, dict, build, hidden)
        return self.cut(Cut, start, typ, set if typ == 'set' else None, build, hidden)

    def name(self, start):
        m = self.match('name')
        if m is None:
            raise ValueError
        name = m[0]
        if not self.skip('('):
            if name in CONSTANTS:
                return self.constant(CONSTANTS[name])
            if name == 'datetime.timezone.utc':
                self.plain = False
                return lambda s: __import__('datetime').timezone.utc
            raise ValueError
        last = name.rpartition('.')[2]
        if self.skip('…)') or self.skip('...)'):
            return self.opaque(start, last)
        names, values, hidden = [], [], 0
        while not self.skip(')'):
            more = self.match('more')
            if more is not None:
                hidden = int(more[1])
                self.expect(')')
                break
            keyword = self.match('keyword')
            names.append(keyword and keyword[1])
            values.append(self.value())
            if not self.skip(', ') and not self.text.startswith(')', self.pos):
                raise ValueError
        if name == 'set' and not values or name == 'frozenset':
            make, keywords = CONSTRUCTORS[name]
        else:
            self.plain = False
            make, keywords = CONSTRUCTORS.get(name, (None, ()))
        if hidden or any(k is not None and k not in keywords for k in names):
            make = None
        text = self.text[start:self.pos]
        exception = TYPES.get(name)
        if exception is not None and not issubclass(exception, BaseException):
            exception = None
        # But for the constructors, only exceptions are printed with arguments that have no names.
        is_exception = exception is not None or bool(names) and not any(names) and name not in CONSTRUCTORS

        unknown = opaque(text, last)

        def build(s):
            args = [f(s) for f in values]
            if make is not None:
                try:
                    return make(*[x for k, x in zip(names, args) if k is None], **{k: x for k, x in zip(names, args) if k is not None})
                except (Exception, NotRecorded):
                    return unknown(s)
            if is_exception:
                r = Record(text, s.root, name, true=exception is not None, items=args, hidden=hidden)
                if not hidden:
                    r.attrs, r.real = {'args': tuple(args)}, exception
                return standin(Called, last, r)
            if all(names):
                return standin(Called, last, Record(text, s.root, name, dict(zip(names, args)), hidden=hidden))
            return unknown(s)
        return build

    def angle(self, start, typ):
        self.plain = False
        m = self.match('known')
        if m is not None:
            kind, name = [x for x in m.groups() if x is not None]
            if kind == 'class' and name in TYPES:
                return self.constant(TYPES[name])
            attrs = {'__name__': name.rpartition('.')[2] if kind == 'class' else name}
            default = {'class': 'type', 'module': 'module'}.get(kind, 'builtin_function_or_method')
            return self.opaque(start, typ or default, attrs=attrs, true=kind != 'class')
        m = self.match('function')
        if m is not None:
            return self.object(start, 'function', m[1], m[2], 'function ')
        m = self.match('method')
        if m is not None:
            value = self.value()
            self.expect('>')
            text = self.text[start:self.pos]

            def build(s):
                v = value(s)
                attrs = {'__self__': v, '__name__': m[2].rpartition('.')[2]}
                return standin(Wrapped, 'method', Record(text, s.root, m[1], attrs, true=True, items=v))
            return build
        m = self.match('member')
        if m is not None:
            return self.member(start, m)
        m = self.match('object')
        if m is None:
            raise ValueError
        return self.object(start, m[1], m[1], m[2])

    def member(self, start, m):
        value = self.value()
        self.expect('>')
        text = self.text[start:self.pos]

        def build(s):
            o = s.members.get(text)
            if o is None:
                v = value(s)
                attrs = {'name': m[3], 'value': v, '_name_': m[3], '_value_': v}
                o = s.members[text] = standin(Member, m[2], Record(text, s.root, m[1], attrs, items=v))
            return o
        return build

    def object(self, start, typ, label, number, function=None):
        number = int(number or 0)
        names, values, hidden, unshown = [], [], 0, False
        if function:
            pass
        elif self.skip(' …>'):
            unshown = True
        elif not self.skip('>'):
            self.expect(' ')
            while not self.skip('>'):
                more = self.match('more')
                if more is not None:
                    hidden = int(more[1])
                    self.expect('>')
                    break
                keyword = self.match('keyword')
                if keyword is None:
                    raise ValueError
                names.append(keyword[1])
                values.append(self.value())
                if not self.skip(', ') and not self.text.startswith('>', self.pos):
                    raise ValueError
        text = self.text[start:self.pos]
        # An object that is shown in several places is best known where the least was left out.
        loss = text.count('…') if values or hidden else float('inf')

        def build(s):
            o = s.objects.get(number) if number else None
            if o is None:
                r = Record(text, s.root, label)
                r.number, r.loss = number, float('inf')
                o = standin(Object, typ, r)
                if function:
                    qualname = label[len(function):]
                    r.attrs, r.shown, r.true = {'__name__': qualname.rpartition('.')[2], '__qualname__': qualname}, {}, True
                elif unshown:
                    r.shown = None
                if number:
                    s.objects[number] = o
            r = record(o)
            if loss < r.loss:
                r.loss, r.text, r.hidden = loss, text, hidden
                r.attrs = r.shown = {}
                for name, f in zip(names, values):
                    r.attrs[name] = f(s)
            return o
        return build


def integer(text):
    """The int of a decimal text, however long."""
    try:
        return int(text)
    except ValueError:
        digits = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        try:
            return int(text)
        finally:
            sys.set_int_max_str_digits(digits)


CONSTANT, COPIED, BUILT = range(3)
IMMUTABLE = (int, str, float, bool, type(None), complex, type(...), bytes)
_recipes = {}
_kept = 0


def recipe(text, typ):
    """How to make the value of a rendering: (CONSTANT, it), (COPIED, a function that makes it) or (BUILT, what State.build takes)."""
    if typ == 'int':
        try:
            return CONSTANT, int(text)
        except ValueError:
            pass
    found = _recipes.get((text, typ))
    if found is None:
        global _kept
        _kept += len(text) + 100
        if _kept > CACHED:
            _recipes.clear()
            _kept = 0
        found = _recipes[text, typ] = read(text, typ)
    return found


def read(text, typ):
    v = recipe   # stands for none
    if typ in ('list', 'str') and '\\' not in text and '"' not in text:
        # Now that is JSON but for its quotes, unless it holds anything that JSON has not.
        try:
            v = json.loads(text.replace("'", '"'))
        except (ValueError, RecursionError):
            pass
        if type(v).__name__ != typ:
            v = recipe
    try:
        if v is recipe:
            parser = Parser(text)
            build = parser.whole(typ)
            if not parser.plain:
                return BUILT, (build, text, typ)
            v = build(None)
        cls = type(v)
        if cls in IMMUTABLE:
            return CONSTANT, suited(v, typ)
        copy = marshal.dumps(v)
        if cls is list and all(type(x) in IMMUTABLE for x in v):
            make = v.copy
        else:
            make = lambda: marshal.loads(copy)
        if cls.__name__ == typ or not typ:
            return COPIED, make
        return COPIED, lambda: suited(make(), typ)
    except (Exception, NotRecorded):
        return BUILT, (opaque(text, typ), text, typ)


# ---- expressions

class Expression:
    """A compiled expression and the names that it reads; None: any."""

    def __init__(self, text):
        tree = compile(text, '<expression>', 'eval', ast.PyCF_ONLY_AST, dont_inherit=True)
        self.code = compile(tree, '<expression>', 'eval', dont_inherit=True)
        self.names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
        if not LOOKING.isdisjoint(self.names):
            self.names = None


LOOKING = frozenset(('locals', 'globals', 'vars', 'dir', 'eval', 'exec'))
_expressions = {}


def expression(text):
    e = _expressions.get(text)
    if e is None:
        if len(_expressions) >= 256:
            _expressions.clear()
        e = _expressions[text] = Expression(text)
    return e


FALSE, TRUE, UNKNOWN, FAILED = range(4)
WAS_CUT = 4


def told(e):
    """An exception as a traceback's last line has it."""
    try:
        text = str(e)
    except BaseException:
        text = ''
    if type(e) is not NotRecorded:
        name = type(e).__name__
        text = name + ': ' + text if text else name
    return text if len(text) <= 1000 else text[:999] + '…'


def evaluate(text, names, values, indexes):
    """Evaluates an expression in many states. Returns three items for each: status, value, message.

    values holds rendering and type alternately; indexes, for each state, which of them each name has, or -1.
    """
    code = expression(text).code
    recipes = list(map(recipe, values[::2], values[1::2]))
    out = []
    n = len(names)
    for at in range(0, len(indexes), n):
        space = {'__builtins__': builtins}
        state = None
        for name, i in zip(names, indexes[at:at + n]):
            if i < 0:
                continue
            kind, how = recipes[i]
            if kind == CONSTANT:
                space[name] = how
            elif kind == COPIED:
                space[name] = how()
            else:
                if state is None:
                    state = State()
                space[name] = state.build(name, how)
        try:
            v = eval(code, space)
            if v is True:
                out += (TRUE, True, '')
            elif v is False:
                out += (FALSE, False, '')
            else:
                out += result(v)
        except BaseException as e:
            out += (FAILED, None, told(e))
    return out


def result(v):
    message = ''
    try:
        status = TRUE if v else FALSE
    except BaseException as e:
        status, message = UNKNOWN, told(e)
    t = type(v)
    if t is int and -1 << 31 <= v < 1 << 31 or t in SIMPLE:
        return status, v, message
    describer.cut = False
    v = describer.encode(v, t)
    return status | WAS_CUT if describer.cut else status, v, message


def answer(request):
    text = request['expr']
    if 'names' in request:
        return evaluate(text, request['names'], request['values'], request['indexes'])
    try:
        names = expression(text).names
    except SyntaxError as e:
        return [2, e.msg or 'invalid syntax', e.lineno or 1, e.offset or 0]
    except (ValueError, OverflowError, RecursionError, MemoryError) as e:
        return [2, str(e) or type(e).__name__, 1, 0]
    return [1, ''] if names is None else [0, '\n'.join(names)]


def serve(stream):
    global describer
    out = open(os.dup(1), 'wb')
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    sys.stdout = sys.stderr = open(null, 'w', encoding='utf-8', errors='replace')

    def send(v):
        b = marshal.dumps(v, 2)
        out.write(len(b).to_bytes(4, 'little') + b)
        out.flush()

    def receive():
        head = stream.read(4)
        if len(head) < 4:
            os._exit(0)
        return marshal.loads(stream.read(int.from_bytes(head, 'little')))

    hello = receive()
    describer = Describer(hello['chars'], hello['depth'], hello['items'], False)
    if hello['memory']:
        try:
            import resource
            resource.setrlimit(resource.RLIMIT_AS, (hello['memory'] << 20,) * 2)
        except (ImportError, ValueError, OSError):
            pass   # not on this system
    send([])
    while True:
        send(answer(receive()))


serve(stream)
