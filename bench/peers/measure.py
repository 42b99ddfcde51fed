# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The measurement: starts the contenders, gates them, times them round by round, and gathers the result."""

import concurrent.futures
import dataclasses
import hashlib
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cases
import results
from cases import Case
from contenders import PACKAGES, VARIANTS, Contender, contenders, interpreters_of
from errors import TIME_IS_UP, Failed, NotRun, OutOfTime, Refused
from figures import summarise
from worker import BUILD_KEYS, FIRST_LIMIT_S, RUN_LIMIT_S, Deadline, Worker

SUITE = "peers"
LEAST_ROUNDS, ROUNDS, SMOKE_ROUNDS = 9, 15, 2
WARM_TRAININGS, WARM_EPOCHS = 2, 10
PAUSE_S = 0.2  # in which spinning thread pools of the program before fall asleep
EMULATED_EPOCHS = 2  # of the parity case: each takes seconds there
WORKER_PROGRAM, EMULATED_PROGRAM = "plateau_peer_worker", "plateau_peer_worker_emulated"
ADMISSION_SHARE = 0.6  # of a case's time, for first calls and gates; the rest is for rounds
GPU_STATE = ("clocks.sm", "clocks.mem", "power.draw", "temperature.gpu", "utilization.gpu")


@dataclasses.dataclass
class Settings:
    rounds: int = ROUNDS
    smoke: bool = False
    deadline: Deadline = dataclasses.field(default_factory=Deadline)
    pause_s: float = PAUSE_S
    warm_trainings: int = WARM_TRAININGS
    starts_at_once: int = 1
    first_calls_at_once: int = 1
    report: object = lambda words: None


# --- One contender ---------------------------------------------------------------------------------------------------


class Entrant:
    """A contender with its process, for as long as a work lasts. What it leaves in a case is a plain dictionary."""

    def __init__(self, contender, scratch):
        self.contender, self.scratch = contender, scratch
        self.worker = self.environment = self.stored = None
        self.first = None  # trajectories of the case's first call
        self.gate_s = math.inf  # what the stored gate took, compilation included
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
            begin = time.monotonic()
            reply = self.worker.train(epochs, timed=False, limit_s=FIRST_LIMIT_S, deadline=deadline)
            self.gate_s = time.monotonic() - begin
            self.stored = cases.gate_all(reply["trajectories"], [expected] * 2, case.test_rows, contender.precision,
                                         "the parity case")
        if self.status == "ready" and not contender.own_conventions:
            self.guarded(action)
        if self.status == "ready" and contender.parity_only:
            self.end("not run", "its device is emulated, and is never timed")

    def record(self):
        environment = self.environment or {}
        return blank_record(self.contender, version=environment.get("version"), start_s=environment.get("start_s"),
                            flags=environment.get("precision", {}), status=self.status, reason=self.reason,
                            parity={"stored": self.stored} if self.stored else {})


def blank_record(contender, **known):
    """A program as the result holds it, before it was timed."""
    return {"name": contender.name, "label": contender.label, "framework": contender.framework, "version": None,
            "variant": contender.variant, "threads": contender.threads, "device": contender.device,
            "precision": contender.precision, "flags": {}, "reason": "", "parity": {}, "start_s": None,
            "first_s": None, "seconds": [], **known}


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

    def __init__(self, maker, case, scratch, deadline):
        self.case, self.gate = case, case.gate()
        for made in [case] if self.gate is case else [case, self.gate]:
            made.folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
            maker.ask(made.request("make"), FIRST_LIMIT_S, deadline)
        maker.ask(self.gate.request("load"), deadline=deadline)
        asked = {"do": "oracle", "epochs": min(self.gate.gate_epochs, self.gate.epochs)}
        self.expected = cases.oracle_expectations(maker.ask(asked, FIRST_LIMIT_S, deadline))

    def remove(self):
        for made in {self.case.folder, self.gate.folder}:
            shutil.rmtree(made, ignore_errors=True)

    def near(self, trajectories, precision):
        return cases.gate_all(trajectories, self.expected, self.gate.test_rows, precision, f"'{self.gate.name}'")

    def expect_round(self, reply, entrant, record, settings):
        """Failed unless a training in a round is the one that was admitted."""
        contender = entrant.contender
        expect_training(reply, self.case.epochs, settings.smoke)
        if self.gate is self.case and not contender.own_conventions:
            near = self.near(reply["trajectories"], contender.precision)
            record["parity"]["case"] = max(record["parity"]["case"], near, key=lambda one: one["worst_share"])
        else:
            cases.expect_repetition(reply["trajectories"], entrant.first, self.case.test_rows, contender.precision)


