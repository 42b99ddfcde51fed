// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/diagnosis_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "diagnosis_effects.hpp"
#include "diagnosis_words.hpp"
#include "points.hpp"

namespace plateau {
namespace {

Index row_total(const std::vector<Index>& class_rows) {
  return std::accumulate(class_rows.begin(), class_rows.end(), Index{0});
}

Index classes_present(const std::vector<Index>& class_rows) {
  return std::ranges::count_if(class_rows, [](Index rows) { return rows > 0; });
}

double reference_accuracy(const DiagnosisEvidence& e) {
  return e.reference ? e.reference->test_accuracy : e.user->setting.test_accuracy;
}

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

// What a ceiling denies, and must rule out.
struct Open {
  std::string claim;  // "a larger network helps"
  Estimate estimate;
  Difference gain;  // whose errors the estimate has
};

std::string claim_words(const Effect& effect) {
  switch (effect.code) {
    case VerdictCode::data_limited:
      return effect.twice ? "twice the training rows help" : "the rows that are held out help";
    case VerdictCode::capacity:
      return "a larger network helps";
    case VerdictCode::optimisation:
      return "better optimisation helps";
    case VerdictCode::frozen_weights:
      return "training the frozen layers helps";
    case VerdictCode::warm_start:
      return "drawn weights help";
    case VerdictCode::family_limited:
      return effect.what + " do better";
    case VerdictCode::embedding_limited:
      return "the second features say more";
    default:
      return "regularisation helps";
  }
}

// A step is a gain where it is one over what stands before it and over the user's training as well, so it is ruled out
// where one of the two is.
Open open_claim(const Effect& effect) {
  if (effect.over_user && effect.over_user->interval.high < effect.gain.interval.high)
    return {claim_words(effect), *effect.over_user, *effect.over_user};
  return {claim_words(effect), claim_of(effect), effect.gain};
}

// Loss by a shift is no gain that anybody could have, and a ceiling is one of these features.
std::vector<Open> open_claims(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  std::vector<Open> open;
  for (const Effect& effect : effects)
    if (effect.code != VerdictCode::shift && effect.code != VerdictCode::embedding_limited)
      open.push_back(open_claim(effect));
  if (e.reference) open.push_back({"the best of all settings is better", e.reference->gain, e.reference->gain});
  return open;
}

// The one that is ruled out least; what is not known is not ruled out.
const Open& widest(const std::vector<Open>& open) {
  return *std::ranges::max_element(open, {}, [](const Open& claim) {
    const double high = claim.estimate.interval.high;
    return std::isnan(high) ? std::numeric_limits<double>::infinity() : high;
  });
}

// One that seems to be there, though not for certain or not as its cause would look, is not ruled out.
const Effect* seems_there(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  const auto seems = std::ranges::find_if(effects, [&e](const Effect& effect) {
    return effect.gain.interval.low > 0 && effect.gain.value >= e.delta && effect.points >= e.delta &&
           effect.code != VerdictCode::shift;
  });
  return seems == effects.end() ? nullptr : &*seems;
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
constexpr Index kMostSeeds = 40;  // of the thorough depth

bool is_grouped(const DiagnosisEvidence& e) {
  return 0 < e.user->effective_rows && e.user->effective_rows < static_cast<double>(e.test_rows);
}

// What would narrow an interval to `half`: rows take away the rows' share of its variance, seeds the trainings', but
// for what trainings on overlapping rows have in common. Of grouped rows there must be more groups.
std::string what_decides(const Open& open, double half, const DiagnosisEvidence& e) {
  const double narrower = half / (open.estimate.interval.high - open.estimate.value);
  if (narrower >= 1) return "more seeds (--thorough) may decide it";
  const auto share_of = [&open](double error) {  // of the variance
    return std::clamp(error * error / (open.gain.standard_error * open.gain.standard_error), 0.0, 1.0);
  };
  const double share = share_of(open.gain.error_of_trainings), stays = share_of(open.gain.error_of_overlap);
  const double wanted = narrower * narrower;  // of the variance
  const auto rows = [&](double left) {
    const double times = (1 - share) / left;
    return times > 1 ? fmt::format("about {} test rows{}", rounded_up(static_cast<double>(e.test_rows) * times),
                                   is_grouped(e) ? " in as many more groups" : "")
                     : std::string();
  };
  // Nine tenths of what is wanted at most, so that the rest does not take any number of rows.
  if (share <= 0.9 * wanted) return rows(wanted - share) + " would decide it";
  const double of_more_seeds =
      stays + (share - stays) * std::min(1.0, static_cast<double>(e.user->setting.trainings) / kMostSeeds);
  if (of_more_seeds <= 0.9 * wanted) {
    const std::string more_rows = rows(wanted - of_more_seeds);
    return fmt::format("{}{}{} seeds (--thorough) would decide it", more_rows, more_rows.empty() ? "" : " and ",
                       kMostSeeds);
  }
  return fmt::format("trainings {} differ too much for any number of test rows to decide it; more training rows{} may",
                     stays > 0 ? "on other parts of the rows" : "with other seeds",
                     is_grouped(e) ? " in more groups" : "");
}

// Of grouped rows as many as they are worth.
std::string test_rows_words(const DiagnosisEvidence& e) {
  return is_grouped(e)
             ? fmt::format("{} test rows in groups, worth {:.0f} single ones,", e.test_rows, e.user->effective_rows)
             : fmt::format("{} test rows", e.test_rows);
}

// What is shown to gain without being the cause that such a gain is put down to.
Verdict gains_for_no_known_cause(const Effect& effect) {
  return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                 fmt::format("Inconclusive as to the cause: {} ({}), but {}", claim_words(effect), points(effect.gain),
                             effect.against));
}

Verdict undecided(const DiagnosisEvidence& e, const std::vector<Open>& open, const Effect* seems) {
  const double bound = bound_of(e);
  const Open& least = widest(open);
  if (seems != nullptr && least.estimate.interval.high < bound) {
    const Open claim{claim_words(*seems), claim_of(*seems), seems->gain};
    return verdict(
        VerdictCode::inconclusive, EvidenceGrade::unresolved,
        fmt::format("Inconclusive: it seems that {} ({}), which is not certain among so many comparisons; {}",
                    claim.claim, points(claim.estimate), what_decides(claim, kLevelOfMany * claim.estimate.value, e)));
  }
  const double value = least.estimate.value;
  // The interval must become narrower until it leaves out what is to be ruled out, or 0.
  const double half = std::max({bound - std::max(value, 0.0), kLevelOfMany * value, bound / 4});
  return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                 fmt::format("Inconclusive: no gain is certain, but {} do not rule out that {} ({}); {}",
                             test_rows_words(e), least.claim, points(least.estimate), what_decides(least, half, e)));
}

// Not shown to be right more often than always saying the commonest class.
Verdict not_over_chance(const DiagnosisEvidence& e) {
  const UserEvidence& user = *e.user;
  std::string text = "Inconclusive: ";
  if (e.signal) text += fmt::format("the labels depend on the features (p = {:.2g}), but ", e.signal->p);
  text += fmt::format("{} do not show an accuracy above that of always saying the commonest class ({:.3f}); ",
                      test_rows_words(e), user.majority_share);
  if (e.over_majority && e.over_majority->value > 0)
    text += what_decides({"", *e.over_majority, *e.over_majority}, e.over_majority->value, e);
  else
    text += fmt::format(
        "no network here is more accurate, so judge by balanced accuracy ({:.3f}) or bring more rows of "
        "the other classes",
        user.setting.balanced_accuracy);
  return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved, std::move(text));
}

