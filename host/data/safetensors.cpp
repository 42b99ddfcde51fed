// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/safetensors.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "input_file.hpp"
#include "plateau/data/output_file.hpp"
#include "safetensors_header.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's own reader
constexpr Index kHeaderAlignment = 8;
constexpr Index kItemBytes = sizeof(float);
constexpr std::string_view kDtype = "F32";

std::string described(const TensorEntry& entry) {
  return "tensor " + in_quotes(entry.name) + " of shape [" + comma_separated(entry.shape) + "]";
}

// Sorted by their data, which they cover exactly, each with the bytes of its shape.
void expects_exact_cover(const InputFile& file, const std::vector<TensorEntry>& entries) {
  Index covered = 0;
  for (const TensorEntry& entry : entries) {
    const std::string offsets = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
    if (entry.dtype != kDtype)
      file.refuse("tensor " + in_quotes(entry.name) + " has dtype " + in_quotes(entry.dtype) + "; only F32 is read");
    if (entry.begin > entry.end) file.refuse(described(entry) + " has data_offsets " + offsets + " that run backwards");
    if (entry.end > file.left())
      file.refuse("the file ends after " + std::to_string(file.left()) + " bytes of data, but " + described(entry) +
                  " has data_offsets " + offsets);
    if (dense_bytes(entry.shape, kItemBytes) != entry.end - entry.begin)
      file.refuse(described(entry) + " does not take the " + std::to_string(entry.end - entry.begin) +
                  " bytes of its data_offsets " + offsets);
    if (entry.begin != covered)
      file.refuse(described(entry) + " has data_offsets " + offsets + " that " +
                  (entry.begin < covered ? "overlap the tensor before it" : "leave a gap before it") +
                  ", which ends at byte " + std::to_string(covered));
    covered = entry.end;
  }
  if (covered != file.left())
    file.refuse(std::to_string(file.left() - covered) + " bytes follow the last tensor's data");
}

}  // namespace

std::vector<Tensor> read_safetensors(const std::filesystem::path& path) {
  InputFile file(path);
  std::uint64_t header_bytes = 0;
  file.read(&header_bytes, sizeof header_bytes, "the header's length");
  if (header_bytes > kMaxHeaderBytes)
    file.refuse("not a safetensors file, its header would have " + std::to_string(header_bytes) + " bytes");
  std::vector<TensorEntry> entries =
      parse_safetensors_header(file.read_text(narrow<Index>(header_bytes), "the header"), file.name());
  std::stable_sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  expects_exact_cover(file, entries);

  std::vector<Tensor> tensors;
  tensors.reserve(entries.size());
  for (TensorEntry& entry : entries) {
    const Index bytes = entry.end - entry.begin;
    Tensor& tensor = tensors.emplace_back(Tensor{std::move(entry.name), std::move(entry.shape), {}});
    tensor.values.resize(static_cast<std::size_t>(bytes / kItemBytes));
    file.read(tensor.values.data(), bytes, "data");
  }
  return tensors;
}

void write_safetensors(const std::filesystem::path& path, std::span<const Tensor> tensors) {
  std::vector<TensorEntry> entries;
  std::set<std::string_view> names{kSafetensorsMetadata};
  Index end = 0;
  for (const Tensor& tensor : tensors) {
    expects(names.insert(tensor.name).second, "write_safetensors: names are distinct and not __metadata__");
    for (const Index size : tensor.shape) expects(size >= 0, "write_safetensors: sizes >= 0");
    const Index bytes = static_cast<Index>(tensor.values.size()) * kItemBytes;
    expects(dense_bytes(tensor.shape, kItemBytes) == bytes, "write_safetensors: as many values as the shape takes");
    entries.push_back({tensor.name, std::string(kDtype), tensor.shape, end, end + bytes});
    end += bytes;
  }
  std::string header = format_safetensors_header(entries, path.string());
  header.resize(static_cast<std::size_t>(round_up(static_cast<Index>(header.size()), kHeaderAlignment)), ' ');
  const std::uint64_t header_bytes = header.size();

  OutputFile file(path);
  file.write({reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes});
  file.write(header);
  for (const Tensor& tensor : tensors)
    file.write({reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float)});
  file.commit();
}

}  // namespace plateau
