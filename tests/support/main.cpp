// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// main() of the programs of tests that need no GPU.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/selection.hpp"

int main(int argc, char** argv) { return plateau::test::select_tests(argc, argv) ? RUN_ALL_TESTS() : EXIT_FAILURE; }
