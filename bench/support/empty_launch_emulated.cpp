// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The same kernel as C++. A file of its own, because the language of a source file holds for a whole folder.
#include "bench/support/empty_launch.cu"
