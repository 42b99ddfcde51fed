// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/diagnosis_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "plateau/core/contract.hpp"
#include "plateau/study/reason.hpp"
#include "points.hpp"

namespace plateau {
namespace {

Index row_total(const std::vector<Index>& class_rows) {
  return std::accumulate(class_rows.begin(), class_rows.end(), Index{0});
}

std::string name_of(const DiagnosisEvidence& e, Index c) {
  return c < static_cast<Index>(e.class_names.size()) ? e.class_names[static_cast<std::size_t>(c)]
                                                      : fmt::format("{}", c);
}

double in_points(double fraction) { return 100 * fraction; }

Index classes_present(const std::vector<Index>& class_rows) {
  return std::ranges::count_if(class_rows, [](Index rows) { return rows > 0; });
}

// ---- The gains ------------------------------------------------------------------------------------------------------

double reference_accuracy(const DiagnosisEvidence& e) {
  return e.reference ? e.reference->test_accuracy : e.user->setting.test_accuracy;
}

// The setting that a larger network is compared with.
const SettingEvidence& before_larger(const DiagnosisEvidence& e) {
  if (e.takes_regularised) return *e.regularised;
  return e.takes_optimised ? *e.optimised : e.user->setting;
}
const SettingEvidence& before_regularised(const DiagnosisEvidence& e) {
  return e.takes_optimised ? *e.optimised : e.user->setting;
}

// Whether test rows are told from training rows, and networks do worse on them.
bool rows_differ(const DiagnosisEvidence& e) {
  return e.shift && e.shift->auc.interval.low > kShiftAuc && e.shift->p <= kSignalLevel &&
         e.shift->loss.interval.low > 0;
}

struct Measured {
  Effect effect;
  bool fits = true;  // whether what else is known of the training goes with this cause
  double least = 0;  // that the interval must lie above
  double size = 0;   // that the value must reach; what it is ranked by must be worth acting on as well
};

std::vector<Measured> measured(const DiagnosisEvidence& e) {
  std::vector<Measured> all;
  const auto add = [&](VerdictCode code, const Difference& gain, double points, std::string what, bool fits,
                       double least, double size) {
    all.push_back({{.code = code, .gain = gain, .points = points, .what = std::move(what)}, fits, least, size});
  };
  if (e.optimised)
    add(VerdictCode::optimisation, e.optimised->gain, e.optimised->gain.value, e.optimised->what, true, 0, e.delta);
  if (e.regularised) {
    const SettingEvidence& before = before_regularised(e);
    add(VerdictCode::overfit, e.regularised->gain, e.regularised->gain.value, e.regularised->what,
        before.train_accuracy - before.test_accuracy > kOverfitGap, 0, e.delta);
  }
  if (e.larger)
    add(VerdictCode::capacity, e.larger->gain, e.larger->gain.value, e.larger->what,
        before_larger(e).train_accuracy < kTrainSaturated, 0, e.delta);
  if (e.from_scratch)
    add(VerdictCode::warm_start, e.from_scratch->gain, e.from_scratch->gain.value, e.from_scratch->what, true, 0,
        e.delta);
  if (e.curve) {
    const double error = 1 - e.curve->points.back().test_accuracy;
    add(VerdictCode::data_limited, e.curve->gain, e.curve->at_twice,
        fmt::format("{} training rows in place of {}", e.curve->to_rows, e.curve->from_rows), true, kLeastCurveGain,
        std::max(e.delta, kRelativeGain * error));
  }
  if (e.shift)
    add(VerdictCode::shift, e.shift->loss, e.shift->loss.value,
        "training rows that were held out in place of test rows",
        e.shift->auc.interval.low > kShiftAuc && e.shift->p <= kSignalLevel, 0, e.delta);
  if (e.second_data)
    add(VerdictCode::embedding_limited, e.second_data->gain, e.second_data->gain.value, e.second_data->what, true, 0,
        e.delta);
  // Whoever bends less to the training rows loses less where the test rows are others: that is the shift's.
  const auto family = std::ranges::max_element(
      e.families, [](const FamilyEvidence& a, const FamilyEvidence& b) { return a.gain.value < b.gain.value; });
  if (family != e.families.end())
    add(VerdictCode::family_limited, family->gain, family->gain.value, family->name, !rows_differ(e), 0, e.delta);
  return all;
}

std::vector<Effect> judged(const DiagnosisEvidence& e) {
  std::vector<Measured> all = measured(e);
  std::vector<double> p;
  p.reserve(all.size());
  for (const Measured& m : all) p.push_back(std::min(1.0, 2 * m.effect.gain.p_greater));
  const std::vector<double> adjusted = holm(p);
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Effect& effect = all[i].effect;
    effect.adjusted_p = adjusted[i];
    const Interval& interval = effect.gain.interval;
    const bool shown = interval.low > all[i].least && effect.adjusted_p <= kSignalLevel;
    if (shown && effect.gain.value >= all[i].size && effect.points >= e.delta && all[i].fits)
      effect.state = EffectState::present;
    else if (interval.high < e.delta)
      effect.state = EffectState::absent;
    effects.push_back(std::move(effect));
  }
  return effects;
}

// ---- In words -------------------------------------------------------------------------------------------------------

std::string accuracy_of(const UserEvidence& user) {
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", user.setting.test_accuracy, user.test_interval.low,
                     user.test_interval.high);
}

