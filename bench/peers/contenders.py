# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Who takes part in which work, on which device. What a machine cannot run says so when it is started."""

import dataclasses
import subprocess

from worker import python_command

THREADS = (2, 1)  # of the CPU's contenders
PACKAGES = {"PyTorch": "torch", "JAX": "jax", "scikit-learn": "sklearn"}
WORKERS = {"PyTorch": "torch_worker.py", "JAX": "jax_worker.py", "scikit-learn": "sklearn_worker.py"}

# What each way to write it does.
VARIANTS = {
    "PyTorch": {
        "eager, as written": "nn.Sequential and Adam as they are; loss.item() and accuracy.item() in every epoch",
        "eager, late metrics": "losses and counts stay tensors, fetched once at the end; inference_mode for the test",
        "foreach Adam": "late metrics, Adam(foreach=True)",
        "fused Adam": "late metrics, Adam(fused=True)",
        "flat": "late metrics, all parameters views of one tensor, Adam (fused, else foreach) over that tensor",
        "trace": "late metrics, fused Adam, model by torch.jit.trace",
        "compile": "late metrics, fused Adam, torch.compile of model with loss and of the test",
        "compile everything": "late metrics, torch.compile of model with loss, of the test and of the step of "
                              "Adam(foreach=True), with step counters in float64",
        "compile, reduce-overhead": "as compile, in the mode that replays CUDA graphs of its own",
        "CUDA graph": "a whole epoch with fused Adam, test and metrics captured by hand, and replayed",
        "CUDA graph, compiled": "the same of the compiled model, loss and test",
        "vmap": "torch.func: vmap of grad_and_value over stacked parameters, one fused Adam over all",
        "vmap, compiled": "the same, the vmapped functions by torch.compile",
        "baddbmm": "batched products written out, one backward pass, one fused Adam over all",
        "baddbmm, compiled": "the same, losses and test by torch.compile",
        "one after another": "fused Adam, network by network; some are trained, and the time of all is extrapolated",
    },
    "JAX": {
        "jit, scan": "the whole training in one jit, lax.scan over epochs",
        "vmap, scan": "the vmap of that training over the networks",
    },
    "scikit-learn": {
        "MLPClassifier": "partial_fit on all rows and predict on the test rows, once per epoch",
        "MLPClassifier, processes": "the same, networks spread over processes by joblib, one BLAS thread each",
        "MLPClassifier, threads": "the same over threads",
        "fit, own test rows": "processes; fit in one call, which after every epoch scores as many rows as the others "
                              "do, but rows that it draws itself (early_stopping with a patience without end)",
        "fit, no accuracy": "processes; fit in one call, and no accuracy but that of the last epoch: less work than "
                            "ours",
    },
}

SINGLE_CPU = ("eager, as written", "eager, late metrics", "fused Adam", "flat", "compile")
SINGLE_CPU_MORE = ("foreach Adam", "trace", "compile everything")
SINGLE_GPU = ("eager, as written", "eager, late metrics", "fused Adam", "compile", "compile, reduce-overhead",
              "CUDA graph", "CUDA graph, compiled")
LARGE_GPU = ("eager, as written", "fused Adam", "compile", "CUDA graph", "CUDA graph, compiled")
FLEET = ("vmap", "baddbmm", "baddbmm, compiled", "one after another")
FLEET_MORE = ("vmap, compiled",)
OUR_ENGINES = {"A": ("fused", "layered"), "B": ("fused",), "C": ("layered",), "D": ("fused",)}  # on a GPU
SKLEARN_FLEET = ("MLPClassifier, processes", "MLPClassifier, threads", "fit, own test rows", "fit, no accuracy")


