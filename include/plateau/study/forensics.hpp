// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rounds that were trained elsewhere: what their files say, measured and explained without any training.
#pragma once

#include <string>
#include <vector>

#include "plateau/data/round_files.hpp"
#include "plateau/data/safetensors.hpp"
#include "plateau/study/forensics_findings.hpp"

namespace plateau {

// The weights of round after round, of which only what they changed is kept.
class WeightHistory {
 public:
  struct Round {
    std::uint64_t hash = 0;            // of the bits of all tensors
    std::vector<double> layer_change;  // since the round before; empty for the first
  };

  // Tensors whose names agree but for what follows the last point are a layer, "fc1" of "fc1.weight" and "fc1.bias".
  // Throws InputError, which names `source`, where they are not those of the round before, or a value is not finite.
  void add(const std::string& source, std::vector<Tensor> tensors);

  const std::vector<std::string>& layers() const { return layers_; }  // in the order of the first round
  const std::vector<Round>& rounds() const { return rounds_; }

 private:
  std::vector<std::string> layers_;
  std::vector<Round> rounds_;
  std::vector<Tensor> last_;  // by name
  std::string last_source_;
};

// What there is of the rounds. As many predictions and weights as rounds, where there are any.
struct ForensicsRecord {
  RoundLog log;
  double delta = 0.01;               // the smallest change in accuracy that is worth acting on; above 0
  Index test_rows = 0;               // 0: not known but from what follows
  std::vector<std::int32_t> labels;  // of the test rows, ids of the predictions' classes; empty: not known
  ClassMap classes;                  // of the labels
  std::optional<RoundPredictions> predictions;
  WeightHistory weights;
};

// Throws std::invalid_argument where the record's parts do not fit each other.
ForensicsEvidence measure_rounds(const ForensicsRecord& record);

}  // namespace plateau
