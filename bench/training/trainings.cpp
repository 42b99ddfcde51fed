// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "cases.hpp"
#include "figures.hpp"
#include "plateau/core/random.hpp"
#include "plateau/ops/dense.hpp"

namespace plateau::bench {
namespace {

const Architecture kTiny{{2, 128, 128, 2}};
constexpr Index kTestRows = 500;
constexpr Index kFirstEpochRows = 1000;
constexpr Index kFleetRows = 1000;

// ---- Rows -----------------------------------------------------------------------------------------------------------
struct Rows {
  std::vector<float> train_x, test_x;
  std::vector<std::int32_t> train_label, test_label;
  std::optional<DrawnSplit> drawn;

  TrainingData view(Index features) const {
    const auto matrix = [&](const std::vector<float>& x) {
      const Index rows = static_cast<Index>(x.size()) / features;
      return HostMatrix<const float>{x.data(), rows, features, features};
    };
    const auto span = [](const std::vector<std::int32_t>& label) {
      return HostSpan<const std::int32_t>{label.data(), static_cast<Index>(label.size())};
    };
    return {matrix(train_x), span(train_label), matrix(test_x), span(test_label), drawn};
  }
};

// As `scenario_overfit` draws them, which a GPU does itself.
Rows scenario_rows(Index train_rows) {
  const DrawnSplit split{.train = {.kind = ScenarioKind::overfit, .seed = 1, .first_row = 0},
                         .test = {.kind = ScenarioKind::overfit, .seed = 1, .first_row = train_rows}};
  Rows rows{.drawn = split};
  const auto draw_rows = [](const ScenarioRows& which, Index count, std::vector<float>& x,
                            std::vector<std::int32_t>& label) {
    const Index features = scenario_features(which.kind);
    x.resize(static_cast<std::size_t>(count * features));
    label.resize(static_cast<std::size_t>(count));
    cpu::scenario_data<float>(which, {x.data(), count, features, features}, {label.data(), count});
  };
  draw_rows(split.train, train_rows, rows.train_x, rows.train_label);
  draw_rows(split.test, kTestRows, rows.test_x, rows.test_label);
  return rows;
}

// One test row: its evaluation, once per epoch, is little beside the steps.
Rows wide_rows(const Architecture& net, Index train_rows) {
  Rows rows;
  const auto draw_rows = [&](std::uint64_t seed, Index count, std::vector<float>& x, std::vector<std::int32_t>& label) {
    for (Index i = 0; i < count * net.features(); i += 4)
      for (const std::uint32_t word : draw({seed, StreamId::features}, static_cast<std::uint64_t>(i)).word)
        x.push_back(uniform(word));
    for (Index i = 0; i < count; ++i) {
      const std::uint32_t word = draw({seed, StreamId::labels}, static_cast<std::uint64_t>(i)).word[0];
      label.push_back(static_cast<std::int32_t>(static_cast<Index>(word) % net.classes()));
    }
  };
  draw_rows(1, train_rows, rows.train_x, rows.train_label);
  draw_rows(2, 1, rows.test_x, rows.test_label);
  return rows;
}

// ---- Clocks ---------------------------------------------------------------------------------------------------------
double processor_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

template <class F>
Took took(F f) {
  const double host = processor_us();
  const auto start = std::chrono::steady_clock::now();
  f();
  const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - start;
  return {wall.count(), processor_us() - host};
}

// ---- Cases ----------------------------------------------------------------------------------------------------------
// The products of one forward pass, and of one step.
Cost forward_cost(const Architecture& net, Index rows) {
  Cost cost;
  for (Index layer = 0; layer < net.layers(); ++layer)
    cost = cost + dense_forward_cost(rows, net.fan_in(layer), net.fan_out(layer));
  return cost;
}
Cost step_cost(const Architecture& net, Index rows) {
  Cost cost = forward_cost(net, rows);
  for (Index layer = 0; layer < net.layers(); ++layer) {
    const Index in = net.fan_in(layer), out = net.fan_out(layer);
    cost = cost + dense_weight_grad_cost(rows, in, out);
    if (layer > 0) cost = cost + dense_input_grad_cost(rows, in, out);
  }
  return cost;
}

Run run_of(const Architecture& architecture, Index epochs, std::uint64_t seed) {
  return {.architecture = architecture,
          .optimizer = AdamParameters{.learning_rate = 1e-2},
          .epochs = epochs,
          .order = RowOrder::as_stored,
          .seed = seed};
}

Took train(Trainer& trainer, const Run& run, const TrainingData& data) {
  RunResult result;
  Took time = took([&] { result = trainer.train(run, data); });
  expect_trained(result, run.epochs);
  time.recorded_launches = result.recorded_launches;
  return time;
}

// From its start to its end, which the kernel's clean-up of the process is part of.
Took run_first_epoch(const std::string& device) {
  std::string self = "/proc/self/exe", option = kFirstEpochOption, which = device;
  char* arguments[] = {self.data(), option.data(), which.data(), nullptr};
  int status = -1;
  const Took time = took([&] {
    pid_t process = -1;
    if (posix_spawn(&process, self.c_str(), nullptr, nullptr, arguments, environ) != 0 ||
        waitpid(process, &status, 0) != process)
      throw std::runtime_error("the program cannot start itself");
  });
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("a process did not train its epoch");
  return time;
}

// The trainer of a way: made when first asked for, and warmed up by a short run.
class Bench {
 public:
  Bench(Effort effort, Extent extent, Trained way)
      : effort_(effort),
        extent_(std::move(extent)),
        way_(std::move(way)),
        wide_epochs_(effort == Effort::smoke ? 1 : way_.wide_epochs) {}

