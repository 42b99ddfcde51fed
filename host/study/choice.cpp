// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/choice.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "plateau/study/statistics.hpp"

namespace plateau {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Scored {
  Setting setting;
  double loss = kInfinity;
  double accuracy = 0;  // of the same epoch; mean over the folds, 0 where one diverged
};

// After the epochs that the run asks for.
Scored as_asked(Setting setting, const FoldScore& score) {
  return {std::move(setting), score.validation_loss, score.validation_accuracy};
}

// After as many as are best.
Scored at_best(Setting setting, const FoldScore& score) {
  return {stopped_at_best(std::move(setting), score), score.best_loss,
          score.best_accuracies.empty() ? 0 : mean_spread(score.best_accuracies).mean};
}

// What the folds say of a network.
struct Rung {
  Architecture network;
  FoldScore score;
};

class Chooser {
 public:
  Chooser(Laboratory& laboratory, const TrainingData& data, const Run& own, const Folds& folds, const Battery& battery,
          bool longer, std::uint64_t seed)
      : laboratory_(laboratory),
        data_(data),
        own_(own),
        folds_(folds),
        battery_(battery),
        longer_(longer),
        seed_(seed),
        base_{.setting = {"the user's", own}} {}

  ChosenSteps choose() {
    if (own_.frozen != 0) choice_.unfrozen = without_frozen_layers();
    if (own_.initial) choice_.drawn = from_drawn_weights();
    choose_optimised();
    if (!needs_more_steps_) choose_regularised();
    choose_network();
    choice_.ladder = rungs();
    return std::move(choice_);
  }

 private:
  std::vector<FoldScore> score(const char* block, const std::vector<Setting>& settings) {
    return score_settings(laboratory_, block, data_, settings, folds_, seed_);
  }

  // Of what has no loss, nothing is known to be better.
  static void keep_better(std::optional<Scored>& best, Scored scored) {
    if (!best || scored.loss < best->loss) best = std::move(scored);
  }

  void score_base(const FoldScore& score) {
    base_.loss = score.validation_loss;
    base_.accuracy = score.validation_accuracy;
  }

  Step over_base(const Scored& scored) const {
    return {scored.setting, scored.loss < base_.loss, scored.accuracy - base_.accuracy};
  }

  // A setting as a step over the base, which it becomes where it is better.
  Step step_to(Scored scored) {
    Step step = over_base(scored);
    if (step.taken) base_ = std::move(scored);
    return step;
  }

  Step compare_with_base(const char* block, Setting setting) {
    const std::vector<FoldScore> scores = score(block, {base_.setting, setting});
    score_base(scores[0]);
    return step_to(as_asked(std::move(setting), scores[1]));
  }

  Step without_frozen_layers() {
    Setting setting{"no layer frozen", base_.setting.run};
    setting.run.frozen = 0;
    return compare_with_base("frozen layers", std::move(setting));
  }

  Step from_drawn_weights() {
    Setting setting{"drawn weights", base_.setting.run};
    setting.run.initial.reset();
    return compare_with_base("given weights", std::move(setting));
  }

  // Better optimised is what fits the training rows better; what fits them less and does better is held back.
  void choose_optimised() {
    std::vector<Setting> candidates = optimisation_settings(base_.setting.run, data_.train_x.rows, battery_);
    candidates.insert(candidates.begin(), base_.setting);
    const std::vector<FoldScore> scores = score("optimisation", candidates);
    score_base(scores[0]);
    std::optional<Scored> best;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (i > 0 && scores[i].train_loss < scores[0].train_loss) keep_better(best, as_asked(candidates[i], scores[i]));
      keep_if_stopped_earlier(candidates[i], scores[i], i == 0 ? "" : candidates[i].what);
      keep_rung(candidates[i], scores[i]);
    }
    if (longer_) choose_longer_recipe(scores[0].train_loss, best);
    if (best) choice_.optimised = step_to(std::move(*best));
  }

