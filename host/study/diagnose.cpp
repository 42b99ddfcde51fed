// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/core/error.hpp"
#include "plateau/study/comparisons.hpp"
#include "plateau/study/integrity.hpp"
#include "plateau/study/learning_curve.hpp"
#include "plateau/study/shift.hpp"
#include "plateau/study/signal.hpp"

namespace plateau {
namespace {

const std::vector<std::int32_t> kNone;
constexpr Index kFewestRows = 10;  // of training, and of test

// Seeds of the parts, which are apart from each other.
enum class Part : std::uint32_t { neighbours, folds, held_out, judge, score, signal, curve, shift, label_map, second };

double mean(const std::vector<double>& values) { return mean_spread(values).mean; }

std::uint64_t seed_of(std::uint64_t seed, Part part) { return study_seed(seed, static_cast<std::uint32_t>(part)); }

Index classes_present(const std::vector<Index>& class_rows) {
  return std::ranges::count_if(class_rows, [](Index rows) { return rows > 0; });
}

// The trainings of a diagnosis, on rows that have been counted. What goes into the evidence is all that they leave.
class Study {
 public:
  // `evidence` of the rows as they are.
  Study(const Split& split, const Split* second, const DiagnoseConfiguration& configuration, Laboratory& laboratory,
        DiagnosisEvidence& evidence)
      : split_(split),
        second_(second),
        configuration_(configuration),
        battery_(battery_of(configuration.depth)),
        laboratory_(laboratory),
        evidence_(evidence) {
    if (configuration.run.patience > 0) held_out_.emplace(split.train, configuration.validation, seed(Part::held_out));
  }

  SettingEvidence judge_user();
  void train();  // everything
  Index test_looks() const { return test_looks_; }

 private:
  std::uint64_t seed(Part part) const { return seed_of(configuration_.seed, part); }
  std::vector<Judged> judge(const char* block, const Split& split, const std::vector<Setting>& settings);
  SettingEvidence seen(const Judged& judged) const {
    return setting_evidence(judged, split_.test.label(), evidence_.classes);
  }

  UserEvidence look_into_user();
  void choose(const Folds& folds);
  void judge_chosen();
  void compare_balance_of_classes();
  void compare_families();
  void judge_second(const Folds& folds);

  const Split& split_;
  const Split* second_;
  const DiagnoseConfiguration& configuration_;
  const Battery& battery_;
  Laboratory& laboratory_;
  DiagnosisEvidence& evidence_;
  std::optional<ValidationRows> held_out_{std::in_place};
  Index seeds_ = 0;  // of every setting that is judged
  Index test_looks_ = 0;

