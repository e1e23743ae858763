import io
import logging

stream = io.StringIO()
handler = logging.StreamHandler(stream)
handler.setFormatter(logging.Formatter('%(levelname)s:%(name)s:%(message)s'))
log = logging.getLogger('app')
log.addHandler(handler)
log.setLevel(logging.INFO)
log.propagate = False


class Only(logging.Filter):
    def filter(self, record):
        return 'secret' not in record.getMessage()


handler.addFilter(Only())
log.debug('hidden')
log.info('shown %d', 1)
log.warning('secret')
try:
    1 / 0
except ZeroDivisionError:
    log.error('failed')
child = logging.getLogger('app.child')
child.info('from child')
lines = stream.getvalue().splitlines()
print(lines, child.getEffectiveLevel())
