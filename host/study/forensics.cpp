// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/assignment.hpp"
#include "plateau/study/evaluation.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau {
namespace {

constexpr double kSignificant = 0.05;
constexpr std::size_t kLeastByRows = 3, kLeastAroundLine = 4;  // rounds of a half that a line is laid through

std::string layer_of(const std::string& tensor) { return tensor.substr(0, tensor.rfind('.')); }

// FNV-1a over 32-bit words.
std::uint64_t hash_of(const std::vector<Tensor>& tensors) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const Tensor& tensor : tensors)
    for (const float value : tensor.values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3;
  return hash;
}

using Rows = std::vector<std::uint8_t>;  // whether each is right

class Measuring {
 public:
  explicit Measuring(const ForensicsRecord& record)
      : record_(record), given_(record.predictions ? &*record.predictions : nullptr) {
    expects(record.log.rounds.size() >= 2 && record.delta > 0, "measure_rounds: at least two rounds, and a delta");
    expects(record.weights.rounds().empty() || record.weights.rounds().size() == record.log.rounds.size(),
            "measure_rounds: weights of every round");
    if (given_ == nullptr) return;
    expects(given_->predicted.size() == record.log.rounds.size(), "measure_rounds: predictions of every round");
    const std::size_t rows = given_->predicted.front().size();
    for (const auto& predicted : given_->predicted)
      expects(predicted.size() == rows, "measure_rounds: the same rows in every round");
    expects(record.labels.empty() || record.labels.size() == rows, "measure_rounds: a label for every row");
    if (has_rows())
      for (const auto& predicted : given_->predicted) right_.push_back(right_rows(predicted));
  }

  ForensicsEvidence evidence() {
    const ClassMap& classes = given_ != nullptr ? given_->classes : record_.classes;
    evidence_ = {.delta = record_.delta,
                 .decimals = record_.log.decimals,
                 .test_rows = record_.test_rows,
                 .classes = classes.names,
                 .layers = record_.weights.layers(),
                 .not_replayed = record_.not_replayed};
    if (given_ != nullptr) evidence_.test_rows = static_cast<Index>(given_->predicted.front().size());
    if (!record_.labels.empty()) {
      evidence_.test_rows = static_cast<Index>(record_.labels.size());
      evidence_.test_class_rows = class_rows(record_.labels).first;
    }
    if (record_.replayed && has_rows()) {
      evidence_.replay = replay();
      if (!evidence_.replay->taken) {
        given_ = nullptr;
        right_.clear();
      }
    }
    for (std::size_t r = 0; r < record_.log.rounds.size(); ++r) evidence_.rounds.push_back(round(r));
    if (has_rows()) {
      evidence_.label_map = label_map();
      evidence_.trade = class_trade();
    }
    evidence_.slope = slope();
    if (evidence_.test_rows >= 2) evidence_.spread = spread();
    return std::move(evidence_);
  }

 private:
  bool has_rows() const { return given_ != nullptr && record_.labels.size() >= 2; }

  Rows right_rows(const std::vector<std::int32_t>& predicted) const {
    Rows right(predicted.size());
    for (std::size_t i = 0; i < right.size(); ++i) right[i] = predicted[i] == record_.labels[i];
    return right;
  }

  // Rows of each class, and of none.
  std::pair<std::vector<Index>, Index> class_rows(const std::vector<std::int32_t>& ids) const {
    std::pair<std::vector<Index>, Index> rows{std::vector<Index>(evidence_.classes.size(), 0), 0};
    for (const std::int32_t id : ids) ++(id < 0 ? rows.second : rows.first.at(static_cast<std::size_t>(id)));
    return rows;
  }

  static Difference difference(const Rows& first, const Rows& second) {
    RowOutcomes before(static_cast<Index>(first.size())), after(static_cast<Index>(second.size()));
    before.add(first);
    after.add(second);
    return crossed_difference(before, after, Pairing::by_training);
  }
  static AccuracyChange change(const Rows& first, const Rows& second) {
    AccuracyChange change{difference(first, second)};
    for (std::size_t i = 0; i < first.size(); ++i) {
      change.gained += second[i] > first[i];
      change.lost += second[i] < first[i];
    }
    return change;
  }
  static double mean(const Rows& right) {
    return std::accumulate(right.begin(), right.end(), 0.0) / static_cast<double>(right.size());
  }

