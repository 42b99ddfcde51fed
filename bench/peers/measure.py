# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The measurement: starts the contenders, gates them, times them round by round, and gathers the result."""

import dataclasses
import datetime
import hashlib
import math
import os
import pathlib
import shutil
import sys
import tempfile
import time

from . import cases, machine
from .cases import Case
from .contenders import PACKAGES, VARIANTS, contenders, interpreters_of
from .errors import Failed, NotRun, OutOfTime, Refused
from .figures import summarise
from .worker import FIRST_LIMIT_S, RUN_LIMIT_S, Deadline, Worker

SCHEMA, SCHEMA_VERSION, SUITE = "plateau-bench", 1, "peers"
LEAST_ROUNDS, ROUNDS, SMOKE_ROUNDS = 9, 15, 2
WARM_TRAININGS, WARM_EPOCHS = 2, 10
PAUSE_S = 0.2  # in which spinning thread pools of the program before fall asleep
EMULATED_EPOCHS = 2  # of the parity case: each takes seconds there
WORKER_PROGRAM = "plateau_peer_worker"


@dataclasses.dataclass
class Settings:
    rounds: int = ROUNDS
    smoke: bool = False
    deadline: Deadline = dataclasses.field(default_factory=Deadline)
    pause_s: float = PAUSE_S
    warm_trainings: int = WARM_TRAININGS
    report: object = lambda words: None


# --- One contender ---------------------------------------------------------------------------------------------------


class Entrant:
    """A contender with its process, for as long as a work lasts. What it leaves in a case is a plain dictionary."""

    def __init__(self, contender, scratch):
        self.contender, self.scratch = contender, scratch
        self.worker = self.environment = self.stored = None
        self.status, self.reason = "ready", ""

    def end(self, status, reason):
        """For the rest of the work."""
        self.status, self.reason = status, str(reason)
        self.stop()

    def stop(self):
        if self.worker:
            self.worker.stop()

    def guarded(self, action):
        """True where it succeeded; otherwise the entrant ends, and says why."""
        try:
            action()
            return True
        except (NotRun, OutOfTime) as reason:
            self.end("not run", reason)
        except Failed as failure:
            self.end("FAIL", failure)
        return False

    def launch(self):
        def action():
            self.worker = Worker(self.contender.command(), self.contender.threads, self.scratch)
        self.guarded(action)

    def await_environment(self, deadline):
        def action():
            self.environment = self.worker.environment(deadline)
        if self.status == "ready":
            self.guarded(action)

    def pass_stored(self, case, deadline):
        """The parity gate: what PyTorch computed, at every epoch."""
        contender = self.contender

        def action():
            self.worker.ask(case.request("load"), deadline=deadline)
            expected = cases.stored_expectation()
            epochs = EMULATED_EPOCHS if contender.parity_only else case.epochs
            expected = {name: values[:epochs] for name, values in expected.items()}
            reply = self.worker.train(epochs, timed=False, limit_s=FIRST_LIMIT_S, deadline=deadline)
            self.stored = cases.gate_all(reply["trajectories"], [expected] * 2, case.test_rows, contender.precision,
                                         "the parity case")
        if self.status == "ready" and not contender.own_conventions:
            self.guarded(action)
        if self.status == "ready" and contender.parity_only:
            self.end("not run", "its device is emulated, and is never timed")

    def record(self):
        contender, environment = self.contender, self.environment or {}
        return {"name": contender.name, "framework": contender.framework, "version": environment.get("version"),
                "variant": contender.variant, "threads": contender.threads, "device": contender.device,
                "precision": contender.precision, "flags": environment.get("precision", {}), "status": self.status,
                "reason": self.reason, "parity": {"stored": self.stored} if self.stored else {}, "first_s": None,
                "seconds": []}


def expect_training(reply, epochs, smoke):
    """Failed unless every loss is a number, there is one per epoch, and the last is below the first."""
    for trajectory in reply["trajectories"]:
        losses = cases.numbers(trajectory["losses"])
        if not (len(losses) == len(trajectory["accuracies"]) == epochs):
            raise Failed(f"it trained {len(losses)} epochs instead of {epochs}.")
        if not all(math.isfinite(loss) for loss in losses):
            raise Failed("a train loss is not a number.")
        if not smoke and not losses[-1] < losses[0]:
            raise Failed(f"it ended with a train loss of {losses[-1]:.4f} after beginning at {losses[0]:.4f}.")


