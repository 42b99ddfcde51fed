# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""bench/validation/report.py: its arithmetic, on lines made up for it, and what it refuses."""

import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import results  # noqa: E402
import table  # noqa: E402

spec = importlib.util.spec_from_file_location("validation_report", ROOT / "bench" / "validation" / "report.py")
report = importlib.util.module_from_spec(spec)
spec.loader.exec_module(report)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def line(maker, number, code, expected=None, **more):
    kind = "healthy" if maker.startswith("healthy") else maker if maker in ("underpowered", "two-causes") else "cause"
    made = {"id": f"frozen/{maker}/{number}", "part": "frozen", "maker": maker, "number": number, "kind": kind,
            "checksum": "00c0ffee", "commit": COMMIT, "dirty": False,
            "parameters": {"fault": "on purpose", "train_rows": 800},
            "expected": expected or [maker], "bayes": None, "depth": "quick",
            "verdict": {"code": code, "grade": "proved", "sentence": f"It is {code}"}, "causes": [], "intervals": [],
            "trainings": 10,
            "measured": {"seconds": 0.5, "processor": "Some CPU", "workers": 2, "ended": "2026-01-02T03:04:05+00:00"},
            "device": "cpu"}
    return {**made, **more}


def interval(low, truth, high, name="capacity", error=0.1):
    return {"name": name, "points": (low + high) / 2, "low": low, "high": high, "truth": truth, "truth_error": error}


def twice(predicted, truth):
    return {"name": "twice the rows", "points": predicted, "low": predicted - 1, "high": predicted + 1, "truth": truth}


def listing(*codes, grade="supported"):
    return {"causes": [{"code": code, "grade": grade} for code in codes]}


GAINS = "95 % intervals of gains that hold the true value"
ACCURACY = "95 % intervals of the user's accuracy, likewise"
TWICE = "95 % intervals of the gain at twice the rows, likewise"
NEAR = "gain at twice the rows within a point, 500 rows or more"


def document(lines):
    return report.document(lines, "made up")


class Rates(unittest.TestCase):
    def test_wilson_has_published_values(self):
        # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for hits, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
                                       (1, 29, 0.0061, 0.1718)):
            share, got_low, got_high = report.wilson(hits, count)
            self.assertEqual(share, hits / count)
            self.assertAlmostEqual(got_low, low, 4)
            self.assertAlmostEqual(got_high, high, 4)
        self.assertIsNone(report.wilson(0, 0))

    def test_macro_is_the_mean_of_shares_whatever_their_counts(self):
        mean, low, high = report.macro([(10, 10), (0, 1000), (0, 0)])
        self.assertEqual(mean, 0.5)
        # sqrt(12/14 * 2/14 / 14 + 2/1004 * 1002/1004 / 1004) / 2 * 1.96
        self.assertAlmostEqual(high - mean, 0.09166, 5)
        self.assertAlmostEqual(mean - low, 0.09166, 5)
        self.assertIsNone(report.macro([]))


