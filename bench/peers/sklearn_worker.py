# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's MLPClassifier as a contender, on the CPU, with conventions of its own.

What cannot be made equal: two classes share one logistic output, where the others have two under a softmax; its initial
weights are Glorot's, and coefs_ of another shape than the case's; Adam's epsilon stands beside the moment without its
bias correction. Equal are rows, hidden widths, batches and their order, learning rate, the decay of the moments, no L2
term, float32, and, but for the variants that say otherwise, the accuracy on the test rows after every epoch.

Of a fleet the networks are spread over the cores, with one BLAS thread for each: small products gain nothing from more,
and more threads than cores slow all of them.
"""

import pathlib
import platform
import warnings

from cases import read_npy
from errors import NotRun
from worker import serve

NEVER = 10**9  # epochs without progress that are waited for


def classifier(hidden, lr, batch, seed, rows, epochs, **more):
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # that max_iter was reached
    return MLPClassifier(hidden, solver="adam", alpha=0.0, batch_size=batch or rows, learning_rate_init=lr,
                         shuffle=False, random_state=seed, epsilon=1e-8, max_iter=epochs, tol=0.0,
                         n_iter_no_change=NEVER, **more)


def epoch_by_epoch(hidden, lr, batch, seed, rows, epochs):
    import numpy

    train_x, train_y, test_x, test_y = rows
    model = classifier(hidden, lr, batch, seed, len(train_y), epochs)
    classes = numpy.unique(train_y)
    losses, accuracies = [], []
    for _ in range(epochs):
        model.partial_fit(train_x, train_y, classes=classes)
        losses.append(float(model.loss_))
        accuracies.append(float((model.predict(test_x) == test_y).mean()))
    return losses, accuracies


def fit_on_own_split(hidden, lr, batch, seed, rows, epochs):
    import numpy

    train_x, train_y, test_x, test_y = rows
    model = classifier(hidden, lr, batch, seed, len(train_y), epochs, early_stopping=True,
                       validation_fraction=len(test_y) / (len(train_y) + len(test_y)))
    model.fit(numpy.concatenate([train_x, test_x]), numpy.concatenate([train_y, test_y]))
    return [float(loss) for loss in model.loss_curve_], [float(score) for score in model.validation_scores_]


def fit_alone(hidden, lr, batch, seed, rows, epochs):
    train_x, train_y, test_x, test_y = rows
    model = classifier(hidden, lr, batch, seed, len(train_y), epochs)
    model.fit(train_x, train_y)
    last = float((model.predict(test_x) == test_y).mean())
    return [float(loss) for loss in model.loss_curve_], [last] * epochs


WAYS = {"fit, own test rows": fit_on_own_split, "fit, no accuracy": fit_alone}


class Training:
    def __init__(self, variant, threads, request):
        import numpy

        self.variant, self.threads, self.models = variant, threads, request["models"]
        self.rows = []
        for name in ("train_x", "train_y", "test_x", "test_y"):
            kind, shape, content = read_npy(pathlib.Path(request["folder"]) / f"{name}.npy")
            self.rows.append(numpy.frombuffer(content, dtype=kind).reshape(shape).copy())
        self.arguments = tuple(request["widths"][1:-1]), request["lr"], request["batch"]

    def reset(self):
        pass

    def train(self, epochs):
        train_one = WAYS.get(self.variant, epoch_by_epoch)
        if self.models == 1:
            return [train_one(*self.arguments, 0, self.rows, epochs)] * 2
        trained = self.spread([(*self.arguments, model, self.rows, epochs) for model in range(self.models)], train_one)
        return [trained[0], trained[-1]]

    def spread(self, models, train_one):
        from joblib import Parallel, delayed, parallel_config
        from threadpoolctl import threadpool_limits

        backend = ({"backend": "threading"} if self.variant == "MLPClassifier, threads"
                   else {"backend": "loky", "inner_max_num_threads": 1})
        with parallel_config(n_jobs=self.threads, **backend), threadpool_limits(1):
            return Parallel()(delayed(train_one)(*arguments) for arguments in models)


def matrix_library():
    """Name and version, and the kernels that it chose for this processor."""
    import numpy
    from threadpoolctl import threadpool_info

    kernels = {f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
               for library in threadpool_info() if library["user_api"] == "blas"}
    return f"NumPy {numpy.__version__}, {', '.join(sorted(kernels)) or 'a BLAS that is not known'}"


def start(variant, device, threads, precision):
    import sklearn
    import sklearn.neural_network  # noqa: F401

    if device != "cpu":
        raise NotRun("scikit-learn trains on the CPU only")
    if precision != "fp32":
        raise NotRun("a CPU has no TF32")
    environment = {"version": sklearn.__version__, "python": platform.python_version(),
                   "matrix_library": matrix_library(), "precision": {"products": "fp32"}}
    return environment, lambda request: Training(variant, threads, request)


if __name__ == "__main__":
    serve(start)
