// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The CPU device: every operation forwards to its twin in host/cpu/. float to run, double as the oracle.
//
// A backend is what the model is written over: a number type, a memory space with its buffers and copies, and the
// operations under their own names. It holds no state of a training. Whatever it does may only be queued; finish()
// returns when it has been done.
#pragma once

#include <algorithm>
#include <concepts>

#include "plateau/core/host_buffer.hpp"
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

namespace plateau {

template <std::floating_point R>
struct CpuBackend {
  using Real = R;
  static constexpr Space kSpace = Space::host;
  static constexpr Index kRowAlignment = 1;  // Eigen packs its factors anyway
  template <class T>
  using Buffer = HostBuffer<T>;
  template <class T>
  using Span = HostSpan<T>;
  template <class T>
  using Matrix = HostMatrix<T>;

  void finish() const {}  // nothing is queued here

  template <class T>
  Buffer<T> allocate(Index size, T fill) const {
    return Buffer<T>(size, fill);
  }
  // Between host memory and the backend's own; converts between number types.
  template <class From, class To>
  void copy_in(HostSpan<const From> from, Span<To> to) const {
    expects(from.size == to.size, "copy_in: equal sizes");
    std::transform(from.begin(), from.end(), to.begin(), [](From value) { return static_cast<To>(value); });
  }
  template <class From, class To>
  void copy_in(HostMatrix<const From> from, Matrix<To> to) const {
    expects(from.rows == to.rows && from.cols == to.cols, "copy_in: equal shapes");
    for (Index i = 0; i < from.rows; ++i) copy_in<From, To>({from.row(i), from.cols}, Span<To>{to.row(i), to.cols});
  }
  template <class From, class To>
  void copy_out(Span<const From> from, HostSpan<To> to) const {
    copy_in<From, To>(from, to);
  }

  template <class T>
  void copy_within(Span<const T> from, Span<T> to) const {
    copy_in<T, T>(from, to);
  }
  void fill_zero(Span<Real> values) const { std::fill(values.begin(), values.end(), Real(0)); }

