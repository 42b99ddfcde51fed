# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""PyTorch as a contender: the ways to write the loop that contenders.py lists."""

import os
import pathlib
import platform
import re

from cases import read_npy, read_safetensors, tensor_names
from errors import NotRun
from worker import serve

LOOP_MODELS = 4  # that are trained where a fleet is trained one after another; the rest is extrapolated
GRAPH_WARM_EPOCHS = 3


def read_case(torch, device, request):
    """train_x, train_y, test_x, test_y, and the initial parameters in the order of nn.Sequential's."""
    folder = pathlib.Path(request["folder"])
    types = {"<f4": torch.float32, "<i4": torch.int32, "<i8": torch.int64}

    def tensor(kind, shape, content):
        return torch.frombuffer(bytearray(content), dtype=kind).reshape(shape).clone().to(device)

    rows = []
    for name in ("train_x", "train_y", "test_x", "test_y"):
        kind, shape, content = read_npy(folder / f"{name}.npy")
        rows.append(tensor(types[kind], shape, content))
    rows[1], rows[3] = rows[1].long(), rows[3].long()
    stored = read_safetensors(folder / "init.safetensors")
    initial = [tensor(torch.float32, *stored[name]) for name in tensor_names(len(request["widths"]) - 1)]
    return (*rows, initial)


def offers_fused_adam(torch, device):
    try:
        probe = torch.zeros(4, requires_grad=True, device=device)
        probe.grad = torch.zeros(4, device=device)
        torch.optim.Adam([probe], lr=0.01, fused=True).step()
        return True
    except (RuntimeError, TypeError, ValueError):
        return False


def make_adam(torch, device, parameters, lr, variant):
    Adam = torch.optim.Adam
    if variant in ("eager, as written", "eager, late metrics"):
        return Adam(parameters, lr=lr)
    if variant in ("foreach Adam", "compile everything") or not offers_fused_adam(torch, device):
        return Adam(parameters, lr=lr, foreach=True)
    return Adam(parameters, lr=lr, fused=True, capturable="graph" in variant)


def put_back(torch, parameters, initial, optimizer):
    """Initial weights and zero moments, in place: what is allocated, compiled or captured stays so."""
    with torch.no_grad():
        for p, value in zip(parameters, initial):
            p.copy_(value)
        for state in optimizer.state.values():
            for name, value in state.items():
                if isinstance(value, torch.Tensor):
                    value.zero_()
                else:
                    state[name] = 0


