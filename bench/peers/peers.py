#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The same training in Plateau, PyTorch, JAX and scikit-learn, side by side.

  peers.py [--work A,C,B,D] [--device auto|cuda|cpu|both] [--rows N,...] [--python PATH ...] [--limit SECONDS]
           [--out FILE] [--allow-busy] [--smoke [--emulated]] ...

A  one small network: 2-128-128-2, Adam at learning rate 0.01 on 100, 1000 and 2000 rows, 500 full-batch epochs, the
   accuracy on 500 test rows after every epoch
B  a fleet of independent small networks on the same rows
D  the same in batches of 200 rows, Plateau and scikit-learn alone, on a CPU alone
C  one large network: 784-4096-4096-10 on a batch of 8192 rows, on a CPU of 64; on a GPU at fp32 and at TF32

All contenders get the same rows and initial weights, drawn by Plateau's generator. The clock of a contender covers the
training and the fetch of its metrics; data, model, optimizer, compilation and what is captured ahead of time are there
before. The first call of a shape, in a process that trained the stored case, and the start of the process have columns
of their own. Ours covers more: the copy of the rows to the device, the capture of its graph, and train accuracy, test
loss and gradient norm, which the others do not compute.

Gates before timing: every contender trains the case adam_memorization_2_128_128_2 of tests/data/torch-parity (in B, as
the first and the last of three networks, the second being another) and the first epochs of the timed case itself (in C,
of a smaller batch), where Plateau's CPU twins in double are the oracle. The train loss of every epoch must lie within
2e-6 + 20 |float32 - float64| of the float64 trajectory, the test accuracy within one row; at TF32, whose error these do
not bound, in the first 10 epochs within 0.4 % of the loss and 1 % of the test rows. Who does not is printed as FAIL and
not timed. scikit-learn has conventions of its own, passes no gate and is marked. What this machine lacks is printed as
not run, with the reason.

Rounds: one training of each contender per round, in an order balanced for neighbours, with a pause between; each is
gated like the first call, or, where a smaller case was gated, compared with the first call. The ratio of a contender is
the median over rounds of its time / ours in that round, with a bootstrap 95 % interval; ours is Plateau on the device
of the case and at the same precision, on a CPU with two threads.

Exit code: 0; 1 if a program of ours fails a gate; 2 if it was asked for something impossible, or the machine is busy.

The JSON of --out is a result file (bench/results.py) of the suite "peers", times in seconds. Its cases are

  work, name, device, widths, rows, test_rows, models, epochs, batch (0: all rows), learning_rate, rounds
  gate_rows            of the case that was gated; fewer than rows where that was a smaller one
  starts_at_once, first_calls_at_once
                       more than 1: they ran beside each other, as a time limit wants; first calls on a GPU never do
  limit_reached        whether the time limit ended its rounds, or a program before them
  order                names in the order they ran, per round
  references           {precision: name of the program that ratios are to}
  programs             name, label, framework, version, variant, threads (null: its own choice), device, precision
                       flags    what the framework says of its precision
                       status   timed, FAIL, not run or own conventions; reason
                       parity   {stored, case: {epochs, worst_share: the largest share of the bound that was used,
                                epoch: where, accuracy_rows}}, of case over the first call and the rounds
                       start_s: until its process answered; first_s, seconds: per round, median_s, min_s, max_s,
                                spread: (max - min) / median
                       ratio    {median, low, high}
                       extrapolated_from: networks that were trained, where the time of the rest is extrapolated
