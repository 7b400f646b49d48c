"""The conversation of an event listener, as supervisord's manual describes it, byte by byte."""
import sys


def wait():
    sys.stdout.write('READY\n')
    sys.stdout.flush()
    line = sys.stdin.buffer.readline()
    if not line:
        sys.exit(0)
    headers = parse(line.decode())
    return headers, sys.stdin.buffer.read(int(headers['len'])).decode()


def parse(line):
    return dict(word.split(':', 1) for word in line.split())


def answer(result='OK'):
    sys.stdout.write('RESULT %d\n%s' % (len(result), result))
    sys.stdout.flush()


def complain(text):
    sys.stderr.write(text + '\n')
    sys.stderr.flush()
