// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/clusters.hpp"
#include "plateau/study/integrity.hpp"
#include "plateau/study/learning_curve.hpp"
#include "plateau/study/model_search.hpp"
#include "plateau/study/remedy_advice.hpp"
#include "plateau/study/remedy_settings.hpp"
#include "remedy_judge.hpp"

namespace plateau {
namespace {

constexpr std::size_t kPaired = 3;  // of the best single remedies, two of which make a pair

using Clock = std::chrono::steady_clock;

// Another network starts from drawn weights and freezes no layer, so that two of these are no more than one of them.
bool draws_anew(Remedy remedy) {
  return remedy == Remedy::unfrozen || remedy == Remedy::drawn_weights || remedy == Remedy::larger_network ||
         remedy == Remedy::smaller_network;
}

// Which remedies are tried, and with which settings.
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
        folds_(split.train, Folds::possible(split.train, battery_.folds), seed_of(seed_, RemedyPart::folds)),
        judge_(split, configuration, laboratory, table) {}

  void train();
  Index test_looks() const { return judge_.test_looks(); }

 private:
  // What does not apply has a row only where it was asked for by its name.
  bool wanted(Remedy remedy) const {
    return only_.empty() ? applies(remedy, own_) : std::ranges::find(only_, remedy) != only_.end();
  }
  RemedyRow& row_of(Remedy remedy) { return table_.rows.emplace_back(RemedyRow{.remedy = remedy}); }

  Candidates score(Remedy remedy, std::vector<Setting> settings);
  void judge(RemedyRow& row, Choice choice, const char* why_none);

  void attempt(Remedy remedy);
  void try_single(Remedy remedy);
  void try_early_stopping();
  void try_class_weights();
  void try_pair();
  void search();
  void predict_more_data();