class Figures(unittest.TestCase):
    LINES = [line("capacity", 0, "capacity"), line("capacity", 1, "inconclusive"), line("capacity", 2, "overfit"),
             line("capacity", 3, "capacity"), line("ceiling", 0, "ceiling"), line("ceiling", 1, "small-test"),
             line("healthy", 0, "solved", ["solved"]), line("healthy", 1, "ceiling", ["solved"]),
             line("healthy", 2, "overfit", ["solved"]), line("healthy", 3, "inconclusive", ["solved"]),
             line("underpowered", 0, "inconclusive", ["inconclusive", "small-test"]),
             line("underpowered", 1, "small-test", ["inconclusive", "small-test"]),
             line("underpowered", 2, "overfit", ["inconclusive", "small-test"]),
             line("two-causes", 0, "mixed", ["mixed", "overfit"])]

    def test_every_rate_is_counted_by_hand(self):
        result = document(self.LINES)
        rates = report.figures(result)
        # Decided are 9: capacity 3 of 4, ceiling 1, healthy 3, underpowered 1, two-causes 1. Right of them are 5:
        # 2, 1, 1, 0 and 1.
        self.assertEqual(rates["precision among decided"], report.wilson(5, 9))
        self.assertEqual(rates["macro recall over causes"], report.macro([(2, 4), (1, 2)]))
        self.assertEqual(rates["healthy sets given a false cause"], report.wilson(1, 4))
        self.assertEqual(rates["inconclusive, of adequately powered sets"], report.wilson(3, 11))
        self.assertEqual(rates["inconclusive, of underpowered sets"], report.wilson(2, 3))
        self.assertIsNone(rates[GAINS])
        recall = report.recall_of(result)
        self.assertEqual(recall["underpowered"], (report.wilson(2, 3), None, 3))
        self.assertEqual(recall["healthy"], (report.wilson(1, 4), report.wilson(1, 4), 4))

    def test_makers_of_one_cause_are_one_cause(self):
        lines = [line("capacity", 0, "capacity"), line("capacity-above-linear", 0, "overfit", ["capacity"]),
                 line("ceiling", 0, "ceiling")]
        self.assertEqual(report.figures(document(lines))["macro recall over causes"], report.macro([(1, 2), (1, 1)]))

    def test_a_ceiling_is_right_of_flipped_labels_and_does_not_find_them(self):
        noisy = ["label-noise", "ceiling"]
        lines = [line("label-noise", 0, "ceiling", noisy), line("label-noise", 1, "ceiling", noisy,
                                                                **listing("label-noise")),
                 line("label-noise", 2, "label-noise", noisy), line("label-noise", 3, "capacity", noisy),
                 line("label-noise", 4, "ceiling", noisy, **listing("label-noise", grade="unresolved")),
                 line("ceiling", 0, "ceiling", **listing("label-noise")), line("ceiling", 1, "ceiling"),
                 line("healthy", 0, "solved", ["solved"], **listing("small-test")),
                 line("healthy", 1, "ceiling", ["ceiling", "label-noise"], **listing("label-noise"))]
        rates = report.figures(document(lines))
        self.assertEqual(rates["precision among decided"], report.wilson(8, 9))
        self.assertEqual(rates["macro recall over causes"], report.macro([(2, 5), (2, 2)]))
        self.assertEqual(rates["label noise listed where labels are flipped"], report.wilson(2, 5))
        self.assertEqual(rates["label noise listed where none are"], report.wilson(1, 3))

    def test_a_verdict_that_claims_nothing_is_right_of_underpowered_sets_only(self):
        outcome = {"id": "frozen/x/0", "kind": "cause", "expected": ["inconclusive", "capacity"],
                   "code": "inconclusive"}
        self.assertFalse(report.is_right(outcome))
        self.assertTrue(report.is_right({**outcome, "kind": "underpowered"}))
        self.assertTrue(report.is_right({**outcome, "kind": "healthy"}))
        self.assertFalse(report.is_right({**outcome, "kind": "healthy", "expected": ["solved"]}))
        self.assertFalse(report.is_right({**outcome, "kind": "underpowered", "expected": ["small-test"]}))
        self.assertTrue(report.is_right({**outcome, "code": "capacity"}))

    def test_rounds_without_a_fault_are_healthy_and_may_say_nothing(self):
        lines = [line("healthy-rounds", 0, "inconclusive", ["inconclusive"]),
                 line("healthy-rounds", 1, "forgetting", ["inconclusive"]), line("capacity", 0, "capacity")]
        rates = report.figures(document(lines))
        self.assertEqual(rates["healthy sets given a false cause"], report.wilson(1, 2))
        self.assertEqual(rates["inconclusive, of adequately powered sets"], report.wilson(0, 1))
        self.assertEqual(rates["precision among decided"], report.wilson(1, 2))

    def test_refused_data_count_as_undecided(self):
        refused = line("capacity", 0, "")
        del refused["verdict"]
        refused["refused"] = "too few rows"
        rates = report.figures(document([refused, line("capacity", 1, "capacity")]))
        self.assertEqual(rates["precision among decided"], report.wilson(1, 1))
        self.assertEqual(rates["macro recall over causes"][0], 0.5)

    def test_intervals_hold_their_ends_and_no_nan(self):
        lines = [line("capacity", 0, "capacity",
                      intervals=[interval(0, 1, 2), interval(0, 2, 2), interval(0, 2.1, 2.0)]),
                 line("capacity", 1, "capacity",
                      intervals=[interval(0, None, 2), interval(0, float("nan"), 2), interval(0, 5, 2, "overfit"),
                                 interval(0, 5, 2, "reference"), interval(0, 1, 2, "accuracy", 0.3)],
                      twice=twice(3.0, 5.0), untold=["capacity"])]
        result = document(lines)
        # The reference that is the regularised setting counts once, what has no true value not at all.
        self.assertEqual(result["coverage"], {"capacity": [2, 3], "overfit": [0, 1], "accuracy": [1, 1],
                                              "twice the rows": [0, 1]})
        rates = report.figures(result)
        self.assertEqual(rates[GAINS], report.wilson(2, 4))
        self.assertEqual(rates[ACCURACY], report.wilson(1, 1))
        self.assertEqual(rates[TWICE], report.wilson(0, 1))
        self.assertEqual(result["truths"], {"ratios": [0.1] * 5 + [0.3], "untold": 1})
        self.assertIn("0.10 in the middle, above 0.25 of 1 of 6. 1 figures had no true value", report.render(result))

    def test_coverage_of_gains_is_told_by_the_size_of_the_true_value(self):
        held = [(-1, truth, 20) for truth in (0.0, 0.0999, -0.0999, 0.1, 1.0, 9.99, 10.0)]
        missed = [(-12, truth, -11) for truth in (-0.05, -0.1, -1.0, -9.99, -10.0, 0.1)]
        lines = [line("capacity", 0, "capacity", intervals=[interval(*numbers) for numbers in held + missed]),
                 line("capacity", 1, "capacity", twice=twice(0.0, 0.01),
                      intervals=[interval(-1, 0, 20), interval(-1, 0, 20, "reference"), interval(-1, None, 20),
                                 interval(0, 90, 95, "accuracy")])]
        result = document(lines)
        # The accuracy and twice the rows are no gains, the reference that is the same comparison counts once.
        self.assertEqual(result["coverage_by_size"],
                         {"below 0.1": [4, 5], "0.1 to 1": [1, 3], "1 to 10": [2, 4], "10 or more": [1, 2]})
        rates = report.figures(result)
        self.assertEqual(rates[GAINS], report.wilson(8, 14))
        self.assertEqual(rates[report.LARGER_GAINS], report.wilson(4, 9))
        self.assertEqual(rates[report.SMALL_GAINS], report.wilson(4, 5))
        words = report.render(result, "coverage")
        self.assertIn(f"| below 0.1 | 5 | {report.percent(report.wilson(4, 5))} |", words)
        self.assertIn(f"| 10 or more | 2 | {report.percent(report.wilson(1, 2))} |", words)
        self.assertIn("| 1 to 10 | 0 | not measured |", report.render(document([line("capacity", 0, "capacity")])))
        self.assertEqual(sum(pair[1] for pair in result["coverage_by_size"].values()),
                         sum(pair[1] for name, pair in result["coverage"].items() if report.is_gain(name)))

    def test_gains_at_twice_the_rows_count_from_500_rows_on(self):
        lines = [line("data-limited", 0, "data-limited", twice=twice(3.0, 4.0)),
                 line("data-limited", 1, "data-limited", twice=twice(3.0, 1.9)),
                 line("data-limited", 2, "data-limited", twice=twice(3.0, 3.0),
                      parameters={"fault": "", "train_rows": 499}),
                 line("data-limited", 3, "data-limited", twice=twice(3.0, None))]
        self.assertEqual(report.figures(document(lines))[NEAR], report.wilson(1, 2))

    def test_every_rate_has_a_goal_and_one_that_was_not_measured_is_missed(self):
        self.assertEqual(list(report.figures(document(self.LINES))), list(report.GOALS))
        missed = report.missed_goals(document([line("capacity", 0, "capacity")]))
        self.assertNotIn("precision among decided", missed)
        self.assertIn("healthy sets given a false cause", missed)