def sequential(torch, widths):
    nn = torch.nn
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Network:
    """One network. Construction and reset() are outside the clock, train() is inside."""

    def __init__(self, torch, device, variant, request):
        self.torch, self.device, self.variant = torch, device, variant
        if hasattr(torch, "compiler"):
            torch.compiler.reset()  # the next case's shapes are compiled as if they were the first
        self.train_x, self.train_y, self.test_x, self.test_y, self.initial = read_case(torch, device, request)
        self.net = sequential(torch, request["widths"]).to(device)
        self.parameters = list(self.net.parameters())
        self.criterion = torch.nn.CrossEntropyLoss()
        self.flat_gradient = None
        if variant == "flat":
            self.flatten()
        optimised = [self.flat] if variant == "flat" else self.parameters
        self.optimizer = make_adam(torch, device, optimised, request["lr"], variant)
        self.step = self.optimizer.step
        self.prepare_functions()
        self.graph = None
        self.train = {"eager, as written": self.train_as_written, "CUDA graph": self.train_graph,
                      "CUDA graph, compiled": self.train_graph}.get(variant, self.train_late)

    def flatten(self):
        torch = self.torch
        self.flat = torch.nn.Parameter(torch.cat([p.detach().reshape(-1) for p in self.parameters]))
        self.flat_gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.flat_gradient
        first = 0
        for p in self.parameters:
            part = slice(first, first + p.numel())
            p.data = self.flat.data[part].view_as(p)
            p.grad = self.flat_gradient[part].view_as(p)
            first = part.stop

    def prepare_functions(self):
        torch, net, criterion, variant = self.torch, self.net, self.criterion, self.variant
        if variant == "trace":
            net = torch.jit.trace(net, self.train_x)

        def train_loss(x, y):
            return criterion(net(x), y)

        def correct(x, y):
            return (net(x).argmax(1) == y).sum()

        self.train_loss, self.correct = train_loss, correct
        self.marks_steps = variant == "compile, reduce-overhead"
        if self.marks_steps:
            self.train_loss, self.correct = (torch.compile(function, mode="reduce-overhead", dynamic=False)
                                             for function in (train_loss, correct))
        elif "compile" in variant:
            self.train_loss, self.correct = (torch.compile(function, dynamic=False)
                                             for function in (train_loss, correct))
        if variant == "compile everything":
            train_loss(self.train_x, self.train_y).backward()
            self.optimizer.step()  # makes the state
            for state in self.optimizer.state.values():
                state["step"] = state["step"].double()  # compiled bias corrections in float32 break the parity gate
            self.step = torch.compile(self.optimizer.step)

    def reset(self):
        put_back(self.torch, self.parameters, self.initial, self.optimizer)

    def train_as_written(self, epochs):
        torch, net, criterion, optimizer = self.torch, self.net, self.criterion, self.optimizer
        train_x, train_y, test_x, test_y = self.train_x, self.train_y, self.test_x, self.test_y
        losses, accuracies = [], []
        for _ in range(epochs):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(train_x), train_y)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                accuracy = (net(test_x).argmax(1) == test_y).float().mean()
            losses.append(loss.item())
            accuracies.append(accuracy.item())
        return [(losses, accuracies)] * 2

    def train_late(self, epochs):
        torch, train_loss, correct, step = self.torch, self.train_loss, self.correct, self.step
        train_x, train_y, test_x, test_y = self.train_x, self.train_y, self.test_x, self.test_y
        parameters, flat_gradient, marks_steps = self.parameters, self.flat_gradient, self.marks_steps
        losses, counts = [], []
        for _ in range(epochs):
            if marks_steps:  # results live in the graphs' memory, which the next step writes again
                torch.compiler.cudagraph_mark_step_begin()
            if flat_gradient is None:
                for p in parameters:
                    p.grad = None
            else:
                flat_gradient.zero_()
            loss = train_loss(train_x, train_y)
            loss.backward()
            step()
            losses.append(loss.detach().clone() if marks_steps else loss.detach())
            with torch.inference_mode(not marks_steps), torch.no_grad():
                count = correct(test_x, test_y)
                counts.append(count.clone() if marks_steps else count)
        losses, counts = torch.stack(losses).tolist(), torch.stack(counts).tolist()
        return [(losses, [count / len(test_y) for count in counts])] * 2

    def epoch_into_history(self):
        loss = self.train_loss(self.train_x, self.train_y)
        loss.backward()
        self.step()
        with self.torch.no_grad():
            count = self.correct(self.test_x, self.test_y)
            self.losses.index_copy_(0, self.epoch, loss.detach().reshape(1))
            self.counts.index_copy_(0, self.epoch, count.reshape(1))
            self.epoch.add_(1)

    def capture(self, epochs):
        """A whole epoch, its metrics written into a history on the device."""
        torch = self.torch
        self.losses = torch.zeros(epochs, device=self.device)
        self.counts = torch.zeros(epochs, dtype=torch.int64, device=self.device)
        self.epoch = torch.zeros(1, dtype=torch.int64, device=self.device)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(min(GRAPH_WARM_EPOCHS, epochs)):
                self.optimizer.zero_grad(set_to_none=True)
                self.epoch_into_history()
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)  # so that the captured backward pass owns the gradients
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.epoch_into_history()
        self.reset()

    def train_graph(self, epochs):
        """Capture belongs to the first call; a longer training than before captures again."""
        if self.graph is None or len(self.losses) < epochs:
            self.capture(epochs)
        self.epoch.zero_()
        for _ in range(epochs):
            self.graph.replay()
        losses, counts = self.losses[:epochs].tolist(), self.counts[:epochs].tolist()
        return [(losses, [count / len(self.test_y) for count in counts])] * 2


class Fleet:
    """Many networks at once: parameters [models, ...], one optimizer over all of them."""

    def __init__(self, torch, device, variant, request):
        self.torch, self.variant, self.models = torch, variant, request["models"]
        if hasattr(torch, "compiler"):
            torch.compiler.reset()
        self.train_x, self.train_y, self.test_x, self.test_y, self.initial = read_case(torch, device, request)
        self.parameters = [value.clone().requires_grad_() for value in self.initial]
        self.optimizer = make_adam(torch, device, self.parameters, request["lr"], variant)
        if "vmap" in variant:
            self.prepare_vmap(request["widths"])
        else:
            self.prepare_baddbmm()

    def compiled(self, function):
        return self.torch.compile(function, dynamic=False) if "compile" in self.variant else function

    def prepare_vmap(self, widths):
        torch, func = self.torch, self.torch.func
        net = sequential(torch, widths).to("meta")
        names = [name for name, _ in net.named_parameters()]

        def loss(parameters, x, y):
            z = func.functional_call(net, dict(zip(names, parameters)), (x,))
            return torch.nn.functional.cross_entropy(z, y)

        def correct(parameters, x, y):
            return (func.functional_call(net, dict(zip(names, parameters)), (x,)).argmax(1) == y).sum()

        of_all = self.compiled(func.vmap(func.grad_and_value(loss), in_dims=(0, None, None)))

        def gradient(parameters, x, y):
            gradients, losses = of_all(tuple(p.detach() for p in parameters), x, y)
            for p, value in zip(parameters, gradients):
                p.grad = value
            return losses

        self.gradient = gradient
        self.correct = self.compiled(func.vmap(correct, in_dims=(0, None, None)))

    def prepare_baddbmm(self):
        torch, models = self.torch, self.models

        def logits(parameters, x):
            h = x.expand(models, *x.shape)
            for layer in range(0, len(parameters), 2):
                weight, bias = parameters[layer:layer + 2]
                h = torch.baddbmm(bias.unsqueeze(1), h, weight.transpose(1, 2))
                if layer + 2 < len(parameters):
                    h = torch.relu(h)
            return h

        def losses_of_all(parameters, x, y):
            z = logits(parameters, x)
            rows = torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[2]), y.repeat(models), reduction="none")
            return rows.reshape(models, -1).mean(1)

        def correct(parameters, x, y):
            return (logits(parameters, x).argmax(2) == y).sum(1)

        losses_of_all = self.compiled(losses_of_all)

        def gradient(parameters, x, y):
            for p in parameters:
                p.grad = None
            losses = losses_of_all(parameters, x, y)
            losses.sum().backward()  # a model's loss knows no other model's parameters
            return losses.detach()

        self.gradient, self.correct = gradient, self.compiled(correct)

    def reset(self):
        put_back(self.torch, self.parameters, self.initial, self.optimizer)

    def train(self, epochs):
        torch = self.torch
        losses, counts = [], []
        for _ in range(epochs):
            losses.append(self.gradient(self.parameters, self.train_x, self.train_y))
            self.optimizer.step()
            with torch.no_grad():
                counts.append(self.correct(self.parameters, self.test_x, self.test_y))
        losses, counts = torch.stack(losses).cpu(), torch.stack(counts).cpu()
        return [(losses[:, model].tolist(), [count / len(self.test_y) for count in counts[:, model].tolist()])
                for model in (0, self.models - 1)]


