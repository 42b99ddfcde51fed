// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The shape of a multilayer perceptron, and where its tensors lie in one flat allocation.
#pragma once

#include <string>
#include <vector>

#include "plateau/core/contract.hpp"
#include "plateau/ops/softmax_xent.hpp"

namespace plateau {

// Layer widths from the features to the classes: {2, 128, 128, 2} is Linear, ReLU, Linear, ReLU, Linear.
struct Architecture {
  std::vector<Index> widths;

  Index layers() const { return static_cast<Index>(widths.size()) - 1; }
  Index features() const { return widths.front(); }
  Index classes() const { return widths.back(); }
  Index fan_in(Index layer) const { return widths[static_cast<std::size_t>(layer)]; }
  Index fan_out(Index layer) const { return widths[static_cast<std::size_t>(layer) + 1]; }
  Index widest() const;
  Index parameters() const;  // weights and biases, without padding
};

inline constexpr Index kMaxWidth = 1 << 16;
inline constexpr Index kMaxLayers = 64;

// At least one layer, 1 <= width <= kMaxWidth, at most kMaxClasses classes; throws std::invalid_argument otherwise.
void expects_architecture(const Architecture& architecture);

// "2-128-128-2"
std::string to_string(const Architecture& architecture);

// Offsets of every tensor in the flat span that parameters, gradients and moments each are. Tensors follow each other
// as fc1.weight [out, in], fc1.bias [out], fc2.weight, ...; each starts at a multiple of kTensorAlignment elements, and
// the gaps hold zeros from the start on, which every optimizer leaves zero because their gradient is zero.
class ParameterLayout {
 public:
  static constexpr Index kTensorAlignment = 32;  // elements: 128 bytes of float, a GPU's memory transaction

  explicit ParameterLayout(Architecture architecture);

  const Architecture& architecture() const { return architecture_; }
  Index size() const { return size_; }  // with padding

  struct Tensor {
    Index offset = 0;  // in the flat span
    Index size = 0;
    Index fan_in = 0;
  };
  const std::vector<Tensor>& tensors() const { return tensors_; }

  template <class T, Space S>
  MatrixView<T, S> weight(SpanView<T, S> flat, Index layer) const {
    return as_matrix(cut(flat, 2 * layer), architecture_.fan_out(layer), architecture_.fan_in(layer));
  }
  template <class T, Space S>
  SpanView<T, S> bias(SpanView<T, S> flat, Index layer) const {
    return cut(flat, 2 * layer + 1);
  }

 private:
  template <class T, Space S>
  SpanView<T, S> cut(SpanView<T, S> flat, Index tensor) const {
    const Tensor& t = tensors_[static_cast<std::size_t>(tensor)];
    return flat.subspan(t.offset, t.size);
  }

  Architecture architecture_;
  std::vector<Tensor> tensors_;  // weight, bias, weight, bias, ...
  Index size_ = 0;
};

// All weights and biases of a network on the host, without padding, in the layout's order.
using FlatParameters = std::vector<float>;

}  // namespace plateau
