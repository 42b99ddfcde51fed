#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Tests the tests: breaks every CPU twin and every kernel in the ways listed beside this file, and expects the
operation's test to fail.

  mutants.py [--twins | --kernels] [--only OP ...] [--jobs N] [--cxx-flags FLAGS]

OP.txt holds the mutants of host/cpu/OP.cpp, kernels/OP.txt those of kernels/OP.cu. A mutant is

  == what is wrong with it, in one line
  @@ detail/reduce.cuh    (only where it is not in the source itself: in which file that this includes, by that name)
  @ 2                     (only where the original occurs more than once: which of them)
  -the original, exactly as in the source; further lines of it start with - as well
  +what stands there instead; an empty + deletes

Kernels are compiled as C++ and run on the emulated GPU (tests/simt), with its own headers in place of the toolkit's. A
mutant is killed where the test fails, crashes, hangs or ends in a fault of the emulated GPU, in one of ORDERS at least.

Exits with 1 if a mutant survives, does not compile or is not found in its source, or if a test fails without a mutant.
Compiler: CXX or g++. Include path of Eigen: pkg-config, or the default.
"""

import argparse
import collections
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
TABLES = pathlib.Path(__file__).resolve().parent
FLAGS = "-std=c++20 -O1 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math"
# As in tests/simt/CMakeLists.txt; a vector access that is not aligned ends the program, as it would end a kernel.
FLAGS_OF_KERNELS = ["-fno-strict-aliasing", "-fsanitize=alignment", "-fsanitize-undefined-trap-on-error", "-x", "c++"]
FLAGS_OF_THE_EMULATED_GPU = {"engine": ["-O2"], "fiber": ["-O2"], "shared_memory": ["-O2"],
                             "product": ["-O3", "-ffp-contract=fast"]}
# In which threads, blocks and streams of the emulated GPU take turns. A further one is tried where a mutant survived.
ORDERS = ("ascending", "descending", "random")
LIMIT_S = 30


@dataclasses.dataclass(frozen=True)
class Half:
    """Of the definitions of the operations: the twins or the kernels."""
    name: str
    sources: pathlib.Path
    suffix: str
    tables: pathlib.Path
    flags: tuple
    orders: tuple

    def source(self, op):
        return self.sources / f"{op}{self.suffix}"

    def folders(self):
        return self.sources, ROOT / "include"

    def ops(self):
        return sorted(path.stem for path in self.sources.glob(f"*{self.suffix}"))

    def ops_with_mutants(self):
        return sorted(path.stem for path in self.tables.glob("*.txt"))


TWINS = Half("twins", ROOT / "host" / "cpu", ".cpp", TABLES, (), ORDERS[:1])
KERNELS = Half("kernels", ROOT / "kernels", ".cu", TABLES / "kernels", tuple(FLAGS_OF_KERNELS), ORDERS)
# The tests of kernels that are whole trainings, and the host code above them; their twin is the CPU device.
TESTS_OF_TRAININGS = {"fused_training": [ROOT / "tests" / "model" / f"{name}_test.cpp"
                                         for name in ("fused_fleet", "gpu_trainer", "resume")]}
HOST_OF_TRAININGS = [ROOT / "host" / "model" / f"{name}.cpp"
                     for name in ("architecture", "epilogue_choice", "fused_fleet", "gpu_trainer", "run", "trainer",
                                  "training", "work_crew")]
GPU_HOST = sorted(path for path in (ROOT / "host" / "gpu").glob("*.cpp") if path.stem != "device_without_cuda")
CASES = ROOT / "tests" / "support" / "cases.cpp"  # numbers that tests compute with
EMULATED_GPU = sorted(path for path in (ROOT / "tests" / "simt").glob("*.cpp") if not path.stem.endswith("_test"))


@dataclasses.dataclass
class Mutant:
    half: Half
    op: str
    reason: str
    file: str  # what is mutated, seen from one of the half's folders
    original: str = ""
    replacement: str = ""
    nth: int = 0  # 0: the original must occur exactly once

    def apply(self, source):
        """The mutated source, or None and why there is none."""
        count = source.count(self.original)
        if not self.original or count == 0:
            return None, f"not found in {self.file}"
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


def read_table(half, op):
    mutants, parts = [], None
    for line in (half.tables / f"{op}.txt").read_text().splitlines():
        if line.startswith("== "):
            mutants.append(Mutant(half, op, line[3:], f"{op}{half.suffix}"))
            parts = {"-": [], "+": []}
        elif mutants and line.startswith("@@ "):
            mutants[-1].file = line[3:].strip()
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
        self.flags = [*shlex.split(flags), "-w", "-DPLATEAU_EMULATED"]
        self.includes = [f"-I{ROOT / folder}" for folder in ("include", "kernels", "host/cpu", "tests")]
        for path in [*eigen, ROOT / "tests" / "simt" / "fallback"]:
            self.includes += ["-isystem", str(path)]
        self.libraries = pkg_config("--libs", "gtest_main", ["-lgtest_main", "-lgtest"]) + ["-pthread"]

    def compile(self, source, name, flags=(), includes=()):
        """The object, or None and the compiler's first words."""
        target = self.folder / f"{name}.o"
        done = subprocess.run([*self.compiler, *self.flags, *includes, *self.includes, *flags, "-c", str(source), "-o",
                               str(target)], capture_output=True, text=True)
        return (target, "") if done.returncode == 0 else (None, "\n".join(done.stderr.splitlines()[:10]))

    def compile_mutant(self, mutant, name):
        """Likewise. The operation's source is compiled as a copy: a quoted file is looked for beside it first."""
        found = [folder / mutant.file for folder in mutant.half.folders() if (folder / mutant.file).is_file()]
        text, words = mutant.apply(found[0].read_text()) if found else (None, f"there is no {mutant.file}")
        if text is None:
            return None, f"NOT APPLIED: {words}"
        copies = self.folder / name
        source = mutant.half.source(mutant.op)
        for file, content in ((source.name, source.read_text()), (mutant.file, text)):
            (copies / file).parent.mkdir(parents=True, exist_ok=True)
            (copies / file).write_text(content)
        target, words = self.compile(copies / source.name, name, mutant.half.flags, [f"-I{copies}"])
        return target, f"DOES NOT COMPILE: {words}" if target is None else ""

    def run(self, objects, name, orders):
        """The first test that fails, '' if none does, and None with the linker's words if there is no program."""
        program = self.folder / f"{name}_test"
        done = subprocess.run([*self.compiler, *map(str, objects), *self.libraries, "-o", str(program)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            return None, "\n".join(done.stderr.splitlines()[:10])
        failed = next(filter(None, (self.run_once(program, order) for order in orders)), "")
        program.unlink()
        return failed, ""

    @staticmethod
    def run_once(program, order):
        environment = {**os.environ, "PLATEAU_SIMT_ORDER": order, "PLATEAU_SIMT_SEED": "7"}
        try:
            done = subprocess.run([str(program), "--gtest_fail_fast"], capture_output=True, text=True, errors="replace",
                                  timeout=LIMIT_S, env=environment)
            output, ended = done.stdout, ""
            if done.returncode < 0:
                ended = f" (signal {-done.returncode})"
            elif done.returncode == 0:
                return ""
        except subprocess.TimeoutExpired as late:
            output, ended = (late.stdout or b"").decode(errors="replace"), f" (still running after {LIMIT_S} s)"
        failed = re.findall(r"\[  FAILED  \] (\w+\.\w+)", output) or re.findall(r"\[ RUN      \] (\w+\.\w+)", output)[-1:]
        return (failed[0] if failed else "the program itself") + ended + (f", {order}" if order != ORDERS[0] else "")


def compile_unmutated(shop, pool, ops):
    """What every test program is made of: an object for each definition of an operation, the tests', and the rest."""
    jobs = {(half, op): (half.source(op), f"{half.name}_{op}", half.flags) for half in (TWINS, KERNELS)
            for op in half.ops()}
    for op in ops:
        for test in TESTS_OF_TRAININGS.get(op, [ROOT / "tests" / "ops" / f"{op}_test.cpp"]):
            jobs["test", op, test] = test, f"test_{test.stem}", ()
    for source in GPU_HOST + (HOST_OF_TRAININGS if set(ops) & set(TESTS_OF_TRAININGS) else []):
        jobs["rest", source] = source, f"gpu_{source.stem}", ()
    jobs["rest", CASES] = CASES, "cases", ()
    for source in EMULATED_GPU:
        jobs["rest", source] = source, f"simt_{source.stem}", FLAGS_OF_THE_EMULATED_GPU.get(source.stem, ())
    objects = {}
    for (key, job), (target, words) in zip(jobs.items(), pool.map(lambda job: shop.compile(*job), jobs.values())):
        if target is None:
            sys.exit(f"{job[0].relative_to(ROOT)} does not compile:\n{words}")
        objects[key] = target
    return objects


def main():
    tables = {half: half.ops_with_mutants() for half in (TWINS, KERNELS)}
    parser = argparse.ArgumentParser(description="Expects every mutant of the twins and kernels to be killed by its test.")
    parser.add_argument("--only", action="append", choices=sorted({op for ops in tables.values() for op in ops}),
                        metavar="OP", help="only this operation")
    one_half = parser.add_mutually_exclusive_group()
    one_half.add_argument("--twins", action="store_true", help="only the mutants of host/cpu")
    one_half.add_argument("--kernels", action="store_true", help="only the mutants of kernels")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--cxx-flags", default=FLAGS, help=f"default: {FLAGS}")
    options = parser.parse_args()
    halves = [TWINS] if options.twins else [KERNELS] if options.kernels else [TWINS, KERNELS]
    mutants = [mutant for half in halves for op in tables[half] if not options.only or op in options.only
               for mutant in read_table(half, op)]
    ops = sorted({mutant.op for mutant in mutants})
    orders = [order for order in ORDERS if any(order in half.orders for half in halves)]
    killed_of, count_of, failures = collections.Counter(), collections.Counter(), 0

    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        shop = Workshop(folder, options.cxx_flags)
        objects = compile_unmutated(shop, pool, ops)

        def program_of(op, *mutated, instead_of=None):
            """The objects of a test program. A mutated one comes first, for it may hold other inline functions."""
            others = [target for key, target in objects.items() if key[0] != "test" and key != instead_of]
            return [*mutated, *(target for key, target in objects.items() if key[:2] == ("test", op)), *others]

        def unmutated(op):
            return shop.run(program_of(op), f"unmutated_{op}", orders)

        for op, (failed, words) in zip(ops, pool.map(unmutated, ops)):
            if failed != "":
                print(f"{op:<20} FAILS WITHOUT A MUTANT: {failed or words}", flush=True)
                failures += 1

        def try_out(numbered):
            number, mutant = numbered
            target, words = shop.compile_mutant(mutant, f"mutant_{number}")
            if target is None:
                return False, words
            failed, words = shop.run(program_of(mutant.op, target, instead_of=(mutant.half, mutant.op)),
                                     f"mutant_{number}", mutant.half.orders)
            target.unlink()
            if failed is None:
                return False, f"DOES NOT LINK: {words}"
            return failed != "", f"killed by {failed}" if failed else "SURVIVED"

        for mutant, (killed, verdict) in zip(mutants, pool.map(try_out, enumerate(mutants))):
            print(f"{mutant.op:<20} {mutant.half.name:<8} {verdict:<104} {mutant.reason}", flush=True)
            count_of[mutant.half, mutant.op] += 1
            killed_of[mutant.half, mutant.op] += killed
            failures += not killed

    print(f"\n{'killed of all':<20}" + "".join(f"{half.name:>12}" for half in halves))
    for op in ops:
        print(f"{op:<20}" + "".join(f"{killed_of[half, op]:>8} /{count_of[half, op]:>2}" for half in halves))
    print(f"{len(mutants)} mutants of {len(ops)} operations, {failures} failures")
    sys.exit(1 if failures or not mutants else 0)


if __name__ == "__main__":
    main()
