# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Has every command make its report, also of one that is killed, and compares runs, a hundred long ones too; opens all pages in a headless Chromium
(tests/report/page_test.py). Reads the event files of a run, a sweep and a diagnosis back, and has TensorBoard read them
where it is there (tests/report/tensorboard_reader.py).

Usage: python3 report_test.py PLATEAU [OPTION...]    options are those of page_test.py
Exit code 1 with what is wrong; 77 where the reports are right as far as they can be read without a browser, and there
is none.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "report"))
import event_records
IRIS_CSV = str(TESTS / "data" / "iris.csv")
IRIS = ["--target", "species", "--test-fraction", "0.3", "--device", "cpu"]
BOARD = "board"  # the folder of the event files
ON_THE_BOARD = ("train", "sweep", "diagnose")
HOSTILE = '"<script>alert(1)</script>"'  # a class of a table


def commands(data, hostile):
    """name -> the command, and how many charts its report has at least."""
    iris, rounds = IRIS_CSV, data / "forensics"
    return {
        "scenario": (["scenario", "ceiling", "--epochs", "40", "--device", "cpu", "--quiet"], 3),
        "published": (["scenario", "underfit", "--labels", "published", "--epochs", "40", "--device", "cpu", "--quiet"], 2),
        "train": (["train", "--train", iris, *IRIS, "--hidden", "16", "--validation", "0.2", "--epochs", "60", "--quiet"], 4),
        "hostile": (["train", "--train", str(hostile), "--test-fraction", "0.5", "--device", "cpu", "--hidden", "4",
                     "--epochs", "3", "--quiet"], 2),
        "sweep": (["sweep", "--data", iris, *IRIS, "--hidden", "8", "--hidden", "16,16", "--lr", "0.001,0.01,0.1",
                   "--seeds", "3", "--epochs", "20"], 2),
        "finetune": (["finetune", "--init", "train/model.safetensors", "--round", iris, "--test", iris, "--target", "species",
                      "--repeat-round", "5", "--device", "cpu"], 3),
        "forensics": (["forensics", "--rounds", str(rounds / "rounds.csv"), "--predictions", str(rounds / "predictions"),
                       "--data", str(rounds / "test.csv"), "--target", "kind"], 3),
        "diagnose": (["diagnose", "--data", iris, *IRIS, "--hidden", "4", "--lr", "0.0003", "--quick"], 9),
        "remedies": (["remedies", "--data", iris, *IRIS, "--hidden", "4", "--epochs", "40", "--quick", "--only",
                      "optimisation,dropout,more-data"], 2),
    }


def make(plateau, folder, name, arguments):
    events = ["--tensorboard", f"{BOARD}/{name}"] if name in ON_THE_BOARD else []
    done = subprocess.run([plateau, *arguments, "--out", name, "--report", "--charts", "svg", *events], cwd=folder,
                          capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 3, 4):
        sys.exit(f"{name}: exit code {done.returncode}: {done.stderr}")
    again = subprocess.run([plateau, "report", name], cwd=folder, capture_output=True, text=True, timeout=60)
    if again.returncode != 0 or again.stdout.split() != [f"{name}/report.html", f"{name}/report.md"]:
        sys.exit(f"plateau report {name}: exit code {again.returncode}: {again.stdout}{again.stderr}")


# Commands that go on for long, the file that they have then, and what is told of them once they were killed.
LONG = ["--hidden", "4", "--epochs", "1000000", "--batch", "4"]
FINETUNE = ["finetune", "--init", "train/model.safetensors", "--round", IRIS_CSV, "--test", IRIS_CSV, "--target", "species",
            "--device", "cpu"]
BEGUN = "it was begun at"
KILLED = {
    "killed-scenario": (["scenario", "underfit", "--epochs", "100000"], "begun.json", BEGUN),
    "killed-train": (["train", "--train", IRIS_CSV, *IRIS, *LONG], "begun.json", BEGUN),
    "killed-later": (["train", "--train", IRIS_CSV, *IRIS, *LONG, "--checkpoint-every", "1"], "checkpoint.safetensors",
                     "what is here is its checkpoint after"),
    "killed-sweep": (["sweep", "--data", IRIS_CSV, *IRIS, *LONG, "--lr", "0.01"], "begun.json", BEGUN),
    "killed-diagnose": (["diagnose", "--data", IRIS_CSV, *IRIS, *LONG], "begun.json", BEGUN),
    "killed-remedies": (["remedies", "--data", IRIS_CSV, *IRIS, *LONG], "begun.json", BEGUN),
    "killed-finetune": ([*FINETUNE, "--epochs", "1000000", "--batch", "4"], "begun.json", BEGUN),
    "killed-rounds": ([*FINETUNE, "--epochs", "10", "--repeat-round", "10000"], "rounds.csv", "what is here ends after"),
}


