// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/embeddings.hpp"

#include <algorithm>
#include <concepts>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "feature_rows.hpp"
#include "labelled_rows.hpp"
#include "plateau/data/half.hpp"
#include "safetensors_file.hpp"
#include "stored_values.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

// ---- Features
// --------------------------------------------------------------------------------------------------------

using ReadFeatures = void (*)(ByteSource&, Index, float*);

void read_f32(ByteSource& file, Index count, float* values) { file.read(values, count * Index{sizeof(float)}, "data"); }

template <float (*convert)(std::uint16_t)>
void read_16_bits(ByteSource& file, Index count, float* values) {
  file.read_each<std::uint16_t>(count, "data", [&](Index i, std::uint16_t bits) { values[i] = convert(bits); });
}

// Nothing for a dtype that features do not have.
ReadFeatures features_reader(std::string_view dtype) {
  return dtype == "F32"    ? &read_f32
         : dtype == "F16"  ? &read_16_bits<float_from_f16>
         : dtype == "BF16" ? &read_16_bits<float_from_bf16>
                           : nullptr;
}

// ---- Labels
// ----------------------------------------------------------------------------------------------------------

using Labels = std::vector<std::int32_t>;
using ReadStored = Labels (*)(ByteSource&, Index);

template <std::integral Stored>
Labels read_stored_as(ByteSource& file, Index count) {
  Labels labels(static_cast<std::size_t>(count));
  file.read_each<Stored>(count, "data", [&](Index row, Stored value) {
    labels[static_cast<std::size_t>(row)] = label_from(file, row, value);
  });
  return labels;
}

// Nothing for a dtype that labels do not have.
ReadStored labels_reader(std::string_view dtype) {
  return dtype == "I64"   ? &read_stored_as<std::int64_t>
         : dtype == "I32" ? &read_stored_as<std::int32_t>
         : dtype == "I16" ? &read_stored_as<std::int16_t>
         : dtype == "I8"  ? &read_stored_as<std::int8_t>
         : dtype == "U64" ? &read_stored_as<std::uint64_t>
         : dtype == "U32" ? &read_stored_as<std::uint32_t>
         : dtype == "U16" ? &read_stored_as<std::uint16_t>
         : dtype == "U8"  ? &read_stored_as<std::uint8_t>
                          : nullptr;
}

// ---- Which tensors
// ---------------------------------------------------------------------------------------------------

// What kind of tensor is looked for.
struct Kind {
  const char* noun;
  const char* form;
  const std::string& name;
  std::size_t dimensions;
  bool (*has_dtype)(std::string_view);
};

bool fits(const TensorEntry& entry, const Kind& kind) {
  return entry.shape.size() == kind.dimensions && kind.has_dtype(entry.dtype);
}

std::string with_dtype(const TensorEntry& entry) {
  return in_quotes(entry.name) + " " + entry.dtype + " [" + comma_separated(entry.shape) + "]";
}

const TensorEntry& choose(const SafetensorsFile& file, const Kind& kind) {
  const std::vector<TensorEntry>& entries = file.header().entries;
  if (!kind.name.empty()) {
    const auto named = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.name == kind.name; });
    if (named == entries.end()) file.refuse("there is no tensor " + in_quotes(kind.name));
    if (!fits(*named, kind))
      file.refuse("tensor " + with_dtype(*named) + " cannot be the " + kind.noun + ", which are " + kind.form);
    return *named;
  }
  const TensorEntry* only = nullptr;
  std::vector<std::string> all;
  int fitting = 0;
  for (const TensorEntry& entry : entries) {
    all.push_back(with_dtype(entry));
    if (!fits(entry, kind)) continue;
    only = &entry;
    ++fitting;
  }
  if (fitting != 1)
    file.refuse(std::string(fitting == 0 ? "no tensor" : "more than one tensor") + " can be the " + kind.noun +
                ", which are " + kind.form + "; the file holds " + (all.empty() ? "none" : list_of(all)));
  return *only;
}

const TensorEntry& choose_features(const SafetensorsFile& file, const std::string& name) {
  return choose(file, {"features", "2-D of F32, F16 or BF16", name, 2,
                       [](std::string_view dtype) { return features_reader(dtype) != nullptr; }});
}

std::string name_of(const SafetensorsFile& file, const TensorEntry& entry) {
  return file.name() + ": tensor " + in_quotes(entry.name);
}

class TensorRows final : public FeatureRows {
 public:
  // Until these are read, nothing else is read from the file.
  TensorRows(std::shared_ptr<SafetensorsFile> file, const TensorEntry& x)
      : FeatureRows(name_of(*file, x), x.shape[0], x.shape[1]),
        file_(std::move(file)),
        data_(file_->at(x)),
        read_(features_reader(x.dtype)) {}

 private:
  void read(Index, Index count, float* to) override { read_(data_, count, to); }
  void expects_end() override {}

  std::shared_ptr<SafetensorsFile> file_;
  ByteSource& data_;
  ReadFeatures read_;
};

std::shared_ptr<SafetensorsFile> open(const std::string& path) {
  return std::make_shared<SafetensorsFile>(path, SafetensorsFile::Dtypes::all);
}

struct EmbeddingFiles {
  std::string features;
  std::string labels;  // empty: they are in the same file
};

EmbeddingFiles files_of(const std::string& files) {
  const std::size_t colon = files.find(':');
  const std::string features = files.substr(0, colon);
  const std::string labels = colon == std::string::npos ? "" : files.substr(colon + 1);
  if (features.empty() || (colon != std::string::npos && labels.empty()) || labels.find(':') != std::string::npos)
    throw InputError("'" + files + "' names no embeddings; the form is emb.safetensors or emb.safetensors:y.npy");
  return {features, labels};
}

}  // namespace

std::unique_ptr<FeatureRows> open_embeddings_features(const std::string& files) {
  const std::shared_ptr<SafetensorsFile> file = open(files_of(files).features);
  return std::make_unique<TensorRows>(file, choose_features(*file, {}));
}

FeaturesAndLabels read_embeddings(const std::string& files, const EmbeddingNames& names) {
  const EmbeddingFiles named = files_of(files);
  const std::shared_ptr<SafetensorsFile> file = open(named.features);
  const TensorEntry& x = choose_features(*file, names.features);
  const TensorEntry* y = nullptr;
  if (named.labels.empty())
    y = &choose(*file, {"labels", "1-D of integers", names.labels, 1,
                        [](std::string_view dtype) { return labels_reader(dtype) != nullptr; }});

  FeaturesAndLabels rows;
  const bool labels_first = y != nullptr && y < &x;  // in the order of their data
  const auto read_labels = [&] {
    rows.labels = y == nullptr ? read_npy_labels(named.labels) : labels_reader(y->dtype)(file->at(*y), y->shape[0]);
  };
  if (labels_first) read_labels();
  rows.features = TensorRows(file, x).all();
  if (!labels_first) read_labels();
  expects_labelled_rows(name_of(*file, x), y == nullptr ? named.labels : name_of(*file, *y), rows);
  return rows;
}

}  // namespace plateau
