# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""How measurements become results, results tables, and a machine's check a report: on made-up programs and files."""

import contextlib
import copy
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import compare  # noqa: E402
import gpu_check  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTEXT = {"device": "cpu", "device_name": "Some CPU", "smoke": "false", "executable": "/somewhere/program",
           "build_commit": COMMIT, "build_dirty": "false"}
MACHINE = {"cpu": "Some CPU", "cores": 2, "busy_share": 0.0, "load_start": 0.0, "gpu": None}
# A program of Google Benchmark that writes what lies in said.json beside it.
COPIES = ('for a in "$@"; do case $a in --benchmark_out=*) cp "$(dirname "$0")/said.json" "${a#--benchmark_out=}";; '
          'esac; done\n')


def entry(name, time, unit="us", **counters):
    return {"name": name, "run_name": name, "run_type": "iteration", "repetitions": 3, "threads": 1, "iterations": 7,
            "real_time": time, "cpu_time": time, "time_unit": unit, **counters}


def benchmarks(*entries, **context):
    return json.dumps({"context": {**CONTEXT, **context}, "benchmarks": list(entries)}, indent=2)


def made(*entries, busy_share=0.0, **context):
    made = results.document("kernels", "run.py kernels", "2026-01-01T00:00:00+00:00",
                            {**MACHINE, "busy_share": busy_share}, benchmarks(*entries, **context))
    return {**made, "commit": COMMIT, "dirty": False}


def quietly(main, *arguments):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


