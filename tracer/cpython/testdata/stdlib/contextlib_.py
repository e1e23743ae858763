import contextlib
import io

log = []


@contextlib.contextmanager
def step(name):
    log.append('enter ' + name)
    try:
        yield name.upper()
    except KeyError as e:
        log.append('caught %s' % e.args)
    finally:
        log.append('leave ' + name)


with step('a') as a, step('b') as b:
    raise KeyError('k')
with contextlib.ExitStack() as stack:
    names = [stack.enter_context(step(n)) for n in 'xy']
    stack.callback(log.append, 'callback')
with contextlib.suppress(ZeroDivisionError):
    1 / 0
out = io.StringIO()
with contextlib.redirect_stdout(out):
    print('captured')


class Closing(contextlib.ContextDecorator):
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        log.append('decorated')


@Closing()
def work():
    return len(log)


n = work()
print(log, out.getvalue(), n)
