#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a benchmark program and keeps what it measured.

  run.py kernels|training|machine|parsing [--build DIR] [--device cuda|cpu] [--out FILE] [--filter REGEX]
                                          [--repetitions N] [--emulated] [--smoke] [--allow-busy]

Prints a table; --out keeps every repetition (results.py says what is in the file). --emulated runs the program on the
tests' emulated GPU, which goes with --smoke only.

Exit code: 0; 1 if the program failed; 2 if it was asked for something impossible, or the machine is busy.
"""

import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import results
import table

SUITES = {"kernels": "bench_kernels", "training": "bench_training", "machine": "bench_machine",
          "parsing": "bench_parsing"}
REPETITIONS = 5
IMPOSSIBLE = 2  # the exit code of a program that was asked for what it cannot do
GRACE_S = 2


def find_build(asked):
    """The folder with the programs: the one asked for, or that of the last `./dev build`."""
    if asked:
        if not asked.is_dir():
            raise results.Refused(f"--build {asked}: there is no such folder")
        return asked.resolve()
    candidates = [path for path in (results.ROOT / "build" / name for name in ("cuda", "cpu")) if path.is_dir()]
    if not candidates:
        raise results.Refused("there is no build: ./dev build makes one, or name its folder with --build")
    return max(candidates, key=lambda path: path.stat().st_mtime)


def find_program(build, name):
    for folder in (build, build / "tests", *(build / "bench" / part for part in ("kernels", "training", "machine",
                                                                               "parsing", "peers"))):
        if os.access(folder / name, os.X_OK) and (folder / name).is_file():
            return folder / name
    raise results.Refused(f"there is no program {name} in {build}: build it, or name another folder with --build")


def command_line(suite, options):
    program = SUITES[suite] + ("_emulated" if options.emulated else "")
    arguments = []
    if options.device and suite != "machine":
        arguments += ["--device", options.device]
    if options.smoke:
        arguments.append("--smoke")
    else:
        arguments.append(f"--benchmark_repetitions={options.repetitions}")
    if options.filter:
        arguments.append(f"--benchmark_filter={options.filter}")
    return program, arguments


def end(process):
    """Ends what start_new_session began: politely, so that it removes its files, then with all that it started."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def measure(suite, options, machine, limit_s=None, environment=None, log=None):
    """The result file of the suite. Raises Refused where the program cannot do what was asked, Failed where it fails;
    cut at the limit, what there was is kept."""
    program, arguments = command_line(suite, options)
    path = find_program(find_build(options.build), program)
    started = results.now()
    with tempfile.TemporaryDirectory(prefix="plateau-") as scratch:
        out = pathlib.Path(scratch) / "out.json"
        command = [str(path), *arguments, f"--benchmark_out={out}", "--benchmark_out_format=json"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log or 2, stderr=log or 2,
                                   env=environment, start_new_session=True)
        try:
            code, cut = process.wait(limit_s), False
        except subprocess.TimeoutExpired:
            cut = True
        finally:
            end(process)
        text = out.read_text() if out.is_file() else ""
        if not text and cut:
            raise results.Failed(f"{program} measured nothing within {limit_s:.0f} s")
        if not text and code == IMPOSSIBLE:
            raise results.Refused(f"{program} cannot do what was asked, as it said")
        if not text and code != 0:
            raise results.Failed(f"{program} ended with {code}")
    result = results.document(suite, " ".join(["run.py", suite, *arguments]), started, machine, text)
    if cut or code != 0:  # what was measured is kept
        result["complete"] = False
    if not cut and code != 0:
        result["failure"] = f"{program} ended with {code}"
    return result


def failure(result):
    """Why a result is none although it was not cut; empty where it is one."""
    failed = [case["name"] for case in result["cases"] if case["status"] == "failed"]
    return "; ".join(filter(None, [result.get("failure"), f"not timed: {', '.join(failed)}" if failed else ""]))


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs a benchmark program and keeps what it measured.")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--build", type=pathlib.Path, help="folder of the programs [the newest of build/cuda, build/cpu]")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="[the GPU if there is one]")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="JSON with every repetition")
    parser.add_argument("--filter", metavar="REGEX", help="only the cases whose name contains a match")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"[{REPETITIONS}]")
    parser.add_argument("--emulated", action="store_true", help="on the emulated GPU, with --smoke only")
    parser.add_argument("--smoke", action="store_true", help="tiny shapes, once: shows that everything runs")
    parser.add_argument("--allow-busy", action="store_true", help="measure whatever others do, and mark the result")
    options = parser.parse_args(arguments)
    if options.emulated and not options.smoke:
        raise results.Refused("--emulated: times of the emulated GPU are no results; it goes with --smoke")
    if options.repetitions < 1:
        raise results.Refused(f"--repetitions {options.repetitions}: expected a number from 1")
    if options.out and not options.out.resolve().parent.is_dir():
        raise results.Refused(f"--out {options.out}: there is no such folder")
    find_program(find_build(options.build), command_line(options.suite, options)[0])
    return options


def main(arguments):
    try:
        options = parse(arguments)
        machine = results.machine_facts()
        if not (options.allow_busy or options.smoke):
            results.expect_quiet(machine)
        result = measure(options.suite, options, machine)
        if options.out:
            results.write(options.out, result)
        print(table.render(result))
        if reason := failure(result):
            raise results.Failed(reason)
        return 0
    except results.Refused as reason:
        print(f"run.py: {reason}", file=sys.stderr)
        return 2
    except results.Failed as reason:
        print(f"run.py: FAIL: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the program ends too
    sys.exit(main(sys.argv[1:]))