class Words(unittest.TestCase):
    def test_the_matrix_has_a_row_per_maker_and_abstentions_last(self):
        rows = report.matrix(document(Figures.LINES)["outcomes"])
        self.assertEqual(rows[0], "| built in | sets | capacity | overfit | ceiling | solved | mixed | small-test | "
                                  "inconclusive |")
        self.assertEqual(rows[2], "| capacity | 4 | **2** | 1 |  |  |  |  | 1 |")
        self.assertIn("| underpowered | 3 |  | 1 |  |  |  | **1** | **1** |", rows)
        self.assertIn(" inconclusive |", report.matrix([{"id": "frozen/capacity/0", "kind": "cause", "causes": [],
                                                         "expected": ["capacity"], "code": "capacity"}])[0])

    def test_a_result_file_is_read_back_and_rendered_by_table_py(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "result.json"
            results.write(path, document(Figures.LINES))
            result = results.read(path)
            self.assertEqual(table.render(result), report.render(result))
            self.assertIn("| macro recall over causes | at least 85 % | 50.0 %", table.render(result, "goals"))
            self.assertIn(f"| {TWICE} | 93 % to 97 % | not measured | **missed** |", table.render(result, "goals"))
            self.assertNotIn("macro recall", table.render(result, "matrix"))
            self.assertEqual(table.unfit(result), [])
            with self.assertRaises(results.Refused):
                table.render(result, "everything")
            del result["outcomes"][0]["code"]
            results.write(path, result)
            with self.assertRaises(results.Refused):
                results.read(path)


class Program(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, lines, tail=""):
        path = pathlib.Path(self.folder.name) / name
        path.write_text("".join(json.dumps(one) + "\n" for one in lines) + tail)
        return str(path)

    def run_with(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = report.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def test_shards_are_one_work_and_a_torn_line_is_none(self):
        first = self.file("1.jsonl", [line("capacity", 0, "capacity")], tail='{"id": "fro')
        second = self.file("2.jsonl", [line("capacity", 1, "overfit")])
        code, out, err = self.run_with(first, second, "--wrong")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("2 sets of the frozen part (checksum 00c0ffee), quick depth, 20 trainings.", out)
        self.assertIn("- frozen/capacity/1 (on purpose): overfit: It is overfit", out)
        self.assertEqual(self.run_with(first, second, "--check")[0], 1)

    def test_what_is_not_one_work_is_refused(self):
        good = line("capacity", 0, "capacity")
        for lines, words in (([good, good], "frozen/capacity/0 is in"),
                             ([good, line("capacity", 1, "capacity", checksum="1")], "several checksums"),
                             ([good, line("capacity", 1, "capacity", depth="standard")], "several depths"),
                             ([{**good, "expected": "capacity"}], "has no expected"), ([], "there are no lines"),
                             ([{**good, "audit": {}}], "lines of --audit")):
            code, out, err = self.run_with(self.file("lines.jsonl", lines))
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)
        code, _, err = self.run_with(str(pathlib.Path(self.folder.name) / "none.jsonl"))
        self.assertEqual(code, 2)
        self.assertIn("No such file", err)
        self.assertIn("line 1 is no JSON", self.run_with(self.file("text.jsonl", [], "words\n"))[2])

    def test_several_commits_are_told(self):
        result = document([line("capacity", 0, "capacity"), line("capacity", 1, "capacity", commit="f" * 40)])
        self.assertIsNone(result["commit"])
        self.assertIn("the commit is unknown", report.render(result))

    def test_audits_are_means_by_maker_and_their_claims(self):
        def audit(number, user, remedied):
            values = {"user": user, "remedied": remedied, "ladder": 0.9, "ladder_at_half": None,
                      "ladder_at_twice": 0.95}
            claim = {"what": "the remedy", "value": remedied - user, "least": 0.03, "most": None,
                     "holds": remedied - user >= 0.03}
            return line("capacity", number, "", audit=values, bayes=0.8, claims=[claim])

        path = self.file("audit.jsonl", [audit(0, 0.5, 0.9), audit(1, 0.7, 0.71)])
        code, out, _ = self.run_with("--audit", path)
        self.assertEqual(code, 0)
        self.assertIn("| capacity | 2 | 0.600 | 0.805 | 0.900 |  | 0.950 | 0.800 |", out)
        self.assertIn("| capacity | the remedy | 0.010 | 0.400 | at least 0.03 | 1 of 2 |", out)
        self.assertIn("- frozen/capacity/1: the remedy", out)
        self.assertEqual(self.run_with("--audit", "--check", path)[0], 1)
        self.assertEqual(self.run_with("--audit", "--check", self.file("well.jsonl", [audit(0, 0.5, 0.9)]))[0], 0)


if __name__ == "__main__":
    unittest.main()
