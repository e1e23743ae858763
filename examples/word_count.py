"""Counts the words of standard input: ndb trace --stdin FILE examples/word_count.py"""

import re
import sys
from collections import Counter


def words(text):
    return re.findall(r"[a-z']+", text.lower())


counts = Counter()
for line in sys.stdin:
    counts.update(words(line))
for word, n in counts.most_common(3):
    print(n, word)
