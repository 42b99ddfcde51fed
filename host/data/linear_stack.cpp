// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/linear_stack.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/safetensors.hpp"
#include "stack_tensors.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

struct Layer {
  const Tensor* weight = nullptr;
  const Tensor* bias = nullptr;

  Index in() const { return weight->shape[1]; }
  Index out() const { return weight->shape[0]; }
};

std::string described(const Tensor& tensor) {
  return in_quotes(tensor.name) + " [" + comma_separated(tensor.shape) + "]";
}

std::string name_in(const std::string& prefix, const char* kind) { return prefix.empty() ? kind : prefix + "." + kind; }

bool is_digit(char c) { return '0' <= c && c <= '9'; }

// The leading run of digits, or of other characters, cut off `text`.
std::string_view cut_run(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && is_digit(text[length]) == is_digit(text[0])) ++length;
  const std::string_view run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

// "fc2" before "fc10": runs of digits compare as numbers of any length. A total order: what is left equal by it
// ("1" and "01") is ordered by its characters.
struct NaturalOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    std::string_view rest_a = a, rest_b = b;
    while (!rest_a.empty() && !rest_b.empty()) {
      std::string_view run_a = cut_run(rest_a), run_b = cut_run(rest_b);
      if (is_digit(run_a[0]) && is_digit(run_b[0])) {
        run_a.remove_prefix(std::min(run_a.find_first_not_of('0'), run_a.size()));
        run_b.remove_prefix(std::min(run_b.find_first_not_of('0'), run_b.size()));
        if (run_a.size() != run_b.size()) return run_a.size() < run_b.size();
      }
      if (run_a != run_b) return run_a < run_b;
    }
    if (rest_a.empty() != rest_b.empty()) return rest_a.empty();
    return a < b;
  }
};

// The layers in the order of their prefixes, each complete and of linear shape.
std::vector<Layer> collect_layers(const std::string& file, const std::vector<Tensor>& tensors) {
  const auto refuse = [&](const std::string& what) { throw InputError(file + ": " + what); };
  std::map<std::string, Layer, NaturalOrder> by_prefix;
  for (const Tensor& tensor : tensors) {
    const std::size_t dot = tensor.name.rfind('.');  // none in the state_dict of a bare nn.Linear
    const std::string prefix = dot == std::string::npos ? "" : tensor.name.substr(0, dot);
    const bool is_weight = tensor.name == name_in(prefix, "weight");
    if (!is_weight && tensor.name != name_in(prefix, "bias"))
      refuse("tensor " + described(tensor) + " is neither the .weight nor the .bias of a linear layer");
    Layer& layer = by_prefix[prefix];
    (is_weight ? layer.weight : layer.bias) = &tensor;
    if (!std::all_of(tensor.values.begin(), tensor.values.end(), [](float v) { return std::isfinite(v); }))
      refuse("tensor " + described(tensor) + " holds a value that is not finite");
  }
  std::vector<Layer> layers;
  for (const auto& [prefix, layer] : by_prefix) {
    if (layer.weight == nullptr)
      refuse("tensor " + described(*layer.bias) + " has no " + in_quotes(name_in(prefix, "weight")));
    if (layer.bias == nullptr)
      refuse("tensor " + described(*layer.weight) + " has no " + in_quotes(name_in(prefix, "bias")));
    if (layer.weight->shape.size() != 2 || layer.in() < 1 || layer.out() < 1)
      refuse("tensor " + described(*layer.weight) + " is not the weight [out, in] of a linear layer");
    if (layer.bias->shape != std::vector<Index>{layer.out()})
      refuse("tensor " + described(*layer.bias) + " is not the bias of " + described(*layer.weight));
    layers.push_back(layer);
  }
  if (layers.empty()) refuse("the file holds no tensors");
  if (std::cmp_greater(layers.size(), kMaxStackLayers))
    refuse("the file holds " + std::to_string(layers.size()) + " layers; " + std::to_string(kMaxStackLayers) +
           " are the most");
  return layers;
}

// The first layer that does not take what the one before it gives; the end where all chain.
std::vector<Layer>::const_iterator first_break(const std::vector<Layer>& layers) {
  const auto at = std::adjacent_find(layers.begin(), layers.end(),
                                     [](const Layer& a, const Layer& b) { return a.out() != b.in(); });
  return at == layers.end() ? at : at + 1;
}