  double tiny_mlp(benchmark::State& state, Index train_rows) {
    const Rows rows = scenario_rows(train_rows);
    const TrainingData data = rows.view(kTiny.features());
    const Index epochs = extent_.tiny_epochs, few = std::max<Index>(2, epochs / 5);
    train(trainer(), run_of(kTiny, few, 1), data);
    const Took all = train(trainer(), run_of(kTiny, epochs, 1), data);
    const Took first = train(trainer(), run_of(kTiny, few, 1), data);
    return reported(state, tiny_figures(all, epochs, first, few));
  }

  double fleet(benchmark::State& state, FleetSize size) {
    const Rows rows = scenario_rows(kFleetRows);
    const Architecture net{{2, size.width, size.width, 2}};
    std::vector<Run> runs;
    for (Index model = 0; model < size.models; ++model)
      runs.push_back(run_of(net, extent_.fleet_epochs, static_cast<std::uint64_t>(model)));
    const std::int64_t memory_bytes = warm_up(runs, rows.view(2));
    std::vector<RunResult> results;
    const Took all = took([&] { results = trainer().train_fleet(rows.view(2), runs); });
    if (results.size() != runs.size()) throw std::runtime_error("a model was not trained");
    for (const RunResult& result : results) expect_trained(result, extent_.fleet_epochs);
    const double flops = step_cost(net, kFleetRows).flops + forward_cost(net, kTestRows).flops;  // of a model's epoch
    return reported(state, fleet_figures(all, size.models, extent_.fleet_epochs, flops, way_.fp32_peak, memory_bytes));
  }

  double wide_mlp(benchmark::State& state) {
    const Architecture& net = extent_.wide;
    const Index batch = extent_.wide_batch, few = 2;
    const bool first_time = wide_.train_x.empty();
    if (first_time) wide_ = wide_rows(net, batch * extent_.wide_batches);
    Run run = run_of(net, few, 1);
    run.optimizer = AdamParameters{.learning_rate = 1e-4};
    run.batch = batch;
    const TrainingData data = wide_.view(net.features());
    if (first_time) train(trainer(), run, data);
    const Took first = train(trainer(), run, data);
    run.epochs = few + wide_epochs_;
    const Took all = train(trainer(), run, data);

    // What a run does once is in both times. Of the few steps of a smoke run no difference would be left.
    const Took later = effort_ == Effort::smoke ? all : beyond(first, all);
    return reported(state, wide_figures(later, wide_epochs_ * extent_.wide_batches, way_.products_us(net, batch),
                                        step_cost(net, batch).flops));
  }

