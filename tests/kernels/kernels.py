#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""What nvcc made of the kernels.

  kernels.py compile NVCC ARGUMENT ...       runs the compiler and keeps what ptxas said beside the object file
  kernels.py resources BUDGET NVCC_VERSION OBJECT ...
                                             prints registers, shared memory and spills of every kernel in the objects,
                                             and holds those of the budget's architecture to it; where another nvcc than
                                             the budget's compiled them, only spills are violations
  kernels.py ptx NVCC ROOT KERNEL ...        the kernels contain no fused multiply-add of floating-point numbers

resources and ptx take --self-test in place of their arguments (ptx: NVCC ROOT --self-test) and plant violations.
Exit code 1 with one line per violation.

BUDGET has a line "kernel  registers  shared bytes" per kernel, and "architecture" and "nvcc" at its top. Spills are never
allowed. A kernel that needs less than its line says is no violation, but is worth a smaller line.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

OWN = "plateau::gpu::(anonymous namespace)::"


# ---- compile ---------------------------------------------------------------------------------------------------------
def compile_and_keep(command):
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    said, rest = [], []
    for line in done.stderr.splitlines():
        ptxas = line.startswith("ptxas info") or re.match(r"\s+\d+ bytes stack frame", line)
        (said if ptxas else rest).append(line)
    if rest:
        print("\n".join(rest), file=sys.stderr)
    if "-o" in command and done.returncode == 0:
        pathlib.Path(command[command.index("-o") + 1] + ".ptxas").write_text("\n".join(said) + "\n")
    return done.returncode


# ---- resources -------------------------------------------------------------------------------------------------------
def demangled(names):
    done = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def short_name(name):
    """adam_kernel<4> of "void plateau::gpu::(anonymous namespace)::adam_kernel<4>(...)", or None for other people's."""
    start = name.find(OWN)
    if start < 0 or "(" in name[:start] or "<" in name[:start]:
        return None
    name, depth = name[start + len(OWN):].replace("(plateau::Activation)", ""), 0
    for i, c in enumerate(name):
        depth += (c == "<") - (c == ">")
        if c == "(" and depth == 0:
            return re.sub(r"\(int\)", "", name[:i])
    return name


def parse_ptxas(text):
    """[(mangled name, architecture, registers, shared bytes, spilled bytes)]"""
    found, name, arch, spills = [], None, None, 0
    for line in text.splitlines():
        if entry := re.search(r"Compiling entry function '(\w+)' for '(\w+)'", line):
            name, arch = entry.groups()
        elif spilled := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            spills = int(spilled[1]) + int(spilled[2])
        elif (used := re.search(r"Used (\d+) registers", line)) and name:
            shared = re.search(r"(\d+) bytes smem", line)
            found.append((name, arch, int(used[1]), int(shared[1]) if shared else 0, spills))
            name = None
    return found


def read_budget(path):
    arch, nvcc, budget = None, None, {}
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "architecture":
            arch = words[1]
        elif words[0] == "nvcc":
            nvcc = words[1]
        else:
            budget[" ".join(words[:-2])] = (int(words[-2]), int(words[-1]))
    return arch, nvcc, budget


def check_resources(budget_file, texts):
    arch, _, budget = read_budget(budget_file)
    kernels = [kernel for text in texts for kernel in parse_ptxas(text)]
    names = [short_name(name) for name in demangled([kernel[0] for kernel in kernels])] if kernels else []
    rows = sorted((name, *kernel[1:]) for name, kernel in zip(names, kernels) if name)
    print(f"{'kernel':58} {'arch':7} {'registers':>9} {'shared':>7} {'spilled':>7}")
    for row in rows:
        print("{:58} {:7} {:9d} {:7d} {:7d}".format(*row))
        name, row_arch, registers, shared, spills = row
        if spills > 0:
            yield f"{name}: spills {spills} bytes on {row_arch}"
        if row_arch != arch:
            continue
        if name not in budget:
            yield f"{name}: has no line in {budget_file.name}"
        elif registers > budget[name][0] or shared > budget[name][1]:
            yield (f"{name}: {registers} registers and {shared} bytes of shared memory; "
                   f"{budget[name][0]} and {budget[name][1]} are its budget")
    built = {row[0] for row in rows if row[1] == arch}
    if built:
        for name in sorted(set(budget) - built):
            yield f"{name}: has a line in {budget_file.name}, but there is no such kernel"


def resources_self_test():
    def entry(name, registers, smem, spills):
        return (f"ptxas info    : Compiling entry function '{name}' for 'sm_90'\n"
                f"    0 bytes stack frame, {spills} bytes spill stores, 0 bytes spill loads\n"
                f"ptxas info    : Used {registers} registers, used 0 barriers, {smem} bytes smem\n")

    mangled = "_ZN7plateau3gpu12_GLOBAL__N_18a_kernelEv"
    with tempfile.TemporaryDirectory() as folder:
        budget = pathlib.Path(folder) / "budget.txt"
        budget.write_text("# comment\narchitecture sm_90\nnvcc 13.0\na_kernel 20 64\n")
        for text, want in [(entry(mangled, 20, 64, 0), 0), (entry(mangled, 21, 64, 0), 1), (entry(mangled, 20, 65, 0), 1),
                           (entry(mangled, 20, 64, 4), 1), (entry(mangled.replace("18a_", "18b_"), 1, 0, 0), 2),
                           (entry("_ZN6thrust8a_kernelEv", 99, 0, 0), 0)]:
            got = list(check_resources(budget, [text]))
            if len(got) != want:
                yield f"self-test: {want} violations planted, {len(got)} found: {got}"


