// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/safetensors.hpp"

#include <filesystem>

#include "fuzz.hpp"
#include "plateau/data/embeddings.hpp"
#include "plateau/data/round_files.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  return {[](const std::string& file) {
            const TensorFile stored = read_tensor_file(file);
            write_safetensors(scratch_path(), stored.tensors, stored.metadata);
            const TensorFile again = read_tensor_file(scratch_path());
            std::filesystem::remove(scratch_path());
            must(again.metadata == stored.metadata, "the metadata come back");
            must(again.tensors.size() == stored.tensors.size(), "the tensors come back");
          },
          [](const std::string& file) {
            const TypedTensorFile stored = read_typed_tensor_file(file);
            std::vector<TensorView> views;
            for (const TypedTensor& tensor : stored.tensors)
              std::visit(
                  [&](const auto& values) {
                    views.push_back({tensor.name, tensor.shape, std::span(values)});
                  },
                  tensor.values);
            write_typed_tensors(scratch_path(), views, stored.metadata);
            const TypedTensorFile again = read_typed_tensor_file(scratch_path());
            std::filesystem::remove(scratch_path());
            must(again.metadata == stored.metadata && again.tensors.size() == stored.tensors.size(),
                 "the typed tensors come back");
          },
          [](const std::string& file) { read_tensor_file(file, "a"); },
          [](const std::string& file) { read_round_weights(file); },
          [](const std::string& file) { read_embeddings(file); },
          [](const std::string& file) {
            read_embeddings(file, {"x", "y"});
          }};
}

void plateau::fuzzing::repair(std::string& bytes) { repair_header_length(bytes); }