  std::optional<Judged> user_, reference_judged_;
  std::optional<Setting> optimised_, regularised_, larger_;
  std::optional<Setting> smaller_;  // of the ladder, where it is the best of all; else one of those before it is
  bool takes_larger_ = false;       // as the reference
};

std::vector<Judged> Study::judge(const char* block, const Split& split, const std::vector<Setting>& settings) {
  test_looks_ += static_cast<Index>(settings.size());
  return judge_settings(laboratory_, block, views(split), settings, *held_out_, seeds_, seed(Part::judge),
                        Clusters(split.test.groups));
}

SettingEvidence Study::judge_user() {
  const Setting setting{"the user's", configuration_.run, true};
  seeds_ = battery_.seeds;
  user_ = std::move(judge("the training as it is", split_, {setting}).front());
  if (const Index seeds = seeds_for(*user_, seeds_); seeds > seeds_) {
    seeds_ = seeds;
    user_ = std::move(judge("the training as it is", split_, {setting}).front());
    --test_looks_;  // at the same setting
  }
  return seen(*user_);
}

UserEvidence Study::look_into_user() {
  UserEvidence user{.setting = seen(*user_)};
  user.test_interval = wilson_interval(user.setting.test_accuracy, user_->right);
  user.effective_rows = effective_rows(user_->right.row_accuracy(), user_->right.clusters());
  std::vector<double> class_rows(static_cast<std::size_t>(evidence_.classes));
  for (const std::int32_t label : split_.test.labels) ++class_rows[static_cast<std::size_t>(label)];
  user.majority_share = *std::ranges::max_element(class_rows) / static_cast<double>(split_.test.rows());

  const Index layers = configuration_.run.architecture.layers();
  for (Index layer = 0; layer < layers; ++layer)
    user.layers.push_back({.frozen = (configuration_.run.frozen >> layer & 1u) != 0});
  double dead = 0, hidden = 0;
  for (Index layer = 1; layer < layers; ++layer)
    hidden += static_cast<double>(configuration_.run.architecture.fan_in(layer));
  double ratio = 0;
  for (const RunResult& result : user_->results) {
    const auto epochs = static_cast<Index>(result.history.size());
    for (Index layer = 0; layer < layers; ++layer)
      for (Index epoch = 0; epoch < epochs && !user.layers[static_cast<std::size_t>(layer)].moved; ++epoch)
        user.layers[static_cast<std::size_t>(layer)].moved = result.layer(epoch, layer, layers).update_norm > 0;
    for (const Index units : result.dead_units) dead += static_cast<double>(units);
    if (epochs == 0) {
      for (LayerEvidence& layer : user.layers) layer.moved = true;  // it diverged at once: it did move
      continue;
    }
    double smallest = std::numeric_limits<double>::infinity(), largest = 0;
    for (Index layer = 0; layer < layers; ++layer) {
      const double norm = result.layer(epochs - 1, layer, layers).gradient_norm;
      smallest = std::min(smallest, norm);
      largest = std::max(largest, norm);
    }
    if (smallest > 0) ratio += largest / smallest / static_cast<double>(user_->results.size());
  }
  if (hidden > 0) user.dead_units = dead / hidden / static_cast<double>(user_->results.size());
  if (ratio > 0) user.gradient_ratio = ratio;
  return user;
}

// What comes into question as better than the user's, by validation loss on the folds.
void Study::choose(const Folds& folds) {
  const TrainingData data = views(split_);
  const Run& own = configuration_.run;
  const Index rows = split_.train.rows();
  const auto score = [&](const char* block, const std::vector<Setting>& settings) {
    return score_settings(laboratory_, block, data, settings, folds, seed(Part::score));
  };
  struct Scored {
    Setting setting;
    double loss = std::numeric_limits<double>::infinity();
  };
  const auto better = [](std::optional<Scored>& best, Setting setting, double loss) {
    if (!best || loss < best->loss) best = Scored{std::move(setting), loss};
  };
  std::vector<Setting> candidates = optimisation_settings(own, rows, battery_);
  candidates.insert(candidates.begin(), {"the user's", own});
  const std::vector<FoldScore> scores = score("optimisation", candidates);
  const FoldScore user = scores.front();
  Scored base{candidates.front(), user.validation_loss};
  std::optional<Scored> optimised, early;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    // Better optimised is what fits the training rows better; what fits them less and does better is held back.
    if (i > 0 && scores[i].train_loss < user.train_loss) better(optimised, candidates[i], scores[i].validation_loss);
    if (scores[i].best_epochs < candidates[i].run.epochs)
      better(early, stopped_at_best(i == 0 ? Setting{"", own} : candidates[i], scores[i]), scores[i].best_loss);
  }
  if (optimised) {
    optimised_ = optimised->setting;
    evidence_.takes_optimised = optimised->loss < base.loss;
    if (evidence_.takes_optimised) base = *optimised;
  }

  std::optional<Scored> regularised = early;
  candidates = regularisation_settings(base.setting.run, battery_);
  const std::vector<FoldScore> held_back = score("regularisation", candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    better(regularised, candidates[i], held_back[i].validation_loss);
    if (held_back[i].best_epochs < candidates[i].run.epochs)
      better(regularised, stopped_at_best(candidates[i], held_back[i]), held_back[i].best_loss);
  }
  if (regularised) {
    regularised_ = regularised->setting;
    evidence_.takes_regularised = regularised->loss < base.loss;
    if (evidence_.takes_regularised) base = *regularised;
  }

