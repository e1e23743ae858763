"""A tracer that is too simple to be wrong, to compare the real one with.

Reads a JSON list of {"source", "function", "args"} from standard input. Runs each in a
process of its own under sys.settrace, copies all locals at every event, and prints one
JSON list a program: [kind, func, line, depth, thread, locals or null, value or null,
unwinds] an event. A value that is not plain built-in data is null: not compared.
"""
import json
import opcode
import os
import sys
import threading

ENDS = {opcode.opmap[n] for n in ('RETURN_VALUE', 'RETURN_CONST', 'YIELD_VALUE', 'YIELD_FROM') if n in opcode.opmap}
YIELDS = {opcode.opmap[n] for n in ('YIELD_VALUE', 'YIELD_FROM') if n in opcode.opmap}
FROM = bytes([opcode.opmap.get('YIELD_FROM', 0)])
FILE = 'program.py'


def show(v, depth=0):
    t = type(v)
    if v is None or t in (bool, int, float, complex, str, bytes):
        return repr(v)
    if depth < 5 and t in (list, tuple, dict, set, frozenset) and len(v) <= 100:
        if t is dict:
            parts = [(show(k, depth + 1), show(x, depth + 1)) for k, x in v.items()]
            parts = [None if None in pair else ': '.join(pair) for pair in parts]
            marks = '{}'
        elif t in (set, frozenset):
            try:
                parts = [show(x, depth + 1) for x in sorted(v)]
            except TypeError:
                return None
            marks = '{}'
            if not v:
                return t.__name__ + '()'
            if t is frozenset:
                marks = 'frozenset({', '})'
        else:
            parts = [show(x, depth + 1) for x in v]
            marks = '[]' if t is list else '()'
            if t is tuple and len(v) == 1:
                parts[0] = parts[0] and parts[0] + ','
        if None not in parts:
            return marks[0] + ', '.join(parts) + marks[1]
    return None


def text(v):
    s = show(v)
    return s if s is not None and len(s) <= 1000 else None


def ours(frame):
    name = frame.f_code.co_filename
    if name == FILE:
        return True
    return name == '<string>' and frame.f_back is not None and ours(frame.f_back)


def depth(frame):
    n = -1
    while frame is not None:
        n += ours(frame)
        frame = frame.f_back
    return n


def state(frame, space):
    names = frame.f_locals
    if not frame.f_code.co_flags & 1:
        names = space
        names = {k: v for k, v in names.items()
                 if not (k[:2] == '__' == k[-2:]) and type(v) is not type(sys)}
    return {k: text(v) for k, v in dict(names).items()}


events = []
numbers = threading.local()
threads = 0


def thread():
    global threads
    if not hasattr(numbers, 'n'):
        numbers.n = threads
        threads += 1
    return numbers.n


def add(kind, frame, line, locals_, value, unwinds=False):
    code = frame.f_code
    events.append([kind, getattr(code, 'co_qualname', code.co_name), line, depth(frame), thread(), locals_, value, unwinds])


def unwound(e):
    """The frame whose leaving was reported last was left by this exception."""
    if events and events[-1][7] and events[-1][4] == thread():
        events[-1][6] = text_of(e)


def begin(frame, kind, arg):
    if not ours(frame):
        return None
    if frame.f_trace is not None:
        return frame.f_trace(frame, 'resume', None)
    code = frame.f_code
    space = frame.f_locals   # of a module or class; later it may be without, during a comprehension
    last = lasti = at = None   # the frame's last exception, where it came and the number of events then

    def trace(frame, kind, arg):
        nonlocal last, lasti, at
        if kind == 'call':
            add('call', frame, code.co_firstlineno or 1, state(frame, space), None)
        elif kind == 'resume' or kind == 'line':
            add(kind, frame, frame.f_lineno, state(frame, space), None)
        elif kind == 'exception':
            if not isinstance(arg[1].__cause__, StopIteration):
                unwound(arg[1])
            add('exception', frame, frame.f_lineno, None, text_of(arg[1]))
            last, lasti, at = text_of(arg[1]), frame.f_lasti, len(events)
        elif kind == 'return':
            op = code.co_code[frame.f_lasti] if frame.f_lasti >= 0 else None
            if sys.version_info[:2] == (3, 13) and code.co_code[frame.f_lasti - 2] in YIELDS:
                op = code.co_code[frame.f_lasti - 2]
            delegates = sys.version_info < (3, 11) and code.co_code[frame.f_lasti + 2:frame.f_lasti + 3] == FROM
            nothing_since = at == len(events)
            if arg is None and (op not in ENDS or nothing_since and lasti == frame.f_lasti) and not delegates:
                if nothing_since:
                    events.pop()    # one event for an exception that nothing holds up
                add('exception', frame, frame.f_lineno, None, last, True)
            elif code.co_flags & 0x2a0 and (op in YIELDS or delegates):
                add('yield', frame, frame.f_lineno, None, text(arg))
            else:
                add('return', frame, frame.f_lineno, None, text(arg))
        return trace
    return trace(frame, 'call', None)


def text_of(e):
    parts = [text(a) for a in e.args]
    if None in parts:
        return None
    return type(e).__name__ + '(' + ', '.join(parts) + ')'


def run(program):
    module = type(sys)('__main__')
    sys.modules['__main__'] = module
    ns = module.__dict__
    code = compile(program['source'], FILE, 'exec', 0, True)

    def start():
        sys.settrace(begin)
        threading.settrace(begin)
        exec(code, ns)

    if program['function']:
        exec(code, ns)
        text = '(lambda *args, **kwargs: (args, kwargs))(%s)' % program['args']
        args, kwargs = eval(compile(text, '<arguments>', 'eval'), ns)

        def start():
            sys.settrace(begin)
            ns[program['function']](*args, **kwargs)
    try:
        start()
    except BaseException:
        pass
    sys.settrace(None)


def main():
    if sys.version_info >= (3, 12):
        monitoring = sys.monitoring
        monitoring.use_tool_id(4, 'reference')
        monitoring.register_callback(4, monitoring.events.PY_UNWIND, lambda code, offset, e: unwound(e))
        monitoring.set_events(4, monitoring.events.PY_UNWIND)
    sys.setswitchinterval(0.5)
    for program in json.load(sys.stdin):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            out, sys.stdout, sys.stderr = sys.stdout, open(os.devnull, 'w'), open(os.devnull, 'w')
            sys.stdin = open(os.devnull)
            run(program)
            json.dump(events, out)
            out.write('\n')
            out.flush()
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            print('null')   # the interpreter crashed


main()
