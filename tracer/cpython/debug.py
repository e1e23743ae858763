"""The part of ndb that lets a debugger stop the program that the agent records.

It puts itself around the agent's hooks. The agent records an event first; then Control.check
decides whether the thread stops there. While a thread stands, every other one waits at its
next event, and a thread of our own reads what the debugger asks.

Messages to here come over a pipe of their own, each a 4-byte little-endian length and a dict
in marshal format; 'id' is what the answer carries. Answers go over the agent's wire:

    (STOP, reason, thread, number of a breakpoint, ...)
    (REPLY, id, error or None, item, ...)
    (NOTE, number of a breakpoint, is an error, text)    while the program runs

An item is an int or str, or a value as bytes.
"""

import marshal
import os
import sys
import _thread

import _ndb_agent as agent

STOP, REPLY, NOTE = -14, -15, -16

_dumps = marshal.dumps
_loads = marshal.loads
_getframe = sys._getframe
_ident = _thread.get_ident
_start_thread = _thread.start_new   # an old name, under which the agent has put nothing around it
_compile = compile
_eval = eval
_exec = exec
_VERSION = sys.version_info[:2]
# Exceptions by which iteration works.
_NOISE = (StopIteration, StopAsyncIteration, GeneratorExit)

__builtins__ = agent.__builtins__


_MISSING = object()


class Expression:
    """An expression to evaluate in frames."""

    def __init__(self, text):
        self.code = _compile(text.strip(), '<debugger>', 'eval')
        self.names = self.code.co_names
        self.nested = any([type(c) is type(self.code) for c in self.code.co_consts])

    def value(self, frame):
        world, names = frame.f_globals, frame.f_locals
        if names is world:
            return _eval(self.code, world)
        if self.nested:   # a lambda or comprehension sees globals only
            return _eval(self.code, {**world, **names})
        space = {}   # a dict: a frame's locals are slow to look up from within
        for name in self.names:
            v = names.get(name, _MISSING)
            if v is not _MISSING:
                space[name] = v
        return _eval(self.code, world, space)


class Watch:
    """A variable of a frame that is on the stack, to stop where it has changed."""

    def __init__(self, control, frame, name):
        self.control = control
        self.frame = frame
        self.name = name
        self.last = self.now(frame)

    def now(self, frame):
        v = frame.f_locals.get(self.name, _MISSING)
        return None if v is _MISSING else self.control.encoded(v)

    def changed(self, frame):
        last, self.last = self.last, self.now(frame)
        return last != self.last


class Stop:
    """A breakpoint: what must hold for a thread to stop at its place."""

    def __init__(self, control, spec):
        self.control = control
        self.id = spec['id']
        # What stays the same where only the hits that count, or other breakpoints, are changed.
        self.key = tuple([spec[k] for k in ('file', 'line', 'any', 'function', 'exception', 'escaping', 'frame', 'variable', 'condition')])
        self.count = 0
        self.watch = None
        self.any = spec['any']          # every kind of event on the line, not only line
        self.said = set()
        self.condition = self.hit = self.log = None
        if spec['condition']:
            self.condition = Expression(spec['condition'])
        if spec['hit']:
            self.hit = (spec['hit'], spec['hits'])
        if spec['log']:
            self.log = [(text, expr, expr and Expression(expr)) for text, expr in zip(spec['log'][::2], spec['log'][1::2])]

    def holds(self, frame):
        if self.condition is not None:
            try:
                if not self.condition.value(frame):
                    return False
            except BaseException as e:
                text = _error(e)
                if text not in self.said:
                    self.said.add(text)
                    self.control.note(self.id, True, text)
                return False
        self.count += 1
        if self.hit is not None:
            op, n = self.hit
            c = self.count
            if not (c > n if op == '>' else c >= n if op == '>=' else c < n if op == '<' else c <= n if op == '<='
                    else c % n == 0 if op == '%' else c == n):
                return False
        if self.log is None:
            return True
        out = []
        for text, expr, expression in self.log:
            out.append(text)
            if expr:
                try:
                    out.append(repr(expression.value(frame)))
                except BaseException as e:
                    out.append('{%s}' % _error(e))
        self.control.note(self.id, False, ''.join(out))
        return False


def _error(e):
    try:
        text = str(e)
    except BaseException:
        text = '...'
    name = type(e).__name__
    return '%s: %s' % (name, text) if text else name


