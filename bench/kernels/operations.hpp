// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Every operation with its shapes: tiny ones as the scenarios have them, medium ones, and large ones that move at least
// 64 MB or are those of the network 784-4096-4096-10 at batch 8192. Bytes and flops are the operation's own.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bench/support/operation_case.hpp"
#include "plateau/core/precision.hpp"
#include "plateau/model/architecture.hpp"
#include "plateau/ops/adam.hpp"
#include "plateau/ops/augment_batch.hpp"
#include "plateau/ops/bias_activation.hpp"
#include "plateau/ops/bias_grad.hpp"
#include "plateau/ops/class_probabilities.hpp"
#include "plateau/ops/dataset_statistics.hpp"
#include "plateau/ops/dense.hpp"
#include "plateau/ops/dense_epilogue.hpp"
#include "plateau/ops/dropout.hpp"
#include "plateau/ops/early_stopping.hpp"
#include "plateau/ops/gather_batch.hpp"
#include "plateau/ops/gradient_norm.hpp"
#include "plateau/ops/initialise.hpp"
#include "plateau/ops/layer_norms.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/nearest_neighbours.hpp"
#include "plateau/ops/relu_backward.hpp"
#include "plateau/ops/scenario_data.hpp"
#include "plateau/ops/sgd.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "plateau/ops/standardise.hpp"
#include "plateau/ops/training_state.hpp"
#include "plateau/ops/treat_labels.hpp"
#include "plateau/ops/unit_activity.hpp"
#include "plateau/ops/weighted_xent.hpp"

namespace plateau::bench {

enum class Size { tiny, medium, large };
enum class Where { cpu, gpu };

using Sizes = std::array<Index, 3>;  // what they are, the operation says; 0 where there are fewer

struct Shape {
  Size size = Size::tiny;
  Sizes n{};
  bool gpu_only = false;  // more than about a second on a CPU
};

// Products are also timed in tf32, where a device has that.
enum class Kind { other, product };

template <class Device>
struct Row {
  std::string_view name;
  Operation<Device> (*make)(Material<Device>& make, const Sizes& n);
  std::vector<Shape> shapes;
  Kind kind = Kind::other;
};

template <class Device>
Operation<Device> empty_launch_case(Material<Device>& make, const Sizes&) {
  return {.run = [&device = make.device()] { device.launch_nothing(); }};
}

// ---- Products: n = {batch, in, out} ---------------------------------------------------------------------------------
template <class Device>
Operation<Device> dense_forward(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto x = make.random(batch, in), w = make.random(out, in), z = make.random(batch, out);
  return {.cost = dense_forward_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_forward(x, w, z); },
          .outputs = {elements(z)},
          .product = Product{batch, out, in}};
}

template <class Device>
Operation<Device> dense_input_grad(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto grad_z = make.random(batch, out), w = make.random(out, in), grad_x = make.random(batch, in);
  return {.cost = dense_input_grad_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_input_grad(grad_z, w, grad_x); },
          .outputs = {elements(grad_x)},
          .product = Product{batch, in, out}};
}

template <class Device>
Operation<Device> dense_weight_grad(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto grad_z = make.random(batch, out), x = make.random(batch, in), grad_w = make.random(out, in);
  return {.cost = dense_weight_grad_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_weight_grad(grad_z, x, grad_w); },
          .outputs = {elements(grad_w)},
          .product = Product{out, in, batch}};
}

template <class Device>
auto mask_of(Material<Device>& make, Index batch, Index features) {
  auto mask = as_matrix(make.template zeros<std::uint32_t>(batch * mask_stride(features)), batch, mask_words(features),
                        mask_stride(features));
  return mask;
}

template <class Device>
Operation<Device> dense_forward_relu(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto x = make.random(batch, in), w = make.random(out, in), a = make.random(batch, out);
  const auto bias = make.random(out);
  const auto mask = mask_of(make, batch, out);
  return {.cost = dense_forward_relu_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_forward_relu(x, w, bias, a, mask); },
          .outputs = {elements(a)},
          .product = Product{batch, out, in}};
}

