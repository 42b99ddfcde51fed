// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "model_use.hpp"

#include <algorithm>

#include "plateau/model/gpu_trainer.hpp"

namespace plateau::app {
namespace {

constexpr Index kMostTiles = 4;  // of rows that a GPU predicts together
constexpr Index kBlockBytes = Index{1} << 27;
constexpr Index kBlockProducts = Index{1} << 34;  // a second of a slow processor: so soon Ctrl-C is heard

}  // namespace

Index rows_per_block(const Architecture& net) {
  const Index fitting = std::min(kBlockBytes / (Index{sizeof(float)} * (net.features() + net.classes())),
                                 kBlockProducts / net.parameters());
  if (fitting < kGpuEvaluationRows) return std::max(fitting, Index{1});
  return std::min(fitting / kGpuEvaluationRows, kMostTiles) * kGpuEvaluationRows;
}

Predictions predict_rows(Trainer& trainer, const TrainedNetwork& network, HostMatrix<const float> x) {
  const Index block = rows_per_block(network.architecture);
  Predictions all;
  all.predicted.reserve(static_cast<std::size_t>(x.rows));
  all.probability.reserve(static_cast<std::size_t>(x.rows * network.architecture.classes()));
  for (Index first = 0; first < x.rows; first += block) {
    const HostMatrix<const float> rows{x.row(first), std::min(block, x.rows - first), x.cols, x.stride};
    const Predictions part = trainer.predict(network, rows);
    expects_no_interrupt();
    all.predicted.insert(all.predicted.end(), part.predicted.begin(), part.predicted.end());
    all.probability.insert(all.probability.end(), part.probability.begin(), part.probability.end());
  }
  return all;
}

}  // namespace plateau::app