  ForensicsRound round(std::size_t r) const {
    const LoggedRound& logged = record_.log.rounds[r];
    ForensicsRound round{.number = logged.number,
                         .test_accuracy = logged.test_accuracy,
                         .train_accuracy = logged.train_accuracy,
                         .train_loss = logged.train_loss,
                         .test_loss = logged.test_loss};
    if (evidence_.test_rows > 0) round.interval = wilson_interval(logged.test_accuracy, evidence_.test_rows);
    if (given_ != nullptr) {
      const auto& predicted = given_->predicted;
      std::tie(round.predicted_class_rows, round.without_class) = class_rows(predicted[r]);
      if (r > 0) {
        round.changed = 0;
        for (std::size_t i = 0; i < predicted[r].size(); ++i) *round.changed += predicted[r][i] != predicted[r - 1][i];
        const auto& outputs = given_->outputs;
        if (!outputs.empty()) round.same_outputs = outputs[r] == outputs[r - 1];
      }
    }
    if (has_rows()) {
      round.recomputed = mean(right_[r]);
      if (r > 0) round.over_before = change(right_[r - 1], right_[r]);
    }
    if (!record_.weights.rounds().empty()) {
      round.weights_hash = record_.weights.rounds()[r].hash;
      round.layer_change = record_.weights.rounds()[r].layer_change;
    }
    return round;
  }

  // Whether an accuracy is the logged one, to a row and the last decimal.
  bool is_logged(double accuracy, std::size_t r) const {
    const double room = (1 + 1e-9) / static_cast<double>(evidence_.test_rows) + std::pow(0.1, evidence_.decimals) / 2;
    return std::abs(accuracy - record_.log.rounds[r].test_accuracy) <= room;
  }

  Replay replay() const {
    const std::vector<Index>& rows = evidence_.test_class_rows;
    const double majority =
        static_cast<double>(*std::max_element(rows.begin(), rows.end())) / static_cast<double>(evidence_.test_rows);
    Replay replay;
    const auto off = [&](std::size_t r) { return std::abs(mean(right_[r]) - record_.log.rounds[r].test_accuracy); };
    for (std::size_t r = 0; r < right_.size(); ++r) {
      const double accuracy = mean(right_[r]);
      if (off(r) < off(replay.closest)) replay.closest = r;
      if (!is_logged(accuracy, r)) continue;
      ++replay.agreeing;
      replay.taken = replay.taken || wilson_interval(accuracy, evidence_.test_rows).low > majority;
    }
    replay.accuracy = mean(right_[replay.closest]);
    for (std::size_t k = 0; k < right_.size() && replay.agreeing < std::ssize(right_) && !replay.logged_as; ++k) {
      const auto is_as_k = [&](std::size_t r) {
        return is_logged(mean(right_[r]), r) || is_logged(mean(right_[k]), r);
      };
      bool all = is_logged(mean(right_[k]), k);
      for (std::size_t r = 0; all && r < right_.size(); ++r) all = is_as_k(r);
      if (all) replay.logged_as = k;
    }
    return replay;
  }

  std::optional<LabelMapTest> label_map() const {
    const auto n = static_cast<Index>(evidence_.classes.size());
    const std::vector<std::int32_t>& given = given_->predicted.back();
    std::vector<Index> together(static_cast<std::size_t>(n * n), 0);  // [given, label]
    for (std::size_t i = 0; i < given.size(); i += 2)
      if (given[i] >= 0) ++together[static_cast<std::size_t>(given[i] * n + record_.labels[i])];
    LabelMapTest test{.map = best_assignment(together, n)};
    Rows as_given, mapped;
    std::vector<Index> rows(static_cast<std::size_t>(n), 0);
    for (std::size_t i = 1; i < given.size(); i += 2) {
      as_given.push_back(given[i] == record_.labels[i]);
      mapped.push_back(given[i] >= 0 && test.map[static_cast<std::size_t>(given[i])] == record_.labels[i]);
      ++rows[static_cast<std::size_t>(record_.labels[i])];
    }
    if (mapped.size() < 2) return std::nullopt;
    test.accuracy = mean(mapped);
    test.majority_share =
        static_cast<double>(*std::max_element(rows.begin(), rows.end())) / static_cast<double>(mapped.size());
    test.gain = difference(as_given, mapped);
    return test;
  }

