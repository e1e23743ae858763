from decimal import ROUND_HALF_UP, Decimal, getcontext, localcontext
from fractions import Fraction

total = Decimal('0')
for price in ('1.10', '2.20', '3.30'):
    total += Decimal(price)
tax = (total * Decimal('0.19')).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)
with localcontext() as ctx:
    ctx.prec = 5
    third = Decimal(1) / 3
harmonic = Fraction(0)
for n in range(1, 8):
    harmonic += Fraction(1, n)
mixed = Fraction('0.125') + Fraction(3, 4)
close = Fraction(3.14159).limit_denominator(100)
try:
    Decimal(1) / 0
except ZeroDivisionError as e:
    kind = type(e).__name__
print(total, tax, third, harmonic, mixed, close, kind, getcontext().prec)
