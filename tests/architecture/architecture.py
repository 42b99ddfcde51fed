#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the sources as a whole.

  architecture.py layers                a floor includes itself and what it may use, and keeps its manners
  architecture.py headers               every public header compiles alone, and twice in one file; what a source includes
                                        first is compiled alone by a sanitized build
  architecture.py mirror                every operation has a twin, a test and mutants, every launcher its line in the
                                        test of launchers and in the benchmarks of operations; every header that does
                                        something has a test
  architecture.py refuses FILE ...      each file does not compile, with the words of its line "// Refused with: ...",
                                        and compiles with PLATEAU_RIGHT defined, so it fails for that reason

--self-test instead of checking plants violations in a temporary folder and expects each to be found. headers and refuses
take --cxx and --cxx-flags. Exit code 1 with one line per violation.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = "-std=c++20 -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"

# ---- layers ----------------------------------------------------------------------------------------------------------
# Folder -> the folders it may include besides itself. A file belongs to the first folder that it lies in.
CORE, GPU, OPS, MODEL, DATA, STUDY, REPORT = (
    f"include/plateau/{floor}" for floor in ("core", "gpu", "ops", "model", "data", "study", "report"))
MAY_USE = {
    CORE: [],
    GPU: [CORE],
    OPS: [CORE],
    MODEL: [CORE, GPU, OPS],
    DATA: [CORE, GPU, OPS],
    STUDY: [CORE, GPU, OPS, MODEL, DATA],
    REPORT: [CORE, GPU, OPS, MODEL, DATA, STUDY],
    "host/gpu": [CORE, GPU],
    "host/cpu": [CORE, OPS],
    "kernels": [CORE, GPU, OPS],
    "host/model": [CORE, GPU, OPS, MODEL],
    "host/data": [CORE, GPU, OPS, DATA],
    "host/study": [CORE, GPU, OPS, MODEL, DATA, STUDY],
    "host/report": [CORE, GPU, OPS, MODEL, DATA, STUDY, REPORT],
    "host/app": [CORE, GPU, OPS, MODEL, DATA, STUDY, REPORT],
    "host/scenarios": [CORE, GPU, OPS, MODEL, DATA, STUDY, REPORT, "host/app"],
}
F3_TO_F5 = [MODEL, DATA, STUDY, "host/model", "host/data", "host/study"]
SOURCES = {".hpp", ".cpp", ".cu", ".cuh", ".h"}

# (what is forbidden, as a pattern of an included name; where it is allowed)
INCLUDE_RULES = [
    ("CUDA is included by device access and kernels only", r"(cuda|cublas|cuda_\w+|driver_types|vector_types|device_\w+|"
     r"thrust/|cub/|cuda/|nv/)[\w/.]*(\.h|\.cuh|\.hpp)?$", [GPU, "host/gpu", "kernels"]),
    ("Eigen is included by host/cpu/dense.cpp only", r"Eigen/", ["host/cpu/dense.cpp"]),
    ("fmt, JSON and CLI11 stay out of F0 to F3", r"(fmt|nlohmann|CLI)/",
     [DATA, STUDY, REPORT, "host/data", "host/study", "host/report", "host/app", "host/scenarios"]),
    ("F0 to F3 and the studies know no files", r"(fstream|filesystem|cstdio|stdio\.h)$",
     [DATA, REPORT, "host/data", "host/report", "host/app", "host/scenarios", "host/gpu", "kernels"]),
    ("F0 to F5 do not print", r"(iostream|ostream|print)$", [REPORT, "host/report", "host/app", "host/scenarios"]),
    ("tests are not included", r"(gtest|gmock|benchmark)/", []),
]
# The one place beside the house that is included: the emulated GPU, where kernels get their launches and shared memory.
EMULATED_GPU = r"simt/\w+\.hpp$"
# (what is forbidden, as a pattern of code without comments and strings; where it is forbidden)
CODE_RULES = [
    ("F3 to F5 launch no kernels", r"<<<", F3_TO_F5),
    ("F3 to F5 do not print", r"\bstd::(cout|cerr|clog)\b|\b(fmt::|std::)?v?f?print(f|ln)?\s*\(|\bf?puts\s*\(", F3_TO_F5),
]


