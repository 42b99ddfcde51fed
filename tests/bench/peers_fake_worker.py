# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""A worker that trains nothing: it answers with PyTorch's stored trajectory, spoiled as its argument says.

Of a case that was made (its folder is not the stored one) it knows a made-up trajectory, also as the oracle.
"""

import json
import os
import sys
import time

MODE, STORED = sys.argv[1:3]
SPOILED_EPOCH, LATE_EPOCH = 3, 25  # the second one lies behind those that are gated
MADE_UP = [0.7 * 0.99 ** epoch for epoch in range(10_000)]
SECONDS = {"twice_as_slow": 0.2}.get(MODE, 0.1)


def say(**answer):
    print(json.dumps(answer), flush=True)


def trajectories(stored, epochs, broken, again=False):
    """Of the first model and of the last; `again`: not for the first time on the clock."""
    if stored is not None:
        losses = [float(row.split(",")[1]) for row in stored[1:]]
        accuracies = [float(row.split(",")[3]) for row in stored[1:]]
    else:
        losses, accuracies = MADE_UP, [0.5] * len(MADE_UP)
    losses, accuracies = losses[:epochs], accuracies[:epochs]
    last = {"losses": list(losses), "accuracies": list(accuracies)}
    if broken:
        if MODE == "computes_something_else" or (MODE == "wrong_on_the_timed_case" and stored is None):
            losses[SPOILED_EPOCH] += 1e-3
        if MODE == "nan":
            losses[SPOILED_EPOCH] = None
        if MODE == "raw_nan":
            losses[SPOILED_EPOCH] = float("nan")
        if MODE == "wrong_accuracy":
            accuracies[SPOILED_EPOCH] += 0.1
        if MODE == "last_model_differs":
            last["losses"][SPOILED_EPOCH] += 1e-3
        if MODE == "stops_early":
            del losses[-1]
        if MODE == "drifts_in_a_round" and again:
            losses[SPOILED_EPOCH] *= 1.01
        if MODE == "guesses_in_a_round" and again:
            last["accuracies"][SPOILED_EPOCH] += 0.1
        if MODE == "nan_late_in_a_round" and again:
            losses[LATE_EPOCH] = None
        if MODE == "stops_early_in_a_round" and again:
            del losses[-1]
    return [{"losses": losses, "accuracies": accuracies}, last]


if MODE == "cannot":
    say(not_run="this machine has no such thing")
    sys.exit()
if MODE == "dies":
    sys.exit("it was not to be")
if MODE == "mute":
    time.sleep(3600)
say(environment={"version": "1", "precision": {"products": "fp32"}}, build_commit="f" * 40, build_dirty="false")
stored, trainings, timed = None, 0, 0
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "make":
        say(made=True)
    elif request["do"] == "load":
        is_stored = os.path.realpath(request["folder"]) == os.path.realpath(STORED)
        stored = open(os.path.join(STORED, "expected.csv")).read().split() if is_stored else None
        say(loaded=True)
    elif request["do"] == "oracle":
        told = trajectories(None, request["epochs"], broken=False)
        say(float64=told, float32=told)
    elif request["do"] == "train":
        trainings += 1
        timed += request["timed"]
        if MODE == "hangs" or (MODE == "hangs_in_a_round" and request["timed"] and trainings > 2):
            time.sleep(3600)
        if MODE == "raises":
            say(error="ValueError: no")
            continue
        say(seconds=SECONDS, trajectories=trajectories(stored, request["epochs"], broken=True, again=timed > 1))
