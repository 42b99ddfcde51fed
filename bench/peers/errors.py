# SPDX-FileCopyrightText: 2026 The Plateau authors
# SPDX-License-Identifier: Apache-2.0
"""Why something ends; each holds one sentence."""


TIME_IS_UP = "the time limit was reached"


class Refused(Exception):
    """What was asked for cannot be done."""


class Failed(Exception):
    """A program under test does not do its work."""


class NotRun(Exception):
    """A program cannot take part on this machine."""


class OutOfTime(Exception):
    """The time limit of the whole measurement was reached."""