std::string describe(const Effect& effect, const DiagnosisEvidence& e) {
  switch (effect.code) {
    case VerdictCode::optimisation:
      return fmt::format("the same network, otherwise optimised ({}): {}", effect.what, points(effect.gain));
    case VerdictCode::overfit:
      return fmt::format(
          "held back from its training rows ({}): {}; before, it is right on {:.3f} of them and {:.3f} "
          "of the test rows",
          effect.what, points(effect.gain), before_regularised(e).train_accuracy, before_regularised(e).test_accuracy);
    case VerdictCode::capacity:
      return fmt::format("a larger network ({}): {}; the smaller one is right on {:.3f} of its training rows",
                         effect.what, points(effect.gain), before_larger(e).train_accuracy);
    case VerdictCode::warm_start:
      return fmt::format("trained from drawn weights in place of the given ones: {}", points(effect.gain));
    case VerdictCode::data_limited:
      return fmt::format("{}: {}; twice the training rows there are would add {:.1f} points [{:.1f}, {:.1f}]",
                         effect.what, points(effect.gain), in_points(e.curve->at_twice),
                         in_points(e.curve->at_twice_interval.low), in_points(e.curve->at_twice_interval.high));
    case VerdictCode::shift:
      return fmt::format(
          "{}: {}; a network tells test rows from training rows with an area under the curve of {:.2f} "
          "[{:.2f}, {:.2f}]",
          effect.what, points(effect.gain), e.shift->auc.value, e.shift->auc.interval.low, e.shift->auc.interval.high);
    case VerdictCode::embedding_limited:
      return fmt::format("the second features in place of the first ({}): {}", effect.what, points(effect.gain));
    case VerdictCode::family_limited:
      return fmt::format("{} in place of the best network: {}", effect.what, points(effect.gain));
    default:
      return effect.what;
  }
}

EvidenceGrade grade_of(const Effect& effect) {
  if (effect.state != EffectState::present) return EvidenceGrade::unresolved;
  switch (effect.code) {
    case VerdictCode::data_limited:
    case VerdictCode::shift:
    case VerdictCode::family_limited:
      return EvidenceGrade::supported;
    default:
      return EvidenceGrade::proved;
  }
}