def floor_of(path):
    return next((folder for folder in MAY_USE if path.startswith(folder + "/")), None)


def without_comments_and_strings(text):
    pattern = r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.S)


def sources(root):
    for top in ("include", "host", "kernels"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SOURCES:
                yield path


def resolve(root, path, name):
    """The included file relative to the root, or None where it is not one of the project's."""
    for base in (path.parent, root / "include", root / "kernels", root):
        candidate = pathlib.Path(os.path.normpath(base / name))
        if candidate.is_file() and candidate.is_relative_to(root):
            return candidate.relative_to(root).as_posix()
    return None


def check_layers(root):
    for path in sources(root):
        own = path.relative_to(root).as_posix()
        floor = floor_of(own)
        if floor is None:
            yield f"{own}: lies on no floor"
            continue
        text = path.read_text()
        for line, (bracket, name) in ((text[:m.start()].count("\n") + 1, m.groups()) for m in
                                      re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', text, re.M)):
            where = f"{own}:{line}"
            for words, pattern, allowed in INCLUDE_RULES:
                if re.match(pattern, name) and not any(own == a or own.startswith(a + "/") for a in allowed):
                    yield f"{where}: {words} (<{name}>)"
            if own.startswith("kernels/detail/") and re.match(EMULATED_GPU, name) and (root / "tests" / name).is_file():
                continue
            target = resolve(root, path, name)
            if target is None:
                if bracket == '"':
                    yield f'{where}: "{name}" is no file of the project'
                continue
            if target.split("/")[0] in ("tests", "bench"):
                yield f"{where}: {target} is included, and lies beside the house"
            elif floor_of(target) not in [floor, *MAY_USE[floor]]:
                yield f"{where}: {floor} must not include {target}"
            elif floor in ("host/cpu", "kernels") and floor_of(target) == OPS and path.stem != pathlib.Path(target).stem:
                yield f"{where}: an operation's definition includes its own contract only, not {target}"
        code = without_comments_and_strings(re.sub(r"^[ \t]*#[ \t]*include.*$", "", text, flags=re.M))
        for words, pattern, forbidden in CODE_RULES:
            if floor in forbidden:
                for match in re.finditer(pattern, code):
                    yield f"{own}:{code[:match.start()].count(chr(10)) + 1}: {words} ({match.group().strip()})"


# ---- headers ---------------------------------------------------------------------------------------------------------
def compile_text(compiler, flags, text, root):
    """Whether `text` compiles, and the compiler's words."""
    done = subprocess.run([*compiler, *flags, f"-I{root / 'include'}", f"-I{root / 'tests'}", "-fsyntax-only", "-x", "c++",
                           "-"], input=text, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return done.returncode == 0, done.stderr


FIRST_INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.MULTILINE)
# Folders whose sources are compiled behind others in every build; the sanitized ones compile the rest one by one.
BEHIND_OTHERS = ("study", "report", "app")


def shown_by_sources(root):
    """Headers that some source includes before anything else: a build compiles them alone already."""
    for source in (root / "host").rglob("*.cpp"):
        if source.relative_to(root / "host").parts[0] not in BEHIND_OTHERS:
            first = FIRST_INCLUDE.search(source.read_text())
            if first:
                yield first[1]


def check_headers(root, compiler, flags, jobs):
    every = sorted(path.relative_to(root / "include").as_posix() for path in (root / "include").rglob("*.hpp"))
    for header in every:
        if "#pragma once" not in (root / "include" / header).read_text().splitlines():
            yield f"include/{header}: can be included once only: it has no #pragma once"
    shown = set(shown_by_sources(root))
    headers = [header for header in every if header not in shown]

    def alone(header):
        return compile_text(compiler, flags, f'#include "{header}"\n' * 2, root)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for header, (compiles, words) in zip(headers, pool.map(alone, headers)):
            if not compiles:
                error = next((line for line in words.splitlines() if "error" in line), words[:200])
                yield f"include/{header}: does not compile alone: {error}"
    if not every:
        yield "include: there are no headers"


# ---- mirror ----------------------------------------------------------------------------------------------------------
TESTED_FLOORS = ("core", "gpu", "model", "data", "study", "report")
MUTANTS_AT_LEAST = 3
# Headers without a test of their own, and why.
WITHOUT_TEST = {
    "core/error.hpp": "an exception type without a line of code",
    "core/precision.hpp": "two names, read by the tests of products and reports",
    "model/execution_plan.hpp": "read by the tests of the network and of the GPU trainer",
    "model/gpu_backend.hpp": "forwards to the launchers; likewise",
    "model/cpu_backend.hpp": "forwards to the twins; every test of an operation and of the model runs through it",
    "study/diagnosis_evidence.hpp": "plain numbers, read by the test of the tree",
}
# Small parts of one thing, in one test that includes them all: each test is a program that is compiled and linked.
TESTED_TOGETHER = {
    "study/area_under_curve.hpp": "tests/study/clusters_test.cpp",
    "study/battery.hpp": "tests/study/diagnosis_parts_test.cpp",
    "study/comparisons.hpp": "tests/study/diagnosis_parts_test.cpp",
    "study/folds.hpp": "tests/study/diagnosis_parts_test.cpp",
    "study/laboratory.hpp": "tests/study/diagnosis_parts_test.cpp",
    "study/learning_curve.hpp": "tests/study/diagnosis_blocks_test.cpp",
    "study/shift.hpp": "tests/study/diagnosis_blocks_test.cpp",
    "study/signal.hpp": "tests/study/diagnosis_blocks_test.cpp",
}


# Operations that are whole trainings. Their twin is the CPU device, so their test and that of their launcher is the
# one of the part of F3 that launches them, and their times are those of trainings.
TRAININGS = {"fused_training": "tests/model/fused_fleet_test.cpp"}
# What has a line for every launcher.
LAUNCHER_TABLES = ("tests/gpu/launchers_test.cpp", "bench/kernels/operations.hpp")


def check_mirror(root, without_test=None, tested_together=None):
    without_test = WITHOUT_TEST if without_test is None else without_test
    tested_together = TESTED_TOGETHER if tested_together is None else tested_together
    ops = sorted(path.stem for path in (root / "include/plateau/ops").glob("*.hpp"))
    if not ops:
        yield "include/plateau/ops: there are no operations"
    tables = {name: (root / name).read_text() if (root / name).is_file() else "" for name in LAUNCHER_TABLES}
    for op in ops:
        contract = (root / f"include/plateau/ops/{op}.hpp").read_text()
        launchers = re.findall(r"^void (\w+)\(const (?:Stream|BlasHandle)& ", contract, re.M)
        if not launchers:
            yield f"include/plateau/ops/{op}.hpp: declares no launcher"
        if op in TRAININGS:
            for needed in (f"kernels/{op}.cu", f"tests/mutants/kernels/{op}.txt", TRAININGS[op]):
                if not (root / needed).is_file():
                    yield f"include/plateau/ops/{op}.hpp: {needed} is missing"
            continue
        for launcher in launchers:
            for name, table in tables.items():
                if f'{{"{launcher}",' not in table:
                    yield f"{name}: {launcher} is missing"
        mutants = f"tests/mutants/{op}.txt", f"tests/mutants/kernels/{op}.txt"
        for needed in (f"host/cpu/{op}.cpp", f"kernels/{op}.cu", f"tests/ops/{op}_test.cpp", *mutants):
            if not (root / needed).is_file():
                yield f"include/plateau/ops/{op}.hpp: {needed} is missing"
        for table in filter(lambda name: (root / name).is_file(), mutants):
            count = len(re.findall(r"^== ", (root / table).read_text(), re.M))
            if count < MUTANTS_AT_LEAST:
                yield f"{table}: {count} mutants, at least {MUTANTS_AT_LEAST} are wanted"
    for folder, ending in (("host/cpu", ".cpp"), ("tests/ops", "_test.cpp"), ("tests/mutants", ".txt"),
                           ("tests/mutants/kernels", ".txt"), ("kernels", ".cu")):
        for path in sorted((root / folder).glob(f"*{ending}")):
            if path.name[:-len(ending)] not in ops:
                yield f"{folder}/{path.name}: belongs to no operation"
    for floor in TESTED_FLOORS:
        for path in sorted((root / "include/plateau" / floor).glob("*.hpp")):
            header, tested = f"{floor}/{path.name}", (root / "tests" / floor / f"{path.stem}_test.cpp").is_file()
            if header in tested_together:
                together = root / tested_together[header]
                if not together.is_file() or f'#include "plateau/{header}"' not in together.read_text():
                    yield f"include/plateau/{header}: {tested_together[header]} does not include it"
                if tested:
                    yield f"include/plateau/{header}: has a test of its own and {tested_together[header]}"
                continue
            if not tested and header not in without_test:
                yield f"include/plateau/{header}: tests/{floor}/{path.stem}_test.cpp is missing"
            if tested and header in without_test:
                yield f"include/plateau/{header}: has a test, so it needs no excuse"
    for header in (*without_test, *tested_together):
        if not (root / "include/plateau" / header).is_file():
            yield f"include/plateau/{header}: is excused and does not exist"


# ---- refuses ---------------------------------------------------------------------------------------------------------
def check_refuses(root, files, compiler, flags):
    for file in files:
        text = pathlib.Path(file).read_text()
        wanted = re.search(r"^// Refused with: (.+)$", text, re.M)
        if not wanted:
            yield f'{file}: lacks its line "// Refused with: ..."'
            continue
        compiles, words = compile_text(compiler, flags, text, root)
        if compiles:
            yield f"{file}: compiles"
        elif wanted.group(1) not in words:
            yield f"{file}: is refused, but not with \"{wanted.group(1)}\":\n{words[:1500]}"
        compiles, words = compile_text(compiler, [*flags, "-DPLATEAU_RIGHT"], text, root)
        if not compiles:
            yield f"{file}: does not compile with PLATEAU_RIGHT either:\n{words[:1500]}"


# ---- self-test -------------------------------------------------------------------------------------------------------
SOUND = {
    "include/plateau/core/view.hpp": "#pragma once\n#include <vector>\ninline int view() { return 1; }\n",
    "include/plateau/gpu/stream.hpp": '#pragma once\n#include "plateau/core/view.hpp"\n#include <cuda_runtime_api.h>\n',
    "include/plateau/ops/sgd.hpp": '#pragma once\n#include "plateau/core/view.hpp"\n',
    "include/plateau/model/network.hpp": '#pragma once\n#include "plateau/ops/sgd.hpp"\n// prints nothing: std::cout << printf()\n'
                                         '#define WORDS "std::cout << printf("\n',
    "include/plateau/study/reason.hpp": '#pragma once\n#include "plateau/model/network.hpp"\n',
    "host/cpu/sgd.cpp": '#include "plateau/ops/sgd.hpp"\n',
    "host/cpu/dense.cpp": "#include <Eigen/Core>\n",
    "host/data/npy.cpp": '#include <cstdio>\n#include "wording.hpp"\n',
    "host/data/wording.hpp": "#pragma once\n#include <fmt/format.h>\n",
    "host/app/plateau.cpp": '#include <CLI/CLI.hpp>\n#include <iostream>\n#include "plateau/study/reason.hpp"\n',
    "host/scenarios/scenario.cpp": '#include "../app/command.hpp"\n',
    "host/app/command.hpp": "#pragma once\n",
    "kernels/sgd.cu": '#include "plateau/ops/sgd.hpp"\n#include "detail/launch.cuh"\nvoid f() { kernel<<<1, 2>>>(); }\n',
    "kernels/detail/launch.cuh": '#include "plateau/gpu/stream.hpp"\n#include "simt/emulator.hpp"\n',
    "tests/simt/emulator.hpp": "#pragma once\n",
    "tests/support/compare.hpp": "#pragma once\n",
}
PLANTED_LAYERS = {
    "core includes an operation": ("include/plateau/core/bad.hpp", '#include "plateau/ops/sgd.hpp"\n'),
    "an operation includes device access": ("include/plateau/ops/bad.hpp", '#include "plateau/gpu/stream.hpp"\n'),
    "the model includes a study": ("host/model/bad.cpp", '#include "plateau/study/reason.hpp"\n'),
    "data includes the model": ("host/data/bad.cpp", '#include "plateau/model/network.hpp"\n'),
    "a study includes a program by a relative path": ("host/study/bad.cpp", '#include "../app/command.hpp"\n'),
    "a twin includes another contract": ("host/cpu/bad.cpp", '#include "plateau/ops/sgd.hpp"\n'),
    "a kernel includes another contract": ("kernels/bad.cu", '#include "plateau/ops/sgd.hpp"\n'),
    "a kernel's detail is included by the model": ("host/model/bad.cpp", '#include "detail/launch.cuh"\n'),
    "a program includes a test": ("host/app/bad.cpp", '#include "../../tests/support/compare.hpp"\n'),
    "the product includes GoogleTest": ("host/app/bad.cpp", "#include <gtest/gtest.h>\n"),
    "the model includes CUDA": ("host/model/bad.cpp", "  #  include <cuda_runtime.h>\n"),
    "a twin includes cuBLAS": ("host/cpu/bad.cpp", "#include <cublas_v2.h>\n"),
    "the model includes Thrust": ("host/model/bad.cpp", "#include <thrust/sort.h>\n"),
    "another twin includes Eigen": ("host/cpu/bad.cpp", "#include <Eigen/Core>\n"),
    "the model includes fmt": ("host/model/bad.cpp", "#include <fmt/format.h>\n"),
    "an operation includes JSON": ("include/plateau/ops/bad.hpp", "#include <nlohmann/json.hpp>\n"),
    "a study opens a file": ("host/study/bad.cpp", "#include <fstream>\n"),
    "the model prints through a stream": ("host/model/bad.cpp", "#include <iostream>\n"),
    "data print": ("host/data/bad.cpp", 'void f() { std::printf("x"); }\n'),
    "a study prints": ("host/study/bad.cpp", 'void f() { fmt::print("x"); }\n'),
    "a study writes to stderr": ("host/study/bad.cpp", 'void f() { std::cerr << 1; }\n'),
    "the model launches": ("host/model/bad.cpp", "void f() { kernel<<<1, 2>>>(); }\n"),
    "an include leads nowhere": ("host/model/bad.cpp", '#include "nowhere.hpp"\n'),
    "a kernel includes the emulated GPU itself": ("kernels/bad.cu", '#include "simt/emulator.hpp"\n'),
    "device access includes the emulated GPU": ("host/gpu/bad.cpp", '#include "simt/emulator.hpp"\n'),
    "a kernel's detail includes what the emulated GPU has not": ("kernels/detail/bad.cuh", '#include "simt/no.hpp"\n'),
    "a file lies on no floor": ("host/utilities/bad.cpp", "\n"),
}
SOUND_MIRROR = {
    "include/plateau/ops/sgd.hpp": "namespace gpu {\nvoid sgd(const Stream& stream);\n}\n",
    "tests/gpu/launchers_test.cpp": '    {"sgd",\n     [] {}},\n',
    "bench/kernels/operations.hpp": '      {"sgd", sgd<Device>, parameters},\n',
    "include/plateau/core/view.hpp": "",
    "include/plateau/core/error.hpp": "",
    "include/plateau/core/span.hpp": "",
    "host/cpu/sgd.cpp": "",
    "kernels/sgd.cu": "",
    "tests/mutants/kernels/sgd.txt": "== a\n-x\n+y\n== b\n-x\n+y\n== c\n-x\n+y\n",
    "tests/ops/sgd_test.cpp": "",
    "tests/core/view_test.cpp": '#include "plateau/core/span.hpp"\n',
    "tests/mutants/sgd.txt": "== a\n-x\n+y\n== b\n-x\n+y\n== c\n-x\n+y\n",
}
PLANTED_MIRROR = {
    "an operation without anything": ("include/plateau/ops/bad.hpp", ""),
    "a twin without a contract": ("host/cpu/bad.cpp", ""),
    "a test without a contract": ("tests/ops/bad_test.cpp", ""),
    "a kernel without a contract": ("kernels/bad.cu", ""),
    "a second launcher": ("include/plateau/ops/sgd.hpp",
                          "void sgd(const Stream& stream);\nvoid adam(const BlasHandle& blas);\n"),
    "a launcher without a benchmark": ("bench/kernels/operations.hpp", '      {"adam", adam<Device>, parameters},\n'),
    "an operation without a launcher": ("include/plateau/ops/sgd.hpp", "\n"),
    "two mutants of a kernel": ("tests/mutants/kernels/sgd.txt", "== a\n-x\n+y\n== b\n-x\n+y\n"),
    "two mutants": ("tests/mutants/sgd.txt", "== a\n-x\n+y\n== b\n-x\n+y\n"),
    "a header without a test": ("include/plateau/study/bad.hpp", ""),
    "an excused header with a test": ("tests/core/error_test.cpp", ""),
    "a test of two headers that leaves one out": ("tests/core/view_test.cpp", ""),
    "a header with two tests": ("tests/core/span_test.cpp", ""),
}
PLANTED_HEADERS = {
    "a header that lacks an include": ("include/plateau/core/bad.hpp", "#pragma once\nstd::vector<int> f();\n"),
    "a header without a guard": ("include/plateau/core/bad.hpp", "struct Twice {};\n"),
    "a header that warns": ("include/plateau/core/bad.hpp", "#pragma once\ninline int f(long i) { return i; }\n"),
}
SOUND_REFUSES = "// Refused with: no_such_thing\n#ifndef PLATEAU_RIGHT\nint x = no_such_thing;\n#endif\n"
PLANTED_REFUSES = {
    "a file that compiles": "// Refused with: no_such_thing\nint x = 1;\n",
    "a file that fails for another reason": "// Refused with: no_such_thing\n#ifndef PLATEAU_RIGHT\nint x = other;\n#endif\n",
    "a file that never compiles": "// Refused with: no_such_thing\nint x = no_such_thing;\n",
    "a file that names no reason": "int x = no_such_thing;\n",
}


def plant(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def self_test(sound, planted, check):
    """Violations of a sound tree, and planted ones that were not found."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve() / "sound"
        plant(root, sound)
        for violation in check(root):
            yield f"self-test: a sound tree is refused: {violation}"
        for number, (what, (name, text)) in enumerate(planted.items()):
            root = pathlib.Path(folder).resolve() / str(number)
            plant(root, {**sound, name: text})
            if not list(check(root)):
                yield f"self-test: not found: {what}"
    print(f"self-test: {len(planted)} planted violations")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=("layers", "headers", "mirror", "refuses"))
    parser.add_argument("files", nargs="*", help="of refuses")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--cxx", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--cxx-flags", default=FLAGS, help=f"default: {FLAGS}")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    compiler, flags = shlex.split(options.cxx), shlex.split(options.cxx_flags)
    if options.check == "refuses" and not options.files and not options.self_test:
        parser.error("refuses needs files")

    if options.check == "layers":
        violations = self_test(SOUND, PLANTED_LAYERS, check_layers) if options.self_test else check_layers(ROOT)
    elif options.check == "mirror":
        excuse = {"core/error.hpp": "for the self-test"}
        together = {"core/span.hpp": "tests/core/view_test.cpp"}
        violations = (self_test(SOUND_MIRROR, PLANTED_MIRROR, lambda root: check_mirror(root, excuse, together))
                      if options.self_test else check_mirror(ROOT))
    elif options.check == "headers":
        sound = {"include/plateau/core/view.hpp": SOUND["include/plateau/core/view.hpp"]}

        def compiles_alone(root):
            return check_headers(root, compiler, flags, options.jobs)

        violations = self_test(sound, PLANTED_HEADERS, compiles_alone) if options.self_test else compiles_alone(ROOT)
    elif options.self_test:
        planted = {what: ("file.cpp", text) for what, text in PLANTED_REFUSES.items()}
        violations = self_test({"file.cpp": SOUND_REFUSES}, planted,
                               lambda root: check_refuses(root, [root / "file.cpp"], compiler, flags))
    else:
        violations = check_refuses(ROOT, options.files, compiler, flags)

    count = 0
    for violation in violations:
        print(violation, file=sys.stderr)
        count += 1
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
