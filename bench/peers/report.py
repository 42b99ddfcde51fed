# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""A result as Markdown: one table per case."""

import math
import re

import results

HEAD = "| program | version | device | threads | precision | median ms | {unit} | min ms | max ms | first call of " \
       "this shape ms | {start}time / ours (95 % interval) |"
RULE = "|---|---|---|--:|---|--:|--:|--:|--:|--:|{start}--:|"
FEWEST_ROUNDS = 5  # that an interval is shown of: resampling one or two rounds finds no spread


def figure(value):
    """Three significant digits, never an exponent."""
    if not math.isfinite(value):
        return str(value)
    digits = 3 - 1 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{max(0, digits)}f}"


def ratio_words(program):
    ratio = program.get("ratio")
    if not ratio:
        return ""
    if len(program["seconds"]) < FEWEST_ROUNDS:
        return f"{figure(ratio['median'])} (too few rounds)"
    return f"{figure(ratio['median'])} ({figure(ratio['low'])} to {figure(ratio['high'])})"


def tells_start(case):
    """Whether the result holds what the start of a process took; old ones do not."""
    return any(program.get("start_s") is not None for program in case["programs"])


def row(program, case):
    label = program["label"] + (f" [extrapolated from {program['extrapolated_from']}]"
                               if program.get("extrapolated_from") else "")
    threads = program["threads"] if program["threads"] else ""
    cells = [label, program["version"] or "", program["device"], threads, program["precision"]]
    if program["status"] in ("FAIL", "not run"):
        return "| " + " | ".join(map(str, [*cells, program["status"], *[""] * (5 + tells_start(case))])) + " |"
    epochs = case["epochs"] * case["models"]
    ours = program["name"] == case["references"].get(program["precision"])
    numbers = [1e3 * program["median_s"], 1e6 * program["median_s"] / epochs, 1e3 * program["min_s"],
               1e3 * program["max_s"], 1e3 * program["first_s"]]
    numbers += [1e3 * program["start_s"]] if tells_start(case) else []
    last = "1" if ours else ratio_words(program) + (" *" if program["status"] == "own conventions" else "")
    return "| " + " | ".join(map(str, [*cells, *map(figure, numbers), last])) + " |"


def epochs_words(gate, programs):
    """How many epochs of a gate the programs passed: at TF32 it has fewer."""
    counts = sorted({program["parity"][gate]["epochs"] for program in programs})
    return " or ".join(map(str, counts))


def parity_words(case):
    """How near to what was expected those came that had to, and over how many epochs."""
    gated = [program for program in case["programs"] if program["status"] == "timed" and program["parity"]]
    if not gated:
        return ""
    share = max(near["worst_share"] for program in gated for near in program["parity"].values())
    epochs = epochs_words("case", gated)
    if case.get("gate_rows", case["rows"]) != case["rows"]:
        first = f"the first {epochs} of the same network on {case['gate_rows']} rows"
    elif epochs == str(case["epochs"]):
        first = f"all {epochs} of these"
    else:
        first = f"the first {epochs} of these {case['epochs']}"
    return (f"Parity: every timed like-for-like program stayed within {100 * share:.0f} % of the bound, over "
            f"{epochs_words('stored', gated)} epochs of the stored trajectory and over {first}.")


def notes(case):
    told = []
    for status in ("FAIL", "not run"):
        reasons = {}
        for program in case["programs"]:
            if program["status"] == status:
                names = reasons.setdefault(program["reason"], [])
                if program["label"] not in names:
                    names.append(program["label"])
        told += [f"{status}: {'; '.join(names)}: {reason.rstrip('.')}." for reason, names in reasons.items()]
    if any(program["status"] == "own conventions" for program in case["programs"]):
        told.append("\\* own conventions: it does not compute the same network's trajectory (bench/peers/"
                    "sklearn_worker.py says why), and is not counted as a like-for-like contender.")
    flags = []
    for program in case["programs"]:
        if program["flags"]:
            words = f"{program['framework']} at {program['precision']}: " + ", ".join(
                f"{name} {value}" for name, value in program["flags"].items())
            if words not in flags:
                flags.append(words)
    if flags:
        told.append(f"Precision flags: {'; '.join(flags)}.")
    if words := parity_words(case):
        told.append(words)
    like = [program for program in case["programs"]
            if program["status"] == "timed" and program["framework"] != "Plateau" and program.get("ratio")]
    for precision in sorted({program["precision"] for program in like}):
        best = min((program for program in like if program["precision"] == precision),
                   key=lambda program: program["median_s"])
        told.append(f"Fastest like-for-like contender at {precision}: {best['name']}: {ratio_words(best)} times ours.")
    if case["first_calls_at_once"] > 1:
        told.append(f"First calls ran {case['first_calls_at_once']} at once.")
    if tells_start(case):
        at_once = case.get("starts_at_once", 1)
        told.append("Start: until the process answers, imports included"
                    + (f"; {at_once} started at once." if at_once > 1 else "."))
    told.append("Before its first call of a shape a like-for-like program had trained at least the stored case.")
    return told


def case_table(case):
    finished = [program for program in case["programs"] if program["status"] in ("timed", "own conventions")]
    others = [program for program in case["programs"] if program not in finished]
    unit = "µs per epoch" if case["models"] == 1 else "µs per network and epoch"
    lines = [f"**{case['name']}, {case['epochs']} epochs, {case['test_rows']} test rows, {case['rounds']} rounds"
             + (" (cut by the time limit)" if case["limit_reached"] else "") + "**", ""]
    start = tells_start(case)
    lines += [HEAD.format(unit=unit, start="start ms | " * start), RULE.format(start="--:|" * start)]
    lines += [row(program, case) for program in sorted(finished, key=lambda program: program["median_s"])]
    lines += [row(program, case) for program in others]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes(case))])


def render(document, wanted=None):
    """Every case, or those whose name matches."""
    shown = [case for case in document["cases"] if not wanted or re.search(wanted, case["name"])]
    if wanted and not shown:
        raise results.Refused(f"no case of peers matches {wanted}")
    machine = document["machine"]
    text = [f"{results.machine_line(document)}; load {machine['load_start']:.2f} to {machine['load_end']:.2f}; "
            f"`{document['command']}`"]
    text += results.caution(document, ["the build changed meanwhile"] * document["rebuilt"])
    return "\n\n".join([*text, *map(case_table, shown)])
