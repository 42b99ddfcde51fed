// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A trained network's answers on a backend, tile by tile of rows.
#pragma once

#include <algorithm>
#include <vector>

#include "plateau/model/network.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/ops/dataset_statistics.hpp"

namespace plateau {

template <class Backend>
Predictions predict_rows(const Backend& backend, const TrainedNetwork& network, HostMatrix<const float> x,
                         Index tile_rows) {
  expects_network(network, x);
  using Real = typename Backend::Real;
  const Architecture& net = network.architecture;
  const ParameterLayout layout(net);
  const Index features = net.features(), classes = net.classes(), stride = row_stride<Backend>(features);
  const Index most_rows = std::min(tile_rows, x.rows);
  auto parameters = backend.template allocate<Real>(layout.size(), 0);
  Index first = 0;
  for (const auto& tensor : layout.tensors()) {
    backend.template copy_in<float, Real>(HostSpan<const float>{network.parameters.data() + first, tensor.size},
                                          parameters.view().subspan(tensor.offset, tensor.size));
    first += tensor.size;
  }
  std::vector<FeatureStatistics> statistics;  // whose scale the network's is, to the bit
  for (const FeatureScale& of : network.scale)
    statistics.push_back({.mean = static_cast<double>(of.mean), .spread = 1 / static_cast<double>(of.factor)});
  auto scale = backend.template allocate<FeatureStatistics>(static_cast<Index>(statistics.size()), {});
  backend.template copy_in<FeatureStatistics, FeatureStatistics>(
      HostSpan<const FeatureStatistics>{statistics.data(), static_cast<Index>(statistics.size())}, scale.view());
  Workspace<Backend> work(backend, net, most_rows);
  auto tile = backend.template allocate<Real>(most_rows * stride, 0);
  auto predicted = backend.template allocate<std::int32_t>(most_rows, 0);
  auto probability = backend.template allocate<Real>(most_rows * classes, 0);

  Predictions result{.predicted = std::vector<std::int32_t>(static_cast<std::size_t>(x.rows)),
                     .probability = std::vector<float>(static_cast<std::size_t>(x.rows * classes))};
  for (Index row = 0; row < x.rows; row += most_rows) {
    const Index rows = std::min(most_rows, x.rows - row);
    const auto x_tile = as_matrix(tile.view(), rows, features, stride);
    backend.template copy_in<float, Real>(x.row_range(row, rows), x_tile);
    if (!statistics.empty()) backend.standardise(scale.view(), x_tile);
    forward(backend, layout, parameters.view(), x_tile, work);
    const auto of_tile = as_matrix(probability.view(), rows, classes);
    backend.class_probabilities(work.output(net.layers() - 1, rows, classes), predicted.view().subspan(0, rows),
                                of_tile);
    backend.template copy_out<std::int32_t, std::int32_t>(predicted.view().subspan(0, rows),
                                                          {result.predicted.data() + row, rows});
    backend.template copy_out<Real, float>(probability.view().subspan(0, rows * classes),
                                           {result.probability.data() + row * classes, rows * classes});
    backend.finish();
  }
  return result;
}

}  // namespace plateau