template <class Device>
Operation<Device> dense_input_grad_relu(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto grad_z = make.random(batch, out), w = make.random(out, in), grad_x = make.random(batch, in);
  const auto grad_bias = make.random(in);
  const auto mask = mask_of(make, batch, in);  // which only a forward product can write
  const Index before = 8;
  make.backend().dense_forward_relu(make.random(batch, before), make.random(in, before), grad_bias, grad_x, mask);
  return {.cost = dense_input_grad_relu_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_input_grad_relu(grad_z, w, mask, grad_x, grad_bias); },
          .outputs = {elements(grad_x), grad_bias},
          .product = Product{batch, in, out}};
}

template <class Device>
Operation<Device> dense_weight_grad_bias(Material<Device>& make, const Sizes& n) {
  const auto [batch, in, out] = n;
  const auto grad_z = make.random(batch, out), x = make.random(batch, in), grad_w = make.random(out, in);
  const auto grad_bias = make.random(out);
  return {.cost = dense_weight_grad_bias_cost(batch, in, out),
          .run = [=, &backend = make.backend()] { backend.dense_weight_grad_bias(grad_z, x, grad_w, grad_bias); },
          .outputs = {elements(grad_w), grad_bias},
          .product = Product{out, in, batch}};
}

// ---- Layers: n = {batch, features} ----------------------------------------------------------------------------------
template <class Device>
Operation<Device> bias_activation(Material<Device>& make, const Sizes& n) {
  const auto z = make.random(n[0], n[1]);
  const auto bias = make.random(n[1]);
  return {.cost = bias_activation_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.bias_activation(Activation::relu, bias, z); },
          .outputs = {elements(z)}};
}

// In place again and again: at this rate the factor is 1, and next to nothing is dropped. Time does not depend on it.
template <class Device>
Operation<Device> dropout(Material<Device>& make, const Sizes& n) {
  const DropoutRule rule{.rate = 0x1p-26f, .seed = 1};
  const auto a = make.random(n[0], n[1]);
  const auto state = make.state();
  return {.cost = dropout_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.dropout(rule, state, a); },
          .outputs = {elements(a)}};
}

template <class Device>
Operation<Device> relu_backward(Material<Device>& make, const Sizes& n) {
  const auto a = make.random(n[0], n[1]), grad = make.random(n[0], n[1]);
  const auto grad_bias = make.random(n[1]);
  return {.cost = relu_backward_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.relu_backward(a, grad, grad_bias); },
          .outputs = {elements(grad), grad_bias}};
}

template <class Device>
Operation<Device> unit_activity(Material<Device>& make, const Sizes& n) {
  const auto a = make.random(n[0], n[1]);
  const auto active = make.template zeros<std::int32_t>(n[1]);
  return {.cost = unit_activity_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.unit_activity(a, active); }};
}

template <class Device>
Operation<Device> bias_grad(Material<Device>& make, const Sizes& n) {
  const auto grad_z = make.random(n[0], n[1]);
  const auto grad_bias = make.random(n[1]);
  return {.cost = bias_grad_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.bias_grad(grad_z, grad_bias); },
          .outputs = {grad_bias}};
}

template <class Device>
Operation<Device> softmax_xent(Material<Device>& make, const Sizes& n) {
  const auto z = make.random(n[0], n[1]), grad_z = make.random(n[0], n[1]);
  const auto label = make.labels(n[0], n[1]), predicted = make.labels(n[0], n[1]);
  const auto loss = make.random(n[0]);
  return {.cost = softmax_xent_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.softmax_xent(z, label, loss, predicted, grad_z); },
          .outputs = {loss, elements(grad_z)}};
}

