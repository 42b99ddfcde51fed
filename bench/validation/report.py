#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""How often diagnoses were right: the lines of bench_validation as rates with intervals.

  report.py FILE.jsonl ... [--out RESULT.json]    prints Markdown; --out keeps the figures as a result file
  report.py --audit FILE.jsonl ...                prints whether problems are what their makers say (lines of --audit)

The files are the shards of one work: of one part of the problems, at one depth, without a problem twice. Files that two
commits have added to are told of. --out writes a result file (results.py) of the suite "validation": beside its head

  part, checksum, depth     of the problems, and of the diagnoses
  sets, trainings, seconds  how many; of the diagnoses alone
  outcomes                  [{id, expected: codes, code: the verdict's, or "refused"}]
  coverage                  {figure: [intervals that hold the true value, intervals]}
  twice                     [{rows, error: predicted gain at twice the training rows - the true one, in points}]

Exit code: 0; 1 where --check is given and a goal is missed; 2 where the files cannot be used.
"""

import argparse
import collections
import json
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import results  # noqa: E402

# Verdicts that claim nothing, and those that blame nothing.
ABSTENTIONS = {"inconclusive", "small-test", "refused"}
BLAMELESS = {"solved", "ceiling"}
CODES = ("single-class", "no-signal", "majority", "stale-evaluation", "frozen-weights", "label-map", "small-test",
         "optimisation", "capacity", "overfit", "data-limited", "ceiling", "label-noise", "shift", "leak", "forgetting",
         "warm-start", "embedding-limited", "solved", "inconclusive", "mixed", "family-limited", "evaluation-mismatch",
         "refused")
MAY_ABSTAIN = ("underpowered", "healthy-rounds")  # of which to claim nothing is right
NO_CAUSES = ("healthy", "healthy-rounds", "underpowered", "two-causes")  # makers beside those of one cause
FEWEST_ROWS = 500  # of the problems whose predicted gain is judged by the goal
NEAR_POINTS = 1.0
# Held-out training rows are one side of this figure, and they are not drawn anew for its true value.
NOT_COUNTED = {"shift"}
Z = 1.959963984540054

AUDIT_GAP = 0.02  # by which a remedy betters the user's training, at least


# --- Rates -----------------------------------------------------------------------------------------------------------


def wilson(hits, count):
    """(share, low, high) at 95 %; None where nothing was counted."""
    if count == 0:
        return None
    share = hits / count
    middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z / (1 + Z * Z / count) * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def macro(rates):
    """(mean share, low, high) of [(hits, count)]: the variance of each with two more of either kind (Agresti, Coull)."""
    rates = [(hits, count) for hits, count in rates if count]
    if not rates:
        return None
    mean = sum(hits / count for hits, count in rates) / len(rates)
    variance = 0.0
    for hits, count in rates:
        share = (hits + 2) / (count + 4)
        variance += share * (1 - share) / (count + 4)
    half = Z * math.sqrt(variance) / len(rates)
    return mean, max(0.0, mean - half), min(1.0, mean + half)


def maker_of(outcome):
    return outcome["id"].split("/")[1]


def may_abstain(outcome):
    return maker_of(outcome) in MAY_ABSTAIN


def is_right(outcome):
    return outcome["code"] in outcome["expected"] and (is_decided(outcome) or may_abstain(outcome))


def is_decided(outcome):
    return outcome["code"] not in ABSTENTIONS


def blames_falsely(outcome):
    return is_decided(outcome) and outcome["code"] not in outcome["expected"] and outcome["code"] not in BLAMELESS


def count(outcomes, condition):
    return sum(1 for outcome in outcomes if condition(outcome))


def figures(result):
    """Every rate of a result: {name: (share, low, high) or None}, and recall by maker."""
    outcomes = result["outcomes"]
    by_maker = collections.OrderedDict()
    for outcome in outcomes:
        by_maker.setdefault(maker_of(outcome), []).append(outcome)
    causes = {maker: of for maker, of in by_maker.items() if maker not in NO_CAUSES}
    powered = [outcome for outcome in outcomes if not may_abstain(outcome)]
    decided = [outcome for outcome in outcomes if is_decided(outcome)]
    healthy = by_maker.get("healthy", []) + by_maker.get("healthy-rounds", [])
    underpowered = by_maker.get("underpowered", [])
    held = sum(pair[0] for name, pair in result["coverage"].items() if name not in NOT_COUNTED)
    intervals = sum(pair[1] for name, pair in result["coverage"].items() if name not in NOT_COUNTED)
    judged = [case for case in result["twice"] if case["rows"] >= FEWEST_ROWS]
    rates = {
        "precision among decided": wilson(count(decided, is_right), len(decided)),
        "macro recall": macro([(count(of, is_right), len(of)) for of in causes.values()]),
        "healthy sets given a false cause": wilson(count(healthy, blames_falsely), len(healthy)),
        "inconclusive, of adequately powered sets": wilson(count(powered, lambda o: not is_decided(o)), len(powered)),
        "inconclusive, of underpowered sets": wilson(count(underpowered, lambda o: not is_decided(o)),
                                                     len(underpowered)),
        "95 % intervals that hold the true value": wilson(held, intervals),
        "gain at twice the rows within a point": wilson(count(judged, lambda c: abs(c["error"]) <= NEAR_POINTS),
                                                        len(judged))}
    recall = {maker: (wilson(count(of, is_right), len(of)), len(of)) for maker, of in by_maker.items()}
    return rates, recall


# What is wanted, and whether a share has it. A rate that was not measured has none.
GOALS = {"precision among decided": ("at least 95 %", lambda share: share >= 0.95),
         "macro recall": ("at least 85 %", lambda share: share >= 0.85),
         "healthy sets given a false cause": ("at most 5 %", lambda share: share <= 0.05),
         "inconclusive, of adequately powered sets": ("at most 15 %", lambda share: share <= 0.15),
         "inconclusive, of underpowered sets": ("at least 95 %", lambda share: share >= 0.95),
         "95 % intervals that hold the true value": ("93 % to 97 %", lambda share: 0.93 <= share <= 0.97),
         "gain at twice the rows within a point": ("at least 80 %", lambda share: share >= 0.80)}


def missed_goals(result):
    rates, _ = figures(result)
    return [name for name, (_, reached) in GOALS.items() if rates[name] is None or not reached(rates[name][0])]


# --- From lines ------------------------------------------------------------------------------------------------------


def read_lines(paths):
    """The lines of all files. Refused where one is none of bench_validation's, or a problem is there twice."""
    lines, seen = [], {}
    for path in paths:
        try:
            text = pathlib.Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise results.Refused(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        whole = text[:text.rfind("\n") + 1]  # what a killed process left behind its last whole line is no line
        for number, row in enumerate(whole.splitlines(), 1):
            where = f"{path}: line {number}"
            try:
                line = json.loads(row)
            except json.JSONDecodeError as error:
                raise results.Refused(f"{where} is no JSON: {error}") from error
            kinds = {"id": str, "part": str, "maker": str, "checksum": str, "commit": str, "dirty": bool,
                     "expected": list, "parameters": dict}
            results.expect_members(line, kinds, where)
            if line["id"] in seen:
                raise results.Refused(f"{where}: {line['id']} is in {seen[line['id']]} already")
            seen[line["id"]] = where
            lines.append(line)
    if not lines:
        raise results.Refused("there are no lines")
    return lines


def only(lines, key, words):
    values = sorted({str(line.get(key)) for line in lines})
    if len(values) != 1:
        raise results.Refused(f"the lines are of several {words}: {', '.join(values)}")
    return values[0]


def holds(interval):
    """None where the true value or the interval is not known."""
    numbers = [interval.get(key) for key in ("low", "truth", "high")]
    if any(number is None or not math.isfinite(number) for number in numbers):
        return None
    return numbers[0] <= numbers[1] <= numbers[2]


def coverage_of(lines):
    found = {}
    for line in lines:
        counted = set()
        for interval in line.get("intervals", []):
            within = holds(interval)
            # The reference is often one of the other settings over the user's: one comparison counts once.
            same = (interval.get("low"), interval.get("high"), interval.get("truth"))
            if within is None or same in counted:
                continue
            counted.add(same)
            pair = found.setdefault(interval["name"], [0, 0])
            pair[0] += within
            pair[1] += 1
    return found


def document(lines, command):
    """The result file. Refused where the lines are not of one work."""
    if any("audit" in line for line in lines):
        raise results.Refused("these are lines of --audit, and no diagnoses")
    part, checksum = only(lines, "part", "parts"), only(lines, "checksum", "checksums of their part")
    depth = only(lines, "depth", "depths")
    commits = sorted({line["commit"] for line in lines})
    outcomes, twice = [], []
    for line in lines:
        code = "refused" if "refused" in line else line["verdict"]["code"]
        outcomes.append({"id": line["id"], "expected": line["expected"], "code": code})
        prediction = line.get("twice")
        if prediction and prediction["points"] is not None and prediction["truth"] is not None:
            twice.append({"rows": line["parameters"]["train_rows"],
                          "error": round(prediction["points"] - prediction["truth"], 4)})
    makers = list(dict.fromkeys(line["maker"] for line in lines))
    outcomes.sort(key=lambda outcome: (makers.index(maker_of(outcome)), int(outcome["id"].split("/")[2])))
    measured = [line["measured"] for line in lines if "measured" in line]
    machines = sorted({of["processor"] for of in measured if of.get("processor")})
    devices = {line.get("device", "cpu") for line in lines}
    return {"schema": results.SCHEMA, "schema_version": results.VERSION, "suite": "validation",
            "started": min((of["ended"] for of in measured if of.get("ended")), default=results.now()),
            "command": command, "commit": commits[0] or None if len(commits) == 1 else None,
            "dirty": any(line["dirty"] for line in lines), "smoke": False, "busy": False, "complete": True,
            "machine": {"cpu": ", ".join(machines) or "unknown",
                        "cores": max((of["workers"] for of in measured if of.get("workers")), default=0)},
            "context": {"device": devices.pop() if len(devices) == 1 else "cpu"}, "commits": commits, "part": part,
            "checksum": checksum, "depth": depth, "sets": len(lines),
            "trainings": sum(line.get("trainings", 0) for line in lines),
            "seconds": round(sum(of.get("seconds", 0) for of in measured), 1), "outcomes": outcomes,
            "coverage": coverage_of(lines), "twice": twice}


def expect_form(result, where):
    """Refused unless a result file of this suite has what is read of it."""
    results.expect_members(result, {"part": str, "checksum": str, "depth": str, "sets": int, "trainings": int,
                                    "seconds": (int, float), "outcomes": list, "coverage": dict, "twice": list}, where)
    for outcome in result["outcomes"]:
        results.expect_members(outcome, {"id": str, "expected": list, "code": str}, f"{where}: an outcome")
        if outcome["code"] not in CODES or len(outcome["id"].split("/")) != 3:
            raise results.Refused(f"{where}: an outcome is none: {outcome['id']}, {outcome['code']}")


# --- In words --------------------------------------------------------------------------------------------------------


def percent(rate):
    if rate is None:
        return "not measured"
    return f"{100 * rate[0]:.1f} % [{100 * rate[1]:.1f}, {100 * rate[2]:.1f}]"


def matrix(outcomes):
    """One row per maker, one column per verdict that occurs, those that claim nothing last."""
    makers = list(dict.fromkeys(maker_of(outcome) for outcome in outcomes))
    codes = {outcome["code"] for outcome in outcomes}
    columns = [code for code in CODES if code in codes and code not in ABSTENTIONS]
    columns += [code for code in CODES if code in codes and code in ABSTENTIONS]
    lines = ["| built in | sets |" + "".join(f" {code} |" for code in columns),
             "| --- | ---: |" + " ---: |" * len(columns)]
    for maker in makers:
        of_maker = [outcome for outcome in outcomes if maker_of(outcome) == maker]
        cells = []
        for code in columns:
            number = count(of_maker, lambda outcome: outcome["code"] == code)
            right = any(outcome["code"] == code and is_right(outcome) for outcome in of_maker)
            cells.append("" if number == 0 else f"**{number}**" if right else str(number))
        lines.append(f"| {maker} | {len(of_maker)} | {' | '.join(cells)} |")
    return lines


def render(result, wanted=None):
    """The result as Markdown, or a part of it: "matrix", "goals", "recall" or "coverage"."""
    rates, recall = figures(result)
    head = [results.machine_line(result),
            f"{result['sets']} sets of the {result['part']} part (checksum {result['checksum']}), {result['depth']} "
            f"depth, {result['trainings']} trainings."]
    if cautions := results.caution(result):
        head += cautions
    parts = {"goals": ["| rate | goal | measured | |", "| --- | --- | --- | --- |"],
             "matrix": ["Verdicts (columns) by what was built in (rows); those that count as right are bold.", "",
                        *matrix(result["outcomes"])],
             "recall": ["| built in | sets | right |", "| --- | ---: | --- |"],
             "coverage": ["| figure | intervals | that hold the true value |", "| --- | ---: | --- |"]}
    for name, (goal, reached) in GOALS.items():
        state = "" if rates[name] is None else "reached" if reached(rates[name][0]) else "**missed**"
        parts["goals"].append(f"| {name} | {goal} | {percent(rates[name])} | {state} |")
    for maker, (rate, sets) in recall.items():
        parts["recall"].append(f"| {maker} | {sets} | {percent(rate)} |")
    for name, (held, intervals) in sorted(result["coverage"].items()):
        note = " (not counted)" if name in NOT_COUNTED else ""
        parts["coverage"].append(f"| {name}{note} | {intervals} | {percent(wilson(held, intervals))} |")
    if wanted and wanted not in parts:
        raise results.Refused(f"a part of a validation is one of {', '.join(parts)}, and not {wanted}")
    chosen = [parts[wanted]] if wanted else list(parts.values())
    return "\n\n".join(["\n\n".join(head), *("\n".join(part) for part in chosen)])


def wrong_ones(lines):
    """One line per diagnosis that is wrong or claims nothing: where to look."""
    told = []
    for line in lines:
        code = "refused" if "refused" in line else line["verdict"]["code"]
        if not is_right({"id": line["id"], "expected": line["expected"], "code": code}):
            sentence = line.get("refused") or line["verdict"]["sentence"]
            told.append(f"- {line['id']} ({line['parameters']['fault']}): {code}: {sentence}")
    return told


def render_audit(lines):
    """Means by maker of what fresh rows say, and how many problems have their remedy clearly ahead."""
    if not all("audit" in line for line in lines):
        raise results.Refused("these are not lines of --audit")
    table = ["| built in | sets | user | remedied | best of the ladder | with half the rows | with twice | Bayes | "
             "remedy ahead |", "| --- | ---: |" + " ---: |" * 7]
    for maker in dict.fromkeys(line["maker"] for line in lines):
        of_maker = [line for line in lines if line["maker"] == maker]

        def mean(values):
            known = [value for value in values if value is not None]
            return f"{sum(known) / len(known):.3f}" if known else ""

        audits = [line["audit"] for line in of_maker]
        remedied = [audit for audit in audits if audit["remedied"] is not None]
        ahead = count(remedied, lambda audit: audit["remedied"] - audit["user"] >= AUDIT_GAP)
        cells = [mean([audit[key] for audit in audits])
                 for key in ("user", "remedied", "ladder", "ladder_at_half", "ladder_at_twice")]
        cells += [mean([line["bayes"] for line in of_maker]), f"{ahead} of {len(remedied)}" if remedied else ""]
        table.append(f"| {maker} | {len(of_maker)} | {' | '.join(cells)} |")
    return "\n".join(table)


def main(arguments):
    parser = argparse.ArgumentParser(description="Makes rates of the lines of bench_validation.")
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl")
    parser.add_argument("--out", type=pathlib.Path, metavar="RESULT", help="keep the figures as a result file")
    parser.add_argument("--audit", action="store_true", help="the lines are of bench_validation --audit")
    parser.add_argument("--wrong", action="store_true", help="list the diagnoses that are not right as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args(arguments)
    try:
        lines = read_lines(options.files)
        if options.audit:
            print(render_audit(lines))
            return 0
        part, depth = lines[0]["part"], lines[0].get("depth")
        result = document(lines, f"bench_validation --part {part} --depth {depth}")
        if options.out:
            results.write(options.out, result)
        print(render(result))
        if options.wrong:
            print("\n" + "\n".join(["Not right:", "", *wrong_ones(lines)]))
        missed = missed_goals(result)
        return 1 if options.check and missed else 0
    except results.Refused as reason:
        print(f"report.py: {reason}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