Verdict nothing_to_gain(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  const UserEvidence& user = *e.user;
  if (all_diverged(user))
    return verdict(
        VerdictCode::inconclusive, EvidenceGrade::unresolved,
        fmt::format("Inconclusive: every one of the {} trainings diverges, and no other setting is shown to do "
                    "better; check the features for huge values",
                    user.setting.trainings));
  const std::vector<Open> open = open_claims(e, effects);
  if (says_one_class(user, e.test_rows) && e.balance && e.balance->gain.interval.low > 0 &&
      e.balance->gain.value >= kBalanceGain)
    return verdict(
        VerdictCode::majority, EvidenceGrade::proved,
        fmt::format(
            "The network says the commonest class for every row, which no other setting betters in "
            "accuracy; {}with class weights its balanced accuracy rises by {} to {:.3f}{}",
            e.balance->optimised ? "better optimised and " : "", points(e.balance->gain), e.balance->balanced_accuracy,
            e.balance->optimised ? ", of which the weights are " + points(e.balance->of_weights) : std::string()));
  // A class for nearly all is no solution, however rare the others are.
  const bool is_learnt = 1 - user.setting.test_accuracy <= kSolvedError * (1 - user.majority_share);
  if (user.setting.test_accuracy >= kSolvedAccuracy && is_learnt) {
    if (user.test_interval.low >= kSolvedInterval)
      return verdict(VerdictCode::solved, EvidenceGrade::supported,
                     fmt::format("There is little left to gain: the test accuracy is {}", accuracy_of(user)));
    return verdict(VerdictCode::inconclusive, EvidenceGrade::unresolved,
                   fmt::format("Inconclusive: {} looks solved, but {} test rows are too few to say so; bring about {}",
                               accuracy_of(user), e.test_rows, 200));
  }
  const double bound = bound_of(e);
  const Effect* const seems = seems_there(e, effects);
  const bool ruled_out = !open.empty() && widest(open).estimate.interval.high < bound && e.curve && e.larger &&
                         e.reference && seems == nullptr;
  const bool over_chance = e.over_majority && e.over_majority->interval.low > 0;
  if (ruled_out && over_chance) {
    double largest = e.reference->gain.interval.high;
    for (const Effect& effect : effects)
      if (effect.code == VerdictCode::optimisation || effect.code == VerdictCode::overfit ||
          effect.code == VerdictCode::capacity)
        largest = std::max(largest, effect.over_user->interval.high);
    std::string sentence = fmt::format(
        "No network we trained betters {} by more than {:.1f} points (95 %), and twice the training rows would add "
        "{:.1f} points [{:.1f}, {:.1f}]: this is the ceiling of networks on these features and this many rows",
        accuracy_of(user), in_points(largest), in_points(e.curve->at_twice), in_points(e.curve->at_twice_interval.low),
        in_points(e.curve->at_twice_interval.high));
    if (e.noise && noise_is_shown(*e.noise) && !(e.curve->at_twice_interval.low > 0))
      sentence += "; relabel the rows that are listed, or change the features";
    return verdict(VerdictCode::ceiling, EvidenceGrade::supported, std::move(sentence));
  }
  if (!over_chance) return not_over_chance(e);
  const auto unlike_its_cause =
      std::ranges::find_if(effects, [](const Effect& effect) { return !effect.against.empty(); });
  if (unlike_its_cause != effects.end() && unlike_its_cause->code != VerdictCode::shift)
    return gains_for_no_known_cause(*unlike_its_cause);
  return undecided(e, open, seems);
}

