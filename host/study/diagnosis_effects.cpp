// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "diagnosis_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "plateau/study/reason.hpp"
#include "points.hpp"

namespace plateau {
namespace {

struct Measured {
  Effect effect;
  std::string against;  // what else is known of the training and does not go with this cause; empty: nothing
  double least = 0;     // that the interval must lie above
  double size = 0;      // that the value must reach; what it is ranked by must be worth acting on as well
};

class Measurements {
 public:
  explicit Measurements(const DiagnosisEvidence& e) : e_(e) {
    add_steps();
    add_rows();
    add_others();
  }

  std::vector<Measured> all;

 private:
  Measured& add(VerdictCode code, const Difference& gain, std::string what, std::string against = "") {
    all.push_back(
        {{.code = code, .gain = gain, .points = gain.value, .what = std::move(what)}, std::move(against), 0, e_.delta});
    return all.back();
  }

  // A step gains over the user's training as well as over what stands before it: what was chosen on the folds may be
  // worse than the user's on the test rows, and bettering that is no gain.
  void add_step(VerdictCode code, const std::optional<StepEvidence>& step, std::string against = "") {
    if (!step) return;
    Measured& measured = add(code, step->gain, step->what, std::move(against));
    measured.effect.over_user = step->over_user;
    if (step->over_user.value < step->gain.value) measured.effect.points = step->over_user.value;
    if (measured.against.empty() && origins_are_told(e_) && !gains_on_folds(*step)) measured.against = off_folds(*step);
  }

  // Where the test rows are others, a step may gain on them by what it says where no training row lies. What is wrong
  // with the training shows on training rows as well.
  bool gains_on_folds(const StepEvidence& step) const {
    return step.fold_gain >= std::max(e_.delta, kGainOnFolds * step.gain.value);
  }
  static std::string off_folds(const StepEvidence& step) {
    return fmt::format(
        "the test rows are unlike the training rows, and on held-out training rows it gains {:.1f} points",
        in_points(step.fold_gain));
  }

  void add_steps() {
    add_step(VerdictCode::frozen_weights, e_.unfrozen);
    add_step(VerdictCode::warm_start, e_.from_scratch);
    add_step(VerdictCode::optimisation, e_.optimised);
    if (e_.regularised) {
      const SettingEvidence& before = before_regularised(e_);
      const bool memorises = before.train_accuracy - before.test_accuracy > kOverfitGap;
      add_step(VerdictCode::overfit, e_.regularised,
               memorises ? ""
                         : fmt::format("without it training rows fare no more than {:.0f} points better than test "
                                       "rows, so it is no memorising",
                                       in_points(kOverfitGap)));
    }
    if (e_.larger) {
      // What more parameters do is to fit the training rows better; one that is stopped after an epoch may gain by
      // that.
      const double smaller = before_larger(e_).train_accuracy;
      add_step(VerdictCode::capacity, e_.larger,
               !(smaller < kTrainSaturated)
                   ? "the smaller network has learnt its training rows, so it is not short of parameters"
               : !(e_.larger->train_accuracy > smaller)
                   ? "it is right on no more of its training rows, so it is not for its parameters that it does better"
                   : "");
    }
  }

  void add_rows() {
    if (e_.with_held_out) add(VerdictCode::data_limited, e_.with_held_out->gain, e_.with_held_out->what);
    if (!e_.curve) return;
    const CurveEvidence& curve = *e_.curve;
    Measured& measured = add(VerdictCode::data_limited, curve.gain, "");
    measured.effect.twice = Estimate{curve.at_twice, curve.at_twice_interval};
    measured.effect.points = curve.at_twice;
    measured.effect.what =
        std::to_string(curve.to_rows) + " training rows in place of " + std::to_string(curve.from_rows);
    measured.least = kLeastCurveGain;
    measured.size = std::max(e_.delta, kRelativeGain * (1 - curve.points.back().test_accuracy));
  }

  void add_others() {
    if (e_.shift) {
      add(VerdictCode::shift, e_.shift->loss, "training rows that were held out in place of test rows",
          origins_are_told(e_) ? "" : "a network does not tell test rows from training rows");
    }
    if (e_.second_data) add(VerdictCode::embedding_limited, e_.second_data->gain, e_.second_data->what);
    // Whoever bends less to the training rows loses less where the test rows are others: that is the shift's.
    const auto family = std::ranges::max_element(
        e_.families, [](const FamilyEvidence& a, const FamilyEvidence& b) { return a.gain.value < b.gain.value; });
    if (family != e_.families.end())
      add(VerdictCode::family_limited, family->gain, family->name,
          rows_differ(e_) ? "the test rows are unlike the training rows, and who bends less to these loses less" : "");
  }

