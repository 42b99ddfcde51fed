// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/architecture.hpp"

#include <algorithm>

namespace plateau {

Index Architecture::widest() const { return *std::max_element(widths.begin(), widths.end()); }

Index Architecture::parameters() const {
  Index count = 0;
  for (Index layer = 0; layer < layers(); ++layer) count += (fan_in(layer) + 1) * fan_out(layer);
  return count;
}

void expects_architecture(const Architecture& architecture) {
  expects(architecture.widths.size() >= 2, "architecture: at least features and classes");
  expects(architecture.layers() <= kMaxLayers, "architecture: at most kMaxLayers layers");
  for (const Index width : architecture.widths)
    expects(1 <= width && width <= kMaxWidth, "architecture: 1 <= width <= kMaxWidth");
  expects(architecture.classes() <= kMaxClasses, "architecture: at most kMaxClasses classes");
}

std::string to_string(const Architecture& architecture) {
  std::string text;
  for (const Index width : architecture.widths) text += (text.empty() ? "" : "-") + std::to_string(width);
  return text;
}

ParameterLayout::ParameterLayout(Architecture architecture) : architecture_(std::move(architecture)) {
  expects_architecture(architecture_);
  const auto add = [this](Index size, Index fan_in) {
    tensors_.push_back({size_, size, fan_in});
    size_ = round_up(size_ + size, kTensorAlignment);
  };
  for (Index layer = 0; layer < architecture_.layers(); ++layer) {
    const Index in = architecture_.fan_in(layer), out = architecture_.fan_out(layer);
    add(out * in, in);
    add(out, in);
  }
}

}  // namespace plateau