# --- One case --------------------------------------------------------------------------------------------------------


class Gates:
    """A case's files and expectations, made by Plateau's own generator and in double by its CPU twins."""

    def __init__(self, maker, case, scratch):
        self.case, self.gate = case, case.gate()
        self.make(maker, case, scratch)
        if self.gate is not case:
            self.make(maker, self.gate, scratch)
        maker.ask(self.gate.request("load"))
        epochs = min(self.gate.gate_epochs, self.gate.epochs)
        self.expected = cases.oracle_expectations(maker.ask({"do": "oracle", "epochs": epochs}, FIRST_LIMIT_S))

    @staticmethod
    def make(maker, case, scratch):
        case.folder = pathlib.Path(tempfile.mkdtemp(dir=scratch, prefix="case-"))
        maker.ask(case.request("make"), FIRST_LIMIT_S)

    def near(self, trajectories, precision):
        return cases.gate_all(trajectories, self.expected, self.gate.test_rows, precision, f"'{self.gate.name}'")


def admit(entrant, record, gates, settings, deadline):
    """First call, gate and warm-up of one contender; the record says how it went."""
    case, contender, worker = gates.case, entrant.contender, entrant.worker

    def action():
        if gates.gate is not case and not contender.own_conventions:
            worker.ask(gates.gate.request("load"), deadline=deadline)
            reply = worker.train(gates.gate.epochs, timed=False, limit_s=FIRST_LIMIT_S, deadline=deadline)
            record["parity"]["case"] = gates.near(reply["trajectories"], contender.precision)
        worker.ask(case.request("load"), deadline=deadline)
        first = worker.train(case.epochs, limit_s=FIRST_LIMIT_S, deadline=deadline)
        expect_training(first, case.epochs, settings.smoke)
        if gates.gate is case and not contender.own_conventions:
            record["parity"]["case"] = gates.near(first["trajectories"], contender.precision)
        if "extrapolated_from" in first:
            record["extrapolated_from"] = first["extrapolated_from"]
        for _ in range(settings.warm_trainings):
            worker.train(case.epochs, min(WARM_EPOCHS, case.epochs), deadline=deadline)
        record.update(first_s=first["seconds"], status="own conventions" if contender.own_conventions else "timed")

    try:
        action()
    except OutOfTime as reason:
        record.update(status="not run", reason=str(reason))
        entrant.stop()
    except Failed as failure:
        record.update(status="FAIL", reason=str(failure))
        if worker.process is None:  # it was cut, or ended by itself
            entrant.end("FAIL", failure)


def run_rounds(timed, case, settings, deadline):
    """`timed`: pairs of an entrant and its record. Every round in rotated order, with pauses; only whole rounds count.
    Returns the order of every round, and whether the deadline ended them."""
    order = []
    for number in range(settings.rounds):
        running = [pair for pair in timed if pair[1]["status"] in ("timed", "own conventions")]
        if not running:
            break
        turn = number * len(running) // settings.rounds  # every program comes early and late
        running = running[turn:] + running[:turn]
        times = {}
        for entrant, record in running:
            if deadline.left() <= 0 and number > 0:
                return order, True
            time.sleep(settings.pause_s)
            try:
                reply = entrant.worker.train(case.epochs, min(WARM_EPOCHS, case.epochs), limit_s=RUN_LIMIT_S,
                                             deadline=settings.deadline)
                expect_training(reply, case.epochs, settings.smoke)
                times[id(record)] = reply["seconds"]
            except OutOfTime:
                return order, True
            except Failed as failure:
                record.update(status="FAIL", reason=f"in round {number}: {failure}")
                if entrant.worker.process is None:
                    entrant.end("FAIL", failure)
        for _, record in running:
            if id(record) in times:
                record["seconds"].append(times[id(record)])
        order.append([f"{record['name']} {record['threads'] or ''} {record['precision']}" for _, record in running])
        settings.report(f"  round {number + 1} of {settings.rounds}")
        if deadline.left() <= 0 and number + 1 < settings.rounds:
            return order, True
    return order, False


