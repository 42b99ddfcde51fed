// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/comparisons.hpp"
#include "plateau/study/learning_curve.hpp"
#include "plateau/study/model_search.hpp"

namespace plateau {
namespace {

constexpr Index kFewestRows = 10;          // of training, and of test
constexpr std::size_t kPaired = 3;         // of the best single remedies, two of which make a pair
constexpr Index kMembers[] = {5, 10, 20};  // of ensembles

// Seeds of the parts, which are apart from each other and from those of a diagnosis.
enum class Part : std::uint32_t { folds = 100, held_out, judge, score, search, curve, placebo };

using Clock = std::chrono::steady_clock;

// Adds to a cost what is trained, and the time it takes, while it lives.
class Meter {
 public:
  Meter(const Laboratory& laboratory, RemedyCost& cost)
      : laboratory_(laboratory), cost_(cost), before_(laboratory.trainings()) {}
  ~Meter() {
    cost_.trainings += laboratory_.trainings() - before_;
    cost_.seconds += std::chrono::duration<double>(Clock::now() - start_).count();
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  const Laboratory& laboratory_;
  RemedyCost& cost_;
  Index before_;
  Clock::time_point start_ = Clock::now();
};

Setting without(const char* what, Run run, double Run::*member) {
  run.*member = 0;
  return {fmt::format("no {}", what), std::move(run)};
}

// What a remedy may change `base` into; empty where there is nothing to change.
std::vector<Setting> settings_of(Remedy remedy, const Run& base, Index rows, const Battery& battery) {
  std::vector<Setting> settings;
  switch (remedy) {
    case Remedy::optimisation:
      return optimisation_settings(base, rows, battery);
    case Remedy::larger_network:
      return larger_settings(base, battery);
    case Remedy::smaller_network:
      return smaller_settings(base);
    case Remedy::weight_decay:
      settings = decay_settings(base, battery);
      if (weight_decay(base.optimizer) > 0) {
        settings.push_back({"no weight decay", base});
        std::visit([](auto& parameters) { parameters.weight_decay = 0; }, settings.back().run.optimizer);
      }
      return settings;
    case Remedy::dropout:
      settings = dropout_settings(base, battery);
      if (base.dropout > 0) settings.push_back(without("dropout", base, &Run::dropout));
      return settings;
    case Remedy::jitter:
      settings = jitter_settings(base);
      if (base.jitter > 0) settings.push_back(without("jitter", base, &Run::jitter));
      return settings;
    case Remedy::mixup:
      settings = mixup_settings(base);
      if (base.mixup > 0) settings.push_back(without("mixup", base, &Run::mixup));
      return settings;
    default:
      return settings;
  }
}

// What a remedy has on the folds.
struct Candidates {
  Remedy remedy = Remedy::placebo;
  std::vector<Setting> settings;
  std::vector<FoldScore> scores;

  bool is_early_stopping() const { return remedy == Remedy::early_stopping; }
};

struct Choice {
  Setting setting;
  double loss = std::numeric_limits<double>::infinity();

  bool is_made() const { return std::isfinite(loss); }
};

Choice best_of(const Candidates& candidates) {
  Choice best;
  for (std::size_t i = 0; i < candidates.settings.size(); ++i) {
    const FoldScore& score = candidates.scores[i];
    // Of a training that stops early the best epoch is kept.
    const double loss = candidates.settings[i].run.patience > 0 ? score.best_loss : score.validation_loss;
    if (loss < best.loss) best = {candidates.settings[i], loss};
  }
  return best;
}

// The same, each setting stopped at its best epoch; none where all of them are best at their ends.
Choice best_stopped(const Candidates& candidates) {
  Choice best;
  for (std::size_t i = 0; i < candidates.settings.size(); ++i) {
    const FoldScore& score = candidates.scores[i];
    if (score.best_epochs < candidates.settings[i].run.epochs && score.best_loss < best.loss)
      best = {stopped_at_best(candidates.settings[i], score), score.best_loss};
  }
  return best;
}

class Study {
 public:
  Study(const Split& split, const RemediesConfiguration& configuration, Laboratory& laboratory, RemedyTable& table)
      : split_(split),
        data_(views(split)),
        own_(configuration.run),
        only_(configuration.only),
        seed_(configuration.seed),
        battery_(battery_of(configuration.depth)),
        laboratory_(laboratory),
        table_(table),
        seeds_(battery_.seeds),
        folds_(split.train, Folds::possible(split.train, battery_.folds), seed(Part::folds)) {
    if (own_.patience > 0) held_out_.emplace(split.train, configuration.validation, seed(Part::held_out));
  }