template <class Device>
Operation<Device> class_probabilities(Material<Device>& make, const Sizes& n) {
  const auto z = make.random(n[0], n[1]), probability = make.random(n[0], n[1]);
  const auto predicted = make.labels(n[0], n[1]);
  return {.cost = class_probabilities_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.class_probabilities(z, predicted, probability); },
          .outputs = {elements(probability)}};
}

template <class Device>
Operation<Device> weighted_softmax_xent(Material<Device>& make, const Sizes& n) {
  const auto z = make.random(n[0], n[1]), grad_z = make.random(n[0], n[1]);
  const auto label = make.labels(n[0], n[1]), second_label = make.labels(n[0], n[1]);
  const auto predicted = make.labels(n[0], n[1]);
  const auto loss = make.random(n[0]), weight = make.template zeros<float>(n[1]);
  const auto state = make.template zeros<TrainingState>(1);
  const TrainingState mixed{.second_share = 0.25};
  make.backend().template copy_in<TrainingState, TrainingState>({&mixed, 1}, state);
  make.backend().balanced_class_weights(label, weight);
  make.backend().batch_weight(weight, label, state);
  make.backend().finish();
  return {.cost = weighted_softmax_xent_cost(n[0], n[1]),
          .run =
              [=, &backend = make.backend()] {
                backend.weighted_softmax_xent(z, label, second_label, weight, state, loss, predicted, grad_z);
              },
          .outputs = {loss, elements(grad_z)}};
}

// ---- Rows of data: n = {rows, features} or {rows, features, batch} --------------------------------------------------
template <class Device>
Operation<Device> gather_batch(Material<Device>& make, const Sizes& n) {
  const auto [rows, features, batch] = n;
  const BatchSelection selection{.order = RowOrder::shuffled_each_epoch, .seed = 1};
  const auto x = make.random(rows, features), batch_x = make.random(batch, features);
  const auto label = make.labels(rows, 10), batch_label = make.labels(batch, 10);
  const auto state = make.state();
  return {
      .cost = gather_batch_cost(batch, features),
      .run = [=, &backend = make.backend()] { backend.gather_batch(selection, state, x, label, batch_x, batch_label); },
      .outputs = {elements(batch_x)}};
}

template <class Device>
Operation<Device> gather_rows(Material<Device>& make, const Sizes& n) {
  const auto [rows, features, taken] = n;
  const RowSelection selection = RowSelection::part(1, rows, taken);
  const auto x = make.random(rows, features), taken_x = make.random(taken, features);
  const auto label = make.labels(rows, 10), taken_label = make.labels(taken, 10);
  return {.cost = gather_rows_cost(taken, features),
          .run = [=, &backend = make.backend()] { backend.gather_rows(selection, x, label, taken_x, taken_label); },
          .outputs = {elements(taken_x)}};
}

template <class Device>
Operation<Device> augment_batch(Material<Device>& make, const Sizes& n) {
  const auto [rows, features, unused] = n;
  const auto x = make.random(rows, features), augmented = make.random(rows, features);
  const auto label = make.labels(rows, 10), second = make.labels(rows, 10);
  const auto statistics = make.template zeros<FeatureStatistics>(features);
  const auto state = make.state();
  return {.cost = augment_batch_cost(rows, features, true),
          .run =
              [=, &backend = make.backend()] {
                backend.augment_batch({.jitter = 0.1f, .mixes = true, .seed = 1}, statistics, state, x, label,
                                      augmented, second);
              },
          .outputs = {elements(augmented)}};
}

template <class Device>
Operation<Device> draw_mixing(Material<Device>& make, const Sizes&) {
  const auto state = make.state();
  return {.cost = draw_mixing_cost(), .run = [=, &backend = make.backend()] { backend.draw_mixing(0.4, 1, state); }};
}