def measure_case(case, device, entrants, maker, scratch, settings, deadline):
    """Gates and times every contender of a case; the case as the result holds it."""
    settings.report(f"{case.work}: {case.name}, {case.epochs} epochs, {device}")
    gates = Gates(maker, case, scratch)
    pairs = [(entrant, entrant.record()) for entrant in entrants]
    admitted_by = deadline.share(2)  # the other half is for the rounds
    for entrant, record in pairs:
        if entrant.status != "ready":
            continue
        if admitted_by.left() <= 0:
            record.update(status="not run", reason="the time limit was reached before its turn")
        else:
            admit(entrant, record, gates, settings, admitted_by)
        told = record["reason"] or "".join(f"{100 * near['worst_share']:.0f} % of the bound, "
                                           for near in record["parity"].values()) + f"first {record['first_s']:.3f} s"
        settings.report(f"  {record['name']} {record['threads'] or ''} {record['precision']}: {record['status']}: {told}")
    order, limit_reached = run_rounds(pairs, case, settings, deadline)
    records = [record for _, record in pairs]
    for record in records:
        if record["status"] in ("timed", "own conventions") and not record["seconds"]:
            record.update(status="not run", reason="the time limit was reached before the first round ended")
    reference = next((record for record in records if record["framework"] == "Plateau" and record["device"] == device
                      and record["status"] == "timed"), None)
    summarise(records, reference)
    shutil.rmtree(case.folder, ignore_errors=True)
    return {"work": case.work, "name": case.name, "device": device, "widths": case.widths, "rows": case.rows,
            "test_rows": case.test_rows, "models": case.models, "epochs": case.epochs, "learning_rate": case.lr,
            "rounds": len(order), "limit_reached": limit_reached, "order": order,
            "reference": reference and reference["name"], "programs": records}


# --- One work --------------------------------------------------------------------------------------------------------


def start_entrants(listed, scratch, settings, at_once):
    """Processes of a work, so many at a time: an import is work for a processor too."""
    entrants = [Entrant(contender, scratch) for contender in listed]
    for first in range(0, len(entrants), at_once):
        group = entrants[first:first + at_once]
        for entrant in group:
            entrant.launch()
        for entrant in group:
            entrant.await_environment(settings.deadline)
    return entrants


def measure_work(planned, device, listed, missing, maker, scratch, settings, parts):
    """Every case of a work, with the same processes. `parts`: cases that share the time left, these included."""
    entrants = start_entrants(listed, scratch, settings, machine.cores())
    results = []
    try:
        if planned[0].models > 1:
            stored = cases.stored_fleet(pathlib.Path(tempfile.mkdtemp(dir=scratch, prefix="stored-")))
        else:
            stored = cases.stored_case()
        for entrant in entrants:
            entrant.pass_stored(stored, settings.deadline)
            if entrant.status != "ready":
                settings.report(f"{entrant.contender.name}: {entrant.status}: {entrant.reason}")
        for number, case in enumerate(planned):
            if settings.deadline.left() <= 0:
                break
            results.append(measure_case(case, device, entrants, maker, scratch, settings,
                                        settings.deadline.share(parts - number)))
            results[-1]["programs"] += [dict(record) for record in missing]
    finally:
        for entrant in entrants:
            entrant.stop()
    environments = []
    for entrant in entrants:
        if entrant.environment:
            told = {"framework": entrant.contender.framework, "device": entrant.contender.device,
                    "threads": entrant.contender.threads,
                    **{name: value for name, value in entrant.environment.items() if name != "start_s"}}
            if told not in environments:
                environments.append(told)
    return results, environments


def missing_frameworks(found, device):
    """A record of every framework that no interpreter has: it is not run, and says so."""
    count = {framework: len(interpreters) for framework, interpreters in found.items()}
    return [{"name": framework, "framework": framework, "version": None, "variant": "", "threads": None,
             "device": device, "precision": "fp32", "flags": {}, "status": "not run",
             "reason": f"no interpreter that was given has the package {PACKAGES[framework]}", "parity": {},
             "first_s": None, "seconds": []}
            for framework in PACKAGES if not count[framework]]


# --- All of it -------------------------------------------------------------------------------------------------------