# ---- ptx -------------------------------------------------------------------------------------------------------------
# Fused, or without a rounding of its own, so that ptxas may still fuse it with a product.
FUSED = re.compile(r"\b((fma|mad)\.(rn|rz|rm|rp|ftz|sat|f16|f32|f64|bf16)[.\w]*|(add|sub)\.(ftz\.)?(sat\.)?f(32|64))\b")


def fused_operations(nvcc, root, sources):
    """Those of every kernel, by its name: {name: [operation, ...]}; None and why where the sources do not compile."""
    with tempfile.TemporaryDirectory() as folder:
        together = pathlib.Path(folder) / "together.cu"  # their headers take most of the time
        together.write_text("".join(f'#include "{pathlib.Path(source).resolve()}"\n' for source in sources))
        done = subprocess.run([nvcc, "-std=c++20", "-O3", "-ptx", "-arch=sm_90", f"-I{root / 'include'}",
                               f"-I{root / 'kernels'}", str(together), "-o", "-"], capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr
    parts = re.split(r"^\.visible \.entry ([\w$]+)|^\.entry ([\w$]+)", done.stdout, flags=re.MULTILINE)
    found = {"": [match.group() for match in FUSED.finditer(parts[0])]}  # what is no kernel's: functions that they call
    for exported, local, body in zip(parts[1::3], parts[2::3], parts[3::3]):
        found[exported or local] = [match.group() for match in FUSED.finditer(body)]
    return found, ""


def check_ptx(nvcc, root, sources):
    found, why = fused_operations(nvcc, root, sources)
    if found is None:
        yield f"{', '.join(map(str, sources))}: do not compile: {why[:300]}"
        return
    for source in sources:
        of_source = re.findall(r"__global__[^;{]*?\bvoid (\w+)\(", pathlib.Path(source).read_text())
        if not of_source or not all(any(name in mangled for mangled in found) for name in of_source):
            yield f"{source}: a kernel is not in its PTX"
    for name, operations in zip(demangled(list(found)), found.values()):
        if operations:
            yield f"{short_name(name) or name}: {len(operations)} fused operations, first {operations[0]}"


def ptx_self_test(nvcc, root):
    with tempfile.TemporaryDirectory() as folder:
        planted = [("y[0] = x[0] * x[1] + x[2];", 1), ("y[0] = __fadd_rn(__fmul_rn(x[0], x[1]), x[2]);", 0),
                   ("y[0] = fmaf(x[0], x[1], x[2]);", 1), ("y[0] = x[0] + x[1];", 1),
                   ("y[0] = __fsub_rn(x[0], x[1]);", 0), ("y[0] = x[blockIdx.x * blockDim.x + threadIdx.x];", 0)]
        sources = [pathlib.Path(folder) / f"planted_{i}.cu" for i in range(len(planted))]
        for i, (body, _) in enumerate(planted):
            sources[i].write_text(f'extern "C" __global__ void planted_{i}(const float* x, float* y) {{ {body} }}\n')
        got = list(check_ptx(nvcc, root, sources))
        for i, (body, want) in enumerate(planted):
            if sum(line.startswith(f"planted_{i}: ") for line in got) != want:
                yield f"self-test: {body!r} gives {got}"
        sources[0].write_text("__device__ float no_kernel(float x) { return x; }\n")
        if list(check_ptx(nvcc, root, sources[:1])) != [f"{sources[0]}: a kernel is not in its PTX"]:
            yield "self-test: a source without a kernel is not found"
        sources[0].write_text("no C++\n")
        if not any("do not compile" in line for line in check_ptx(nvcc, root, sources[:1])):
            yield "self-test: a source that does not compile is not found"


def main(arguments):
    if arguments[:1] == ["compile"]:
        return compile_and_keep(arguments[1:])
    if arguments == ["resources", "--self-test"]:
        violations = list(resources_self_test())
    elif arguments[:1] == ["resources"] and len(arguments) > 3:
        budget, version = pathlib.Path(arguments[1]), arguments[2]
        kept = [pathlib.Path(name + ".ptxas") for name in arguments[3:]]
        violations = list(check_resources(budget, [path.read_text() for path in kept]))
        if not (version + ".").startswith(f"{read_budget(budget)[1]}."):
            spills = [violation for violation in violations if ": spills " in violation]
            for violation in violations:
                if violation not in spills:
                    print(f"note, nvcc {version}: {violation}")
            violations = spills
    elif arguments[:1] == ["ptx"] and arguments[3:] == ["--self-test"]:
        violations = list(ptx_self_test(arguments[1], pathlib.Path(arguments[2])))
    elif arguments[:1] == ["ptx"] and len(arguments) > 3:
        violations = list(check_ptx(arguments[1], pathlib.Path(arguments[2]), arguments[3:]))
    else:
        print(__doc__)
        return 2
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
