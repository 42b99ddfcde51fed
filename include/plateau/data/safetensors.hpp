// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Safetensors files (https://github.com/huggingface/safetensors): 8 bytes of header length, a JSON header, the data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

struct Tensor {
  std::string name;
  std::vector<Index> shape;   // empty for a single number
  std::vector<float> values;  // dense, row-major
};

using Metadata = std::map<std::string, std::string>;  // the header's "__metadata__"

struct TensorFile {
  std::vector<Tensor> tensors;
  Metadata metadata;
};

// The tensors in the order of their data; dtype F32 only. A file is refused before memory is taken for its data unless
// its tensors cover the data exactly, without overlap or gap, and each has the bytes that its shape takes. Whatever is
// refused is an InputError that names the file and the tensor at fault. Tensors of which the name begins with
// `passed_over`, where that is not empty, may have any dtype and are not read.
std::vector<Tensor> read_safetensors(const std::filesystem::path& path);
TensorFile read_tensor_file(const std::filesystem::path& path, std::string_view passed_over = {});

// The data lie in the order of `tensors`, the header padded so that they start at a multiple of 8. Throws
// std::invalid_argument where a shape does not fit its values or a name repeats or is reserved, InputError where the
// file cannot be written or a name, a key or a value is not UTF-8.
void write_safetensors(const std::filesystem::path& path, std::span<const Tensor> tensors,
                       const Metadata& metadata = {});

// The same of files with more than weights in them: tensors of F32, F64, I32 and U32, in the type that stands for it.
struct TypedTensor {
  std::string name;
  std::vector<Index> shape;
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int32_t>, std::vector<std::uint32_t>> values;
};
struct TypedTensorFile {
  std::vector<TypedTensor> tensors;
  Metadata metadata;
};
TypedTensorFile read_typed_tensor_file(const std::filesystem::path& path);

// Values that lie elsewhere, and are written from there.
struct TensorView {
  std::string name;
  std::vector<Index> shape;
  std::variant<std::span<const float>, std::span<const double>, std::span<const std::int32_t>,
               std::span<const std::uint32_t>>
      values;
};
void write_typed_tensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                         const Metadata& metadata = {});

}  // namespace plateau