  std::optional<Scored> larger, smaller;
  candidates = capacity_settings(own, rows, battery_);
  const std::vector<FoldScore> ladder = score("capacity", candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const double loss = ladder[i].best_loss;
    Setting setting = stopped_at_best(candidates[i], ladder[i]);
    std::optional<Scored>& of_its_size = is_larger(setting.run.architecture, own.architecture) ? larger : smaller;
    better(of_its_size, std::move(setting), loss);
  }
  if (larger) larger_ = larger->setting;
  takes_larger_ = larger && larger->loss < base.loss && !(smaller && smaller->loss < larger->loss);
  if (!takes_larger_ && smaller && smaller->loss < base.loss) smaller_ = smaller->setting;
}

// The chosen settings, and the gains of each over what stands before it.
void Study::judge_chosen() {
  std::vector<Setting> settings;
  const auto place = [&settings](const std::optional<Setting>& setting) {
    if (setting) settings.push_back(*setting);
    return settings.size() - 1;
  };
  const std::size_t optimised = place(optimised_), regularised = place(regularised_), larger = place(larger_);
  const std::size_t smaller = place(smaller_);
  std::optional<std::size_t> scratch;
  if (configuration_.run.initial) {
    Setting setting{"drawn weights", configuration_.run};
    setting.run.initial.reset();
    settings.push_back(std::move(setting));
    scratch = settings.size() - 1;
  }
  const std::vector<Judged> judged = judge("best settings", split_, settings);

  const auto gains = [this](const Judged& setting, const Judged& over) {
    SettingEvidence evidence = seen(setting);
    evidence.gain = crossed_difference(over.right, setting.right, Pairing::by_training);
    return evidence;
  };
  const Judged* base = &*user_;
  if (optimised_) {
    evidence_.optimised = gains(judged[optimised], *base);
    if (evidence_.takes_optimised) base = &judged[optimised];
  }
  if (regularised_) {
    evidence_.regularised = gains(judged[regularised], *base);
    if (evidence_.takes_regularised) base = &judged[regularised];
  }
  if (larger_) evidence_.larger = gains(judged[larger], *base);
  if (scratch) evidence_.from_scratch = gains(judged[*scratch], *user_);
  // The best of all has been judged already, as what it is the best of.
  reference_judged_ = takes_larger_ ? judged[larger] : smaller_ ? judged[smaller] : *base;
  evidence_.reference = gains(*reference_judged_, *user_);
}

void Study::compare_balance_of_classes() {
  if (evidence_.user->setting.most_predicted < kOneClass) return;
  Setting balanced{"balanced class weights",
                   optimised_ && evidence_.takes_optimised ? optimised_->run : configuration_.run};
  balanced.run.class_weights = {.balanced = true};
  const std::vector<Judged> judged = judge("class weights", split_, {balanced});
  evidence_.balance = compare_balance(*user_, judged.front(), split_.test.label(), evidence_.classes);
}

// Nearest neighbours on the test rows that they were asked about.
void Study::compare_families() {
  const NeighbourStudy& study = evidence_.integrity.neighbours;
  if (study.predicted.size() < 2) return;
  const std::vector<std::int32_t>& left_out = evidence_.integrity.leak.present ? evidence_.integrity.leak.rows : kNone;
  std::vector<std::uint8_t> neighbours;
  std::vector<std::size_t> asked;  // by their place among the rows that are judged
  for (std::size_t i = 0; i < study.test_rows.size(); ++i) {
    const auto before = std::ranges::lower_bound(left_out, study.test_rows[i]);
    if (before != left_out.end() && *before == study.test_rows[i]) continue;
    asked.push_back(static_cast<std::size_t>(study.test_rows[i] - (before - left_out.begin())));
    neighbours.push_back(study.predicted[i] == split_.test.labels[asked.back()]);
  }
  if (asked.size() < 2) return;
  const Clusters clusters = reference_judged_->right.clusters().of(asked);
  RowOutcomes first(static_cast<Index>(asked.size()), clusters), second(first.rows(), clusters);
  for (Index training = 0; training < reference_judged_->right.trainings(); ++training) {
    std::vector<std::uint8_t> right;
    right.reserve(asked.size());
    for (const std::size_t row : asked) right.push_back(reference_judged_->right(training, static_cast<Index>(row)));
    first.add(right);
  }
  second.add(neighbours);
  FamilyEvidence family{.name = study.best.k == 1 ? std::string("the nearest neighbour")
                                                  : fmt::format("{} nearest neighbours", study.best.k),
                        .gain = crossed_difference(first, second, Pairing::none)};
  family.name += study.best.standardised ? ", features standardised" : ", features as they are";
  family.test_accuracy = mean(second.training_accuracy());
  evidence_.families.push_back(std::move(family));
}

// The best of a few networks on the second features.
void Study::judge_second(const Folds& folds) {
  Run own = configuration_.run;
  own.initial.reset();
  own.architecture.widths.front() = second_->train.features();
  std::vector<Setting> candidates = capacity_settings(own, second_->train.rows(), battery_);
  for (const double rate : battery_.recipe_rates)
    candidates.push_back({"the user's network", recipe(own, own.architecture, rate, second_->train.rows(), battery_)});
  const std::vector<FoldScore> scores =
      score_settings(laboratory_, "second features", views(*second_), candidates, folds, seed(Part::second));
  const auto best = std::ranges::min_element(scores, {}, &FoldScore::best_loss) - scores.begin();
  Setting chosen = candidates[static_cast<std::size_t>(best)];
  chosen.run.epochs = std::max<Index>(1, scores[static_cast<std::size_t>(best)].best_epochs);
  const std::vector<Judged> judged = judge("second features", *second_, {chosen});
  evidence_.second_data = seen(judged.front());
  evidence_.second_data->gain =
      crossed_difference(reference_judged_->right, judged.front().right, Pairing::by_training);
}

void Study::train() {
  judge_user();
  evidence_.user = look_into_user();
  const Folds folds(split_.train, Folds::possible(split_.train, battery_.folds), seed(Part::folds));
  choose(folds);
  judge_chosen();
  compare_balance_of_classes();
  compare_families();
  if (second_ != nullptr) judge_second(folds);

  const Folds curve_folds(split_.train, Folds::possible(split_.train, battery_.curve_folds), seed(Part::curve));
  const LearningCurve curve =
      learning_curve(laboratory_, split_, reference_judged_->setting, curve_folds, battery_, seed(Part::curve));
  evidence_.curve = curve.evidence;
  evidence_.noise =
      test_label_noise(held_out_probabilities(curve.largest, 1, curve_folds, split_.train.rows(), evidence_.classes),
                       split_.train.labels, evidence_.classes, Clusters(split_.train.groups));

  evidence_.signal = test_signal(laboratory_, split_, configuration_.run, battery_, seed(Part::signal));
  if (evidence_.signal) {
    const std::vector<Index>& class_rows = evidence_.integrity.of_classes.train_rows;
    const auto commonest = std::ranges::max_element(class_rows) - class_rows.begin();
    RowOutcomes constant(split_.test.rows(), reference_judged_->right.clusters());
    std::vector<std::uint8_t> right;
    for (const std::int32_t label : split_.test.labels) right.push_back(label == commonest);
    constant.add(right);
    evidence_.signal->over_majority = crossed_difference(constant, reference_judged_->right, Pairing::none);
  }
  evidence_.shift = test_shift(laboratory_, split_, curve, curve_folds, battery_, seed(Part::shift));
  evidence_.label_map = test_label_map(
      majority_vote(reference_judged_->predicted, split_.test.rows(), evidence_.classes), split_.test.label(),
      evidence_.classes, seed(Part::label_map), reference_judged_->right.clusters());
}

// The split without the test rows that the training rows hold as well.
Split without(const Split& split, const std::vector<std::int32_t>& left_out) {
  std::vector<std::int32_t> kept;
  for (std::int32_t row = 0; row < static_cast<std::int32_t>(split.test.rows()); ++row)
    if (!std::ranges::binary_search(left_out, row)) kept.push_back(row);
  std::vector<std::int32_t> all(static_cast<std::size_t>(split.train.rows()));
  std::iota(all.begin(), all.end(), 0);
  const auto taken = [](const Dataset& data, const std::vector<std::int32_t>& rows) {
    return take_rows(data, {rows.data(), static_cast<Index>(rows.size())});
  };
  return {.train = taken(split.train, all), .test = taken(split.test, kept)};
}

void expects_same_rows(const Split& split, const Split& second) {
  const auto same = [](const Dataset& a, const Dataset& b, const char* part) {
    if (a.rows() != b.rows())
      throw InputError(fmt::format("{} has {} {} rows and {} has {}; the second features must be of the same rows",
                                   b.source, b.rows(), part, a.source, a.rows()));
    if (a.labels != b.labels)
      throw InputError(
          fmt::format("{} has other labels for its {} rows than {}; the second features must be of the "
                      "same rows",
                      b.source, part, a.source));
  };
  same(split.train, second.train, "training");
  same(split.test, second.test, "test");
}

}  // namespace

