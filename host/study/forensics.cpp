// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics.hpp"

#include <tuple>

#include "forensics_measures.hpp"
#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

using namespace forensic;

void expects_predictions(const ForensicsRecord& record, const RoundPredictions& given) {
  expects(given.predicted.size() == record.log.rounds.size(), "measure_rounds: predictions of every round");
  const std::size_t rows = given.predicted.front().size();
  for (const Ids& predicted : given.predicted)
    expects(predicted.size() == rows, "measure_rounds: the same rows in every round");
  expects(record.labels.empty() || record.labels.size() == rows, "measure_rounds: a label for every row");
}

class Measuring {
 public:
  explicit Measuring(const ForensicsRecord& record) : record_(record) {
    expects(record.log.rounds.size() >= 2 && record.delta > 0, "measure_rounds: at least two rounds, and a delta");
    expects(record.weights.rounds().empty() || record.weights.rounds().size() == record.log.rounds.size(),
            "measure_rounds: weights of every round");
    for (const auto& predictions : {record.predictions, record.networks})
      if (predictions) expects_predictions(record, *predictions);
  }

  ForensicsEvidence evidence() {
    evidence_ = {.delta = record_.delta,
                 .test_loss_decimals = record_.log.test_loss_decimals,
                 .decimals = record_.log.decimals,
                 .test_rows = record_.test_rows,
                 .layers = record_.weights.layers(),
                 .not_replayed = record_.not_replayed};
    take_predictions();
    evidence_.classes = (given_ ? given_->classes : record_.classes).names;
    if (given_) evidence_.test_rows = static_cast<Index>(given_->predicted.front().size());
    if (!record_.labels.empty()) {
      evidence_.test_rows = static_cast<Index>(record_.labels.size());
      evidence_.test_class_rows = class_rows(record_.labels, evidence_.classes.size()).first;
    }
    for (std::size_t r = 0; r < record_.log.rounds.size(); ++r) evidence_.rounds.push_back(round(r));
    if (given_ && has_labels()) {
      const std::size_t classes = evidence_.classes.size();
      evidence_.label_map = test_label_map(given_->predicted.back(), record_.labels, classes);
      evidence_.batch_of_mean = batch_of_mean(right_, record_.log);
      evidence_.trade = class_trade(right_, record_.labels, classes);
    }
    evidence_.slope = slope_of(evidence_, right_);
    if (evidence_.test_rows >= 2) evidence_.spread = spread_of(evidence_, right_);
    return std::move(evidence_);
  }

 private:
  bool has_labels() const { return record_.labels.size() >= 2; }

  // Those that were given; else the saved networks', where they belong to the log.
  void take_predictions() {
    std::optional<RoundPredictions> networks = has_labels() ? record_.networks : std::nullopt;
    given_ = record_.predictions ? record_.predictions : networks;
    if (!given_ || !has_labels()) return;
    evidence_.guess = match_classes(*given_, record_.labels, record_.classes, record_.log);
    right_ = right_rows(*given_, record_.labels);
    if (record_.predictions) {
      if (!networks || !record_.networks_by_plateau) return;
      match_classes(*networks, record_.labels, record_.classes, record_.log);
      network_changes_ = network_changes(*given_, *networks);
      return;
    }
    evidence_.replay =
        match_networks(right_, record_.labels, given_->classes.names.size(), record_.log, record_.networks_by_plateau);
    if (evidence_.replay->taken) return;
    given_.reset();
    right_.clear();
    evidence_.guess.reset();
  }

  ForensicsRound round(std::size_t r) const {
    const LoggedRound& logged = record_.log.rounds[r];
    ForensicsRound round{.number = logged.number,
                         .test_accuracy = logged.test_accuracy,
                         .train_accuracy = logged.train_accuracy,
                         .train_loss = logged.train_loss,
                         .test_loss = logged.test_loss};
    if (evidence_.test_rows > 0) round.interval = wilson_interval(logged.test_accuracy, evidence_.test_rows);
    if (given_) add_predictions(round, r);
    if (!right_.empty()) {
      round.recomputed = forensic::mean(right_[r]);
      round.class_right = rows_of_right(right_[r]);
      if (r > 0) round.over_before = change(right_[r - 1], right_[r]);
    }
    if (!record_.weights.rounds().empty()) {
      const WeightHistory::Round& weights = record_.weights.rounds()[r];
      round.weights_hash = weights.hash;
      round.weights_are_finite = weights.is_finite;
      round.layer_change = weights.layer_change;
    }
    return round;
  }

  std::vector<Index> rows_of_right(const Rows& right) const {
    std::vector<Index> rows(evidence_.classes.size());
    for (std::size_t i = 0; i < right.size(); ++i) rows[static_cast<std::size_t>(record_.labels[i])] += right[i];
    return rows;
  }

  void add_predictions(ForensicsRound& round, std::size_t r) const {
    const auto& predicted = given_->predicted;
    std::tie(round.predicted_class_rows, round.without_class) = class_rows(predicted[r], evidence_.classes.size());
    if (r == 0) return;
    round.changed = 0;
    for (std::size_t i = 0; i < predicted[r].size(); ++i) *round.changed += predicted[r][i] != predicted[r - 1][i];
    const auto& outputs = given_->outputs;
    if (!outputs.empty()) round.same_outputs = outputs[r] == outputs[r - 1];
    if (network_changes_) round.network_changed = (*network_changes_)[r - 1];
  }

  const ForensicsRecord& record_;
  std::optional<RoundPredictions> given_;  // nothing where there are none, or none that belong to the log
  RoundRows right_;                        // where predictions and labels are known
  std::optional<std::vector<Index>> network_changes_;
  ForensicsEvidence evidence_;
};

}  // namespace

ForensicsEvidence measure_rounds(const ForensicsRecord& record) { return Measuring(record).evidence(); }

}  // namespace plateau
