#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The `overfit` scenario without controls on the CPU, against the same training loop in PyTorch.

  scenario_overfit.py [--build DIR] [--rounds N] [--python PATH ...] [--out FILE] [--allow-busy] [--smoke]

The work: 2-128-128-2, 100 training rows, 500 full-batch epochs, Adam with learning rate 0.01, mean cross-entropy, and
the test accuracy on 500 rows after every epoch.

Ours is the whole process `scenario_overfit --no-controls --device cpu`, from before its start to after its exit: start,
data, initial weights, training, summary and all output (into a file). PyTorch has every advantage that does not change
the work: its clock covers the loop alone. Outside it are interpreter start and import, the data (tensors in memory),
the construction of model and optimizer, their reset to the initial weights and to zero moments, compilation (the first
call has its own column), and some epochs right before the clock starts that warm caches and thread pools. It prints
nothing, and need not compute the train accuracy, test loss and gradient norm that ours also records.

Gates before timing: ours (`plateau train`) and every contender train the case adam_memorization_2_128_128_2 of
tests/data/torch-parity from the same data and initial weights, with every epoch's train loss within 2e-6 + 20 |float32
- float64| of the float64 trajectory there and the test accuracy within one row; a contender that does not is printed as
FAIL and not timed. Ours must print every epoch, end at the same loss and exit with 0, each time; both must end below a
loss of 0.5 after 500 epochs. The timed contenders train on that case's rows (ours draws its own, of the same shapes).

Rounds: one run of each program per round, in rotated order, with a pause between runs in which spinning thread pools of
the one before fall asleep. The ratio of a contender is the median over rounds of its time / ours in that round, with a
bootstrap 95 % interval. The reference is the contender with the smallest median.

Exit code: 0; 1 if our own program fails a gate; 2 if it was asked for something impossible, or the machine is busy.

The JSON of --out (times in seconds):

  schema        1
  benchmark     "scenario_overfit"
  date          start, UTC, ISO 8601
  smoke, busy   true: not a measurement to publish; busy is the load at the start
  rebuilt       true: the programs in the build folder changed meanwhile (the copies that ran did not): as busy
  command       the options that matter, without paths
  commit        of the working tree, or null; dirty: whether tracked files differ from it
  machine       {cpu, cores, load_start, load_end: 1-minute load averages}
  plateau       {info: output of `plateau info`, build_type, sha256: {program: digest}, final_loss, parity}
  environments  one per interpreter and number of threads: {interpreter, threads, python, torch, blas, config,
                cpu_capability, parallel_info, libraries: what /proc/self/maps shows after a product, absent:
                {variant: why it is not offered}}; without torch {interpreter, threads, not_run: why}
  epochs, rounds
  order         names in the order they ran, per round
  programs      ours first, then every contender: {name, interpreter, variant, threads, status, reason, parity,
                final_loss, first_s, seconds: per round, median_s, min_s, max_s, spread: (max - min) / median,
                ratio: {median, low, high, per_round} of its time / ours}; status is timed, FAIL or not offered
  variants      what each variant does
  reference     name of the fastest contender, or null

