# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Test accuracies of scikit-learn's MLPClassifier on iris and digits, which tests/study/known_data_test.cpp compares
with: every third row is a test row, features are scaled by the others, 20 seeds.

Usage: python3 reference.py     (needs scikit-learn; prints a line per data set)
"""
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).resolve().parents[1]
SEEDS = 20


def rows(name, **options):
    table = np.genfromtxt(DATA / name, delimiter=",", dtype=str, **options)
    return table[:, :-1].astype(np.float32), table[:, -1]


def accuracies(x, y, hidden, batch, epochs, learning_rate):
    is_test = np.arange(len(y)) % 3 == 2
    scaler = StandardScaler().fit(x[~is_test])
    for seed in range(SEEDS):
        classifier = MLPClassifier(hidden_layer_sizes=hidden, solver="adam", alpha=0, learning_rate_init=learning_rate,
                                   batch_size=min(batch, int((~is_test).sum())), max_iter=epochs, tol=0,
                                   n_iter_no_change=epochs, random_state=seed)
        classifier.fit(scaler.transform(x[~is_test]), y[~is_test])
        yield classifier.score(scaler.transform(x[is_test]), y[is_test])


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, options, hidden, batch, epochs, learning_rate in (
            ("iris.csv", {"skip_header": 1}, (16,), 1 << 30, 200, 0.01),
            ("digits.csv.gz", {}, (32,), 100, 30, 0.003)):
        found = list(accuracies(*rows(name, **options), hidden, batch, epochs, learning_rate))
        print(f"scikit-learn {sklearn.__version__}, {name}: mean {np.mean(found):.5f}, standard deviation "
              f"{np.std(found, ddof=1):.5f} over {SEEDS} seeds")


if __name__ == "__main__":
    main()