  // The recipe in more steps, where the best of them come after the usual ones.
  void choose_longer_recipe(double train_loss, std::optional<Scored>& best) {
    const Index rows = data_.train_x.rows;
    const std::vector<Setting> candidates = recipe_settings(base_.setting.run, rows, lengthened(battery_));
    const Index usual = recipe_settings(base_.setting.run, rows, battery_).front().run.epochs;
    const std::vector<FoldScore> scores = score("more steps", candidates);
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (scores[i].best_epochs > usual && scores[i].train_loss < train_loss)
        keep_better(best, at_best(candidates[i], scores[i]));
    needs_more_steps_ = best && best->setting.run.epochs > usual && best->loss < base_.loss;
  }

  void choose_regularised() {
    const std::vector<Setting> candidates = regularisation_settings(base_.setting.run, battery_);
    const std::vector<FoldScore> scores = score("regularisation", candidates);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      keep_better(regularised_, as_asked(candidates[i], scores[i]));
      keep_if_stopped_earlier(candidates[i], scores[i], candidates[i].what);
    }
    if (regularised_) choice_.regularised = step_to(std::move(*regularised_));
  }

  // One that has patience stops by itself.
  void keep_if_stopped_earlier(const Setting& setting, const FoldScore& score, std::string what) {
    if (setting.run.patience > 0 || score.best_epochs >= setting.run.epochs) return;
    keep_better(regularised_, at_best({std::move(what), setting.run}, score));
  }

  void choose_network() {
    std::optional<Scored> larger, smaller;
    const auto consider = [&](const char* block, const std::vector<Setting>& candidates) {
      const std::vector<FoldScore> scores = score(block, candidates);
      for (std::size_t i = 0; i < candidates.size(); ++i) {
        const bool is_one = is_larger(candidates[i].run.architecture, own_.architecture);
        keep_rung(candidates[i], scores[i]);
        keep_better(is_one ? larger : smaller, at_best(candidates[i], scores[i]));
      }
    };
    consider("capacity", capacity_settings(own_, data_.train_x.rows, battery_));
    if (longer_) consider("more steps", capacity_settings(own_, data_.train_x.rows, lengthened(battery_)));
    const bool smaller_is_best = smaller && smaller->loss < base_.loss && !(larger && larger->loss <= smaller->loss);
    if (larger) {
      choice_.larger = over_base(*larger);
      if (smaller_is_best) choice_.larger->taken = false;
    }
    if (smaller_is_best) choice_.smaller = over_base(*smaller);
  }

  // Of a network whichever setting has the lowest loss.
  void keep_rung(const Setting& setting, const FoldScore& score) {
    const Architecture& network = setting.run.architecture;
    const auto found =
        std::ranges::find_if(rungs_, [&](const Rung& rung) { return rung.network.widths == network.widths; });
    if (found == rungs_.end())
      rungs_.push_back({network, score});
    else if (score.best_loss < found->score.best_loss)
      found->score = score;
  }

  std::vector<LadderRung> rungs() {
    std::ranges::stable_sort(rungs_, [](const Rung& a, const Rung& b) { return is_larger(b.network, a.network); });
    std::vector<LadderRung> ladder;
    for (Rung& rung : rungs_)
      if (!rung.score.best_accuracies.empty())
        ladder.push_back({.architecture = to_string(rung.network),
                          .users = rung.network.widths == own_.architecture.widths,
                          .validation_accuracy = std::move(rung.score.best_accuracies),
                          .train_accuracy = std::move(rung.score.best_train_accuracies)});
    return ladder;
  }

  Laboratory& laboratory_;
  const TrainingData& data_;
  const Run& own_;
  const Folds& folds_;
  const Battery& battery_;
  bool longer_;
  bool needs_more_steps_ = false;  // to be optimised; then it is no question of holding it back
  std::uint64_t seed_;
  Scored base_;
  std::optional<Scored> regularised_;  // the best that is held back, so far
  std::vector<Rung> rungs_;
  ChosenSteps choice_;
};

}  // namespace

ChosenSteps choose_settings(Laboratory& laboratory, const TrainingData& data, const Run& own, const Folds& folds,
                            const Battery& battery, bool longer, std::uint64_t seed) {
  return Chooser(laboratory, data, own, folds, battery, longer, seed).choose();
}

}  // namespace plateau
