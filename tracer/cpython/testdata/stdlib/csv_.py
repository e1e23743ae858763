import csv
import io

out = io.StringIO()
writer = csv.DictWriter(out, fieldnames=['name', 'n'], lineterminator='\n')
writer.writeheader()
for name, n in (('a,b', 1), ('say "x"', 2), ('', 3)):
    writer.writerow({'name': name, 'n': n})
text = out.getvalue()
rows = list(csv.DictReader(io.StringIO(text)))
total = 0
for row in rows:
    total += int(row['n'])
    row['n'] = int(row['n'])
plain = list(csv.reader(['1;2', '3;4'], delimiter=';'))
dialect = csv.Sniffer().sniff('a|b|c\n1|2|3\n')
print(rows, total, plain, dialect.delimiter)