  const DiagnosisEvidence& e_;
};

bool is_shown(const Measured& measured, double delta) {
  const Effect& effect = measured.effect;
  const bool gains = effect.gain.interval.low > measured.least && effect.gain.value >= measured.size;
  const bool over_user = !effect.over_user || (effect.over_user->interval.low > 0 && effect.over_user->value >= delta);
  const bool lasts = !effect.twice || effect.twice->interval.low > 0;
  return gains && over_user && lasts && effect.points >= delta && effect.adjusted_p <= kSignalLevel;
}

void judge(Measured& measured, double delta) {
  Effect& effect = measured.effect;
  if (is_shown(measured, delta)) {
    effect.against = measured.against;
    effect.state = effect.against.empty() ? EffectState::present : EffectState::unresolved;
  } else {
    effect.state = claim_of(effect).interval.high < delta ? EffectState::absent : EffectState::unresolved;
  }
}

}  // namespace

std::vector<Effect> judged_effects(const DiagnosisEvidence& e) {
  std::vector<Measured> all = Measurements(e).all;
  std::vector<double> p;
  p.reserve(all.size());
  for (const Measured& measured : all) p.push_back(std::min(1.0, 2 * measured.effect.gain.p_greater));
  const std::vector<double> adjusted = holm(p);
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].effect.adjusted_p = adjusted[i];
    judge(all[i], e.delta);
    effects.push_back(std::move(all[i].effect));
  }
  std::ranges::stable_sort(effects, std::greater{}, [](const Effect& effect) {
    return std::isnan(effect.points) ? -std::numeric_limits<double>::infinity() : effect.points;
  });
  return effects;
}

EvidenceGrade grade_of(const Effect& effect) {
  if (effect.state != EffectState::present) return EvidenceGrade::unresolved;
  const bool is_indirect =
      effect.twice || effect.code == VerdictCode::shift || effect.code == VerdictCode::family_limited;
  return is_indirect ? EvidenceGrade::supported : EvidenceGrade::proved;
}

Estimate claim_of(const Effect& effect) { return effect.twice ? *effect.twice : effect.gain; }

Estimate gain_of_cause(const Effect& effect) {
  return effect.over_user && effect.over_user->value < effect.gain.value ? Estimate(*effect.over_user)
                                                                         : claim_of(effect);
}

const SettingEvidence& before_regularised(const DiagnosisEvidence& e) {
  for (const std::optional<StepEvidence>* step : {&e.optimised, &e.from_scratch, &e.unfrozen})
    if (*step && (*step)->taken) return **step;
  return e.user->setting;
}

const SettingEvidence& before_larger(const DiagnosisEvidence& e) {
  return e.regularised && e.regularised->taken ? *e.regularised : before_regularised(e);
}

bool signal_is_shown(const DiagnosisEvidence& e) {
  return (e.signal && e.signal->p <= kSignalLevel) ||
         (e.over_majority && e.over_majority->interval.low > 0 && e.over_majority->p_greater <= 0.01);
}

bool origins_are_told(const DiagnosisEvidence& e) {
  return e.shift && e.shift->auc.interval.low > kShiftAuc && e.shift->p <= kSignalLevel;
}

bool rows_differ(const DiagnosisEvidence& e) { return origins_are_told(e) && e.shift->loss.interval.low > 0; }

bool says_one_class(const UserEvidence& user, Index test_rows) {
  return user.setting.most_predicted >= kOneClass &&
         std::abs(user.setting.test_accuracy - user.majority_share) <= 1.0 / static_cast<double>(test_rows) + 1e-9;
}

bool all_diverged(const UserEvidence& user) {
  return user.setting.trainings > 0 && user.setting.diverged == user.setting.trainings;
}

bool noise_is_shown(const NoiseEvidence& noise) {
  return noise.confident_interval.low > kLeastBound &&
         noise.confident_disagreement >= kUniformNoise * noise.disagreement &&
         noise.surest_disagreement >= kLevelNoise * noise.confident_disagreement;
}

bool map_is_shown(const LabelMapEvidence& map) {
  return map.gain.interval.low > 0 && map.gain.value > kLabelMapGain && map.recall.is_exchange();
}

Index frozen_layers(const UserEvidence& user) {
  return std::ranges::count_if(user.layers, [](const LayerEvidence& layer) { return layer.frozen && !layer.moved; });
}

ErrorBudget budget_of(const DiagnosisEvidence& e) {
  ErrorBudget budget;
  if (!e.user) return budget;
  budget.accuracy = e.user->setting.test_accuracy;
  double reached = 0, left = 1 - budget.accuracy;
  const auto take = [&left](double gain) {
    const double taken = std::clamp(gain, 0.0, left);
    left -= taken;
    return taken;
  };
  // Along the steps to the reference, by what each adds to the best before it: so no point is counted twice.
  const auto rise_to = [&](const Difference& over_user) {
    const double rise = take(over_user.value - reached);
    reached = std::max(reached, over_user.value);
    return rise;
  };
  const auto step = [&](const std::optional<StepEvidence>& of) {
    return of && (of->taken || of->over_user.interval.low > 0) ? rise_to(of->over_user) : 0;
  };
  budget.weights = step(e.unfrozen) + step(e.from_scratch);
  budget.optimisation = step(e.optimised);
  budget.regularisation = step(e.regularised);
  budget.capacity = step(e.larger);
  if (e.reference) budget.regularisation += rise_to(e.reference->gain);  // by a smaller network
  if (e.curve) budget.twice_the_data = take(e.curve->at_twice);
  budget.unexplained = left;
  return budget;
}

}  // namespace plateau
