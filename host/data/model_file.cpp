// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/model_file.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "json_list.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/safetensors.hpp"
#include "stack_tensors.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr const char* kClasses = "plateau.classes";
constexpr const char* kFeatures = "plateau.features";
constexpr const char* kScaleMean = "plateau.scale_mean";
constexpr const char* kScaleFactor = "plateau.scale_factor";

// The first name that was there before; nothing where all are different.
const std::string* repeated(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second) return &name;
  return nullptr;
}

// The list under `key`, empty where there is none; `count` says how many it has.
template <class Item>
std::vector<Item> read_list(const std::string& file, const Metadata& metadata, const char* key,
                            std::optional<std::vector<Item>> (*parse)(const std::string&), Index count,
                            const char* of_what) {
  const auto at = metadata.find(key);
  if (at == metadata.end()) return {};
  const std::string start = file + ": the metadata " + key;
  std::optional<std::vector<Item>> list = parse(at->second);
  if (!list) throw InputError(start + " are no JSON list of " + (std::is_same_v<Item, float> ? "floats" : "strings"));
  if (std::cmp_not_equal(list->size(), count))
    throw InputError(start + " have " + std::to_string(list->size()) + " items, and the model has " +
                     std::to_string(count) + " " + of_what);
  return *std::move(list);
}

void add_names(Metadata& metadata, const std::string& file, const char* key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::optional<std::string> text = json_list(names);
  if (!text) throw InputError(file + ": a name of " + key + " is not UTF-8");
  metadata[key] = *std::move(text);
}

}  // namespace

ModelFile read_model_file(const std::filesystem::path& path) {
  const std::string file = path.string();
  const TensorFile stored = read_tensor_file(path, kBesideWeights);
  ModelFile model{.stack = stack_from_tensors(file, stored.tensors)};
  const Index in = model.stack.widths.front(), out = model.stack.widths.back();
  model.classes = read_list(file, stored.metadata, kClasses, &strings_from_json, out, "outputs");
  model.features = read_list(file, stored.metadata, kFeatures, &strings_from_json, in, "inputs");
  model.scale_mean = read_list(file, stored.metadata, kScaleMean, &numbers_from_json, in, "inputs");
  model.scale_factor = read_list(file, stored.metadata, kScaleFactor, &numbers_from_json, in, "inputs");
  if (const std::string* const name = repeated(model.classes))
    throw InputError(file + ": the metadata " + kClasses + " name " + in_quotes(*name) + " twice");
  if (model.scale_mean.size() != model.scale_factor.size())
    throw InputError(file + ": of the metadata " + kScaleMean + " and " + kScaleFactor + " one is missing");
  return model;
}

void write_model_file(const std::filesystem::path& path, const ModelFile& model, const BesideModel& beside) {
  const std::vector<Tensor> weights = tensors_from_stack(model.stack);
  const auto expects_count = [](std::size_t items, Index count, const char* what) {
    expects(items == 0 || std::cmp_equal(items, count), what);
  };
  const Index in = model.stack.widths.front(), out = model.stack.widths.back();
  expects_count(model.classes.size(), out, "write_model_file: a name for every class");
  expects_count(model.features.size(), in, "write_model_file: a name for every feature");
  expects_count(model.scale_mean.size(), in, "write_model_file: a scale for every feature");
  expects(model.scale_mean.size() == model.scale_factor.size(), "write_model_file: a mean and a factor");
  expects(repeated(model.classes) == nullptr, "write_model_file: class names are distinct");
  for (const std::vector<float>* const numbers : {&model.scale_mean, &model.scale_factor})
    expects(std::all_of(numbers->begin(), numbers->end(), [](float v) { return std::isfinite(v); }),
            "write_model_file: a finite scale");

  Metadata metadata;
  add_names(metadata, path.string(), kClasses, model.classes);
  add_names(metadata, path.string(), kFeatures, model.features);
  if (!model.scale_mean.empty()) {
    metadata[kScaleMean] = json_list(model.scale_mean);
    metadata[kScaleFactor] = json_list(model.scale_factor);
  }
  for (const auto& [key, value] : beside.metadata)
    expects(key.starts_with(kBesideWeights) && metadata.emplace(key, value).second,
            "write_model_file: keys beside the model's own");
  std::vector<TensorView> tensors;
  for (const Tensor& tensor : weights)
    tensors.push_back({tensor.name, tensor.shape, std::span<const float>(tensor.values)});
  for (const TensorView& tensor : beside.tensors) {
    expects(tensor.name.starts_with(kBesideWeights), "write_model_file: tensors beside the model's own");
    tensors.push_back(tensor);
  }
  write_typed_tensors(path, tensors, metadata);
}

}  // namespace plateau