std::string sentence_of(const Effect& effect, const DiagnosisEvidence& e) {
  const std::string gain = points(effect.gain);
  switch (effect.code) {
    case VerdictCode::optimisation:
      return fmt::format("The network is not optimised well: the same one, {}, gains {} in {} trainings", effect.what,
                         gain, e.optimised->trainings);
    case VerdictCode::overfit:
      return fmt::format(
          "The network memorises its training rows ({:.3f} right, {:.3f} of the test rows): with {} it "
          "gains {}",
          before_regularised(e).train_accuracy, before_regularised(e).test_accuracy, effect.what, gain);
    case VerdictCode::capacity:
      return fmt::format("The network is too small: {}, gains {}", effect.what, gain);
    case VerdictCode::warm_start:
      return fmt::format("The given weights hold the training back: from drawn ones it gains {}", gain);
    case VerdictCode::data_limited:
      return fmt::format(
          "More training rows would help: going from {} to {} of them gained {}, and twice the {} there "
          "are would add about {:.1f} points [{:.1f}, {:.1f}]",
          e.curve->from_rows, e.curve->to_rows, gain, e.train_rows, in_points(e.curve->at_twice),
          in_points(e.curve->at_twice_interval.low), in_points(e.curve->at_twice_interval.high));
    case VerdictCode::shift:
      return fmt::format(
          "The test rows are not like the training rows: on training rows that were held out the same "
          "networks are {:.1f} points [{:.1f}, {:.1f}] better",
          in_points(effect.gain.value), in_points(effect.gain.interval.low), in_points(effect.gain.interval.high));
    case VerdictCode::embedding_limited:
      return fmt::format("The features set the limit: on the second ones the best network gains {}", gain);
    case VerdictCode::family_limited:
      return fmt::format(
          "Networks of this kind are not the best way to classify these rows: {} gain {} over the best "
          "of them",
          effect.what, gain);
    default:
      return "";
  }
}

// ---- Causes that are not gains --------------------------------------------------------------------------------------

bool says_one_class(const UserEvidence& user, Index test_rows) {
  return user.setting.most_predicted >= kOneClass &&
         std::abs(user.setting.test_accuracy - user.majority_share) <= 1.0 / static_cast<double>(test_rows) + 1e-9;
}

Index frozen_layers(const UserEvidence& user) {
  return std::ranges::count_if(user.layers, [](const LayerEvidence& layer) { return layer.frozen && !layer.moved; });
}

std::string one_class_words(const UserEvidence& user) {
  return fmt::format(
      "{:.1f} % of the test rows are given one class, and the accuracy of {:.3f} is that of always "
      "saying the commonest class ({:.3f})",
      100 * user.setting.most_predicted, user.setting.test_accuracy, user.majority_share);
}

bool noise_is_shown(const NoiseEvidence& noise) {
  return noise.confident_interval.low > kLeastBound &&
         noise.confident_disagreement >= kUniformNoise * noise.disagreement;
}

std::string noise_words(const NoiseEvidence& noise) {
  return fmt::format(
      "networks that were not trained on a row contradict its label for {:.1f} % of the training rows, "
      "and for {:.1f} % [{:.1f}, {:.1f}] of the half that they are surest of: wrong labels look so, and "
      "so do features that are missing",
      100 * noise.disagreement, 100 * noise.confident_disagreement, 100 * noise.confident_interval.low,
      100 * noise.confident_interval.high);
}

std::vector<std::int32_t> moved_classes(const LabelMapEvidence& map) {
  std::vector<std::int32_t> moved;
  for (std::size_t c = 0; c < map.best.size(); ++c)
    if (map.best[c] != static_cast<std::int32_t>(c)) moved.push_back(static_cast<std::int32_t>(c));
  return moved;
}

bool map_is_shown(const LabelMapEvidence& map) { return map.gain.interval.low > 0 && map.gain.value > kLabelMapGain; }

std::string map_words(const DiagnosisEvidence& e) {
  const LabelMapEvidence& map = *e.label_map;
  std::string list;
  for (const std::int32_t c : moved_classes(map))
    list += fmt::format("{}{} as {}", list.empty() ? "" : ", ", name_of(e, c),
                        name_of(e, map.best[static_cast<std::size_t>(c)]));
  return fmt::format(
      "read with exchanged classes ({}) the predictions gain {} on test rows that had no part in "
      "choosing the exchange",
      list, points(map.gain));
}

// ---- The verdict ----------------------------------------------------------------------------------------------------

Verdict verdict(VerdictCode code, EvidenceGrade grade, std::string sentence) {
  return {.code = code, .grade = grade, .sentence = std::move(sentence)};
}

Verdict single_class(const DiagnosisEvidence& e) {
  const ClassFindings& found = e.integrity.of_classes;
  const bool in_test = classes_present(found.test_rows) == 1;
  const std::vector<Index>& rows = in_test ? found.test_rows : found.train_rows;
  const auto only = std::ranges::max_element(rows) - rows.begin();
  return verdict(VerdictCode::single_class, EvidenceGrade::proved,
                 fmt::format("All {} {} rows are of one class ({}): an accuracy on them says nothing about learning",
                             rows[static_cast<std::size_t>(only)], in_test ? "test" : "training", name_of(e, only)));
}