parity is {worst_share: largest share of the bound on the train loss that was used, epoch: where, accuracy_rows: largest
difference of the test accuracy in rows}.
"""

import argparse
import csv
import datetime
import hashlib
import itertools
import json
import math
import os
import pathlib
import platform
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASE = ROOT / "tests" / "data" / "torch-parity" / "adam_memorization_2_128_128_2"
EPOCHS, SMOKE_EPOCHS = 500, 20
LEAST_ROUNDS, ROUNDS, SMOKE_ROUNDS = 9, 15, 2
WARM_TRAININGS, WARM_EPOCHS = 2, 10
PAUSE_S = 0.2
THREADS = (1, 2)
HIGHEST_LOAD = 0.7
HIGHEST_FINAL_LOSS = 0.5
RESAMPLES, SEED = 10_000, 1
START_LIMIT_S, RUN_LIMIT_S = 900, 300
OURS = "Plateau"

VARIANTS = {
    "as written": "nn.Sequential and Adam as they are; loss.item() and accuracy.item() in every epoch",
    "late metrics": "losses and counts stay tensors and are fetched once at the end; inference_mode for the test",
    "foreach": "late metrics and Adam(foreach=True)",
    "fused": "late metrics and Adam(fused=True)",
    "flat": "late metrics, all parameters views of one tensor, Adam (fused, else foreach) over that tensor",
    "script": "late metrics (no_grad for the test), Adam (fused, else foreach), model by torch.jit.script",
    "trace": "late metrics, Adam (fused, else foreach), model by torch.jit.trace",
    "compile": "late metrics, Adam (fused, else foreach), torch.compile of model with loss and of the test",
    "compile all": "late metrics, torch.compile of model with loss, of the test and of the step of Adam(foreach=True), "
                   "whose step counters are float64: in float32 compiled bias corrections break the parity gate",
}


class Refused(Exception):
    """What was asked for cannot be done: one sentence."""


class Failed(Exception):
    """A program under test does not do its work: one sentence."""


# --- The parity case -------------------------------------------------------------------------------------------------


def read_npy(path):
    """(type as in '<f4', shape, bytes) of a version 1 NPY file in C order."""
    content = path.read_bytes()
    if content[:8] != b"\x93NUMPY\x01\x00":
        raise Refused(f"{path.name} is not an NPY file of version 1.")
    (length,) = struct.unpack_from("<H", content, 8)
    header = content[10:10 + length].decode("latin-1")
    kind = re.search(r"'descr': '([^']+)'", header)
    shape = re.search(r"'shape': \(([^)]*)\)", header)
    if not kind or not shape or "'fortran_order': False" not in header:
        raise Refused(f"{path.name} has an NPY header that this reader does not know.")
    return kind[1], [int(part) for part in shape[1].split(",") if part.strip()], content[10 + length:]


def read_safetensors(path):
    """{name: (type as in 'F32', shape, bytes)}"""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    data = content[8 + length:]
    tensors = json.loads(content[8:8 + length])
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in tensors.items() if name != "__metadata__"}


def parity(losses, accuracies):
    """How near a trajectory is to the case's; Failed if it is not near enough."""
    with open(CASE / "expected.csv", newline="") as file:
        expected = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    test_rows = json.loads((CASE / "case.json").read_text())["m"]
    if len(losses) != len(expected) or len(accuracies) != len(expected):
        raise Failed(f"it trained {len(losses)} epochs of the parity case instead of {len(expected)}.")
    worst, where, rows = 0.0, 0, 0
    for epoch, (row, loss, accuracy) in enumerate(zip(expected, losses, accuracies)):
        bound = 2e-6 + 20 * abs(row["train_loss_f32"] - row["train_loss_f64"])
        share = abs(loss - row["train_loss_f64"]) / bound
        if not share <= 1:
            raise Failed(f"the train loss of epoch {epoch} of the parity case is {loss:.9f}, "
                         f"and {row['train_loss_f64']:.9f} within {bound:.1e} was expected.")
        if share > worst:
            worst, where = share, epoch
        off = abs(accuracy - row["test_accuracy_f64"]) * test_rows
        if not off <= 1.001:
            raise Failed(f"the test accuracy of epoch {epoch} of the parity case is {accuracy:.4f}, "
                         f"and {row['test_accuracy_f64']:.4f} within one row was expected.")
        rows = max(rows, round(off))
    return {"worst_share": worst, "epoch": where, "accuracy_rows": rows}


# --- The worker: one process for one contender with one number of threads --------------------------------------------


def offers_fused_adam(torch):
    try:
        probe = torch.zeros(4, requires_grad=True)
        probe.grad = torch.zeros(4)
        torch.optim.Adam([probe], lr=0.01, fused=True).step()
        return True
    except (RuntimeError, TypeError, ValueError):
        return False


