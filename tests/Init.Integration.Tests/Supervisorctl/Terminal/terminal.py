"""A person at a terminal: terminal.py STEPS COMMAND ...

Runs the command on a pseudo-terminal and shows in the end what is on the screen, and how the command ended. STEPS is a JSON array of [KEYS, LINE] and
["$ SHELL COMMAND", LINE]: the keys are typed, or the command is run, and when the line with the cursor is LINE, its white space at the end aside, the next step comes.
After a key that ends a line it must be a line further down. Keys wait until the command reads keys, and not lines; those that begin with "(at once)" do not. "(end)" waits for the end of the command; [KEYS, "*TEXT"] for TEXT anywhere below.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE_SECONDS = 15
MISSED_SECONDS = 4
INTERRUPT = '\x03'
AT_ONCE = '(at once)'
ROWS, COLUMNS = 200, 200


class Screen:
    """What the control sequences of ECMA-48 that line editors use make of a screen that never scrolls."""

    def __init__(self):
        self.lines = [[]]
        self.row = self.column = 0
        self.rest = ''

    def show(self, text):
        text = self.rest + text
        self.rest = ''
        while text:
            if text[0] == '\x1b':
                match = re.match(r'\x1b(?:\[([?0-9;]*)([@-~])|[=>()][B0]?)', text)
                if not match:
                    self.rest = text
                    return
                if match.group(2):
                    self.control(match.group(1), match.group(2))
                text = text[match.end():]
            else:
                self.character(text[0])
                text = text[1:]

    def character(self, character):
        if character == '\n':
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append([])
        elif character == '\r':
            self.column = 0
        elif character == '\b':
            self.column = max(0, self.column - 1)
        elif character == '\t':
            self.column = (self.column // 8 + 1) * 8
        elif character >= ' ':
            self.pad()
            self.lines[self.row][self.column:self.column + 1] = [character]
            self.column += 1

    def control(self, parameter, final):
        if parameter.startswith('?'):
            return
        count = int(parameter or 1) if parameter.isdigit() or not parameter else 1
        line = self.lines[self.row]
        if final == 'C':
            self.column += count
        elif final == 'D':
            self.column = max(0, self.column - count)
        elif final == 'K':
            del line[self.column:]
        elif final == 'P':
            del line[self.column:self.column + count]
        elif final == '@':
            self.pad()
            line[self.column:self.column] = [' '] * count
        elif final in 'HJ':
            if final == 'J':
                del self.lines[self.row + 1:]
            elif final == 'H':
                self.row = self.column = 0

    def pad(self):
        line = self.lines[self.row]
        line.extend(' ' * (self.column - len(line)))

    def line(self, row):
        return ''.join(self.lines[row]).rstrip()

    def text(self, first=0):
        return '\n'.join(self.line(row) for row in range(first, len(self.lines)))


class Person:
    def __init__(self, command):
        self.screen = Screen()
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.environ['TERM'] = 'xterm'
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execvp(command[0], command)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
        self.is_over = False

    def do(self, keys, line):
        deadline = time.monotonic() + PATIENCE_SECONDS
        if keys and not keys.startswith(('$ ', AT_ONCE)):
            # It tells by the terminal's mode, which a line editor changes before it shows its prompt.
            while not self.is_over and termios.tcgetattr(self.terminal)[3] & termios.ICANON:
                self.read(min(deadline, time.monotonic() + 0.01))
                if time.monotonic() > deadline:
                    raise SystemExit('waited in vain for a reader of %r\n%s' % (keys, self.screen.text()))
        first = self.screen.row + (1 if keys and keys[-1] in '\r' + INTERRUPT else 0)
        if keys.startswith('$ '):
            subprocess.run(keys[2:], shell=True, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)
        else:
            os.write(self.terminal, keys.removeprefix(AT_ONCE).encode())
        again = time.monotonic() + MISSED_SECONDS if keys.endswith(INTERRUPT) else deadline
        while not self.has_come(first, line):
            if self.is_over or time.monotonic() > deadline:
                raise SystemExit('waited in vain for %r after %r\n%s' % (line, keys, self.screen.text()))
            if again < deadline and time.monotonic() > again:
                # Python misses one that comes just before it waits for a key.
                os.write(self.terminal, INTERRUPT.encode())
                again = deadline
            self.read(min(again, deadline))

    def has_come(self, first, line):
        if line == '(end)':
            return self.is_over
        if self.screen.row < first:
            return False
        return line[1:] in self.screen.text(first) if line.startswith('*') else self.screen.line(self.screen.row) == line

    def read(self, deadline):
        if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            return
        try:
            self.screen.show(os.read(self.terminal, 65536).decode(errors='replace'))
        except OSError:  # How Linux says that nobody has the other side any more.
            self.is_over = True

    def leave(self):
        """The screen, and how the command ended; one that has not is hung up on."""
        if not self.is_over:
            os.close(self.terminal)
            os.kill(self.child, signal.SIGKILL)
        _, status = os.waitpid(self.child, 0)
        ended = 'exit code %d' % os.waitstatus_to_exitcode(status) if self.is_over else 'still there'
        return '%s\n(%s)\n' % (self.screen.text(), ended)


def main(steps, command):
    person = Person(command)
    for keys, line in steps:
        person.do(keys, line)
    sys.stdout.write(person.leave())


main(json.loads(sys.argv[1]), sys.argv[2:])