// What gains more than the cause, and is none.
std::string larger_unlike_its_cause(const Effect& cause, const std::vector<Effect>& ranked) {
  const Effect& largest = ranked.front();
  if (largest.against.empty() || largest.code == VerdictCode::shift || !(largest.points > cause.points)) return "";
  return fmt::format("; beside it {} ({}), but {}", claim_words(largest), points(largest.gain), largest.against);
}

// Of gains that are present, ranked. Rows can be had in two ways, and both gains are for one cause: rows are missing.
Verdict what_holds_back(const DiagnosisEvidence& e, const std::vector<Effect>& present,
                        const std::vector<Effect>& ranked) {
  const auto points_of = [&present](VerdictCode code) {
    double sum = 0;
    for (const Effect& effect : present) sum += effect.code == code ? effect.points : 0;
    return sum;
  };
  double all = 0;
  for (const Effect& effect : present) all += effect.points;
  const Effect& first =
      *std::ranges::max_element(present, {}, [&](const Effect& effect) { return points_of(effect.code); });
  const auto other = std::ranges::find_if(present, [&](const Effect& effect) { return effect.code != first.code; });
  if (other == present.end() || points_of(first.code) >= kDominant * all) {
    std::string sentence = sentence_of(first, e);
    for (const Effect& effect : present)
      if (effect.code == first.code && &effect != &first) sentence += "; and " + describe(effect, e);
    return verdict(first.code, grade_of(first), sentence + larger_unlike_its_cause(first, ranked));
  }
  const auto [one, two] = first.points >= other->points ? std::pair(&first, &*other) : std::pair(&*other, &first);
  return verdict(
      VerdictCode::mixed, EvidenceGrade::supported,
      fmt::format("Several things hold the accuracy back: {}; and {}", describe(*one, e), describe(*two, e)));
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
  // Where rows have moved, a class can lie where another one lay.
  if (e.label_map && map_is_shown(*e.label_map) && !rows_differ(e))
    return verdict(VerdictCode::label_map, EvidenceGrade::proved,
                   "The classes of training and test rows are not the same: " + map_words(e));
  if (e.signal && !signal_is_shown(e)) return without_signal(e);

  std::vector<Effect> present;
  std::ranges::copy_if(ranked, std::back_inserter(present),
                       [](const Effect& effect) { return effect.state == EffectState::present; });
  if (present.empty()) return nothing_to_gain(e, ranked);
  return what_holds_back(e, present, ranked);
}

std::vector<Cause> causes_of(const DiagnosisEvidence& e, const std::vector<Effect>& ranked, const Verdict& verdict) {
  // Gains by test rows whose classes are exchanged are none.
  if (verdict.code == VerdictCode::label_map)
    return {{verdict.code, e.label_map->gain, verdict.grade, verdict.sentence}};
  std::vector<Cause> causes;
  for (const Effect& effect : ranked) {
    if (effect.state == EffectState::absent || effect.points <= 0) continue;
    causes.push_back({effect.code, gain_of_cause(effect), grade_of(effect), describe(effect, e)});
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
  DiagnosisDecision decision{.effects = evidence.user ? judged_effects(evidence) : std::vector<Effect>{}};
  decision.verdict = decide(evidence, decision.effects);
  decision.verdict.evidence = evidence_lines(evidence, decision.effects);
  decision.verdict.not_tested = not_tested(evidence);
  decision.causes = causes_of(evidence, decision.effects, decision.verdict);
  decision.budget = budget_of(evidence);
  return decision;
}

}  // namespace plateau