class Contender:
    """One way to write the loop. Construction and reset() are outside the clock, train() is inside."""

    def __init__(self, torch, variant):
        self.torch, self.variant = torch, variant
        self.train_x, self.train_y, self.test_x, self.test_y = (
            self.tensor(*read_npy(CASE / f"{name}.npy")) for name in ("train_x", "train_y", "test_x", "test_y"))
        nn = torch.nn
        self.net = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
        stored = read_safetensors(CASE / "init.safetensors")
        names = [f"fc{layer}.{kind}" for layer in (1, 2, 3) for kind in ("weight", "bias")]
        self.initial = [self.tensor(*stored[name]) for name in names]
        self.parameters = list(self.net.parameters())
        self.criterion = nn.CrossEntropyLoss()
        self.flat_gradient = None
        if variant == "flat":
            self.flatten()
        optimised = [self.flat] if variant == "flat" else self.parameters
        self.optimizer = self.make_adam(optimised)
        self.step = self.optimizer.step
        self.prepare_functions()
        # TorchScript keeps test activations for a backward pass, which inference mode forbids.
        self.test_mode = torch.no_grad if variant == "script" else torch.inference_mode
        self.train = self.train_as_written if variant == "as written" else self.train_late

    def tensor(self, kind, shape, content):
        types = {"<f4": self.torch.float32, "F32": self.torch.float32, "<i8": self.torch.int64}
        return self.torch.frombuffer(bytearray(content), dtype=types[kind]).reshape(shape).clone()

    def flatten(self):
        torch = self.torch
        self.flat = torch.nn.Parameter(torch.cat([p.detach().reshape(-1) for p in self.parameters]))
        self.flat_gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.flat_gradient
        first = 0
        for p in self.parameters:
            part = slice(first, first + p.numel())
            p.data = self.flat.data[part].view_as(p)
            p.grad = self.flat_gradient[part].view_as(p)
            first = part.stop

    def make_adam(self, parameters):
        Adam = self.torch.optim.Adam
        if self.variant in ("as written", "late metrics"):
            return Adam(parameters, lr=0.01)
        if self.variant in ("foreach", "compile all"):
            return Adam(parameters, lr=0.01, foreach=True)
        if offers_fused_adam(self.torch):
            return Adam(parameters, lr=0.01, fused=True)
        return Adam(parameters, lr=0.01, foreach=True)

    def prepare_functions(self):
        torch, net, criterion = self.torch, self.net, self.criterion
        if self.variant == "script":
            net = torch.jit.script(net)
        elif self.variant == "trace":
            net = torch.jit.trace(net, self.train_x)

        def train_loss(x, y):
            return criterion(net(x), y)

        def correct(x, y):
            return (net(x).argmax(1) == y).sum()

        self.train_loss, self.correct = train_loss, correct
        if self.variant.startswith("compile"):
            self.train_loss, self.correct = torch.compile(train_loss), torch.compile(correct)
        if self.variant == "compile all":
            train_loss(self.train_x, self.train_y).backward()
            self.optimizer.step()  # makes the state
            for state in self.optimizer.state.values():
                state["step"] = state["step"].double()
            self.step = torch.compile(self.optimizer.step)

    def reset(self):
        """Initial weights and zero moments, in place: what is allocated or compiled stays so."""
        with self.torch.no_grad():
            for p, initial in zip(self.parameters, self.initial):
                p.copy_(initial)
            for state in self.optimizer.state.values():
                for name, value in state.items():
                    if isinstance(value, self.torch.Tensor):
                        value.zero_()
                    else:
                        state[name] = 0

    def train_as_written(self, epochs):
        torch, net, criterion, optimizer = self.torch, self.net, self.criterion, self.optimizer
        train_x, train_y, test_x, test_y = self.train_x, self.train_y, self.test_x, self.test_y
        losses, accuracies = [], []
        for _ in range(epochs):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(train_x), train_y)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                accuracy = (net(test_x).argmax(1) == test_y).float().mean()
            losses.append(loss.item())
            accuracies.append(accuracy.item())
        return losses, accuracies

    def train_late(self, epochs):
        torch, train_loss, correct, step = self.torch, self.train_loss, self.correct, self.step
        train_x, train_y, test_x, test_y = self.train_x, self.train_y, self.test_x, self.test_y
        parameters, flat_gradient, test_mode = self.parameters, self.flat_gradient, self.test_mode
        losses, counts = [], []
        for _ in range(epochs):
            if flat_gradient is None:
                for p in parameters:
                    p.grad = None
            else:
                flat_gradient.zero_()
            loss = train_loss(train_x, train_y)
            loss.backward()
            step()
            with test_mode():
                counts.append(correct(test_x, test_y))
            losses.append(loss.detach())
        losses, counts = torch.stack(losses).tolist(), torch.stack(counts).tolist()
        return losses, [count / len(test_y) for count in counts]