// How closely a gain must be ruled out where nothing more is to be had.
double bound_of(const DiagnosisEvidence& e) {
  return std::max(kRelativeGain * (1 - reference_accuracy(e)), kLeastBound);
}

// The gains that a ceiling denies, of which each must be ruled out; the one that is least so comes first.
std::vector<Effect> open_gains(const std::vector<Effect>& effects) {
  std::vector<Effect> open;
  for (const Effect& effect : effects)
    if (effect.code == VerdictCode::optimisation || effect.code == VerdictCode::overfit ||
        effect.code == VerdictCode::capacity || effect.code == VerdictCode::data_limited)
      open.push_back(effect);
  // One that is not known is not ruled out.
  std::ranges::stable_sort(open, std::greater{}, [](const Effect& effect) {
    const double high = effect.gain.interval.high;
    return std::isnan(high) ? std::numeric_limits<double>::infinity() : high;
  });
  return open;
}

bool signal_is_shown(const DiagnosisEvidence& e) {
  return (e.signal && e.signal->p <= kSignalLevel) ||
         (e.signal && e.signal->over_majority.interval.low > 0 && e.signal->over_majority.p_greater <= 0.01);
}

Index rounded_up(double rows) {
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(rows, 1.0))) - 1));
  return static_cast<Index>(std::ceil(rows / unit) * unit);
}

Verdict without_signal(const DiagnosisEvidence& e) {
  const SignalEvidence& signal = *e.signal;
  if (signal.p > kSignalLevel && signal.detectable <= kDetectableSignal)
    return verdict(
        VerdictCode::no_signal, EvidenceGrade::supported,
        fmt::format("The features say nothing about the labels that these networks can find: shuffled labels "
                    "do as well (p = {:.2g}), and a signal of {:.1f} points would have been seen",
                    signal.p, in_points(signal.detectable)));
  const double more = signal.detectable / 0.05;
  return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                 fmt::format("Inconclusive: no signal is shown (p = {:.2g}), but these {} test rows would miss one of "
                             "{:.0f} points; bring about {}",
                             signal.p, e.test_rows, in_points(signal.detectable),
                             rounded_up(static_cast<double>(e.test_rows) * more * more)));
}

// Of half-width for half-width, what shows an effect among eight (Holm): the normal quantiles of 1 - 0.025 over that of
// 1 - 0.025 / 8.
constexpr double kLevelOfMany = 0.72;

Verdict undecided(const DiagnosisEvidence& e, const std::vector<Effect>& open) {
  const Effect& widest = open.front();
  // With n times the rows the interval is narrower by sqrt(n): until it leaves out what is to be ruled out, or 0.
  const double half = widest.gain.interval.high - widest.gain.value, bound = bound_of(e);
  const double wanted =
      std::max({bound - std::max(widest.gain.value, 0.0), kLevelOfMany * widest.gain.value, bound / 4});
  const double more = half / wanted;
  const std::string rows = more > 1 ? fmt::format("; about {} test rows would decide it",
                                                  rounded_up(static_cast<double>(e.test_rows) * more * more))
                                    : std::string("; more seeds (--thorough) may decide it");
  return verdict(
      VerdictCode::inconclusive, EvidenceGrade::unresolved,
      fmt::format("Inconclusive: no gain is certain, but {} test rows do not rule out that {} ({}){}", e.test_rows,
                  widest.code == VerdictCode::data_limited   ? "more training rows help"
                  : widest.code == VerdictCode::capacity     ? "a larger network helps"
                  : widest.code == VerdictCode::optimisation ? "better optimisation helps"
                                                             : "regularisation helps",
                  points(widest.gain), rows));
}