template <class Device>
Operation<Device> dataset_statistics(Material<Device>& make, const Sizes& n) {
  constexpr Index kClasses = 10;
  const auto x = as_matrix(make.random(n[0] * n[1]), n[0], n[1]);
  const auto label = make.labels(n[0], kClasses);
  const auto class_rows = make.template zeros<std::int64_t>(kClasses);
  const auto features = make.template zeros<FeatureStatistics>(n[1]);
  return {.cost = dataset_statistics_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.dataset_statistics(x, label, class_rows, features); },
          .figure =
              [=, &make] {
                double sum = 0;
                for (const FeatureStatistics& s : make.template fetched<FeatureStatistics>(features))
                  sum += s.mean + s.spread + s.minimum + s.maximum;
                return sum;
              }};
}

// In place again and again, by statistics that leave the values as they are.
template <class Device>
Operation<Device> standardise(Material<Device>& make, const Sizes& n) {
  const auto x = make.random(n[0], n[1]);
  const auto features = make.template zeros<FeatureStatistics>(n[1]);
  const std::vector<FeatureStatistics> scaled(static_cast<std::size_t>(n[1]), {.spread = 1});
  make.backend().template copy_in<FeatureStatistics, FeatureStatistics>({scaled.data(), n[1]}, features);
  make.backend().finish();
  return {.cost = standardise_cost(n[0], n[1]),
          .run = [=, &backend = make.backend()] { backend.standardise(features, x); },
          .outputs = {elements(x)}};
}

// n = {queries, candidates, features}, with as many neighbours as votes are taken of.
template <class Device>
Operation<Device> nearest_neighbours(Material<Device>& make, const Sizes& n) {
  constexpr Index kNeighbours = 51;
  const auto [queries, candidates, features] = n;
  const auto q = make.random(queries, features), x = make.random(candidates, features);
  const auto index = as_matrix(make.template zeros<std::int32_t>(queries * kNeighbours), queries, kNeighbours);
  const auto distance = as_matrix(make.random(queries * kNeighbours), queries, kNeighbours);
  return {.cost = nearest_neighbours_cost(queries, candidates, features, kNeighbours),
          .run = [=, &backend = make.backend()] { backend.nearest_neighbours(q, x, {}, index, distance); },
          .outputs = {elements(distance)}};
}

template <class Device>
Operation<Device> treat_labels(Material<Device>& make, const Sizes& n) {
  const auto label = make.labels(n[0], 10), treated = make.labels(n[0], 10);
  const LabelTreatment treatment{.permuted = true, .permutation_seed = 1, .flip_rate = 0.1f, .flip_seed = 2};
  return {.cost = treat_labels_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.treat_labels(treatment, 10, {}, label, treated); }};
}

template <class Device>
Operation<Device> balanced_class_weights(Material<Device>& make, const Sizes& n) {
  constexpr Index kClasses = 10;
  const auto label = make.labels(n[0], kClasses);
  const auto weight = make.random(kClasses);
  return {.cost = balanced_class_weights_cost(n[0], kClasses),
          .run = [=, &backend = make.backend()] { backend.balanced_class_weights(label, weight); },
          .outputs = {weight}};
}

template <class Device>
Operation<Device> batch_weight(Material<Device>& make, const Sizes& n) {
  constexpr Index kClasses = 10;
  const auto label = make.labels(n[0], kClasses);
  const auto weight = make.random(kClasses);
  const auto state = make.state();
  return {.cost = batch_weight_cost(n[0], kClasses),
          .run = [=, &backend = make.backend()] { backend.batch_weight(weight, label, state); },
          .figure = [=, &make] { return make.template fetched<TrainingState>(state)[0].batch_weight; }};
}

template <class Device>
Operation<Device> scenario_data(Material<Device>& make, const Sizes& n) {
  const ScenarioRows rows{.kind = ScenarioKind::ceiling, .seed = 1};
  const Index features = scenario_features(rows.kind);
  const auto x = as_matrix(make.random(n[0] * features), n[0], features);
  const auto label = make.labels(n[0], 2);
  return {.cost = scenario_data_cost(rows.kind, n[0]),
          .run = [=, &backend = make.backend()] { backend.scenario_data(rows, x, label); },
          .outputs = {elements(x)}};
}

