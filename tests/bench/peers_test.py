# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""bench/peers: its statistics, its gates, and what becomes of contenders that compute something else, or nothing."""

import contextlib
import copy
import dataclasses
import importlib.util
import io
import math
import pathlib
import statistics
import sys
import tempfile
import time
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "bench" / "peers"), str(ROOT / "bench")]
import cases  # noqa: E402
import contenders  # noqa: E402
import figures  # noqa: E402
import measure  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import worker  # noqa: E402
from errors import Failed, NotRun, OutOfTime  # noqa: E402
from peers_schema import document_problems  # noqa: E402
from worker import Deadline, Worker  # noqa: E402

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent))
import peers_sleeping_worker as sleeping  # noqa: E402

FAKE = pathlib.Path(__file__).resolve().parent / "peers_fake_worker.py"


@dataclasses.dataclass
class Fake(contenders.Contender):
    def command(self):
        return fake_command(self.variant)


def fake_command(mode):
    return [sys.executable, "-S", FAKE, mode, cases.STORED]


def fake(mode, framework="Fake", **more):
    return Fake(framework, mode, "cpu", 1, **more)


class Statistics(unittest.TestCase):
    def test_a_ratio_is_taken_within_rounds(self):
        # The second round was slow for both: medians of each alone would say 2.25.
        got = figures.ratio([2.0, 20.0, 2.5], [1.0, 10.0, 1.0])
        self.assertEqual(got["median"], 2.0)

    def test_equal_rounds_leave_no_interval(self):
        self.assertEqual(figures.ratio([3.0] * 9, [1.0] * 9), {"median": 3.0, "low": 3.0, "high": 3.0})

    def test_the_interval_holds_the_median_and_lies_within_the_rounds(self):
        values = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 9.0]
        low, high = figures.bootstrap_interval(values)
        self.assertLess(low, statistics.median(values))
        self.assertGreater(high, statistics.median(values))
        self.assertGreaterEqual(low, 1.0)
        self.assertLess(high, 9.0)  # one slow round is no reason for it

    def test_the_interval_covers_the_median_about_as_often_as_it_says(self):
        source, covered, tries = figures.random.Random(7), 0, 200
        for attempt in range(tries):
            low, high = figures.bootstrap_interval([source.lognormvariate(0, 0.3) for _ in range(15)], 400, attempt)
            covered += low <= 1.0 <= high
        self.assertGreaterEqual(covered / tries, 0.88)
        self.assertLessEqual(covered / tries, 1.0)

    def test_the_same_rounds_give_the_same_interval(self):
        values = [1.0, 2.0, 3.0, 4.0, 5.0]
        self.assertEqual(figures.bootstrap_interval(values), figures.bootstrap_interval(values))

    def test_times_that_are_no_times_are_refused(self):
        for theirs, ours in (([1.0], [1.0, 2.0]), ([], []), ([math.nan], [1.0]), ([1.0], [0.0]), ([-1.0], [1.0])):
            with self.assertRaises(ValueError):
                figures.ratio(theirs, ours)


def expected_trajectory():
    expected = cases.stored_expectation()
    return expected, {"losses": list(expected["float64"]), "accuracies": list(expected["accuracies"])}


