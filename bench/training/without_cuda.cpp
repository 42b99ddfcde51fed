// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "cases.hpp"

namespace plateau::bench {

// Never called: there is no GPU to add cases for.
void add_gpu_trainings(Effort) {}

std::unique_ptr<Trainer> make_default_gpu_trainer() { throw std::runtime_error("this program has no GPU floor"); }

}  // namespace plateau::bench
