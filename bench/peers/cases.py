# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""What is trained: the works and their cases, the files that hold a case, and the bound on its trajectory.

A case is `models` networks of equal `widths` (Linear, ReLU, ..., Linear) on the same `rows` training rows: full batch,
or batches of `batch` rows in the order of the rows, Adam with learning rate `lr`, mean cross-entropy, and the accuracy
on `test_rows` rows after every epoch. Its folder
holds train_x.npy, train_y.npy, test_x.npy, test_y.npy and init.safetensors with fcK.weight [out, in] and fcK.bias
[out], in a fleet (models > 1) [models, out, in] and [models, out].
"""

import array
import ast
import csv
import dataclasses
import json
import math
import pathlib
import shutil
import struct

from errors import Failed, Refused

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "data" / "torch-parity" / "adam_memorization_2_128_128_2"
STORED_FLEET_MODELS = 3
SEED = 1
WORKS = ("A", "C", "B", "D")
ROWS = (100, 1000, 2000)
EPOCHS, FLEET_EPOCHS, SMOKE_EPOCHS = 500, 50, 20
BATCH = 200  # of D: what MLPClassifier takes of its own accord
GATED_STEPS = 20  # of the timed case, against the oracle: float wanders from double step by step


@dataclasses.dataclass
class Case:
    work: str
    name: str
    widths: list
    rows: int
    test_rows: int
    epochs: int
    lr: float = 0.01
    models: int = 1
    batch: int = 0  # rows; 0: all
    gate_rows: int = 0  # rows of a smaller case of the same widths that is gated instead; 0: the case itself
    gate_epochs: int = GATED_STEPS
    folder: pathlib.Path = None

    def request(self, what):
        return {"do": what, "folder": str(self.folder), "widths": self.widths, "rows": self.rows,
                "test_rows": self.test_rows, "models": self.models, "batch": self.batch, "lr": self.lr, "seed": SEED}

    def gate(self):
        """The case whose trajectory is compared with the oracle's: this one, or a smaller one."""
        if not self.gate_rows:
            return self
        return dataclasses.replace(self, rows=self.gate_rows, test_rows=self.gate_rows, epochs=self.gate_epochs,
                                   gate_rows=0, folder=None)


