// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the pages of all kinds of run directories have in common: reading the files, and the parts that they share.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json_parts.hpp"
#include "plateau/report/charts.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/page.hpp"

namespace plateau {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();  // what is not known

// Columns of a CSV that Plateau wrote, by name. An empty cell is not a number. Throws InputError, naming file and line,
// where a line has another number of cells or a cell is no number, or one of the columns that are `needed` is not
// there.
using Columns = std::map<std::string, std::vector<double>>;
Columns read_columns(const std::filesystem::path& csv, const std::vector<const char*>& needed);
inline const std::vector<const char*> kHistoryColumns{"epoch", "train_loss", "train_accuracy", "test_loss",
                                                      "test_accuracy"};

// Of a checkpoint, whose epochs no history.csv has: its columns, and no column where it has no epoch.
Columns history_of(const Checkpoint& checkpoint);

// suspects.csv (diagnosis_report.hpp); none where there is no such file. That of a diagnosis.json before version 3 has
// rows and labels alone.
struct SuspectLine {
  std::string row, label, given, probability, label_probability;
};
std::vector<SuspectLine> read_suspects(const std::filesystem::path& csv);

// ---- Numbers as a page has them -------------------------------------------------------------------------------------

std::string in_percent(double share);                             // "95.1 %"
std::string in_percent(double share, const Json& interval);       // "95.1 % [92.1, 97.0]"
std::string share_of_rows(double share, double rows);             // the same with Wilson's interval; rows 0: without
std::string points_text(double points);                           // "+1.2", "0.0", "-"
std::string interval_text(double low, double high);               // "[-0.3, +2.7]", "-"
std::string points_text(double points, double low, double high);  // "+1.2 [-0.3, +2.7]"
std::string difference_text(const Json& difference);              // the same of a difference of accuracies; null: "-"
std::string significant(double value);                            // four digits
double rounded(double value, int decimals);                       // where a chart would write digits that mean nothing
double number(const Json& json);                                  // NaN where it is null
std::vector<double> numbers(const Json& list);                    // likewise, of each

// ---- Parts ----------------------------------------------------------------------------------------------------------

// "plateau 0.1.0 (commit 1234567), cpu: AMD EPYC, 2026-11-29T13:23:43Z".
std::string made_by(const Json& document);
std::string name_of_data(const Json& configuration);  // the file's name without its folder

// Title, verdict and what was not tested, where the document has them.
void add_verdict(Page& page, const Json& document);

// Accuracy over epochs or rounds in percent: with a band where each point's interval is known from the number of test
// rows (Wilson), and levels.
struct AccuracyCurves {
  std::string unit;                                                 // "epoch", "round"
  std::vector<double> at;                                           // numbers of the epochs
  std::vector<std::pair<std::string, std::vector<double>>> shares;  // the first is that of the test rows
  std::optional<double> test_rows;                                  // for the band
  std::vector<Band> bands;                                          // further ones, in percent
  std::vector<Level> levels;                                        // in percent
  bool dots = false;
  Index trainings = 1;  // of which the curves are means
  std::string span =
      {};  // "the base and 3 rounds": what the points are, where they are not one for each epoch or round
};
// " (mean of 5 trainings)" behind the title of such a chart; nothing for one.
std::string mean_of_trainings(Index trainings);
PageChart accuracy_chart(const AccuracyCurves& curves);
// First, last, lowest and highest value of a curve, for the text alternative of its chart: " test: 0.69 at epoch 0,
// 0.31 at epoch 9, lowest 0.3 at epoch 7, highest 0.69 at epoch 0."; empty where it has no value.
std::string course_of(const std::string& name, const std::vector<ChartPoint>& points, const std::string& unit);
// Shares of test rows (0 to 1) that changed since the epoch before.
PageChart churn_chart(const std::vector<double>& epochs, const std::vector<double>& shares, const std::string& title);
PageChart learning_curve_chart(const Json& curve, std::optional<double> user_accuracy);
// Of a matrix whose rows are written one after another, by the names of its classes or null; none where it is empty.
// `votes`: the trainings by whose vote a row is given its class.
std::optional<PageChart> confusion_chart(const Json& counts, const Json& names, Index votes = 1);

std::vector<std::string> class_names(const Json& names, std::size_t count);  // numbered where there are none

// What follows from a verdict's code, beyond its sentence; empty where that says it all.
std::string advice_of(const std::string& code);
// What to do against a loss that is no longer finite, by what was asked for.
std::string advice_on_divergence(const Json& configuration);
// The evidence of a verdict, as a list.
PageSection evidence_section(const Json& verdict);

// ---- Pages ----------------------------------------------------------------------------------------------------------

Page page_of_run(const Json& document, const std::filesystem::path& directory);
Page page_of_sweep(const Json& document);
Page page_of_rounds(const Json& document);
Page page_of_diagnosis(const Json& document, const std::filesystem::path& directory);
Page page_of_remedies(const Json& document);
Page page_of_forensics(const Json& document);
// Of what was cut short, by what it has left: a training, a fine-tuning, or no more than word of what was begun.
Page page_of_checkpoint(const std::filesystem::path& directory);
Page page_of_rounds_so_far(const std::filesystem::path& directory);
Page page_of_begun(const std::filesystem::path& directory);
// What begun.json (begun.hpp) knows of rows and epochs. Throws Json::exception where it lacks a key.
void add_rows_and_epochs(Page& page, const Json& begun);
// What `add` has of begun.json, on the page of a folder that holds more than that. Nothing where there is none, or a
// damaged one: it hides no result.
void add_begun(Page& page, const std::filesystem::path& directory,
               const std::function<void(Page&, const Json&)>& add = add_rows_and_epochs);
// A command as it would be typed into a shell.
std::string command_line(const std::string& command, const std::vector<std::string>& options);
std::string command_line(const Json& begun);

}  // namespace plateau
