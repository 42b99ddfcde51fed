// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/epilogue_choice.hpp"

#include "plateau/gpu/error.hpp"

namespace plateau {

ExecutionPlan choose_epilogues(const Architecture& net,
                               const std::function<double(const ExecutionPlan& plan)>& gradient_us) {
  ExecutionPlan best{.layers = std::vector<LayerPlan>(static_cast<std::size_t>(net.layers())), .autotuned = true};
  double best_us = gradient_us(best);
  const auto try_out = [&](const ExecutionPlan& plan) {
    try {
      const double us = gradient_us(plan);
      if (!(us <= best_us * (1 - kLeastEpilogueGain))) return;
      best_us = us;
      best = plan;
    } catch (const gpu::UnsupportedProduct&) {  // then the kernels stay
    }
  };
  for (std::size_t layer = 0; layer + 1 < best.layers.size(); ++layer) {
    ExecutionPlan alone = best, both = best;
    alone.layers[layer].activation = both.layers[layer].activation = Fusion::epilogue;
    both.layers[layer + 1].input_grad = Fusion::epilogue;
    try_out(alone);
    try_out(both);
  }
  ExecutionPlan with_bias = best;
  with_bias.layers.back().weight_grad = Fusion::epilogue;
  try_out(with_bias);
  return best;
}

}  // namespace plateau
