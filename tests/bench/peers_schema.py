# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""What a result of bench/peers must look like."""

import datetime
import math
import numbers

OPTIONAL_TEXT = (str, type(None))
DOCUMENT = {"schema": str, "schema_version": int, "suite": str, "started": str, "commit": OPTIONAL_TEXT, "dirty": bool,
            "command": str, "machine": dict, "smoke": bool, "busy": bool, "rebuilt": bool, "complete": bool,
            "context": dict, "build": dict, "environments": list, "cases": list, "variants": dict, "plateau": dict}
MACHINE = {"cpu": str, "cores": int, "busy_share": float, "gpu": (dict, type(None)),
           "driver": OPTIONAL_TEXT, "load_start": float, "load_end": float}
CASE = {"work": str, "name": str, "device": str, "widths": list, "rows": int, "test_rows": int, "models": int,
        "epochs": int, "batch": int, "learning_rate": float, "gate_rows": int, "rounds": int, "starts_at_once": int,
        "first_calls_at_once": int, "limit_reached": bool, "order": list, "references": dict, "programs": list}
PROGRAM = {"name": str, "label": str, "framework": str, "version": OPTIONAL_TEXT, "variant": str,
           "threads": (int, type(None)), "device": str, "precision": str, "flags": dict, "status": str, "reason": str,
           "parity": dict, "start_s": (float, type(None)), "first_s": (float, type(None)), "seconds": list}
TIMED = {"start_s": float, "median_s": float, "min_s": float, "max_s": float, "spread": float, "first_s": float}


def members(value, expected, where):
    def fits(name, kind):
        return name in value and isinstance(value[name], kind) and not (kind is int and isinstance(value[name], bool))

    return [f"{where}.{name}: {value.get(name, 'missing')!r}" for name, kind in expected.items()
            if not fits(name, kind)]


def not_finite(value, where):
    if isinstance(value, dict):
        return [problem for name, part in value.items() for problem in not_finite(part, f"{where}.{name}")]
    if isinstance(value, list):
        return [problem for place, part in enumerate(value) for problem in not_finite(part, f"{where}[{place}]")]
    return [f"{where}: not finite"] if isinstance(value, numbers.Real) and not math.isfinite(value) else []


def program_problems(program, case, where):
    problems = members(program, PROGRAM, where)
    if problems:
        return problems
    if program["status"] in ("timed", "own conventions"):
        problems += members(program, TIMED, where)
        if len(program["seconds"]) != case["rounds"] or case["rounds"] < 1:
            problems.append(f"{where}: {len(program['seconds'])} times in {case['rounds']} rounds")
        if program["status"] == "timed" and set(program["parity"]) != {"stored", "case"}:
            problems.append(f"{where}: timed without parity")
        if program["precision"] in case["references"] and program["framework"] != "Plateau" and "ratio" not in program:
            problems.append(f"{where}: no ratio")
    elif program["status"] in ("FAIL", "not run"):
        if not program["reason"]:
            problems.append(f"{where}: {program['status']} without a reason")
        if "median_s" in program or (program["status"] == "not run" and program["seconds"]):
            problems.append(f"{where}: {program['status']}, and timed")
        if program["seconds"] and "in round" not in program["reason"]:
            problems.append(f"{where}: times of a program that failed before the rounds")
    else:
        problems.append(f"{where}: status {program['status']}")
    return problems


def document_problems(document):
    """What is wrong with it, a line each."""
    problems = members(document, DOCUMENT, "document") or members(document["machine"], MACHINE, "machine")
    if problems:
        return problems
    if (document["schema"], document["schema_version"], document["suite"]) != ("plateau-bench", 1, "peers"):
        problems.append("document: another schema")
    try:
        if datetime.datetime.fromisoformat(document["started"]).utcoffset() != datetime.timedelta(0):
            problems.append("started: not UTC")
    except ValueError:
        problems.append("started: no time")
    problems += not_finite(document, "document")
    for case in document["cases"]:
        wrong = members(case, CASE, case.get("name", "case"))
        problems += wrong
        if wrong:
            continue
        names = [program["name"] for program in case["programs"]]
        if len(set(names)) != len(names):
            problems.append(f"{case['name']}: two programs have one name")
        for place, program in enumerate(case["programs"]):
            problems += program_problems(program, case, f"{case['name']}, program {place}")
    return problems
