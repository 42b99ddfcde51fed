// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the clocks around whole trainings say: the time and the counters of a case, without the trainings.
#pragma once

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>

#include "plateau/model/trainer.hpp"

namespace plateau::bench {

struct Took {
  double us = 0;       // by the wall clock
  double host_us = 0;  // of the processor, on all threads of this process
  Index recorded_launches = 0;
};

struct Figures {
  double us = 0;  // of the case
  std::map<std::string, double> counters;
};

// Throws std::runtime_error unless all epochs were trained and every loss and gradient is finite.
inline void expect_trained(const RunResult& result, Index epochs) {
  if (result.outcome != RunOutcome::finished || static_cast<Index>(result.history.size()) != epochs)
    throw std::runtime_error("the training did not finish");
  for (const EpochRecord& epoch : result.history)
    if (!std::isfinite(epoch.train_loss) || !std::isfinite(epoch.test_loss) || !std::isfinite(epoch.gradient_norm))
      throw std::runtime_error("a loss is not finite");
}

inline void add_launches(const Took& took, Figures& figures) {
  if (took.recorded_launches > 0) figures.counters["launches_per_epoch"] = static_cast<double>(took.recorded_launches);
}

// Per epoch of a run of `epochs`. What its first epochs take longer is in a run of a `few` as well.
inline Figures tiny_figures(const Took& all, Index epochs, const Took& first, Index few) {
  const auto count = static_cast<double>(epochs);
  Figures figures{.us = all.us / count,
                  .counters = {{"epochs", count},
                               {"us_per_later_epoch", (all.us - first.us) / static_cast<double>(epochs - few)},
                               {"host_us_per_epoch", all.host_us / count}}};
  add_launches(all, figures);
  return figures;
}

// Per epoch of one model, whose products take so many `flops`. `peak`: FLOP/s of the device, `memory_bytes`: what the
// fleet took of its memory; 0 where they are not known.
inline Figures fleet_figures(const Took& all, Index models, Index epochs, double flops, double peak,
                             std::int64_t memory_bytes) {
  const auto model_epochs = static_cast<double>(models * epochs);
  Figures figures{.us = all.us / model_epochs,
                  .counters = {{"models", static_cast<double>(models)},
                               {"epochs", static_cast<double>(epochs)},
                               {"models_per_s", static_cast<double>(models) / all.us * 1e6},
                               {"model_epochs_per_s", model_epochs / all.us * 1e6},
                               {"tflop_per_s", flops * model_epochs / all.us * 1e-6},
                               {"host_us_per_model_epoch", all.host_us / model_epochs}}};
  if (peak > 0) figures.counters["percent_of_fp32_peak"] = 100 * flops * model_epochs / all.us * 1e6 / peak;
  if (memory_bytes > 0) figures.counters["peak_memory_mb"] = static_cast<double>(memory_bytes) * 1e-6;
  return figures;
}

// Per step. `later`: what the `steps` took; `products_us` and `flops` are those of one step.
inline Figures wide_figures(const Took& later, Index steps, double products_us, double flops) {
  const auto count = static_cast<double>(steps);
  const double step_us = later.us / count;
  Figures figures{.us = step_us,
                  .counters = {{"steps", count},
                               {"gemm_only_us", products_us},
                               {"percent_of_gemm_only", 100 * products_us / step_us},
                               {"tflop_per_s", flops / step_us * 1e-6},
                               {"host_us_per_step", later.host_us / count}}};
  add_launches(later, figures);
  return figures;
}

// What `all` took beyond `first`.
inline Took beyond(const Took& first, const Took& all) {
  return {all.us - first.us, all.host_us - first.host_us, all.recorded_launches};
}

inline Figures startup_figures(const Took& construct, const Took& first, const Took& second, const Took& process) {
  return {.us = construct.us + first.us,
          .counters = {{"construct_us", construct.us},
                       {"first_epoch_us", first.us},
                       {"second_run_us", second.us},
                       {"process_us", process.us}}};
}

}  // namespace plateau::bench