class Gate(unittest.TestCase):
    def setUp(self):
        self.expected, self.trajectory = expected_trajectory()

    def gate(self, precision="fp32"):
        return cases.gate(self.trajectory, self.expected, 500, precision)

    def test_pytorchs_own_trajectories_pass(self):
        self.assertEqual(self.gate()["worst_share"], 0.0)
        self.trajectory["losses"] = self.expected["float32"]
        self.assertLess(self.gate()["worst_share"], 0.05 + 1e-9)

    def test_the_bound_is_that_of_the_design(self):
        for epoch in (0, 30, 59):
            bound = 2e-6 + 20 * abs(self.expected["float32"][epoch] - self.expected["float64"][epoch])
            self.trajectory["losses"][epoch] = self.expected["float64"][epoch] + 0.99 * bound
            self.assertEqual(self.gate()["epoch"], epoch)
            self.trajectory["losses"][epoch] = self.expected["float64"][epoch] + 1.01 * bound
            with self.assertRaisesRegex(Failed, f"train loss of epoch {epoch} "):
                self.gate()
            self.trajectory["losses"][epoch] = self.expected["float64"][epoch]

    def test_nan_infinity_and_null_fail(self):
        for value in (math.nan, math.inf, -math.inf, None):
            for precision in ("fp32", "tf32"):
                for key in ("losses", "accuracies"):
                    with self.subTest(value=value, precision=precision, key=key):
                        self.expected, self.trajectory = expected_trajectory()
                        self.trajectory[key][5] = value
                        with self.assertRaises(Failed):
                            self.gate(precision)

    def test_one_row_passes_and_two_do_not(self):
        self.trajectory["accuracies"][5] += 1 / 500
        self.assertEqual(self.gate()["accuracy_rows"], 1)
        self.trajectory["accuracies"][5] += 1 / 500
        with self.assertRaisesRegex(Failed, "test accuracy of epoch 5 "):
            self.gate()

    def test_a_missing_epoch_fails(self):
        for key in ("losses", "accuracies"):
            self.expected, self.trajectory = expected_trajectory()
            del self.trajectory[key][-1]
            with self.assertRaisesRegex(Failed, "59 epochs .* instead of 60"):
                self.gate()

    def test_the_last_network_of_a_fleet_is_gated_too(self):
        _, wrong = expected_trajectory()
        wrong["losses"][7] += 1e-3
        with self.assertRaises(Failed):
            cases.gate_all([self.trajectory, wrong], [self.expected] * 2, 500, "fp32", "it")

    def test_tf32_has_a_bound_too(self):
        for key, place, allowed in (("losses", 9, 0.004 * self.expected["float64"][9]), ("accuracies", 9, 5 / 500)):
            self.expected, self.trajectory = expected_trajectory()
            self.trajectory[key][place] += 0.99 * allowed
            self.assertEqual(self.gate("tf32")["epochs"], 10)
            self.trajectory[key][place] += 0.02 * allowed + (0.5 / 500) * (key == "accuracies")
            with self.assertRaises(Failed):
                self.gate("tf32")

    def test_a_fleet_of_the_stored_case_has_another_network_in_its_middle(self):
        with tempfile.TemporaryDirectory() as folder:
            case = cases.stored_fleet(pathlib.Path(folder))
            self.assertEqual(case.models, 3)
            alone = cases.read_safetensors(cases.STORED / "init.safetensors")
            for name, (shape, data) in cases.read_safetensors(case.folder / "init.safetensors").items():
                self.assertEqual(shape, [3, *alone[name][0]])
                size = len(data) // 3
                self.assertEqual(data[:size], alone[name][1])
                self.assertEqual(data[2 * size:], alone[name][1])
                self.assertNotEqual(data[size:2 * size], alone[name][1])


SHORT_S, ROUND_LIMIT_S = 0.5, 77  # the second is known by its value


def impatient(asked, limit_s, deadline=Deadline()):
    """Worker.receive() that waits a short time for who is known to hang, there, and long enough for all others."""
    mode = str(asked.process.args[3]) if asked.process else ""
    hangs = mode == "mute" or (mode == "hangs" and limit_s == worker.FIRST_LIMIT_S) or (
        mode == "hangs_in_a_round" and limit_s == ROUND_LIMIT_S)
    return patient(asked, SHORT_S if hangs else limit_s, deadline)


patient = Worker.receive


def run(modes, rounds=3, limit_s=None, models=1, gate_rows=0):
    """The one case of a work, with fakes; the first one is ours."""
    ours, *others = modes
    listed = [fake(ours, "Plateau"), *(fake(mode) if isinstance(mode, str) else mode for mode in others)]
    settings = measure.Settings(rounds=rounds, smoke=False, deadline=Deadline(limit_s), pause_s=0, warm_trainings=0)
    case = cases.Case("A", "made up", [2, 4, 2], 10, 500, 30, models=models, gate_rows=gate_rows)
    with tempfile.TemporaryDirectory() as scratch, mock.patch.object(measure, "RUN_LIMIT_S", ROUND_LIMIT_S), \
            mock.patch.object(Worker, "receive", impatient):
        maker = Worker(fake_command("right"), None, scratch)
        crew = measure.Crew(scratch, settings)
        try:
            maker.environment()
            measured, _ = measure.measure_work([case], "cpu", listed, [], maker, crew, settings, 1)
        finally:
            crew.stop()
            maker.stop()
    return measured[0]


def program(case, mode):
    return next(record for record in case["programs"] if record["variant"] == mode)


