// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which epilogues a training takes, given the time of every plan that is tried: the choice without the clock.
#pragma once

#include <functional>

#include "plateau/model/execution_plan.hpp"

namespace plateau {

// An epilogue is taken where the gradient of a batch, as a whole, then takes less time by this share at least.
inline constexpr double kLeastEpilogueGain = 0.02;

// Begins with kernels everywhere and tries, layer by layer, the activation as an epilogue, alone or together with the
// input gradient above that uses its mask; then the last bias gradient. Each is compared with the best plan so far.
// `gradient_us`: microseconds that the gradient of a batch takes by a plan. Where it throws gpu::UnsupportedProduct the
// kernels stay; of the plan without epilogues that is passed on. The plan is marked as autotuned.
ExecutionPlan choose_epilogues(const Architecture& net,
                               const std::function<double(const ExecutionPlan& plan)>& gradient_us);

}  // namespace plateau
