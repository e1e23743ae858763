import pathlib
import shutil

root = pathlib.Path('ndb_test_folder')
try:
    (root / 'sub').mkdir(parents=True)
    for i in range(3):
        (root / 'sub' / ('f%d.txt' % i)).write_text('line\n' * i)
    sizes = {p.name: p.stat().st_size for p in sorted(root.rglob('*.txt'))}
    big = max(sizes, key=sizes.get)
    (root / 'sub' / big).rename(root / 'big.md')
    names = sorted(p.relative_to(root).as_posix() for p in root.iterdir())
    with (root / 'big.md').open() as f:
        lines = [line.strip() for line in f]
    missing = root / 'no'
    try:
        missing.read_text()
    except FileNotFoundError as e:
        kind = e.errno
finally:
    shutil.rmtree(root)
pure = pathlib.PurePosixPath('/a/b.tar.gz')
print(sizes, names, lines, kind, pure.suffixes, pure.with_suffix('').name)
