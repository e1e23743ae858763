import configparser
import io

text = '''
[base]
home = /srv
debug = yes

[paths]
data = ${base:home}/data
tries = 3
'''
config = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
config.read_string(text)
data = config['paths']['data']
tries = config.getint('paths', 'tries')
debug = config.getboolean('base', 'debug')
config['new'] = {'a': '1'}
config.remove_option('paths', 'tries')
out = io.StringIO()
config.write(out)
try:
    config.get('nowhere', 'x')
except configparser.NoSectionError as e:
    section = e.section
print(data, tries, debug, config.sections(), len(out.getvalue()), section, config.get('paths', 'tries', fallback='none'))