  // Against the earlier round from which most was lost in classes that fell, where others rose; else against the best
  // one. Every earlier round is looked at, and the correction is for all classes of all of them.
  ClassTrade class_trade() const {
    const Rows& after = right_.back();
    std::vector<ClassTrade> trades;
    std::vector<double> p;
    for (std::size_t r = 0; r + 1 < right_.size(); ++r) {
      ClassTrade& trade = trades.emplace_back();
      trade.earlier = r;
      trade.classes.resize(evidence_.classes.size());
      for (std::size_t i = 0; i < after.size(); ++i) {
        ClassTrade::Of& of = trade.classes[static_cast<std::size_t>(record_.labels[i])];
        ++of.rows;
        of.gained += after[i] > right_[r][i];
        of.lost += after[i] < right_[r][i];
      }
      for (const ClassTrade::Of& of : trade.classes)
        if (of.rows > 0) p.push_back(mcnemar_p(of.gained, of.lost));
    }
    p = holm(p);
    auto next = p.begin();
    std::pair<Index, double> most{-1, -1};
    ClassTrade* told = nullptr;
    for (ClassTrade& trade : trades) {
      Index fallen = 0, risen = 0;
      for (ClassTrade::Of& of : trade.classes) {
        if (of.rows == 0) continue;
        of.adjusted_p = *next++;
        if (!(of.adjusted_p <= kSignificant)) continue;
        (of.lost > of.gained ? fallen : risen) += std::abs(of.gained - of.lost);
      }
      const std::pair<Index, double> merit{risen > 0 ? fallen : 0, mean(right_[trade.earlier])};
      if (merit > most) {
        most = merit;
        told = &trade;
      }
    }
    const Rows& before = right_[told->earlier];
    told->total = change(before, after);
    Rows kept = after;  // with the rows of the classes that fell as they were before
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const ClassTrade::Of& of = told->classes[static_cast<std::size_t>(record_.labels[i])];
      if (of.lost > of.gained && of.adjusted_p <= kSignificant) kept[i] = before[i];
    }
    told->lost_by_fallen = difference(after, kept);
    return *told;
  }

  double accuracy(std::size_t r) const {
    const ForensicsRound& round = evidence_.rounds[r];
    return round.recomputed.value_or(round.test_accuracy);
  }

  std::optional<RoundsSlope> slope() const {
    const std::size_t rounds = evidence_.rounds.size(), count = (rounds + 1) / 2;
    if (count < (right_.empty() ? kLeastAroundLine : kLeastByRows)) return std::nullopt;
    RoundsSlope slope{.first = rounds - count, .by_rows = !right_.empty()};
    // The line's rise is a weighted sum of the accuracies; the weights are those of least squares.
    const double middle = static_cast<double>(count - 1) / 2, last = static_cast<double>(count - 1);
    double squares = 0;
    for (std::size_t t = 0; t < count; ++t) squares += std::pow(static_cast<double>(t) - middle, 2);
    const auto weight = [&](std::size_t t) { return (static_cast<double>(t) - middle) / squares * last; };
    double rise = 0, level = 0;
    for (std::size_t t = 0; t < count; ++t) {
      rise += weight(t) * accuracy(slope.first + t);
      level += accuracy(slope.first + t) / static_cast<double>(count);
    }
    double variance = 0, degrees = 0;
    if (slope.by_rows) {
      // With half a row that rises by one and half a row that falls, as crossed_difference() has them.
      const double rows = static_cast<double>(right_.front().size());
      double sum = 1;
      for (std::size_t i = 0; i < right_.front().size(); ++i) {
        double of_row = 0;
        for (std::size_t t = 0; t < count; ++t) of_row += weight(t) * right_[slope.first + t][i];
        sum += (of_row - rise) * (of_row - rise);
      }
      variance = sum / rows / rows;
      degrees = rows - 1;
    } else {
      double around = 0;
      for (std::size_t t = 0; t < count; ++t) {
        const double line = level + rise / last * (static_cast<double>(t) - middle);
        around += std::pow(accuracy(slope.first + t) - line, 2);
      }
      degrees = static_cast<double>(count) - 2;
      // Accuracies move in steps, of a row or of the last decimal; the variance within one is step^2 / 12.
      double step = std::pow(0.1, evidence_.decimals);
      if (evidence_.test_rows > 0) step = std::max(step, 1 / static_cast<double>(evidence_.test_rows));
      variance = std::max(around / degrees, step * step / 12) / squares * last * last;
    }
    const double error = std::sqrt(variance), half = student_factor(degrees, 0.95) * error;
    slope.change = {rise, {rise - half, rise + half}};
    slope.tost_p = tost_p(rise, error, degrees, evidence_.delta);
    return slope;
  }

  std::optional<TailSpread> spread() const {
    const std::size_t rounds = evidence_.rounds.size();
    const std::size_t least = std::min(rounds, std::max<std::size_t>(3, (rounds + 1) / 2));
    for (std::size_t first = 0; first + least <= rounds; ++first) {
      std::size_t low = first, high = first;
      double sum = 0;
      for (std::size_t r = first; r < rounds; ++r) {
        if (accuracy(r) < accuracy(low)) low = r;
        if (accuracy(r) > accuracy(high)) high = r;
        sum += accuracy(r);
      }
      if (low == high) high = rounds - 1;
      TailSpread spread{.first = first, .range = accuracy(high) - accuracy(low), .paired = !right_.empty()};
      const double rows = static_cast<double>(evidence_.test_rows);
      if (spread.paired) {
        const AccuracyChange between = change(right_[low], right_[high]);
        spread.disagreeing_share = static_cast<double>(between.gained + between.lost) / rows;
        spread.detectable = difference(right_[low], right_[high]).detectable;
      } else {
        const double share = (sum / static_cast<double>(rounds - first) * rows + 1) / (rows + 2);
        spread.disagreeing_share = 2 * share * (1 - share);
        spread.detectable = minimum_detectable_difference(spread.disagreeing_share, evidence_.test_rows);
      }
      if (spread.range <= spread.detectable) return spread;
    }
    return std::nullopt;
  }

  const ForensicsRecord& record_;
  const RoundPredictions* given_;  // null where there are none, or none that belong to the log
  std::vector<Rows> right_;        // [rounds, rows], where predictions and labels are known
  ForensicsEvidence evidence_;
};

}  // namespace

