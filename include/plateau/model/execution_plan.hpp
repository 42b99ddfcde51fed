// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How a network is executed where there is a choice. It decides the last bits of a result, so it follows from the run
// and the kind of device, or, where it was measured, is stored with the run.
#pragma once

#include <optional>
#include <vector>

#include "plateau/core/fused_plan.hpp"
#include "plateau/model/architecture.hpp"

namespace plateau {

// Where the work after a product is done: by a kernel of its own, or by the product's epilogue
// (ops/dense_epilogue.hpp).
enum class Fusion { kernel, epilogue };

struct LayerPlan {
  Fusion activation = Fusion::kernel;   // bias and ReLU of a hidden layer, in training
  Fusion input_grad = Fusion::kernel;   // through the ReLU below, with its bias gradient; not of the first layer.
                                        // As an epilogue it needs the mask that the activation below then writes
  Fusion weight_grad = Fusion::kernel;  // the bias gradient, of the last layer
  friend bool operator==(const LayerPlan&, const LayerPlan&) = default;
};

struct ExecutionPlan {
  std::optional<FusedVariant> fused;  // the fused engine's kernel; none: the layered engine, of which the rest speaks
  std::vector<LayerPlan> layers;      // one per layer; none: kernels everywhere
  bool autotuned = false;             // chosen by measurements on the device that trained

  LayerPlan layer(Index i) const { return layers.empty() ? LayerPlan{} : layers[static_cast<std::size_t>(i)]; }
};

// Epilogues wherever the network has a place for one.
inline ExecutionPlan epilogues_everywhere(const Architecture& net) {
  ExecutionPlan plan;
  for (Index i = 0; i < net.layers(); ++i) {
    const bool first = i == 0, last = i + 1 == net.layers();
    plan.layers.push_back({.activation = last ? Fusion::kernel : Fusion::epilogue,
                           .input_grad = first ? Fusion::kernel : Fusion::epilogue,
                           .weight_grad = last ? Fusion::epilogue : Fusion::kernel});
  }
  return plan;
}

// Throws std::invalid_argument where a layer has no place for an epilogue that the plan gives it.
inline void expects_plan(const ExecutionPlan& plan, const Architecture& net) {
  if (plan.layers.empty()) return;
  expects(static_cast<Index>(plan.layers.size()) == net.layers(), "plan: one entry per layer");
  for (Index i = 0; i < net.layers(); ++i) {
    const bool first = i == 0, last = i + 1 == net.layers();
    expects(!last || plan.layer(i).activation == Fusion::kernel, "plan: the last layer has no ReLU");
    expects(plan.layer(i).input_grad == Fusion::kernel || (!first && plan.layer(i - 1).activation == Fusion::epilogue),
            "plan: an input gradient through a mask needs the activation that writes it");
    expects(last || plan.layer(i).weight_grad == Fusion::kernel,
            "plan: only the last layer's bias gradient belongs to its weight gradient");
  }
}

}  // namespace plateau