"""

import argparse
import os
import pathlib
import shlex
import signal
import sys

BENCH = str(pathlib.Path(__file__).resolve().parents[1])
if BENCH not in sys.path:
    sys.path.append(BENCH)
import cases  # noqa: E402
import results  # noqa: E402
from errors import Failed, Refused  # noqa: E402
from measure import LEAST_ROUNDS, ROUNDS, SMOKE_ROUNDS, failures_of_ours, measure  # noqa: E402
from report import render  # noqa: E402


def whole_numbers(text):
    values = [int(part) for part in text.split(",")]
    if not all(value >= 1 for value in values):
        raise ValueError
    return values


def fleets(text):
    """[(models, width)]; one network is no fleet."""
    pairs = [tuple(int(number) for number in part.split("x")) for part in text.split(",")]
    if not all(models >= 2 and width >= 1 for models, width in pairs):
        raise ValueError
    return pairs


def works(text):
    listed = text.split(",")
    if not all(work in cases.WORKS for work in listed):
        raise ValueError
    return listed


def parse(arguments):
    parser = argparse.ArgumentParser(prog="peers.py",
                                     description="Times the same training in Plateau, PyTorch, JAX and scikit-learn.")
    add = parser.add_argument
    add("--work", type=works, default=list(cases.WORKS), help="of A, B, C and D, in this order [A,C,B,D]")
    add("--device", choices=("auto", "cuda", "cpu", "both"), default="auto",
        help="auto: the GPU's contenders where there is one, else the CPU's")
    add("--rows", type=whole_numbers, default=list(cases.ROWS), help="training rows of A [100,1000,2000]")
    add("--epochs", type=int, help="of A, B and D [500; of fleets 50]")
    add("--fleet", type=fleets, help="of B and D: MODELSxWIDTH,... [4096x64,4096x128; on a CPU 64x32,64x64,64x128]")
    add("--rounds", type=int, help=f"{LEAST_ROUNDS} or more [{ROUNDS}]")
    add("--limit", type=float, metavar="SECONDS",
        help="end after the round that reaches it; cases share the time, and what was measured is kept")
    add("--build", type=pathlib.Path, help="folder of the build [the newest of build/cuda, build/cpu]")
    add("--python", action="append", default=[], metavar="PATH",
        help="another interpreter whose frameworks take part; may be repeated")
    add("--every-variant", action="store_true", help="more ways to write it in PyTorch on the CPU")
    add("--out", type=pathlib.Path, metavar="FILE", help="JSON with every time")
    add("--allow-busy", action="store_true", help="measure whatever others do, and mark the result")
    add("--emulated", action="store_true", help="Plateau's emulated GPU passes the gate too, with --smoke only")
    add("--smoke", action="store_true", help=f"seconds: {SMOKE_ROUNDS} rounds of small cases; never a result")
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < LEAST_ROUNDS and not (options.smoke or options.allow_busy):
        raise Refused(f"--rounds {options.rounds}: {LEAST_ROUNDS} are the fewest.")
    if min(options.rounds or 1, options.epochs or 1, options.limit or 1) <= 0:
        raise Refused("--rounds, --epochs and --limit are above zero.")
    if options.emulated and not options.smoke:
        raise Refused("--emulated: times of the emulated GPU are no results; it goes with --smoke.")
    options.rounds = options.rounds or (SMOKE_ROUNDS if options.smoke else ROUNDS)
    # Not resolved: a virtual environment is known by its link. A name alone is looked for on the PATH.
    options.python = [os.path.abspath(path) if os.sep in path else path for path in options.python]
    options.python = list(dict.fromkeys([sys.executable, *options.python]))
    builds = [path for path in (cases.ROOT / "build" / name for name in ("cuda", "cpu")) if path.is_dir()]
    if not (options.build or builds):
        raise Refused("There is no build: ./dev build makes one, or name its folder with --build.")
    options.build = (options.build or max(builds, key=lambda path: path.stat().st_mtime)).resolve()
    if options.out and not options.out.resolve().parent.is_dir():
        raise Refused(f"--out {options.out}: there is no such folder.")
    return options


def command_words(arguments):
    """The command without paths."""
    words = list(arguments)
    for place, word in enumerate(words):
        option, _, value = word.partition("=")
        if option in ("--build", "--python", "--out"):
            if value:
                words[place] = f"{option}={option[2:].upper()}"
            elif place + 1 < len(words):
                words[place + 1] = option[2:].upper()
    return shlex.join(["peers.py", *words])


def main(arguments):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and scratch go
    try:
        options = parse(arguments)
        document = measure(options, command_words(arguments))
        if options.out:
            results.write(options.out, document)
        print(render(document))
        failures = failures_of_ours(document)
        for failure in failures:
            print(f"peers.py: FAIL: {failure}", file=sys.stderr)
        return 1 if failures else 0
    except (Refused, results.Refused) as reason:
        print(f"peers.py: {reason}", file=sys.stderr)
        return 2
    except Failed as reason:
        print(f"peers.py: FAIL: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
