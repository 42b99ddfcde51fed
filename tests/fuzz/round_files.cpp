// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/round_files.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string_view>

#include "fuzz.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/csv.hpp"

namespace plateau {
namespace {

using fuzzing::must;

void read_text(const std::string& file) {
  Index last = 0;
  std::size_t columns = 0;
  read_csv_text(file, [&](Index line, const std::vector<std::string>& fields) {
    must(line > last, "lines come in their order");
    must(!fields.empty() && (columns == 0 || fields.size() == columns), "every line has the fields of the first");
    last = line;
    columns = fields.size();
  });
}

void read_log(const std::string& file) {
  const auto is_share = [](double value) { return 0 <= value && value <= 1; };
  const RoundLog log = read_round_log(file);
  must(log.rounds.size() >= 2, "there are two rounds");
  for (std::size_t r = 0; r < log.rounds.size(); ++r) {
    const LoggedRound& round = log.rounds[r];
    must(std::isfinite(round.number) && (r == 0 || round.number > log.rounds[r - 1].number), "numbers increase");
    must(is_share(round.test_accuracy) && (!round.train_accuracy || is_share(*round.train_accuracy)), "shares");
  }
  must(0 <= log.decimals && log.decimals <= 17, "decimals of a double");
}

void read_predictions(const std::string& file) {
  const RoundPredictions given = read_round_predictions({file, file}, nullptr);
  must(given.predicted.size() == 2 && given.predicted[0] == given.predicted[1] && !given.predicted[0].empty(),
       "the same of the same file");
  for (const std::int32_t id : given.predicted[0]) must(0 <= id && id < given.classes.classes(), "ids of classes");
  must(given.outputs.empty() || given.outputs[0] == given.outputs[1], "the same outputs");
}

// read_test_labels() goes by the ending of a name; this one is gone when it has read.
struct NamedTable {
  std::filesystem::path path = fuzzing::scratch_path() + ".csv";
  explicit NamedTable(const std::string& file) {
    std::filesystem::remove(path);
    std::filesystem::create_symlink(file, path);
  }
  ~NamedTable() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

void read_labels(const std::string& file) {
  const NamedTable table(file);
  Dataset data;
  try {
    data = read_test_labels(table.path.string());
  } catch (const InputError& error) {
    must(std::string_view(error.what()).starts_with(table.path.string() + ": "), "a refusal names the table");
    throw InputError(file + ": refused by its other name");
  }
  must(data.rows() >= 1, "there is a label");
  for (const std::int32_t id : data.labels) must(0 <= id && id < data.classes.classes(), "labels are ids of classes");
}

}  // namespace

std::vector<fuzzing::Reader> fuzzing::readers() { return {read_text, read_log, read_predictions, read_labels}; }

void fuzzing::repair(std::string&) {}

}  // namespace plateau