Verdict nothing_to_gain(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  const UserEvidence& user = *e.user;
  const std::vector<Effect> open = open_gains(effects);
  if (says_one_class(user, e.test_rows) && e.balance && e.balance->gain.interval.low > 0 &&
      e.balance->gain.value >= kBalanceGain)
    return verdict(VerdictCode::majority, EvidenceGrade::proved,
                   fmt::format("The network says the commonest class for every row, which no other setting betters in "
                               "accuracy; with class weights its balanced accuracy rises by {} to {:.3f}",
                               points(e.balance->gain), e.balance->balanced_accuracy));
  // A class for all is no solution, however rare the others are.
  if (user.setting.test_accuracy >= kSolvedAccuracy && !says_one_class(user, e.test_rows)) {
    if (user.test_interval.low >= kSolvedInterval)
      return verdict(VerdictCode::solved, EvidenceGrade::supported,
                     fmt::format("There is little left to gain: the test accuracy is {}", accuracy_of(user)));
    return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                   fmt::format("Inconclusive: {} looks solved, but {} test rows are too few to say so; bring about {}",
                               accuracy_of(user), e.test_rows, 200));
  }
  const double bound = bound_of(e);
  // One that seems to be there, though not for certain or not as this cause would look, is not ruled out.
  const auto seems = std::ranges::find_if(effects, [&e](const Effect& effect) {
    return effect.gain.interval.low > 0 && effect.gain.value >= e.delta && effect.points >= e.delta &&
           effect.code != VerdictCode::shift;
  });
  const bool others_agree = std::ranges::all_of(
      e.families, [bound](const FamilyEvidence& family) { return family.gain.interval.high < bound; });
  const bool ruled_out = !open.empty() && open.front().gain.interval.high < bound && e.curve && e.larger &&
                         e.reference && e.reference->gain.interval.high < bound && others_agree &&
                         seems == effects.end();
  const bool over_chance = e.signal && e.signal->over_majority.interval.low > 0;
  if (ruled_out && over_chance) {
    double largest = e.reference->gain.interval.high;
    for (const Effect& effect : open)
      if (effect.code != VerdictCode::data_limited) largest = std::max(largest, effect.gain.interval.high);
    std::string sentence = fmt::format(
        "No network we trained betters {} by more than {:.1f} points (95 %), and twice the training rows would add "
        "{:.1f} points [{:.1f}, {:.1f}]: this is the ceiling of networks on these features and this many rows",
        accuracy_of(user), in_points(largest), in_points(e.curve->at_twice), in_points(e.curve->at_twice_interval.low),
        in_points(e.curve->at_twice_interval.high));
    if (e.noise && noise_is_shown(*e.noise) && !(e.curve->at_twice_interval.low > 0))
      sentence += "; relabel the rows that are listed, or change the features";
    return verdict(VerdictCode::ceiling, EvidenceGrade::supported, std::move(sentence));
  }
  if (!over_chance)
    return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                   fmt::format("Inconclusive: the labels depend on the features (p = {:.2g}), but {} test rows do not "
                               "show an accuracy above that of always saying the commonest class ({:.3f})",
                               e.signal ? e.signal->p : 1.0, e.test_rows, user.majority_share));
  return undecided(e, open);
}

