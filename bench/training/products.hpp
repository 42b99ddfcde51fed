// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The matrix products of one training step and nothing else: what a step cannot be quicker than on the same backend.
#pragma once

#include <cmath>
#include <stdexcept>
#include <vector>

#include "bench/support/measure.hpp"
#include "plateau/model/architecture.hpp"

namespace plateau::bench {

template <class Device>
double products_us(Device& device, Effort effort, const Architecture& net, Index batch) {
  Material<Device> make(device);
  using Matrix = typename Material<Device>::template Matrix<float>;
  std::vector<Matrix> output{make.random(batch, net.features())}, grad{output};  // of layer i at i + 1; the rows first
  std::vector<Matrix> weight, grad_weight;
  for (Index layer = 0; layer < net.layers(); ++layer) {
    output.push_back(make.random(batch, net.fan_out(layer)));
    grad.push_back(make.random(batch, net.fan_out(layer)));
    weight.push_back(make.random(net.fan_out(layer), net.fan_in(layer)));
    grad_weight.push_back(make.random(net.fan_out(layer), net.fan_in(layer)));
  }
  const auto& backend = device.backend();
  const auto step = [&] {
    const std::size_t layers = weight.size();
    for (std::size_t layer = 0; layer < layers; ++layer)
      backend.dense_forward(output[layer], weight[layer], output[layer + 1]);
    for (std::size_t layer = layers; layer-- > 0;) {
      backend.dense_weight_grad(grad[layer + 1], output[layer], grad_weight[layer]);
      if (layer > 0) backend.dense_input_grad(grad[layer + 1], weight[layer], grad[layer]);
    }
  };
  const double took_us = series(device, effort, Cache::warm, step).take_us();
  const FiniteCheck<Device> all_finite(device);
  for (const Matrix& result : grad_weight)
    if (!all_finite(elements(result))) throw std::runtime_error("a product is not finite");
  return took_us;
}

}  // namespace plateau::bench