template <class Device>
Operation<Device> metrics(Material<Device>& make, const Sizes& n) {
  const auto loss = make.random(n[0]);
  const auto predicted = make.labels(n[0], 10), label = make.labels(n[0], 10);
  const auto state = make.state();
  const auto history = make.template zeros<EpochMetrics>(1);
  const auto correct = as_matrix(make.template zeros<std::uint32_t>(correct_words(n[0])), 1, correct_words(n[0]));
  return {.cost = metrics_cost(n[0]),
          .run =
              [=, &backend = make.backend()] {
                backend.metrics(DataPart::test, loss, predicted, label, state, history, correct);
              },
          .figure = [=, &make] { return make.template fetched<EpochMetrics>(history)[0].test_loss_sum; }};
}

// ---- Parameters: n = {parameters} -----------------------------------------------------------------------------------
template <class Device>
Operation<Device> adam(Material<Device>& make, const Sizes& n) {
  const auto grad = make.random(n[0]), parameter = make.random(n[0]);
  const auto m = make.template zeros<float>(n[0]), v = make.template zeros<float>(n[0]);
  const auto state = make.state();
  return {.cost = adam_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.adam({}, state, grad, parameter, m, v); },
          .outputs = {parameter, m, v}};
}

template <class Device>
Operation<Device> sgd(Material<Device>& make, const Sizes& n) {
  const auto grad = make.random(n[0]), parameter = make.random(n[0]), velocity = make.random(n[0]);
  const auto state = make.state();
  return {.cost = sgd_cost(n[0]),
          .run =
              [=, &backend = make.backend()] {
                backend.sgd({.learning_rate = 1e-3, .momentum = 0.9}, state, grad, parameter, velocity);
              },
          .outputs = {parameter, velocity}};
}

template <class Device>
Operation<Device> gradient_norm(Material<Device>& make, const Sizes& n) {
  const auto grad = make.random(n[0]);
  const auto state = make.state();
  const auto history = make.template zeros<EpochMetrics>(1);
  return {.cost = gradient_norm_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.gradient_norm(grad, state, history); },
          .figure = [=, &make] { return make.template fetched<EpochMetrics>(history)[0].gradient_norm; }};
}

template <class Device>
Operation<Device> layer_norms(Material<Device>& make, const Sizes& n) {
  const auto grad = make.random(n[0]), before = make.random(n[0]), after = make.random(n[0]);
  const auto state = make.state();
  const auto records = as_matrix(make.template zeros<LayerRecord>(1), 1, 1);
  return {.cost = layer_norms_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.layer_norms(0, grad, before, after, state, records); },
          .figure =
              [=, &make] {
                const LayerRecord got = make.template fetched<LayerRecord>({records.data, 1})[0];
                return got.gradient_norm + got.update_norm + got.weight_norm;
              }};
}

template <class Device>
Operation<Device> keep_best(Material<Device>& make, const Sizes& n) {
  const auto parameter = make.random(n[0]), best = make.random(n[0]);
  const auto state = make.state_after_epoch();
  make.backend().judge_epoch({}, state, make.template zeros<EpochMetrics>(1));
  return {.cost = keep_best_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.keep_best(state, parameter, best); },
          .outputs = {best}};
}

template <class Device>
Operation<Device> initialise(Material<Device>& make, const Sizes& n) {
  const auto parameter = make.template zeros<float>(n[0]);
  return {.cost = initialise_cost(n[0]),
          .run = [=, &backend = make.backend()] { backend.initialise(1, 0, 128, parameter); },
          .outputs = {parameter}};
}

// ---- The control block of a run -------------------------------------------------------------------------------------
template <class Device>
Operation<Device> advance_step(Material<Device>& make, const Sizes&) {
  return {.cost = advance_step_cost(),
          .run = [state = make.state(), &backend = make.backend()] { backend.advance_step({}, state); }};
}

