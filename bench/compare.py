#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Two results of the same suite: which cases became faster, which slower, and which did not change beyond the noise.

  compare.py BEFORE AFTER [--least PERCENT] [--fail-on-slower]

A case is faster or slower where the 95 % bootstrap interval of the ratio of medians, after / before, lies on one side of
1 by at least PERCENT (5 by default); it is the same where the whole interval lies within PERCENT of 1, or where the
times are the very same ones, and otherwise the noise is too large to tell. Fewer than five repetitions on a side tell
nothing either. Smoke runs and times of the emulated GPU are not compared.

Exit code: 0; 1 if --fail-on-slower was given and a case is slower; 2 if the files cannot be compared.
"""

import argparse
import random
import statistics
import sys

import results

LEAST_REPETITIONS = 5
RESAMPLES, SEED = 4000, 1
# With five repetitions and 1 % of noise the interval is some 3 % wide: a smaller difference could seldom be told.
LEAST_PERCENT = 5.0


def ratio_interval(before, after):
    """(ratio of medians after / before, low, high): percentile bootstrap, both sides resampled."""
    source = random.Random(SEED)

    def median_of_a_sample(values):
        return statistics.median(source.choices(values, k=len(values)))

    ratios = sorted(median_of_a_sample(after) / median_of_a_sample(before) for _ in range(RESAMPLES))
    return (statistics.median(after) / statistics.median(before), ratios[int(0.025 * RESAMPLES)],
            ratios[int(0.975 * RESAMPLES) - 1])


def judge(before, after, least):
    """(verdict, ratio, low, high); least is a share, as in 0.01."""
    if min(before + after) <= 0:
        return "no times", None, None, None
    if before == after:
        return "same", 1.0, 1.0, 1.0
    ratio, low, high = ratio_interval(before, after)
    if min(len(before), len(after)) < LEAST_REPETITIONS:
        return "too few repetitions", ratio, low, high
    if low >= 1 + least:
        return "slower", ratio, low, high
    if high <= 1 - least:
        return "faster", ratio, low, high
    if 1 - least <= low and high <= 1 + least:
        return "same", ratio, low, high
    return "noise", ratio, low, high


def timings(result):
    """{name: times} of every case that was timed."""
    found = {}
    for suite, part in results.parts(result):
        for case in part["cases"]:
            if suite == "peers":
                for program in case["programs"]:
                    if program["status"] == "timed" and program["seconds"]:
                        found[f"{suite}: {case['name']}: {program['name']}"] = program["seconds"]
            elif case["status"] == "timed":
                found[f"{suite}: {case['name']}"] = case["us"]
    return found


def compare(before, after, least):
    """[(name, verdict, ratio, low, high)] of the cases that both have, and the names that only one has."""
    left, right = timings(before), timings(after)
    rows = [(name, *judge(left[name], right[name], least)) for name in left if name in right]
    return rows, sorted(left.keys() - right.keys()), sorted(right.keys() - left.keys())


def main(arguments):
    parser = argparse.ArgumentParser(description="Compares two results of the same suite.")
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--least", type=float, default=LEAST_PERCENT, metavar="PERCENT",
                        help=f"differences that count [{LEAST_PERCENT:.0f}]")
    parser.add_argument("--fail-on-slower", action="store_true", help="exit with 1 where a case is slower")
    options = parser.parse_args(arguments)
    try:
        if not 0 < options.least < 100:
            raise results.Refused(f"--least {options.least}: expected a per cent between 0 and 100")
        before, after = results.read(options.before), results.read(options.after)
        for path, result in ((options.before, before), (options.after, after)):
            if words := results.no_times(result):
                raise results.Refused(f"{path} holds no times to compare: {', '.join(words)}")
        if before["suite"] != after["suite"]:
            raise results.Refused(f"{options.before} holds {before['suite']} and {options.after} {after['suite']}")
        rows, gone, new = compare(before, after, options.least / 100)
        if not rows:
            raise results.Refused("the two results have no case in common")
    except results.Refused as reason:
        print(f"compare.py: {reason}", file=sys.stderr)
        return 2
    for side, result in (("before", before), ("after", after)):
        doubts = ", ".join(results.doubts(result))
        print(f"{side:<7} {results.machine_line(result)}{f' (no measurement: {doubts})' if doubts else ''}")
    width = max(len(row[0]) for row in rows)
    for name, verdict, ratio, low, high in rows:
        figures = f"{ratio:.3f} ({low:.3f} to {high:.3f})" if ratio is not None else ""
        print(f"{name:<{width}}  {verdict:<20} {figures}")
    for words, names in (("only before", gone), ("only after", new)):
        for name in names:
            print(f"{name:<{width}}  {words}")
    return 1 if options.fail_on_slower and any(row[1] == "slower" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
