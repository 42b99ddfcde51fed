// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A program of tests holds those of many files. `--file ops/adam_test.cpp` leaves those of one.
#pragma once

namespace plateau::test {

// Initialises GoogleTest, which takes its own options, and leaves the tests of the file that is named. A filter of
// GoogleTest's stands above that: the child of a death test has one. False, and said on stdout, where there is another
// argument or the file has no test.
bool select_tests(int argc, char** argv);

}  // namespace plateau::test
