import re

TOKEN = re.compile(r'(?P<num>\d+)|(?P<name>[a-z]\w*)|(?P<op>[-+*/()])|\s+')


def tokens(text):
    for m in TOKEN.finditer(text):
        if m.lastgroup:
            yield m.lastgroup, m.group()


found = list(tokens('ab + 12*(c - 3)'))
swapped = re.sub(r'(\w+)@(\w+)', r'\2 at \1', 'me@home you@work')
upper = re.sub(r'\b\w', lambda m: m.group().upper(), 'some words here')
parts = re.split(r'[,;]\s*', 'a, b;c')
m = re.match(r'(\d+)-(\d+)?', '12-')
groups = m.groups(default='none')
span = m.span(1)
try:
    re.compile('(')
except re.error as e:
    print(e.msg, e.pos)