template <class Device>
Operation<Device> finish_epoch(Material<Device>& make, const Sizes&) {
  return {.cost = finish_epoch_cost(),
          .run = [state = make.state(), &backend = make.backend()] { backend.finish_epoch(state); }};
}

template <class Device>
Operation<Device> set_rate(Material<Device>& make, const Sizes&) {
  return {.cost = set_rate_cost(),
          .run = [state = make.state(), &backend = make.backend()] { backend.set_rate(Schedule::cosine, 100, state); }};
}

template <class Device>
Operation<Device> judge_epoch(Material<Device>& make, const Sizes&) {
  const auto state = make.state_after_epoch();
  const auto history = make.template zeros<EpochMetrics>(1);
  return {.cost = judge_epoch_cost(),
          .run = [=, &backend = make.backend()] { backend.judge_epoch({}, state, history); }};
}

template <class Device>
Operation<Device> exchange_signals(Material<Device>& make, const Sizes&) {
  const auto state = make.state_after_epoch();
  const auto history = make.template zeros<EpochMetrics>(1);
  return {.cost = exchange_signals_cost(), .run = [=, &device = make.device()] {
            device.backend().exchange_signals(state, history, device.signals(), device.recent_epochs());
          }};
}

inline Index parameters_of(const std::vector<Index>& widths) { return ParameterLayout({widths}).size(); }

template <class Device>
std::vector<Row<Device>> operations() {
  using enum Size;
  const std::vector<Shape> one{{}};
  const std::vector<Shape> parameters{{tiny, {parameters_of({2, 128, 128, 2})}},
                                      {medium, {Index{1} << 20}},
                                      {large, {parameters_of({784, 4096, 4096, 10})}}};
  const std::vector<Shape> products{
      {tiny, {100, 2, 128}},        {tiny, {100, 128, 128}},          {tiny, {100, 128, 2}},
      {medium, {1024, 1024, 1024}}, {large, {8192, 784, 4096}, true}, {large, {8192, 4096, 4096}, true},
      {large, {8192, 4096, 10}}};
  // Their twins are plain loops: a reference, with which nobody trains.
  std::vector<Shape> with_epilogue = products;
  for (Shape& shape : with_epilogue) shape.gpu_only = shape.size != tiny;
  const std::vector<Shape> layers{{tiny, {100, 128}}, {medium, {2048, 512}}, {large, {8192, 4096}}};
  const std::vector<Shape> logits{{tiny, {100, 2}}, {medium, {8192, 10}}, {large, {16384, 1000}}};
  return {
      {"empty_launch", empty_launch_case<Device>, one},
      {"dense_forward", dense_forward<Device>, products, Kind::product},
      {"dense_input_grad", dense_input_grad<Device>, products, Kind::product},
      {"dense_weight_grad", dense_weight_grad<Device>, products, Kind::product},
      {"dense_forward_relu", dense_forward_relu<Device>, with_epilogue, Kind::product},
      {"dense_input_grad_relu", dense_input_grad_relu<Device>, with_epilogue, Kind::product},
      {"dense_weight_grad_bias", dense_weight_grad_bias<Device>, with_epilogue, Kind::product},
      {"bias_activation", bias_activation<Device>, layers},
      {"dropout", dropout<Device>, layers},
      {"relu_backward", relu_backward<Device>, layers},
      {"unit_activity", unit_activity<Device>, layers},
      {"bias_grad", bias_grad<Device>, {{tiny, {100, 2}}, {medium, {8192, 10}}, {large, {8192, 4096}}}},
      {"softmax_xent", softmax_xent<Device>, logits},
      {"class_probabilities", class_probabilities<Device>, logits},
      {"weighted_softmax_xent", weighted_softmax_xent<Device>, logits},
      {"gather_batch",
       gather_batch<Device>,
       {{tiny, {1000, 3, 100}}, {medium, {65536, 784, 1024}}, {large, {65536, 784, 16384}}}},
      {"augment_batch", augment_batch<Device>, {{tiny, {100, 2}}, {medium, {1024, 784}}, {large, {65536, 784}, true}}},
      {"draw_mixing", draw_mixing<Device>, one},
      {"gather_rows",
       gather_rows<Device>,
       {{tiny, {1000, 3, 100}}, {medium, {65536, 784, 1024}}, {large, {65536, 784, 16384}}}},
      {"dataset_statistics",
       dataset_statistics<Device>,
       {{tiny, {1000, 3}}, {medium, {8192, 784}}, {large, {65536, 784}}}},
      {"nearest_neighbours",
       nearest_neighbours<Device>,
       {{tiny, {100, 100, 4}}, {medium, {2000, 2000, 20}}, {large, {65536, 65536, 100}, true}}},
      {"treat_labels", treat_labels<Device>, {{tiny, {1000}}, {medium, {65536}}, {large, {1 << 24}, true}}},
      {"standardise", standardise<Device>, {{tiny, {1000, 3}}, {medium, {8192, 784}}, {large, {65536, 784}}}},
      {"balanced_class_weights",
       balanced_class_weights<Device>,
       {{tiny, {1000}}, {medium, {65536}}, {large, {1 << 24}, true}}},
      {"batch_weight", batch_weight<Device>, {{tiny, {100}}, {medium, {8192}}, {large, {1 << 24}, true}}},
      {"scenario_data", scenario_data<Device>, {{tiny, {2000}}, {medium, {65536}}, {large, {1 << 23}}}},
      {"metrics", metrics<Device>, {{tiny, {500}}, {medium, {65536}}, {large, {1 << 23}}}},
      {"adam", adam<Device>, parameters},
      {"sgd", sgd<Device>, parameters},
      {"gradient_norm", gradient_norm<Device>, parameters},
      {"layer_norms", layer_norms<Device>, parameters},
      {"keep_best", keep_best<Device>, parameters},
      {"initialise", initialise<Device>, parameters},
      {"advance_step", advance_step<Device>, one},
      {"finish_epoch", finish_epoch<Device>, one},
      {"set_rate", set_rate<Device>, one},
      {"judge_epoch", judge_epoch<Device>, one},
      {"exchange_signals", exchange_signals<Device>, one},
  };
}

