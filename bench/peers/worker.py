# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Both ends of the line to a worker: one process for one way to train, on one device, with one number of threads.

One JSON document per line. The worker begins by {"environment": {...}} or {"not_run": why}, ours with BUILD_KEYS in it
or beside it; then it answers

  {"do": "load", "folder", "widths", "models", "batch", "lr"}      {"loaded": true}
  {"do": "train", "epochs", "warm_epochs", "timed"}         {"seconds", "trajectories", "extrapolated_from"}

or {"error": why}. `seconds` is the training alone: data, initial weights, zero moments and what is compiled or captured
ahead of time are there when the clock starts, and every loss and accuracy is on the host when it stops. A trajectory is
{"losses", "accuracies"} by epochs; there are two, of the first and of the last model. Warm epochs run right before the
clock starts, to warm caches and thread pools.
"""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

from errors import TIME_IS_UP, Failed, NotRun, OutOfTime

HERE = pathlib.Path(__file__).resolve().parent
BUILD_KEYS = ("build_commit", "build_dirty")  # what Plateau's worker says of its own build
START_LIMIT_S, FIRST_LIMIT_S, RUN_LIMIT_S = 300, 900, 300


class Deadline:
    """When the measurement must end; never, without a limit."""

    def __init__(self, limit_s=None):
        self.end = None if limit_s is None else time.monotonic() + limit_s

    def left(self):
        return float("inf") if self.end is None else self.end - time.monotonic()

    def share(self, parts):
        """The deadline of the first of so many parts of equal right."""
        return Deadline(None if self.end is None else self.left() / parts)


# --- The end that asks -----------------------------------------------------------------------------------------------


class Worker:
    """The process of `command`. NotRun where it cannot be started."""

    def __init__(self, command, threads=None, scratch=None):
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        if threads:
            environment.update({f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")})
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # a BLAS held to another kernel is no peer
            environment.pop(name, None)
        # A first call compiles, whatever ran before, and in its own process: no helpers that stay.
        environment.update(TORCHINDUCTOR_CACHE_DIR=tempfile.mkdtemp(dir=scratch), TORCHINDUCTOR_COMPILE_THREADS="1",
                           TORCHINDUCTOR_FORCE_DISABLE_CACHES="1", TRITON_CACHE_DIR=tempfile.mkdtemp(dir=scratch),
                           XLA_PYTHON_CLIENT_PREALLOCATE="false")
        self.errors = tempfile.TemporaryFile(dir=scratch)
        self.pending = b""
        self.process = None
        self.started = time.monotonic()
        try:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=self.errors, env=environment, cwd=scratch)
        except OSError as error:
            self.errors.close()
            raise NotRun(f"its process cannot be started: {error.strerror}") from error

    def receive(self, limit_s, deadline=Deadline()):
        end = time.monotonic() + min(limit_s, deadline.left())
        if not self.process:
            raise Failed("its process is gone.")
        source = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
                self.stop()
                if deadline.left() <= 0:
                    raise OutOfTime(f"{TIME_IS_UP} before its answer")
                raise Failed(f"it gave no answer within {limit_s} s.")
            part = os.read(source, 1 << 16)
            if not part:
                self.errors.seek(0)
                words = self.errors.read().decode(errors="replace").strip().splitlines()
                self.stop()
                raise Failed(f"its process ended: {words[-1][:200] if words else 'without a word'}")
            self.pending += part
        line, self.pending = self.pending.split(b"\n", 1)
        try:
            return json.loads(line)
        except ValueError as error:
            raise Failed(f"its answer is no JSON: {line[:80]!r}") from error

    def environment(self, deadline=Deadline()):
        """What it says about itself; NotRun where it cannot take part."""
        reply = self.receive(START_LIMIT_S, deadline)
        if "not_run" in reply:
            raise NotRun(reply["not_run"])
        return {"start_s": round(time.monotonic() - self.started, 3), **reply["environment"],
                **{key: reply[key] for key in BUILD_KEYS if key in reply}}

    def ask(self, request, limit_s=RUN_LIMIT_S, deadline=Deadline()):
        if not self.process:
            raise Failed("its process is gone.")
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # receive() says why
        reply = self.receive(limit_s, deadline)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def train(self, epochs, warm_epochs=0, timed=True, limit_s=RUN_LIMIT_S, deadline=Deadline()):
        request = {"do": "train", "epochs": epochs, "warm_epochs": warm_epochs, "timed": timed}
        return self.ask(request, limit_s, deadline)

    def interrupt(self):
        """For another thread than the one that waits for an answer, which then sees the end of the process."""
        process = self.process
        if process:
            process.kill()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            for file in (self.process.stdin, self.process.stdout, self.errors):
                with contextlib.suppress(OSError):  # what it never read
                    file.close()
            self.process = None


def python_command(interpreter, module, **options):
    return [interpreter, HERE / module, *(word for name, value in options.items() if value is not None
                                          for word in (f"--{name}", value))]


# --- The end that answers, in Python ---------------------------------------------------------------------------------


def serve(start):
    """`start(variant, device, threads, precision)` gives (environment, prepare), or raises ImportError or NotRun;
    `prepare(request)` gives an object with reset(), train(epochs) -> [(losses, accuracies), of the last model too] and,
    where it trains only some of its `models`, `trained_models`: how many."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints is no answer

    def answer(**reply):
        # A NaN becomes null: what is not a number passes no gate.
        answers.write(json.dumps(without_nan(reply)) + "\n")
        answers.flush()

    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    try:
        environment, prepare = start(options["--variant"], options["--device"], int(options["--threads"]),
                                     options["--precision"])
    except (ImportError, NotRun) as error:
        answer(not_run=" ".join(f"{error}".split())[:200])
        return
    answer(environment=environment)
    contender = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                contender = None  # its memory first
                contender = prepare(request)
                answer(loaded=True)
                continue
            if request["warm_epochs"]:
                contender.reset()
                contender.train(request["warm_epochs"])
            contender.reset()
            begin = time.perf_counter()
            trained = contender.train(request["epochs"])
            seconds = time.perf_counter() - begin
            reply = {"trajectories": [{"losses": losses, "accuracies": accuracies} for losses, accuracies in trained]}
            some, all_models = getattr(contender, "trained_models", None), getattr(contender, "models", None)
            if some and some < all_models:
                seconds *= all_models / some
                reply["extrapolated_from"] = some
            answer(seconds=round(seconds, 7), **reply)
        except Exception as error:
            answer(error=" ".join(f"{type(error).__name__}: {error}".split())[:300])


def without_nan(value):
    if isinstance(value, dict):
        return {key: without_nan(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and value - value != 0 else value
