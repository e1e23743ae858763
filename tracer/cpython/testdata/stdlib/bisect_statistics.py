import bisect
import statistics

grades = [60, 70, 80, 90]


def grade(score):
    return 'FDCBA'[bisect.bisect(grades, score)]


scores = [55, 61, 78, 90, 99]
letters = [grade(s) for s in scores]
kept = []
for s in [5, 1, 4, 1, 3]:
    bisect.insort(kept, s)
mean = statistics.mean(scores)
spread = round(statistics.stdev(scores), 3)
middle = statistics.median(kept)
common = statistics.mode(kept)
quarters = statistics.quantiles(range(1, 12), n=4)
try:
    statistics.mean([])
except statistics.StatisticsError as e:
    kind = type(e).__name__
print(letters, kept, mean, spread, middle, common, quarters, kind)
