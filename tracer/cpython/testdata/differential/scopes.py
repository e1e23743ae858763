total = 0
items = []


def add(x):
    global total, fresh
    total += x
    fresh = [x]
    items.append(x)
    del items[:-2]


for i in range(60):
    add(i)
    if i % 10 == 5:
        exec('total = -1; made = total + i')
        y = eval('made + 1')
        del made
    globals()['dyn'] = i
    z = dyn


class Body:
    xs = []
    for i in range(60):
        xs.append(i)
        n = i * 2
        if i % 2:
            del n
        del xs[:-3]
    ys = [x for x in xs]

    class Inner:
        z = 1
        z += 1

        def method(self):
            return __class__

    def get(self):
        return self.xs


def run(n):
    ns = {}
    for i in range(n):
        exec('v = [0]\nfor j in range(3):\n    v.append(j)', ns)
        w = ns['v']
        class Local:
            a = i
            b = a + 1
        c = Local.b
    return w, c


def factory(n):
    made = []
    for i in range(n):
        made.append(type('T%d' % i, (), {'v': i}).v)
        del made[:-2]
        import math as m
        from os import path, sep
        q = m.floor(2.5)
    return made


run(60)
factory(60)
Body().get()
Body.Inner().method()
