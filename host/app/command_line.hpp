// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the commands share: their common options, how a device is chosen, and how an error becomes an exit code.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/model/trainer.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/environment.hpp"

namespace plateau::app {

inline constexpr int kExitFailed = 1;         // a training that diverged, a machine that failed
inline constexpr int kExitBadInput = 2;       // what the user can mend
inline constexpr int kExitInterrupted = 130;  // Ctrl-C

// Of a training that ended so.
int exit_code_after(RunOutcome outcome);

enum class OutputFormat { text, json };

// What of a run's folder is made beside its files.
struct ReportOptions {
  bool wanted = false;  // report.html and report.md
  std::string charts;   // "svg": each chart as a file too
  std::string events;   // folder for TensorBoard; empty: none
};

// The options of every command that trains, with one spelling and one meaning everywhere.
struct CommonOptions {
  std::string device = "auto";
  std::string engine = "auto";
  std::string precision = "fp32";
  bool autotune = false;
  int workers = 0;  // threads of the CPU device; 0: as many as there are cores for this process
  std::uint64_t seed = 0;
  std::string out;
  ReportOptions report;
  std::string format = "text";
  bool quiet = false;
  const CLI::App* command = nullptr;  // that has these options

  OutputFormat output_format() const { return format == "json" ? OutputFormat::json : OutputFormat::text; }
};
void add_common_options(CLI::App& command, CommonOptions& options);
// Those of a command that uses a model: --device, --precision; and --format, --quiet.
void add_device_options(CLI::App& command, CommonOptions& options);
void add_format_option(CLI::App& command, CommonOptions& options);
void add_output_options(CLI::App& command, CommonOptions& options);  // --format and --quiet
void add_report_options(CLI::App& command, CommonOptions& options);

// What a command does, and after it the report of the folder it has filled; its exit code. Throws InputError before
// anything is done where a report is wanted and there is no folder.
int reported(const CommonOptions& options, const std::function<int()>& run);

// Leaves word in the folder of --out of what begins there, with the options of the command; of no effect where there is
// no such folder. `what`: without its command and options, which are those of `options`.
BegunFile begin(const CommonOptions& options, Begun what, const Environment& environment);

// The device the options ask for; for `auto` it says on stderr which one was taken and why. Throws InputError where the
// device or the engine cannot be had.
struct Device {
  std::unique_ptr<Trainer> trainer;
  Environment environment;
};
Device choose_device(const CommonOptions& options);

// The check of an option that takes a whole number from `low` to `high`: digits only, no sign, nothing behind them.
CLI::Validator whole_number(std::uint64_t low, std::uint64_t high);

// "16,16" -> {16, 16}, "" -> {}: a linear model. Throws InputError for anything else.
std::vector<Index> parse_hidden(const std::string& text);

// "0.01,0.1" -> {0.01, 0.1}: finite numbers of at least zero (or above), none of them twice. Throws InputError, naming
// the option, for anything else.
enum class Least { zero, above_zero };
std::vector<double> parse_numbers(const char* option, const std::string& text, Least least);

// The value, where it is finite and at least zero (or above); throws InputError otherwise.
double checked(const char* option, double value, Least least);

// PyTorch's, but for the learning rate of SGD, which has none there.
struct OptimizerDefaults {
  double learning_rate, weight_decay;
};
OptimizerDefaults optimizer_defaults(std::string_view optimizer);

// "full" -> 0, "64" -> 64. Throws InputError for anything else.
Index parse_batch(const std::string& text);

// What was given to a command, as it would be given again: "--lr", "0.1", ... But for the options named by `except`.
std::vector<std::string> given_options(const CLI::App& command, const std::vector<std::string>& except = {});

// The subcommands of `plateau`; each registers its options and returns what to do once they are read.
using Action = std::function<int()>;
Action add_scenario_command(CLI::App& plateau);
Action add_train_command(CLI::App& plateau);
Action add_sweep_command(CLI::App& plateau);
Action add_evaluate_command(CLI::App& plateau);
Action add_finetune_command(CLI::App& plateau);
Action add_forensics_command(CLI::App& plateau);
Action add_predict_command(CLI::App& plateau);
Action add_diagnose_command(CLI::App& plateau);
Action add_remedies_command(CLI::App& plateau);
Action add_report_command(CLI::App& plateau);
Action add_compare_command(CLI::App& plateau);
Action add_info_command(CLI::App& plateau);

// Ctrl-C where nothing ends by itself in good order: run_program() ends with kExitInterrupted, and no result is
// written.
struct Interrupted {};
void expects_no_interrupt();  // throws it once the user wants an end

// Text on stdout while something goes on, which a reader that has left does not end: run_program() tells it at the end.
void print_now(std::string_view text);

// A line on stderr. Names of files, classes and options in it may be any bytes: what could command a terminal is shown
// as an escape (report/markup.hpp).
void say_on_stderr(std::string_view program, std::string_view sentence);

// Text with such names for stdout: a file and a pipe get its bytes, a terminal gets it escaped likewise.
std::string for_stdout(const std::string& text);

// A file that an option names to be written; empty: none.
struct OutputName {
  const char* option;
  std::string file;
};
// The files that a command leaves in its folder, where it has one.
std::vector<OutputName> outputs_in(const std::string& folder, const std::vector<std::string>& names);
// Throws InputError, naming the option, where a file that is to be written is one of those that are read (`read`: as
// the user named them, pairs included) or two are the same: one would be lost.
void expects_apart(const std::vector<OutputName>& written, const std::vector<std::string>& read);

// Reads the command line into `app`, then runs `action`; every error ends as one sentence on stderr and an exit code.
int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& action);

}  // namespace plateau::app