class Control:
    """Stops threads, and answers the debugger while they stand."""

    def __init__(self, run, fd):
        self.run = run
        self.recorder = recorder = run.recorder
        self.fd = fd
        self.lines = {}       # id(code) -> {line: [Stop]}, which the hooks hold on to
        self.codes = {}       # id(code) -> (code, file number)
        self.paths = {}       # file number -> name in the trace
        self.stops = []       # specs of breakpoints on lines
        self.functions = []   # (name, Stop)
        self.raised = None    # Stop at exceptions
        self.escaping = None  # Stop at exceptions that leave the program for a library that called it
        self.watches = []     # Stops at changes of variables
        self.armed = True     # there is more to check than the lines
        self.step = ('into', None, ())
        self.pausing = False
        self.owner = None     # the thread that stands
        self.quiet = None     # the thread that evaluates: no events of it
        self.evaluating = False
        self.interruptible = False   # SIGINT is for nothing else
        self.gate = _thread.allocate_lock()   # held while a thread stands
        self.mail = _thread.allocate_lock()
        self.mail.acquire()
        self.queue = []
        self.last_exception = None
        self.objects = []     # what handles stand for: (object, how, frame)
        hooks, unwinds, new_file, add_code = recorder.hooks, recorder.unwinds, recorder.new_file, recorder.add_code
        recorder.hooks = lambda: self.around(hooks())
        recorder.unwinds = lambda begin: self.around_unwind(unwinds(begin))

        def named_file(name, source):
            n = new_file(name, source)
            self.paths[n] = name
            return n

        def placed_code(code, file):
            info = add_code(code, file)
            self.codes[id(code)] = (code, file)
            self.place(code, file)
            return info
        recorder.new_file, recorder.add_code = named_file, placed_code
        run.begin = recorder.hooks()

        def in_child():
            self.armed = False
            for lines in self.lines.values():
                lines.clear()
        if hasattr(os, 'register_at_fork'):
            os.register_at_fork(after_in_child=in_child)
        _start_thread(self.listen, ())

    # Around the agent's hooks.

    def around(self, begin):
        """The global trace function of a thread, with the check after each event."""
        control, lines_of = self, self.lines

        def check_begin(frame, event, arg):
            if control.quiet is not None and control.quiet == _ident():
                return None
            trace = begin(frame, event, arg)
            if trace is None:
                return None
            if getattr(trace, '__name__', '') == 'checked':   # a generator goes on: it has checked
                return trace
            code = frame.f_code
            lines = lines_of.get(id(code))
            if lines is None:
                lines = lines_of[id(code)] = {}

            def checked(frame, event, arg):
                trace(frame, event, arg)
                if control.armed:
                    control.check(frame, event, arg, lines)
                elif lines and event == 'line':
                    stops = lines.get(frame.f_lineno)
                    if stops is not None:
                        ids = [stop.id for stop in stops if stop.holds(frame)]
                        if ids:
                            control.stop_at(frame, ids)
                return checked
            if control.armed:
                control.check(frame, 'call', None, lines)
            return checked
        return check_begin

    def around_unwind(self, on_unwind):
        def check_unwind(code, offset, exc):
            on_unwind(code, offset, exc)
            if self.armed and (id(code) in self.codes) and not (self.quiet is not None and self.quiet == _ident()):
                frame = _getframe(1)
                if frame.f_trace is not None:
                    self.check(frame, 'unwind', exc, self.lines.get(id(code)))
        return check_unwind

    def place(self, code, file):
        """Fills in where a code object has breakpoints."""
        lines = self.lines.get(id(code))
        if lines is None:
            lines = self.lines[id(code)] = {}
        lines.clear()
        name = self.paths.get(file)
        for spec, stop in self.stops:
            path = spec['file']
            if path is None or name == path or name is not None and not spec['exact'] and name.endswith('/' + path):
                lines.setdefault(spec['line'], []).append(stop)
        if 1 in lines and code.co_name == '<module>':
            lines[0] = lines[1]   # as the interpreter calls the first line of a module without code

    def stop_at(self, frame, ids):
        """Stops this thread at breakpoints on a line."""
        thread = self.recorder.shared.thread or 0
        self.give_way()
        self.stand(thread, frame, 'line', None, 'breakpoint', ids)

    def give_way(self):
        """Waits while another thread stands."""
        me = _ident()
        while self.owner is not None and self.owner != me:
            self.gate.acquire()
            self.gate.release()

    def check(self, frame, event, arg, lines):
        """After an event of this thread was recorded: does it stop here?"""
        if self.quiet is not None and self.quiet == _ident():
            return
        if event == 'lost' or event == 'changed':
            return
        me = _ident()
        thread = self.recorder.shared.thread or 0
        self.give_way()
        if event == 'return':
            if not self.settled(frame, arg):
                return
        elif event == 'exception':
            if not self.handled(frame):
                return   # it leaves the frame: that is the event
            self.settle()
        ids = self.hits(frame, event, arg, lines)
        reason = None
        if self.pausing:
            reason = 'pause'
        if self.step is not None:
            kind, who, frames = self.step
            if who is None or who == me:
                if kind == 'into':
                    reason = 'step'
                elif kind == 'over':
                    if any([f is frame for f in frames]):
                        reason = 'step'
                elif kind == 'return':
                    ends = event in ('return', 'unwind')
                    if ends and frames and frame is frames[0] or any([f is frame for f in frames[1:]]):
                        reason = 'step'
        if ids:
            reason = 'breakpoint'
        if reason is not None:
            self.stand(thread, frame, event, arg, reason, ids)

    def hits(self, frame, event, arg, lines):
        """The numbers of the breakpoints that an event hits."""
        ids = []
        if lines and (frame.f_lineno in lines):
            for stop in lines[frame.f_lineno]:
                if (event == 'line' or stop.any) and stop.holds(frame):
                    ids.append(stop.id)
        if event == 'call' and lines:
            # The line of the def, below its decorators: about here. The debugger looks closer.
            first = frame.f_code.co_firstlineno
            for line, stops in lines.items():
                if first <= line < first + 50:
                    ids += [stop.id for stop in stops if stop.any and stop.id not in ids]
        if event == 'call' and self.functions:
            name = agent._qualname(frame)
            for wanted, stop in self.functions:
                if (name == wanted or name.endswith('.' + wanted)) and stop.holds(frame):
                    ids.append(stop.id)
        if (event == 'exception' or event == 'unwind') and self.raised is not None:
            exc = arg[1] if event == 'exception' else arg
            if exc is not self.last_exception and not isinstance(exc, _NOISE):
                self.last_exception = exc
                if self.raised.holds(frame):
                    ids.append(self.raised.id)
        if event == 'unwind' and self.escaping is not None and self.escapes(frame) and self.escaping.holds(frame):
            ids.append(self.escaping.id)
        for stop in self.watches:
            watch = stop.watch
            if watch.frame is frame:
                if event == 'line' or event == 'resume':
                    if watch.changed(frame) and stop.holds(frame):
                        ids.append(stop.id)
                elif event != 'exception' and not frame.f_code.co_flags & 0x2a0:   # no generator
                    watch.frame = None   # it has ended, and is not to be kept
        return ids

    def escapes(self, frame):
        """Whether a library has called a frame, and the program that library."""
        f = frame.f_back
        if f is None or self.is_ours(f):
            return False
        while f is not None and not self.is_ours(f):
            f = f.f_back
        return f is not None

    def is_ours(self, frame):
        return frame.f_trace is not None and id(frame.f_code) in self.codes

    def settled(self, frame, arg):
        """Whether a return event is one, not an exception that leaves the frame, and has been recorded."""
        shared = self.recorder.shared
        if shared.held is None:
            return True
        if _VERSION >= (3, 12):
            raw, lasti = frame.f_code.co_code, frame.f_lasti
            ops = agent._opcodes()
            behind = -2 if _VERSION == (3, 13) else 0
            op = raw[lasti]
            if not (op in ops[6] or op in ops[5] or behind and raw[lasti + behind:lasti + behind + 1] in ops[-1]):
                return False
        self.settle()
        return True

    def settle(self):
        """Records what is held back."""
        shared = self.recorder.shared
        if shared.held is not None:
            self.recorder.buf.extend(shared.held)
            shared.held = None
            shared.maybe = False

    def handled(self, frame):
        """Whether the frame has code for an exception at its current instruction: except, finally, with."""
        code = frame.f_code
        table = getattr(code, 'co_exceptiontable', None)
        if table is None:
            return False   # before 3.11 nobody can tell
        raw = code.co_code
        at = frame.f_lasti // 2
        i = 0

        def number():
            nonlocal i
            b = table[i]
            n = b & 63
            while b & 64:
                i += 1
                b = table[i]
                n = n << 6 | b & 63
            i += 1
            return n
        while i < len(table):
            start, length, target, _ = number(), number(), number(), number()
            if start <= at < start + length:
                if not self.cleans_up(raw, 2 * target):
                    return True
                at, i = target, 0
        return False

    def cleans_up(self, raw, at):
        """Whether a handler is the interpreter's own, which only lets the exception go on."""
        import opcode
        ops = opcode.opmap
        here = [raw[i] for i in range(at, min(at + 6, len(raw)), 2)]
        return (here[0] == ops.get('CALL_INTRINSIC_1', -1) and raw[at + 1] == 3
                or here == [ops['COPY'], ops['POP_EXCEPT'], ops['RERAISE']])

    # Standing.

    def stand(self, thread, frame, event, arg, reason, ids):
        """Stops this thread until the debugger lets it go on."""
        self.gate.acquire()
        me = _ident()
        self.owner = me
        self.armed = True
        self.pausing = False
        self.step = None
        self.frame, self.event, self.arg = frame, event, arg
        self.objects = []
        self.announce(thread, reason, ids)
        quiet, self.quiet = self.quiet, me
        try:
            going = False
            while not going:
                self.mail.acquire()
                while self.queue and not going:
                    going = self.answer(self.queue.pop(0))
        finally:
            self.quiet = quiet
            self.frame = self.arg = None
            self.objects = []
            self.owner = None
            self.gate.release()

    def announce(self, thread, reason, ids):
        """Says that a thread stands."""
        self.recorder.buf.append((STOP, reason, thread, *ids))
        self.flush()

    def flush(self):
        recorder = self.recorder
        while recorder.buf:
            recorder.flush()

    def note(self, number, is_error, text):
        self.recorder.buf.append((NOTE, number, int(is_error), _text(text)))
        self.flush()

    def reply(self, message, error, *items):
        self.recorder.buf.append((REPLY, message['id'], error and _text(error)) + items)
        self.flush()

    def listen(self):
        """Takes messages; in a thread of its own, of which nothing is recorded."""
        pending = b''
        while True:
            while len(pending) < 4 or len(pending) < 4 + int.from_bytes(pending[:4], 'little'):
                try:
                    data = os.read(self.fd, 1 << 16)
                except OSError:
                    data = b''
                if not data:
                    agent._exit(1)   # the debugger is gone
                pending += data
            n = 4 + int.from_bytes(pending[:4], 'little')
            message, pending = _loads(pending[4:n]), pending[n:]
            what = message['do']
            if what == 'stops':
                self.set_stops(message)
            elif what == 'pause':
                self.pause()
                self.recorder.flush()   # if it never comes to its next event, this is how far it came
                self.interrupt()
            elif what == 'interrupt':
                self.interrupt()
            elif what == 'lines':
                self.tell_lines(message)
            else:
                if what == 'go':
                    self.pausing = False   # a pause that came too late
                self.queue.append(message)
                try:
                    self.mail.release()
                except RuntimeError:
                    pass   # there is mail already

    def interrupt(self):
        """Ends an evaluation in the main thread."""
        if self.interruptible:
            _thread.interrupt_main()

    def pause(self):
        self.pausing = self.armed = True

    def tell_lines(self, message):
        """Answers which lines of a text have code."""
        found, codes = set(), []
        try:
            codes.append(_compile(message['source'], '<text>', 'exec', 0, True))
        except (SyntaxError, ValueError) as e:
            self.reply(message, _error(e))
            return
        while codes:
            code = codes.pop()
            if _VERSION >= (3, 10):
                found.update([line for _, _, line in code.co_lines() if line])
            else:
                import dis
                found.update([line for _, line in dis.findlinestarts(code)])
            codes += [c for c in code.co_consts if type(c) is type(code)]
        self.reply(message, None, *sorted(found))

    def set_stops(self, message):
        errors = []
        lines, functions, raised, escaping, watches = [], [], None, None, []
        old = {stop.key: stop for stop in self.all_stops()}
        for spec in message['stops']:
            try:
                stop = Stop(self, spec)
            except (SyntaxError, ValueError) as e:
                errors += [spec['id'], _text(_error(e))]
                continue
            if stop.key in old:
                stop.count, stop.watch = old[stop.key].count, old[stop.key].watch
            if spec['function']:
                functions.append((spec['function'], stop))
            elif spec['exception']:
                raised = stop
            elif spec['escaping']:
                escaping = stop
            elif spec['variable']:
                if stop.watch is None and self.owner is not None:
                    for f in self.stack():
                        if self.number(f) == spec['frame']:
                            stop.watch = Watch(self, f, spec['variable'])
                if stop.watch is not None:
                    watches.append(stop)
            else:
                lines.append((spec, stop))
        self.stops, self.functions, self.raised, self.escaping, self.watches = lines, functions, raised, escaping, watches
        for code, file in list(self.codes.values()):
            self.place(code, file)
        self.arm()
        self.reply(message, None, *errors)

    def all_stops(self):
        out = [stop for _, stop in self.stops + self.functions] + self.watches
        return out + [stop for stop in (self.raised, self.escaping) if stop is not None]

    def number(self, frame):
        """The number of a frame of the program in the trace; -1 if it is not known."""
        f = frame.f_trace
        for name in ('trace', 'fid'):   # what the function here, and the agent's in it, hold on to
            names = f.__code__.co_freevars if f is not None else ()
            if name not in names:
                return -1
            f = f.__closure__[names.index(name)].cell_contents
        return f

    def arm(self):
        """Works out whether events other than those on lines with breakpoints matter."""
        self.armed = bool(self.owner is not None or self.step or self.pausing or self.functions or self.raised or self.escaping or self.watches
                          or any([stop.any for _, stop in self.stops]))

    # Answers, in the thread that stands.

    def answer(self, message):
        """Does what a message asks; True if the thread is to go on."""
        try:
            do = message['do']
            if do == 'go':
                self.go(message)
                return True
            frame = self.stack()[message['frame']] if 'frame' in message else None
            self.evaluating = True
            try:
                getattr(self, 'do_' + do)(message, frame)
            finally:
                self.evaluating = False
        except BaseException as e:
            self.reply(message, _error(e))
        return False

    def stack(self):
        """The frames of the program, innermost first."""
        out = [self.frame]   # which has no trace function yet where it is called
        f = self.frame.f_back
        while f is not None:
            if self.is_ours(f):
                out.append(f)
            f = f.f_back
        return out

    def go(self, message):
        kind = message['kind']
        frames = self.stack()
        if kind == 'continue':
            self.step = None
        elif kind == 'into':
            self.step = ('into', _ident(), ())
        else:
            skip = message['skip']
            if skip == 0 and self.event in ('return', 'unwind'):
                skip = 1   # the innermost has ended
            frames = frames[skip:]
            self.step = (kind, _ident(), frames) if frames else ('into', _ident(), ())
        owner, self.owner = self.owner, None
        self.arm()
        self.owner = owner

    def do_look(self, message, frame):
        text = message['text']
        expr = text.strip()
        try:
            code = _compile(expr, '<debugger>', 'eval')
        except SyntaxError:
            if 'only' in message:
                raise
            code = None
        if code is not None:
            value = self.evaluate(code, frame)
            self.reply(message, None, *self.described('', value, expr, frame))
            return
        code = _compile(text, '<debugger>', 'single' if '\n' not in text.strip() else 'exec')
        shown = []
        hook, sys.displayhook = sys.displayhook, shown.append
        try:
            space = frame.f_locals
            _exec(code, frame.f_globals, space)
        finally:
            sys.displayhook = hook
        self.write_back(frame)
        self.reply(message, None, *self.described('', shown[-1] if shown else None, '', frame))

    def evaluate(self, code, frame):
        names = frame.f_locals
        if frame.f_code.co_flags & 2 and any([type(c) is type(code) for c in code.co_consts]):
            # A lambda or comprehension sees globals only.
            space = dict(frame.f_globals)
            space.update(names)
            return _eval(code, space)
        return _eval(code, frame.f_globals, names)

    def write_back(self, frame):
        """Makes changed locals the frame's, and has the recorder look at all of them again."""
        if _VERSION < (3, 13) and frame.f_code.co_flags & 2:
            import ctypes
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        if frame.f_trace is not None:
            frame.f_trace(frame, 'changed', None)

    def described(self, name, value, expr, frame, hint=''):
        """An object's items in an answer: name, value, handle, number of children, expression, hint."""
        n = self.count(value)
        handle = 0
        if n:
            self.objects.append((value, 'object', frame, expr))
            handle = len(self.objects)
        return (_text(name), self.encoded(value), handle, n, _text(expr), hint)

    def encoded(self, value):
        describer = self.recorder.describer
        t = type(value)
        if t in agent.SIMPLE:
            return _dumps(value, 2)
        return describer.encode(value, t)

    def count(self, value):
        t = type(value)
        if t in agent.CONTAINERS:
            return len(value)
        if t in agent.ATOMS or t is bytes or t is agent._FunctionType or t is agent._Builtin:
            return 0
        try:
            if isinstance(value, (list, tuple, dict, set, frozenset)):
                return -1
        except BaseException:
            pass
        return -1 if self.members(value) else 0

    def members(self, value):
        """The attributes of an object, without running its code: name -> value."""
        describer = self.recorder.describer
        t = type(value)
        out = {}
        try:
            out = dict(describer.attributes(value, describer.fields(t)))
        except BaseException:
            pass
        if t is agent._ModuleType or t is type:
            out = {k: v for k, v in out.items() if k[:2] != '__'}
        return out

    def do_groups(self, message, frame):
        out = []

        def group(name, how, n, hint):
            self.objects.append((frame, how, frame, ''))
            out.extend((name, _dumps(None, 2), len(self.objects), n, '', hint))
        group('Locals', 'locals', len(self.visible(frame)), 'locals')
        if frame is self.frame:
            if self.event in ('return',):
                group('Return value', 'result', 1, 'returnValue')
            elif self.event in ('exception', 'unwind'):
                group('Exception', 'result', 1, '')
        if frame.f_globals is not frame.f_locals and frame.f_code.co_name != '<module>':
            group('Globals', 'globals', len(self.visible(frame, True)), 'globals')
        self.reply(message, None, *out)

    def visible(self, frame, of_module=False):
        space = frame.f_globals if of_module else frame.f_locals
        module = of_module or frame.f_code.co_name == '<module>'
        return {k: v for k, v in list(space.items()) if type(k) is str and k[:2] != '__' and not (module and type(v) is agent._ModuleType)}

    def do_children(self, message, frame):
        value, how, frame, expr = self.objects[message['handle'] - 1]
        start, count = message['start'], message['count']
        end = start + count if count else None
        out = []

        def some(pairs):
            for name, v, path, hint in list(pairs)[start:end]:
                out.extend(self.described(name, v, path, frame, hint))
        t = type(value)
        if how == 'locals' or how == 'globals':
            some([(k, v, k, '') for k, v in self.visible(frame, how == 'globals').items()])
        elif how == 'result':
            arg = self.arg
            if self.event == 'exception':
                arg = arg[1]
            some([('(return value)' if self.event == 'return' else 'exception', arg, '', '')])
        elif issubclass(t, (list, tuple)):
            base = list if issubclass(t, list) else tuple
            n = base.__len__(value)
            for i in range(n)[start:end]:
                out.extend(self.described(str(i), base.__getitem__(value, i), expr and '%s[%d]' % (expr, i), frame))
        elif issubclass(t, dict):
            keys = list(dict.keys(value))[start:end]
            for k in keys:
                name = self.key(k)
                out.extend(self.described(name, dict.__getitem__(value, k), expr and type(k) in agent.ATOMS and '%s[%s]' % (expr, name) or '', frame))
        elif issubclass(t, (set, frozenset)):
            base = set if issubclass(t, set) else frozenset
            some([(str(i), v, '', '') for i, v in enumerate(base.__iter__(value))])
        else:
            some([(k, v, expr and '%s.%s' % (expr, k), 'property') for k, v in self.members(value).items()])
        self.reply(message, None, *out)

    def key(self, k):
        if type(k) in agent.ATOMS or type(k) is tuple or type(k) is frozenset:
            try:
                return repr(k)[:200]
            except BaseException:
                pass
        return '<%s>' % type(k).__name__

    def do_assign(self, message, frame):
        value, how, frame, expr = self.objects[message['handle'] - 1]
        name = message['name']
        new = self.evaluate(_compile(message['text'].strip(), '<debugger>', 'eval'), frame)
        t = type(value)
        if how == 'locals':
            space = frame.f_locals
            if name not in space:
                raise NameError('no variable %s here' % name)
            space[name] = new
        elif how == 'globals':
            frame.f_globals[name] = new
        elif how == 'result':
            raise TypeError('this value cannot be replaced')
        elif issubclass(t, list):
            value[int(name)] = new
        elif issubclass(t, dict):
            for k in list(dict.keys(value)):
                if self.key(k) == name:
                    value[k] = new
                    break
            else:
                raise KeyError(name)
        elif issubclass(t, (tuple, set, frozenset)):
            raise TypeError('%s: its items cannot be replaced' % t.__name__)
        else:
            setattr(value, name, new)
        self.write_back(frame)
        self.reply(message, None, *self.described(name, new, name if how != 'object' else '', frame))

    def do_complete(self, message, frame):
        text = message['text']
        at = len(text)
        i = at
        while i > 0 and (text[i - 1].isalnum() or text[i - 1] in '_.'):
            i -= 1
        word = text[i:at]
        base, dot, last = word.rpartition('.')
        if dot:
            names = dir(self.evaluate(_compile(base, '<debugger>', 'eval'), frame))
        else:
            import builtins
            import keyword
            names = [*frame.f_locals, *frame.f_globals, *dir(builtins), *keyword.kwlist]
        found = sorted({n for n in names if type(n) is str and n.startswith(last) and (last[:1] == '_' or n[:1] != '_')})
        self.reply(message, None, *found[:200])

    def do_exception(self, message, frame):
        """What the thread stands at: (type, message, traceback) of it and of what caused it."""
        arg = self.arg
        exc = arg[1] if self.event == 'exception' else arg if self.event == 'unwind' else None
        out = []
        seen = []
        while exc is not None and len(seen) < 20 and not any([e is exc for e in seen]):
            seen.append(exc)
            t = type(exc)
            name = t.__qualname__ if t.__module__ in ('builtins', '__main__') else '%s.%s' % (t.__module__, t.__qualname__)
            try:
                text = str(exc)
            except BaseException:
                text = ''
            tb = exc.__traceback__ or (arg[2] if self.event == 'exception' and len(seen) == 1 else None)
            out += [_text(name), _text(text), _text(self.traceback(exc, tb))]
            exc = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
        self.reply(message, None, *out)

    def traceback(self, exc, tb):
        try:
            import traceback
            while tb is not None and tb.tb_frame.f_code.co_filename == agent._HERE:
                tb = tb.tb_next
            return ''.join(traceback.format_exception(type(exc), exc, tb, chain=False))
        except BaseException:
            return ''

    def do_jump(self, message, frame):
        if self.event != 'line':
            raise ValueError('one can go to another line only from a line that is about to run')
        self.frame.f_lineno = message['line']
        if self.number(self.frame) >= 0:
            self.frame.f_trace(self.frame, 'line', None)   # the interpreter goes on without a word
        self.reply(message, None)

    def do_threads(self, message, frame):
        threading = sys.modules.get('threading')
        out = []
        if threading is not None:
            for t in threading.enumerate():
                out += [t.ident or 0, _text(t.name)]
        self.reply(message, None, *out)


