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
    made = {"id": f"frozen/{maker}/{number}", "part": "frozen", "maker": maker, "number": number, "checksum": "00c0ffee",
            "commit": COMMIT, "dirty": False, "parameters": {"fault": "on purpose", "train_rows": 800},
            "expected": expected or [maker], "bayes": None, "depth": "quick",
            "verdict": {"code": code, "grade": "proved", "sentence": f"It is {code}"}, "intervals": [], "trainings": 10,
            "measured": {"seconds": 0.5, "processor": "Some CPU", "workers": 2, "ended": "2026-01-02T03:04:05+00:00"},
            "device": "cpu"}
    return {**made, **more}


def interval(low, truth, high, name="capacity"):
    return {"name": name, "points": (low + high) / 2, "low": low, "high": high, "truth": truth}


def twice(predicted, truth):
    return {"points": predicted, "low": predicted - 1, "high": predicted + 1, "truth": truth}


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
        rates, recall = report.figures(document(self.LINES))
        # Decided are 9: capacity 3 of 4, ceiling 1, healthy 3, underpowered 1, two-causes 1. Right are 2 + 1 + 1 + 0 + 1.
        self.assertEqual(rates["precision among decided"], report.wilson(5, 9))
        self.assertEqual(rates["macro recall"], report.macro([(2, 4), (1, 2)]))
        self.assertEqual(rates["healthy sets given a false cause"], report.wilson(1, 4))
        self.assertEqual(rates["inconclusive, of adequately powered sets"], report.wilson(3, 11))
        self.assertEqual(rates["inconclusive, of underpowered sets"], report.wilson(2, 3))
        self.assertIsNone(rates["95 % intervals that hold the true value"])
        self.assertEqual(recall["underpowered"], (report.wilson(2, 3), 3))

    def test_a_verdict_that_claims_nothing_is_right_of_underpowered_sets_only(self):
        outcome = {"id": "frozen/x/0", "expected": ["inconclusive", "capacity"], "code": "inconclusive"}
        self.assertFalse(report.is_right(outcome))
        self.assertTrue(report.is_right({**outcome, "id": "frozen/underpowered/0"}))
        self.assertTrue(report.is_right({**outcome, "id": "frozen/healthy-rounds/0"}))
        self.assertFalse(report.is_right({**outcome, "id": "frozen/underpowered/0", "expected": ["small-test"]}))
        self.assertTrue(report.is_right({**outcome, "code": "capacity"}))

    def test_rounds_without_a_fault_are_healthy_and_may_say_nothing(self):
        lines = [line("healthy-rounds", 0, "inconclusive", ["inconclusive"]),
                 line("healthy-rounds", 1, "forgetting", ["inconclusive"]), line("capacity", 0, "capacity")]
        rates, _ = report.figures(document(lines))
        self.assertEqual(rates["healthy sets given a false cause"], report.wilson(1, 2))
        self.assertEqual(rates["inconclusive, of adequately powered sets"], report.wilson(0, 1))
        self.assertEqual(rates["precision among decided"], report.wilson(1, 2))

    def test_refused_data_count_as_undecided(self):
        refused = line("capacity", 0, "")
        del refused["verdict"]
        refused["refused"] = "too few rows"
        rates, _ = report.figures(document([refused, line("capacity", 1, "capacity")]))
        self.assertEqual(rates["precision among decided"], report.wilson(1, 1))
        self.assertEqual(rates["macro recall"][0], 0.5)

    def test_intervals_hold_their_ends_and_no_nan(self):
        lines = [line("capacity", 0, "capacity", intervals=[interval(0, 1, 2), interval(0, 2, 2), interval(0, 2.1, 2.0)]),
                 line("capacity", 1, "capacity",
                      intervals=[interval(0, None, 2), interval(0, float("nan"), 2), interval(0, 5, 2, "overfit"),
                                 interval(0, 5, 2, "reference"), interval(0, 9, 2, "shift")])]
        result = document(lines)
        # The reference that is the regularised setting counts once, what has no true value not at all.
        self.assertEqual(result["coverage"], {"capacity": [2, 3], "overfit": [0, 1], "shift": [0, 1]})
        self.assertEqual(report.figures(result)[0]["95 % intervals that hold the true value"], report.wilson(2, 4))

    def test_gains_at_twice_the_rows_count_from_500_rows_on(self):
        lines = [line("data-limited", 0, "data-limited", twice=twice(3.0, 4.0)),
                 line("data-limited", 1, "data-limited", twice=twice(3.0, 1.9)),
                 line("data-limited", 2, "data-limited", twice=twice(3.0, 3.0),
                      parameters={"fault": "", "train_rows": 499}),
                 line("data-limited", 3, "data-limited", twice=twice(3.0, None))]
        self.assertEqual(report.figures(document(lines))[0]["gain at twice the rows within a point"],
                         report.wilson(1, 2))

    def test_a_goal_that_was_not_measured_is_missed(self):
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

    def test_a_result_file_is_read_back_and_rendered_by_table_py(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "result.json"
            results.write(path, document(Figures.LINES))
            result = results.read(path)
            self.assertEqual(table.render(result), report.render(result))
            self.assertIn("| macro recall | at least 85 % | 50.0 %", table.render(result, "goals"))
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

    def test_audits_are_means_by_maker(self):
        def audit(number, user, remedied):
            values = {"user": user, "remedied": remedied, "ladder": 0.9, "ladder_at_half": None, "ladder_at_twice": 0.95}
            return line("capacity", number, "", audit=values, bayes=0.8)

        path = self.file("audit.jsonl", [audit(0, 0.5, 0.9), audit(1, 0.7, 0.71)])
        code, out, _ = self.run_with("--audit", path)
        self.assertEqual(code, 0)
        self.assertIn("| capacity | 2 | 0.600 | 0.805 | 0.900 |  | 0.950 | 0.800 | 1 of 2 |", out)


if __name__ == "__main__":
    unittest.main()