def kill(plateau, folder, name, arguments, file, told):
    """What is wrong with the report of a command that was killed as soon as it had the file."""
    running = subprocess.Popen([plateau, *arguments, "--out", name], cwd=folder, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (folder / name / file).exists() and running.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    ended = running.poll()
    running.kill()
    running.wait()
    if ended is not None:
        return [f"{name}: ended with exit code {ended} before it could be killed"]
    done = subprocess.run([plateau, "report", name], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return [f"{name}: exit code {done.returncode}: {done.stderr}"]
    page, summary = ((folder / name / file).read_text() for file in ("report.html", "report.md"))
    return [f"{name}: the report does not say '{words}'" for words in ("was not finished", told)
            if words not in page or words not in summary]


def plant_long_runs(folder, run, runs=100, epochs=10_000):
    """Folders as that of `run`, with histories of as many epochs that were never trained."""
    document = json.loads((folder / run / "run.json").read_text())
    names = [f"long/{i}" for i in range(runs)]
    for i, name in enumerate(names):
        place = folder / name
        place.mkdir(parents=True)
        for file in ("test_labels.npy", "test_predictions.npy"):
            shutil.copy(folder / run / file, place)
        document["configuration"] |= {"seed": i % 10, "architecture": [4, 2 + i // 10, 3], "epochs": epochs}
        document["result"] |= {"epochs": epochs, "kept_epoch": epochs - 1}
        (place / "run.json").write_text(json.dumps(document))
        losses = (1 / (1 + 0.01 * e) + 0.0001 * (e * 7919 % 97) for e in range(epochs))
        accuracies = (0.5 + 0.002 * ((e + i) * 7919 % 97) for e in range(epochs))
        lines = (f"{e},{loss!r},0.5,0.5,{accuracy!r},1,0.1\n" for e, (loss, accuracy) in enumerate(zip(losses, accuracies)))
        head = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm,test_churn\n"
        (place / "history.csv").write_text(head + "".join(lines))
    return names


def compare(plateau, folder, name, runs):
    begun = time.monotonic()
    done = subprocess.run([plateau, "compare", *runs, "--out", name, "--charts", "svg"], cwd=folder, capture_output=True,
                          text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{name}: exit code {done.returncode}: {done.stderr}")
    print(f"{name}: {len(runs)} runs compared in {time.monotonic() - begun:.1f} s", file=sys.stderr)


def read(folder, name, charts):
    """What can be seen of a report without a browser."""
    page = (folder / name / "report.html").read_text()
    document = json.loads(next((folder / name).glob("*.json")).read_text())
    files = list((folder / name).glob("*.svg"))
    summary = (folder / name / "report.md").read_text()
    verdict = document.get("verdict")
    wrong = [sentence for sentence, holds in (
        (f"{page.count('<figure>')} charts, and {charts} at least are expected", page.count("<figure>") >= charts),
        (f"{len(files)} files of charts", len(files) == page.count("<figure>")),
        ("a script", "<script" not in page + summary + "".join(file.read_text() for file in files)),
        ("an address outside", not re.search(r"(src|href)=|@import|url\(", page)),
        ("no verdict", not verdict or verdict["code"] in page and verdict["code"] in summary),
        ("something that is no number", not re.search(r'="[^"]*\b(nan|inf)\b', page, re.IGNORECASE)),
    ) if not holds]
    return [f"{name}: {sentence}" for sentence in wrong]


# Records of an event file that are told by what stands in them.
SESSION = b"_hparams_/session_start_info"


def tags_of(folder):
    """{a tag or SESSION: how many records have it} of the one event file in the folder."""
    files = list(folder.glob("events.out.tfevents.*"))
    if len(files) != 1:
        raise ValueError(f"{folder}: holds {len(files)} event files")
    data = event_records.records(files[0])
    tags = (b"loss/train", b"loss/test", b"accuracy/train", b"accuracy/test", SESSION, b"summary")
    return {tag: sum(tag in record for record in data) for tag in tags}


def read_board(folder):
    """What is wrong with the event files, by their framing and by TensorBoard."""
    board, of = folder / BOARD, {}
    try:
        of = {str(place.relative_to(board)): tags_of(place) for place in sorted(board.glob("**/")) if place != board}
    except ValueError as error:
        return [str(error)]
    # 2 networks, 3 rates, 3 seeds; each run with one point of every figure.
    runs = [f"sweep/setting-{setting}-seed-{seed}" for setting in range(6) for seed in range(3)]
    figures = (b"loss/train", b"loss/test", b"accuracy/train", b"accuracy/test")
    expected = {"train": {**dict.fromkeys(figures, 60), SESSION: 1, b"summary": 1},
                "sweep": {**dict.fromkeys(figures, 0), SESSION: 0, b"summary": 1},
                "diagnose": {b"loss/train": 0, b"loss/test": 0, b"accuracy/train": 100, b"accuracy/test": 100, SESSION: 1,
                             b"summary": 1},
                **{run: {**dict.fromkeys(figures, 1), SESSION: 1, b"summary": 0} for run in runs}}
    wrong = [f"{name}: the event file has {of.get(name)}, expected {expected.get(name)}"
             for name in of.keys() | expected.keys() if of.get(name) != expected.get(name)]
    done = subprocess.run([sys.executable, "-B", TESTS / "report" / "tensorboard_reader.py", board],
                          capture_output=True, text=True, timeout=300)
    if done.returncode == 77:
        return wrong
    if done.returncode != 0:
        return [*wrong, f"TensorBoard does not read the event files: {done.stderr}"]
    seen = json.loads(done.stdout)
    rates = {seen[run]["hparams"]["learning_rate"] for run in runs if seen.get(run, {}).get("hparams")}
    wrong += [sentence for sentence, holds in (
        (f"TensorBoard sees the runs {sorted(seen)}", seen.keys() == expected.keys()),
        (f"TensorBoard sees the learning rates {rates}", rates == {0.001, 0.01, 0.1}),
        ("TensorBoard does not see the network", seen["train"]["hparams"]["architecture"] == "4-16-3"),
        ("TensorBoard does not see every epoch", len(seen["train"]["scalars"]["loss/train"]) == 60),
        ("TensorBoard does not see the diagnosis", "plateau diagnose" in seen["diagnose"]["texts"]["summary"][0][2]),
        ("TensorBoard does not see the learning curve",
         len(seen["diagnose"]["scalars"].get("learning_curve/test_accuracy", [])) > 1),
    ) if not holds]
    return wrong


def main():
    plateau, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        hostile = folder / "<i>rows & more.csv"
        hostile.write_text("x,y,label\n" + "".join(f"{i % 7},{i % 5},{HOSTILE if i % 2 else '‮right'}\n" for i in range(60)))
        all_of_them = commands(TESTS / "data", hostile)
        wrong, pages = [], []
        for name, (arguments, charts) in all_of_them.items():
            make(pathlib.Path(plateau).resolve(), folder, name, arguments)
            wrong += read(folder, name, charts)
            pages.append(str(folder / name / "report.html"))
        wrong += read_board(folder)
        named = '<b>"run"\n\u202e'  # a folder
        shutil.copytree(folder / "train", folder / named)
        for name, runs in (("compared", ["train", "hostile", named, "scenario", "published"]),
                           ("compared-long", plant_long_runs(folder, "train"))):
            compare(pathlib.Path(plateau).resolve(), folder, name, runs)
            wrong += read(folder, name, 3)
            pages.append(str(folder / name / "report.html"))
        for name, (arguments, file, told) in KILLED.items():
            wrong += kill(pathlib.Path(plateau).resolve(), folder, name, arguments, file, told)
        if wrong:
            sys.exit("\n".join(wrong))
        short = [str(folder / name / "report.html") for name in ("killed-diagnose", "killed-later")]
        code = subprocess.run([sys.executable, "-B", TESTS / "report" / "page_test.py", *options, "--charts", "0",
                               *short], timeout=600).returncode
        if code != 0:
            return code
        return subprocess.run([sys.executable, "-B", TESTS / "report" / "page_test.py", *options, "--charts", "2",
                               "--within", "1", "--max-bytes", "3000000", *pages], timeout=600).returncode


if __name__ == "__main__":
    sys.exit(main())