class Programs:
    """Copies of Plateau's workers: a build while this measures does not change what passed the gates."""

    def __init__(self, build, scratch):
        self.sources, self.copies, self.sha256 = {}, {}, {}
        for name in (WORKER_PROGRAM, f"{WORKER_PROGRAM}_emulated"):
            source = next((folder / name for folder in (build / "bench" / "peers", build)
                           if os.access(folder / name, os.X_OK)), None)
            if source is None:
                continue
            self.sources[name] = source
            self.copies[name] = pathlib.Path(scratch) / name
            shutil.copy2(source, self.copies[name])
            self.sha256[name] = self.digest(self.copies[name])
        if WORKER_PROGRAM not in self.copies:
            raise Refused(f"There is no program {WORKER_PROGRAM} in {build}; build it, or name another folder with "
                          "--build.")

    @staticmethod
    def digest(path):
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return None

    def rebuilt(self):
        return any(self.digest(self.sources[name]) != digest for name, digest in self.sha256.items())


def choose_devices(asked, gpu):
    if asked in ("cuda", "both") and not gpu:
        raise Refused(f"--device {asked}: this machine has no NVIDIA GPU.")
    if asked == "auto":
        return ["cuda"] if gpu else ["cpu"]
    return ["cuda", "cpu"] if asked == "both" else [asked]


def measure(options, command):
    """The whole document; the options are those of peers.py."""
    started = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    load = machine.load()
    busy = load > machine.HIGHEST_LOAD
    if busy and not (options.allow_busy or options.smoke):
        raise Refused(f"The load average is {load:.2f} and must not exceed {machine.HIGHEST_LOAD}; wait until the "
                      "machine is quiet, or measure all the same with --allow-busy.")
    gpu = machine.gpu()
    devices = choose_devices(options.device, gpu or machine.has_gpu())

    def report(words):
        print(words, file=sys.stderr, flush=True)

    settings = Settings(rounds=options.rounds, smoke=options.smoke, deadline=Deadline(options.limit), report=report,
                        warm_trainings=0 if options.smoke else WARM_TRAININGS,
                        pause_s=0.01 if options.smoke else PAUSE_S)
    document = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "suite": SUITE, "started": started,
                **machine.sources(), "command": command,
                "machine": {"cpu": machine.cpu_model(), "cores": machine.cores(), "gpu": gpu and gpu["name"],
                            "driver": gpu and gpu["driver"], "gpu_start": gpu, "load_start": load},
                "smoke": options.smoke, "busy": busy}
    with tempfile.TemporaryDirectory(prefix="plateau-peers-") as scratch:
        programs = Programs(options.build, scratch)
        document["plateau"] = {"build_type": machine.build_type(options.build), "sha256": programs.sha256}
        found = interpreters_of(options.python)
        plan = [(device, work, cases.planned(work, device, options.smoke, options.rows, options.epochs, options.fleet))
                for device in devices for work in options.work]
        left = sum(len(planned) for _, _, planned in plan)
        document.update(environments=[], cases=[], variants=VARIANTS)
        maker = Worker([programs.copies[WORKER_PROGRAM], "--device", "cpu", "--threads", machine.cores()], None, scratch)
        try:
            maker.environment()
            for device, work, planned in plan:
                emulated = programs.copies.get(f"{WORKER_PROGRAM}_emulated") if options.smoke else None
                listed = contenders(work, device, found, programs.copies[WORKER_PROGRAM], emulated, machine.cores(),
                                    options.every_variant)
                if settings.deadline.left() > 0:
                    results, environments = measure_work(planned, device, listed, missing_frameworks(found, device),
                                                         maker, scratch, settings, left)
                    document["cases"] += results
                    document["environments"] += [told for told in environments
                                                 if told not in document["environments"]]
                left -= len(planned)
        except (NotRun, Failed) as error:
            raise Failed(f"Plateau's generator: {error}") from error
        finally:
            maker.stop()
        document["rebuilt"] = programs.rebuilt()
    document["limit_reached"] = settings.deadline.left() <= 0
    document["machine"].update(load_end=machine.load(), gpu_end=machine.gpu() if gpu else None)
    return document


def failures_of_ours(document):
    """Sentences about Plateau's own programs that failed a gate, each once."""
    told = [f"{program['name']} ({program['device']}): {program['reason']}" for case in document["cases"]
            for program in case["programs"] if program["framework"] == "Plateau" and program["status"] == "FAIL"]
    return list(dict.fromkeys(told))
