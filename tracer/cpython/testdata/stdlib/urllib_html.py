from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.depth = 0

    def handle_starttag(self, tag, attrs):
        self.depth += 1
        if tag == 'a':
            self.found.append(dict(attrs).get('href'))

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.found.append(data.strip())


parser = Links()
parser.feed('<p>See <a href="/x?q=1&amp;r=2">this</a> and <a href="y.html">that</a></p>')
parts = urlsplit('https://user@host:8080/a/b?q=1&q=2#frag')
query = parse_qs(parts.query)
full = [urljoin('http://h/a/', link) for link in parser.found[1::3]]
text = urlencode({'k': 'v w', 'u': '\xe4'})
print(parser.found, parser.depth, parts.port, query, full, text, quote('a/b c'))
