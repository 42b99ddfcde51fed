// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A launcher only enqueues: every one of them can be captured into a graph, runs nothing while it is, and the replay
// gives the bits of the direct call.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

#include "plateau/gpu/graph.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/guarded.hpp"

namespace plateau::test::launchers_test {
namespace {

using Floats = Guarded<GpuBackend, float>;
using Ints = Guarded<GpuBackend, std::int32_t>;
using States = Guarded<GpuBackend, TrainingState>;
using Histories = Guarded<GpuBackend, EpochMetrics>;

constexpr Index kRows = 37, kCols = 19;

// Everything an operation may touch, with the same content each time.
struct Room {
  const GpuBackend& gpu = gpu_backend();
  Floats x{gpu, {kRows, kCols, 3}, random_values(kRows* kCols, -1, 1, 1)};
  Floats w{gpu, {5, kCols}, random_values(5 * kCols, -1, 1, 2)};
  Floats z{gpu, {kRows, 5}, random_values(kRows * 5, -1, 1, 3)};
  Floats grad{gpu, {kRows, kCols}, random_values(kRows* kCols, -1, 1, 4)};
  Floats flat[4]{Floats(gpu, {1, 70}, random_values(70, -1, 1, 5)), Floats(gpu, {1, 70}, random_values(70, -1, 1, 6)),
                 Floats(gpu, {1, 70}, random_values(70, 0, 1, 7)), Floats(gpu, {1, 70}, random_values(70, 0, 1, 8))};
  Floats columns{gpu, {1, kCols}, random_values(kCols, -1, 1, 9)};
  Floats loss{gpu, {1, kRows}, random_values(kRows, 0, 1, 10)};
  Ints label{gpu, {1, kRows}, random_labels(kRows, 5, 11)};
  Ints predicted{gpu, {1, kRows}, random_labels(kRows, 5, 12)};
  Floats plane{gpu, {kRows, 2}, random_values(kRows * 2, -1, 1, 13)};
  States state{
      gpu,
      {1, 1},
      std::vector<TrainingState>{{.step = 3, .bias_correction1 = 0.5, .bias_correction2_sqrt = 0.5, .epoch = 1}}};
  Histories history{gpu, {1, 2}, std::vector<EpochMetrics>(2)};
  Guarded<GpuBackend, RunSignals> signals{gpu, {1, 1}, std::vector<RunSignals>(1)};
  Histories recent{gpu, {1, 1}, std::vector<EpochMetrics>(1, {.train_correct = 7})};
  Guarded<GpuBackend, std::uint32_t> mask{gpu, {kRows, 1, 3}, std::vector<std::uint32_t>(kRows, 0b01101)};
  Floats bias{gpu, {1, 5}, random_values(5, -1, 1, 14)};
  Guarded<GpuBackend, std::int64_t> class_rows{gpu, {1, 5}, std::vector<std::int64_t>(5)};
  Guarded<GpuBackend, FeatureStatistics> features{
      gpu, {1, kCols}, std::vector<FeatureStatistics>(kCols, {.mean = 1, .spread = 2})};
  Guarded<GpuBackend, LayerRecord> records{gpu, {2, 2, 1}, std::vector<LayerRecord>(4)};

