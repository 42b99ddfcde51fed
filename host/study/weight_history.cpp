// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "plateau/core/error.hpp"
#include "plateau/study/forensics.hpp"

namespace plateau {
namespace {

std::string layer_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

// FNV-1a over 32-bit words.
std::uint64_t hash_of(const std::vector<Tensor>& tensors) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const Tensor& tensor : tensors)
    for (const float value : tensor.values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3;
  return hash;
}

bool are_finite(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    return std::all_of(tensor.values.begin(), tensor.values.end(), [](float value) { return std::isfinite(value); });
  });
}

}  // namespace

void WeightHistory::add(const std::string& source, std::vector<Tensor> tensors) {
  std::vector<std::string> names;  // of layers, in the order of the file
  for (const Tensor& tensor : tensors)
    if (const std::string layer = layer_of(tensor.name); std::find(names.begin(), names.end(), layer) == names.end())
      names.push_back(layer);
  std::sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  Round round{.hash = hash_of(tensors), .is_finite = are_finite(tensors), .layer_change = {}};
  if (rounds_.empty()) {
    if (tensors.empty()) throw InputError(source + ": there are no weights");
    layers_ = std::move(names);
  } else {
    const bool same =
        std::equal(tensors.begin(), tensors.end(), last_.begin(), last_.end(),
                   [](const Tensor& a, const Tensor& b) { return a.name == b.name && a.shape == b.shape; });
    if (!same) throw InputError(source + ": its tensors are not those of " + last_source_ + ", by name and shape");
    std::map<std::string, std::pair<double, double>> norms;  // squared, of the change and of what was there
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      auto& [moved, norm] = norms[layer_of(tensors[t].name)];
      for (std::size_t i = 0; i < tensors[t].values.size(); ++i) {
        const double from = last_[t].values[i], step = tensors[t].values[i] - from;
        moved += step * step;
        norm += from * from;
      }
    }
    for (const std::string& layer : layers_) {
      const auto& [moved, norm] = norms[layer];
      round.layer_change.push_back(moved == 0 ? 0 : std::sqrt(moved / norm));
    }
  }
  last_ = std::move(tensors);
  last_source_ = source;
  rounds_.push_back(std::move(round));
}

}  // namespace plateau
