# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""JAX as a contender: the whole training in one jit, lax.scan over its epochs; a fleet is its vmap.

Adam is PyTorch's. Its bias corrections are computed in double outside, as PyTorch computes them, and scanned over: in
float32, 1 - 0.999 ^ t has lost four digits at t = 1.
"""

import os
import pathlib
import platform

from cases import read_npy, read_safetensors, tensor_names
from errors import NotRun
from worker import serve

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
PRECISIONS = {"fp32": "highest", "tf32": "tensorfloat32"}  # without either, a GPU multiplies in TF32


def choose_device(device, threads):
    """Before JAX is imported. Its CPU has as many threads as there are processors that it may use."""
    os.environ["JAX_PLATFORMS"] = device
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # other contenders need the GPU's memory too
    if device == "cpu" and threads:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Training:
    def __init__(self, jax, request):
        import numpy

        self.jax, self.numpy = jax, numpy
        self.lr, self.models = request["lr"], request["models"]
        folder = pathlib.Path(request["folder"])
        rows = []
        for name in ("train_x", "train_y", "test_x", "test_y"):
            kind, shape, content = read_npy(folder / f"{name}.npy")
            values = numpy.frombuffer(content, dtype=kind).reshape(shape)
            rows.append(jax.device_put(values if name.endswith("x") else values.astype(numpy.int32)))
        stored = read_safetensors(folder / "init.safetensors")
        initial = [jax.device_put(numpy.frombuffer(stored[name][1], dtype="<f4").reshape(stored[name][0]))
                   for name in tensor_names(len(request["widths"]) - 1)]
        self.rows, self.initial, self.test_rows = tuple(rows), initial, len(rows[3])
        self.run = jax.jit(jax.vmap(self.trained, in_axes=(0, None, None)) if self.models > 1 else self.trained)

    def trained(self, initial, rows, corrections):
        """(losses, correct rows) of every epoch, from one network's initial parameters."""
        jax, jnp = self.jax, self.jax.numpy
        train_x, train_y, test_x, test_y = rows

        def logits(parameters, x):
            for layer in range(0, len(parameters), 2):
                weight, bias = parameters[layer:layer + 2]
                x = x @ weight.T + bias
                if layer + 2 < len(parameters):
                    x = jax.nn.relu(x)
            return x

        def mean_loss(parameters):
            z = jax.nn.log_softmax(logits(parameters, train_x))
            return -jnp.take_along_axis(z, train_y[:, None], axis=1).mean()

        def epoch(state, correction):
            parameters, first, second = state
            step, root = correction  # lr / (1 - beta1 ^ t) and sqrt(1 - beta2 ^ t)
            loss, gradient = jax.value_and_grad(mean_loss)(parameters)
            first = [BETA1 * m + (1 - BETA1) * g for m, g in zip(first, gradient)]
            second = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(second, gradient)]
            parameters = [p - step * m / (jnp.sqrt(v) / root + EPSILON)
                          for p, m, v in zip(parameters, first, second)]
            count = (logits(parameters, test_x).argmax(1) == test_y).sum()
            return (parameters, first, second), (loss, count)

        zeros = [jnp.zeros_like(p) for p in initial]
        state, history = jax.lax.scan(epoch, (initial, zeros, zeros), corrections)
        return history, state[0]  # the parameters too, so that none is optimised away

    def reset(self):
        pass

    def train(self, epochs):
        numpy = self.numpy
        t = numpy.arange(1, epochs + 1, dtype=numpy.float64)
        corrections = ((self.lr / (1 - BETA1 ** t)).astype(numpy.float32),
                       numpy.sqrt(1 - BETA2 ** t).astype(numpy.float32))
        (losses, counts), parameters = self.run(self.initial, self.rows, corrections)
        self.jax.block_until_ready(parameters)
        losses, counts = numpy.asarray(losses), numpy.asarray(counts)
        if self.models == 1:
            losses, counts = losses[None], counts[None]
        return [(losses[model].tolist(), (counts[model] / self.test_rows).tolist()) for model in (0, -1)]


def start(variant, device, threads, precision):
    choose_device(device, threads)
    import jax

    if precision == "tf32" and device == "cpu":
        raise NotRun("a CPU has no TF32")
    try:
        found = jax.devices()[0]
    except RuntimeError as error:
        raise NotRun(f"JAX {jax.__version__} has no {device} device: {error}") from error
    jax.config.update("jax_default_matmul_precision", PRECISIONS[precision])
    environment = {"version": jax.__version__, "python": platform.python_version(), "device_name": found.device_kind,
                   "matrix_library": f"XLA ({found.client.platform_version.splitlines()[0][:60]})",
                   "precision": {"jax_default_matmul_precision": jax.config.jax_default_matmul_precision}}
    return environment, lambda request: Training(jax, request)


if __name__ == "__main__":
    serve(start)