Verdict decide(const DiagnosisEvidence& e, const std::vector<Effect>& ranked) {
  const Integrity& integrity = e.integrity;
  if (classes_present(integrity.of_classes.train_rows) <= 1 || classes_present(integrity.of_classes.test_rows) <= 1)
    return single_class(e);
  if (static_cast<Index>(integrity.of_features.constant.size()) == e.features)
    return verdict(VerdictCode::no_signal, EvidenceGrade::proved,
                   fmt::format("No feature varies over the {} training rows, so none can say anything about a label",
                               e.train_rows));
  if (integrity.leak.present) {
    const std::string without = e.with_leaked && e.user
                                    ? fmt::format("; with them the accuracy is {:.3f}, without them {:.3f}",
                                                  e.with_leaked->test_accuracy, e.user->setting.test_accuracy)
                                    : std::string();
    return verdict(VerdictCode::leak, EvidenceGrade::proved,
                   fmt::format("{} of the {} test rows are among the training rows{}", integrity.leak.rows.size(),
                               row_total(integrity.of_classes.test_rows), without));
  }
  if (!e.user)
    return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved, "Inconclusive: nothing was trained");
  const UserEvidence& user = *e.user;
  if (const Index still = frozen_layers(user); still > 0)
    return verdict(VerdictCode::frozen_weights, EvidenceGrade::proved,
                   fmt::format("{} of {} layers are frozen and never change", still, user.layers.size()));
  // Where rows have moved, a class can lie where another one lay.
  if (e.label_map && map_is_shown(*e.label_map) && !rows_differ(e))
    return verdict(VerdictCode::label_map, EvidenceGrade::proved,
                   "The classes of training and test rows are not the same: " + map_words(e));
  if (e.signal && !signal_is_shown(e)) return without_signal(e);

  std::vector<Effect> present;
  std::ranges::copy_if(ranked, std::back_inserter(present),
                       [](const Effect& effect) { return effect.state == EffectState::present; });
  if (present.empty()) return nothing_to_gain(e, ranked);
  const double all = std::accumulate(present.begin(), present.end(), 0.0,
                                     [](double sum, const Effect& effect) { return sum + effect.points; });
  const Effect& first = present.front();
  if (present.size() == 1 || first.points >= kDominant * all)
    return verdict(first.code, grade_of(first), sentence_of(first, e));
  return verdict(VerdictCode::mixed, EvidenceGrade::supported,
                 fmt::format("Several things hold the accuracy back: {}; and {}", describe(present[0], e),
                             describe(present[1], e)));
}

std::vector<Cause> causes_of(const DiagnosisEvidence& e, const std::vector<Effect>& ranked, const Verdict& verdict) {
  // Gains by test rows whose classes are exchanged are none.
  if (verdict.code == VerdictCode::label_map) return {{verdict.code, {}, verdict.grade, verdict.sentence}};
  std::vector<Cause> causes;
  for (const Effect& effect : ranked) {
    if (effect.state == EffectState::absent || effect.points <= 0) continue;
    causes.push_back({effect.code,
                      effect.code == VerdictCode::data_limited ? Estimate{e.curve->at_twice, e.curve->at_twice_interval}
                                                               : Estimate(effect.gain),
                      grade_of(effect), describe(effect, e)});
  }
  if (e.user && says_one_class(*e.user, e.test_rows))
    causes.push_back({VerdictCode::majority, {}, EvidenceGrade::proved, one_class_words(*e.user)});
  if (e.noise && noise_is_shown(*e.noise) && signal_is_shown(e))
    causes.push_back({VerdictCode::label_noise, {}, EvidenceGrade::supported, noise_words(*e.noise)});
  if (e.reference && e.reference->gain.detectable > e.delta)
    causes.push_back({VerdictCode::small_test,
                      {},
                      EvidenceGrade::proved,
                      fmt::format("{} test rows show a difference of {:.1f} points or more between such trainings in "
                                  "80 % of cases; smaller ones are printed as unresolved",
                                  e.test_rows, in_points(e.reference->gain.detectable))});
  const bool is_listed = std::ranges::any_of(causes, [&](const Cause& cause) { return cause.code == verdict.code; });
  if (!is_listed && verdict.code != VerdictCode::inconclusive && verdict.code != VerdictCode::mixed)
    causes.insert(causes.begin(), {verdict.code, {}, verdict.grade, verdict.sentence});
  return causes;
}

std::vector<std::string> not_tested(const DiagnosisEvidence& e) {
  std::vector<std::string> lines;
  if (!e.second_data) lines.push_back("other features of the same rows (--second-data)");
  lines.push_back("what made the features: another backbone, augmentation of raw inputs, more columns");
  if (!e.user) lines.push_back("whatever takes trainings: optimisation, networks of other sizes, more rows, shift");
  if (e.user && !e.signal)
    lines.push_back("whether the labels depend on the features at all: they cannot be permuted here");
  if (e.user && !e.shift) lines.push_back("whether test rows are like training rows: too few of them");
  lines.push_back("decision trees and boosting; of other ways to classify only nearest neighbours");
  return lines;
}

