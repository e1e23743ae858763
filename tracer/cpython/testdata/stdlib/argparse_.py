import argparse


def build():
    parser = argparse.ArgumentParser(prog='tool', add_help=False)
    parser.add_argument('path')
    parser.add_argument('-n', '--number', type=int, default=3)
    parser.add_argument('--flag', action='store_true')
    sub = parser.add_subparsers(dest='command')
    run = sub.add_parser('run')
    run.add_argument('what', nargs='*')
    return parser


parser = build()
args = parser.parse_args(['p', '-n', '5', '--flag', 'run', 'a', 'b'])
print(args.path, args.number, args.flag, args.command, args.what)
try:
    parser.parse_args(['p', '-n', 'many'])
except SystemExit as e:
    code = e.code
usage = parser.format_usage()