  void train();
  Index test_looks() const { return test_looks_; }

 private:
  std::uint64_t seed(Part part) const { return study_seed(seed_, static_cast<std::uint32_t>(part)); }
  bool wanted(Remedy remedy) const { return only_.empty() || std::ranges::find(only_, remedy) != only_.end(); }
  RemedyRow& row_of(Remedy remedy) { return table_.rows.emplace_back(RemedyRow{.remedy = remedy}); }

  Candidates score(Remedy remedy, std::vector<Setting> settings);
  Judged judge(Remedy remedy, const Setting& setting, Part seeds = Part::judge);
  void compare(RemedyRow& row, const Judged& judged);
  void choose_and_judge(RemedyRow& row, const Choice& choice, const char* why_none);

  void judge_baseline();
  void try_single(Remedy remedy);
  void try_early_stopping();
  void try_class_weights();
  void try_ensembles();
  void try_pair();
  void search();
  void predict_more_data();
  void give_placebo();

  const Split& split_;
  const TrainingData data_;
  const Run& own_;
  const std::vector<Remedy>& only_;
  const std::uint64_t seed_;
  const Battery& battery_;
  Laboratory& laboratory_;
  RemedyTable& table_;
  Index seeds_;  // of whatever is judged
  const Folds folds_;
  std::optional<ValidationRows> held_out_{std::in_place};
  std::optional<Judged> baseline_;
  std::vector<Candidates> single_;  // that were tried
  Index test_looks_ = 0;
};

Candidates Study::score(Remedy remedy, std::vector<Setting> settings) {
  std::vector<FoldScore> scores =
      score_settings(laboratory_, to_string(remedy), data_, settings, folds_, seed(Part::score));
  return {remedy, std::move(settings), std::move(scores)};
}

Judged Study::judge(Remedy remedy, const Setting& setting, Part seeds) {
  ++test_looks_;
  return std::move(judge_settings(laboratory_, to_string(remedy), data_, {setting}, *held_out_, seeds_, seed(seeds),
                                  Clusters(split_.test.groups))
                       .front());
}

void Study::judge_baseline() {
  const Meter meter(laboratory_, table_.baseline_cost);
  const Setting setting{.what = "the baseline", .run = own_, .probabilities = true};
  const auto judged = [&] {
    return std::move(judge_settings(laboratory_, "baseline", data_, {setting}, *held_out_, seeds_, seed(Part::judge),
                                    Clusters(split_.test.groups))
                         .front());
  };
  ++test_looks_;
  baseline_ = judged();
  if (const Index seeds = seeds_for(*baseline_, seeds_); seeds > seeds_) {
    seeds_ = seeds;
    baseline_ = judged();
  }
  table_.baseline = setting_evidence(*baseline_, split_.test.label(), table_.classes);
  table_.test_interval = wilson_interval(table_.baseline.test_accuracy, baseline_->right);
}

void Study::compare(RemedyRow& row, const Judged& judged) {
  row.state = RemedyState::unresolved;  // until the table is decided
  row.setting = setting_evidence(judged, split_.test.label(), table_.classes);
  row.setting.gain = crossed_difference(baseline_->right, judged.right, Pairing::by_training);
  const std::vector<double> before = baseline_->right.training_accuracy(), after = judged.right.training_accuracy();
  for (std::size_t t = 0; t < after.size(); ++t) row.better_seeds += after[t] > before[t];
}

void Study::choose_and_judge(RemedyRow& row, const Choice& choice, const char* why_none) {
  row.chosen = choice.is_made() ? choice.setting.what : why_none;
  if (choice.is_made()) compare(row, judge(row.remedy, choice.setting));
}

void Study::try_single(Remedy remedy) {
  RemedyRow& row = row_of(remedy);
  const Meter meter(laboratory_, row.cost);
  std::vector<Setting> settings = settings_of(remedy, own_, split_.train.rows(), battery_);
  row.settings = static_cast<Index>(settings.size());
  if (settings.empty()) {
    row.chosen = remedy == Remedy::larger_network ? "no larger network is tried" : "a linear model has no hidden units";
    return;
  }
  Candidates candidates = score(remedy, std::move(settings));
  choose_and_judge(row, best_of(candidates), "every setting diverged on the folds");
  single_.push_back(std::move(candidates));
}

// The baseline's own trainings on the folds say when to stop.
void Study::try_early_stopping() {
  RemedyRow& row = row_of(Remedy::early_stopping);
  const Meter meter(laboratory_, row.cost);
  if (own_.patience > 0) {
    row.chosen = "the training stops early as it is";
    return;
  }
  row.settings = 1;
  Candidates candidates = score(Remedy::early_stopping, {Setting{.what = "", .run = own_}});
  choose_and_judge(row, best_stopped(candidates), "the validation loss is lowest at the end of the training");
  single_.push_back(std::move(candidates));
}

void Study::try_class_weights() {
  RemedyRow& row = row_of(Remedy::class_weights);
  const Meter meter(laboratory_, row.cost);
  std::vector<Index> class_rows(static_cast<std::size_t>(table_.classes));
  for (const std::int32_t label : split_.train.labels) ++class_rows[static_cast<std::size_t>(label)];
  if (own_.class_weights.any())
    row.chosen = "the training weighs classes as it is";
  else if (std::ranges::min(class_rows) == std::ranges::max(class_rows))
    row.chosen = "every class has as many training rows";
  if (!row.chosen.empty()) return;
  Setting setting{.what = "balanced class weights", .run = own_};
  setting.run.class_weights = {.balanced = true};
  row.settings = 1;
  row.chosen = setting.what;
  row.balanced = true;
  const Judged judged = judge(row.remedy, setting);
  compare(row, judged);
  const BalanceEvidence balance = compare_balance(*baseline_, judged, split_.test.label(), table_.classes);
  row.setting.gain = balance.gain;
  row.setting.balanced_accuracy = balance.balanced_accuracy;
  row.better_seeds = 0;  // of accuracies, which are not what is judged here
}

// Of the trainings that the baseline is judged by. The largest is the one that counts.
void Study::try_ensembles() {
  RemedyRow& row = row_of(Remedy::ensemble);
  const std::vector<double> single = baseline_->right.training_accuracy();
  const auto best = std::ranges::max_element(single) - single.begin();
  RowOutcomes best_single(baseline_->right.rows(), baseline_->right.clusters());
  std::vector<std::uint8_t> right;
  for (Index r = 0; r < best_single.rows(); ++r) right.push_back(baseline_->right(best, r));
  best_single.add(right);
  for (const Index members : kMembers) {
    if (members > baseline_->right.trainings()) break;
    const RowOutcomes votes = vote_outcomes(*baseline_, members, split_.test.label(), table_.classes);
    row.ensembles.push_back({.members = members,
                             .ensembles = votes.trainings(),
                             .accuracy = mean_spread(votes.training_accuracy()).mean,
                             .over_mean = crossed_difference(baseline_->right, votes, Pairing::none),
                             .over_best = crossed_difference(best_single, votes, Pairing::none)});
    ++test_looks_;
  }
  const EnsembleGain& largest = row.ensembles.back();
  row.state = RemedyState::unresolved;
  row.chosen = fmt::format("the vote of {} trainings", largest.members);
  row.settings = 1;
  row.setting = table_.baseline;
  row.setting.what = row.chosen;
  row.setting.trainings = largest.members * largest.ensembles;
  row.setting.test_accuracy = largest.accuracy;
  row.setting.gain = largest.over_mean;
}

// Two single remedies together: the second one chosen anew on top of the first.
void Study::try_pair() {
  RemedyRow& row = row_of(Remedy::pair);
  const Meter meter(laboratory_, row.cost);
  struct Single {
    const Candidates* candidates;
    Choice choice;
  };
  std::vector<Single> best;
  for (const Candidates& candidates : single_) {
    Choice choice = candidates.is_early_stopping() ? best_stopped(candidates) : best_of(candidates);
    if (choice.is_made()) best.push_back({&candidates, std::move(choice)});
  }
  std::ranges::stable_sort(best, {}, [](const Single& single) { return single.choice.loss; });
  if (best.size() > kPaired) best.resize(kPaired, best.front());
  std::ranges::stable_sort(best, {}, [](const Single& single) { return single.candidates->remedy; });

  Choice chosen;
  const auto consider = [&chosen](Choice choice) {
    if (choice.loss < chosen.loss) chosen = std::move(choice);
  };
  const auto is_size = [](Remedy remedy) {
    return remedy == Remedy::larger_network || remedy == Remedy::smaller_network;
  };
  for (std::size_t i = 0; i < best.size(); ++i) {
    for (std::size_t j = i + 1; j < best.size(); ++j) {
      const Candidates &first = *best[i].candidates, &second = *best[j].candidates;
      if (is_size(first.remedy) && is_size(second.remedy)) continue;
      if (first.is_early_stopping() || second.is_early_stopping()) {
        consider(best_stopped(first.is_early_stopping() ? second : first));
        row.settings += static_cast<Index>((first.is_early_stopping() ? second : first).settings.size());
        continue;
      }
      const Setting& base = best[i].choice.setting;
      std::vector<Setting> settings = settings_of(second.remedy, base.run, split_.train.rows(), battery_);
      if (settings.empty()) continue;
      for (Setting& setting : settings) setting.what = fmt::format("{}, {}", base.what, setting.what);
      row.settings += static_cast<Index>(settings.size());
      consider(best_of(score(Remedy::pair, std::move(settings))));
    }
  }
  choose_and_judge(row, chosen, "no two remedies go together");
}

void Study::search() {
  Index budget = 0;  // as many as all remedies so far took
  for (const RemedyRow& other : table_.rows) budget += other.cost.trainings;
  RemedyRow& row = row_of(Remedy::model_selection);
  const Meter meter(laboratory_, row.cost);
  const std::optional<SearchResult> found =
      search_settings(laboratory_, to_string(row.remedy), data_, own_, battery_, folds_,
                      std::max<Index>(0, budget - seeds_), seed(Part::search));
  if (found) row.settings = found->settings;
  choose_and_judge(row, found ? Choice{found->best, 0} : Choice{},
                   budget > seeds_ ? "every setting diverged on the folds"
                                   : "no other remedy took trainings, of which it may take as many");
}

void Study::predict_more_data() {
  RemedyRow& row = row_of(Remedy::more_data);
  const Meter meter(laboratory_, row.cost);
  table_.curve =
      learning_curve(laboratory_, split_, {.what = "", .run = own_}, folds_, battery_, seed(Part::curve)).evidence;
  row.state = RemedyState::predicted;
  row.chosen = "twice the training rows";
  row.settings = 1;
  row.setting = table_.baseline;
  row.setting.what = row.chosen;
  row.setting.trainings = 0;
  row.setting.test_accuracy += table_.curve->at_twice;
  row.setting.gain = Difference{{table_.curve->at_twice, table_.curve->at_twice_interval}};
}

void Study::give_placebo() {
  RemedyRow& row = row_of(Remedy::placebo);
  const Meter meter(laboratory_, row.cost);
  row.chosen = "the baseline with other seeds";
  row.settings = 1;
  compare(row, judge(row.remedy, {.what = row.chosen, .run = own_}, Part::placebo));
  row.state = RemedyState::control;
}

void Study::train() {
  judge_baseline();
  for (int i = 0; i < kRemedies; ++i) {
    const auto remedy = static_cast<Remedy>(i);
    if (remedy != Remedy::placebo && !wanted(remedy)) continue;
    switch (remedy) {
      case Remedy::early_stopping:
        try_early_stopping();
        break;
      case Remedy::class_weights:
        try_class_weights();
        break;
      case Remedy::ensemble:
        try_ensembles();
        break;
      case Remedy::pair:
        try_pair();
        break;
      case Remedy::model_selection:
        search();
        break;
      case Remedy::more_data:
        predict_more_data();
        break;
      case Remedy::placebo:
        give_placebo();
        break;
      default:
        try_single(remedy);
    }
  }
  decide(table_);
}

void expects_comparable(const Split& split) {
  for (const Dataset* part : {&split.train, &split.test}) {
    if (part->rows() < kFewestRows)
      throw InputError(
          fmt::format("{}: {} rows are too few to compare anything; bring at least {} to train on and {} to test with",
                      part->source, part->rows(), kFewestRows, kFewestRows));
    if (std::ranges::count(part->labels, part->labels.front()) == part->rows())
      throw InputError(
          fmt::format("{}: all {} {} rows have one class, so there is nothing to remedy; `plateau "
                      "diagnose` says more",
                      part->source, part->rows(), part == &split.train ? "training" : "test"));
  }
}

}  // namespace

std::optional<RemediesResult> remedies(const Split& split, const RemediesConfiguration& configuration, Trainer& trainer,
                                       const Laboratory::Observer& observer) {
  expects(configuration.delta > 0, "remedies: a gain that is worth acting on is above 0");
  expects_comparable(split);
  const auto start = Clock::now();
  Laboratory laboratory(trainer, observer);
  RemediesResult result{.configuration = configuration,
                        .schema = schema_of(split.train),
                        .table = {.delta = configuration.delta,
                                  .train_rows = split.train.rows(),
                                  .test_rows = split.test.rows(),
                                  .classes = configuration.run.architecture.classes(),
                                  .features = split.train.features()}};
  try {
    Study study(split, configuration, laboratory, result.table);
    study.train();
    result.test_looks = study.test_looks();
  } catch (const Laboratory::Stopped&) {
    return {};
  }
  result.advice = advice(result.table);
  result.trainings = laboratory.trainings();
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

}  // namespace plateau