// Whether all of `layers` chain in some order whose first layer takes `width`. With widths for vertices and layers for
// edges that is an Eulerian trail from `width`: every edge can be reached from there, and every width is left as often
// as it is entered, but for one more leave of the first and one more entry of the last.
bool can_chain_from(Index width, const std::vector<Layer>& layers) {
  std::map<Index, Index> surplus{{width, -1}};  // leaves minus entries; arriving at `width` is the first entry
  std::multimap<Index, Index> next;
  for (const Layer& layer : layers) {
    ++surplus[layer.in()];
    --surplus[layer.out()];
    next.emplace(layer.in(), layer.out());
  }
  // Their sum is -1, so where none is positive, one is -1, the last width, and all others are 0.
  for (const auto& [at, extra] : surplus)
    if (extra > 0) return false;
  std::set<Index> reached{width};
  std::vector<Index> open{width};
  while (!open.empty()) {
    const Index from = open.back();
    open.pop_back();
    for (auto [edge, last] = next.equal_range(from); edge != last; ++edge)
      if (reached.insert(edge->second).second) open.push_back(edge->second);
  }
  return std::all_of(layers.begin(), layers.end(), [&](const Layer& l) { return reached.contains(l.in()); });
}

enum class Orders { none, one, several };

// Puts the layers into the one order that chains. A layer is taken only where the others can still follow it, so there
// is no way back to try: two layers that could both come next are two orders.
Orders order_by_shapes(std::vector<Layer>& layers) {
  std::vector<Layer> left = layers, ordered;
  while (!left.empty()) {
    std::optional<std::size_t> only;
    for (std::size_t k = 0; k < left.size(); ++k) {
      if (!ordered.empty() && left[k].in() != ordered.back().out()) continue;
      std::vector<Layer> others = left;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
      if (!can_chain_from(left[k].out(), others)) continue;
      if (only) return Orders::several;
      only = k;
    }
    if (!only) return Orders::none;
    ordered.push_back(left[*only]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(*only));
  }
  layers = std::move(ordered);
  return Orders::one;
}

}  // namespace

LinearStack stack_from_tensors(const std::string& file, const std::vector<Tensor>& tensors) {
  std::vector<Layer> layers = collect_layers(file, tensors);
  if (const auto broken = first_break(layers); broken != layers.end()) {
    const std::string sentence = file + ": " + described(*broken->weight) + " cannot follow " +
                                 described(*(broken - 1)->weight) + ", the shapes do not chain, and ";
    const Orders orders = order_by_shapes(layers);
    if (orders == Orders::none) throw InputError(sentence + "in no other order either");
    if (orders == Orders::several) throw InputError(sentence + "several other orders would");
  }

  LinearStack stack;
  stack.widths.push_back(layers.front().in());
  for (const Layer& layer : layers) {
    stack.widths.push_back(layer.out());
    for (const Tensor* tensor : {layer.weight, layer.bias})
      stack.parameters.insert(stack.parameters.end(), tensor->values.begin(), tensor->values.end());
  }
  return stack;
}

std::vector<Tensor> tensors_from_stack(const LinearStack& stack) {
  expects(stack.widths.size() >= 2, "write_linear_stack: at least one layer");
  for (const Index width : stack.widths) expects(width >= 1, "write_linear_stack: widths >= 1");
  std::vector<Tensor> tensors;
  auto next = stack.parameters.begin();
  const auto add = [&](std::string name, std::vector<Index> shape, Index size) {
    expects(size <= stack.parameters.end() - next, "write_linear_stack: as many parameters as the widths take");
    tensors.push_back({std::move(name), std::move(shape), {next, next + size}});
    next += size;
  };
  for (std::size_t layer = 1; layer < stack.widths.size(); ++layer) {
    const Index in = stack.widths[layer - 1], out = stack.widths[layer];
    const std::string prefix = "fc" + std::to_string(layer);
    add(prefix + ".weight", {out, in}, out * in);
    add(prefix + ".bias", {out}, out);
  }
  expects(next == stack.parameters.end(), "write_linear_stack: as many parameters as the widths take");
  return tensors;
}

LinearStack read_linear_stack(const std::filesystem::path& path) {
  return stack_from_tensors(path.string(), read_tensor_file(path, kBesideWeights).tensors);
}

void write_linear_stack(const std::filesystem::path& path, const LinearStack& stack) {
  write_safetensors(path, tensors_from_stack(stack));
}

}  // namespace plateau