ErrorBudget budget_of(const DiagnosisEvidence& e) {
  ErrorBudget budget;
  if (!e.user) return budget;
  budget.accuracy = e.user->setting.test_accuracy;
  double left = 1 - budget.accuracy;
  const auto part = [&left](double gain) {
    const double taken = std::clamp(gain, 0.0, left);
    left -= taken;
    return taken;
  };
  if (e.optimised && e.takes_optimised) budget.optimisation = part(e.optimised->gain.value);
  if (e.regularised && e.takes_regularised) budget.regularisation = part(e.regularised->gain.value);
  if (e.larger) budget.capacity = part(e.larger->gain.value);
  if (e.curve) budget.twice_the_data = part(e.curve->at_twice);
  budget.unexplained = left;
  return budget;
}

// What was counted, where there is anything to tell.
std::vector<std::string> integrity_lines(const DiagnosisEvidence& e) {
  std::vector<std::string> lines;
  const Integrity& integrity = e.integrity;
  std::string names;
  for (const std::int32_t c : integrity.of_classes.without_training)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(e, c));
  if (!names.empty()) lines.push_back("classes without training rows: " + names);
  if (const std::size_t constant = integrity.of_features.constant.size(); constant > 0)
    lines.push_back(fmt::format("{} constant in the training rows and say{} nothing",
                                constant == 1 ? "1 feature is" : fmt::format("{} features are", constant),
                                constant == 1 ? "s" : ""));
  std::size_t repeated = 0;
  for (const std::vector<Index>& group : integrity.of_features.equal) repeated += group.size() - 1;
  if (repeated > 0)
    lines.push_back(fmt::format("{} in every training row", repeated == 1
                                                                ? "1 feature repeats another"
                                                                : fmt::format("{} features repeat others", repeated)));
  const TwinTest& twins = integrity.leak.identical;
  if (twins.test_twins > 0 && !integrity.leak.present)
    lines.push_back(
        fmt::format("{} of {} test rows have a twin among the training rows, as {} of {} training rows have "
                    "among the others: no leak by that, but an accuracy that is partly memory",
                    twins.test_twins, twins.test_rows, twins.train_twins, twins.train_rows));
  if (const DuplicateFindings& found = integrity.train_duplicates; found.conflicting_rows > 0)
    lines.push_back(
        fmt::format("{} training rows are identical to one of another class; no classifier is right on more "
                    "than {:.3f} of the training rows",
                    found.conflicting_rows, found.ceiling));
  return lines;
}

std::vector<std::string> evidence_lines(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  std::vector<std::string> lines = integrity_lines(e);
  if (e.user)
    lines.push_back(
        fmt::format("the user's training, {} seeds: test {}, train {:.3f}, deviation over seeds {:.1f} "
                    "points; always saying the commonest class scores {:.3f}",
                    e.user->setting.trainings, accuracy_of(*e.user), e.user->setting.train_accuracy,
                    in_points(e.user->setting.seed_deviation), e.user->majority_share));
  if (e.signal)
    lines.push_back(
        fmt::format("labels as they are against {} permutations: skill {:.3f}, p = {:.2g}; the best network "
                    "over always saying the commonest class: {}",
                    e.signal->permutations, e.signal->statistic, e.signal->p, points(e.signal->over_majority)));
  for (const Effect& effect : effects)
    lines.push_back(fmt::format("{} ({})", describe(effect, e), to_string(effect.state)));
  return lines;
}

}  // namespace

const char* to_string(EffectState state) {
  switch (state) {
    case EffectState::present:
      return "present";
    case EffectState::absent:
      return "absent";
    case EffectState::unresolved:
      return "unresolved";
  }
  throw std::invalid_argument("to_string: unknown state of an effect");
}

DiagnosisDecision decide_diagnosis(const DiagnosisEvidence& evidence) {
  DiagnosisDecision decision{.effects = evidence.user ? judged(evidence) : std::vector<Effect>{}};
  std::ranges::stable_sort(decision.effects, std::greater{}, [](const Effect& effect) {
    return std::isnan(effect.points) ? -std::numeric_limits<double>::infinity() : effect.points;
  });
  decision.verdict = decide(evidence, decision.effects);
  decision.verdict.evidence = evidence_lines(evidence, decision.effects);
  decision.verdict.not_tested = not_tested(evidence);
  decision.causes = causes_of(evidence, decision.effects, decision.verdict);
  decision.budget = budget_of(evidence);
  return decision;
}

}  // namespace plateau
