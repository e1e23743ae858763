import difflib
import string
import textwrap

template = string.Template('$who owes $$${amount}')
line = template.substitute(who='Ann', amount=5)
safe = template.safe_substitute(who='Bob')
table = str.maketrans(string.ascii_lowercase, string.ascii_lowercase[13:] + string.ascii_lowercase[:13])
secret = 'hello'.translate(table)
story = 'The quick brown fox jumps over the lazy dog. ' * 2
wrapped = textwrap.wrap(story, 30)
short = textwrap.shorten(story, 20, placeholder='...')
plain = textwrap.dedent('    a\n      b\n')
ratio = difflib.SequenceMatcher(None, 'abcd', 'bcde').ratio()
diff = list(difflib.unified_diff(['a', 'b'], ['a', 'c'], lineterm=''))
near = difflib.get_close_matches('appel', ['ape', 'apple', 'peach'])
formatted = '{:>8.2f}|{!r:^9}|{:,}'.format(3.14159, 'x', 1234567)
print(line, safe, secret, len(wrapped), short, plain, ratio, diff, near, formatted)
