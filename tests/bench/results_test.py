# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""How measurements become results, results tables, and a machine's check a report: on made-up programs and files."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import compare  # noqa: E402
import gpu_check  # noqa: E402
import results  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402

CONTEXT = {"device": "cpu", "device_name": "Some CPU", "smoke": "false", "executable": "/somewhere/program"}


def entry(name, time, unit="us", **counters):
    return {"name": name, "run_name": name, "run_type": "iteration", "repetitions": 3, "threads": 1, "iterations": 7,
            "real_time": time, "cpu_time": time, "time_unit": unit, **counters}


def benchmarks(*entries, **context):
    return json.dumps({"context": {**CONTEXT, **context}, "benchmarks": list(entries)}, indent=2)


def made(*entries, **context):
    return results.document("kernels", "run.py kernels", "2026-01-01T00:00:00+00:00",
                            {"cpu": "Some CPU", "cores": 2, "load_start": 0.0, "gpu": None},
                            benchmarks(*entries, **context))


def quietly(main, *arguments):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

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
        result = results.document("kernels", "", "", {"load_start": 0.0}, cut)
        self.assertEqual([case["name"] for case in result["cases"]], ["a", "b"])
        self.assertFalse(result["complete"])
        self.assertIn("Cut by a limit or a failure", results.caution(result)[-1])
        for nothing in ("", "{", whole[:40]):
            with self.assertRaises(results.Failed):
                results.document("kernels", "", "", {"load_start": 0.0}, nothing)

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


class Run(Folder):
    def test_runs_the_program_of_the_suite(self):
        written = self.folder / "said.json"
        written.write_text(benchmarks(entry("a", 1, gb_per_s=5)))
        self.program("bench_kernels", 'for a in "$@"; do case $a in --benchmark_out=*) cp "$(dirname "$0")/said.json" '
                                      '"${a#--benchmark_out=}";; esac; done\n')
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
        self.program("bench_kernels", 'for a in "$@"; do case $a in --benchmark_out=*) cp "$(dirname "$0")/said.json" '
                                      '"${a#--benchmark_out=}";; esac; done\nexit 1\n')
        out = self.folder / "r.json"
        code, _, said = quietly(run.main, "kernels", "--build", str(self.folder), "--out", str(out), "--allow-busy")
        self.assertEqual(code, 1)
        self.assertIn("FAIL: bench_kernels ended with 1; not timed: b", said)
        self.assertEqual([case["status"] for case in results.read(out)["cases"]], ["timed", "failed"])
        self.assertFalse(results.read(out)["complete"])

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
        self.assertEqual(self.verdict(quiet[:4], quiet[:4]), "too few repetitions")
        self.assertEqual(self.verdict([0.0] * 7, quiet), "no times")

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
        self.write_result(1)
        self.document = self.folder / "README.md"
        self.document.write_text("before\n<!-- bench/results/r.json kernels a -->\nold\n"
                                 "<!-- end of bench/results/r.json -->\nafter\n")

    def write_result(self, time):
        results.write(self.folder / "bench" / "results" / "r.json", made(entry("a", time), entry("b", 7)))

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
        self.program("build/plateau", 'echo "gpu       Some GPU, compute capability 9.0"\n')

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
        self.program("build/bench_machine", 'for a in "$@"; do case $a in --benchmark_out=*) cp '
                     '"$(dirname "$0")/said.json" "${a#--benchmark_out=}";; esac; done\nsleep 60\n')
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
            self.program("tools/compute-sanitizer", script)
            code, stages, _ = self.check("--only", "memcheck")
            self.assertEqual(stages["memcheck"]["status"], status, script)
            self.assertEqual(code, 1 if status == "failed" else 0)

    def test_without_a_gpu_nothing_else_is_tried(self):
        self.program("build/plateau", 'echo "gpu       none: no NVIDIA driver is installed"\n')
        code, stages, _ = self.check()
        self.assertEqual(code, 1)
        self.assertEqual(list(stages), ["facts"])
        self.assertIn("none: no NVIDIA driver is installed", stages["facts"]["reason"])

    def test_finds_the_cublas_of_a_python(self):
        library = self.folder / "site" / "nvidia" / "cublas" / "lib"
        library.mkdir(parents=True)
        (library / "libcublas.so.13").write_text("")
        python = self.program("python", f"echo; echo {self.folder / 'site'}\n")
        self.assertIn(str(library), gpu_check.cublas_folders([str(python), "/no/such/python"]))


if __name__ == "__main__":
    unittest.main()
