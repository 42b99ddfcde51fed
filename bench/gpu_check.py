#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Everything a machine with a GPU can say about this project, in one command that needs no network.

  gpu_check.py [--build DIR] [--out DIR] [--limit SECONDS] [--only STAGE ...] [--python PATH ...] [--rehearse]

Uses a finished build: the programs lie in DIR as a build leaves them, or all in one folder. They need a driver, and
cuBLAS, which is looked for beside nvcc and in the packages of the Python interpreters. The stages, in this order:

  facts       nvidia-smi, `plateau info`
  tests       the tests that need a GPU, with PLATEAU_REQUIRE_GPU=1
  memcheck, racecheck, initcheck, synccheck
              compute-sanitizer over SANITIZED; not run where there is none or it refuses the machine
  machine     what the GPU itself can do: kernel boundaries, barriers, bandwidths, arithmetic
  scenarios   the three scenarios with their controls: epoch lines, verdicts, times
  kernels     every operation, cold and warm
  training    whole trainings, without the largest fleet
  peers       the same work in PyTorch, JAX and scikit-learn

Each stage has a share of --limit (480 s) and is cut there; what it measured by then is kept. After each of them
gpu-check.json and gpu-check.md are written anew into --out, so a machine that goes away takes the later stages only;
gpu-check.log holds what the programs printed. --rehearse runs all of it on the emulated GPU, with tiny shapes.

gpu-check.json is a result file (results.py) of the suite "gpu-check", whose `stages` are [{name, status: "passed",
"failed", "cut" or "not run", reason, seconds, result}]; `result` is the suite's result file where the stage has one,
and otherwise what the stage found.