  const Split& split_;
  const TrainingData data_;
  const Run& own_;
  const std::vector<Remedy>& only_;
  const std::uint64_t seed_;
  const Battery& battery_;
  Laboratory& laboratory_;
  RemedyTable& table_;
  const Folds folds_;
  RemedyJudge judge_;
  std::vector<Candidates> single_;  // that were tried
};

Candidates Study::score(Remedy remedy, std::vector<Setting> settings) {
  std::vector<FoldScore> scores =
      score_settings(laboratory_, to_string(remedy), data_, settings, folds_, seed_of(seed_, RemedyPart::score));
  return {remedy, std::move(settings), std::move(scores)};
}

void Study::judge(RemedyRow& row, Choice choice, const char* why_none) {
  if (!choice.is_made()) {
    row.chosen = why_none;
    return;
  }
  if (const std::string also = also_changed(own_, choice.setting); !also.empty())
    choice.setting.what += fmt::format(" (also: {})", also);
  row.chosen = choice.setting.what;
  judge_.judge(row, choice.setting);
}

void Study::try_single(Remedy remedy) {
  RemedyRow& row = row_of(remedy);
  const Meter meter(laboratory_, row.cost);
  std::vector<Setting> settings = remedy_settings(remedy, own_, split_.train.rows(), battery_);
  row.settings = static_cast<Index>(settings.size());
  if (settings.empty()) {
    row.chosen = why_no_settings(remedy);
    return;
  }
  single_.push_back(score(remedy, std::move(settings)));
  judge(row, choice_of(single_.back()), "every setting diverged on the folds");
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
  single_.push_back(score(Remedy::early_stopping, {Setting{.what = "", .run = own_}}));
  judge(row, choice_of(single_.back()), "the validation loss is lowest at the end of the training");
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
  judge_.judge_balance(row, setting);
}

// Two single remedies together: the second one chosen anew on top of the first.
void Study::try_pair() {
  RemedyRow& row = row_of(Remedy::pair);
  const Meter meter(laboratory_, row.cost);
  struct Single {
    const Candidates* candidates;
    Choice choice;

    bool stops_early() const { return candidates->remedy == Remedy::early_stopping; }
  };
  std::vector<Single> best;
  for (const Candidates& candidates : single_)
    if (Choice choice = choice_of(candidates); choice.is_made()) best.push_back({&candidates, std::move(choice)});
  std::ranges::stable_sort(best, {}, [](const Single& single) { return single.choice.loss; });
  if (best.size() > kPaired) best.resize(kPaired, best.front());
  std::ranges::stable_sort(best, {}, [](const Single& single) { return single.candidates->remedy; });

  Choice chosen;
  const auto consider = [&](Choice choice, std::size_t settings) {
    row.settings += static_cast<Index>(settings);
    if (choice.loss < chosen.loss) chosen = std::move(choice);
  };
  for (std::size_t i = 0; i < best.size(); ++i) {
    for (std::size_t j = i + 1; j < best.size(); ++j) {
      const Single &first = best[i], &second = best[j];
      if (draws_anew(first.candidates->remedy) && draws_anew(second.candidates->remedy)) continue;
      if (first.stops_early() || second.stops_early()) {
        const Candidates& other = *(first.stops_early() ? second : first).candidates;
        consider(best_stopped(other), other.settings.size());
        continue;
      }
      const Setting& base = first.choice.setting;
      std::vector<Setting> settings =
          remedy_settings(second.candidates->remedy, base.run, split_.train.rows(), battery_);
      if (settings.empty()) continue;
      for (Setting& setting : settings) setting.what = fmt::format("{}, {}", base.what, setting.what);
      const std::size_t count = settings.size();
      consider(best_of(score(Remedy::pair, std::move(settings))), count);
    }
  }
  judge(row, std::move(chosen), "no two remedies go together");
}

void Study::search() {
  Index budget = 0;  // as many as all remedies so far took
  for (const RemedyRow& other : table_.rows) budget += other.cost.trainings;
  RemedyRow& row = row_of(Remedy::model_selection);
  const Meter meter(laboratory_, row.cost);
  const std::optional<SearchResult> found =
      search_settings(laboratory_, to_string(row.remedy), data_, own_, battery_, folds_,
                      std::max<Index>(0, budget - judge_.seeds()), seed_of(seed_, RemedyPart::search));
  if (found) row.settings = found->settings;
  judge(row, found ? Choice{found->best, 0} : Choice{},
        budget > judge_.seeds() ? "every setting diverged on the folds"
                                : "no other remedy took trainings, of which it may take as many");
}

void Study::predict_more_data() {
  RemedyRow& row = row_of(Remedy::more_data);
  const Meter meter(laboratory_, row.cost);
  table_.curve = learning_curve(laboratory_, split_, {.what = "", .run = own_}, folds_, battery_,
                                seed_of(seed_, RemedyPart::curve))
                     .evidence;
  row.state = RemedyState::predicted;
  row.chosen = "twice the training rows";
  row.settings = 1;
  row.setting = table_.baseline;
  row.setting.what = row.chosen;
  row.setting.trainings = 0;
  row.setting.test_accuracy += table_.curve->at_twice;
  row.setting.gain = Difference{{table_.curve->at_twice, table_.curve->at_twice_interval}};
}

void Study::attempt(Remedy remedy) {
  switch (remedy) {
    case Remedy::early_stopping:
      return try_early_stopping();
    case Remedy::class_weights:
      return try_class_weights();
    case Remedy::ensemble:
      return judge_.judge_votes(row_of(remedy));
    case Remedy::pair:
      return try_pair();
    case Remedy::model_selection:
      return search();
    case Remedy::more_data:
      return predict_more_data();
    case Remedy::placebo: {
      RemedyRow& row = row_of(remedy);
      const Meter meter(laboratory_, row.cost);
      return judge_.judge_placebo(row);
    }
    default:
      return try_single(remedy);
  }
}

void Study::train() {
  judge_.judge_baseline();
  for (int i = 0; i < kRemedies; ++i)
    if (const auto remedy = static_cast<Remedy>(i); remedy == Remedy::placebo || wanted(remedy)) attempt(remedy);
  decide(table_);
  judge_.rank();
}

Index groups_of(const Dataset& rows) {
  const Clusters clusters(rows.groups);
  return clusters.are_rows() ? 0 : clusters.count(rows.rows());
}

// Whether any feature has two values.
bool varies(const Dataset& rows) {
  const HostMatrix<const float> x = rows.x();
  for (Index r = 1; r < x.rows; ++r)
    if (!std::equal(x.row(0), x.row(0) + x.cols, x.row(r))) return true;
  return false;
}

void expects_comparable(const Split& split) {
  expects_enough_rows(split.train, split.test, "compare anything");
  for (const Dataset* part : {&split.train, &split.test}) {
    if (std::ranges::count(part->labels, part->labels.front()) == part->rows())
      throw InputError(
          fmt::format("{}: all {} {} rows have one class, so there is nothing to remedy; `plateau "
                      "diagnose` says more",
                      part->source, part->rows(), part == &split.train ? "training" : "test"));
  }
  if (!varies(split.train))
    throw InputError(
        fmt::format("{}: no feature varies over the {} training rows, so there is nothing to learn from "
                    "them",
                    split.train.source, split.train.rows()));
}

// Whether it has settings of which folds choose: two of these make a pair, and the search takes as many trainings.
bool is_single_change(Remedy remedy) { return remedy <= Remedy::mixup; }

// Refuses the pair, or the search, without the remedies that it is made from.
void expects_enough(const std::vector<Remedy>& only) {
  const auto asked = [&](Remedy remedy) { return std::ranges::find(only, remedy) != only.end(); };
  const Index single = std::ranges::count_if(only, is_single_change);
  // All that draw anew count as one.
  const Index drawing = std::ranges::count_if(only, draws_anew);
  const Index apart = single - std::max<Index>(0, drawing - 1);
  std::vector<const char*> names;
  for (int i = 0; is_single_change(static_cast<Remedy>(i)); ++i) names.push_back(to_string(static_cast<Remedy>(i)));
  if (asked(Remedy::pair) && apart < 2)
    throw InputError(
        fmt::format("--only pair: a pair is made from two other remedies that are tried, not both of them another "
                    "network, unfrozen or drawn-weights; add some of {}",
                    fmt::join(names, ",")));
  if (asked(Remedy::model_selection) && single == 0)
    throw InputError(
        fmt::format("--only model-selection: the search takes as many trainings as the other remedies that are tried; "
                    "add some of {}",
                    fmt::join(names, ",")));
}

}  // namespace

std::optional<RemediesResult> remedies(const Split& split, const RemediesConfiguration& configuration, Trainer& trainer,
                                       const Laboratory::Observer& observer) {
  expects(configuration.delta > 0, "remedies: a gain that is worth acting on is above 0");
  expects_enough(configuration.only);
  expects_comparable(split);
  const auto start = Clock::now();
  Laboratory laboratory(trainer, observer);
  RemediesResult result{.configuration = configuration,
                        .schema = schema_of(split.train),
                        .scaled_by_initial = !split.scale.empty(),
                        .table = {.delta = configuration.delta,
                                  .all_asked = configuration.only.empty(),
                                  .train_rows = split.train.rows(),
                                  .test_rows = split.test.rows(),
                                  .classes = configuration.run.architecture.classes(),
                                  .features = split.train.features(),
                                  .test_groups = groups_of(split.test)}};
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
