// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "data_options.hpp"

#include <fmt/format.h>

#include "live_view_on_terminal.hpp"
#include "plateau/core/error.hpp"

namespace plateau::app {

void add_table_options(CLI::App& command, ReadOptions& options) {
  command.add_option("--target", options.target,
                     "column of a table, by name or from 0, or array of an archive, that holds the classes [last]");
  command.add_option("--drop", options.drop, "column that is left out; once per column")->allow_extra_args(false);
  command
      .add_option_function<std::string>(
          "--header",
          [&options](const std::string& header) {
            options.header = header == "present"  ? Header::present
                             : header == "absent" ? Header::absent
                                                  : Header::detect;
          },
          "of a table: auto, present or absent [auto]")
      ->check(CLI::IsMember({"auto", "present", "absent"}));
}

void add_split_options(CLI::App& command, TrainingFiles& files) {
  command.add_option("--test", files.test, "test rows, likewise; or");
  command.add_option("--test-fraction", files.test_fraction,
                     "share of the training rows that become test rows, alike in their classes");
  add_table_options(command, files.reading);
  command.add_option("--group", files.reading.group,
                     "column of a table; rows of a group stay together when test or validation rows are drawn");
}

void expects_use_of_groups(const TrainingFiles& files, double validation) {
  if (!files.reading.group.empty() && !files.test_fraction && validation == 0)
    throw InputError(fmt::format("--group {}: neither test nor validation rows are drawn, so no group could be torn",
                                 files.reading.group));
}

Dataset read_rows(const std::string& files, const ReadOptions& options, bool progress) {
  LiveView view(progress);
  ReadOptions reading = options;
  reading.progress = [&](double share) {
    expects_no_interrupt();
    view.show_bar([&](double seconds) { return reading_bar(files, share, seconds); });
  };
  return read_dataset(files, reading);
}

Split read_split(const TrainingFiles& files, const std::optional<ModelFile>& initial, std::uint64_t seed,
                 bool progress) {
  if (files.test.empty() && !files.test_fraction)
    throw InputError(
        "--test is missing: name rows that nothing trains on, or draw them by --test-fraction 0.2 from those of the "
        "training");
  if (!files.test.empty() && files.test_fraction)
    throw InputError("--test and --test-fraction: both name the test rows; leave one out");
  ReadOptions reading = files.reading;
  reading.row_checksums = reading.row_checksums && files.test_fraction;  // they are to tell test rows
  Split split{.train = read_rows(files.train, reading, progress), .test = {}};
  if (initial) reconcile(split.train, schema_of(*initial, files.initial));
  if (files.test_fraction) {
    split = deal_rows(split.train, *files.test_fraction, seed);
  } else {
    split.test = read_rows(files.test, files.reading, progress);
    reconcile(split.test, schema_of(split.train));
  }
  if (initial) {
    split.scale = network_of(*initial, files.initial).scale;
    if (!split.scale.empty()) {
      split.read_checksum = test_rows_checksum(split);
      scale_features(split.train, split.scale);
      scale_features(split.test, split.scale);
    }
  }
  return split;
}

}  // namespace plateau::app