def planned(work, device, smoke, rows=ROWS, epochs=None, fleets=None):
    """The cases of a work on a device; of D on a GPU none."""
    epochs = epochs or (SMOKE_EPOCHS if smoke else FLEET_EPOCHS if work in "BD" else EPOCHS)
    if work == "A":
        return [Case("A", f"A, {device}: 2-128-128-2, {count} rows", [2, 128, 128, 2], count, 500, epochs)
                for count in (rows[:1] if smoke else rows)]
    if work == "D" and device == "cuda":
        return []
    if work in "BD":
        fleets = fleets or ([(6, 16)] if smoke else [(4096, 64), (4096, 128)] if device == "cuda"
                            else [(64, 32), (64, 64), (64, 128)])
        count = 50 if smoke else 1000
        batch, note = (BATCH, f" in batches of {BATCH}") if work == "D" else (0, "")
        if smoke and batch:
            batch, note = 20, " in batches of 20"
        return [Case(work, f"{work}, {device}: {models} x 2-{width}-{width}-2, {count} rows{note}",
                     [2, width, width, 2], count, 500, epochs, models=models, batch=batch,
                     gate_epochs=GATED_STEPS // math.ceil(count / batch) if batch else GATED_STEPS)
                for models, width in fleets]
    if smoke:
        return [Case("C", f"C, {device}: 16-64-64-10, batch 32 (stands in for the large one)", [16, 64, 64, 10], 32, 32,
                     5, lr=0.001, gate_rows=16, gate_epochs=3)]
    batch, test_rows, epochs, note = (8192, 512, 20, "") if device == "cuda" else (64, 64, 10, ", a CPU's batch")
    return [Case("C", f"C, {device}: 784-4096-4096-10, batch {batch}{note}", [784, 4096, 4096, 10], batch, test_rows,
                 epochs, lr=0.001, gate_rows=32, gate_epochs=3)]


# --- Files -----------------------------------------------------------------------------------------------------------


def read_npy(path):
    """(type as in '<f4', shape, bytes) of a version 1 NPY file in C order."""
    content = path.read_bytes()
    if content[:8] != b"\x93NUMPY\x01\x00":
        raise Refused(f"{path.name} is not an NPY file of version 1.")
    (length,) = struct.unpack_from("<H", content, 8)
    header = ast.literal_eval(content[10:10 + length].decode("latin-1"))
    if header["fortran_order"]:
        raise Refused(f"{path.name} is not in C order.")
    return header["descr"], list(header["shape"]), content[10 + length:]


def read_safetensors(path):
    """{name: (shape, bytes)} of a file that holds float32 alone."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    data = memoryview(content)[8 + length:]
    tensors = json.loads(content[8:8 + length])
    return {name: (entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in tensors.items() if name != "__metadata__"}


def write_safetensors(path, tensors):
    """`tensors`: {name: (shape, bytes)}, float32."""
    header, offset = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(bytes(data) for _, data in tensors.values()))


def tensor_names(layers):
    return [f"fc{layer}.{kind}" for layer in range(1, layers + 1) for kind in ("weight", "bias")]


def stored_case(models=1):
    """The case that PyTorch trained, without a folder where it is to be a fleet."""
    told = json.loads((STORED / "case.json").read_text())
    return Case("parity", told["name"], told["widths"], told["n"], told["m"], told["epochs"], lr=told["lr"],
                models=models, folder=STORED if models == 1 else None)


def stored_fleet(folder):
    """The stored case as a fleet: its first and last network are PyTorch's, those between them are others, so that
    networks which see each other do not pass."""
    case = stored_case(STORED_FLEET_MODELS)
    case.folder = folder
    for name in ("train_x.npy", "train_y.npy", "test_x.npy", "test_y.npy"):
        shutil.copy(STORED / name, folder / name)
    tensors = {}
    for name, (shape, data) in read_safetensors(STORED / "init.safetensors").items():
        other = array.array("f", bytes(data))
        other.reverse()
        tensors[name] = ([case.models, *shape], bytes(data) + other.tobytes() * (case.models - 2) + bytes(data))
    write_safetensors(folder / "init.safetensors", tensors)
    return case


# --- The bound -------------------------------------------------------------------------------------------------------


def stored_expectation():
    """[{float64, float32, accuracies}]: of every trajectory that must be followed, the losses of an epoch in double and
    in float, and the test accuracies."""
    with open(STORED / "expected.csv", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    return {"float64": [row["train_loss_f64"] for row in rows], "float32": [row["train_loss_f32"] for row in rows],
            "accuracies": [row["test_accuracy_f64"] for row in rows]}


def oracle_expectations(reply):
    return [{"float64": double["losses"], "float32": single["losses"], "accuracies": double["accuracies"]}
            for double, single in zip(reply["float64"], reply["float32"])]


# The error of TF32 is that of rounding factors to 10 bits, which float32's error does not bound, and Adam's first steps
# spread it. Four times what an emulation of that rounding on a CPU showed at most in these epochs of both gated cases:
# 1.0e-3 of the loss and one test row of 500.
TF32_EPOCHS, TF32_SHARE, TF32_ROWS = 10, 4e-3, 0.01
# How near a training must be to the first one of the same program, where a smaller case was gated: a share of the loss.
# Sums in another order, spread by Adam, are far below it; weights or moments that were not put back are far above.
REPEAT_EPOCHS, REPEAT_SHARE = 10, {"fp32": 1e-3, "tf32": TF32_SHARE}


def loss_bound(float64, float32, precision):
    """How far a train loss may be from the one in double."""
    if precision == "tf32":
        return TF32_SHARE * abs(float64)
    return 2e-6 + 20 * abs(float32 - float64)


def numbers(values):
    """JSON knows no NaN: what a worker could not write as a number is one here."""
    return [math.nan if value is None else value for value in values]


def gate(trajectory, expected, test_rows, precision="fp32", what="the parity case"):
    """How near a trajectory is to what is expected; Failed where it is not near enough. Longer ones may go on."""
    losses, accuracies = numbers(trajectory["losses"]), numbers(trajectory["accuracies"])
    if precision == "tf32":
        expected = {name: values[:TF32_EPOCHS] for name, values in expected.items()}
    epochs = len(expected["float64"])
    if not (len(losses) == len(accuracies) >= epochs):
        raise Failed(f"it trained {min(len(losses), len(accuracies))} epochs of {what} instead of {epochs}.")
    worst, where, rows = 0.0, 0, 0
    allowed = 1 if precision == "fp32" else max(1, math.ceil(TF32_ROWS * test_rows))
    for epoch, (float64, float32, accuracy) in enumerate(zip(*(expected[key] for key in ("float64", "float32",
                                                                                         "accuracies")))):
        bound = loss_bound(float64, float32, precision)
        share = abs(losses[epoch] - float64) / bound
        if not share <= 1:
            raise Failed(f"the train loss of epoch {epoch} of {what} is {losses[epoch]:.9f}, and {float64:.9f} within "
                         f"{bound:.1e} was expected.")
        if share > worst:
            worst, where = share, epoch
        off = abs(accuracies[epoch] - accuracy) * test_rows
        if not off <= allowed + 0.001:
            raise Failed(f"the test accuracy of epoch {epoch} of {what} is {accuracies[epoch]:.4f}, and {accuracy:.4f} "
                         f"within {allowed} row{'s' * (allowed > 1)} was expected.")
        rows = max(rows, round(off))
    return {"epochs": epochs, "worst_share": worst, "epoch": where, "accuracy_rows": rows}


def gate_all(trajectories, expectations, test_rows, precision, what):
    """The nearness of the trajectory that is furthest off."""
    return max((gate(trajectory, expected, test_rows, precision, what)
                for trajectory, expected in zip(trajectories, expectations)), key=lambda near: near["worst_share"])


def expect_repetition(trajectories, first, test_rows, precision):
    """Failed unless the trajectories begin as those of the program's first call did."""
    for trajectory, known in zip(trajectories, first):
        pairs = list(zip(numbers(trajectory["losses"]), numbers(known["losses"])))[:REPEAT_EPOCHS]
        for epoch, (loss, expected) in enumerate(pairs):
            if not abs(loss - expected) <= REPEAT_SHARE.get(precision, TF32_SHARE) * abs(expected):
                raise Failed(f"the train loss of epoch {epoch} is {loss:.9f}, and was {expected:.9f} in the first "
                             "call.")
        rows = max(1, math.ceil(TF32_ROWS * test_rows))
        pairs = list(zip(numbers(trajectory["accuracies"]), numbers(known["accuracies"])))[:REPEAT_EPOCHS]
        for epoch, (accuracy, expected) in enumerate(pairs):
            if not abs(accuracy - expected) * test_rows <= rows + 0.001:
                raise Failed(f"the test accuracy of epoch {epoch} is {accuracy:.4f}, and was {expected:.4f} in the "
                             "first call.")
