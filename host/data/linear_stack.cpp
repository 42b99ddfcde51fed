// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/linear_stack.hpp"

#include <algorithm>
#include <cmath>
#include <compare>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "letters.hpp"
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

// The leading run of digits, or of other characters, cut off `text`.
std::string_view cut_run(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && is_digit(text[length]) == is_digit(text[0])) ++length;
  const std::string_view run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

// How two prefixes are ordered by the first thing in which they differ: runs of digits as numbers of any length, others
// by their characters.
struct Difference {
  std::strong_ordering order = std::strong_ordering::equal;
  bool is_of_numbers = false;
};

Difference first_difference(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    std::string_view run_a = cut_run(a), run_b = cut_run(b);
    const bool numbers = is_digit(run_a[0]) && is_digit(run_b[0]);
    if (numbers) {
      run_a.remove_prefix(std::min(run_a.find_first_not_of('0'), run_a.size()));
      run_b.remove_prefix(std::min(run_b.find_first_not_of('0'), run_b.size()));
      if (run_a.size() != run_b.size()) return {run_a.size() <=> run_b.size(), true};
    }
    if (run_a != run_b) return {run_a <=> run_b, numbers};
  }
  return {a.size() <=> b.size()};
}

// "fc2" before "fc10". A total order: what is left equal ("1" and "01") is ordered by its characters.
struct NaturalOrder {
  bool operator()(const std::string& a, const std::string& b) const {
    const std::strong_ordering order = first_difference(a, b).order;
    return order == std::strong_ordering::equal ? a < b : order == std::strong_ordering::less;
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

// Whether the numbers in their names put `a` before `b`.
bool is_numbered_before(const Layer& a, const Layer& b) {
  const Difference difference = first_difference(a.weight->name, b.weight->name);
  return difference.is_of_numbers && difference.order == std::strong_ordering::less;
}

enum class Numbers { kept, ignored };

// The orders in which layers chain, as far as it takes to know whether there is one.
class Orders {
 public:
  Orders(const std::vector<Layer>& layers, Numbers numbers) : numbers_(numbers), left_(layers) { search(); }

  const std::vector<std::vector<Layer>>& found() const { return found_; }  // at most two
  bool are_all_tried() const { return tries_ < kMostTries || found_.size() == 2; }

 private:
  // Where numbers are ignored, a layer behind which the others chain is never taken in vain, and this is more than it
  // takes. With numbers, only names made for it come here.
  static constexpr int kMostTries = 10'000;

  bool can_come_next(std::size_t k) const {
    if (!ordered_.empty() && left_[k].in() != ordered_.back().out()) return false;
    return numbers_ == Numbers::ignored || std::none_of(left_.begin(), left_.end(), [&](const Layer& other) {
             return is_numbered_before(other, left_[k]);
           });
  }

  void search() {
    if (left_.empty()) found_.push_back(ordered_);
    for (std::size_t k = 0; k < left_.size() && found_.size() < 2; ++k) {
      if (!can_come_next(k)) continue;
      if (tries_ == kMostTries) return;
      ++tries_;
      const auto place = left_.begin() + static_cast<std::ptrdiff_t>(k);
      ordered_.push_back(*place);
      left_.erase(place);
      if (can_chain_from(ordered_.back().out(), left_)) search();
      left_.insert(place, ordered_.back());
      ordered_.pop_back();
    }
  }

  Numbers numbers_;
  int tries_ = 0;
  std::vector<Layer> ordered_, left_;
  std::vector<std::vector<Layer>> found_;
};

// The layers, which come in the natural order of their names, as they chain.
std::vector<Layer> in_order(const std::string& file, const std::vector<Layer>& layers) {
  const Orders numbered(layers, Numbers::kept);
  if (!numbered.are_all_tried())
    throw InputError(file + ": neither the names nor the shapes of the layers tell their order");
  if (numbered.found().size() == 1) return numbered.found().front();
  if (numbered.found().size() == 2) {
    const std::vector<Layer>&one = numbered.found()[0], &other = numbered.found()[1];
    std::size_t k = 0;
    while (one[k].weight == other[k].weight) ++k;
    throw InputError(file + ": neither the names nor the shapes of the layers tell which of " +
                     described(*one[k].weight) + " and " + described(*other[k].weight) +
                     " comes first; numbers in the names, as in fc1 and fc2, would");
  }

  const Orders any(layers, Numbers::ignored);
  if (any.found().size() == 1) return any.found().front();
  const auto broken = std::adjacent_find(layers.begin(), layers.end(),
                                         [](const Layer& a, const Layer& b) { return a.out() != b.in(); });
  throw InputError(file + ": " + described(*(broken + 1)->weight) + " cannot follow " + described(*broken->weight) +
                   ", the shapes do not chain, and " +
                   (any.found().empty() ? "in no other order either" : "several other orders would"));
}

}  // namespace

LinearStack stack_from_tensors(const std::string& file, const std::vector<Tensor>& tensors) {
  const std::vector<Layer> layers = in_order(file, collect_layers(file, tensors));
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