def admission_order(entrants):
    """Ours first, then the quick ones: where time is short, it is the slow ones that it ends for."""
    ready = [entrant for entrant in entrants if entrant.status == "ready"]
    return sorted(ready, key=lambda entrant: (entrant.contender.framework != "Plateau", entrant.gate_s))


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
        entrant.first = first["trajectories"]
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
        entrant.end("not run", reason)
    except Failed as failure:
        record.update(status="FAIL", reason=str(failure))
        if worker.process is None:  # it was cut, or ended by itself
            entrant.end("FAIL", failure)
    settings.report(f"  {record['name']}: {record['status']}: " + (record["reason"] or "".join(
        f"{100 * near['worst_share']:.0f} % of the bound, " for near in record["parity"].values())
        + f"first call {record['first_s']:.3f} s"))


def round_order(count, number, rounds):
    """The places of a round, by a Williams design: over the rounds everyone comes early and late, and nobody follows
    the same neighbour all the time."""
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(count)]
    turn = number * count // rounds if rounds < count else number
    order = [(place + turn) % count for place in zigzag]
    # An odd number has the balance in pairs of a row and its reverse.
    return order[::-1] if count % 2 and (number if rounds < 2 * count else number // count) % 2 else order


def run_rounds(timed, gates, settings, deadline):
    """`timed`: pairs of an entrant and its record. Every round in another order, with pauses; only whole rounds count.
    Returns the order of every round, and whether the deadline ended them."""
    case, order = gates.case, []
    for number in range(settings.rounds):
        running = [pair for pair in timed if pair[1]["status"] in ("timed", "own conventions")]
        if not running:
            break
        running = [running[place] for place in round_order(len(running), number, settings.rounds)]
        times = {}
        for entrant, record in running:
            if deadline.left() <= 0 and number > 0:
                return order, True
            time.sleep(settings.pause_s)
            try:
                reply = entrant.worker.train(case.epochs, min(WARM_EPOCHS, case.epochs), limit_s=RUN_LIMIT_S,
                                             deadline=settings.deadline)
                gates.expect_round(reply, entrant, record, settings)
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
        order.append([record["name"] for _, record in running])
        settings.report(f"  round {number + 1} of {settings.rounds}")
        if deadline.left() <= 0 and number + 1 < settings.rounds:
            return order, True
    return order, False


def measure_case(case, device, entrants, maker, scratch, settings, deadline):
    """Gates and times every contender of a case; the case as the result holds it."""
    settings.report(f"{case.name}, {case.epochs} epochs")
    gates = Gates(maker, case, scratch, settings.deadline)
    pairs = [(entrant, entrant.record()) for entrant in entrants]
    admitted_by = deadline.share(1 / ADMISSION_SHARE)

    record_of = {id(entrant): record for entrant, record in pairs}

    def admit_in_time(entrant):
        if admitted_by.left() > 0:
            admit(entrant, record_of[id(entrant)], gates, settings, admitted_by)
        else:
            record_of[id(entrant)].update(status="not run", reason=f"{TIME_IS_UP} before its turn")

    beside_each_other(settings.first_calls_at_once, admit_in_time, admission_order(entrants))
    order, limit_reached = run_rounds(pairs, gates, settings, deadline)
    records = [record for _, record in pairs]
    for record in records:
        if record["status"] in ("timed", "own conventions") and not record["seconds"]:
            record.update(status="not run", reason=f"{TIME_IS_UP} before the first round ended")
    limit_reached |= any(record["reason"].startswith(TIME_IS_UP) for record in records)
    references = {}  # the first program of ours that was timed at a precision
    for record in records:
        if record["framework"] == "Plateau" and record["device"] == device and record["status"] == "timed":
            references.setdefault(record["precision"], record)
    summarise(records, references)
    gates.remove()
    return {"work": case.work, "name": case.name, "device": device, "widths": case.widths, "rows": case.rows,
            "test_rows": case.test_rows, "models": case.models, "epochs": case.epochs, "batch": case.batch,
            "learning_rate": case.lr, "gate_rows": gates.gate.rows, "rounds": len(order),
            "starts_at_once": settings.starts_at_once, "first_calls_at_once": settings.first_calls_at_once,
            "limit_reached": limit_reached, "order": order,
            "references": {precision: record["name"] for precision, record in references.items()},
            "programs": records}


# --- One work --------------------------------------------------------------------------------------------------------


def beside_each_other(at_once, action, entrants):
    """The action of every entrant, so many at a time. Whatever ends it, Ctrl-C too, ends the processes waited for."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        done = [pool.submit(action, entrant) for entrant in entrants]
        try:
            for one in done:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for entrant in entrants:
                if entrant.worker:
                    entrant.worker.interrupt()
            raise


class Crew:
    """The entrants that are at work. A process serves every work that lists its contender, and ends when one does not;
    it passes the stored gate once, and once more as a fleet."""

    def __init__(self, scratch, settings):
        self.scratch, self.settings, self.entrants = scratch, settings, {}

    def stored(self, fleet):
        return cases.stored_fleet(pathlib.Path(tempfile.mkdtemp(dir=self.scratch))) if fleet else cases.stored_case()

    def gather(self, listed, fleet):
        """The entrants of a work, in the order of the list, those that are no longer needed stopped."""
        wanted = {(contender.name, fleet): contender for contender in listed}
        for key in self.entrants.keys() - wanted.keys():
            self.entrants.pop(key).stop()
        new = [key for key in wanted if key not in self.entrants]
        self.entrants.update({key: Entrant(wanted[key], self.scratch) for key in new})
        self.settings.report(f"starting {len(new)} programs and gating them on PyTorch's trajectory")
        stored, newcomers = self.stored(fleet), [self.entrants[key] for key in new]

        def start(entrant):
            entrant.launch()
            entrant.await_environment(self.settings.deadline)

        beside_each_other(self.settings.starts_at_once, start, newcomers)
        beside_each_other(machine_cores(), lambda entrant: entrant.pass_stored(stored, self.settings.deadline),
                          newcomers)
        for entrant in newcomers:
            if entrant.status != "ready":
                self.settings.report(f"{entrant.contender.name}: {entrant.status}: {entrant.reason}")
        return [self.entrants[key] for key in wanted]

    def stop(self):
        for entrant in self.entrants.values():
            entrant.stop()


def measure_work(planned, device, listed, missing, maker, crew, settings, parts):
    """Every case of a work, and what its programs say of themselves. `parts`: cases that share the time left, these
    included."""
    entrants = crew.gather(listed, planned[0].models > 1)
    measured = []
    for number, case in enumerate(planned):
        if settings.deadline.left() <= 0:
            break
        try:
            measured.append(measure_case(case, device, entrants, maker, crew.scratch, settings,
                                         settings.deadline.share(parts - number)))
        except OutOfTime:  # its rows were not made yet
            break
        measured[-1]["programs"] += [dict(record) for record in missing]
    environments = [{"framework": entrant.contender.framework, "device": entrant.contender.device,
                     "threads": entrant.contender.threads,
                     **{name: value for name, value in entrant.environment.items()
                        if name not in ("start_s", *BUILD_KEYS)}}
                    for entrant in entrants if entrant.environment]
    return measured, environments


def missing_frameworks(found, device):
    """A record of every framework that no interpreter has: it is not run, and says so."""
    return [blank_record(Contender(framework, "", device, None), status="not run",
                         reason=f"no interpreter that was given has the package {package}")
            for framework, package in PACKAGES.items() if not found[framework]]


# --- All of it -------------------------------------------------------------------------------------------------------


class Programs:
    """Copies of Plateau's workers: a build while this measures does not change what passed the gates."""

    def __init__(self, build, scratch, emulated):
        self.sources, self.copies, self.sha256 = {}, {}, {}
        for name in (WORKER_PROGRAM, EMULATED_PROGRAM) if emulated else (WORKER_PROGRAM,):
            source = next((folder / name for folder in (build / "bench" / "peers", build)
                           if os.access(folder / name, os.X_OK)), None)
            if source is None:
                continue
            self.sources[name] = source
            self.copies[name] = pathlib.Path(scratch) / name
            shutil.copy2(source, self.copies[name])
            self.sha256[name] = self.digest(self.copies[name])
        needed = EMULATED_PROGRAM if emulated else WORKER_PROGRAM
        if needed not in self.copies:
            raise Refused(f"There is no program {needed} in {build}; build it, or name another folder with --build.")
        self.emulated = self.copies.get(EMULATED_PROGRAM)
        self.own = self.copies.get(WORKER_PROGRAM, self.emulated)  # the emulated one's CPU device is the same

    @staticmethod
    def digest(path):
        try:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return None

    def rebuilt(self):
        return any(self.digest(self.sources[name]) != digest for name, digest in self.sha256.items())


def machine_cores():
    return len(os.sched_getaffinity(0))


def gpu_state():
    """What nvidia-smi tells of the first GPU at this moment; None where there is none."""
    try:
        said = subprocess.run(["nvidia-smi", f"--query-gpu={','.join(GPU_STATE)}", "--format=csv,noheader"],
                              capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return dict(zip(GPU_STATE, (value.strip() for value in (said.splitlines() or [""])[0].split(","))))


def finds_gpu(program):
    """Whether Plateau finds a GPU, where there is no nvidia-smi to ask."""
    try:
        asked = Worker([program, "--device", "cuda"])
    except NotRun:
        return False
    try:
        return asked.environment().get("device") == "cuda"
    except (NotRun, Failed):
        return False
    finally:
        asked.stop()


def choose_devices(asked, has_gpu):
    if asked in ("cuda", "both") and not has_gpu:
        raise Refused(f"--device {asked}: neither nvidia-smi nor Plateau finds a GPU on this machine.")
    if asked == "auto":
        return ["cuda"] if has_gpu else ["cpu"]
    return ["cuda", "cpu"] if asked == "both" else [asked]


def measure(options, command):
    """The whole document; the options are those of peers.py."""
    started, facts = results.now(), results.machine_facts()
    gpu = facts["gpu"]
    if not (options.allow_busy or options.smoke):
        results.expect_quiet(facts)

    def report(words):
        print(words, file=sys.stderr, flush=True)

    settings = Settings(rounds=options.rounds, smoke=options.smoke, deadline=Deadline(options.limit), report=report,
                        warm_trainings=0 if options.smoke else 1 if options.limit else WARM_TRAININGS,
                        pause_s=0.01 if options.smoke else PAUSE_S,
                        starts_at_once=machine_cores() if options.limit or options.smoke else 1)
    document = {"schema": results.SCHEMA, "schema_version": results.VERSION, "suite": SUITE, "started": started,
                **results.commit_facts(), "command": command,
                "machine": {**facts, "driver": gpu and gpu["driver_version"], "gpu_state_start": gpu_state()},
                "smoke": options.smoke, "busy": results.is_busy(facts)}
    with tempfile.TemporaryDirectory(prefix="plateau-peers-") as scratch:
        programs = Programs(options.build, scratch, options.emulated)
        devices = choose_devices(options.device, gpu is not None or finds_gpu(programs.own))
        if options.smoke or (options.limit and "cuda" not in devices):  # contenders would share one GPU
            settings.first_calls_at_once = max(1, machine_cores() // 2)
        document["context"] = {"device": devices[0]}
        if devices[0] == "cuda":
            document["context"]["device_name"] = gpu["name"] if gpu else "a GPU without nvidia-smi"
        document["plateau"] = {"build_type": build_type(options.build), "sha256": programs.sha256}
        found = interpreters_of(options.python)
        plan = [(device, work, cases.planned(work, device, options.smoke, options.rows, options.epochs, options.fleet))
                for device in devices for work in options.work]
        plan = [part for part in plan if part[2]]
        left = sum(len(planned) for _, _, planned in plan)
        document.update(environments=[], cases=[], variants=VARIANTS)
        crew = Crew(scratch, settings)
        maker = Worker([programs.own, "--device", "cpu", "--threads", machine_cores()], None, scratch)
        try:
            document["build"] = results.build_facts(maker.environment())
            for device, work, planned in plan:
                listed = contenders(work, device, found, programs.own, programs.emulated, machine_cores(),
                                    options.every_variant)
                if settings.deadline.left() > 0:
                    cases_of_work, environments = measure_work(planned, device, listed,
                                                               missing_frameworks(found, device), maker, crew,
                                                               settings, left)
                    document["cases"] += cases_of_work
                    for told in environments:
                        if told not in document["environments"]:
                            document["environments"].append(told)
                left -= len(planned)
        except (NotRun, Failed) as error:
            raise Failed(f"Plateau's generator: {error}") from error
        finally:
            crew.stop()
            maker.stop()
        document["rebuilt"] = programs.rebuilt()
    document["complete"] = (len(document["cases"]) == sum(len(planned) for _, _, planned in plan)
                            and not any(case["limit_reached"] for case in document["cases"]))
    document["machine"].update(load_end=os.getloadavg()[0], gpu_state_end=gpu_state())
    return document


def build_type(build):
    try:
        found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else None


def failures_of_ours(document):
    """Sentences about Plateau's own programs that failed a gate, each once."""
    told = [f"{program['name']}: {program['reason']}" for case in document["cases"]
            for program in case["programs"] if program["framework"] == "Plateau" and program["status"] == "FAIL"]
    return list(dict.fromkeys(told))