// operation/size/AxBxC/cold or /warm; in tf32 with that before the end
inline std::string case_name(std::string_view operation, const Shape& shape, Precision precision, Cache cache) {
  constexpr const char* kSizes[] = {"tiny", "medium", "large"};
  std::string name = std::string(operation) + "/" + kSizes[static_cast<int>(shape.size)];
  for (std::size_t i = 0; i < shape.n.size() && shape.n[i] != 0; ++i)
    name += (i == 0 ? "/" : "x") + std::to_string(shape.n[i]);
  if (precision == Precision::tf32) name += "/tf32";
  return name + (cache == Cache::cold ? "/cold" : "/warm");
}

// On a device made from `device`; in tf32 the products alone.
template <class Device, class... Arguments>
void add_operation_cases(Effort effort, Where where, Precision precision, const Arguments&... device) {
  const auto cases = std::make_shared<OperationCases<Device>>(effort, device...);
  for (const Row<Device>& row : operations<Device>())
    for (const Shape& shape : row.shapes) {
      if (effort == Effort::smoke && shape.size != Size::tiny) continue;
      if (shape.gpu_only && where == Where::cpu) continue;
      if (precision == Precision::tf32 && row.kind == Kind::other) continue;
      for (const Cache cache : {Cache::cold, Cache::warm}) {
        const OperationCase<Device> described{
            .name = case_name(row.name, shape, precision, cache),
            .cache = cache,
            .make = [make = row.make, n = shape.n](Material<Device>& material) { return make(material, n); }};
        add_case(described.name, [=](benchmark::State& state) { return cases->measure(state, described); });
      }
    }
}

}  // namespace plateau::bench
