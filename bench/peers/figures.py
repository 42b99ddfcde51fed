# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Figures from times: medians, and ratios within rounds with their bootstrap intervals."""

import math
import random
import statistics

RESAMPLES, SEED = 10_000, 1


def bootstrap_interval(values, resamples=RESAMPLES, seed=SEED):
    """The 95 % percentile interval of the median; the same for the same values."""
    source = random.Random(seed)
    medians = sorted(statistics.median(source.choices(values, k=len(values))) for _ in range(resamples))
    return medians[int(0.025 * resamples)], medians[int(0.975 * resamples) - 1]


def ratio(theirs, ours):
    """Median over rounds of their time / ours in the same round, with its interval."""
    if len(theirs) != len(ours) or not theirs:
        raise ValueError("ratio: as many times of the one as of the other, and at least one")
    if not all(math.isfinite(time) and time > 0 for time in (*theirs, *ours)):
        raise ValueError("ratio: times are positive numbers")
    ratios = [their / our for their, our in zip(theirs, ours)]
    low, high = bootstrap_interval(ratios)
    return {"median": statistics.median(ratios), "low": low, "high": high}


def summarise(programs, references):
    """Adds its figures to every program that was timed. `references`: {precision: the program that ratios are to}."""
    for program in programs:
        seconds = program["seconds"]
        if program["status"] not in ("timed", "own conventions") or not seconds:
            continue
        middle = statistics.median(seconds)
        program.update(median_s=middle, min_s=min(seconds), max_s=max(seconds),
                       spread=(max(seconds) - min(seconds)) / middle)
        reference = references.get(program["precision"])
        if reference is not None and program is not reference:
            program["ratio"] = ratio(seconds, reference["seconds"])