class OneAfterAnother:
    """A fleet as a loop over networks, of which some are trained: the first ones and the last."""

    def __init__(self, torch, device, variant, request):
        self.models = request["models"]
        self.network = Network(torch, device, "fused Adam", request)
        self.all_initial = self.network.initial
        self.trained_models = min(LOOP_MODELS, self.models)

    def reset(self):
        pass

    def train(self, epochs):
        trajectories = []
        for model in [*range(self.trained_models - 1), self.models - 1]:
            self.network.initial = [value[model] for value in self.all_initial]
            self.network.reset()
            trajectories.append(self.network.train(epochs)[0])
        return [trajectories[0], trajectories[-1]]


def loaded_libraries():
    """Libraries of linear algebra and threads in this process; folders only where they are the system's."""
    with open("/proc/self/maps") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if line.count("/") > 0}
    names = re.compile(r"blas|lapack|mkl|gomp|iomp|libomp|dnnl|torch_cpu", re.IGNORECASE)
    found = {path for path in paths if names.search(os.path.basename(path))}
    return sorted(path if path.startswith(("/usr/", "/lib")) else os.path.basename(path) for path in found)


def describe(torch, device):
    size = torch.ones(64, 64, device=device)
    size @ size  # loads what multiplies
    libraries = loaded_libraries()
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    if torch.backends.mkl.is_available():
        family = "MKL"
    elif any("openblas" in path for path in libraries):
        family = "OpenBLAS"
    else:
        family = "reference BLAS" if any("blas" in path for path in libraries) else "BLAS of its own"
    described = {"version": torch.__version__, "python": platform.python_version(), "matrix_library": family,
                 "cpu_capability": capability[1] if capability else None, "libraries": libraries,
                 "precision": {"float32_matmul_precision": torch.get_float32_matmul_precision(),
                               "allow_tf32": torch.backends.cuda.matmul.allow_tf32}}
    if device == "cuda":
        described.update(matrix_library=f"cuBLAS of CUDA {torch.version.cuda}", toolkit=torch.version.cuda,
                         device_name=torch.cuda.get_device_name())
    return described


def expect_offered(torch, variant, device, precision):
    """NotRun where this torch, on this device, has no such thing."""
    if device == "cuda" and not torch.cuda.is_available():
        raise NotRun(f"PyTorch {torch.__version__} finds no GPU"
                     + ("" if torch.version.cuda else ", for it is built without CUDA"))
    if precision == "tf32" and device == "cpu":
        raise NotRun("a CPU has no TF32")
    if "compile" in variant and not hasattr(torch, "compile"):
        raise NotRun("this torch has no torch.compile")
    if "vmap" in variant and not hasattr(torch, "func"):
        raise NotRun("this torch has no torch.func")
    if variant == "fused Adam" and not offers_fused_adam(torch, device):
        raise NotRun(f"this torch has no fused Adam on {device}")
    if device == "cpu" and ("graph" in variant or "reduce-overhead" in variant):
        raise NotRun("CUDA graphs need a GPU")


def start(variant, device, threads, precision):
    import torch

    if threads:
        torch.set_num_threads(threads)
    expect_offered(torch, variant, device, precision)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")

    def prepare(request):
        if request["models"] == 1:
            return Network(torch, device, variant, request)
        return (OneAfterAnother if variant == "one after another" else Fleet)(torch, device, variant, request)

    return describe(torch, device), prepare


if __name__ == "__main__":
    serve(start)