@dataclasses.dataclass
class Contender:
    framework: str
    variant: str
    device: str
    threads: int  # of the CPU; None: its own choice
    precision: str = "fp32"
    interpreter: str = None  # a path, never published; None for Plateau
    own_conventions: bool = False  # it does not compute the same, and is no like-for-like contender
    parity_only: bool = False  # its times would say nothing
    program: object = None  # of Plateau
    engine: str = "layered"  # of Plateau on a GPU

    place: int = 1  # of its interpreter, where several have the framework

    @property
    def label(self):
        return f"{self.framework}, {self.variant}" if self.variant else self.framework

    @property
    def name(self):
        """No other contender of a case has it."""
        threads = self.threads and f"{self.threads} thread{'s' * (self.threads > 1)}"
        return ", ".join(filter(None, [self.label, self.device if self.framework == "Plateau" else "", threads,
                                       self.precision if self.precision != "fp32" else "",
                                       f"interpreter {self.place}" if self.place > 1 else ""]))

    def command(self):
        if self.program:
            return [self.program, "--device", self.device, "--threads", self.threads or 1,
                    "--precision", self.precision, "--engine", self.engine]
        return python_command(self.interpreter, WORKERS[self.framework], variant=self.variant, device=self.device,
                              threads=self.threads or 0, precision=self.precision)


def interpreters_of(interpreters):
    """{framework: interpreters that can find it}; nothing is imported."""
    found = {framework: [] for framework in PACKAGES}
    question = "import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n)))"
    for interpreter in interpreters:
        try:
            said = subprocess.run([interpreter, "-c", question, *PACKAGES.values()], capture_output=True, text=True,
                                  timeout=60, stdin=subprocess.DEVNULL).stdout.split()
        except (OSError, subprocess.TimeoutExpired):
            said = []
        for framework, package in PACKAGES.items():
            if package in said:
                found[framework].append(interpreter)
    return found


def torch_variants(work, device, every):
    if work == "B":
        return FLEET + FLEET_MORE * every
    if device == "cuda":
        return LARGE_GPU if work == "C" else SINGLE_GPU
    return SINGLE_CPU + SINGLE_CPU_MORE * every


def contenders(work, device, interpreters, program, emulated_program=None, cores=2, every=False):
    """Plateau first: the first one on the case's device is what the others are compared with."""
    threads = [count for count in THREADS if count <= cores] or [1]
    precisions = ("fp32", "tf32") if work == "C" and device == "cuda" else ("fp32",)
    listed = []
    if work == "D":  # what scikit-learn does of its own accord, and written in no other framework
        interpreters = {framework: interpreters[framework] if framework == "scikit-learn" else []
                        for framework in PACKAGES}
    counts = [None] if device == "cuda" else threads
    engines = OUR_ENGINES[work] if device == "cuda" else ("layered",)
    listed += [Contender("Plateau", engine if len(engines) > 1 or engine == "fused" else "", device, count, precision,
                         program=program, engine=engine)
               for precision in precisions for engine in engines for count in counts]
    if emulated_program:
        listed += [Contender("Plateau", f"emulated GPU, {engine}", "cuda", None, program=emulated_program,
                             parity_only=True, engine=engine) for engine in OUR_ENGINES[work]]
    for place, interpreter in enumerate(interpreters["PyTorch"], 1):
        listed += [Contender("PyTorch", variant, device, count, precision, interpreter, place=place)
                   for variant in torch_variants(work, device, every) for precision in precisions for count in counts]
    for place, interpreter in enumerate(interpreters["JAX"], 1):
        listed += [Contender("JAX", "vmap, scan" if work == "B" else "jit, scan", device, count, precision, interpreter,
                             place=place) for precision in precisions for count in counts]
    for place, interpreter in enumerate(interpreters["scikit-learn"], 1):  # of a GPU it says that it uses none
        listed += [Contender("scikit-learn", variant, device, count, "fp32", interpreter, own_conventions=True,
                             place=place)
                   for variant in (SKLEARN_FLEET if work in "BD" else ("MLPClassifier",)) for count in counts]
    return listed
