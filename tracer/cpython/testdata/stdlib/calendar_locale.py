import calendar
import fnmatch
import glob
import os
import shlex
import shutil

month = calendar.monthcalendar(2024, 2)
leap = [y for y in range(1999, 2009) if calendar.isleap(y)]
words = shlex.split("cp 'a b' c\\ d")
joined = shlex.quote("it's")
names = fnmatch.filter(['a.py', 'b.txt', 'c.py'], '*.py')
folder = 'ndb_test_folder'
os.makedirs(folder)
for name in names:
    with open(os.path.join(folder, name), 'w') as f:
        f.write(name)
there = sorted(os.path.basename(p) for p in glob.glob(os.path.join(folder, '[ab]*')))
copied = os.path.basename(shutil.copyfile(os.path.join(folder, 'a.py'), os.path.join(folder, 'z')))
total = sum(len(files) for _, _, files in os.walk(folder))
shutil.rmtree(folder)
gone = not os.path.exists(folder)
print(len(month), leap, words, joined, names, there, copied, total, gone)
