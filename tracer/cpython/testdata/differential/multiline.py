def f(a, b):
    return a + b


def work(n):
    for i in range(n):
        x = f(
            i,
            f(1,
              2),
        )
        y = [
            x,
            f(x,
              x),
            i,
        ]
        if (i > 3 and
                x > 2 or
                y):
            z = {
                'a': x,
                'b': [
                    v
                    for v in y
                    if v
                ],
            }
        w = (x
             if i % 2
             else
             y)
        assert (
            w is not None
        ), 'never'
        t = """a
b""" + str(
            i)
        y.sort(
            key=lambda v:
            -v)
        q = [k for
             k in
             y]; r = len(
                 q)
        (y
         .append(
             q)
         )
    return x, y, z, w, t, r


work(60)
with open('/dev/null') as a, \
        open('/dev/null') as b:
    c = 1