def loaded_libraries():
    """Libraries of linear algebra and threads in this process; folders only where they are the system's."""
    with open("/proc/self/maps") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if line.count("/") > 0}
    names = re.compile(r"blas|lapack|mkl|gomp|iomp|libomp|dnnl|torch_cpu", re.IGNORECASE)
    found = {path for path in paths if names.search(os.path.basename(path))}
    return sorted(path if path.startswith(("/usr/", "/lib")) else os.path.basename(path) for path in found)


def describe(torch):
    shown = torch.__config__.show()
    torch.ones(64, 64) @ torch.ones(64, 64)
    libraries = loaded_libraries()
    blas = re.search(r"BLAS_INFO=(\w+)", shown)
    capability = re.search(r"CPU capability usage: (\w+)", shown)
    if torch.backends.mkl.is_available():
        family = "MKL"
    elif any("openblas" in path for path in libraries):
        family = "OpenBLAS"
    else:
        family = "BLAS of its own" if not any("blas" in path for path in libraries) else "reference BLAS"
    absent = {}
    if not offers_fused_adam(torch):
        absent["fused"] = "this torch has no fused Adam on the CPU"
    if not hasattr(torch, "compile"):
        absent["compile"] = absent["compile all"] = "this torch has no torch.compile"
    return {"python": platform.python_version(), "torch": torch.__version__, "blas": family,
            "config": blas[0] if blas else None, "cpu_capability": capability[1] if capability else None,
            "parallel_info": torch.__config__.parallel_info(), "libraries": libraries, "absent": absent}


