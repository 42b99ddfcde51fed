// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/evaluation.hpp"
#include "plateau/study/forensics.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau {

NetworkReplay::NetworkReplay(Dataset data, Trainer& trainer, Index rows_per_block)
    : data_(std::move(data)), trainer_(trainer), rows_per_block_(rows_per_block), labels_(data_.classes) {
  expects(data_.is_labelled() && rows_per_block >= 1, "NetworkReplay: labelled rows, and at least one in a block");
  data_.labels.clear();
  predictions_.classes = labels_;
}

void NetworkReplay::add(const std::string& source, const ModelFile& model, const std::function<void()>& between) {
  const TrainedNetwork network = network_of(model, source);
  by_plateau_ = by_plateau_ && (!model.classes.empty() || !model.features.empty() || !model.scale_mean.empty());
  const Index outputs = network.architecture.classes();
  const bool has_names = !model.classes.empty();
  if (predictions_.predicted.empty()) {
    model_classes_ = model.classes;
    predictions_.by_id = !has_names && !labels_.numbered;
    if (predictions_.by_id && outputs != labels_.classes())
      throw InputError(source + ": it has " + std::to_string(outputs) + " outputs without names, and " + data_.source +
                       " has " + std::to_string(labels_.classes()) + " classes with names");
    if (!has_names && labels_.classes() < outputs) predictions_.classes = numbered_classes(outputs);
  } else if (model.classes != model_classes_) {
    throw InputError(source + ": its classes are not those of the rounds before");
  }
  std::vector<std::int32_t> id_of(static_cast<std::size_t>(outputs));  // of each output
  for (std::size_t j = 0; j < id_of.size(); ++j) {
    id_of[j] = static_cast<std::int32_t>(j);
    if (!has_names) continue;
    std::vector<std::string>& names = predictions_.classes.names;
    const auto named = std::find(names.begin(), names.end(), model.classes[j]);
    id_of[j] = static_cast<std::int32_t>(named - names.begin());
    if (named == names.end()) names.push_back(model.classes[j]);
  }
  reconcile(data_, schema_of(model, source));  // its columns; there are no labels
  const Predictions predictions = predict_in_blocks(trainer_, network, data_.x(), rows_per_block_, between);
  std::vector<std::int32_t>& predicted = predictions_.predicted.emplace_back(given_classes(predictions, outputs));
  for (std::int32_t& id : predicted)
    if (id >= 0) id = id_of[static_cast<std::size_t>(id)];
}

}  // namespace plateau
