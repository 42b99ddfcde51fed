// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/audit.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace plateau::validation {
namespace {

struct Judged {
  double train = 0, fresh = 0;
};

// Means over `seeds` trainings of each run on the rows of `split`, judged by the test rows of `fresh`.
std::vector<Judged> judge(const std::vector<Run>& runs, const Split& split, const Dataset& fresh, Trainer& trainer,
                          Index seeds) {
  std::vector<Run> all;
  for (Run run : runs)
    for (Index s = 0; s < seeds; ++s) {
      run.seed = static_cast<std::uint64_t>(s);
      run.outputs = {.parameters = true, .best_parameters = run.patience > 0, .test_correct = false, .scale = true};
      all.push_back(run);
    }
  const std::vector<RunResult> results = trainer.train_fleet(views(split), all);
  std::vector<Judged> judged(runs.size());
  for (std::size_t r = 0; r < all.size(); ++r) {
    const RunResult& result = results[r];
    Judged& of_run = judged[r / static_cast<std::size_t>(seeds)];
    // A training that has diverged is judged by what it left; it classifies nothing right where that is no number.
    const bool best = all[r].patience > 0 && !result.best_parameters.empty();
    const Predictions given = trainer.predict(
        {all[r].architecture, best ? result.best_parameters : result.parameters, result.scale}, fresh.x());
    Index right = 0;
    for (Index i = 0; i < fresh.rows(); ++i) right += given.predicted[static_cast<std::size_t>(i)] == fresh.label()[i];
    of_run.fresh += static_cast<double>(right) / static_cast<double>(fresh.rows()) / static_cast<double>(seeds);
    if (!result.history.empty()) of_run.train += result.history.back().train_accuracy / static_cast<double>(seeds);
  }
  return judged;
}

Run usual(const Run& user, std::vector<Index> hidden, double learning_rate, double weight_decay) {
  Run run = user;
  run.initial.reset();
  run.frozen = 0;
  run.patience = 0;
  run.validation.reset();
  run.architecture.widths = {user.architecture.features()};
  run.architecture.widths.insert(run.architecture.widths.end(), hidden.begin(), hidden.end());
  run.architecture.widths.push_back(user.architecture.classes());
  run.optimizer = AdamParameters{
      .learning_rate = learning_rate, .weight_decay = weight_decay, .decay_kind = WeightDecay::decoupled};
  run.standardise = true;
  return run;
}

// On the fresh rows, of the best number of neighbours.
double neighbours_accuracy(const Split& split, const Dataset& fresh, Trainer& trainer) {
  constexpr Index kMost = 5;
  const Neighbours found = trainer.neighbours(fresh.x(), split.train.x(), kMost, {});
  double best = 0;
  for (const Index k : {Index{1}, Index{3}, kMost}) {
    Index right = 0;
    for (Index row = 0; row < fresh.rows(); ++row) {
      Index same = 0;
      for (Index i = 0; i < k; ++i)
        same += split.train.label()[found.index[static_cast<std::size_t>(row * kMost + i)]] == fresh.label()[row];
      right += 2 * same > k;
    }
    best = std::max(best, static_cast<double>(right) / static_cast<double>(fresh.rows()));
  }
  return best;
}

std::vector<Run> long_trainings(const Run& user, Index rows) {
  std::vector<Run> runs;
  for (const double rate : {0.001, 0.003}) {
    Run run = usual(user, {256, 256, 256}, rate, 0);
    run.epochs = kLongSteps * run.batch / rows;
    runs.push_back(run);
  }
  return runs;
}

double majority_share(const Dataset& rows) {
  std::vector<Index> count(static_cast<std::size_t>(rows.classes.classes()));
  for (const std::int32_t label : rows.labels) ++count[static_cast<std::size_t>(label)];
  return static_cast<double>(*std::ranges::max_element(count)) / static_cast<double>(rows.rows());
}

}  // namespace

Audit audit(const Problem& problem, Trainer& trainer, Index seeds) {
  const Specification& s = problem.specification();
  const Dataset fresh = problem.fresh_rows(kFreshRows).test;
  std::optional<ValidationRows> held_out;
  if (s.run.patience > 0) held_out.emplace(problem.split().train, s.validation, s.rule.seed);
  std::vector<Run> runs{s.run};
  std::vector<std::string> names{"the user's"};
  for (const auto& [hidden, words] : {std::pair{std::vector<Index>{}, "linear"},
                                      {{8}, "8"},
                                      {{32}, "32"},
                                      {{128, 128}, "128-128"},
                                      {{64, 64}, "64-64"}})
    for (const double rate : {0.003, 0.02})
      for (const double decay : {0.0, 1.0}) {
        runs.push_back(usual(s.run, hidden, rate, decay));
        names.push_back(std::string(words) + ", lr " + std::to_string(rate).substr(0, 5) +
                        (decay > 0 ? ", decay" : ""));
      }
  if (s.remedy) {
    runs.push_back(*s.remedy);
    names.push_back("the remedy");
  }
  if (held_out)
    for (Run& run : runs) {
      held_out->hold_out_of(run);
      if (run.patience == 0) run.validation.reset();
    }
  const std::vector<Judged> judged = judge(runs, problem.split(), fresh, trainer, seeds);
  std::size_t best = 0;
  for (std::size_t r = 1; r < runs.size(); ++r)
    if (judged[r].fresh > judged[best].fresh) best = r;

  Audit found{
      .user_train = judged[0].train, .user = judged[0].fresh, .ladder = judged[best].fresh, .ladder_what = names[best]};
  if (s.remedy) found.remedied = judged.back().fresh;
  runs[best].rows.reset();
  runs[best].validation.reset();
  runs[best].patience = 0;
  Run half = runs[best];
  half.rows = RowSelection::part(1, s.train_rows, s.train_rows / 2);
  found.ladder_at_half = judge({half}, problem.split(), fresh, trainer, 2 * seeds)[0].fresh;
  found.ladder_at_twice =
      judge({runs[best]}, problem.more_train_rows(2 * s.train_rows), fresh, trainer, 2 * seeds)[0].fresh;
  if (problem.second() != nullptr)
    found.second =
        judge({s.run}, *problem.second(), problem.second_fresh_rows(kFreshRows)->test, trainer, seeds)[0].fresh;
  if (s.test_view.drift != 0 || s.test_view.first_share != 0) {
    Specification unshifted = problem.specification();
    unshifted.test_view = unshifted.train_view;
    found.unshifted =
        judge({s.run}, problem.split(), Problem(unshifted).fresh_rows(kFreshRows).test, trainer, seeds)[0].fresh;
  }
  if (s.rule.kind == RuleKind::patchwork) {
    found.neighbours = neighbours_accuracy(problem.split(), fresh, trainer);
    for (const Judged& one : judge(long_trainings(s.run, s.train_rows), problem.split(), fresh, trainer, 1))
      found.longest = std::max(found.longest.value_or(0), one.fresh);
  }
  found.majority = majority_share(fresh);
  found.bayes = problem.bayes_accuracy();
  return found;
}

}  // namespace plateau::validation
