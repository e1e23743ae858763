import sqlite3

db = sqlite3.connect(':memory:')
db.row_factory = sqlite3.Row
db.execute('create table t (id integer primary key, name text unique, n int)')
with db:
    db.executemany('insert into t (name, n) values (?, ?)', [('a', 1), ('b', 2), ('c', 3)])
total = db.execute('select sum(n) from t').fetchone()[0]
names = []
for row in db.execute('select name, n from t where n > :n order by name desc', {'n': 1}):
    names.append((row['name'], row['n']))
db.create_function('twice', 1, lambda x: x * 2)
twice = [tuple(r) for r in db.execute('select twice(n) from t')]
try:
    with db:
        db.execute('update t set n = 9')
        db.execute("insert into t (name) values ('a')")
except sqlite3.IntegrityError as e:
    kind = type(e).__name__
kept = db.execute('select max(n) from t').fetchone()[0]
db.close()
print(total, names, twice, kind, kept)
