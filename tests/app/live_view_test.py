# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the program on a pseudo terminal and replays what it writes there on an emulated screen: after every frame of
the live view the screen holds that frame and nothing else, no line wraps, and at the end nothing of it is left.
Names that the program prints on a terminal cannot command it.

Usage: python3 live_view_test.py PLATEAU
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLATEAU = ""
IRIS = ["train", "--train", str(ROOT / "tests/data/iris.csv"), "--target", "species", "--test-fraction", "0.3",
        "--scale", "standard", "--hidden", "16", "--lr", "0.01", "--device", "cpu"]
ENDLESS = [*IRIS, "--epochs", "1000000"]
PROMPT = "$ plateau"
CONTROL = re.compile(rb"\x1b\[([0-9;]*)([A-Za-z])")
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# Lines that are each erased to their end, with the cursor back at the beginning of the last one. The terminal adds a
# return to every line feed.
FRAME_END = re.compile(rb"\x1b\[[KJ]\r(?![\r\n])")


class Screen:
    """Rows of a terminal, those that were scrolled away included, with the controls that the live view may use."""

    def __init__(self, columns, rows):
        self.columns, self.height = columns, rows
        self.rows, self.row, self.column = [[]], 0, 0
        self.wraps = 0

    def resize(self, columns, rows):
        """As terminals do that wrap long lines anew; the cursor stays at its character."""
        rewrapped = []
        for number, row in enumerate(self.rows):
            if number == self.row:
                row_of_cursor = len(rewrapped) + self.column // columns
            text = "".join(row).rstrip()
            rewrapped += [list(text[i:i + columns]) for i in range(0, max(len(text), 1), columns)]
        self.rows, self.row, self.column = rewrapped, row_of_cursor, self.column % columns
        self.columns, self.height = columns, rows

    def text(self):
        lines = ["".join(row).rstrip() for row in self.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def feed(self, data):
        """Takes whole characters and whole control sequences; says how many bytes of the data that were."""
        at = 0
        while at < len(data):
            byte = data[at]
            if byte == 0x1B:
                control = CONTROL.match(data, at)
                if not control:
                    if len(data) - at < 8:
                        break
                    raise AssertionError(f"no control sequence of the view: {data[at:at + 8]!r}")
                self.control(control.group(1).decode(), control.group(2).decode())
                at = control.end()
                continue
            length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            if at + length > len(data):
                break
            self.put(data[at:at + length].decode("utf-8"))
            at += length
        return at

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            while len(self.rows) <= self.row:
                self.rows.append([])
        else:
            assert unicodedata.east_asian_width(character) not in "WF" and character.isprintable(), repr(character)
            if self.column == self.columns:
                self.wraps += 1
                self.put("\r")
                self.put("\n")
            row = self.rows[self.row]
            row += " " * (self.column + 1 - len(row))
            row[self.column] = character
            self.column += 1

    def control(self, figures, letter):
        if letter == "A":
            self.row = max(self.row - int(figures or 1), len(self.rows) - self.height, 0)
        elif letter == "K" and not figures:
            del self.rows[self.row][self.column:]
        elif letter == "J" and not figures:
            del self.rows[self.row][self.column:]
            del self.rows[self.row + 1:]
        elif letter != "m":
            raise AssertionError(f"no control of the view: {figures}{letter}")


class Session:
    """The program with its standard error on a terminal; standard output goes to a file, or there as well."""

    def __init__(self, arguments, columns=80, rows=24, both=False, **variables):
        self.screen = Screen(columns, rows)
        self.screen.feed(f"{PROMPT}\r\n".encode())
        self.raw, self.rest, self.frames = b"", b"", []
        self.wraps = 0  # in all frames so far
        self.master, slave = pty.openpty()
        self.size(columns, rows)
        environment = {"PATH": os.environ.get("PATH", ""), "TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}
        self.out = tempfile.TemporaryFile()
        self.start = time.monotonic()
        self.process = subprocess.Popen(
            [PLATEAU, *arguments], stdin=slave, stdout=slave if both else self.out, stderr=slave, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.size(columns, rows)
        self.screen.resize(columns, rows)

    def read(self, frames=None):
        """Replays what comes, until there are so many frames or the program ends."""
        while frames is None or len(self.frames) < frames:
            assert time.monotonic() - self.start < 60, "the program does not end"
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the program has closed the terminal
                data = b""
            if not data:
                return
            self.raw += data
            self.replay(self.rest + data)

    def replay(self, data):
        begin = 0
        for end in FRAME_END.finditer(data):
            if end.end() == len(data):  # whether a line feed follows is not known yet, but frames come one at a time
                if select.select([self.master], [], [], 0.02)[0]:
                    break
            self.screen.feed(data[begin:end.end()])
            begin = end.end()
            self.wraps = self.screen.wraps
            if self.screen.text()[1:]:  # not what an erasing leaves before the next frame
                self.frames.append(self.screen.text()[1:])
        used = self.screen.feed(data[begin:]) if b"\x1b" not in data[begin:] else 0
        self.rest = data[begin + used:]

    def interrupt(self):
        os.write(self.master, b"\x03")

    def end(self):
        self.read()
        self.screen.feed(self.rest)
        os.close(self.master)
        self.seconds = time.monotonic() - self.start
        self.status = self.process.wait()
        self.out.seek(0)
        self.stdout = self.out.read()
        self.out.close()
        return self

    def left(self):
        """What is on the screen below the prompt."""
        assert self.screen.text()[0] == PROMPT, self.screen.text()
        return self.screen.text()[1:]


def interrupted_after(frames, arguments, **session):
    run = Session(arguments, **session)
    run.read(frames)
    run.interrupt()
    return run.end()


class EmulatedScreen(unittest.TestCase):
    def test_counts_what_wraps(self):
        screen = Screen(4, 3)
        screen.feed(b"abcd")
        self.assertEqual(screen.wraps, 0)
        screen.feed(b"e")
        self.assertEqual((screen.wraps, screen.text()), (1, ["abcd", "e"]))

    def test_moves_up_within_its_height_and_erases(self):
        screen = Screen(9, 2)
        screen.feed(b"one\r\ntwo\r\nthree\x1b[5A\r\x1b[K2")
        self.assertEqual(screen.text(), ["one", "2", "three"])
        screen.feed(b"\x1b[J")
        self.assertEqual(screen.text(), ["one", "2"])

    def test_wraps_anew_where_it_becomes_narrower(self):
        screen = Screen(9, 9)
        screen.feed(b"12345678\r\nabcdef\r")
        screen.resize(4, 9)
        self.assertEqual((screen.text(), screen.row), (["1234", "5678", "abcd", "ef"], 2))


class LiveView(unittest.TestCase):
    def check_frames(self, run, columns, rows, lines, frames=None):
        self.assertEqual(run.wraps, 0)
        for frame in run.frames if frames is None else frames:
            self.assertLess(len(frame), rows)
            self.assertLess(max(map(len, frame)), columns)
            if "reading" not in frame[0]:
                self.assertEqual(len(frame), lines, frame)
        self.assertLessEqual(len(run.frames), 5 * run.seconds + 3)  # a file that is read has its own

    def check_training(self, frame):
        self.assertRegex(frame[0], r"^\[=*> *\] \d+ %")
        self.assertRegex(frame[1], r"^train loss +\d\.\d{4} [▁▂▃▄▅▆▇█]+")
        self.assertRegex(frame[2], r"^test accuracy \d\.\d{4} [▁▂▃▄▅▆▇█]+")
        self.assertRegex(frame[3], r"rows/s")

    def check_interrupted(self, run):
        self.assertEqual(run.status, 130)
        self.assertRegex("".join(run.left()), r"^plateau: interrupted after \d+ of 1000000 epochs$")

    def test_of_a_training_is_redrawn_in_place_and_leaves_nothing(self):
        for columns, rows in ((80, 24), (40, 10)):
            with self.subTest(columns=columns):
                run = interrupted_after(5, ENDLESS, columns=columns, rows=rows)
                self.check_frames(run, columns, rows, 4)
                self.check_training(run.frames[-1])
                self.assertIn("epoch", run.frames[-1][0 if columns == 80 else 3])
                self.assertGreater(len(run.frames[-1][1]), len("train loss    0.0000 " + "▁" * 8))  # a curve by now
                self.check_interrupted(run)

    def test_becomes_narrower_and_wider_with_the_terminal(self):
        run = Session(ENDLESS)
        run.read(3)
        run.resize(40, 10)
        run.read(6)
        run.resize(100, 30)
        run.read(9)
        run.interrupt()
        run.end()
        self.check_frames(run, 80, 24, 4, run.frames[:3])
        self.check_frames(run, 40, 10, 4, run.frames[3:6])
        self.check_frames(run, 100, 30, 4, run.frames[6:])
        self.assertGreater(max(map(len, run.frames[2])), 40)
        self.check_interrupted(run)

    def test_below_twenty_columns_is_the_share(self):
        run = interrupted_after(3, ENDLESS, columns=12, rows=10)
        self.assertRegex(run.frames[-1][0], r"^\d+ %$")

    def test_has_colours_only_where_they_are_wanted(self):
        self.assertRegex(interrupted_after(2, ENDLESS).raw, COLOUR)
        for variables in ({"NO_COLOR": "1"}, {"TERM": "vt100"}):
            run = interrupted_after(2, ENDLESS, **variables)
            self.assertNotRegex(run.raw, COLOUR)
            self.check_frames(run, 80, 24, 4)
        self.assertRegex(interrupted_after(2, ENDLESS, NO_COLOR="").raw, COLOUR)

    def test_is_ascii_in_a_locale_without_unicode(self):
        run = interrupted_after(3, ENDLESS, LANG="C")
        self.assertLess(max(run.raw), 0x80)
        self.assertRegex(run.frames[-1][1], r"^train loss +\d\.\d{4} [.:=+*#-]+")

    def test_is_one_line_where_the_terminal_cannot_move(self):
        run = Session([*IRIS, "--epochs", "300"], TERM="dumb").end()
        self.assertNotIn(b"\x1b", run.raw)
        self.assertNotIn(b"\n", run.raw)
        self.assertIn(b"\r[", run.raw)
        self.assertEqual((run.status, run.screen.wraps, run.left()), (0, 0, []))

    def test_leaves_json_alone_on_standard_output(self):
        run = Session([*IRIS, "--epochs", "6000", "--format", "json"]).end()
        self.assertGreater(len(run.frames), 0)
        self.assertEqual(len(json.loads(run.stdout)["history"]["train_loss"]), 6000)
        self.assertEqual((run.status, run.left()), (0, []))

    def test_of_a_scenario_goes_on_with_its_controls_and_seeds(self):
        run = Session(["scenario", "ceiling", "--epochs", "400", "--repeat", "3", "--device", "cpu"], columns=64).end()
        self.assertEqual((run.status, run.left(), run.screen.wraps), (0, [], 0))
        self.check_training(run.frames[0])
        bars = [frame for frame in run.frames if len(frame) == 1]
        self.assertRegex(bars[0][0], r"^controls \[=*>? *\] \d+ %, \d of 8 runs")
        for bar in bars:  # where the seeds take long enough to be seen
            self.assertRegex(bar[0], r"^(controls|other seeds) \[=*>? *\] \d+ %, \d of (8|2) runs")

    def test_gives_way_to_what_is_printed_on_the_same_terminal(self):
        case = ROOT / "tests/data/torch-parity/adam_linear_3_2"
        finetune = ["finetune", "--init", f"{case}/init.safetensors", "--round",
                    f"{case}/train_x.npy:{case}/train_y.npy", "--repeat-round", "3", "--epochs", "6000",
                    "--test", f"{case}/test_x.npy:{case}/test_y.npy", "--device", "cpu"]
        for arguments in ([*IRIS, "--epochs", "6000"], finetune):
            with self.subTest(command=arguments[0]):
                piped = subprocess.run([PLATEAU, *arguments], capture_output=True, check=True, text=True).stdout
                run = Session(arguments, columns=200, both=True).end()
                self.assertGreater(len(run.frames), 0)
                self.assertEqual(run.screen.wraps, 0)
                of_all_runs = [[re.sub(r"\d+\.\d+ s\b", "a time", line.rstrip()) for line in lines]
                               for lines in (run.left(), piped.rstrip().split("\n"))]
                self.assertEqual(*of_all_runs)

    def test_of_a_fleet_is_a_bar_that_fits(self):
        sweep = ["sweep", "--data", str(ROOT / "tests/data/iris.csv"), "--target", "species", "--test-fraction", "0.3",
                 "--hidden", "32", "--lr", "0.001,0.01", "--epochs", "10000", "--device", "cpu"]
        for columns in (80, 40):
            run = Session(sweep, columns=columns).end()
            self.assertEqual((run.status, run.left()), (0, []))
            self.check_frames(run, columns, 24, 1)
            self.assertRegex(run.frames[-1][0], r"^\[=*>? *\] \d+ %")

    def test_is_not_there_where_it_is_not_wanted(self):
        self.assertEqual(Session([*IRIS, "--epochs", "300", "--quiet"]).end().raw, b"")
        piped = subprocess.run([PLATEAU, *IRIS, "--epochs", "300"], capture_output=True, check=True,
                               env={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
        self.assertEqual(piped.stderr, b"")
        self.assertNotIn(b"\x1b", piped.stdout)
        self.assertNotIn(b"\r", piped.stdout)


class Names(unittest.TestCase):
    """Of classes and files, which may be any bytes; the emulated screen knows no controls but those of the view."""

    NAME, SHOWN = "red\x1b[31m\a\x9b\u202e\u200b", r"red\u{1B}[31m\u{7}\u{9B}\u{202E}\u{200B}"

    def test_are_escaped_on_a_terminal_and_as_they_are_in_a_pipe(self):
        with tempfile.TemporaryDirectory() as folder:
            rows, run, predicted = (f"{folder}/{name}" for name in ("rows.csv", self.NAME, f"{self.NAME}.csv"))
            pathlib.Path(rows).write_text("x,kind\n" + f"1,{self.NAME}\n2,b\n" * 8, encoding="utf-8")
            subprocess.run([PLATEAU, "train", "--train", rows, "--test-fraction", "0.5", "--hidden", "", "--epochs", "1",
                            "--device", "cpu", "--out", run], capture_output=True, check=True)
            predict = ["predict", "--model", f"{run}/model.safetensors", "--data", rows, "--target", "kind", "--device",
                       "cpu"]
            for arguments in (predict, [*predict, "--out", predicted], ["report", run]):
                with self.subTest(arguments=arguments):
                    piped = subprocess.run([PLATEAU, *arguments], capture_output=True, check=True).stdout.decode()
                    self.assertIn(self.NAME, piped)
                    terminal = Session(arguments, columns=400, both=True).end()
                    self.assertEqual(terminal.left(), piped.replace(self.NAME, self.SHOWN).split("\n")[:-1])


if __name__ == "__main__":
    PLATEAU = os.path.abspath(sys.argv.pop(1))
    unittest.main()