  double startup(benchmark::State& state) {
    const Rows rows = scenario_rows(kFirstEpochRows);
    const TrainingData data = rows.view(kTiny.features());
    trainer_.reset();
    const Took construct = took([&] { trainer(); });
    const Took first = train(trainer(), run_of(kTiny, 1, 1), data);
    const Took second = train(trainer(), run_of(kTiny, 1, 1), data);
    return reported(state, startup_figures(construct, first, second, run_first_epoch(way_.first_epoch)));
  }

 private:
  // Where the device tells its free memory, by training the whole fleet, and what that took of it at its most; 0
  // elsewhere.
  std::int64_t warm_up(const std::vector<Run>& runs, const TrainingData& data) {
    train(trainer(), runs[0], data);
    if (!way_.free_memory_bytes) return 0;
    const std::int64_t before = way_.free_memory_bytes();
    std::int64_t least = before;
    trainer().train_fleet(data, runs, [&](const FleetProgress&) { least = std::min(least, way_.free_memory_bytes()); });
    return before - least;
  }

  static double reported(benchmark::State& state, const Figures& figures) {
    for (const auto& [name, value] : figures.counters) state.counters[name] = value;
    return figures.us;
  }
  Trainer& trainer() {
    if (!trainer_) trainer_ = way_.make_trainer();
    return *trainer_;
  }

  Effort effort_;
  Extent extent_;
  Trained way_;
  Index wide_epochs_;
  std::unique_ptr<Trainer> trainer_;
  Rows wide_;
};

}  // namespace

void train_first_epoch(Trainer& trainer) {
  const Rows rows = scenario_rows(kFirstEpochRows);
  train(trainer, run_of(kTiny, 1, 1), rows.view(kTiny.features()));
}

void add_trainings(Effort effort, const Extent& full, const std::vector<Trained>& ways) {
  using benchmark::State;
  const bool smoke = effort == Effort::smoke;
  const Extent extent = !smoke ? full
                               : Extent{.tiny_rows = {100},
                                        .tiny_epochs = 3,
                                        .fleets = {{2, 128}},
                                        .fleet_epochs = 2,
                                        .wide = {{12, 32, 32, 10}},
                                        .wide_batch = 4,
                                        .wide_batches = 1};
  std::vector<std::shared_ptr<Bench>> benches;
  for (const Trained& way : ways) benches.push_back(std::make_shared<Bench>(effort, extent, way));
  const auto for_ways = [&](auto body) {
    for (std::size_t i = 0; i < ways.size(); ++i) body(ways[i], benches[i]);
  };
  const auto add = [](const std::string& what, const std::string& size, const Trained& way, Measure measure) {
    add_case(what + "/" + size + "/" + way.name, std::move(measure));
  };
  const auto add_wide = [&](WideTurn turn) {
    for_ways([&](const Trained& way, const std::shared_ptr<Bench>& bench) {
      if (way.wide && way.wide_turn == turn)
        add("wide_mlp", std::to_string(extent.wide_batch), way, [=](State& state) { return bench->wide_mlp(state); });
    });
  };

  add_wide(WideTurn::first);
  for_ways([&](const Trained& way, const std::shared_ptr<Bench>& bench) {
    if (!way.tiny) return;
    for (const Index rows : extent.tiny_rows)
      add("tiny_mlp", std::to_string(rows), way, [=](State& state) { return bench->tiny_mlp(state, rows); });
  });
  for_ways([&](const Trained& way, const std::shared_ptr<Bench>& bench) {
    if (!way.first_epoch.empty())
      add("startup", std::to_string(kFirstEpochRows), way, [=](State& state) { return bench->startup(state); });
  });
  add_wide(WideTurn::late);
  const auto add_fleet = [&](FleetSize size, const Trained& way, const std::shared_ptr<Bench>& bench) {
    add("fleet", std::to_string(size.models) + "x" + std::to_string(size.width), way,
        [=](State& state) { return bench->fleet(state, size); });
  };
  for (const FleetSize size : extent.fleets)
    for_ways([&](const Trained& way, const std::shared_ptr<Bench>& bench) {
      if (way.fleets) add_fleet(size, way, bench);
    });
  if (smoke) return;
  for_ways([&](const Trained& way, const std::shared_ptr<Bench>& bench) {
    for (const FleetSize size : way.more_fleets) add_fleet(size, way, bench);
  });
}

}  // namespace plateau::bench