std::optional<Diagnosis> diagnose(const Split& split, const Split* second, const DiagnoseConfiguration& configuration,
                                  Trainer& trainer, const Laboratory::Observer& observer) {
  expects(configuration.delta > 0, "diagnose: a gain that is worth acting on is above 0");
  for (const Dataset* part : {&split.train, &split.test})
    if (part->rows() < kFewestRows)
      throw InputError(
          fmt::format("{}: {} row{} too few to diagnose anything; bring at least {} to train on and {} "
                      "to test with",
                      part->source, part->rows(), part->rows() == 1 ? " is" : "s are", kFewestRows, kFewestRows));
  if (second != nullptr) expects_same_rows(split, *second);
  Folds::possible(split.train, battery_of(configuration.depth).folds);  // refused before anything is trained

  const auto start = std::chrono::steady_clock::now();
  Laboratory laboratory(trainer, observer);
  DiagnosisEvidence evidence{.delta = configuration.delta,
                             .train_rows = split.train.rows(),
                             .test_rows = split.test.rows(),
                             .classes = configuration.run.architecture.classes(),
                             .features = split.train.features(),
                             .class_names = split.train.classes.names};
  Index test_looks = 0;
  const auto train = [&](const Split& rows, const Split* second_rows) {
    evidence.test_rows = rows.test.rows();
    Study study(rows, second_rows, configuration, laboratory, evidence);
    study.train();
    test_looks += study.test_looks();
  };
  try {
    std::optional<Integrity> integrity =
        study_integrity(split.train, split.test, trainer, {.seed = seed_of(configuration.seed, Part::neighbours)});
    if (!integrity) return {};
    evidence.integrity = std::move(*integrity);
    const ClassFindings& classes = evidence.integrity.of_classes;
    const bool varies = static_cast<Index>(evidence.integrity.of_features.constant.size()) < evidence.features;
    if (classes_present(classes.train_rows) > 1 && classes_present(classes.test_rows) > 1 && varies) {
      const std::vector<std::int32_t>& leaked = evidence.integrity.leak.rows;
      if (!evidence.integrity.leak.present) {
        train(split, second);
      } else {
        Study with_leaked(split, nullptr, configuration, laboratory, evidence);
        evidence.with_leaked = with_leaked.judge_user();
        test_looks += with_leaked.test_looks();
        if (split.test.rows() - static_cast<Index>(leaked.size()) >= kFewestRows) {
          const Split rows = without(split, leaked);
          std::optional<Split> second_rows;
          if (second != nullptr) second_rows = without(*second, leaked);
          train(rows, second_rows ? &*second_rows : nullptr);
        }
      }
    }
  } catch (const Laboratory::Stopped&) {
    return {};
  }
  DiagnosisDecision decision = decide_diagnosis(evidence);
  std::vector<Suspect> suspects;
  if (evidence.noise)
    for (const std::int32_t row : evidence.noise->suspects) {
      const auto at = static_cast<std::size_t>(row);
      suspects.push_back({split.dealt ? Index{split.dealt->train[at]} : Index{row}, split.train.labels[at]});
    }
  return Diagnosis{.configuration = configuration,
                   .schema = schema_of(split.train),
                   .evidence = std::move(evidence),
                   .verdict = std::move(decision.verdict),
                   .causes = std::move(decision.causes),
                   .effects = std::move(decision.effects),
                   .budget = decision.budget,
                   .suspects = std::move(suspects),
                   .trainings = laboratory.trainings(),
                   .test_looks = test_looks,
                   .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

}  // namespace plateau
