// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau.hpp"

int main(int argc, char** argv) { return plateau::app::run_plateau(argc, argv); }
