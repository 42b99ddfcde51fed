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
  outcomes                  [{id, kind, expected: codes, code: the verdict's, or "refused", causes: codes that stand
                            beside it and are not unresolved}]
  coverage                  {figure: [intervals that hold the true value, intervals]}; "twice the rows" among them
  coverage_by_size          {size of the true value, in points: [likewise]}, of gains between settings
  twice                     [{rows, error: predicted gain at twice the training rows - the true one, in points}]
  truths                    {ratios: [standard error of a true value / half its interval], untold: figures without one}

Exit code: 0; 1 where --check is given and a goal is missed, or of an audit a claim does not hold; 2 where the files
cannot be used.
"""

import argparse
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
FEWEST_ROWS = 500  # of the problems whose predicted gain is judged by the goal
NEAR_POINTS = 1.0
ACCURACY, TWICE = "accuracy", "twice the rows"  # figures that are no gains between settings
# Intervals of gains that are next to none are wide on purpose (docs/validation.md), so of these 93 % is a floor.
NO_GAIN = "below 0.1"
GAINS = "95 % intervals of gains that hold the true value"
LARGER_GAINS = "95 % intervals of gains of 0.1 points or more, likewise"
SMALL_GAINS = "95 % intervals of smaller gains, likewise"
SIZES = {NO_GAIN: 0.1, "0.1 to 1": 1, "1 to 10": 10, "10 or more": math.inf}  # points that a true value is below
Z = 1.959963984540054


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
    """(mean share, low, high) of [(hits, count)]; the variance of each is that with two more of either kind."""
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


def cause_of(outcome):
    """What the problem counts as: its cause, or its kind where it has not one."""
    return outcome["expected"][0] if outcome["kind"] == "cause" else outcome["kind"]


def may_abstain(outcome):
    """Of which to claim nothing is right."""
    return outcome["kind"] == "underpowered" or (outcome["kind"] == "healthy" and
                                                 bool(ABSTENTIONS & set(outcome["expected"])))


def is_right(outcome):
    return outcome["code"] in outcome["expected"] and (is_decided(outcome) or may_abstain(outcome))


def lists(outcome, code):
    return code == outcome["code"] or code in outcome["causes"]


def is_found(outcome):
    """Right, and where labels were flipped it is said: a ceiling is right of them, and names nothing to mend."""
    return is_right(outcome) and (cause_of(outcome) != "label-noise" or lists(outcome, "label-noise"))


def may_list_noise(outcome):
    return "label-noise" in outcome["expected"]


def is_decided(outcome):
    return outcome["code"] not in ABSTENTIONS


def blames_falsely(outcome):
    return is_decided(outcome) and outcome["code"] not in outcome["expected"] and outcome["code"] not in BLAMELESS


def count(outcomes, condition):
    return sum(1 for outcome in outcomes if condition(outcome))


def grouped(outcomes, key):
    groups = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return groups


def is_gain(figure):
    return figure not in (ACCURACY, TWICE)


def coverage_rate(coverage, wanted):
    pairs = [pair for name, pair in coverage.items() if wanted(name)]
    return wilson(sum(held for held, _ in pairs), sum(intervals for _, intervals in pairs))


def figures(result):
    """Every rate of a result: {name: (share, low, high) or None}."""
    outcomes = result["outcomes"]
    by_cause = grouped([outcome for outcome in outcomes if outcome["kind"] == "cause"], cause_of)
    powered = [outcome for outcome in outcomes if not may_abstain(outcome)]
    decided = [outcome for outcome in outcomes if is_decided(outcome)]
    healthy = [outcome for outcome in outcomes if outcome["kind"] == "healthy"]
    underpowered = [outcome for outcome in outcomes if outcome["kind"] == "underpowered"]
    flipped = by_cause.get("label-noise", [])
    right_labels = [outcome for outcome in healthy + by_cause.get("ceiling", []) if not may_list_noise(outcome)]
    coverage = result["coverage"]
    judged = [case for case in result["twice"] if case["rows"] >= FEWEST_ROWS]

    def abstains(outcome):
        return not is_decided(outcome)

    return {
        "precision among decided": wilson(count(decided, is_right), len(decided)),
        "macro recall over causes": macro([(count(of, is_found), len(of)) for of in by_cause.values()]),
        "label noise listed where labels are flipped": wilson(count(flipped, lambda o: lists(o, "label-noise")),
                                                              len(flipped)),
        "label noise listed where none are": wilson(count(right_labels, lambda o: lists(o, "label-noise")),
                                                    len(right_labels)),
        "healthy sets given a false cause": wilson(count(healthy, blames_falsely), len(healthy)),
        "inconclusive, of adequately powered sets": wilson(count(powered, abstains), len(powered)),
        "inconclusive, of underpowered sets": wilson(count(underpowered, abstains), len(underpowered)),
        GAINS: coverage_rate(coverage, is_gain),
        LARGER_GAINS: coverage_rate(result["coverage_by_size"], lambda size: size != NO_GAIN),
        SMALL_GAINS: coverage_rate(result["coverage_by_size"], lambda size: size == NO_GAIN),
        "95 % intervals of the user's accuracy, likewise": coverage_rate(coverage, lambda name: name == ACCURACY),
        "95 % intervals of the gain at twice the rows, likewise": coverage_rate(coverage, lambda name: name == TWICE),
        f"gain at twice the rows within a point, {FEWEST_ROWS} rows or more":
            wilson(count(judged, lambda c: abs(c["error"]) <= NEAR_POINTS), len(judged))}


def recall_of(result):
    """{maker: (right, false cause of healthy ones or None, sets)}"""
    return {maker: (wilson(count(of, is_found), len(of)),
                    wilson(count(of, blames_falsely), len(of)) if of[0]["kind"] == "healthy" else None, len(of))
            for maker, of in grouped(result["outcomes"], maker_of).items()}


# What is wanted, and whether a share has it. A rate that was not measured has none.
def at_least(share):
    return f"at least {100 * share:.0f} %", lambda got: got >= share


def at_most(share):
    return f"at most {100 * share:.0f} %", lambda got: got <= share


COVERS = ("93 % to 97 %", lambda share: 0.93 <= share <= 0.97)
GOALS = {"precision among decided": at_least(0.95), "macro recall over causes": at_least(0.85),
         "label noise listed where labels are flipped": at_least(0.85),
         "label noise listed where none are": at_most(0.05),
         "healthy sets given a false cause": at_most(0.05), "inconclusive, of adequately powered sets": at_most(0.15),
         "inconclusive, of underpowered sets": at_least(0.95),
         GAINS: COVERS, LARGER_GAINS: COVERS, SMALL_GAINS: at_least(0.93),
         "95 % intervals of the user's accuracy, likewise": COVERS,
         "95 % intervals of the gain at twice the rows, likewise": COVERS,
         f"gain at twice the rows within a point, {FEWEST_ROWS} rows or more": at_least(0.80)}


def missed_goals(result):
    rates = figures(result)
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
            kinds = {"id": str, "part": str, "maker": str, "kind": str, "checksum": str, "commit": str, "dirty": bool,
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


def size_of(truth):
    return next(size for size, end in SIZES.items() if abs(truth) < end)


def coverage_of(lines):
    """By figure, and of gains by the size of the true value."""
    by_figure, by_size = {}, {size: [0, 0] for size in SIZES}
    for line in lines:
        counted = set()
        for interval in line.get("intervals", []) + ([line["twice"]] if line.get("twice") else []):
            within = holds(interval)
            # The reference is often one of the other settings over the user's: one comparison counts once.
            same = (interval.get("low"), interval.get("high"), interval.get("truth"))
            if within is None or same in counted:
                continue
            counted.add(same)
            pairs = [by_figure.setdefault(interval["name"], [0, 0])]
            if is_gain(interval["name"]):
                pairs.append(by_size[size_of(interval["truth"])])
            for pair in pairs:
                pair[0] += within
                pair[1] += 1
    return by_figure, by_size


def truths_of(lines):
    ratios = []
    for line in lines:
        for interval in line.get("intervals", []):
            if holds(interval) is None or interval.get("truth_error") is None or interval["high"] <= interval["low"]:
                continue
            ratios.append(round(2 * interval["truth_error"] / (interval["high"] - interval["low"]), 4))
    return {"ratios": sorted(ratios), "untold": sum(len(line.get("untold", [])) for line in lines)}


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
        causes = [cause["code"] for cause in line.get("causes", []) if cause["grade"] != "unresolved"]
        outcomes.append({"id": line["id"], "kind": line["kind"], "expected": line["expected"], "code": code,
                         "causes": causes})
        prediction = line.get("twice")
        if prediction and prediction["points"] is not None and prediction["truth"] is not None:
            twice.append({"rows": line["parameters"]["train_rows"],
                          "error": round(prediction["points"] - prediction["truth"], 4)})
    makers = list(dict.fromkeys(line["maker"] for line in lines))
    outcomes.sort(key=lambda outcome: (makers.index(maker_of(outcome)), int(outcome["id"].split("/")[2])))
    measured = [line["measured"] for line in lines if "measured" in line]
    coverage, by_size = coverage_of(lines)
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
            "coverage": coverage, "coverage_by_size": by_size, "twice": twice, "truths": truths_of(lines)}


def expect_form(result, where):
    """Refused unless a result file of this suite has what is read of it."""
    results.expect_members(result, {"part": str, "checksum": str, "depth": str, "sets": int, "trainings": int,
                                    "seconds": (int, float), "outcomes": list, "coverage": dict,
                                    "coverage_by_size": dict, "twice": list, "truths": dict}, where)
    for outcome in result["outcomes"]:
        results.expect_members(outcome, {"id": str, "kind": str, "expected": list, "code": str, "causes": list},
                               f"{where}: an outcome")
        if outcome["code"] not in CODES or len(outcome["id"].split("/")) != 3:
            raise results.Refused(f"{where}: an outcome is none: {outcome['id']}, {outcome['code']}")


# --- In words --------------------------------------------------------------------------------------------------------


def percent(rate):
    if rate is None:
        return "not measured"
    return f"{100 * rate[0]:.1f} % [{100 * rate[1]:.1f}, {100 * rate[2]:.1f}]"


def matrix(outcomes):
    """One row per maker, one column per verdict that occurs, those that claim nothing last; "inconclusive" always."""
    makers = list(dict.fromkeys(maker_of(outcome) for outcome in outcomes))
    codes = {outcome["code"] for outcome in outcomes} | {"inconclusive"}
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


def truth_line(result):
    ratios, untold = result["truths"]["ratios"], result["truths"]["untold"]
    if not ratios:
        return f"No true values; {untold} figures had none to be found."
    large = count(ratios, lambda ratio: ratio > 0.25)
    return (f"Standard errors of the true values, in halves of their intervals: {ratios[len(ratios) // 2]:.2f} in the "
            f"middle, above 0.25 of {large} of {len(ratios)}. {untold} figures had no true value: a training diverged, "
            "or another setting was best with other seeds.")


def render(result, wanted=None):
    """The result as Markdown, or a part of it: "matrix", "goals", "recall" or "coverage"."""
    rates = figures(result)
    head = [results.machine_line(result),
            f"{result['sets']} sets of the {result['part']} part (checksum {result['checksum']}), {result['depth']} "
            f"depth, {result['trainings']} trainings."]
    if cautions := results.caution(result):
        head += cautions
    parts = {"goals": ["| rate | goal | measured | |", "| --- | --- | --- | --- |"],
             "matrix": ["Verdicts (columns) by what was built in (rows); those that count as right are bold.", "",
                        *matrix(result["outcomes"])],
             "recall": ["| built in | sets | right | given a false cause |", "| --- | ---: | --- | --- |"],
             "coverage": [truth_line(result), "", "| figure | intervals | that hold the true value |",
                          "| --- | ---: | --- |"]}
    for name, (goal, reached) in GOALS.items():
        state = "**missed**" if rates[name] is None or not reached(rates[name][0]) else "reached"
        parts["goals"].append(f"| {name} | {goal} | {percent(rates[name])} | {state} |")
    for maker, (right, blamed, sets) in recall_of(result).items():
        parts["recall"].append(f"| {maker} | {sets} | {percent(right)} | {percent(blamed) if blamed else ''} |")
    for name, (held, intervals) in sorted(result["coverage"].items()):
        parts["coverage"].append(f"| {name} | {intervals} | {percent(wilson(held, intervals))} |")
    parts["coverage"] += ["", "| true value of a gain, points | intervals | that hold it |", "| --- | ---: | --- |"]
    for size, (held, intervals) in result["coverage_by_size"].items():
        parts["coverage"].append(f"| {size} | {intervals} | {percent(wilson(held, intervals))} |")
    if wanted and wanted not in parts:
        raise results.Refused(f"a part of a validation is one of {', '.join(parts)}, and not {wanted}")
    chosen = [parts[wanted]] if wanted else list(parts.values())
    return "\n\n".join(["\n\n".join(head), *("\n".join(part) for part in chosen)])


def wrong_ones(lines):
    """One line per diagnosis that is wrong or claims nothing: where to look."""
    told = []
    for line in lines:
        code = "refused" if "refused" in line else line["verdict"]["code"]
        if not is_right({**line, "code": code}):
            sentence = line.get("refused") or line["verdict"]["sentence"]
            told.append(f"- {line['id']} ({line['parameters']['fault']}): {code}: {sentence}")
    return told


def failed_claims(lines):
    return [f"- {line['id']}: {claim['what']}: {claim['value']}" for line in lines for claim in line["claims"]
            if not claim["holds"]]


def render_audit(lines):
    """Means by maker of what fresh rows say, and for how many of its problems each claim holds."""
    columns = {"user": "user", "remedied": "remedied", "ladder": "best of the ladder",
               "ladder_at_half": "with half the rows", "ladder_at_twice": "with twice"}
    table = [f"| built in | sets | {' | '.join(columns.values())} | Bayes |", "| --- | ---: |" + " ---: |" * 6]
    claims = ["| built in | claim | from | to | bounds | holds |", "| --- | --- | ---: | ---: | --- | --- |"]
    for maker, of_maker in grouped(lines, lambda line: line["maker"]).items():

        def mean(values):
            known = [value for value in values if value is not None]
            return f"{sum(known) / len(known):.3f}" if known else ""

        cells = [mean([line["audit"][key] for line in of_maker]) for key in columns]
        cells.append(mean([line["bayes"] for line in of_maker]))
        table.append(f"| {maker} | {len(of_maker)} | {' | '.join(cells)} |")
        all_claims = [claim for line in of_maker for claim in line["claims"]]
        for what, same in grouped(all_claims, lambda claim: claim["what"]).items():
            values = [claim["value"] for claim in same if claim["value"] is not None] or [math.nan]
            bounds = [f"{words} {same[0][key]}" for key, words in (("least", "at least"), ("most", "at most"))
                      if same[0][key] is not None]
            claims.append(f"| {maker} | {what} | {min(values):.3f} | {max(values):.3f} | {', '.join(bounds)} | "
                          f"{count(same, lambda claim: claim['holds'])} of {len(same)} |")
    failed = failed_claims(lines)
    return "\n".join([*table, "", *claims, *(["", "Claims that do not hold:", "", *failed] if failed else [])])


def main(arguments):
    parser = argparse.ArgumentParser(description="Makes rates of the lines of bench_validation.")
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl")
    parser.add_argument("--out", type=pathlib.Path, metavar="RESULT", help="keep the figures as a result file")
    parser.add_argument("--audit", action="store_true", help="the lines are of bench_validation --audit")
    parser.add_argument("--wrong", action="store_true", help="list the diagnoses that are not right as well")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 where a goal is missed, or of an audit a claim does not hold")
    options = parser.parse_args(arguments)
    try:
        lines = read_lines(options.files)
        if options.audit:
            if not all("audit" in line for line in lines):
                raise results.Refused("these are not lines of --audit")
            print(render_audit(lines))
            return 1 if options.check and failed_claims(lines) else 0
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
