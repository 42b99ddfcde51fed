// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/model_file.hpp"

#include <filesystem>

#include "fuzz.hpp"

namespace plateau {

// What is read can be written, and is read from there as it was.
std::vector<fuzzing::Reader> fuzzing::readers() {
  return {[](const std::string& file) { read_linear_stack(file); },
          [](const std::string& file) {
            const ModelFile model = read_model_file(file);
            write_model_file(scratch_path(), model);
            const ModelFile again = read_model_file(scratch_path());
            std::filesystem::remove(scratch_path());
            must(again.stack.widths == model.stack.widths && again.stack.parameters == model.stack.parameters,
                 "the layers come back");
            must(again.classes == model.classes && again.features == model.features, "the names come back");
            must(again.scale_mean == model.scale_mean && again.scale_factor == model.scale_factor,
                 "the scale comes back");
          }};
}

void fuzzing::repair(std::string& bytes) { repair_header_length(bytes); }

}  // namespace plateau
