// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One operation at one shape as a case: its times, cold or warm, beside what its cost function and the device's own
// copies or products make of them.
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/support/material.hpp"
#include "bench/support/measure.hpp"
#include "plateau/core/cost.hpp"

namespace plateau::bench {

struct Product {
  Index m = 0, n = 0, k = 0;
};

template <class Device>
struct Operation {
  Cost cost;
  Work run;  // may be called any number of times
  std::vector<typename Material<Device>::template Span<const float>> outputs;
  std::function<double()> figure;  // of outputs of other kinds: finite where they are right
  std::optional<Product> product;  // of an operation that multiplies
};

template <class Device>
struct OperationCase {
  std::string name;
  Cache cache = Cache::cold;
  std::function<Operation<Device>(Material<Device>&)> make;
};

template <class Device>
class OperationCases {
 public:
  template <class... Arguments>
  explicit OperationCases(Effort effort, const Arguments&... device)
      : effort_(effort), device_(device...), copy_(device_, effort), products_(device_, effort), all_finite_(device_) {}

  double measure(benchmark::State& state, const OperationCase<Device>& asked) {
    Prepared& now = prepared(asked);
    const double us = now.series.take_us();
    expect_finite(now.operation);
    const Operation<Device>& operation = now.operation;
    state.SetLabel(now.series.how);
    auto& counters = state.counters;
    counters["runs"] = static_cast<double>(now.series.runs);
    counters["bytes"] = operation.cost.bytes();
    counters["flops"] = operation.cost.flops;
    counters["gb_per_s"] = operation.cost.bytes() / us * 1e-3;
    counters["tflop_per_s"] = operation.cost.flops / us * 1e-6;
    if (operation.product) {
      const auto [m, n, k] = *operation.product;
      counters["percent_of_gemm"] = 100 * products_.us(m, n, k, asked.cache) / us;
    } else if (operation.cost.bytes() > 0) {
      counters["percent_of_copy"] = 100 * operation.cost.bytes() / us / copy_.bytes_per_us();
    }
    return us;
  }

 private:
  struct Prepared {
    std::string name;
    Material<Device> material;
    Operation<Device> operation;
    Series series;
  };

  // The repetitions of a case share its inputs and its warm-up; only the present case is kept.
  Prepared& prepared(const OperationCase<Device>& asked) {
    if (!now_ || now_->name != asked.name) {
      now_.reset();
      auto next = std::make_unique<Prepared>(Prepared{asked.name, Material<Device>(device_), {}, {}});
      next->operation = asked.make(next->material);
      next->operation.run();
      expect_finite(next->operation);
      next->series = series(device_, effort_, asked.cache, next->operation.run);
      now_ = std::move(next);
    }
    return *now_;
  }

  void expect_finite(const Operation<Device>& operation) {
    for (const auto& output : operation.outputs)
      if (!all_finite_(output)) throw std::runtime_error("an output is not finite");
    if (operation.figure && !std::isfinite(operation.figure())) throw std::runtime_error("an output is not finite");
  }

  Effort effort_;
  Device device_;
  CopyBandwidth<Device> copy_;
  ProductTime<Device> products_;
  FiniteCheck<Device> all_finite_;
  std::unique_ptr<Prepared> now_;
};

}  // namespace plateau::bench
