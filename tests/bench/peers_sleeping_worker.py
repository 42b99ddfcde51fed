# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""A worker by worker.serve() whose training sleeps a known time: 20 ms an epoch, and OUTSIDE_S outside of the clock."""

import pathlib
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers")
from errors import NotRun  # noqa: E402
from worker import serve  # noqa: E402

OUTSIDE_S, EPOCH_S = 0.3, 0.02


class Sleeper:
    def __init__(self, request):
        time.sleep(OUTSIDE_S)
        self.models = request["models"]
        self.trained_models = min(2, self.models)

    def reset(self):
        time.sleep(OUTSIDE_S)

    def train(self, epochs):
        print("what a framework prints is no answer")
        time.sleep(EPOCH_S * epochs)
        return [([float("nan")] * epochs, [0.5] * epochs)] * 2


def start(variant, device, threads, precision):
    if variant == "absent":
        import no_such_package_anywhere  # noqa: F401
    if variant == "unable":
        raise NotRun("it cannot")
    return {"version": "1", "precision": {"threads": threads, "products": precision}}, Sleeper


if __name__ == "__main__":
    serve(start)
