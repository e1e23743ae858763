from datetime import date, datetime, time, timedelta, timezone

start = datetime(2024, 2, 28, 23, 30, tzinfo=timezone.utc)
step = timedelta(minutes=45)
stamps = []
when = start
while when.month == 2:
    stamps.append(when.isoformat())
    when += step
days = (date(2024, 3, 1) - date(2023, 3, 1)).days
parsed = datetime.strptime('2020-01-02 03:04', '%Y-%m-%d %H:%M')
text = parsed.strftime('%d.%m.%y')
east = start.astimezone(timezone(timedelta(hours=2), 'east'))
noon = time(12, 30)
week = date(2021, 1, 3).isocalendar()
try:
    date(2023, 2, 29)
except ValueError as e:
    wrong = type(e).__name__
print(len(stamps), days, text, east, noon, tuple(week), wrong, step * 2 > timedelta(hours=1))
