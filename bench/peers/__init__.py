# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""The same training in Plateau and in the tools people would pick instead. peers.py is the program."""

from .table import render  # noqa: F401