def work(variant, threads):
    """Answers requests, one JSON document per line, until its standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what torch prints is no answer

    def answer(**reply):
        answers.write(json.dumps(reply) + "\n")
        answers.flush()

    try:
        import torch
    except ImportError as error:
        answer(not_run=f"{error}"[:200])
        return
    torch.set_num_threads(threads)
    answer(environment=describe(torch))
    contender = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            contender = contender or Contender(torch, variant)
            if request["warm_epochs"]:
                contender.reset()
                contender.train(request["warm_epochs"])
            contender.reset()
            start = time.perf_counter()
            losses, accuracies = contender.train(request["epochs"])
            seconds = round(time.perf_counter() - start, 6)
            answer(seconds=seconds, losses=losses, accuracies=accuracies)
        except Exception as error:
            answer(error=" ".join(f"{type(error).__name__}: {error}".split())[:300])


class Worker:
    def __init__(self, interpreter, variant, threads, scratch):
        self.variant, self.threads = variant, threads
        count = str(threads)
        environment = dict(os.environ, OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count, MKL_NUM_THREADS=count,
                           TORCHINDUCTOR_CACHE_DIR=tempfile.mkdtemp(dir=scratch),  # so that a first call compiles
                           TORCHINDUCTOR_COMPILE_THREADS="1")  # in this process: no helpers that stay
        self.errors = tempfile.TemporaryFile(dir=scratch)
        self.pending = b""
        self.process = None
        try:
            self.process = subprocess.Popen(
                [interpreter, str(pathlib.Path(__file__).resolve()), "--worker", variant, "--threads", count],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment, cwd=scratch)
        except OSError as error:
            raise Refused(f"--python {interpreter}: {error.strerror}.") from error

    def receive(self, limit_s):
        end = time.monotonic() + limit_s
        source = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Failed(f"it gave no answer within {limit_s} s.")
            part = os.read(source, 1 << 16)
            if not part:
                self.errors.seek(0)
                words = self.errors.read().decode(errors="replace").strip().splitlines()
                raise Failed(f"its process ended: {words[-1][:200] if words else 'without a word'}")
            self.pending += part
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def train(self, epochs, warm_epochs=0, limit_s=RUN_LIMIT_S):
        try:
            self.process.stdin.write(json.dumps({"epochs": epochs, "warm_epochs": warm_epochs}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # receive() says why
        reply = self.receive(limit_s)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


# --- Ours ------------------------------------------------------------------------------------------------------------


class Ours:
    """Runs copies of the programs: a build while this measures does not change what passed the gates."""

    def __init__(self, build, scratch):
        self.source, self.scratch = build, pathlib.Path(scratch)
        self.build = self.scratch / "programs"
        self.build.mkdir()
        self.sha256 = {}
        for name in ("plateau", "scenario_overfit"):
            if not os.access(build / name, os.X_OK):
                raise Refused(f"There is no program {name} in {build}; build it, or name another folder with --build.")
            shutil.copy2(build / name, self.build / name)
            self.sha256[name] = self.digest(self.build / name)

    @staticmethod
    def digest(path):
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return None

    def rebuilt(self):
        return any(self.digest(self.source / name) != digest for name, digest in self.sha256.items())

    def run(self, command, words):
        """(seconds from before its start to after its exit, its output); Failed unless it exits with 0."""
        with open(self.scratch / "ours.out", "w+b") as output, open(self.scratch / "ours.err", "w+b") as errors:
            start = time.perf_counter()
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=errors)
            watchdog = threading.Timer(RUN_LIMIT_S, process.kill)
            watchdog.start()
            try:
                code = process.wait()
                seconds = round(time.perf_counter() - start, 6)
            finally:
                watchdog.cancel()
                if process.poll() is None:
                    process.kill()
            output.seek(0)
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            if code != 0:
                raise Failed(f"{words} ended with {code}: {said[-1] if said else 'without a word'}")
            return seconds, output.read().decode(errors="replace")

    def info(self):
        return self.run([self.build / "plateau", "info"], "plateau info")[1]

    def parity(self):
        case = json.loads((CASE / "case.json").read_text())
        history = self.scratch / "ours.csv"
        self.run([self.build / "plateau", "train", "--train", f"{CASE / 'train_x.npy'}:{CASE / 'train_y.npy'}",
                  "--test", f"{CASE / 'test_x.npy'}:{CASE / 'test_y.npy'}", "--init", CASE / "init.safetensors",
                  "--hidden", ",".join(map(str, case["widths"][1:-1])), "--optimizer", case["opt"], "--lr", case["lr"],
                  "--batch", "full", "--epochs", case["epochs"], "--device", "cpu", "--history", history, "--quiet"],
                 "plateau train")
        with open(history, newline="") as file:
            rows = list(csv.DictReader(file))
        return parity([float(row["train_loss"]) for row in rows], [float(row["test_accuracy"]) for row in rows])

    def train(self, epochs):
        """(seconds, last train loss) of the whole program; Failed unless it trained all of the work."""
        command = [self.build / "scenario_overfit", "--no-controls", "--device", "cpu"]
        if epochs != EPOCHS:
            command += ["--epochs", epochs]
        seconds, output = self.run(command, "scenario_overfit")
        lines = re.findall(r"^Epoch: (\d+), Train Loss: (\S+), Test Accuracy: [01]\.\d{4}$", output, re.MULTILINE)
        if [int(epoch) for epoch, _ in lines] != list(range(epochs)):
            raise Failed(f"scenario_overfit printed {len(lines)} epoch lines instead of {epochs}, or not in order.")
        if not re.search(r"2-128-128-2, 100 training rows, 500 test rows", output):
            raise Failed("scenario_overfit does not say that it trained 2-128-128-2 on 100 rows and tested on 500.")
        return seconds, float(lines[-1][1])


# --- The measurement -------------------------------------------------------------------------------------------------


def check_final_loss(loss, smoke):
    if not smoke and not (math.isfinite(loss) and loss < HIGHEST_FINAL_LOSS):
        raise Failed(f"it ended with a train loss of {loss:.4f} and should have memorised to below "
                     f"{HIGHEST_FINAL_LOSS}.")


def start_contenders(interpreters, scratch, workers, report):
    """Environments and programs of every interpreter, variant and number of threads; fills workers."""
    environments, programs, names = [], [], {}
    for interpreter, threads in itertools.product(interpreters, THREADS):
        label = names.get(interpreter, f"interpreter {len(names) + 1}")
        environment = None
        for variant in VARIANTS:
            program = {"variant": variant, "threads": threads, "status": "ready", "seconds": []}
            if environment and variant in environment["absent"]:
                program.update(status="not offered", reason=environment["absent"][variant])
            else:
                program["worker"] = Worker(interpreter, variant, threads, scratch)
                workers.append(program["worker"])
                try:
                    reply = program["worker"].receive(START_LIMIT_S)
                    if "not_run" in reply:
                        names[interpreter] = label
                        environments.append({"interpreter": label, "threads": threads, **reply})
                        break
                    if not environment:
                        environment = reply["environment"]
                        label = names.get(interpreter) or f"torch {environment['torch']} ({environment['blas']})"
                        while label in [name for other, name in names.items() if other != interpreter]:
                            label += " again"
                        environments.append({"interpreter": label, "threads": threads, **environment})
                except Failed as failure:
                    program.update(status="FAIL", reason=str(failure))
            names[interpreter] = label
            program.update(interpreter=label, name=f"{label}, {variant}, {threads} thread{'s' * (threads > 1)}")
            programs.append(program)
    report(f"{sum(program['status'] == 'ready' for program in programs)} contenders started")
    return environments, programs


def admit(program, epochs, smoke):
    """First call, parity and warm-up of one contender; sets its status."""
    worker = program["worker"]
    parity_epochs = json.loads((CASE / "case.json").read_text())["epochs"]
    try:
        first = worker.train(epochs, limit_s=START_LIMIT_S)
        program["first_s"] = first["seconds"]
        program["final_loss"] = first["losses"][-1]
        check_final_loss(program["final_loss"], smoke)
        again = worker.train(parity_epochs)
        program["parity"] = parity(again["losses"], again["accuracies"])
        for _ in range(WARM_TRAININGS):
            worker.train(epochs)
        program["status"] = "timed"
    except Failed as failure:
        program.update(status="FAIL", reason=str(failure))
        worker.stop()


def run_rounds(ours, programs, rounds, epochs, smoke, report):
    order = []
    for number in range(rounds):
        entrants = [program for program in programs if program["status"] == "timed"]
        turn = number * len(entrants) // rounds  # every program comes early and late
        entrants = entrants[turn:] + entrants[:turn]
        order.append([program["name"] for program in entrants])
        for program in entrants:
            time.sleep(PAUSE_S)
            try:
                if program["name"] == OURS:
                    seconds, loss = ours.train(epochs)
                    if loss != program["final_loss"]:
                        raise Failed(f"scenario_overfit ended with a train loss of {loss} in round {number} and of "
                                     f"{program['final_loss']} before.")
                else:
                    reply = program["worker"].train(epochs, warm_epochs=WARM_EPOCHS)
                    seconds, loss = reply["seconds"], reply["losses"][-1]
                    if len(reply["losses"]) != epochs or len(reply["accuracies"]) != epochs:
                        raise Failed(f"it trained {len(reply['losses'])} epochs instead of {epochs}.")
                check_final_loss(loss, smoke)
                program["seconds"].append(seconds)
            except Failed as failure:
                if program["name"] == OURS:
                    raise
                program.update(status="FAIL", reason=f"in round {number}: {failure}")
                program["worker"].stop()
        report(f"round {number + 1} of {rounds}: ours {programs[0]['seconds'][-1]:.3f} s")
    return order


def summarise(programs):
    """Adds the figures of every timed program; the name of the fastest contender or None."""
    ours = programs[0]["seconds"]
    for program in programs:
        if program["status"] != "timed":
            continue
        seconds = program["seconds"]
        middle = statistics.median(seconds)
        program.update(median_s=middle, min_s=min(seconds), max_s=max(seconds),
                       spread=(max(seconds) - min(seconds)) / middle)
        if program is programs[0]:
            continue
        ratios = [theirs / our for theirs, our in zip(seconds, ours)]
        source = random.Random(SEED)
        medians = sorted(statistics.median(source.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
        program["ratio"] = {"median": statistics.median(ratios), "low": medians[int(0.025 * RESAMPLES)],
                            "high": medians[int(0.975 * RESAMPLES) - 1], "per_round": ratios}
    timed = [program for program in programs[1:] if program["status"] == "timed"]
    return min(timed, key=lambda program: program["median_s"])["name"] if timed else None


def markdown(result):
    machine = result["machine"]
    text = [f"`overfit` without controls, {result['epochs']} epochs: {machine['cpu']}, {machine['cores']} cores, "
            f"{result['date']}, commit {(result['commit'] or 'unknown')[:12]}"
            f"{' with changes' if result['dirty'] else ''}, "
            f"{result['rounds']} rounds, load {machine['load_start']:.2f} to {machine['load_end']:.2f}"]
    doubts = [words for doubt, words in (("smoke", "a smoke run"), ("busy", "the machine was busy"),
                                         ("rebuilt", "the build changed meanwhile")) if result[doubt]]
    if doubts:
        text.append(f"**Not a measurement: {', '.join(doubts)}.**")
    table = ["| program | threads | median ms | min | max | spread | first call ms | time / ours (95 % interval) |",
             "|---|--:|--:|--:|--:|--:|--:|--:|"]
    notes = []
    ours, *others = result["programs"]
    others.sort(key=lambda program: program.get("median_s", math.inf))
    for program in [ours, *others]:
        ours_here = program is ours
        label = f"{OURS}, whole process" if ours_here else f"{program['interpreter']}, {program['variant']}"
        if program["name"] == result["reference"]:
            label = f"**{label}**"
        if program["status"] == "not offered":
            continue
        if program["status"] == "FAIL":
            table.append(f"| {label} | {program['threads']} | FAIL | | | | | |")
            notes.append(f"FAIL: {program['name']}: {program['reason']}")
            continue
        ratio = program.get("ratio")
        ratio = f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})" if ratio else "1"
        table.append(f"| {label} | {'own choice' if ours_here else program['threads']} | "
                     f"{1e3 * program['median_s']:.1f} | {1e3 * program['min_s']:.1f} | {1e3 * program['max_s']:.1f} | "
                     f"{100 * program['spread']:.0f} % | {1e3 * program['first_s']:.1f} | {ratio} |")
    for absent in sorted({(program["interpreter"], program["variant"], program["reason"])
                          for program in others if program["status"] == "not offered"}):
        notes.append(f"Not offered: {absent[0]}, {absent[1]}: {absent[2]}.")
    for name, reason in sorted({(environment["interpreter"], environment["not_run"])
                                for environment in result["environments"] if "not_run" in environment}):
        notes.append(f"Not run: PyTorch with {name}: {reason}.")
    if result["reference"]:
        best = next(program for program in others if program["name"] == result["reference"])
        notes.append(f"Fastest contender: {best['name']}, {best['ratio']['median']:.2f} times ours "
                     f"({best['ratio']['low']:.2f} to {best['ratio']['high']:.2f}).")
    else:
        notes.append("No contender was timed.")
    return "\n".join([*text, "", *table, "", *(f"- {note}" for note in notes)])


# --- Around it -------------------------------------------------------------------------------------------------------


def git(*arguments):
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def cpu_model():
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def build_type(build):
    try:
        found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else None


def write_json(path, result):
    text = json.dumps(result, indent=1) + "\n"
    text = re.sub(r"\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]",
                  lambda found: "[" + ", ".join(found[1].replace("\n", " ").split()).replace(",,", ",") + "]", text)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text)
        partial.replace(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}.") from error


def measure(options):
    load = os.getloadavg()[0]
    busy = load > HIGHEST_LOAD
    if busy and not (options.allow_busy or options.smoke):
        raise Refused(f"The load average is {load:.2f} and must not exceed {HIGHEST_LOAD}; wait until the machine is "
                      f"quiet, or measure all the same with --allow-busy.")
    rounds = SMOKE_ROUNDS if options.smoke else ROUNDS if options.rounds is None else options.rounds
    if not options.smoke and rounds < LEAST_ROUNDS:
        raise Refused(f"--rounds {rounds}: {LEAST_ROUNDS} are the fewest.")
    epochs = SMOKE_EPOCHS if options.smoke else EPOCHS
    candidates = [ROOT / "build" / "cpu", ROOT / "build" / "cuda"]
    build = options.build or next((path for path in candidates if path.is_dir()), candidates[0])
    build = build.resolve()
    if options.out and not options.out.resolve().parent.is_dir():
        raise Refused(f"--out {options.out}: there is no such folder.")

    def report(words):
        print(words, file=sys.stderr, flush=True)

    workers = []
    with tempfile.TemporaryDirectory(prefix="plateau-") as scratch:
        ours = Ours(build, scratch)
        result = {"schema": 1, "benchmark": "scenario_overfit",
                  "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                  "smoke": options.smoke, "busy": busy,
                  "command": f"scenario_overfit.py {'--smoke' if options.smoke else f'--rounds {rounds}'}"
                             + " --python PYTHON" * len(options.python),
                  "commit": git("rev-parse", "HEAD"),
                  "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
                  "machine": {"cpu": cpu_model(), "cores": os.cpu_count(), "load_start": load},
                  "plateau": {"info": ours.info(), "build_type": build_type(build),
                              "sha256": ours.sha256}}
        first, loss = ours.train(epochs)
        check_final_loss(loss, options.smoke)
        result["plateau"].update(final_loss=loss, parity=ours.parity())
        report(f"ours: parity holds ({100 * result['plateau']['parity']['worst_share']:.0f} % of the bound), "
               f"train loss {loss:.4f} after {epochs} epochs")
        programs = [{"name": OURS, "interpreter": None, "variant": None, "threads": None, "status": "timed",
                     "first_s": first, "final_loss": loss, "parity": result["plateau"]["parity"], "seconds": []}]
        try:
            interpreters = list(dict.fromkeys([sys.executable, *options.python]))
            result["environments"], contenders = start_contenders(interpreters, scratch, workers, report)
            programs += contenders
            for program in contenders:
                if program["status"] == "ready":
                    admit(program, epochs, options.smoke)
                    report(f"{program['name']}: " + (f"parity holds ({100 * program['parity']['worst_share']:.0f} % of "
                                                     f"the bound), train loss {program['final_loss']:.4f}"
                                                     if program["status"] == "timed" else
                                                     f"{program['status']}: {program['reason']}"))
            for _ in range(WARM_TRAININGS):
                ours.train(epochs)
            order = run_rounds(ours, programs, rounds, epochs, options.smoke, report)
        finally:
            for worker in workers:
                worker.stop()
        result["rebuilt"] = ours.rebuilt()
    reference = summarise(programs)
    result["machine"]["load_end"] = os.getloadavg()[0]
    for program in programs:
        program.pop("worker", None)
    result.update(epochs=epochs, rounds=rounds, order=order, programs=programs, variants=VARIANTS, reference=reference)
    if options.out:
        write_json(options.out, result)
    print(markdown(result))


def main():
    parser = argparse.ArgumentParser(description="Times the overfit scenario on the CPU against PyTorch.")
    parser.add_argument("--build", type=pathlib.Path, help="folder of plateau and scenario_overfit [build/cpu, else "
                                                           "build/cuda]")
    parser.add_argument("--rounds", type=int, help=f"rounds, {LEAST_ROUNDS} or more [{ROUNDS}]")
    parser.add_argument("--python", action="append", default=[], metavar="PATH",
                        help="another interpreter whose torch takes part; may be repeated")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="JSON with every time")
    parser.add_argument("--allow-busy", action="store_true", help="measure whatever the load, and mark the result")
    parser.add_argument("--smoke", action="store_true",
                        help=f"{SMOKE_ROUNDS} rounds of {SMOKE_EPOCHS} epochs, without the gate on the last loss")
    parser.add_argument("--worker", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.threads)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and scratch go
    try:
        measure(options)
        return 0
    except Refused as reason:
        print(f"scenario_overfit.py: {reason}", file=sys.stderr)
        return 2
    except Failed as reason:
        print(f"scenario_overfit.py: FAIL: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
