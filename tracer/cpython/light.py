"""Lets a debugger stop a program of which nothing is recorded.

From 3.12 on sys.monitoring watches for breakpoints: a line without one costs nothing after
it has run once. Before, sys.settrace looks at calls, and at the lines of functions with
breakpoints. Where a thread stops, it sends its stack as a trace of its own, after a

    (SNAPSHOT,)

in which each frame is called and then stands at its line.
"""

import sys

import _ndb_agent as agent
from _ndb_debug import Control, _ident, _getframe, _VERSION

SNAPSHOT = -17

__builtins__ = agent.__builtins__

_settrace = agent._settrace


class Light(Control):
    """A Control that records nothing until a thread stops."""

    def __init__(self, run, fd):
        self.tool = None
        self.event_base = 0
        self.local = {}    # id(code) -> (code, events set on it)
        recorder = run.recorder
        recorder.hooks = lambda: None
        recorder.unwinds = lambda begin: lambda *_: None
        Control.__init__(self, run, fd)
        run.light = True
        if _VERSION >= (3, 12):
            run.begin = None
            recorder.hooks = lambda: None
            run.trace_on = self.turn_on
        else:
            run.begin = self.begin
            recorder.hooks = lambda: self.begin

    def around(self, begin):
        return self.begin

    # Which code is the program's.

    def known(self, frame):
        """Whether a frame is of the program."""
        code = frame.f_code
        recorder = self.recorder
        if id(code) in self.codes:
            return True
        if recorder.files.get(code.co_filename) == -1:
            return False
        return recorder.register(frame, code) is not None

    # By sys.monitoring.

    def turn_on(self):
        _settrace(None)
        if self.tool is None:
            self.monitor()

    def monitor(self):
        mon = sys.monitoring
        self.tool = tool = next(t for t in (0, 5, 1, 2) if mon.get_tool(t) is None)
        mon.use_tool_id(tool, 'ndb-debug')
        e = mon.events
        mon.register_callback(tool, e.PY_START, self.on_start)
        mon.register_callback(tool, e.LINE, self.on_line)
        mon.register_callback(tool, e.PY_RETURN, self.on_return)
        mon.register_callback(tool, e.PY_YIELD, self.on_return)
        mon.register_callback(tool, e.RAISE, self.on_raise)
        self.watch()

    def watch(self):
        """Turns on the events that are needed now."""
        mon = sys.monitoring
        e = mon.events
        wanted = e.PY_START
        step = self.step and self.step[0]
        if self.pausing or step == 'into':
            wanted |= e.LINE
        if step == 'into':
            wanted |= e.PY_RETURN | e.PY_YIELD
        if self.raised is not None:
            wanted |= e.RAISE
        locals_ = {id(code): (code, e.LINE) for code, file in list(self.codes.values()) if self.lines.get(id(code))}
        if step in ('over', 'return'):
            events = e.LINE if step == 'over' else e.PY_RETURN | e.PY_YIELD
            for i, frame in enumerate(self.step[2]):
                code = frame.f_code
                more = e.LINE if i else events
                locals_[id(code)] = (code, locals_.get(id(code), (code, 0))[1] | more)
        for key, (code, events) in self.local.items():
            if key not in locals_:
                mon.set_local_events(self.tool, code, 0)
        for key, (code, events) in locals_.items():
            if self.local.get(key) != (code, events):
                mon.set_local_events(self.tool, code, events)
        self.local = locals_
        mon.set_events(self.tool, wanted)
        mon.restart_events()

    def on_start(self, code, offset):
        frame = _getframe(1)
        if self.quiet is not None and self.quiet == _ident():
            return
        if not self.known(frame):
            return sys.monitoring.DISABLE
        lines = self.lines.get(id(code))
        if lines and id(code) not in self.local:
            self.local[id(code)] = (code, sys.monitoring.events.LINE)
            sys.monitoring.set_local_events(self.tool, code, sys.monitoring.events.LINE)
        if self.functions or self.step is not None and self.step[0] == 'into':
            self.look(frame, 'call', None, None)
        elif not self.functions:
            return sys.monitoring.DISABLE

    def on_line(self, code, line):
        lines = self.lines.get(id(code))
        frame = None
        if self.step is None and not self.pausing:
            stops = lines and lines.get(line)
            if not stops:
                return sys.monitoring.DISABLE
            if len(stops) == 1 and stops[0].condition is not None:   # the case that comes a million times
                frame = _getframe(1)
                try:
                    if not stops[0].condition.value(frame):
                        return
                except BaseException:
                    pass   # said below
        if frame is None:
            frame = _getframe(1)
        if self.quiet is not None and self.quiet == _ident():
            return
        if id(code) in self.codes or self.known(frame):
            self.look(frame, 'line', None, lines)
        else:
            return sys.monitoring.DISABLE

    def on_return(self, code, offset, value):
        if self.step is not None and id(code) in self.codes and not (self.quiet is not None and self.quiet == _ident()):
            self.look(_getframe(1), 'return', value, None)

    def on_raise(self, code, offset, exc):
        if id(code) in self.codes and not (self.quiet is not None and self.quiet == _ident()):
            self.look(_getframe(1), 'exception', (type(exc), exc, exc.__traceback__), None)

    # By sys.settrace.

    def begin(self, frame, event, arg):
        if self.quiet is not None and self.quiet == _ident() or not self.known(frame):
            return None
        lines = self.lines.get(id(frame.f_code))
        if self.armed:
            self.look(frame, 'call', None, None)
        if not self.armed and not lines:
            return None
        return self.trace

    def trace(self, frame, event, arg):
        lines = self.lines.get(id(frame.f_code))
        if self.armed or event == 'line' and lines and frame.f_lineno in lines:
            self.look(frame, event, arg, lines)
        return self.trace

    def look(self, frame, event, arg, lines):
        """After an event of this thread: does it stop here?"""
        me = _ident()
        while self.owner is not None and self.owner != me:
            self.gate.acquire()
            self.gate.release()
        ids = self.hits(frame, event, arg, lines)
        reason = 'pause' if self.pausing else None
        if self.step is not None:
            kind, who, frames = self.step
            if who is None or who == me:
                at = any([f is frame for f in frames])
                if (kind == 'into' and event != 'exception' or kind == 'over' and at and event == 'line'
                        or kind == 'return' and (frames and frame is frames[0] and event == 'return' or at and frame is not frames[0])):
                    reason = 'step'
        if ids:
            reason = 'breakpoint'
        if reason is not None:
            self.stand(0, frame, event, arg, reason, ids)
            self.watch_frames()

    def watch_frames(self):
        """Makes the events that the next stop needs come."""
        if _VERSION >= (3, 12):
            self.watch()
            return
        # Frames that were called while nothing mattered have no trace function.
        frame = _getframe(2)
        while frame is not None:
            if id(frame.f_code) in self.codes and (self.step or self.pausing or self.lines.get(id(frame.f_code))):
                frame.f_trace = self.trace
            frame = frame.f_back

    def set_stops(self, message):
        Control.set_stops(self, message)
        if self.tool is not None and self.owner is None:
            self.watch()

    def pause(self):
        Control.pause(self)
        if self.tool is not None:
            self.watch()

    # Standing.

    def stack(self):
        out = []
        f = self.frame
        while f is not None:
            if id(f.f_code) in self.codes:
                out.append(f)
            f = f.f_back
        return out or [self.frame]

    def announce(self, thread, reason, ids):
        """Sends the stack, and that the thread stands."""
        recorder = self.recorder
        buf = recorder.buf
        buf.append((SNAPSHOT,))
        buf.append((agent.THREAD, 0))
        frames = self.stack()[::-1]
        items = []
        for f in frames:
            info = recorder.codes.get(id(f.f_code)) or recorder.made.get(f.f_code)
            items.append((f, info, self.values(f)))   # before anything is sent: names are
        for f, info, values in items:
            args = {n for n, _ in info.at_call}
            call = [agent.CALL, info.number]
            line = [max(f.f_lineno or 1, 1)]
            for name, nid, value in values:
                line += (nid, value)
                if name in args:
                    call += (nid, value)
            last = f is self.frame
            buf.append(tuple(call))
            if not last or self.event != 'call':
                buf.append(tuple(line))
            if last and self.event == 'return':
                buf.append((agent.RETURN, line[0], self.encoded(self.arg)))
            elif last and self.event == 'exception':
                buf.append((agent.EXCEPTION, line[0], self.encoded(self.arg[1]), False))
        Control.announce(self, thread, reason, ids)

    def values(self, frame):
        nid = self.recorder.nid
        return [(name, nid(name), self.encoded(v)) for name, v in self.visible(frame).items()]

    def write_back(self, frame):
        if _VERSION < (3, 13) and frame.f_code.co_flags & 2:
            import ctypes
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
