// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the blocks of a diagnosis measure: plain numbers, from which its verdict follows (diagnosis_tree.hpp). All
// accuracies, shares and gains are fractions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/assignment.hpp"
#include "plateau/study/integrity.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

// One setting, trained with the study's seeds, as the test rows judge it.
struct SettingEvidence {
  std::string what;  // what differs from the setting it is compared with
  std::string architecture;
  Index trainings = 0, diverged = 0;
  double test_accuracy = 0, seed_deviation = 0;           // mean and sample standard deviation over trainings
  double train_accuracy = 0;                              // of the last epoch
  double balanced_accuracy = 0;                           // mean recall over the classes that have test rows
  double most_predicted = 0;                              // largest share of the test rows that one class is given
  std::vector<double> test_accuracies, train_accuracies;  // of every training
  Difference gain;                                        // over the setting it is compared with, paired by test rows
};

// A step of betterment: the best other setting of its kind by validation loss, and what it gains over what stands
// before it, which is the user's training or the last step before that is taken. So the gains of those that are taken
// add up.
struct StepEvidence : SettingEvidence {
  Difference over_user;
  bool taken = false;    // its validation loss is lower than that of what it is compared with, and the test rows do not
                         // show that it is worse than the user's
  double fold_gain = 0;  // of validation accuracy over the same, by the folds of the training rows; without an interval
};

struct LayerEvidence {
  bool moved = false;   // whether its parameters changed at any epoch of any training
  bool frozen = false;  // kept from it on purpose; one that is not and never moves is dead
};

// What a training looks like while it goes on: means over trainings after the epochs that all of them completed, every
// one, or of very many some that lie evenly and the last.
struct EpochCurves {
  std::vector<Index> epoch;                                            // counted from 0
  std::vector<double> test_accuracy, lowest, highest, train_accuracy;  // lowest, highest: of the trainings on test rows
  std::vector<double> changed;  // share of the test rows that turned right or wrong since the epoch before; NaN: none
};
inline constexpr Index kMostCurveEpochs = 500;
inline constexpr Index kMostConfusedClasses = 100;

// A network on the ladder as it does on the folds, with the rate and number of epochs that are best for it.
struct LadderRung {
  std::string architecture;
  bool users = false;                                       // the user's own network
  std::vector<double> validation_accuracy, train_accuracy;  // of every fold
};

struct UserEvidence {
  SettingEvidence setting;
  Interval test_interval;     // Wilson's, for the test rows
  double effective_rows = 0;  // independent test rows that would tell as much (clusters.hpp)
  double dead_units = 0;      // share of the hidden units that no training row activates
  double gradient_ratio = 1;  // largest over smallest norm of a layer's weight gradient at the last step
  std::vector<LayerEvidence> layers;
  double majority_share = 0;  // of the commonest class of the test rows
  EpochCurves curves;
  std::vector<Index> confusion;  // [classes, classes]: test rows of class i that most trainings give class j; rows that
                                 // none gives a class are in none; empty where there are very many classes
};

// Trained on labels that were dealt out at random, against the labels as they are.
struct SignalEvidence {
  Index permutations = 0, networks = 0, trainings = 0;  // trainings of all the networks
  double statistic = 0;      // skill of the real labels, the best of the networks; docs/diagnose.md
  std::vector<double> null;  // of every permutation
  double p = 1;
  double detectable = 1;  // the smallest accuracy above chance that this would have seen, in 80 % of cases
};

struct CurvePoint {
  double rows = 0;
  double test_accuracy = 0;
  Interval over_trainings;
};
struct CurveEvidence {
  std::vector<CurvePoint> points;    // ascending rows
  Difference gain;                   // of the last doubling that was trained
  Index from_rows = 0, to_rows = 0;  // of that doubling
  double at_twice = 0;               // gain predicted for twice the training rows there are
  Interval at_twice_interval;
  double back_test_error = 0;  // what the same prediction of the last doubling missed it by
};

struct FamilyEvidence {
  std::string name;  // "15 nearest neighbours"
  double test_accuracy = 0;
  Difference gain;  // over the reference or the user's training, the better of the two
};

struct ShiftEvidence {
  Estimate auc;                // of telling test rows from training rows
  double null_auc = 0.5;       // mean over permuted origins
  double p = 1;                // of the permutation test
  double cross_validated = 0;  // accuracy on training rows that were held out
  Difference loss;             // that - test accuracy of the same networks; rows not paired
};

struct LabelMapEvidence {
  std::vector<std::int32_t> best;  // the class that best stands for the class predicted; chosen on one half of the rows
  Difference gain;                 // of that map over the identity, on the other half
  RecallChange recall;             // there
};

// A training row whose label networks contradict that were not trained on it, and what they say.
struct SuspectRow {
  std::int32_t row = 0, given = 0;                // the class that they give it
  double probability = 0, label_probability = 0;  // of that class and of its label, their mean over these networks
};

struct NoiseEvidence {
  double disagreement = 0;            // share of training rows that held-out networks put into another class
  double confident_disagreement = 0;  // the same among the half of the rows that they are surest of
  Interval confident_interval;
  double surest_disagreement = 0;    // the same among the surest eighth
  double noise_rate = 0;             // share of labels that would explain the confident half
  std::vector<SuspectRow> suspects;  // the most suspect first
};

// Of the user's training with balanced class weights, better optimised as well where that step is taken.
struct BalanceEvidence {
  double balanced_accuracy = 0;
  Difference gain;                  // of balanced accuracy over the user's
  std::optional<double> optimised;  // balanced accuracy of the better optimised training alone
  Difference of_weights;            // what class weights add to that
};

struct DiagnosisEvidence {
  double delta = 0.01;
  Index train_rows = 0, test_rows = 0, classes = 0;
  Index features = 0;
  std::vector<std::string> class_names;  // by id; a class without one is told by its id
  Integrity integrity;
  std::optional<UserEvidence> user;
  std::optional<SignalEvidence> signal;
  std::optional<Difference> over_majority;  // test accuracy of the reference - always the commonest training class

  std::optional<StepEvidence> unfrozen;      // without frozen layers, where the user has some
  std::optional<StepEvidence> from_scratch;  // without initial weights, where the user gives some
  std::optional<StepEvidence> optimised, regularised, larger;
  // The best of all by validation loss, the user's where that is it or none is as good; gains over the user's.
  std::optional<SettingEvidence> reference;
  std::vector<LadderRung> ladder;  // ascending in parameters
  Index most_steps = 0;            // of the optimiser, that a training of networks in question took

  // The user's training on all rows, those too that it holds out to stop early by, for as many epochs; gains over it.
  std::optional<SettingEvidence> with_held_out;
  // The best on the second features; gains over the reference or the user's training, the better of the two.
  std::optional<SettingEvidence> second_data;
  std::optional<CurveEvidence> curve;
  std::vector<FamilyEvidence> families;
  std::optional<ShiftEvidence> shift;
  std::optional<LabelMapEvidence> label_map;
  std::optional<NoiseEvidence> noise;
  std::optional<BalanceEvidence> balance;
  // Where test rows leak: the user's training with them among the test rows; all else is without them.
  std::optional<SettingEvidence> with_leaked;
};

}  // namespace plateau