  void dense_forward(Matrix<const Real> x, Matrix<const Real> w, Matrix<Real> z) const {
    cpu::dense_forward<Real>(x, w, z);
  }
  void dense_input_grad(Matrix<const Real> grad_z, Matrix<const Real> w, Matrix<Real> grad_x) const {
    cpu::dense_input_grad<Real>(grad_z, w, grad_x);
  }
  void dense_weight_grad(Matrix<const Real> grad_z, Matrix<const Real> x, Matrix<Real> grad_w) const {
    cpu::dense_weight_grad<Real>(grad_z, x, grad_w);
  }
  void dense_forward_relu(Matrix<const Real> x, Matrix<const Real> w, Span<const Real> bias, Matrix<Real> a,
                          Matrix<std::uint32_t> mask) const {
    cpu::dense_forward_relu<Real>(x, w, bias, a, mask);
  }
  void dense_input_grad_relu(Matrix<const Real> grad_z, Matrix<const Real> w, Matrix<const std::uint32_t> mask,
                             Matrix<Real> grad_x, Span<Real> grad_bias) const {
    cpu::dense_input_grad_relu<Real>(grad_z, w, mask, grad_x, grad_bias);
  }
  void dense_weight_grad_bias(Matrix<const Real> grad_z, Matrix<const Real> x, Matrix<Real> grad_w,
                              Span<Real> grad_bias) const {
    cpu::dense_weight_grad_bias<Real>(grad_z, x, grad_w, grad_bias);
  }
  void bias_activation(Activation activation, Span<const Real> bias, Matrix<Real> z) const {
    cpu::bias_activation<Real>(activation, bias, z);
  }
  void dropout(const DropoutRule& rule, Span<const TrainingState> state, Matrix<Real> a) const {
    cpu::dropout<Real>(rule, state, a);
  }
  void relu_backward(Matrix<const Real> a, Matrix<Real> grad_a_to_z, Span<Real> grad_bias) const {
    cpu::relu_backward<Real>(a, grad_a_to_z, grad_bias);
  }
  void unit_activity(Matrix<const Real> a, Span<std::int32_t> active) const { cpu::unit_activity<Real>(a, active); }
  void bias_grad(Matrix<const Real> grad_z, Span<Real> grad_bias) const { cpu::bias_grad<Real>(grad_z, grad_bias); }
  void softmax_xent(Matrix<const Real> z, Span<const std::int32_t> label, Span<Real> loss, Span<std::int32_t> predicted,
                    Matrix<Real> grad_z) const {
    cpu::softmax_xent<Real>(z, label, loss, predicted, grad_z);
  }
  void class_probabilities(Matrix<const Real> z, Span<std::int32_t> predicted, Matrix<Real> probability) const {
    cpu::class_probabilities<Real>(z, predicted, probability);
  }
  void balanced_class_weights(Span<const std::int32_t> label, Span<float> weight) const {
    cpu::balanced_class_weights(label, weight);
  }
  void batch_weight(Span<const float> weight, Span<const std::int32_t> label, Span<TrainingState> state) const {
    cpu::batch_weight(weight, label, state);
  }
  void weighted_softmax_xent(Matrix<const Real> z, Span<const std::int32_t> label,
                             Span<const std::int32_t> second_label, Span<const float> weight,
                             Span<const TrainingState> state, Span<Real> loss, Span<std::int32_t> predicted,
                             Matrix<Real> grad_z) const {
    cpu::weighted_softmax_xent<Real>(z, label, second_label, weight, state, loss, predicted, grad_z);
  }
  void advance_step(AdamBetas betas, Span<TrainingState> state) const { cpu::advance_step(betas, state); }
  void set_rate(Schedule schedule, Index epochs, Span<TrainingState> state) const {
    cpu::set_rate(schedule, epochs, state);
  }
  void finish_epoch(Span<TrainingState> state) const { cpu::finish_epoch(state); }
  void exchange_signals(Span<TrainingState> state, Span<const EpochMetrics> history, Span<RunSignals> signals,
                        Span<EpochMetrics> recent) const {
    cpu::exchange_signals(state, history, signals, recent);
  }
  void adam(const AdamParameters& adam, Span<const TrainingState> state, Span<const Real> grad, Span<Real> parameter,
            Span<Real> m, Span<Real> v) const {
    cpu::adam<Real>(adam, state, grad, parameter, m, v);
  }
  void sgd(const SgdParameters& sgd, Span<const TrainingState> state, Span<const Real> grad, Span<Real> parameter,
           Span<Real> velocity) const {
    cpu::sgd<Real>(sgd, state, grad, parameter, velocity);
  }
  void initialise(std::uint64_t seed, Index first_element, Index fan_in, Span<Real> parameter) const {
    cpu::initialise<Real>(seed, first_element, fan_in, parameter);
  }
  void gather_batch(const BatchSelection& selection, Span<const TrainingState> state, Matrix<const Real> x,
                    Span<const std::int32_t> label, Matrix<Real> batch_x, Span<std::int32_t> batch_label) const {
    cpu::gather_batch<Real>(selection, state, x, label, batch_x, batch_label);
  }
  void draw_mixing(double alpha, std::uint64_t seed, Span<TrainingState> state) const {
    cpu::draw_mixing(alpha, seed, state);
  }
  void augment_batch(const Augmentation& augmentation, Span<const FeatureStatistics> features,
                     Span<const TrainingState> state, Matrix<const Real> x, Span<const std::int32_t> label,
                     Matrix<Real> augmented, Span<std::int32_t> second) const {
    cpu::augment_batch<Real>(augmentation, features, state, x, label, augmented, second);
  }
  void gather_rows(const RowSelection& rows, Matrix<const Real> x, Span<const std::int32_t> label, Matrix<Real> taken_x,
                   Span<std::int32_t> taken_label) const {
    cpu::gather_rows<Real>(rows, x, label, taken_x, taken_label);
  }
  void treat_labels(const LabelTreatment& treatment, Index classes, const RowGroupsView<kSpace>& groups,
                    Span<const std::int32_t> label, Span<std::int32_t> treated) const {
    cpu::treat_labels(treatment, classes, groups, label, treated);
  }
  void metrics(DataPart part, Span<const Real> loss, Span<const std::int32_t> predicted, Span<const std::int32_t> label,
               Span<TrainingState> state, Span<EpochMetrics> history, Matrix<std::uint32_t> correct,
               Span<std::int32_t> previous = {}) const {
    cpu::metrics<Real>(part, loss, predicted, label, state, history, correct, previous);
  }
  void gradient_norm(Span<const Real> grad, Span<const TrainingState> state, Span<EpochMetrics> history) const {
    cpu::gradient_norm<Real>(grad, state, history);
  }
  void judge_epoch(const EarlyStopping& stopping, Span<TrainingState> state, Span<const EpochMetrics> history) const {
    cpu::judge_epoch(stopping, state, history);
  }
  void keep_best(Span<const TrainingState> state, Span<const Real> parameter, Span<Real> best) const {
    cpu::keep_best<Real>(state, parameter, best);
  }
  void layer_norms(Index layer, Span<const Real> grad, Span<const Real> before, Span<const Real> after,
                   Span<const TrainingState> state, Matrix<LayerRecord> records) const {
    cpu::layer_norms<Real>(layer, grad, before, after, state, records);
  }
  void scenario_data(const ScenarioRows& rows, Matrix<Real> x, Span<std::int32_t> label) const {
    cpu::scenario_data<Real>(rows, x, label);
  }
  void dataset_statistics(Matrix<const Real> x, Span<const std::int32_t> label, Span<std::int64_t> class_rows,
                          Span<FeatureStatistics> features) const {
    cpu::dataset_statistics<Real>(x, label, class_rows, features);
  }
  void standardise(Span<const FeatureStatistics> features, Matrix<Real> x) const {
    cpu::standardise<Real>(features, x);
  }
  void nearest_neighbours(Matrix<const Real> q, Matrix<const Real> x, Span<const std::int32_t> exclude,
                          Matrix<std::int32_t> index, Matrix<Real> distance) const {
    cpu::nearest_neighbours<Real>(q, x, exclude, index, distance);
  }
};

}  // namespace plateau