class Contenders(unittest.TestCase):
    def test_who_computes_something_else_fails_and_is_not_timed(self):
        for mode, words in {"computes_something_else": "train loss of epoch 3 of the parity case",
                            "nan": "train loss of epoch 3 of the parity case is nan",
                            "raw_nan": "train loss of epoch 3 of the parity case is nan",
                            "wrong_accuracy": "test accuracy of epoch 3",
                            "last_model_differs": "train loss of epoch 3 of the parity case",
                            "wrong_on_the_timed_case": "train loss of epoch 3 of 'made up'",
                            "stops_early": "59 epochs of the parity case instead of 60",
                            "raises": "ValueError: no"}.items():
            with self.subTest(mode):
                case = run(["right", mode], rounds=1)
                self.assertEqual(program(case, mode)["status"], "FAIL")
                self.assertRegex(program(case, mode)["reason"], words)
                self.assertEqual(program(case, mode)["seconds"], [])
                self.assertNotIn("ratio", program(case, mode))
                self.assertEqual(program(case, "right")["status"], "timed")
                self.assertRegex(report.case_table(case), rf"FAIL: Fake, {mode}: ")

    def test_who_computes_the_same_is_timed_in_every_round(self):
        case = run(["right", "twice_as_slow"])
        self.assertEqual(program(case, "twice_as_slow")["seconds"], [0.2] * 3)
        self.assertEqual(program(case, "twice_as_slow")["ratio"], {"median": 2.0, "low": 2.0, "high": 2.0})
        self.assertEqual(case["references"], {"fp32": "Plateau, right, cpu, 1 thread"})
        self.assertEqual(len({tuple(order) for order in case["order"]}), 2)  # both come first at times

    def test_a_training_that_is_timed_is_the_one_that_was_admitted(self):
        for mode, words in {"drifts_in_a_round": "the train loss of epoch 3 of 'made up'",
                            "guesses_in_a_round": "the test accuracy of epoch 3 of 'made up'",
                            "nan_late_in_a_round": "a train loss is not a number",
                            "stops_early_in_a_round": "it trained 29 epochs instead of 30"}.items():
            with self.subTest(mode):
                case = run(["right", mode], rounds=2)
                self.assertEqual(program(case, mode)["status"], "FAIL")
                self.assertRegex(program(case, mode)["reason"], f"^in round 0: {words}")
                self.assertNotIn("ratio", program(case, mode))
                self.assertEqual(len(program(case, "right")["seconds"]), 2)

    def test_what_no_gate_knows_is_held_to_its_first_call(self):
        for others, more in ((["drifts_in_a_round", "guesses_in_a_round", "twice_as_slow"], {"gate_rows": 5}),
                             ([fake("drifts_in_a_round", own_conventions=True),
                               fake("guesses_in_a_round", own_conventions=True),
                               fake("twice_as_slow", own_conventions=True)], {})):
            case = run(["right", *others], rounds=1, **more)
            self.assertRegex(program(case, "drifts_in_a_round")["reason"],
                             "^in round 0: the train loss of epoch 3 is .* in the first call")
            self.assertRegex(program(case, "guesses_in_a_round")["reason"],
                             "^in round 0: the test accuracy of epoch 3 is .* in the first call")
            self.assertEqual(program(case, "twice_as_slow")["seconds"], [0.2])

    def test_how_near_a_repetition_must_be(self):
        first = {"losses": [2.0, 1.0], "accuracies": [0.5, 0.5]}
        for precision, share in (("fp32", 1e-3), ("tf32", 4e-3)):
            for factor, passes in ((0.9, True), (1.1, False), (math.nan, False)):
                again = {"losses": [2.0, 1.0 + factor * share], "accuracies": [0.5, 0.5]}
                with contextlib.nullcontext() if passes else self.assertRaises(Failed):
                    cases.expect_repetition([first, again], [first] * 2, 500, precision)
        for rows, passes in ((5, True), (6, False), (math.nan, False)):
            again = {"losses": [2.0, 1.0], "accuracies": [0.5, 0.5 + rows / 500]}
            with contextlib.nullcontext() if passes else self.assertRaises(Failed):
                cases.expect_repetition([first, again], [first] * 2, 500, "fp32")

    def test_nobody_follows_the_same_neighbour_all_the_time(self):
        for count in range(2, 20):
            for rounds in (9, 15, 2 * count):
                orders = [measure.round_order(count, number, rounds) for number in range(rounds)]
                follows = {}
                for order in orders:
                    self.assertEqual(sorted(order), list(range(count)))
                    for pair in zip(order, order[1:]):
                        follows[pair] = follows.get(pair, 0) + 1
                if rounds == 2 * count:  # the whole design
                    self.assertEqual(set(follows.values()), {2}, count)
                    self.assertEqual(len(follows), count * (count - 1))
                    for place in range(count):
                        self.assertEqual([sum(order[place] == one for order in orders) for one in range(count)],
                                         [2] * count)
                else:
                    self.assertLessEqual(max(follows.values()), math.ceil(rounds / 2) if count < 4 else
                                         math.ceil(rounds / count) + 2, (count, rounds))

    def test_a_hanging_contender_is_cut(self):
        case = run(["right", "hangs", "mute"], rounds=1)
        self.assertRegex(program(case, "hangs")["reason"], "no answer within 0.5 s")
        self.assertRegex(program(case, "mute")["reason"], "no answer within 0.5 s")
        self.assertEqual(program(case, "hangs")["status"], "FAIL")
        self.assertEqual(program(case, "right")["status"], "timed")

    def test_a_contender_that_hangs_in_a_round_is_cut_and_the_others_go_on(self):
        case = run(["right", "hangs_in_a_round"], rounds=2)
        self.assertRegex(program(case, "hangs_in_a_round")["reason"], "in round 0: it gave no answer within 0.5 s")
        self.assertEqual(len(program(case, "right")["seconds"]), 2)

    def test_what_cannot_run_is_told_with_its_reason(self):
        case = run(["right", "cannot", "dies"], rounds=1)
        self.assertEqual(program(case, "cannot")["status"], "not run")
        self.assertRegex(report.case_table(case), "not run: Fake, cannot: this machine has no such thing[.]")
        self.assertEqual(program(case, "dies")["status"], "FAIL")
        self.assertRegex(program(case, "dies")["reason"], "its process ended: it was not to be")

    def test_without_ours_there_is_no_ratio_and_it_is_told(self):
        case = run(["nan", "right"], rounds=1)
        self.assertEqual(case["references"], {})
        self.assertNotIn("ratio", program(case, "right"))
        self.assertRegex(measure.failures_of_ours({"cases": [case]})[0], "^Plateau, nan, cpu, 1 thread: .* is nan")

    def test_a_ratio_is_to_ours_at_the_same_precision(self):
        case = run(["right", fake("twice_as_slow", "Plateau", precision="tf32"), fake("right", precision="tf32"),
                    fake("right", precision="bf16")], rounds=1)
        ratios = [record.get("ratio", {}).get("median") for record in case["programs"]]
        self.assertEqual(ratios, [None, None, 0.5, None])

    def test_own_conventions_pass_no_gate_and_are_marked(self):
        other = fake("computes_something_else", own_conventions=True)
        case = run(["right", other], rounds=1)
        self.assertEqual(program(case, "computes_something_else")["status"], "own conventions")
        self.assertEqual(program(case, "computes_something_else")["parity"], {})
        self.assertNotIn("Fastest like-for-like contender", report.case_table(case))

    def test_an_emulated_device_is_gated_and_never_timed(self):
        case = run(["right", fake("emulated", "Plateau", parity_only=True)], rounds=1)
        emulated = case["programs"][1]
        self.assertEqual((emulated["status"], emulated["seconds"]), ("not run", []))
        self.assertRegex(emulated["reason"], "emulated")
        self.assertIn("stored", emulated["parity"])

    def test_the_time_limit_keeps_what_was_measured(self):
        now = [0.0]  # a clock that every look at it moves on
        def ticking():
            now[0] += 0.1
            return now[0]
        with mock.patch.object(worker.time, "monotonic", ticking):
            case = run(["right", "twice_as_slow"], rounds=10_000, limit_s=50)  # seconds of waiting are real ones
        self.assertTrue(case["limit_reached"])
        self.assertGreater(case["rounds"], 0)
        self.assertLess(case["rounds"], 10_000)
        self.assertEqual({len(record["seconds"]) for record in case["programs"]}, {case["rounds"]})
        self.assertRegex(report.case_table(case), "cut by the time limit")

    def test_who_had_no_time_to_begin_makes_the_case_incomplete(self):
        with mock.patch.object(measure, "ADMISSION_SHARE", 1e-9):
            case = run(["right", "twice_as_slow"], limit_s=60)
        self.assertTrue(case["limit_reached"])
        self.assertEqual({record["status"] for record in case["programs"]}, {"not run"})

    def test_where_time_is_short_the_quick_ones_come_first(self):
        entrants = [measure.Entrant(fake("right", framework), None)
                    for framework in ("Slow", "Plateau", "Quick", "Gone")]
        for entrant, seconds in zip(entrants, (5.0, 9.0, 1.0, 0.1)):
            entrant.gate_s = seconds
        entrants[3].end("FAIL", "no")
        self.assertEqual([entrant.contender.framework for entrant in measure.admission_order(entrants)],
                         ["Plateau", "Quick", "Slow"])

    def test_a_worker_that_outlasts_the_limit_is_no_failure(self):
        cut = Worker(fake_command("mute"))
        with self.assertRaises(OutOfTime):
            cut.environment(Deadline(0.2))
        self.assertIsNone(cut.process)
        with self.assertRaises(NotRun):
            Worker([pathlib.Path("no such interpreter")])

    def test_a_process_serves_every_work_that_lists_it_and_no_other(self):
        with tempfile.TemporaryDirectory() as scratch:
            crew = measure.Crew(scratch, measure.Settings())
            try:
                first = crew.gather([fake("right"), fake("twice_as_slow")], fleet=False)
                processes = [entrant.worker.process for entrant in first]
                second = crew.gather([fake("nan"), fake("right")], fleet=False)
                self.assertIs(second[1], first[0])
                self.assertEqual([entrant.status for entrant in second], ["FAIL", "ready"])
                self.assertIsNone(processes[0].poll())
                self.assertIsNotNone(processes[1].poll())
                self.assertIsNot(crew.gather([fake("right")], fleet=True)[0], first[0])  # another gate
                self.assertIsNotNone(processes[0].poll())
            finally:
                crew.stop()

    def test_an_interruption_does_not_wait_for_answers(self):
        with tempfile.TemporaryDirectory() as scratch:
            entrants = [measure.Entrant(fake(mode), scratch) for mode in ("right", "hangs")]
            for entrant in entrants:
                entrant.launch()
                entrant.await_environment(Deadline())

            def action(entrant):
                if entrant is entrants[0]:
                    raise KeyboardInterrupt
                entrant.pass_stored(cases.stored_case(), Deadline())

            begin = time.monotonic()
            with self.assertRaises(KeyboardInterrupt):
                measure.beside_each_other(2, action, entrants)
            self.assertLess(time.monotonic() - begin, 20)
            for entrant in entrants:
                entrant.stop()

    def test_a_framework_that_nobody_has_is_told(self):
        found = contenders.interpreters_of([sys.executable, "no such interpreter"])
        told = measure.missing_frameworks({**found, "JAX": []}, "cpu")
        record = next(record for record in told if record["framework"] == "JAX")
        self.assertEqual(record["status"], "not run")
        self.assertRegex(record["reason"], "package jax")

    def test_every_contender_is_started_at_its_precision(self):
        found = {framework: ["one"] for framework in contenders.PACKAGES}
        seen = set()
        for one in contenders.contenders("C", "cuda", found, "ours", cores=2):
            words = [str(word) for word in one.command()]
            self.assertEqual(words[words.index("--precision") + 1], one.precision)
            self.assertEqual("tf32" in one.name, one.precision == "tf32")
            seen.add((one.framework, one.precision))
        self.assertEqual(seen, {(framework, precision) for framework in ("Plateau", "PyTorch", "JAX")
                                for precision in ("fp32", "tf32")} | {("scikit-learn", "fp32")})

    def test_a_fleet_is_trained_by_the_fused_engine_and_a_large_network_by_the_layered_one(self):
        found = {framework: [] for framework in contenders.PACKAGES}
        for work, engines in (("A", ["fused", "layered"]), ("B", ["fused"]), ("C", ["layered", "layered"])):
            ours = contenders.contenders(work, "cuda", found, "ours", cores=2)[:len(engines)]
            started = [[str(word) for word in one.command()] for one in ours]
            self.assertEqual([words[words.index("--engine") + 1] for words in started], engines)
            self.assertEqual([one.framework for one in ours], ["Plateau"] * len(engines))

    def test_every_variant_that_is_listed_is_explained(self):
        found = {framework: ["one", "another"] for framework in contenders.PACKAGES}
        seen = {}
        for work in cases.WORKS:
            for device in ("cpu", "cuda"):
                listed = contenders.contenders(work, device, found, "ours", cores=2, every=True)
                self.assertEqual((listed[0].framework, listed[0].device), ("Plateau", device))
                keys = [one.name for one in listed]
                self.assertEqual(len(keys), len(set(keys)))
                for one in listed[1:]:
                    seen.setdefault(one.framework, set()).add(one.variant)
        seen.pop("Plateau")
        self.assertEqual(seen, {framework: set(variants) for framework, variants in contenders.VARIANTS.items()})


