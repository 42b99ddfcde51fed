# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the README's PyTorch example: trains the model that it loads, executes the block, and begins a training with
what it saved.

Usage: python3 pytorch_example.py PLATEAU     (exit code 77: PyTorch or safetensors is not installed)
"""
import contextlib
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    plateau = os.path.abspath(sys.argv[1])
    try:
        import safetensors.torch  # noqa: F401
        import torch
    except ImportError as missing:
        print(f"skipped: {missing}")
        return 77
    readme = (ROOT / "README.md").read_text()
    block = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    train = re.search(r"\$ plateau (train --train tests/data/iris\.csv.*?iris\.safetensors)", readme, re.DOTALL).group(1)
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "tests", os.path.join(folder, "tests"))
        os.chdir(folder)

        def run(text):
            subprocess.run([plateau, *shlex.split(text)], check=True, stdout=subprocess.DEVNULL)

        run(train.replace("\\\n", " "))
        printed, names = io.StringIO(), {}
        with contextlib.redirect_stdout(printed):
            exec(compile(block, "README.md", "exec"), names)
        want = re.search(r"# (\w+)$", block, re.MULTILINE).group(1)
        assert printed.getvalue() == want + "\n", printed.getvalue()

        # Every row of the file, by PyTorch and by `plateau evaluate`.
        table = [line.split(",") for line in (ROOT / "tests/data/iris.csv").read_text().splitlines()[1:]]
        x = torch.tensor([[float(value) for value in row[:4]] for row in table])
        given = names["model"]((x - names["mean"]) * names["factor"]).argmax(1)
        right = sum(names["said"]["plateau.classes"][g] == row[4] for g, row in zip(given, table))
        said = subprocess.run([plateau, "evaluate", "--model", "iris.safetensors", "--data", "tests/data/iris.csv"],
                              check=True, capture_output=True, text=True).stdout
        assert f", {right} of {len(table)} (" in said, (right, said)
        # What PyTorch saved names no classes, so labels are ids.
        ids = {name: str(i) for i, name in enumerate(names["said"]["plateau.classes"])}
        pathlib.Path("ids.csv").write_text("".join(",".join([*row[:4], ids[row[4]]]) + "\n" for row in table))
        run("train --train ids.csv --test-fraction 0.3 --init from_torch.safetensors --epochs 1")
    print(f"PyTorch {torch.__version__} takes Plateau's model, and {right} of {len(table)} rows as Plateau does")
    return 0


if __name__ == "__main__":
    sys.exit(main())
