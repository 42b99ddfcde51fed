// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <cstdio>
#include <memory>

#include "command_line.hpp"
#include "data_options.hpp"
#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/rounds_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/study/rounds.hpp"
#include "training_options.hpp"

namespace plateau::app {
namespace {

constexpr Index kRoundEpochs = 10;
constexpr Index kMaxPasses = 10'000;

struct FinetuneArguments {
  RoundsFiles files;
  std::vector<std::string> rounds;
  std::string test;
  TrainingOptions training{.epochs = kRoundEpochs};
  Index passes = 1;
  std::vector<Index> frozen;
  std::string model_file;
  CommonOptions common;
};

Dataset rows_for(const ModelFile& model, const FinetuneArguments& arguments, const std::string& file) {
  const std::string& name = arguments.files.initial;
  Dataset data = read_rows(file, arguments.files.reading, !arguments.common.quiet);
  reconcile(data, schema_of(model, name));
  expects_labels_below(data, file, model.stack.widths.back(), name);
  return data;
}

int run_finetune(const FinetuneArguments& arguments) {
  const CommonOptions& common = arguments.common;
  std::vector<OutputName> written = outputs_in(common.out, {"rounds.json", "rounds.csv", "model.safetensors"});
  written.push_back({"--save", arguments.model_file});
  std::vector<std::string> read = arguments.rounds;
  read.insert(read.end(), {arguments.test, arguments.files.initial});
  expects_apart(written, read);
  ModelFile model = read_model_file(arguments.files.initial);
  const TrainedNetwork base = network_of(model, arguments.files.initial);
  RoundsDefinition definition{.run = run_of(arguments.training, common.seed), .passes = arguments.passes};
  definition.run.frozen = frozen_bits(arguments.frozen, base.architecture, arguments.files.initial);
  std::vector<Dataset> sets;
  for (const std::string& file : arguments.rounds) sets.push_back(rows_for(model, arguments, file));
  Dataset test = rows_for(model, arguments, arguments.test);
  const Device device = choose_device(common);
  if (!arguments.model_file.empty()) expect_writable(arguments.model_file);
  if (!common.out.empty()) prepare_rounds_directory(common.out);
  begin(common, {.test_rows = test.rows(), .epochs = definition.run.epochs}, device.environment);

  const bool as_text = common.output_format() == OutputFormat::text;
  const Index rounds = static_cast<Index>(sets.size()) * arguments.passes;
  std::vector<Index> rows(sets.size());
  std::ranges::transform(sets, rows.begin(), &Dataset::rows);
  Index round = 0;  // that trains
  LiveView view(!common.quiet);
  LiveFrame frame;
  // Rows of a round in all its epochs, whether or not it stops early: what is left is told from the rounds before it.
  const auto passes = [&](Index first, Index last) {
    double all = 0;
    for (Index r = first; r < last; ++r)
      all += static_cast<double>(rows[static_cast<std::size_t>(r) % rows.size()] * definition.run.epochs);
    return all;
  };
  const auto progress_of = [&](Index r) {
    return ProgressOf{.rows = rows[static_cast<std::size_t>(r) % rows.size()],
                      .epochs = definition.run.epochs,
                      .passes_before = passes(0, r),
                      .passes_after = passes(r + 1, rounds)};
  };
  ProgressOf whole = progress_of(0);
  const RoundsWatch watch{.round =
                              [&](const RoundsResult& so_far) {
                                view.clear();
                                frame = {};
                                whole = progress_of(++round);
                                if (!common.out.empty()) {
                                  model.stack.parameters = so_far.parameters;
                                  write_rounds_so_far(common.out, so_far, model);
                                }
                                if (!as_text || common.quiet) return;
                                print_now(round_line(so_far));
                              },
                          .epoch =
                              [&](const RunProgress& progress) {
                                if (!view.is_shown()) return;
                                frame.title = fmt::format("round {} of {}", round + 1, rounds);
                                add_progress(frame, progress, whole);
                                view.show(frame, whole);
                              }};
  const RoundsResult result = study_rounds(definition, base, std::move(sets), std::move(test), *device.trainer, watch);
  view.clear();

  const std::string json = rounds_json(result, arguments.files, device.environment);
  model.stack.parameters = result.parameters;
  if (!arguments.model_file.empty() && !result.evidence.rounds.empty()) write_model_file(arguments.model_file, model);
  if (!common.out.empty()) write_rounds_directory(common.out, result, model, json);
  fmt::print("{}", as_text ? rounds_summary(result, arguments.files, device.environment) : json);
  if (const std::string ended = outcome_sentence(result); !ended.empty()) say_on_stderr("plateau", ended);
  return exit_code_after(result.outcome());
}

}  // namespace

Action add_finetune_command(CLI::App& plateau) {
  auto arguments = std::make_shared<FinetuneArguments>();
  CLI::App* command = plateau.add_subcommand(
      "finetune", "Train a model on, round after round, and see what each round changes, gains and forgets");
  command->footer(
      "Example: plateau finetune --init tests/data/torch-parity/adam_linear_3_2/init.safetensors --round "
      "tests/data/torch-parity/adam_linear_3_2/train_x.npy:tests/data/torch-parity/adam_linear_3_2/train_y.npy "
      "--repeat-round 3 --test "
      "tests/data/torch-parity/adam_linear_3_2/test_x.npy:tests/data/torch-parity/adam_linear_3_2/test_y.npy");
  FinetuneArguments& a = *arguments;
  command->add_option("--init", a.files.initial, "the model: a safetensors file, as train saves it or of linear layers")
      ->required();
  command->add_option("--round", a.rounds, std::string("rows of a round, once per round in their order: ") + kRowFiles)
      ->required()
      ->allow_extra_args(false);
  command->add_option("--repeat-round", a.passes, "go through the rounds so many times")
      ->check(whole_number(1, kMaxPasses))
      ->capture_default_str();
  command->add_option("--test", a.test, "test rows, likewise")->required();
  add_table_options(*command, a.files.reading);
  add_training_options(*command, a.training);
  add_freeze_option(*command, a.frozen);
  command->add_option("--save", a.model_file, "safetensors file for the model after the last round");
  add_common_options(*command, a.common);
  command->get_option("--epochs")->description("passes over the rows of a round, in each round");
  command->get_option("--seed")->description("seed of the first round's shuffles and dropout; the next rounds add 1");
  command->get_option("--out")->description(
      "folder for rounds.csv and model.safetensors, after every round, and rounds.json at the end");
  command->get_option("--quiet")->description("the summary only, no line per round");
  return [arguments] { return reported(arguments->common, [&] { return run_finetune(*arguments); }); };
}

}  // namespace plateau::app
