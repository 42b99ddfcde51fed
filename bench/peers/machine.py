# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""What a result says about the machine and the sources, and whether the machine is quiet."""

import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HIGHEST_LOAD = 0.7  # 1-minute load average
GPU_QUERY = {"name": "name", "driver": "driver_version", "sm_clock_mhz": "clocks.sm",
             "most_sm_clock_mhz": "clocks.max.sm", "memory_clock_mhz": "clocks.mem", "power_limit_w": "power.limit",
             "temperature_c": "temperature.gpu", "utilization_percent": "utilization.gpu"}


def say(command, timeout_s=20):
    """What a command prints, or None where it cannot."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=timeout_s).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def git(*arguments):
    return say(["git", "-C", str(ROOT), *arguments])


def sources():
    return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}


def gpu():
    """The first GPU by nvidia-smi, None where there is none."""
    said = say(["nvidia-smi", f"--query-gpu={','.join(GPU_QUERY.values())}", "--format=csv,noheader,nounits"])
    return parse_gpu(said) if said else None


def parse_gpu(said):
    values = [value.strip() for value in said.splitlines()[0].split(",")]
    found = dict(zip(GPU_QUERY, values))
    return {name: (float(value) if re.fullmatch(r"[\d.]+", value) and name.rsplit("_", 1)[-1] in ("mhz", "w", "c",
                                                                                                   "percent")
                   else value) for name, value in found.items()}


def has_gpu():
    return pathlib.Path("/proc/driver/nvidia/version").exists() and any(pathlib.Path("/dev").glob("nvidia[0-9]*"))


def cpu_model():
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()


def cores():
    return len(os.sched_getaffinity(0))


def load():
    return os.getloadavg()[0]


def build_type(build):
    try:
        found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else None
