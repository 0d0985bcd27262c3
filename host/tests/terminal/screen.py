"""Runs a program on its own terminal and prints what a person sees.

    screen.py COLUMNS ROWS PROGRAM ARGUMENT...

Reads one command per line from standard input: `show` prints a line of JSON,
`resize COLUMNS ROWS` changes the size, and `interrupt` types Ctrl-C. The end of
standard input ends the program.

The terminal wraps its lines again when its width changes, and begins a new row as
soon as the last column is written.
"""

import codecs
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.height = columns, rows
        self.lines, self.cursor = [""], 0  # the cursor is in the last line
        self.text, self.pending = "", ""
        self.redrawn = []

    def rows(self):
        width = self.columns
        cut = lambda line: [line[at : at + width] for at in range(0, len(line), width)]
        return [row for line in self.lines for row in cut(line) or [""]]

    def row_start(self):
        return self.cursor - self.cursor % self.columns

    def take(self, text):
        self.text += text
        self.pending += text
        # An escape sequence, a command for the terminal, or a character.
        token = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07]*\x07|[^\x1b]")
        while match := token.match(self.pending):
            self.pending = self.pending[match.end() :]
            if match[2]:
                self.obey(match[2], match[1])
            elif match[0][0] != "\x1b":
                self.write(match[0])

    def write(self, character):
        if character == "\n":
            self.lines.append("")
            self.cursor = 0
        elif character == "\r":
            self.cursor = self.row_start()
        elif character == "\b":
            self.cursor -= 1
        else:
            line = self.lines[-1].ljust(self.cursor)
            self.lines[-1] = line[: self.cursor] + character + line[self.cursor + 1 :]
            self.cursor += 1

    def obey(self, order, argument):
        if order not in "JK":
            return
        before = sum(len(line) // self.columns + 1 for line in self.lines[:-1])
        row = before + self.cursor // self.columns
        self.redrawn.append([row, self.lines[-1]])
        start = self.row_start() if argument == "2" else self.cursor
        self.lines[-1] = self.lines[-1][:start].ljust(self.cursor)

    def shown(self):
        rows = self.rows()[-self.height :]
        answer = {"rows": rows, "lines": self.lines, "redrawn": self.redrawn, "text": self.text}
        self.redrawn = []
        return answer


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program has ended
        return b""


def main():
    columns, rows = map(int, sys.argv[1:3])
    child, terminal = pty.fork()
    if child == 0:
        resize(0, columns, rows)
        os.execv(sys.argv[3], sys.argv[3:])
    screen, ended = Screen(columns, rows), None
    decoder = codecs.getincrementaldecoder("utf-8")()

    def take(timeout):
        nonlocal ended
        while ended is None and terminal in select.select([terminal], [], [], timeout)[0]:
            output = read(terminal)
            screen.take(decoder.decode(output))
            if not output:
                ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    orders = b""
    while True:
        watched = [0] if ended is not None else [0, terminal]
        ready = select.select(watched, [], [])[0]
        take(0)
        if 0 not in ready:
            continue
        received = os.read(0, 4096)
        if not received:
            break
        orders += received
        while b"\n" in orders:
            order, orders = orders.split(b"\n", 1)
            name, *arguments = order.decode().split()
            if name == "show":
                print(json.dumps({**screen.shown(), "ended": ended}), flush=True)
            elif name == "interrupt":
                os.write(terminal, b"\x03")
            elif name == "resize":
                columns, rows = map(int, arguments)
                screen.columns, screen.height = columns, rows
                resize(terminal, columns, rows)
    if ended is None:
        os.kill(child, signal.SIGKILL)


main()
