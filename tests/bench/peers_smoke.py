# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""peers_smoke.py BUILD: a smoke run of bench/peers with Plateau alone. Its result is whole, its gates hold, its
emulated GPU passes the gate and is never timed, and its rows and weights are drawn as the case says."""

import array
import json
import pathlib
import subprocess
import sys
import tempfile

from peers_schema import document_problems

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "bench" / "peers"), str(ROOT / "bench")]
import cases  # noqa: E402
from contenders import OUR_ENGINES  # noqa: E402
from worker import Worker  # noqa: E402


def expect(holds, words):
    if not holds:
        sys.exit(f"peers_smoke.py: {words}")


def smoke_run(build, folder):
    out = pathlib.Path(folder) / "result.json"
    subprocess.run([sys.executable, "-B", "-S", ROOT / "bench" / "peers" / "peers.py", "--smoke", "--emulated",
                    "--device", "cpu", "--build", build, "--out", out], check=True, stdout=subprocess.DEVNULL)
    document = json.loads(out.read_text())
    expect(not document_problems(document), document_problems(document))
    expect(document["smoke"] and document["complete"], "a smoke run that is none, or not all of it")
    expect([case["work"] for case in document["cases"]] == list(cases.WORKS), "a work is missing")
    for case in document["cases"]:
        ours = [program for program in case["programs"] if program["framework"] == "Plateau"]
        emulated = [program for program in ours if program["status"] == "not run"]
        expect([program["variant"] for program in emulated] ==
               [f"emulated GPU, {engine}" for engine in OUR_ENGINES[case["work"]]], f"{case['name']}: the emulated GPU")
        for program in emulated:
            expect("emulated" in program["reason"], f"{case['name']}: the emulated GPU was timed")
            expect("stored" in program["parity"], f"{case['name']}: the emulated GPU passed no gate")
        expect(all(program["status"] == "timed" for program in ours if program not in emulated),
               f"{case['name']}: a program of ours was not timed")
        others = {program["framework"] for program in case["programs"] if program["status"] == "not run"}
        expect({"PyTorch", "JAX", "scikit-learn"} < others, f"{case['name']}: who is not there is not told")


def refusals(build, folder):
    """The emulated worker is not timed, a bad request is an answer, and a bad option ends with 2."""
    program = build / "bench" / "peers" / "plateau_peer_worker_emulated"
    case = cases.stored_case()
    emulated = Worker([program, "--device", "cuda"], None, folder)
    try:
        expect(emulated.environment()["device"] == "emulated", "the emulated GPU hides that it is one")
        emulated.ask(case.request("load"))
        for request, words in (({"do": "train", "epochs": 1, "warm_epochs": 0, "timed": True}, "never timed"),
                               ({"do": "dance"}, "no request"),
                               ({**case.request("load"), "folder": folder}, "train_x.npy")):
            try:
                emulated.ask(request)
                sys.exit(f"peers_smoke.py: {request} was answered")
            except Exception as refusal:
                expect(words in str(refusal), f"{request}: {refusal}")
    finally:
        emulated.stop()
    ended = subprocess.run([program, "--device", "tpu"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    expect(ended.returncode == 2 and ended.stderr.count("\n") == 1, f"--device tpu: {ended}")
    for options in (["--device", "cpu", "--precision", "tf32"],
                    ["--device", "cuda", "--precision", "tf32", "--engine", "fused"]):
        said = subprocess.run([program, *options], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect("not_run" in json.loads(said.stdout), f"{options}: {said}")


def drawn_rows(build, folder):
    """What the generator hands to everybody: uniform features, labels of every class, PyTorch's initial weights."""
    folder = pathlib.Path(folder)
    case = cases.Case("B", "drawn", [3, 5, 4], 400, 40, 1, models=2, folder=folder)
    maker = Worker([build / "bench" / "peers" / "plateau_peer_worker", "--device", "cpu"], None, folder)
    try:
        maker.environment()
        maker.ask(case.request("make"))
    finally:
        maker.stop()
    kind, shape, content = cases.read_npy(folder / "train_x.npy")
    x = array.array("f", content)
    expect((kind, shape) == ("<f4", [400, 3]) and 0 <= min(x) and 0.9 < max(x) < 1 and 0.45 < sum(x) / len(x) < 0.55,
           "features are not uniform")
    kind, shape, content = cases.read_npy(folder / "train_y.npy")
    y = array.array("i", content)
    expect((kind, shape) == ("<i4", [400]) and {y.count(label) > 60 for label in range(4)} == {True}, "labels")
    expect(cases.read_npy(folder / "test_x.npy")[2] != cases.read_npy(folder / "train_x.npy")[2][:480], "test rows")
    tensors = cases.read_safetensors(folder / "init.safetensors")
    expect({name: shape for name, (shape, _) in tensors.items()} == {
        "fc1.weight": [2, 5, 3], "fc1.bias": [2, 5], "fc2.weight": [2, 4, 5], "fc2.bias": [2, 4]}, "initial weights")
    for name, fan_in in (("fc1.weight", 3), ("fc2.weight", 5), ("fc2.bias", 5)):
        values = array.array("f", bytes(tensors[name][1]))
        half = len(values) // 2
        expect(max(map(abs, values)) <= fan_in ** -0.5 and values[:half] != values[half:], f"initial {name}")


def main(build):
    with tempfile.TemporaryDirectory() as folder:
        smoke_run(build, folder)
        refusals(build, folder)
        drawn_rows(build, folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
