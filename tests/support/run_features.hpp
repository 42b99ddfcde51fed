// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A run for every field that changes how it trains, alone and together: what one device trains, every other must.
#pragma once

#include <string>
#include <vector>

#include "plateau/model/run.hpp"

namespace plateau::test {

// A full batch is one of many rows: the thread sanitizer, which takes its time, sees no other accesses in it.
#if defined(__SANITIZE_THREAD__)
inline constexpr Index kBatches[] = {13};
#else
inline constexpr Index kBatches[] = {0, 13};
#endif

struct NamedRun {
  std::string name;
  Run run;
};

// On `train_rows` training rows. `list` must outlive the runs.
inline std::vector<NamedRun> runs_of_every_feature(const std::vector<Index>& widths, Index train_rows,
                                                   const std::vector<std::int32_t>& list) {
  const Run plain{
      .architecture = {widths},
      .optimizer = AdamParameters{.learning_rate = 0.01},
      .epochs = 3,
      .order = RowOrder::shuffled_each_epoch,
      .seed = 11,
      .outputs = {.layers = true, .dead_units = true, .scale = true, .predictions = {{.probabilities = true}}}};
  std::vector<NamedRun> runs;
  const auto add = [&](const std::string& name, auto change) {
    for (const Index batch : kBatches) {
      Run run = plain;
      run.batch = batch;
      change(run);
      runs.push_back({name + (batch == 0 ? ", full batch" : ", batches"), run});
    }
  };
  const auto validate = [=](Run& run) {
    run.rows = RowSelection::outside_fold(3, train_rows, 4, 1);
    run.validation = RowSelection::fold(3, train_rows, 4, 1);
  };
  add("plain", [](Run&) {});
  add("cosine", [](Run& run) { run.schedule = Schedule::cosine; });
  add("cosine, decoupled decay", [](Run& run) {
    run.schedule = Schedule::cosine;
    run.optimizer =
        AdamParameters{.learning_rate = 0.01, .betas = {}, .weight_decay = 0.3, .decay_kind = WeightDecay::decoupled};
  });
  add("cosine, SGD", [](Run& run) {
    run.schedule = Schedule::cosine;
    run.optimizer = SgdParameters{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01};
  });
  add("part of the rows", [=](Run& run) { run.rows = RowSelection::part(5, train_rows, train_rows / 2); });
  add("rows of a list", [&](Run& run) {
    run.rows = RowSelection::listed({list.data(), static_cast<Index>(list.size())}, train_rows);
  });
  add("flipped labels", [](Run& run) { run.labels = {.flip_rate = 0.3f, .flip_seed = 8}; });
  add("permuted and flipped labels", [=](Run& run) {
    validate(run);
    run.labels = {.permuted = true, .permutation_seed = 4, .flip_rate = 0.2f, .flip_seed = 8};
  });
  add("standardised", [=](Run& run) {
    run.standardise = true;
    run.rows = RowSelection::part(6, train_rows, train_rows - 5);
  });
  add("dropout", [](Run& run) { run.dropout = 0.3; });
  add("dropout, SGD", [](Run& run) {
    run.dropout = 0.3;
    run.optimizer = SgdParameters{.learning_rate = 0.1, .momentum = 0.9};
  });
  add("jitter", [](Run& run) { run.jitter = 0.2; });
  add("jitter on scaled features", [](Run& run) {
    run.jitter = 0.2;
    run.standardise = true;
  });
  add("mixup", [](Run& run) { run.mixup = 0.4; });
  if (widths.size() > 2) {
    add("first layer frozen", [](Run& run) { run.frozen = 1; });
    add("other layers frozen, decay", [=](Run& run) {
      run.frozen = (std::uint64_t{1} << (widths.size() - 1)) - 1 - 1;
      run.optimizer = AdamParameters{.learning_rate = 0.01, .betas = {}, .weight_decay = 0.1};
    });
  }
  add("balanced classes", [](Run& run) { run.class_weights.balanced = true; });
  add("given class weights", [&](Run& run) {
    for (Index c = 0; c < widths.back(); ++c) run.class_weights.given.push_back(0.5f + 0.75f * static_cast<float>(c));
  });
  add("validation", [=](Run& run) {
    validate(run);
    run.outputs.predictions = {{.rows = run.validation, .at = ParametersAt::best, .probabilities = true},
                               {.rows = run.validation},
                               {.at = ParametersAt::best},
                               {.probabilities = true}};
  });
  add("early stopping", [=](Run& run) {
    validate(run);
    run.optimizer = SgdParameters{.learning_rate = 1};  // too large: the loss soon rises
    run.epochs = 12;
    run.patience = 2;
    run.outputs.predictions = {{.at = ParametersAt::best, .probabilities = true}};
  });
  add("everything", [=](Run& run) {
    validate(run);
    run.schedule = Schedule::cosine;
    run.labels = {.permuted = true, .permutation_seed = 4, .flip_rate = 0.2f, .flip_seed = 8};
    run.standardise = true;
    run.dropout = 0.2;
    run.jitter = 0.1;
    run.mixup = 1;
    run.class_weights.balanced = true;
    run.epochs = 4;
    run.patience = 3;
    run.outputs.predictions = {{.rows = run.validation, .at = ParametersAt::best, .probabilities = true}};
  });
  return runs;
}

}  // namespace plateau::test
