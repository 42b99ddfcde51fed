// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "model_use.hpp"

#include <algorithm>

#include "plateau/model/gpu_trainer.hpp"

namespace plateau::app {
namespace {

constexpr Index kMostTiles = 4;  // of rows that a GPU predicts together
constexpr Index kBlockBytes = Index{1} << 27;
constexpr Index kBlockProducts = Index{1} << 34;

}  // namespace

Index rows_per_block(const Architecture& net) {
  const Index fitting = std::min(kBlockBytes / (Index{sizeof(float)} * (net.features() + net.classes())),
                                 kBlockProducts / net.parameters());
  if (fitting < kGpuEvaluationRows) return std::max(fitting, Index{1});
  return std::min(fitting / kGpuEvaluationRows, kMostTiles) * kGpuEvaluationRows;
}

}  // namespace plateau::app
