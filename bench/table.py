#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of README.md, docs/performance.md and docs/validation.md, generated from the result files.

  table.py [--check] [FILE ...]    rewrites the generated parts of the documents, which are named as from the root of
                                   the project; with --check only says which are old
  table.py --show RESULT           prints the tables of one result file

A result whose times say nothing (a smoke run, an emulated GPU) or that a busy machine gave stands in no document. A
table with times that is no generated part is refused, and so is a document without the parts it must have.

A generated part stands between two comments, of which the first names the result file, the suite in it and, where not
all of them are wanted, the cases (a regular expression):

  <!-- bench/results/NAME.json kernels /cold$ -->
  ...
  <!-- end of bench/results/NAME.json -->

Exit code: 0; 1 if --check found an old part; 2 if a document or a result cannot be used.
"""

import argparse
import math
import pathlib
import re
import sys

import results

DOCUMENTS = ("README.md", "docs/performance.md", "docs/validation.md")
EXPECTED = {"README.md": {"peers"}, "docs/performance.md": {"peers"}, "docs/validation.md": {"validation"}}  # suites of which a part must be there
PART = re.compile(r"^<!-- (bench/results/\S+\.json) (\S+)(?: (\S+))? -->\n(.*?)^<!-- end of \1 -->$",
                  re.MULTILINE | re.DOTALL)
BEGINNING = re.compile(r"^<!-- bench/results/\S+ ", re.MULTILINE)

# The head of a Markdown table, and what in it is a time or a speed.
TABLE_HEAD = re.compile(r"^(\|.*\|)[ ]*\n\|[-:| ]+\|[ ]*$", re.MULTILINE)
TIMES = re.compile(r"\b(?:ns|us|µs|ms|s|seconds|minutes|hours|times?|median|spread|first call|\w+/s)\b")

# Counters that a reader wants beside the time: name, heading, how it is printed.
COLUMNS = (("gb_per_s", "GB/s", "{:.0f}"), ("percent_of_copy", "of copy", "{:.0f} %"),
           ("tflop_per_s", "TFLOP/s", "{:.2f}"), ("percent_of_gemm", "of product", "{:.0f} %"),
           ("us_per_epoch", "µs per epoch", "{:.1f}"), ("host_us_per_epoch", "host µs per epoch", "{:.1f}"),
           ("launches_per_epoch", "launches per epoch", "{:.0f}"), ("us_per_model_epoch", "µs per model-epoch", "{:.2f}"),
           ("models_per_s", "models/s", "{:.0f}"))
HIDDEN = {"bytes", "flops", "epochs", "batch", "models", "repeats"}  # in the file, not in a table


def microseconds(value):
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def plain_number(value):
    return f"{value:.4g}" if math.isfinite(value) else "–"


def spread(case):
    return f"{100 * (case['max_us'] - case['min_us']) / case['median_us']:.0f} %" if case["median_us"] > 0 else "–"


def render_cases(result, cases):
    counters = {name for case in cases for name in case["counters"]} - HIDDEN
    known = [column for column in COLUMNS if column[0] in counters]
    others = sorted(counters - {name for name, _, _ in COLUMNS})
    columns = known + [(name, name.replace("_", " "), None) for name in others]
    lines = ["| case | median µs | spread |" + "".join(f" {heading} |" for _, heading, _ in columns),
             "| --- | ---: | ---: |" + " ---: |" * len(columns)]
    for case in cases:
        if case["status"] != "timed":
            words = "FAIL" if case["status"] == "failed" else case["status"]
            lines.append(f"| {case['name']} | {words}: {case['reason']} | |" + " |" * len(columns))
            continue
        cells = [case["name"], microseconds(case["median_us"]), spread(case)]
        for name, _, form in columns:
            value = case["counters"].get(name)
            cells.append("" if value is None else form.format(value) if form else plain_number(value))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def groups(suite, cases):
    """What belongs into one table: where kinds of cases have different counters, those of one kind."""
    if suite not in ("machine", "training"):
        return [cases]
    kinds = {}
    for case in cases:
        kinds.setdefault(case["name"].split("/")[0], []).append(case)
    return list(kinds.values())


def render(result, wanted=None):
    """The suite's cases, or those whose name matches, as Markdown."""
    if result["suite"] == "peers":
        sys.path.insert(0, str(results.ROOT / "bench" / "peers"))
        import peers
        return peers.render(result, wanted)
    if result["suite"] == "validation":
        return results.validation().render(result, wanted)
    cases = [case for case in result["cases"] if not wanted or re.search(wanted, case["name"])]
    if not cases:
        raise results.Refused(f"no case of {result['suite']} matches {wanted}")
    head = results.machine_line(result)
    lines = "\n\n".join([head, *results.caution(result)]).splitlines()
    for group in groups(result["suite"], cases):
        lines += ["", *render_cases(result, group)]
    return "\n".join(lines)


def unfit(result):
    """Why a result stands in no document; empty where it may."""
    return results.no_times(result) + (["the machine was busy"] if result["busy"] else [])


def generated(name, suite, wanted):
    result = results.read(results.ROOT / name)
    parts = dict(results.parts(result))
    if suite not in parts:
        raise results.Refused(f"{name} holds no {suite}: it has {', '.join(parts) or 'nothing that was measured'}")
    if words := unfit(result) or unfit(parts[suite]):
        raise results.Refused(f"{name} is no result to publish: {', '.join(words)}")
    return f"<!-- {name} {suite}{f' {wanted}' if wanted else ''} -->\n{render(parts[suite], wanted)}\n" \
           f"<!-- end of {name} -->"


def regenerate(text, expected=()):
    """The document with its generated parts as they should be; `expected`: suites of which it must have one."""
    found = PART.findall(text)
    if len(found) != len(BEGINNING.findall(text)):
        raise results.Refused("a generated part has no end, or its end names another file")
    if absent := set(expected) - {suite for _, suite, _, _ in found}:
        raise results.Refused(f"a generated part of {', '.join(sorted(absent))} is missing")
    for head in TABLE_HEAD.findall(PART.sub("", text)):
        if TIMES.search(head):
            raise results.Refused(f"a table with times is in no generated part: {head}")
    return PART.sub(lambda part: generated(part[1], part[2], part[3]), text)


def main(arguments):
    parser = argparse.ArgumentParser(description="Generates the tables of the documents from the result files.")
    parser.add_argument("documents", nargs="*", help=f"[{' '.join(DOCUMENTS)}]")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where a table is old")
    parser.add_argument("--show", metavar="RESULT", help="print the tables of one result file")
    options = parser.parse_args(arguments)
    try:
        if options.show:
            print("\n\n".join(f"### {name}\n\n{render(part)}" for name, part in
                              results.parts(results.read(options.show))))
            return 0
        old = []
        for name in options.documents or DOCUMENTS:
            path = results.ROOT / name
            try:
                text = path.read_text()
            except OSError as error:
                raise results.Refused(f"{name}: {error.strerror}") from error
            try:
                fresh = regenerate(text, EXPECTED.get(name, ()))
            except results.Refused as reason:
                raise results.Refused(f"{name}: {reason}") from reason
            if fresh != text:
                old.append(name)
                if not options.check:
                    path.write_text(fresh)
        for name in old:
            print(f"table.py: {name}: {'does not say what the results say' if options.check else 'rewritten'}",
                  file=sys.stderr)
        return 1 if options.check and old else 0
    except results.Refused as reason:
        print(f"table.py: {reason}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
