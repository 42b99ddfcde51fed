// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "plateau/data/half.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/data/round_files.hpp"
#include "safetensors_file.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

// Not trained but counted; it moves also where nothing is trained.
bool is_statistic(std::string_view tensor) {
  const std::string_view last = tensor.substr(tensor.rfind('.') + 1);
  return last == "running_mean" || last == "running_var" || last == "num_batches_tracked";
}

// What an optimizer keeps, or averages over steps: it may move where no weight does.
bool is_of_optimizer(std::string_view tensor) {
  while (!tensor.empty()) {
    const std::size_t point = tensor.find('.');
    const std::string_view part = tensor.substr(0, point);
    if (part == "optimizer" || part == "ema" || part.starts_with("ema_") || part.ends_with("_ema") ||
        part.find("exp_avg") != std::string_view::npos || part.find("momentum") != std::string_view::npos)
      return true;
    tensor.remove_prefix(point == std::string_view::npos ? tensor.size() : point + 1);
  }
  return false;
}

bool is_count(std::string_view dtype) { return dtype == "BOOL" || dtype.starts_with('I') || dtype.starts_with('U'); }

template <class Stored, class Convert>
std::vector<float> read_as(ByteSource& file, Index bytes, Convert convert) {
  std::vector<float> values(static_cast<std::size_t>(bytes) / sizeof(Stored));
  file.read_each<Stored>(static_cast<Index>(values.size()), "data",
                         [&](Index i, Stored value) { values[static_cast<std::size_t>(i)] = convert(value); });
  return values;
}

std::vector<float> read_floats(SafetensorsFile& file, const TensorEntry& entry) {
  const Index bytes = entry.end - entry.begin;
  if (entry.dtype == "F32") return read_as<float>(file.at(entry), bytes, [](float value) { return value; });
  if (entry.dtype == "F16") return read_as<std::uint16_t>(file.at(entry), bytes, &float_from_f16);
  if (entry.dtype == "BF16") return read_as<std::uint16_t>(file.at(entry), bytes, &float_from_bf16);
  if (entry.dtype == "F64")
    return read_as<double>(file.at(entry), bytes, [](double value) { return static_cast<float>(value); });
  file.refuse("tensor " + in_quotes(entry.name) + " has dtype " + in_quotes(entry.dtype) +
              "; weights are read of F16, BF16, F32 and F64");
}

}  // namespace

std::vector<Tensor> read_round_weights(const std::filesystem::path& path) {
  SafetensorsFile file(path, SafetensorsFile::Dtypes::all);
  std::vector<Tensor> tensors;
  for (const TensorEntry& entry : file.header().entries)
    if (!begins_with(entry, kBesideWeights) && !is_statistic(entry.name) && !is_of_optimizer(entry.name) &&
        !is_count(entry.dtype))
      tensors.push_back({entry.name, entry.shape, read_floats(file, entry)});
  return tensors;
}

}  // namespace plateau
