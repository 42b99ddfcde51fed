#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Tests the tests: breaks every CPU twin in the ways listed beside this file, and expects the operation's test to fail.

  mutants.py [--only OP ...] [--jobs N] [--cxx-flags FLAGS]

OP.txt holds the mutants of host/cpu/OP.cpp. A mutant is

  == what is wrong with it, in one line
  @ 2                     (only where the original occurs more than once: which of them)
  -the original, exactly as in the twin; further lines of it start with - as well
  +what stands there instead; an empty + deletes

Exits with 1 if a mutant survives, does not compile or is not found in its twin, or if a test fails without a mutant.
Compiler: CXX or g++. Include path of Eigen: pkg-config, or the default.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TWINS = ROOT / "host" / "cpu"
TABLES = pathlib.Path(__file__).resolve().parent
FLAGS = "-std=c++20 -O2 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math"
LIMIT_S = 60


@dataclasses.dataclass
class Mutant:
    op: str
    reason: str
    original: str = ""
    replacement: str = ""
    nth: int = 0  # 0: the original must occur exactly once

    def apply(self, source):
        """The mutated source, or None and why there is none."""
        count = source.count(self.original)
        if not self.original or count == 0:
            return None, "not found in the twin"
        if self.nth == 0 and count > 1:
            return None, f"found {count} times: say which with @"
        if self.nth > count:
            return None, f"found {count} times only"
        if self.original == self.replacement:
            return None, "changes nothing"
        at = -1
        for _ in range(max(self.nth, 1)):
            at = source.index(self.original, at + 1)
        return source[:at] + self.replacement + source[at + len(self.original):], ""


def read_table(op):
    mutants, parts = [], None
    for line in (TABLES / f"{op}.txt").read_text().splitlines():
        if line.startswith("== "):
            mutants.append(Mutant(op, line[3:]))
            parts = {"-": [], "+": []}
        elif mutants and line.startswith("@"):
            mutants[-1].nth = int(line[1:])
        elif mutants and line[:1] in ("-", "+"):
            parts[line[0]].append(line[1:])
            mutants[-1].original, mutants[-1].replacement = "\n".join(parts["-"]), "\n".join(parts["+"])
    return mutants


def pkg_config(what, package, default):
    try:
        done = subprocess.run(["pkg-config", what, package], capture_output=True, text=True, check=True)
        return shlex.split(done.stdout)
    except (OSError, subprocess.CalledProcessError):
        return default


class Workshop:
    def __init__(self, folder, flags):
        self.folder = pathlib.Path(folder)
        eigen = [flag.replace("-I", "", 1) for flag in pkg_config("--cflags", "eigen3", ["-I/usr/include/eigen3"])
                 if flag.startswith("-I")]
        self.compiler = shlex.split(os.environ.get("CXX", "g++"))
        self.flags = shlex.split(flags) + ["-w", f"-I{ROOT / 'include'}", f"-I{ROOT / 'tests'}"]
        for path in eigen:
            self.flags += ["-isystem", path]
        self.libraries = pkg_config("--libs", "gtest_main", ["-lgtest_main", "-lgtest"]) + ["-pthread"]

    def compile(self, source, name):
        """The object, or None and the compiler's first words."""
        target = self.folder / f"{name}.o"
        done = subprocess.run([*self.compiler, *self.flags, "-c", str(source), "-o", str(target)],
                              capture_output=True, text=True)
        return (target, "") if done.returncode == 0 else (None, "\n".join(done.stderr.splitlines()[:10]))

    def run(self, objects, name):
        """The first test that fails, '' if none does, and None with the linker's words if there is no program."""
        program = self.folder / name
        done = subprocess.run([*self.compiler, *map(str, objects), *self.libraries, "-o", str(program)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            return None, "\n".join(done.stderr.splitlines()[:10])
        try:
            done = subprocess.run([str(program), "--gtest_fail_fast"], capture_output=True, text=True, errors="replace",
                                  timeout=LIMIT_S)
            output, ended = done.stdout, ""
            if done.returncode < 0:
                ended = f" (signal {-done.returncode})"
            elif done.returncode == 0:
                return "", ""
        except subprocess.TimeoutExpired as late:
            output, ended = (late.stdout or b"").decode(errors="replace"), f" (still running after {LIMIT_S} s)"
        failed = re.findall(r"\[  FAILED  \] (\w+\.\w+)", output) or re.findall(r"\[ RUN      \] (\w+\.\w+)", output)[-1:]
        return (failed[0] if failed else "the program itself") + ended, ""


def main():
    tables = sorted(path.stem for path in TABLES.glob("*.txt"))
    parser = argparse.ArgumentParser(description="Expects every mutant of the CPU twins to be killed by its test.")
    parser.add_argument("--only", action="append", choices=tables, metavar="OP", help="only this operation")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--cxx-flags", default=FLAGS, help=f"default: {FLAGS}")
    options = parser.parse_args()
    ops = options.only or tables
    mutants = [mutant for op in ops for mutant in read_table(op)]
    failures = 0

    def report(op, verdict, reason):
        print(f"{op:<16} {verdict:<96} {reason}", flush=True)

    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        shop = Workshop(folder, options.cxx_flags)
        twins = sorted(path.stem for path in TWINS.glob("*.cpp"))
        sources = [(TWINS / f"{twin}.cpp", twin) for twin in twins]
        sources += [(ROOT / "tests" / "ops" / f"{op}_test.cpp", f"{op}_test") for op in ops]
        objects = {}
        for (source, name), (target, words) in zip(sources, pool.map(lambda job: shop.compile(*job), sources)):
            if target is None:
                sys.exit(f"{source.relative_to(ROOT)} does not compile:\n{words}")
            objects[name] = target

        def unmutated(op):
            return shop.run([objects[f"{op}_test"], *(objects[twin] for twin in twins)], f"{op}_unmutated")

        for op, (failed, words) in zip(ops, pool.map(unmutated, ops)):
            if failed != "":
                report(op, f"FAILS WITHOUT A MUTANT: {failed or words}", "")
                failures += 1

        def try_out(numbered):
            number, mutant = numbered
            source, words = mutant.apply((TWINS / f"{mutant.op}.cpp").read_text())
            if source is None:
                return False, f"NOT APPLIED: {words}"
            path = shop.folder / f"mutant_{number}.cpp"
            path.write_text(source)
            target, words = shop.compile(path, path.stem)
            if target is None:
                return False, f"DOES NOT COMPILE: {words}"
            others = [objects[twin] for twin in twins if twin != mutant.op]
            failed, words = shop.run([objects[f"{mutant.op}_test"], target, *others], path.stem)
            for leftover in (target, shop.folder / path.stem):
                leftover.unlink(missing_ok=True)
            if failed is None:
                return False, f"DOES NOT LINK: {words}"
            return failed != "", f"killed by {failed}" if failed else "SURVIVED"

        for mutant, (killed, verdict) in zip(mutants, pool.map(try_out, enumerate(mutants))):
            report(mutant.op, verdict, mutant.reason)
            failures += not killed

    print(f"{len(mutants)} mutants of {len(ops)} twins, {failures} failures")
    sys.exit(1 if failures or not mutants else 0)


if __name__ == "__main__":
    main()
