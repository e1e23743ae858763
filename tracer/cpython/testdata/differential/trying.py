class Quiet:
    def __enter__(self):
        return [1]

    def __exit__(self, kind, e, tb):
        return kind is ValueError


def f(n):
    out = []
    for i in range(n):
        try:
            if i % 3 == 0:
                raise KeyError(i)
            out.append(10 // (i % 4))
        except KeyError as e:
            k = e.args
        except ZeroDivisionError:
            k = None
        else:
            k = 'else'
        finally:
            out.append(i)
            del out[:-3]
        with Quiet() as q:
            q.append(i)
            if i % 2:
                raise ValueError('quiet')
            q.append('end')
        try:
            try:
                raise ValueError(i)
            finally:
                out.append('finally')
        except ValueError:
            out.pop()
    return out


def passing(n):
    try:
        return inner(n)
    finally:
        n += 1


def inner(n):
    try:
        raise IndexError(n)
    except KeyError:
        pass
    finally:
        n = [n]
        n.append(2)


def caught(n):
    out = []
    for i in range(n):
        try:
            passing(i)
        except IndexError as e:
            out.append(e.args[0])
        try:
            int('x' * i)
        except (TypeError, ValueError):
            pass
        try:
            swallow(i)
        except KeyError:
            raise
    return out[-3:]


def swallow(i):
    while True:
        try:
            raise KeyError(i)
        finally:
            break


def chain(i):
    try:
        try:
            {}[i]
        except KeyError as e:
            raise ValueError('v') from e
    finally:
        try:
            [][i]
        except IndexError:
            pass


def overridden():
    try:
        return 1
    finally:
        return 2


def loops():
    got = []
    for i in range(60):
        try:
            chain(i)
        except ValueError:
            got.append(i)
        try:
            continue
        finally:
            del got[:-2]
    return got


f(60)
caught(60)
loops()
overridden()
for i in range(3):
    try:
        chain(i)
    except ValueError as e:
        name = str(e)
    try:
        assert i > 5, 'small'
    except AssertionError as e:
        name = e.args
passing(3)