class Server(unittest.TestCase):
    def worker(self, variant="sleeper"):
        script = FAKE.with_name("peers_sleeping_worker.py")
        started = Worker(worker.python_command(sys.executable, script, variant=variant, device="cpu", threads=2,
                                               precision="fp32"))
        self.addCleanup(started.stop)
        return started

    def test_the_clock_covers_the_training_alone(self):
        asked = self.worker()
        self.assertEqual(asked.environment()["precision"], {"threads": 2, "products": "fp32"})
        asked.ask({"do": "load", "models": 1})
        begin = time.monotonic()
        reply = asked.train(10, warm_epochs=10)  # 0.2 s, after 0.2 s of warm epochs and two resets
        whole = time.monotonic() - begin
        self.assertGreaterEqual(reply["seconds"], 0.2)
        self.assertLessEqual(reply["seconds"], whole - 0.2 - 2 * sleeping.OUTSIDE_S)  # however late a machine wakes
        self.assertEqual(reply["trajectories"][1], {"losses": [None] * 10, "accuracies": [0.5] * 10})
        self.assertNotIn("extrapolated_from", reply)

    def test_a_fleet_of_which_some_are_trained_is_extrapolated_and_says_so(self):
        asked = self.worker()
        asked.environment()
        asked.ask({"do": "load", "models": 8})
        reply = asked.train(5)
        self.assertGreaterEqual(reply["seconds"], 4 * 0.1)
        self.assertEqual(reply["extrapolated_from"], 2)

    def test_what_is_not_there_is_not_run(self):
        for variant, words in (("absent", "no_such_package_anywhere"), ("unable", "it cannot")):
            with self.assertRaisesRegex(NotRun, words):
                self.worker(variant).environment()

    def test_what_a_contender_throws_is_an_answer(self):
        asked = self.worker()
        asked.environment()
        with self.assertRaisesRegex(Failed, "KeyError"):
            asked.ask({"do": "load"})
        with self.assertRaisesRegex(Failed, "AttributeError"):
            asked.train(1)


    def test_a_blas_chooses_its_kernels_itself(self):
        held = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "OPENBLAS_NUM_THREADS": "7"}
        with mock.patch.dict("os.environ", held), mock.patch("worker.subprocess.Popen") as started:
            Worker(["a program"], threads=2)
        environment = started.call_args.kwargs["env"]
        self.assertTrue({"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}.isdisjoint(environment))
        self.assertEqual(environment["OPENBLAS_NUM_THREADS"], "2")


class Fleets(unittest.TestCase):
    def test_networks_on_a_cpu_are_of_three_widths(self):
        planned = cases.planned("B", "cpu", smoke=False)
        self.assertEqual([(case.models, case.widths, case.rows, case.test_rows, case.epochs) for case in planned],
                         [(64, [2, width, width, 2], 1000, 500, 50) for width in (32, 64, 128)])
        self.assertEqual(cases.planned("B", "cpu", smoke=False, epochs=7)[0].epochs, 7)
        self.assertEqual([(case.models, case.widths[1], case.epochs) for case in cases.planned("B", "cuda", smoke=False)],
                         [(4096, 64, 50), (4096, 128, 50)])

    def test_mini_batches_are_a_work_of_the_cpu_and_of_scikit_learn(self):
        planned = cases.planned("D", "cpu", smoke=False)
        self.assertEqual([(case.widths, case.batch, case.rows, case.epochs) for case in planned],
                         [([2, width, width, 2], 200, 1000, 50) for width in (32, 64, 128)])
        self.assertEqual(planned[0].request("load")["batch"], 200)
        self.assertEqual({case.batch for case in cases.planned("B", "cpu", smoke=False)}, {0})
        self.assertEqual({case.gate_epochs for case in planned}, {4})  # of 5 steps each
        self.assertEqual(cases.planned("D", "cuda", smoke=False), [])
        found = {framework: ["one"] for framework in contenders.PACKAGES}
        self.assertEqual({one.framework for one in contenders.contenders("D", "cpu", found, "ours")},
                         {"Plateau", "scikit-learn"})

    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not there")
    def test_scikit_learn_trains_every_network_for_every_epoch(self):
        with tempfile.TemporaryDirectory() as folder:
            case = cases.stored_fleet(pathlib.Path(folder))
            for variant in contenders.SKLEARN_FLEET:
                with self.subTest(variant=variant):
                    asked = Worker(contenders.Contender("scikit-learn", variant, "cpu", 2,
                                                        interpreter=sys.executable).command(), threads=2)
                    self.addCleanup(asked.stop)
                    self.assertRegex(asked.environment()["matrix_library"], r"NumPy .*openblas .*\(\w+\)")
                    asked.ask(case.request("load"))
                    first, last = (asked.train(40)["trajectories"] for _ in range(2))
                    self.assertEqual(first, last)
                    self.assertNotEqual(first[0], first[1])  # another seed
                    for trajectory in first:
                        self.assertEqual((len(trajectory["losses"]), len(trajectory["accuracies"])), (40, 40))
                        self.assertLess(trajectory["losses"][-1], trajectory["losses"][0])
                        self.assertLessEqual(abs(trajectory["accuracies"][-1] - 0.5), 0.5)
                        varied = len(set(trajectory["accuracies"])) > 1
                        self.assertEqual(varied, variant != "fit, no accuracy")


class Document(unittest.TestCase):
    def document(self):
        found = {"schema": "plateau-bench", "schema_version": 1, "suite": "peers",
                 "started": "2026-01-02T03:04:05+00:00", "commit": None, "dirty": True,
                 "build": {"commit": "f" * 40, "dirty": False},
                 "command": "peers.py --smoke", "smoke": True, "busy": False,
                 "rebuilt": False, "complete": True, "environments": [], "plateau": {}, "variants": {}, "context": {},
                 "machine": {"cpu": "a processor", "cores": 2, "busy_share": 0.1, "gpu": None, "driver": None,
                             "load_start": 0.1, "load_end": 0.2}}
        return {**found, "cases": [run(["right", "twice_as_slow", "nan", "cannot"], rounds=5)]}

    def test_it_has_the_schema_and_a_table(self):
        document = self.document()
        self.assertEqual(document_problems(document), [])
        shown = report.render(document)
        self.assertIn("**Not a measurement: a smoke run, changes were not committed.**", shown)
        self.assertIn("commit ffffffffffff;", shown)
        self.assertRegex(shown, r"\| Fake, twice_as_slow \| 1 \| cpu \| 1 \| fp32 \| 200 \|.* 2.00 \(2.00 to 2.00\) \|")
        self.assertRegex(shown, r"\| Fake, nan \| 1 \| cpu \| 1 \| fp32 \| FAIL \|")
        self.assertEqual(report.render(document, "made up"), shown)
        document["cases"] = [run(["right", "twice_as_slow"], rounds=1)]
        self.assertIn("| 2.00 (too few rounds) |", report.render(document))
        with self.assertRaises(results.Refused):
            report.render(document, "no such case")

    def test_first_calls_and_starts_have_columns_and_precision_flags_a_line(self):
        case = self.document_once()["cases"][0]
        program(case, "twice_as_slow").update(first_s=0.75, start_s=1.5)
        shown = report.case_table(case)
        self.assertIn("| max ms | first call of this shape ms | start ms | time / ours", shown)
        self.assertRegex(shown, r"\| Fake, twice_as_slow \|.*\| 200 \| 750 \| 1500 \| 2.00 ")
        self.assertIn("Precision flags: Plateau at fp32: products fp32; Fake at fp32: products fp32.", shown)
        self.assertEqual({line.count("|") for line in shown.splitlines() if line.startswith("|")}, {13})
        for record in case["programs"]:
            record.pop("start_s")  # as in files from before it was kept
        shown = report.case_table(case)
        self.assertNotIn("start ms", shown)
        self.assertEqual({line.count("|") for line in shown.splitlines() if line.startswith("|")}, {12})

    def test_parity_is_told_with_its_epochs(self):
        case = self.document_once()["cases"][0]
        self.assertIn("over 60 epochs of the stored trajectory and over the first 20 of these 30.",
                      report.parity_words(case))
        program(case, "right")["parity"]["case"].update(worst_share=0.5, epochs=10)
        self.assertIn("within 50 % of the bound, over 60 epochs of the stored trajectory and over the first 10 or 20 "
                      "of these 30.", report.parity_words(case))
        short = {**self.document_once()["cases"][0], "epochs": 20}
        self.assertIn("and over all 20 of these.", report.parity_words(short))
        case["gate_rows"] = 5
        self.assertRegex(report.parity_words(case), "the first 10 or 20 of the same network on 5 rows[.]$")
        del case["gate_rows"]  # as in files from before it was kept, where it was the case itself
        self.assertRegex(report.parity_words(case), "of these 30[.]$")

    def test_the_schema_check_sees_what_is_wrong(self):
        for spoil in (lambda d: d.pop("commit"), lambda d: d.update(schema_version=2), lambda d: d.update(smoke=1),
                      lambda d: d["machine"].pop("load_end"), lambda d: d.update(started="yesterday"),
                      lambda d: d["cases"][0]["programs"][0]["seconds"].append(math.nan),
                      lambda d: d["cases"][0]["programs"][0]["seconds"].pop(),
                      lambda d: d["cases"][0]["programs"][1].update(status="fine"),
                      lambda d: d["cases"][0]["programs"][2].update(seconds=[0.1]),
                      lambda d: d["cases"][0]["programs"][3].update(reason=""),
                      lambda d: d["cases"][0]["programs"][1].pop("ratio"),
                      lambda d: d["cases"][0]["programs"][1].update(parity={})):
            document = self.document_once()
            spoil(document)
            self.assertNotEqual(document_problems(document), [])

    def document_once(self):
        if not hasattr(Document, "kept"):
            Document.kept = self.document()
        return copy.deepcopy(Document.kept)

    def test_figures_keep_three_digits(self):
        self.assertEqual([report.figure(value) for value in (0.0123456, 1.23456, 12.3456, 123.456, 123456.7, 0.0)],
                         ["0.0123", "1.23", "12.3", "123", "123457", "0"])


class Command(unittest.TestCase):
    def peers(self, *arguments):
        """(exit code, standard error) of peers.py."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), mock.patch.object(peers.signal, "signal"):
            try:
                return peers.main(list(arguments)), errors.getvalue()
            except SystemExit as end:
                return end.code, errors.getvalue()

    def test_what_cannot_be_done_is_refused_in_one_sentence(self):
        facts = {"cpu": "a processor", "cores": 2, "busy_share": 0.0, "load_start": 0.0, "gpu": None}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(results, "machine_facts", lambda: dict(facts)):
            empty = pathlib.Path(folder) / "empty"
            empty.mkdir()
            without_gpu = pathlib.Path(folder) / "plateau_peer_worker"
            without_gpu.write_text("#!/bin/sh\necho '{\"not_run\": \"no driver\"}'\n")
            without_gpu.chmod(0o700)
            for build, arguments, words in (
                    (folder, ["--rounds", "3"], "--rounds 3: 9 are the fewest"),
                    (folder, ["--limit", "-1"], "above zero"),
                    (folder, ["--emulated"], "it goes with --smoke"),
                    (folder, ["--out", "no/such/folder/x.json"], "no such folder"),
                    (folder, ["--device", "cuda"], "--device cuda: neither nvidia-smi nor Plateau finds a GPU"),
                    (empty, [], "no program plateau_peer_worker in"),
                    (folder, ["--smoke", "--emulated"], "no program plateau_peer_worker_emulated in")):
                code, errors = self.peers("--build", str(build), *arguments)
                self.assertEqual(code, 2, errors)
                self.assertRegex(errors, f"^peers.py: .*{words}")
                self.assertEqual(errors.count("\n"), 1)
        for arguments in (["--work", "E"], ["--rows", "0"], ["--device", "tpu"], ["--fleet", "1x8"],
                          ["--fleet", "8"], ["--fleet", "2x3x4"]):
            self.assertEqual(self.peers(*arguments)[0], 2)

    def test_a_busy_machine_is_refused(self):
        facts = {"cpu": "a processor", "cores": 2, "busy_share": 0.9, "load_start": 0.0, "gpu": None}
        with mock.patch.object(results, "machine_facts", lambda: facts):
            code, errors = self.peers("--build", "nowhere")
        self.assertEqual(code, 2)
        self.assertRegex(errors, "others use 90 % of the processors")

    def measured(self, *arguments, share=0.1, load=9.0, script=""):
        """The document that peers.py makes of a Plateau that is a fake; the load average says what was before."""
        facts = {"cpu": "a processor", "cores": 2, "busy_share": share, "load_start": load, "gpu": None}
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()), \
                mock.patch.object(results, "machine_facts", lambda: dict(facts)):
            program = pathlib.Path(folder) / "plateau_peer_worker"
            words = " ".join(f"'{word}'" for word in fake_command("right"))
            program.write_text(f"#!/bin/sh\n{script.format(program=program)}\nexec {words}\n")
            program.chmod(0o700)
            options = peers.parse(["--build", folder, "--work", "A", "--device", "cpu", "--rows", "10", *arguments])
            options.python = []
            return measure.measure(options, "peers.py")

    def test_a_document_from_end_to_end(self):
        document = self.measured("--smoke", "--limit", "60")
        self.assertEqual(document_problems(document), [])
        self.assertEqual((document["busy"], document["rebuilt"], document["complete"]), (False, False, True))
        self.assertEqual(document["build"], {"commit": "f" * 40, "dirty": False})
        self.assertNotIn("build_commit", document["environments"][0])
        self.assertTrue(all(record["start_s"] > 0 for record in document["cases"][0]["programs"][:1]))

    def test_a_busy_machine_and_a_new_build_are_told(self):
        document = self.measured("--smoke", share=0.9, script='test -e "{program}" && echo "# new" >> "{program}"')
        self.assertEqual((document["busy"], document["rebuilt"]), (True, True))
        self.assertRegex(report.render(document), "the machine was busy.*the build changed meanwhile")

    def test_relative_interpreters_are_those_of_the_callers_folder(self):
        options = peers.parse(["--build", ".", "--python", "some/python", "--python", "python3"])
        self.assertEqual(options.python[1:], [str(pathlib.Path.cwd() / "some" / "python"), "python3"])

    def test_first_calls_on_a_gpu_run_one_at_a_time(self):
        def settings_of(*arguments, device):
            def stop(planned, device, listed, missing, maker, crew, settings, parts):
                seen.append(settings)
                return [], []
            seen = []
            with mock.patch.multiple(measure, measure_work=stop, machine_cores=lambda: 8,
                                     choose_devices=lambda asked, has_gpu: [device]):
                self.measured(*arguments)
            return seen[0].first_calls_at_once, seen[0].starts_at_once
        self.assertEqual(settings_of("--limit", "60", device="cuda"), (1, 8))
        self.assertEqual(settings_of("--limit", "60", device="cpu"), (4, 8))
        self.assertEqual(settings_of(device="cpu"), (1, 1))

    def test_the_command_is_told_without_paths(self):
        told = peers.command_words(["--python", "/somewhere/python", "--out=/tmp/x.json", "--limit", "60"])
        self.assertEqual(told, "peers.py --python PYTHON --out=OUT --limit 60")


if __name__ == "__main__":
    unittest.main()
