// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rounds that were trained elsewhere: what their files say, measured and explained without any training.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "plateau/data/model_file.hpp"
#include "plateau/data/round_files.hpp"
#include "plateau/data/safetensors.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/forensics_findings.hpp"

namespace plateau {

// The weights of round after round, of which only what they changed is kept.
class WeightHistory {
 public:
  struct Round {
    std::uint64_t hash = 0;  // of the bits of all tensors
    bool is_finite = true;
    std::vector<double> layer_change;  // since the round before; empty for the first
  };

  // Tensors whose names agree but for what follows the last point are a layer, "fc1" of "fc1.weight" and "fc1.bias".
  // Throws InputError, which names `source`, where there are none or they are not those of the round before.
  void add(const std::string& source, std::vector<Tensor> tensors);

  const std::vector<std::string>& layers() const { return layers_; }  // in the order of the first round
  const std::vector<Round>& rounds() const { return rounds_; }

 private:
  std::vector<std::string> layers_;
  std::vector<Round> rounds_;
  std::vector<Tensor> last_;  // by name
  std::string last_source_;
};

// What the saved network of every round says of the test rows, which takes no training.
class NetworkReplay {
 public:
  // `data` is labelled.
  NetworkReplay(Dataset data, Trainer& trainer, Index rows_per_block);

  // The next round. Columns are matched as reconcile() does; classes by name, or by id where `model` names none. Throws
  // InputError, naming `source`, where the network does not fit the rows or has other classes than the one before.
  void add(const std::string& source, const ModelFile& model, const std::function<void()>& between = {});

  RoundPredictions take() { return std::move(predictions_); }
  // Whether each file says that Plateau saved it, so that its layers have ReLU between them.
  bool by_plateau() const { return by_plateau_; }

 private:
  Dataset data_;  // without labels
  Trainer& trainer_;
  Index rows_per_block_;
  ClassMap labels_;
  std::vector<std::string> model_classes_;  // of the round before
  RoundPredictions predictions_;
  bool by_plateau_ = true;
};

// What there is of the rounds. As many predictions and weights as rounds, where there are any.
struct ForensicsRecord {
  RoundLog log;
  double delta = 0.01;               // the smallest change in accuracy that is worth acting on; above 0
  Index test_rows = 0;               // 0: not known but from what follows
  std::vector<std::int32_t> labels;  // of the test rows, ids of the predictions' classes; empty: not known
  ClassMap classes;                  // of the labels
  std::optional<RoundPredictions> predictions;
  std::optional<RoundPredictions> networks;  // a NetworkReplay's
  bool networks_by_plateau = false;          // as that says
  std::string not_replayed;                  // why there is none, though there are weights and rows
  WeightHistory weights;
};

// Throws std::invalid_argument where the record's parts do not fit each other.
ForensicsEvidence measure_rounds(const ForensicsRecord& record);

}  // namespace plateau