def _text(s):
    """A str that can be sent."""
    return s.encode('utf-8', 'backslashreplace').decode('utf-8') if type(s) is str else str(s)


def _send_at_once(recorder):
    """Has what the program writes sent when it is written: somebody waits for it."""
    write = agent.Output.write

    def write_through(self, data):
        n = write(self, data)
        recorder.flush()
        return n
    agent.Output.write = write_through


def _pause_at_interrupts(control):
    """Has Ctrl-C, which the debugger gets too, pause the program and end evaluations, and nothing else."""
    def interrupt(signum, frame):
        if control.owner is None:
            control.pause()
        recorder = control.recorder
        if recorder.lock.locked() and recorder.busy in (0, _ident()):
            return   # this thread writes a block
        if control.evaluating and control.quiet == _ident():
            control.evaluating = False
            raise KeyboardInterrupt
        while frame is not None:
            if frame.f_code is Expression.value.__code__:   # of a breakpoint
                raise KeyboardInterrupt
            frame = frame.f_back
    agent._signal.signal(agent._signal.SIGINT, interrupt)
    control.interruptible = True


def attach(run, fd, record):
    os.set_inheritable(fd, False)
    _send_at_once(run.recorder)
    prepare = run.prepare

    def prepare_debug():
        prepare()
        sys.setswitchinterval(0.05)   # seldom, as in a recording; but a pause must come through
    run.prepare = prepare_debug
    if record:
        control = Control(run, fd)
    else:
        import _ndb_light
        control = _ndb_light.Light(run, fd)
    if os.getpgrp() != os.getpid():   # it shares the debugger's terminal
        _pause_at_interrupts(control)
    return control