  std::vector<std::uint64_t> bits() const {
    std::vector<std::uint64_t> all;
    for (const Floats* f : {&x, &w, &z, &grad, &flat[0], &flat[1], &flat[2], &flat[3], &columns, &loss, &plane, &bias})
      all.push_back(fingerprint(f->download()));
    all.push_back(fingerprint(label.download()));
    all.push_back(fingerprint(predicted.download()));
    all.push_back(fingerprint(state.download()));
    all.push_back(fingerprint(history.download()));
    all.push_back(fingerprint(signals.download()));
    all.push_back(fingerprint(recent.download()));
    all.push_back(fingerprint(mask.download()));
    all.push_back(fingerprint(class_rows.download()));
    all.push_back(fingerprint(features.download()));
    all.push_back(fingerprint(records.download()));
    return all;
  }
};

struct Launcher {
  const char* name;
  std::function<void(Room&)> enqueue;
};

const Launcher kLaunchers[] = {
    {"dense_forward", [](Room& r) { r.gpu.dense_forward(r.x.matrix(), r.w.matrix(), r.z.matrix()); }},
    {"dense_input_grad", [](Room& r) { r.gpu.dense_input_grad(r.z.matrix(), r.w.matrix(), r.x.matrix()); }},
    {"dense_weight_grad", [](Room& r) { r.gpu.dense_weight_grad(r.z.matrix(), r.x.matrix(), r.w.matrix()); }},
    {"dense_forward_relu",
     [](Room& r) {
       r.gpu.dense_forward_relu(r.x.matrix(), r.w.matrix(), r.bias.span(), r.z.matrix(), r.mask.matrix());
     }},
    {"dense_input_grad_relu",
     [](Room& r) {
       r.gpu.dense_input_grad_relu(r.z.matrix(), r.w.matrix(), r.mask.matrix(), r.x.matrix(), r.columns.span());
     }},
    {"dense_weight_grad_bias",
     [](Room& r) { r.gpu.dense_weight_grad_bias(r.z.matrix(), r.x.matrix(), r.w.matrix(), r.bias.span()); }},
    {"bias_activation", [](Room& r) { r.gpu.bias_activation(Activation::relu, r.columns.span(), r.x.matrix()); }},
    {"dropout", [](Room& r) { r.gpu.dropout({.rate = 0.5f, .seed = 1}, r.state.span(), r.x.matrix()); }},
    {"relu_backward", [](Room& r) { r.gpu.relu_backward(r.x.matrix(), r.grad.matrix(), r.columns.span()); }},
    {"unit_activity", [](Room& r) { r.gpu.unit_activity(r.x.matrix(), r.predicted.span().subspan(0, kCols)); }},
    {"bias_grad", [](Room& r) { r.gpu.bias_grad(r.x.matrix(), r.columns.span()); }},
    {"softmax_xent",
     [](Room& r) {
       r.gpu.softmax_xent(r.z.matrix(), r.label.span(), r.loss.span(), r.predicted.span(), r.z.matrix());
     }},
    {"class_probabilities", [](Room& r) { r.gpu.class_probabilities(r.z.matrix(), r.predicted.span(), r.z.matrix()); }},
    {"balanced_class_weights", [](Room& r) { r.gpu.balanced_class_weights(r.label.span(), r.bias.span()); }},
    {"batch_weight", [](Room& r) { r.gpu.batch_weight(r.bias.span(), r.label.span(), r.state.span()); }},
    {"weighted_softmax_xent",
     [](Room& r) {
       r.gpu.weighted_softmax_xent(r.z.matrix(), r.label.span(), r.label.span(), r.bias.span(), r.state.span(),
                                   r.loss.span(), r.predicted.span(), r.z.matrix());
     }},
    {"advance_step", [](Room& r) { r.gpu.advance_step({}, r.state.span()); }},
    {"finish_epoch", [](Room& r) { r.gpu.finish_epoch(r.state.span()); }},
    {"set_rate", [](Room& r) { r.gpu.set_rate(Schedule::cosine, 9, r.state.span()); }},
    {"exchange_signals",
     [](Room& r) { r.gpu.exchange_signals(r.state.span(), r.history.span(), r.signals.span(), r.recent.span()); }},
    {"adam",
     [](Room& r) {
       r.gpu.adam({}, r.state.span(), r.flat[0].span(), r.flat[1].span(), r.flat[2].span(), r.flat[3].span());
     }},
    {"sgd", [](Room& r) { r.gpu.sgd({}, r.state.span(), r.flat[0].span(), r.flat[1].span(), r.flat[2].span()); }},
    {"initialise", [](Room& r) { r.gpu.initialise(1, 2, 3, r.flat[0].span()); }},
    {"gather_batch",
     [](Room& r) {
       r.gpu.gather_batch({.order = RowOrder::shuffled_each_epoch, .seed = 5}, r.state.span(), r.x.matrix(),
                          r.label.span(), r.grad.matrix(), r.predicted.span());
     }},
    {"gather_rows",
     [](Room& r) {
       r.gpu.gather_rows(RowSelection::part(3, kRows, kRows), r.x.matrix(), r.label.span(), r.grad.matrix(),
                         r.predicted.span());
     }},
    {"treat_labels",
     [](Room& r) {
       r.gpu.treat_labels({.permuted = true, .permutation_seed = 1}, 5, {}, r.label.span(), r.predicted.span());
     }},
    {"draw_mixing", [](Room& r) { r.gpu.draw_mixing(1, 2, r.state.span()); }},
    {"augment_batch",
     [](Room& r) {
       r.gpu.augment_batch({.mixes = true}, r.features.span(), r.state.span(), r.x.matrix(), r.label.span(),
                           r.grad.matrix(), r.predicted.span());
     }},
    {"metrics",
     [](Room& r) {
       r.gpu.metrics(DataPart::train, r.loss.span(), r.predicted.span(), r.label.span(), r.state.span(),
                     r.history.span(), {});
     }},
    {"gradient_norm", [](Room& r) { r.gpu.gradient_norm(r.flat[0].span(), r.state.span(), r.history.span()); }},
    {"judge_epoch", [](Room& r) { r.gpu.judge_epoch({}, r.state.span(), r.history.span()); }},
    {"keep_best",
     [](Room& r) {
       r.gpu.judge_epoch({}, r.state.span(), r.history.span());  // so that there is a best epoch to keep
       r.gpu.keep_best(r.state.span(), r.flat[0].span(), r.flat[1].span());
     }},
    {"layer_norms",
     [](Room& r) {
       r.gpu.layer_norms(1, r.flat[0].span(), r.flat[1].span(), r.flat[2].span(), r.state.span(), r.records.matrix());
     }},
    {"scenario_data", [](Room& r) { r.gpu.scenario_data({}, r.plane.matrix(), r.label.span()); }},
    {"dataset_statistics",
     [](Room& r) { r.gpu.dataset_statistics(r.x.matrix(), r.label.span(), r.class_rows.span(), r.features.span()); }},
    {"nearest_neighbours",
     [](Room& r) {
       r.gpu.nearest_neighbours(r.x.matrix(), r.grad.matrix(), r.label.span(), as_matrix(r.predicted.span(), kRows, 1),
                                as_matrix(r.loss.span(), kRows, 1));
     }},
    {"standardise", [](Room& r) { r.gpu.standardise(r.features.span(), r.x.matrix()); }},
};

TEST(Launchers, only_enqueue_and_replay_to_the_bits_of_a_direct_call) {
  const std::vector<std::uint64_t> before = Room().bits();
  for (const Launcher& launcher : kLaunchers) {
    SCOPED_TRACE(launcher.name);
    Room direct, captured;
    launcher.enqueue(direct);
    const std::vector<std::uint64_t> want = direct.bits();

    std::optional<gpu::Graph> graph;
    ASSERT_NO_THROW(graph = gpu::capture(gpu_backend().stream(), [&] { launcher.enqueue(captured); }));

    EXPECT_GE(graph->nodes(), 1);
    EXPECT_EQ(captured.bits(), before) << "something ran while it was captured";
    graph->replay(gpu_backend().stream());
    EXPECT_EQ(captured.bits(), want);
    EXPECT_NE(want, before) << "the launcher did nothing";
  }
}

}  // namespace
}  // namespace plateau::test::launchers_test