def is_running(process):
    """Whether there is such a process, and it has not ended yet."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.others_use(0.0)

    def others_use(self, share):
        """Of the processors, from now on."""
        patched = mock.patch.object(results, "busy_share", lambda: share)
        patched.start()
        self.addCleanup(patched.stop)

    def program(self, name, script):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return path


class Results(Folder):
    def test_every_repetition_is_kept_and_the_middle_told(self):
        result = made(entry("adam/rows:9/manual_time/repeats:3", 3, gb_per_s=1),
                      entry("adam/rows:9/manual_time/repeats:3", 1, gb_per_s=3),
                      entry("adam/rows:9/manual_time/repeats:3", 0.002, unit="ms", gb_per_s=2),
                      {**entry("adam/rows:9_mean", 2), "run_type": "aggregate"})
        (case,) = result["cases"]
        self.assertEqual(case["name"], "adam/rows:9")
        self.assertEqual(case["us"], [3, 1, 2])
        self.assertEqual((case["median_us"], case["min_us"], case["max_us"]), (2, 1, 3))
        self.assertEqual(case["counters"], {"gb_per_s": 2})
        self.assertNotIn("executable", result["context"])

    def test_a_run_that_was_cut_keeps_what_was_written_whole(self):
        whole = benchmarks(entry("a", 1), entry("b", 2), entry("c", 3))
        cut = whole[:whole.index('"c"') + 2]
        result = results.document("kernels", "", "", MACHINE, cut)
        self.assertEqual([case["name"] for case in result["cases"]], ["a", "b"])
        self.assertFalse(result["complete"])
        self.assertIn("Cut by a limit or a failure", results.caution(result)[-1])
        for nothing in ("", "{", whole[:40]):
            with self.assertRaises(results.Failed):
                results.document("kernels", "", "", MACHINE, nothing)

    def test_a_case_that_failed_has_no_time(self):
        result = made({**entry("a", 0), "error_occurred": True, "error_message": "not finite"}, entry("b", 1))
        self.assertEqual([(case["status"], case.get("reason")) for case in result["cases"]],
                         [("failed", "not finite"), ("timed", None)])
        self.assertIn("| a | FAIL: not finite |", table.render(result))
        absent = made({**entry("a", 0), "error_occurred": True, "error_message": "not offered: no tensor cores"})
        self.assertEqual((absent["cases"][0]["status"], run.failure(absent)), ("not offered", ""))
        self.assertIn("| a | not offered: no tensor cores |", table.render(absent))

    def test_times_of_the_emulated_gpu_are_no_results(self):
        with self.assertRaises(results.Failed):
            made(entry("a", 1), device="emulated")
        self.assertEqual(results.doubts(made(entry("a", 1), device="emulated", smoke="true"))[0], "a smoke run")
        with self.assertRaises(results.Failed):
            made(entry("a", 1), device="something")

    def test_a_file_reads_back_and_others_are_refused(self):
        result = made(entry("a", 1), entry("a", 2))
        results.write(self.folder / "r.json", result)
        self.assertEqual(results.read(self.folder / "r.json"), result)
        self.assertIn('"us": [1.0, 2.0]', (self.folder / "r.json").read_text())
        with self.assertRaises(ValueError):
            results.write(self.folder / "nan.json", {"x": float("nan")})
        for name, text in (("a.json", "no JSON"), ("b.json", "{}"), ("c.json", '{"schema": "plateau-bench"}')):
            (self.folder / name).write_text(text)
            with self.assertRaises(results.Refused):
                results.read(self.folder / name)
        with self.assertRaises(results.Refused):
            results.read(self.folder / "missing.json")

    def test_a_file_that_holds_less_than_a_result_is_refused(self):
        whole = made(entry("a", 1), {**entry("b", 0), "error_occurred": True})
        check = {**whole, "suite": "gpu-check", "stages": [{"name": "kernels", "status": "passed", "seconds": 1.0,
                                                            "result": copy.deepcopy(whole)}]}
        peers = {**whole, "suite": "peers", "rebuilt": False, "machine": {**MACHINE, "load_end": 0.0}, "cases": []}
        path = self.folder / "r.json"
        for sound in (whole, check, peers):
            path.write_text(json.dumps(sound))
            results.read(path)
        for spoil in (lambda d: d.pop("suite"), lambda d: d.update(machine=None), lambda d: d["machine"].pop("cpu"),
                      lambda d: d.update(cases={}), lambda d: d.update(cases=[7]), lambda d: d["cases"][0].pop("us"),
                      lambda d: d["cases"][0].update(us=["fast"]), lambda d: d["cases"][1].pop("reason"),
                      lambda d: d.update(build={}), lambda d: d.update(suite="gpu-check"),
                      lambda d: d.update(suite="peers"), lambda d: d.update(smoke="no")):
            spoiled = copy.deepcopy(whole)
            spoil(spoiled)
            path.write_text(json.dumps(spoiled))
            with self.assertRaisesRegex(results.Refused, "r.json"):
                results.read(path)
        check["stages"][0]["result"]["cases"][0].pop("median_us")
        path.write_text(json.dumps(check))
        with self.assertRaisesRegex(results.Refused, "kernels: a has no median_us"):
            results.read(path)

    def test_busy_is_what_others_use_and_not_what_ran_before(self):
        self.assertEqual(results.doubts(made(entry("a", 1), busy_share=0.3)), [])
        busy = made(entry("a", 1), busy_share=0.5)  # one of two processors
        self.assertEqual(results.doubts(busy), ["the machine was busy"])
        self.assertIn("**Not a measurement: the machine was busy.**", table.render(busy))

    def test_the_share_that_others_use(self):
        mock.patch.stopall()
        with mock.patch.object(results, "SAMPLE_S", 0):
            for times, share in (([(100, 200), (100, 300)], 1.0), ([(100, 200), (175, 300)], 0.25),
                                 ([(100, 200), (200, 300)], 0.0)):
                with mock.patch.object(results, "processor_times", mock.Mock(side_effect=times)):
                    self.assertEqual(results.busy_share(), share)
            for nothing in (OSError, [(0, 0), (0, 0)]):  # no /proc/stat, or an empty one
                with mock.patch.object(results, "processor_times", mock.Mock(side_effect=nothing)), \
                        mock.patch.object(os, "getloadavg", lambda: (1.5, 0, 0)), \
                        mock.patch.object(os, "cpu_count", lambda: 3):
                    self.assertEqual(results.busy_share(), 0.5)
        idle, whole = results.processor_times()
        self.assertTrue(0 <= idle <= whole)

    @unittest.skipUnless(shutil.which("git"), "there is no git")
    def test_the_commit_is_that_of_the_projects_own_repository(self):
        repository = self.folder / "repository"
        (repository / "unpacked").mkdir(parents=True)
        git = ["git", "-C", str(repository), "-c", "user.name=A", "-c", "user.email=a@b.c"]
        subprocess.run([*git, "init", "-q"], check=True)
        (repository / "file").write_text("")
        subprocess.run([*git, "add", "file"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
        head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        for folder, dirty, told in ((repository, False, head), (repository, True, head),
                                    (repository / "unpacked", True, None), (self.folder, True, None)):
            (repository / "file").write_text("changed" * dirty)
            with mock.patch.object(results, "ROOT", folder):
                self.assertEqual(results.commit_facts(), {"commit": told, "dirty": dirty and told is not None})

    def test_what_a_program_was_built_from_is_compared_with_the_checkout(self):
        other = "f" * 40
        for said, checkout, words in (
                ({}, COMMIT, ""), ({}, None, ""), ({}, other, "built from commit 0123456789ab, and the checkout"),
                ({"build_dirty": "true"}, COMMIT, "built from changes that were not committed"),
                ({"build_dirty": "true"}, None, "built from changes that were not committed"),
                ({"build_commit": ""}, COMMIT, "built from is unknown"), ({"build_commit": ""}, None, "is unknown"),
                ({"build_commit": None}, COMMIT, "is unknown"), ({"build_dirty": ""}, COMMIT, "is unknown")):
            with self.subTest(said=said, checkout=checkout):
                result = {**made(entry("a", 1), **said), "commit": checkout}
                told = "; ".join(results.doubts(result))
                self.assertRegex(told, words) if words else self.assertEqual(told, "")
                self.assertIn(words.split(",")[0] if words else "commit 0123456789ab", table.render(result))
        old = {**made(entry("a", 1)), "commit": other}
        del old["build"]  # a file from before programs told
        self.assertEqual(results.doubts(old), [])
        self.assertIn("commit ffffffffffff", table.render(old))
        self.assertEqual(results.doubts({**old, "commit": None}), ["the commit is unknown"])
        check = {**old, "suite": "gpu-check", "commit": None,
                 "stages": [{"name": "kernels", "result": made(entry("a", 1), build_dirty="true")}]}
        self.assertEqual(results.doubts(check), ["the program was built from changes that were not committed"])


class Run(Folder):
    def test_runs_the_program_of_the_suite(self):
        written = self.folder / "said.json"
        written.write_text(benchmarks(entry("a", 1, gb_per_s=5)))
        self.program("bench_kernels", COPIES)
        out = self.folder / "r.json"
        code, printed, _ = quietly(run.main, "kernels", "--build", str(self.folder), "--out", str(out), "--allow-busy")
        self.assertEqual(code, 0)
        self.assertIn("| a | 1.00 | 0 % | 5 |", printed)
        self.assertEqual(results.read(out)["cases"][0]["us"], [1])

    def test_a_program_that_fails_is_no_result(self):
        self.program("bench_kernels", "exit 3\n")
        code, _, said = quietly(run.main, "kernels", "--build", str(self.folder), "--allow-busy")
        self.assertEqual(code, 1)
        self.assertIn("bench_kernels ended with 3", said)

    def test_a_program_that_fails_late_keeps_what_it_measured(self):
        (self.folder / "said.json").write_text(benchmarks(entry("a", 1), {
            **entry("b", 0), "error_occurred": True, "error_message": "an output is not finite"}))
        self.program("bench_kernels", COPIES + "exit 1\n")
        out = self.folder / "r.json"
        code, _, said = quietly(run.main, "kernels", "--build", str(self.folder), "--out", str(out), "--allow-busy")
        self.assertEqual(code, 1)
        self.assertIn("FAIL: bench_kernels ended with 1; not timed: b", said)
        self.assertEqual([case["status"] for case in results.read(out)["cases"]], ["timed", "failed"])
        self.assertFalse(results.read(out)["complete"])

    def test_a_busy_machine_is_refused_and_one_that_was_busy_is_not(self):
        (self.folder / "said.json").write_text(benchmarks(entry("a", 1)))
        self.program("bench_kernels", COPIES)
        out = self.folder / "r.json"
        wish = ["kernels", "--build", str(self.folder), "--out", str(out)]
        with mock.patch.object(os, "getloadavg", lambda: (9.0, 9.0, 9.0)):  # the build that just ended
            self.assertEqual(quietly(run.main, *wish)[0], 0)
        self.assertFalse(results.read(out)["busy"])
        self.others_use(0.9)
        code, printed, said = quietly(run.main, *wish)
        self.assertEqual((code, printed), (2, ""))
        self.assertRegex(said, r"^run\.py: others use 90 % of the processors.* --allow-busy\n$")
        self.assertEqual(quietly(run.main, *wish, "--allow-busy")[0], 0)
        self.assertTrue(results.read(out)["busy"])

    def test_what_the_program_cannot_do_is_no_failure_of_it(self):
        self.program("bench_kernels", "exit 2\n")
        code, _, said = quietly(run.main, "kernels", "--build", str(self.folder), "--device", "cuda")
        self.assertEqual(code, 2)
        self.assertIn("bench_kernels cannot do what was asked", said)

    def test_impossible_wishes_are_refused(self):
        for arguments, culprit in ((["--emulated"], "--emulated"), (["--build", "/nowhere"], "--build /nowhere"),
                                   (["--build", str(self.folder), "--allow-busy"], "bench_kernels"),
                                   (["--allow-busy", "--repetitions", "0"], "--repetitions 0"),
                                   (["--allow-busy", "--out", "/nowhere/r.json"], "--out /nowhere/r.json")):
            code, _, said = quietly(run.main, "kernels", *arguments)
            self.assertEqual(code, 2, said)
            self.assertIn(culprit, said)
            self.assertEqual(said.count("\n"), 1)


class Compare(Folder):
    def verdict(self, before, after):
        return compare.judge(before, after, 0.01)[0]

    def test_noise_decides(self):
        quiet = [100, 100.1, 100.2, 99.9, 100, 100.1, 99.8]
        loud = [80, 120, 100, 140, 70, 100, 95]
        self.assertEqual(self.verdict(quiet, quiet), "same")
        self.assertEqual(self.verdict(quiet, [1.1 * value for value in quiet]), "slower")
        self.assertEqual(self.verdict(quiet, [0.9 * value for value in quiet]), "faster")
        self.assertEqual(self.verdict(loud, [1.02 * value for value in loud]), "noise")
        self.assertEqual(self.verdict(quiet[:4], quiet[3:]), "too few repetitions")
        self.assertEqual(self.verdict([0.0] * 7, quiet), "no times")

    def test_the_same_is_told_to_be_the_same(self):
        self.assertEqual(self.verdict([80, 120, 100, 140, 70], [80, 120, 100, 140, 70]), "same")
        self.assertEqual(self.verdict([80, 120], [80, 120]), "same")
        source = random.Random(3)
        verdicts = [compare.judge(*([source.gauss(100, 1) for _ in range(5)] for _ in range(2)),
                                  compare.LEAST_PERCENT / 100)[0] for _ in range(20)]
        self.assertGreaterEqual(verdicts.count("same"), 19)

    def test_what_holds_no_times_is_refused(self):
        results.write(self.folder / "sound.json", made(*(entry("x", 1) for _ in range(5))))
        results.write(self.folder / "smoke.json", made(entry("x", 1), smoke="true"))
        results.write(self.folder / "emulated.json", made(entry("x", 1), device="emulated", smoke="true"))
        (self.folder / "empty.json").write_text('{"schema": "plateau-bench", "schema_version": 1}')
        for name, words in (("smoke", "a smoke run"), ("emulated", "emulated"), ("empty", "has no suite")):
            for pair in ((name, "sound"), ("sound", name)):
                code, printed, said = quietly(compare.main, *(str(self.folder / f"{one}.json") for one in pair))
                self.assertEqual((code, printed), (2, ""), name)
                self.assertRegex(said, f"^compare.py: .*{name}.json.*{words}.*\n$")

    def test_paths_are_relative_to_the_callers_folder(self):
        (self.folder / "bad.json").write_text("bad")
        done = subprocess.run(["bash", str(ROOT / "dev"), "bench", "compare", "bad.json", "bad.json"], text=True,
                              capture_output=True, cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad.json is no JSON", done.stderr)

    def test_files(self):
        times = [100, 101, 100, 100, 101]
        results.write(self.folder / "a.json", made(*(entry("x", time) for time in times), entry("gone", 1)))
        results.write(self.folder / "b.json", made(*(entry("x", 2 * time) for time in times), entry("new", 1)))
        paths = str(self.folder / "a.json"), str(self.folder / "b.json")
        code, printed, _ = quietly(compare.main, *paths)
        self.assertEqual(code, 0)
        self.assertRegex(printed, r"kernels: x +slower +2\.000 \(1\.9\d\d to 2\.0\d\d\)")
        self.assertRegex(printed, r"kernels: gone +only before")
        self.assertRegex(printed, r"kernels: new +only after")
        self.assertEqual(quietly(compare.main, *paths, "--fail-on-slower")[0], 1)
        self.assertEqual(quietly(compare.main, *reversed(paths), "--fail-on-slower")[0], 0)
        other = {**made(entry("x", 1)), "suite": "training"}
        results.write(self.folder / "c.json", other)
        self.assertEqual(quietly(compare.main, paths[0], str(self.folder / "c.json"))[0], 2)


class Table(Folder):
    def setUp(self):
        super().setUp()
        (self.folder / "bench" / "results").mkdir(parents=True)
        self.addCleanup(setattr, results, "ROOT", results.ROOT)
        results.ROOT = self.folder
        expected = mock.patch.dict(table.EXPECTED, {"README.md": {"kernels"}})
        expected.start()
        self.addCleanup(expected.stop)
        self.write_result(1)
        self.document = self.folder / "README.md"
        self.document.write_text("before\n<!-- bench/results/r.json kernels a -->\nold\n"
                                 "<!-- end of bench/results/r.json -->\nafter\n")

    def write_result(self, time, **more):
        results.write(self.folder / "bench" / "results" / "r.json", made(entry("a", time), entry("b", 7), **more))

    def refused(self, words):
        code, _, said = quietly(table.main, "--check", "README.md")
        self.assertEqual(code, 2, said)
        self.assertRegex(said, words)

    def test_what_says_nothing_stands_in_no_document(self):
        for more, words in (({"smoke": "true"}, "a smoke run"), ({"busy_share": 0.9}, "the machine was busy"),
                            ({"device": "emulated", "smoke": "true"}, "its GPU is emulated")):
            self.write_result(1, **more)
            self.refused(words)
        path = self.folder / "bench" / "results" / "r.json"
        sound = made(entry("a", 1))
        for part, whole, words in ((sound, {"smoke": True}, "a smoke run"), (sound, {"busy": True}, "busy"),
                                   ({**sound, "smoke": True}, {}, "a smoke run")):
            results.write(path, {**sound, "suite": "gpu-check", **whole, "stages": [
                {"name": "kernels", "status": "passed", "seconds": 1.0, "result": part}]})
            self.refused(words)

    def test_a_table_with_times_stands_in_a_generated_part(self):
        quietly(table.main, "README.md")
        text = self.document.read_text()
        unmarked = re.sub(r"<!--.*-->\n", "", text)
        self.document.write_text(unmarked)
        self.refused("part of kernels is missing")
        table.EXPECTED["README.md"] = set()
        self.refused(r"in no generated part: \| case \| median")
        table.EXPECTED["README.md"] = {"kernels"}
        for head, is_refused in (("| what | seconds |", True), ("| what | GB/s |", True),
                                 ("| what | µs per epoch |", True), ("| target | result of | measured |", False),
                                 ("| network | rows |", False)):
            self.document.write_text(f"{text}\n{head}\n| --- | --- |\n| a | 1 |\n")
            self.assertEqual(quietly(table.main, "--check", "README.md")[0], 2 if is_refused else 0, head)

    def test_generated_parts_follow_the_results(self):
        self.assertEqual(quietly(table.main, "--check", "README.md")[0], 1)
        self.assertIn("old", self.document.read_text())
        self.assertEqual(quietly(table.main, "README.md")[0], 0)
        text = self.document.read_text()
        self.assertTrue(text.startswith("before\n<!-- bench/results/r.json kernels a -->\n"))
        self.assertTrue(text.endswith("<!-- end of bench/results/r.json -->\nafter\n"))
        self.assertIn("| a | 1.00 | 0 % |", text)
        self.assertNotIn("| b |", text)
        self.assertEqual(quietly(table.main, "--check", "README.md")[0], 0)
        self.write_result(2)
        self.assertEqual(quietly(table.main, "--check", "README.md")[0], 1)

    def test_parts_that_cannot_be_generated_are_refused(self):
        for old, new in (("end of bench/results/r.json", "end of bench/results/q.json"), ("kernels a", "training"),
                         ("kernels a", "kernels z"), ("r.json kernels", "q.json kernels")):
            text = self.document.read_text()
            self.document.write_text(text.replace(old, new))
            code, _, said = quietly(table.main, "--check", "README.md")
            self.assertEqual(code, 2, new)
            self.assertIn("README.md", said)
            self.document.write_text(text)


class GpuCheck(Folder):
    """Programs of shell in place of ours."""

    def setUp(self):
        super().setUp()
        self.build = self.folder / "build"
        self.build.mkdir()
        self.out = self.folder / "out"
        self.out.mkdir()
        self.program("build/plateau", 'echo "gpu       Some GPU, compute capability 9.0"\n')
        folders = mock.patch.object(gpu_check, "cublas_folders", lambda interpreters: [])
        folders.start()
        self.addCleanup(folders.stop)

    def check(self, *arguments):
        code, printed, said = quietly(gpu_check.main, "--build", str(self.build), "--out", str(self.out), *arguments)
        stages = {}
        if (self.out / "gpu-check.json").is_file():
            stages = {stage["name"]: stage for stage in results.read(self.out / "gpu-check.json")["stages"]}
        return code, stages, printed + said

    def fake_tests(self, failures, code):
        self.program("build/gpu_tests", 'test "$PLATEAU_REQUIRE_GPU" = 1 || exit 9\n'
                     'for a in "$@"; do case $a in --gtest_output=json:*) '
                     f'echo \'{{"tests": 3, "failures": {failures}}}\' > "${{a#--gtest_output=json:}}";; esac; done\n'
                     + ("echo '[  FAILED  ] Adam.is_right (3 ms)'\n" if failures else "") + f"exit {code}\n")

    def test_a_stage_that_passes_and_one_that_fails(self):
        self.fake_tests(0, 0)
        code, stages, _ = self.check("--only", "facts", "--only", "tests")
        self.assertEqual(code, 0)
        self.assertEqual([stages[name]["status"] for name in ("facts", "tests")], ["passed", "passed"])
        self.assertEqual(stages["tests"]["result"]["tests"], 3)
        for failures, ended in ((1, 1), (0, 139), (1, 0)):
            self.fake_tests(failures, ended)
            code, stages, _ = self.check("--only", "tests")
            self.assertEqual((code, stages["tests"]["status"]), (1, "failed"), (failures, ended))
        self.assertEqual(stages["tests"]["result"]["failed"], ["Adam.is_right"])

    def test_a_stage_that_hangs_is_cut_and_the_next_one_runs(self):
        self.program("build/gpu_tests", "sleep 60\n")
        code, stages, _ = self.check("--only", "tests", "--only", "machine", "--limit", "2")
        self.assertEqual(code, 1)
        self.assertEqual(stages["tests"]["status"], "cut")
        self.assertLess(stages["tests"]["seconds"], 10)
        self.assertEqual(stages["machine"]["status"], "failed")
        self.assertIn("bench_machine", stages["machine"]["reason"])

    def test_a_suite_that_is_cut_keeps_what_it_measured(self):
        said = benchmarks(entry("empty", 1), entry("full", 2), device="cuda")
        (self.build / "said.json").write_text(said[:said.index('"full"')])
        self.program("build/bench_machine", COPIES + "sleep 60\n")
        code, stages, _ = self.check("--only", "machine", "--limit", "2")
        self.assertEqual((code, stages["machine"]["status"]), (1, "cut"))
        self.assertEqual([case["name"] for case in stages["machine"]["result"]["cases"]], ["empty"])
        self.assertIn("| empty | 1.00 |", (self.out / "gpu-check.md").read_text())

    def test_a_sanitizer_that_refuses_the_machine_is_not_run(self):
        tools = self.folder / "tools"
        tools.mkdir()
        self.fake_tests(0, 0)
        self.addCleanup(setattr, gpu_check.shutil, "which", gpu_check.shutil.which)
        gpu_check.shutil.which = lambda name, path=None: str(tools / name) if (tools / name).exists() else None
        code, stages, _ = self.check("--only", "memcheck")
        self.assertEqual((code, stages["memcheck"]["status"]), (0, "not run"))
        for script, status in (("echo '========= Error: Device not supported'; exit 255\n", "not run"),
                               ("echo '[  PASSED  ] 4 tests.'; echo '========= ERROR SUMMARY: 0 errors'\n", "passed"),
                               ("echo '[  PASSED  ] 4 tests.'; echo '========= ERROR SUMMARY: 2 errors'; exit 86\n",
                                "failed"), ("echo nothing\n", "failed")):
            self.program("tools/compute-sanitizer", 'test "$PLATEAU_REQUIRE_GPU" = 1 || exit 9\n' + script)
            code, stages, _ = self.check("--only", "memcheck")
            self.assertEqual(stages["memcheck"]["status"], status, script)
            self.assertEqual(code, 1 if status == "failed" else 0)

    def test_without_a_gpu_nothing_else_is_tried(self):
        self.program("build/plateau", 'echo "gpu       none: no NVIDIA driver is installed"\n')
        code, stages, _ = self.check()
        self.assertEqual(code, 1)
        self.assertEqual(list(stages), ["facts"])
        self.assertIn("none: no NVIDIA driver is installed", stages["facts"]["reason"])

    def fake_suite(self, name, **context):
        (self.build / "said.json").write_text(benchmarks(entry("a", 1), **{"device": "cuda", **context}))
        self.program(f"build/bench_{name}", COPIES)

    def test_an_emulated_gpu_is_none(self):
        self.program("build/plateau", 'echo "gpu       emulated on the cpu, for tests: emulated GPU, compute 9.0"\n')
        code, stages, _ = self.check()
        self.assertEqual((code, list(stages), stages["facts"]["status"]), (1, ["facts"], "failed"))
        for device in ("cpu", "emulated"):
            self.fake_suite("kernels", device=device, smoke="true")
            code, stages, _ = self.check("--only", "kernels")
            self.assertEqual((code, stages["kernels"]["status"]), (1, "failed"))
            self.assertIn(device, stages["kernels"]["reason"])
            self.fake_scenarios(device=device)
            code, stages, _ = self.check("--only", "scenarios")
            self.assertEqual((code, stages["scenarios"]["status"]), (1, "failed"))
            self.assertIn(f"scenario overfit ran on the device {device}", stages["scenarios"]["reason"])

    def fake_scenarios(self, device="cuda", lines=2):
        said = {"plan": {"device": device}, "configuration": {"epochs": 2}, "verdict": None, "measured": {
            "seconds": {"training": 0.5}}, "result": {"train_loss": 0.25, "test_accuracy": 0.75}}
        told = "Epoch: 0, Train Loss: 0.6993, Test Accuracy: 0.4320\n" * lines
        self.program("build/plateau", f"case \"$*\" in *json*) echo '{json.dumps(said)}';; *) printf '{told}';; esac\n")

    def test_a_scenario_prints_a_line_for_every_epoch(self):
        self.fake_scenarios()
        code, stages, _ = self.check("--only", "scenarios")
        self.assertEqual((code, stages["scenarios"]["status"]), (0, "passed"))
        self.assertIn("| underfit | none | 0.2500 | 0.7500 | 0.500 |", (self.out / "gpu-check.md").read_text())
        for lines in (0, 1, 3):
            self.fake_scenarios(lines=lines)
            code, stages, _ = self.check("--only", "scenarios")
            self.assertEqual((code, stages["scenarios"]["status"]), (1, "failed"))
            self.assertIn(f"printed {lines} epoch lines and trained 2", stages["scenarios"]["reason"])

    def test_its_own_stages_do_not_make_the_machine_busy(self):
        self.fake_suite("training")
        with mock.patch.object(os, "getloadavg", lambda: (9.0, 9.0, 9.0)):
            self.assertEqual(self.check("--only", "training")[0], 0)
        result = results.read(self.out / "gpu-check.json")
        self.assertEqual((result["busy"], result["stages"][0]["result"]["busy"]), (False, False))
        self.assertIn("--benchmark_filter=-fleet/1024x128", result["stages"][0]["result"]["command"])
        self.others_use(0.9)
        self.check("--only", "training")
        result = results.read(self.out / "gpu-check.json")
        self.assertEqual((result["busy"], result["stages"][0]["result"]["busy"]), (True, True))
        self.assertIn("the machine was busy", (self.out / "gpu-check.md").read_text())

    def test_peers_that_were_cut_or_failed_did_not_pass(self):
        whole = {**made(entry("a", 1)), "suite": "peers", "rebuilt": False, "cases": [],
                 "machine": {**MACHINE, "load_end": 0.0}}
        script = self.folder / "peers.py"
        for result, ended, status in ((whole, 0, "passed"), ({**whole, "complete": False}, 0, "cut"),
                                      (whole, 1, "failed"), (None, 0, "failed"), (None, 2, "failed")):
            script.write_text(f"import json, sys\nresult = json.loads({json.dumps(json.dumps(result))})\n"
                              "assert '--device cuda' in ' '.join(sys.argv)\n"
                              "if result:\n    json.dump(result, open(sys.argv[sys.argv.index('--out') + 1], 'w'))\n"
                              f"sys.exit({ended})\n")
            with mock.patch.object(gpu_check, "PEERS", script):
                code, stages, _ = self.check("--only", "peers")
            self.assertEqual((code, stages["peers"]["status"]), (0 if status == "passed" else 1, status), ended)
            self.assertEqual(stages["peers"].get("result"), result)

    def test_a_stage_that_ends_early_leaves_its_rest_to_the_later_ones(self):
        self.assertAlmostEqual(sum(gpu_check.SHARES.values()), 1)
        for used in (0.0, 1.0, 0.5):
            now, given = [0.0], {}

            def attempt(_, name, seconds):
                given[name] = seconds
                now[0] += used * seconds
                return {"name": name, "status": "passed", "seconds": seconds}

            with mock.patch.multiple(gpu_check, attempt=attempt, time=types.SimpleNamespace(monotonic=lambda: now[0])):
                self.check("--limit", "100")
            left = 100.0
            for place, (name, share) in enumerate(gpu_check.SHARES.items()):
                self.assertAlmostEqual(given[name], left * share / sum(list(gpu_check.SHARES.values())[place:]))
                left -= used * given[name]
            self.assertEqual(round(given["peers"]), {0.0: 100, 1.0: 36, 0.5: round(left / 0.5)}[used])

    def test_an_interruption_ends_what_runs(self):
        for name in ("gpu_tests", "bench_kernels"):
            self.program(f"build/{name}", f'sleep 60 &\necho $! $$ > {self.folder}/{name}.$PPID\nwait\n')
        check = [ROOT / "bench" / "gpu_check.py", "--only", "tests", "--out"]
        started = []
        for number, (command, sent, ended) in enumerate((
                ([*check, self.folder / "one"], signal.SIGTERM, 143),
                ([*check, self.folder / "two"], signal.SIGINT, 130),
                ([ROOT / "bench" / "run.py", "kernels", "--allow-busy"], signal.SIGTERM, 143))):
            process = subprocess.Popen([sys.executable, "-B", *command, "--build", self.build],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       # A test that runs in the background of a shell would ignore it.
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            self.addCleanup(process.kill)
            name = self.folder / f"{'gpu_tests' if number < 2 else 'bench_kernels'}.{process.pid}"
            started.append((process, name, sent, ended))
        for process, name, sent, ended in started:
            end = time.monotonic() + 60
            while not (name.is_file() and name.read_text().endswith("\n")) and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(sent)
            self.assertEqual(process.wait(30), ended)
            for running in name.read_text().split():
                self.assertFalse(is_running(int(running)), f"{process.args}: {running}")

    def test_finds_the_cublas_of_a_python(self):
        library = self.folder / "site" / "nvidia" / "cublas" / "lib"
        library.mkdir(parents=True)
        (library / "libcublas.so.13").write_text("")
        python = self.program("python", f"echo; echo {self.folder / 'site'}\n")
        mock.patch.stopall()
        self.assertIn(str(library), gpu_check.cublas_folders([str(python), "/no/such/python"]))


class Operations(unittest.TestCase):
    def test_every_operation_is_measured(self):
        listed = re.search(r"set\(PLATEAU_OPERATIONS ([^)]*)\)", (ROOT / "CMakeLists.txt").read_text())[1].split()
        measured = (ROOT / "bench" / "kernels" / "operations.hpp").read_text()
        self.assertIn("adam", listed)
        for operation in listed:
            contract = (ROOT / "include" / "plateau" / "ops" / f"{operation}.hpp").read_text()
            costs = set(re.findall(r"\b(\w+)_cost\(", contract))
            self.assertTrue(costs, operation)
            for name in costs:
                self.assertRegex(measured, rf"\b{name}_cost\(", f"{operation}: {name} is not measured")
                self.assertRegex(measured, rf'\{{"{name}",', f"{operation}: {name} has no row")


if __name__ == "__main__":
    unittest.main()
