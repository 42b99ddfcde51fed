// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/safetensors.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "plateau/data/output_file.hpp"
#include "safetensors_file.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's own reader
constexpr Index kHeaderAlignment = 8;

template <class T>
constexpr std::string_view kDtype = {};
template <>
constexpr std::string_view kDtype<float> = "F32";
template <>
constexpr std::string_view kDtype<double> = "F64";
template <>
constexpr std::string_view kDtype<std::int32_t> = "I32";
template <>
constexpr std::string_view kDtype<std::uint32_t> = "U32";

// The dtypes of the format whose items are whole bytes.
constexpr std::array<std::pair<std::string_view, Index>, 15> kDtypeBytes{{{"F64", 8},
                                                                          {"F32", 4},
                                                                          {"F16", 2},
                                                                          {"BF16", 2},
                                                                          {"F8_E4M3", 1},
                                                                          {"F8_E5M2", 1},
                                                                          {"I64", 8},
                                                                          {"I32", 4},
                                                                          {"I16", 2},
                                                                          {"I8", 1},
                                                                          {"U64", 8},
                                                                          {"U32", 4},
                                                                          {"U16", 2},
                                                                          {"U8", 1},
                                                                          {"BOOL", 1}}};

std::optional<Index> item_bytes(std::string_view dtype) {
  for (const auto& [name, bytes] : kDtypeBytes)
    if (name == dtype) return bytes;
  return std::nullopt;
}

// Sorted by their data, which they cover exactly, each with the bytes of its shape.
void expects_exact_cover(const ByteSource& file, const std::vector<TensorEntry>& entries,
                         SafetensorsFile::Dtypes dtypes, std::string_view free) {
  Index covered = 0;
  for (const TensorEntry& entry : entries) {
    const std::string offsets = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
    const std::optional<Index> bytes_of_item = item_bytes(entry.dtype);
    if (dtypes == SafetensorsFile::Dtypes::f32 && entry.dtype != kDtype<float> && !begins_with(entry, free))
      file.refuse("tensor " + in_quotes(entry.name) + " has dtype " + in_quotes(entry.dtype) + "; only F32 is read");
    if (!bytes_of_item)
      file.refuse("tensor " + in_quotes(entry.name) + " has the unknown dtype " + in_quotes(entry.dtype));
    if (entry.begin > entry.end) file.refuse(described(entry) + " has data_offsets " + offsets + " that run backwards");
    if (entry.end > file.left())
      file.refuse("the file ends after " + std::to_string(file.left()) + " bytes of data, but " + described(entry) +
                  " has data_offsets " + offsets);
    if (dense_bytes(entry.shape, *bytes_of_item) != entry.end - entry.begin)
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

// The values of `entry`, of type T.
template <class T>
std::vector<T> read_values(SafetensorsFile& file, const TensorEntry& entry) {
  const Index bytes = entry.end - entry.begin;
  std::vector<T> values(static_cast<std::size_t>(bytes) / sizeof(T));
  file.at(entry).read(values.data(), bytes, "data");
  return values;
}

// Whether the tensor has the dtype of T, and is read then.
template <class T>
bool read_if_of(SafetensorsFile& file, const TensorEntry& entry, TypedTensor& tensor) {
  if (entry.dtype != kDtype<T>) return false;
  tensor.values = read_values<T>(file, entry);
  return true;
}

std::string_view bytes_of(const TensorView& tensor) {
  return std::visit(
      [](const auto& values) {
        return std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes());
      },
      tensor.values);
}
std::string_view dtype_of(const TensorView& tensor) {
  return std::visit([]<class T>(std::span<T>) { return kDtype<std::remove_const_t<T>>; }, tensor.values);
}

}  // namespace

std::string described(const TensorEntry& entry) {
  return "tensor " + in_quotes(entry.name) + " of shape [" + comma_separated(entry.shape) + "]";
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path, Dtypes dtypes, std::string_view free)
    : file_(path) {
  std::uint64_t header_bytes = 0;
  file_.read(&header_bytes, sizeof header_bytes, "the header's length");
  if (header_bytes > kMaxHeaderBytes)
    refuse("not a safetensors file, its header would have " + std::to_string(header_bytes) + " bytes");
  header_ = parse_safetensors_header(file_.read_text(narrow<Index>(header_bytes), "the header"), name());
  std::stable_sort(header_.entries.begin(), header_.entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  expects_exact_cover(file_, header_.entries, dtypes, free);
  data_bytes_ = file_.left();
}

PlainFile& SafetensorsFile::at(const TensorEntry& entry) {
  const Index passed = data_bytes_ - file_.left();
  expects(entry.begin >= passed, "SafetensorsFile: entries are read in the order of their data");
  file_.skip(entry.begin - passed);
  return file_;
}

TensorFile read_tensor_file(const std::filesystem::path& path, std::string_view passed_over) {
  SafetensorsFile file(path, SafetensorsFile::Dtypes::f32, passed_over);
  TensorFile read{{}, file.header().metadata};
  for (const TensorEntry& entry : file.header().entries)
    if (!begins_with(entry, passed_over))
      read.tensors.push_back({entry.name, entry.shape, read_values<float>(file, entry)});
  return read;
}

std::vector<Tensor> read_safetensors(const std::filesystem::path& path) { return read_tensor_file(path).tensors; }

TypedTensorFile read_typed_tensor_file(const std::filesystem::path& path) {
  SafetensorsFile file(path, SafetensorsFile::Dtypes::all);
  TypedTensorFile read{{}, file.header().metadata};
  for (const TensorEntry& entry : file.header().entries) {
    TypedTensor& tensor = read.tensors.emplace_back(TypedTensor{entry.name, entry.shape, {}});
    if (!read_if_of<float>(file, entry, tensor) && !read_if_of<double>(file, entry, tensor) &&
        !read_if_of<std::int32_t>(file, entry, tensor) && !read_if_of<std::uint32_t>(file, entry, tensor))
      file.refuse("tensor " + in_quotes(entry.name) + " has dtype " + in_quotes(entry.dtype) +
                  "; F32, F64, I32 and U32 are read");
  }
  return read;
}

void write_safetensors(const std::filesystem::path& path, std::span<const Tensor> tensors, const Metadata& metadata) {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors)
    views.push_back({tensor.name, tensor.shape, std::span<const float>(tensor.values)});
  write_typed_tensors(path, views, metadata);
}

void write_typed_tensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                         const Metadata& metadata) {
  std::vector<TensorEntry> entries;
  std::set<std::string_view> names{kSafetensorsMetadata};
  Index end = 0;
  for (const TensorView& tensor : tensors) {
    expects(names.insert(tensor.name).second, "write_safetensors: names are distinct and not __metadata__");
    for (const Index size : tensor.shape) expects(size >= 0, "write_safetensors: sizes >= 0");
    const std::string_view dtype = dtype_of(tensor);
    const auto bytes = static_cast<Index>(bytes_of(tensor).size());
    expects(dense_bytes(tensor.shape, *item_bytes(dtype)) == bytes,
            "write_safetensors: as many values as the shape takes");
    entries.push_back({tensor.name, std::string(dtype), tensor.shape, end, end + bytes});
    end += bytes;
  }
  std::string header = format_safetensors_header(entries, metadata, path.string());
  header.resize(static_cast<std::size_t>(round_up(static_cast<Index>(header.size()), kHeaderAlignment)), ' ');
  const std::uint64_t header_bytes = header.size();

  OutputFile file(path);
  file.write({reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes});
  file.write(header);
  for (const TensorView& tensor : tensors) file.write(bytes_of(tensor));
  file.commit();
}

}  // namespace plateau
