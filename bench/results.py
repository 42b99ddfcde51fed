#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Result files of the benchmarks: what is in one, and how it comes from what Google Benchmark prints.

A result file is one JSON document:

  schema, schema_version   "plateau-bench", 1
  suite                    "kernels", "training", "machine", "parsing", "peers", "gpu-check" or "validation"
  started                  UTC, ISO 8601
  command                  what was run, without paths
  commit, dirty            of the working tree, or null; whether tracked files differed from it
  build                    {commit, dirty} of the program by its own word, null where it does not know; absent from
                           files of programs that never said
  smoke, busy              true: no measurement to publish (tiny shapes; others used more than HIGHEST_BUSY_SHARE of
                           the processors at the start)
  complete                 false: the run was cut, and this is what there was
  machine                  cpu, cores, busy_share, load_start, load_end; of a GPU name, driver, clocks and memory as
                           nvidia-smi tells
  context                  what the program said of itself: device, versions, ...
  failure                  why the program failed, where it did and measured something nevertheless
  cases                    [{name, status: "timed", "failed" or "not offered" by the device, reason, us: a time per
                           repetition, median_us, min_us, max_us, counters: {name: median over the repetitions}}]

peers, gpu-check and validation have other cases: peers/peers.py, gpu_check.py and validation/report.py describe them.
"""

import datetime
import importlib.util
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCHEMA, VERSION = "plateau-bench", 1
HIGHEST_BUSY_SHARE = 0.35
SAMPLE_S = 1.0
MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
# What Google Benchmark says of every case; everything else with a number is a counter.
NO_COUNTERS = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
               "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit", "error_occurred",
               "error_message", "skipped", "skip_message"}
GPU_FACTS = ("name", "driver_version", "clocks.max.sm", "clocks.max.mem", "power.limit", "memory.total")


class Refused(Exception):
    """What was asked for cannot be done: one sentence."""


class Failed(Exception):
    """What was run does not do its work: one sentence."""


# --- Facts -----------------------------------------------------------------------------------------------------------


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def git(*arguments):
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def commit_facts():
    if git("rev-parse", "--show-cdup") != "":  # no repository, or another one around these files
        return {"commit": None, "dirty": False}
    changes = git("--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(changes)}


def build_facts(said):
    """{commit, dirty} of the build, from what its program says; None where it does not know."""
    dirty = {"true": True, "false": False}.get(str(said.get("build_dirty", "")).lower())
    return {"commit": said.get("build_commit") or None, "dirty": dirty}


def cpu_model():
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def gpu_facts():
    """What nvidia-smi tells of the first GPU; None where there is none or no nvidia-smi."""
    try:
        done = subprocess.run(["nvidia-smi", f"--query-gpu={','.join(GPU_FACTS)}", "--format=csv,noheader"],
                              capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    values = [value.strip() for value in (done.stdout.splitlines() or [""])[0].split(",")]
    return dict(zip(GPU_FACTS, values)) if len(values) == len(GPU_FACTS) else None


def processor_times():
    """(idle, all) ticks of all processors since the start of the machine."""
    ticks = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def busy_share():
    """The share of the processors' time that others use while this waits a second. A load average would still count a
    build that ended, or the measurement before."""
    try:
        idle, whole = processor_times()
        time.sleep(SAMPLE_S)
        idle_later, whole_later = processor_times()
        return round(1 - (idle_later - idle) / (whole_later - whole), 3)
    except (OSError, ValueError, IndexError, ZeroDivisionError):  # not told here
        return round(min(1.0, os.getloadavg()[0] / os.cpu_count()), 3)


def machine_facts():
    return {"cpu": cpu_model(), "cores": os.cpu_count(), "busy_share": busy_share(), "load_start": os.getloadavg()[0],
            "gpu": gpu_facts()}


def is_busy(machine):
    return machine["busy_share"] > HIGHEST_BUSY_SHARE


def expect_quiet(machine):
    if is_busy(machine):
        raise Refused(f"others use {100 * machine['busy_share']:.0f} % of the processors, and more than "
                      f"{100 * HIGHEST_BUSY_SHARE:.0f} % would show: wait until the machine is quiet, or measure all "
                      "the same with --allow-busy")


# --- From Google Benchmark -------------------------------------------------------------------------------------------


def parse_benchmarks(text):
    """(document, complete) of --benchmark_out: of a run that was cut, what was written whole."""
    try:
        return json.loads(text), True
    except json.JSONDecodeError:
        pass
    end = text.rfind("\n    }")
    for repaired in ([text[:end] + "\n    }\n  ]\n}"] if end >= 0 else []):
        try:
            return json.loads(repaired), False
        except json.JSONDecodeError:
            pass
    return {"context": {}, "benchmarks": []}, False


def case_name(run_name):
    """Without what Google Benchmark appends: how it timed, and how often."""
    return re.sub(r"/(manual_time|real_time|process_time|repeats:\d+|iterations:\d+|min_time:[\d.]+|min_warmup_time:[\d.]+)"
                  r"(?=/|$)", "", run_name)


def cases_of(benchmarks):
    """The cases of a result file, in the order in which they ran."""
    cases = {}
    for entry in benchmarks:
        if entry.get("run_type", "iteration") != "iteration":
            continue
        name = case_name(entry.get("run_name", entry["name"]))
        case = cases.setdefault(name, {"name": name, "status": "timed", "us": [], "counters": {}})
        if entry.get("error_occurred"):
            reason = entry.get("error_message", "no reason given")
            not_offered = reason.removeprefix("not offered: ")
            case.update(status="failed" if not_offered == reason else "not offered", reason=not_offered)
            continue
        case["us"].append(entry["real_time"] * MICROSECONDS[entry["time_unit"]])
        for key, value in entry.items():
            if key not in NO_COUNTERS and isinstance(value, (int, float)) and not isinstance(value, bool):
                case["counters"].setdefault(key, []).append(value)
    for case in cases.values():
        case["counters"] = {key: statistics.median(values) for key, values in case["counters"].items()}
        if case["us"]:
            case.update(median_us=statistics.median(case["us"]), min_us=min(case["us"]), max_us=max(case["us"]))
        elif case["status"] == "timed":
            case.update(status="failed", reason="it was not timed")
    return list(cases.values())


def document(suite, command, started, machine, text):
    """The result file of a suite whose program wrote `text`. Raises Failed where it measured nothing."""
    said, complete = parse_benchmarks(text)
    context = {key: value for key, value in said.get("context", {}).items() if isinstance(value, str)}
    context.pop("executable", None)  # a path
    context.pop("host_name", None)
    cases = cases_of(said.get("benchmarks", []))
    if not cases:
        raise Failed(f"{suite}: the program timed nothing")
    result = {"schema": SCHEMA, "schema_version": VERSION, "suite": suite, "started": started, "command": command,
              **commit_facts(), "build": build_facts(context), "smoke": context.get("smoke") == "true",
              "busy": is_busy(machine), "complete": complete,
              "machine": {**machine, "load_end": os.getloadavg()[0]}, "context": context, "cases": cases}
    expect_publishable_device(result)
    return result


def expect_publishable_device(result):
    device = result["context"].get("device")
    if device not in ("cuda", "cpu", "emulated"):
        raise Failed(f"{result['suite']}: the program does not say on which device it measured")
    if device == "emulated" and not result["smoke"]:
        raise Failed(f"{result['suite']}: times of the emulated GPU are no results")


# --- Files -----------------------------------------------------------------------------------------------------------


NUMBER, TEXT = (int, float), (str, type(None))
HEAD = {"suite": str, "started": str, "command": str, "commit": TEXT, "dirty": bool, "smoke": bool, "busy": bool,
        "complete": bool, "machine": dict, "context": dict}
TIMED = {"us": list, "median_us": NUMBER, "min_us": NUMBER, "max_us": NUMBER}
PEERS_CASE = {"name": str, "epochs": int, "test_rows": int, "models": int, "rounds": int, "first_calls_at_once": int,
              "limit_reached": bool, "references": dict, "programs": list}
PROGRAM = {"name": str, "label": str, "framework": str, "version": TEXT, "device": str, "precision": str, "flags": dict,
           "status": str, "reason": str, "parity": dict, "seconds": list}
TIMED_PROGRAM = {"first_s": NUMBER, "median_s": NUMBER, "min_s": NUMBER, "max_s": NUMBER}


def expect_members(value, members, where):
    if not isinstance(value, dict):
        raise Refused(f"{where} is no object")
    for name, kind in members.items():
        if not isinstance(value.get(name), kind) or name not in value:
            raise Refused(f"{where} has no {name}, or one of another kind")
        if kind is list and name in ("us", "seconds") and not all(isinstance(time, NUMBER) for time in value[name]):
            raise Refused(f"{where}: {name} holds something else than numbers")


def validation():
    """What knows the suite "validation"; another part of the benchmarks has a report.py as well."""
    spec = importlib.util.spec_from_file_location("validation_report", ROOT / "bench" / "validation" / "report.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expect_form(result, where):
    """Refused unless the result has what those who read it use."""
    expect_members(result, HEAD, where)
    expect_members(result["machine"], {"cpu": str, "cores": int}, f"{where}: machine")
    if result.get("build") is not None:
        expect_members(result["build"], {"commit": TEXT, "dirty": (bool, type(None))}, f"{where}: build")
    if result["suite"] == "gpu-check":
        expect_members(result, {"stages": list}, where)
        for stage in result["stages"]:
            expect_members(stage, {"name": str, "status": str, "seconds": NUMBER}, f"{where}: a stage")
            if isinstance(stage.get("result"), dict) and "suite" in stage["result"]:
                expect_form(stage["result"], f"{where}: {stage['name']}")
        return
    if result["suite"] == "validation":
        validation().expect_form(result, where)
        return
    expect_members(result, {"cases": list}, where)
    for case in result["cases"]:
        if result["suite"] != "peers":
            expect_members(case, {"name": str, "status": str, "counters": dict}, f"{where}: a case")
            expect_members(case, TIMED if case["status"] == "timed" else {"reason": str}, f"{where}: {case['name']}")
            continue
        expect_members(case, PEERS_CASE, f"{where}: a case")
        for program in case["programs"]:
            expect_members(program, PROGRAM, f"{where}: {case['name']}")
            if program["status"] in ("timed", "own conventions"):
                expect_members(program, TIMED_PROGRAM, f"{where}: {program['name']}")
    if result["suite"] == "peers":
        expect_members(result, {"rebuilt": bool}, where)
        expect_members(result["machine"], {"load_start": NUMBER, "load_end": NUMBER}, f"{where}: machine")


def read(path):
    """The result in a file. Refused where there is none, or not all of one."""
    path = pathlib.Path(path)
    try:
        result = json.loads(path.read_text())
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"{path} is no JSON: {error}") from error
    if not isinstance(result, dict) or result.get("schema") != SCHEMA:
        raise Refused(f"{path} is no result of a benchmark: its schema is not {SCHEMA!r}")
    if result.get("schema_version") != VERSION:
        raise Refused(f"{path} has the schema version {result.get('schema_version')}, and this reads {VERSION}")
    expect_form(result, str(path))
    return result


def write(path, result):
    """Whole or not at all; lists of numbers on one line."""
    text = json.dumps(result, indent=1, allow_nan=False) + "\n"
    text = re.sub(r"\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]",
                  lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text)
    path = pathlib.Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_text(text)
        partial.replace(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error


def parts(result):
    """(name, document) of every suite in it: itself, or the stages of a gpu-check that measured something."""
    if result["suite"] != "gpu-check":
        yield result["suite"], result
        return
    for stage in result["stages"]:
        if isinstance(stage.get("result"), dict) and "suite" in stage["result"]:
            yield stage["name"], stage["result"]


def build_doubts(result):
    """Why it is not clear what was measured."""
    build = result.get("build")
    if build is None:
        return [] if result.get("commit") else ["the commit is unknown"]
    words = []
    if build["commit"] is None or build["dirty"] is None:
        words.append("what the program was built from is unknown")
    if build["dirty"]:
        words.append("the program was built from changes that were not committed")
    if build["commit"] and result.get("commit") and build["commit"] != result["commit"]:
        words.append(f"the program was built from commit {build['commit'][:12]}, and the checkout is another")
    return words


def doubts(result):
    """Why a result is none to publish, in words; empty where it is one."""
    found = [("smoke", "a smoke run"), ("busy", "the machine was busy"), ("dirty", "changes were not committed")]
    words = [text for key, text in found if result.get(key)]
    if result["suite"] != "gpu-check":
        return words + build_doubts(result)
    for _, part in parts(result):
        words += [word for word in doubts(part) if word not in words]
    return words


def no_times(result):
    """Why its times say nothing at all; empty where they say something."""
    words = ["a smoke run"] if result["smoke"] else []
    return words + (["its GPU is emulated"] if result["context"].get("device") == "emulated" else [])


def caution(result, more=()):
    """Lines to stand under a result's head: why it is none, and that there is less of it than was asked for."""
    lines = []
    if words := [*doubts(result), *more]:
        lines.append(f"**Not a measurement: {', '.join(words)}.**")
    if not result.get("complete", True):
        lines.append("Cut by a limit or a failure: cases or repetitions are missing, and those that are here are whole.")
    return lines


def machine_line(result):
    machine, context = result["machine"], result.get("context", {})
    device = context.get("device", "cpu")
    place = f"{machine['cpu']}, {machine['cores']} core{'' if machine['cores'] == 1 else 's'}"
    if device == "cuda":
        place = f"{context.get('device_name', 'a GPU')}, driver {(machine.get('gpu') or {}).get('driver_version', '?')}"
    elif device == "emulated":
        place = "emulated GPU"
    commit = ((result.get("build") or {}).get("commit") or result.get("commit") or "unknown")[:12]
    return f"{place}, {result['started']}, commit {commit}"
