# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's MLPClassifier as a contender, on the CPU, with conventions of its own.

What cannot be made equal: two classes share one logistic output, where the others have two under a softmax; its initial
weights are Glorot's, and coefs_ of another shape than the case's; Adam's epsilon stands beside the moment without its
bias correction. Equal are rows, hidden widths, full batch, learning rate, the decay of the moments, no L2 term,
float32, and the accuracy on the test rows after every epoch. A fleet is joblib's Parallel over processes.
"""

import pathlib
import platform
import warnings

from cases import read_npy
from errors import NotRun
from worker import serve


def train_one(hidden, lr, seed, rows, epochs):
    import numpy
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")
    train_x, train_y, test_x, test_y = rows
    model = MLPClassifier(hidden, solver="adam", alpha=0.0, batch_size=len(train_y), learning_rate_init=lr,
                          shuffle=False, random_state=seed, epsilon=1e-8)
    classes = numpy.unique(train_y)
    losses, accuracies = [], []
    for _ in range(epochs):
        model.partial_fit(train_x, train_y, classes=classes)
        losses.append(float(model.loss_))
        accuracies.append(float((model.predict(test_x) == test_y).mean()))
    return losses, accuracies


class Training:
    def __init__(self, threads, request):
        import numpy

        self.threads, self.models = threads, request["models"]
        self.rows = []
        for name in ("train_x", "train_y", "test_x", "test_y"):
            kind, shape, content = read_npy(pathlib.Path(request["folder"]) / f"{name}.npy")
            self.rows.append(numpy.frombuffer(content, dtype=kind).reshape(shape).copy())
        self.arguments = tuple(request["widths"][1:-1]), request["lr"]

    def reset(self):
        pass

    def train(self, epochs):
        if self.models == 1:
            return [train_one(*self.arguments, 0, self.rows, epochs)] * 2
        from joblib import Parallel, delayed

        trained = Parallel(n_jobs=self.threads)(delayed(train_one)(*self.arguments, model, self.rows, epochs)
                                                for model in range(self.models))
        return [trained[0], trained[-1]]


def start(variant, device, threads, precision):
    import numpy
    import sklearn
    import sklearn.neural_network  # noqa: F401

    if device != "cpu":
        raise NotRun("scikit-learn trains on the CPU only")
    if precision != "fp32":
        raise NotRun("a CPU has no TF32")
    blas = "its NumPy's BLAS"
    try:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    except (TypeError, KeyError):
        pass
    environment = {"version": sklearn.__version__, "python": platform.python_version(),
                   "matrix_library": f"NumPy {numpy.__version__}, {blas}", "precision": {"products": "fp32"}}
    return environment, lambda request: Training(threads, request)


if __name__ == "__main__":
    serve(start)