Exit code: 0; 1 if a stage failed or was cut; 2 if it was asked for something impossible; 130 after Ctrl-C, 143 after
SIGTERM, and what runs then is ended too.
"""

import argparse
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import results
import run
import table

LIMIT_S = 480
# Share of the limit. Their sum is 1: a stage that ends early leaves its rest to those after it.
SHARES = {"facts": 0.03, "tests": 0.12, "memcheck": 0.04, "racecheck": 0.04, "initcheck": 0.04, "synccheck": 0.04,
          "machine": 0.06, "scenarios": 0.05, "kernels": 0.12, "training": 0.10, "peers": 0.36}
FILTERS = {"training": "-fleet/1024x128"}  # of Google Benchmark: without what takes a share alone
PEERS = results.ROOT / "bench" / "peers" / "peers.py"
SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")
# Every launcher, direct and captured, and short trainings: batches, streams, graphs, a ragged fleet.
SANITIZED = ("Launchers.*:BlasHandle.*:GpuTrainer.trains_linear_models_and_many_classes:"
             "GpuTrainer.a_recorded_epoch_*:FusedFleet.trains_on_*:FusedFleet.a_diverging_*")
SANITIZER_ERROR = 86
REFUSALS = re.compile(r"Device not supported|not supported on|Unable to (?:find|initialize)|Failed to initialize")
SCENARIOS = ("overfit", "underfit", "ceiling")


class NotRun(Exception):
    """Why a stage cannot be run on this machine; no fault of the project."""


class Cut(Exception):
    """A stage reached its limit."""


def cublas_folders(interpreters):
    """Where a cuBLAS lies that the loader might not know."""
    patterns = []
    if nvcc := shutil.which("nvcc"):
        patterns.append(str(pathlib.Path(nvcc).resolve().parents[1]))
    patterns += [os.environ.get("CUDA_PATH", ""), "/usr/local/cuda"]
    found = [folder for root in patterns if root for folder in (f"{root}/lib64", f"{root}/targets/x86_64-linux/lib")]
    for interpreter in interpreters:
        try:
            done = subprocess.run([interpreter, "-c", "import sys; print('\\n'.join(sys.path))"], capture_output=True,
                                  text=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            continue
        for root in filter(None, done.stdout.splitlines()):
            found += sorted(glob.glob(f"{glob.escape(root)}/nvidia/*/lib"))
    return list(dict.fromkeys(folder for folder in found if glob.glob(f"{glob.escape(folder)}/libcublas.so*")))


class Check:
    def __init__(self, options):
        self.options = options
        self.build = run.find_build(options.build)
        self.log = open(options.out / "gpu-check.log", "w")
        folders = cublas_folders(list(dict.fromkeys([sys.executable, "python3", *options.python])))
        known = os.environ.get("LD_LIBRARY_PATH")
        self.environment = dict(os.environ, LD_LIBRARY_PATH=":".join([*([known] if known else []), *folders]))
        self.deadline = 0.0

    def left(self):
        return self.deadline - time.monotonic()

    def call(self, command, environment=None, check=True):
        """(exit code, what it printed). Raises Cut at the stage's limit, Failed for another code than 0."""
        self.log.write(f"\n$ {' '.join(map(str, [pathlib.Path(command[0]).name, *command[1:]]))}\n")
        self.log.flush()
        try:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                       env={**self.environment, **(environment or {})})
        except OSError as error:
            raise results.Failed(f"{pathlib.Path(command[0]).name}: {error.strerror}") from error
        try:
            output, _ = process.communicate(timeout=max(0.0, self.left()))
        except subprocess.TimeoutExpired:
            run.end(process)
            output, _ = process.communicate()
            self.log.write(output.decode(errors="replace"))
            raise Cut(f"{pathlib.Path(command[0]).name} was still running at the stage's limit") from None
        finally:
            run.end(process)
        text = output.decode(errors="replace")
        self.log.write(text)
        self.log.flush()
        if check and process.returncode != 0:
            last = (text.strip().splitlines() or ["without a word"])[-1]
            raise results.Failed(f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {last[:300]}")
        return process.returncode, text

    def device(self):
        return "emulated" if self.options.rehearse else "cuda"

    def program(self, name):
        return run.find_program(self.build, name)

    # ---- Stages ------------------------------------------------------------------------------------------------------

    def facts(self):
        _, info = self.call([self.program("plateau_emulated" if self.options.rehearse else "plateau"), "info"])
        gpu = re.search(r"^gpu +(\S.*)$", info, re.MULTILINE)
        if not self.options.rehearse and (not gpu or gpu[1].startswith(("none", "emulated"))):
            raise results.Failed(f"plateau info finds no GPU: {gpu[1] if gpu else 'no word of one'}")
        return {"info": info.splitlines(), "nvidia_smi": results.gpu_facts()}

    def tests(self):
        program = self.program("gpu_tests_emulated" if self.options.rehearse else "gpu_tests")
        report = self.options.out / "gpu-tests.tmp"
        environment = {} if self.options.rehearse else {"PLATEAU_REQUIRE_GPU": "1"}
        chosen = [f"--gtest_filter={SANITIZED}"] if self.options.rehearse else []
        try:
            code, text = self.call([program, f"--gtest_output=json:{report}", *chosen], environment, check=False)
            counted = json.loads(report.read_text()) if report.is_file() else {}
        finally:
            report.unlink(missing_ok=True)
        failed = sorted(set(re.findall(r"^\[  FAILED  \] (\w+\.\w+)", text, re.MULTILINE)))
        found = {"tests": counted.get("tests", 0), "failures": counted.get("failures"), "failed": failed}
        if code != 0 or not counted.get("tests") or counted.get("failures") != 0:
            raise StageFailed(f"{len(failed)} tests failed: {', '.join(failed[:10])}" if failed else
                              f"gpu_tests ended with {code}", found)
        return found

    def sanitizer(self, tool):
        if self.options.rehearse:
            raise NotRun("the GPU is emulated; the host's sanitizers look at it elsewhere")
        sanitizer = shutil.which("compute-sanitizer") or shutil.which(
            "compute-sanitizer", path=":".join(glob.glob("/usr/local/cuda*/bin") +
                                               glob.glob("/usr/local/cuda*/compute-sanitizer")))
        if not sanitizer:
            raise NotRun("there is no compute-sanitizer on this machine")
        code, text = self.call([sanitizer, "--tool", tool, "--error-exitcode", str(SANITIZER_ERROR),
                                "--report-api-errors", "no", self.program("gpu_tests"),
                                f"--gtest_filter={SANITIZED}"], {"PLATEAU_REQUIRE_GPU": "1"}, check=False)
        if code != 0 and REFUSALS.search(text):
            raise NotRun(f"compute-sanitizer refuses this machine: {REFUSALS.search(text)[0]}")
        passed = re.search(r"^\[  PASSED  \] (\d+) tests?", text, re.MULTILINE)
        summary = re.findall(r"^========= (.*SUMMARY.*)$", text, re.MULTILINE)
        found = {"tests": int(passed[1]) if passed else 0, "summary": summary}
        if code != 0 or not found["tests"]:
            raise StageFailed(f"{tool} ended with {code}: {' '.join(summary) or 'no summary'}", found)
        return found

    def suite(self, name):
        options = argparse.Namespace(build=self.build, device=None if self.options.rehearse else "cuda",
                                     filter=FILTERS.get(name),
                                     repetitions=run.REPETITIONS, emulated=self.options.rehearse,
                                     smoke=self.options.rehearse)
        self.log.write(f"\n$ run.py {name}\n")
        self.log.flush()
        machine = results.machine_facts()
        result = run.measure(name, options, machine, max(1.0, self.left()), self.environment, self.log)
        self.expect_device(name, result["context"]["device"])
        if reason := run.failure(result):
            raise StageFailed(reason, result)
        if not result["complete"]:
            raise StageCut("what it measured before its limit is kept", result)
        return result

    def expect_device(self, what, device):
        if device != self.device():
            raise results.Failed(f"{what} ran on the device {device}, and not on {self.device()}")

    def scenarios(self):
        found = []
        rehearsed = ["--epochs", "20", "--no-controls"] if self.options.rehearse else []
        for name in SCENARIOS:
            program = self.program("plateau_emulated" if self.options.rehearse else "plateau")
            start = time.monotonic()
            _, text = self.call([program, "scenario", name, "--device", "cuda", "--format", "json", *rehearsed])
            whole = time.monotonic() - start
            try:
                said = json.loads(text[text.index("{"):text.rindex("}") + 1])
            except ValueError as error:
                raise StageFailed(f"scenario {name} printed no JSON", found) from error
            self.expect_device(f"scenario {name}", said["plan"]["device"])
            _, lines = self.call([program, "scenario", name, "--device", "cuda", "--no-controls",
                                  *(rehearsed[:2] if rehearsed else [])])
            epochs = re.findall(r"^Epoch: \d+, Train Loss: \S+, Test Accuracy: \S+$", lines, re.MULTILINE)
            if len(epochs) != said["configuration"]["epochs"]:
                raise StageFailed(f"scenario {name} printed {len(epochs)} epoch lines and trained "
                                  f"{said['configuration']['epochs']} epochs", found)
            found.append({"scenario": name, "plan": said["plan"], "result": said["result"], "verdict": said["verdict"],
                          "seconds": {**said["measured"]["seconds"], "whole_process": round(whole, 3)},
                          "epoch_lines": epochs})
        return found

    def peers(self):
        command = [sys.executable, PEERS, "--build", self.build, "--allow-busy", "--work", "A,C",
                   "--rows", "1000", "--limit", f"{max(10.0, self.left() - 15):.0f}",
                   "--out", self.options.out / "peers.tmp",
                   *(["--smoke", "--emulated"] if self.options.rehearse else ["--device", "cuda"])]
        for interpreter in self.options.python:
            command += ["--python", interpreter]
        try:
            code, text = self.call(command, check=False)
            path = self.options.out / "peers.tmp"
            result = results.read(path) if path.is_file() else None
        finally:
            (self.options.out / "peers.tmp").unlink(missing_ok=True)
        if code != 0 or result is None:
            raise StageFailed(f"peers.py ended with {code}: {(text.strip().splitlines() or ['without a word'])[-1][:300]}",
                              result)
        if not result["complete"]:
            raise StageCut("what it measured before its limit is kept", result)
        return result

    def stage(self, name):
        if name in SANITIZERS:
            return self.sanitizer(name)
        if name in run.SUITES:
            return self.suite(name)
        return {"facts": self.facts, "tests": self.tests, "scenarios": self.scenarios, "peers": self.peers}[name]()


class StageFailed(Exception):
    """A stage failed, and what it found nevertheless."""

    def __init__(self, reason, found):
        super().__init__(reason)
        self.found = found


class StageCut(StageFailed):
    """A stage reached its limit, and what it found by then."""


def attempt(check, name, seconds):
    """The stage's entry of the result file."""
    start = time.monotonic()
    check.deadline = start + seconds
    entry = {"name": name, "status": "passed", "limit_s": round(seconds, 1)}
    try:
        entry["result"] = check.stage(name)
    except NotRun as reason:
        entry.update(status="not run", reason=str(reason))
    except Cut as reason:
        entry.update(status="cut", reason=str(reason))
    except StageCut as cut:
        entry.update(status="cut", reason=str(cut), result=cut.found)
    except StageFailed as failure:
        entry.update(status="failed", reason=str(failure), result=failure.found)
    except (results.Failed, results.Refused) as reason:
        entry.update(status="failed", reason=str(reason))
    entry["seconds"] = round(time.monotonic() - start, 1)
    return entry


def render(result):
    lines = ["# gpu-check", "", results.machine_line(result)]
    lines += results.caution(result)
    lines += ["", "| stage | status | seconds | |", "| --- | --- | ---: | --- |"]
    lines += [f"| {stage['name']} | {stage['status']} | {stage['seconds']:.1f} | {stage.get('reason', '')} |"
              for stage in result["stages"]]
    for stage in result["stages"]:
        found = stage.get("result")
        if stage["name"] == "scenarios" and found:
            lines += ["", "## scenarios", "", "| scenario | verdict | last train loss | last test accuracy | training s | "
                      "whole process s |", "| --- | --- | ---: | ---: | ---: | ---: |"]
            for row in found:
                verdict = (row["verdict"] or {}).get("code", "none")
                lines.append(f"| {row['scenario']} | {verdict} | {row['result']['train_loss']:.4f} | "
                             f"{row['result']['test_accuracy']:.4f} | {row['seconds']['training']:.3f} | "
                             f"{row['seconds']['whole_process']:.3f} |")
    for name, part in results.parts(result):
        lines += ["", f"## {name}", "", table.render(part)]
    return "\n".join(lines) + "\n"


def check_everything(options):
    check = Check(options)
    machine = results.machine_facts()
    result = {"schema": results.SCHEMA, "schema_version": results.VERSION, "suite": "gpu-check",
              "started": results.now(), "command": f"gpu_check.py --limit {options.limit:.0f}" +
              (" --rehearse" if options.rehearse else ""), **results.commit_facts(), "smoke": options.rehearse,
              "busy": results.is_busy(machine), "complete": False, "machine": machine,
              "context": {"device": "emulated" if options.rehearse else "cuda",
                          "device_name": (machine["gpu"] or {}).get("name", "unknown")}, "stages": []}
    names = [name for name in SHARES if not options.only or name in options.only]
    end = time.monotonic() + options.limit
    for number, name in enumerate(names):
        later = sum(SHARES[other] for other in names[number:])
        entry = attempt(check, name, (end - time.monotonic()) * SHARES[name] / later)
        result["stages"].append(entry)
        result["complete"] = number + 1 == len(names)
        result["machine"]["load_end"] = os.getloadavg()[0]
        results.write(options.out / "gpu-check.json", result)
        (options.out / "gpu-check.md").write_text(render(result))
        print(f"{name:<10} {entry['status']:<8} {entry['seconds']:6.1f} s  {entry.get('reason', '')}", flush=True)
        if name == "facts" and entry["status"] != "passed":
            break  # there is nothing to check
    return result


def main(arguments):
    parser = argparse.ArgumentParser(description="Everything a machine with a GPU can say about this project.")
    parser.add_argument("--build", type=pathlib.Path, help="folder of the programs [the newest of build/cuda, build/cpu]")
    parser.add_argument("--out", type=pathlib.Path, default=results.ROOT / "build" / "gpu-check", help="[build/gpu-check]")
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="SECONDS", help=f"for all of it [{LIMIT_S}]")
    parser.add_argument("--only", action="append", choices=SHARES, metavar="STAGE", help="may be repeated")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="an interpreter whose frameworks "
                        "take part, and whose cuBLAS may be used; may be repeated")
    parser.add_argument("--rehearse", action="store_true", help="on the emulated GPU, with tiny shapes")
    options = parser.parse_args(arguments)
    try:
        if not 0 < options.limit:
            raise results.Refused(f"--limit {options.limit}: expected seconds above zero")
        try:
            options.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise results.Refused(f"--out {options.out}: {error.strerror}") from error
        result = check_everything(options)
    except results.Refused as reason:
        print(f"gpu_check.py: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"\nwritten: {options.out / 'gpu-check.json'} and gpu-check.md")
    return 0 if all(stage["status"] in ("passed", "not run") for stage in result["stages"]) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the program of a stage ends too
    sys.exit(main(sys.argv[1:]))