void WeightHistory::add(const std::string& source, std::vector<Tensor> tensors) {
  std::vector<std::string> names;  // of layers, in the order of the file
  for (const Tensor& tensor : tensors)
    if (const std::string layer = layer_of(tensor.name); std::find(names.begin(), names.end(), layer) == names.end())
      names.push_back(layer);
  std::sort(tensors.begin(), tensors.end(), [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  for (const Tensor& tensor : tensors)
    if (!std::all_of(tensor.values.begin(), tensor.values.end(), [](float value) { return std::isfinite(value); }))
      throw InputError(source + ": tensor " + tensor.name + " holds NaN or infinity; this training has diverged");
  Round round{.hash = hash_of(tensors)};
  if (rounds_.empty()) {
    if (tensors.empty()) throw InputError(source + ": there are no weights");
    layers_ = std::move(names);
  } else {
    const bool same =
        std::equal(tensors.begin(), tensors.end(), last_.begin(), last_.end(),
                   [](const Tensor& a, const Tensor& b) { return a.name == b.name && a.shape == b.shape; });
    if (!same) throw InputError(source + ": its tensors are not those of " + last_source_ + ", by name and shape");
    std::map<std::string, std::pair<double, double>> norms;  // squared, of the change and of what was there
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      auto& [moved, norm] = norms[layer_of(tensors[t].name)];
      for (std::size_t i = 0; i < tensors[t].values.size(); ++i) {
        const double from = last_[t].values[i], step = tensors[t].values[i] - from;
        moved += step * step;
        norm += from * from;
      }
    }
    for (const std::string& layer : layers_) {
      const auto& [moved, norm] = norms[layer];
      round.layer_change.push_back(moved == 0 ? 0 : std::sqrt(moved / norm));
    }
  }
  last_ = std::move(tensors);
  last_source_ = source;
  rounds_.push_back(std::move(round));
}

NetworkReplay::NetworkReplay(Dataset data, Trainer& trainer, Index rows_per_block)
    : data_(std::move(data)), trainer_(trainer), rows_per_block_(rows_per_block), labels_(data_.classes) {
  expects(data_.is_labelled() && rows_per_block >= 1, "NetworkReplay: labelled rows, and at least one in a block");
  data_.labels.clear();
  predictions_.classes = labels_;
}

void NetworkReplay::add(const std::string& source, const ModelFile& model, const std::function<void()>& between) {
  const TrainedNetwork network = network_of(model, source);
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

ForensicsEvidence measure_rounds(const ForensicsRecord& record) { return Measuring(record).evidence(); }

}  // namespace plateau
