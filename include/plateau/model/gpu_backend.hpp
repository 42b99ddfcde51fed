// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The GPU device: every operation forwards to its launcher in kernels/, on the backend's own stream. All of it only
// enqueues, copies included; finish() waits. One backend serves one training at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "plateau/gpu/blas.hpp"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/stream.hpp"
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

class GpuBackend {
 public:
  using Real = float;
  static constexpr Space kSpace = Space::device;
  static constexpr Index kRowAlignment = 4;  // 16 bytes: what vector accesses and tensor cores ask for
  template <class T>
  using Buffer = gpu::DeviceBuffer<T>;
  template <class T>
  using Span = DeviceSpan<T>;
  template <class T>
  using Matrix = DeviceMatrix<T>;

  explicit GpuBackend(Precision precision = Precision::fp32)
      : blas_(stream_, precision), partial_(kMaxGradientNormPartials), column_partial_(kMaxColumnPartials) {}
  GpuBackend(const GpuBackend&) = delete;  // the BLAS handle keeps the stream
  GpuBackend& operator=(const GpuBackend&) = delete;

  const gpu::Stream& stream() const { return stream_; }
  void finish() const { stream_.synchronise(); }

  // `fill` consists of equal bytes, as zeros and NaNs do.
  template <class T>
  Buffer<T> allocate(Index size, T fill) const {
    const auto bytes = std::bit_cast<std::array<unsigned char, sizeof(T)>>(fill);
    expects(std::all_of(bytes.begin(), bytes.end(), [&](unsigned char byte) { return byte == bytes[0]; }),
            "allocate: a fill of equal bytes");
    Buffer<T> buffer(size);
    gpu::fill_bytes(stream_, buffer.view(), bytes[0]);
    return buffer;
  }
  // The host's side stays as it is, or is not looked at, until finish().
  template <class From, class To>
  void copy_in(HostSpan<const From> from, Span<To> to) const {
    static_assert(std::is_same_v<From, To>, "a GPU holds what the host holds");
    gpu::copy(stream_, from, to);
  }
  template <class From, class To>
  void copy_in(HostMatrix<const From> from, Matrix<To> to) const {
    static_assert(std::is_same_v<From, To>, "a GPU holds what the host holds");
    gpu::copy(stream_, from, to);
  }
  template <class From, class To>
  void copy_out(Span<const From> from, HostSpan<To> to) const {
    static_assert(std::is_same_v<From, To>, "a GPU holds what the host holds");
    gpu::copy(stream_, from, to);
  }

  template <class T>
  void copy_within(Span<const T> from, Span<T> to) const {
    gpu::copy_within(stream_, from, to);
  }
  void fill_zero(Span<Real> values) const { gpu::fill_bytes(stream_, values, 0); }

  void dense_forward(Matrix<const float> x, Matrix<const float> w, Matrix<float> z) const {
    gpu::dense_forward(blas_, x, w, z);
  }
  void dense_input_grad(Matrix<const float> grad_z, Matrix<const float> w, Matrix<float> grad_x) const {
    gpu::dense_input_grad(blas_, grad_z, w, grad_x);
  }
  void dense_weight_grad(Matrix<const float> grad_z, Matrix<const float> x, Matrix<float> grad_w) const {
    gpu::dense_weight_grad(blas_, grad_z, x, grad_w);
  }
  void dense_forward_relu(Matrix<const float> x, Matrix<const float> w, Span<const float> bias, Matrix<float> a,
                          Matrix<std::uint32_t> mask) const {
    gpu::dense_forward_relu(blas_, x, w, bias, a, mask);
  }
  void dense_input_grad_relu(Matrix<const float> grad_z, Matrix<const float> w, Matrix<const std::uint32_t> mask,
                             Matrix<float> grad_x, Span<float> grad_bias) const {
    gpu::dense_input_grad_relu(blas_, grad_z, w, mask, grad_x, grad_bias);
  }
  void dense_weight_grad_bias(Matrix<const float> grad_z, Matrix<const float> x, Matrix<float> grad_w,
                              Span<float> grad_bias) const {
    gpu::dense_weight_grad_bias(blas_, grad_z, x, grad_w, grad_bias);
  }
  void bias_activation(Activation activation, Span<const float> bias, Matrix<float> z) const {
    gpu::bias_activation(stream_, activation, bias, z);
  }
  void dropout(const DropoutRule& rule, Span<const TrainingState> state, Matrix<float> a) const {
    gpu::dropout(stream_, rule, state, a);
  }
  void relu_backward(Matrix<const float> a, Matrix<float> grad_a_to_z, Span<float> grad_bias) const {
    gpu::relu_backward(stream_, a, grad_a_to_z, column_partial_.view(), grad_bias);
  }
  void unit_activity(Matrix<const float> a, Span<std::int32_t> active) const { gpu::unit_activity(stream_, a, active); }
  void bias_grad(Matrix<const float> grad_z, Span<float> grad_bias) const {
    gpu::bias_grad(stream_, grad_z, column_partial_.view(), grad_bias);
  }
  void softmax_xent(Matrix<const float> z, Span<const std::int32_t> label, Span<float> loss,
                    Span<std::int32_t> predicted, Matrix<float> grad_z) const {
    gpu::softmax_xent(stream_, z, label, loss, predicted, grad_z);
  }
  void class_probabilities(Matrix<const float> z, Span<std::int32_t> predicted, Matrix<float> probability) const {
    gpu::class_probabilities(stream_, z, predicted, probability);
  }
  void balanced_class_weights(Span<const std::int32_t> label, Span<float> weight) const {
    gpu::balanced_class_weights(stream_, label, weight);
  }
  void batch_weight(Span<const float> weight, Span<const std::int32_t> label, Span<TrainingState> state) const {
    gpu::batch_weight(stream_, weight, label, state);
  }
  void weighted_softmax_xent(Matrix<const float> z, Span<const std::int32_t> label,
                             Span<const std::int32_t> second_label, Span<const float> weight,
                             Span<const TrainingState> state, Span<float> loss, Span<std::int32_t> predicted,
                             Matrix<float> grad_z) const {
    gpu::weighted_softmax_xent(stream_, z, label, second_label, weight, state, loss, predicted, grad_z);
  }
  void advance_step(AdamBetas betas, Span<TrainingState> state) const { gpu::advance_step(stream_, betas, state); }
  void set_rate(Schedule schedule, Index epochs, Span<TrainingState> state) const {
    gpu::set_rate(stream_, schedule, epochs, state);
  }
  void finish_epoch(Span<TrainingState> state) const { gpu::finish_epoch(stream_, state); }
  void exchange_signals(Span<TrainingState> state, Span<const EpochMetrics> history, Span<RunSignals> signals,
                        Span<EpochMetrics> recent) const {
    gpu::exchange_signals(stream_, state, history, signals, recent);
  }
  void adam(const AdamParameters& adam, Span<const TrainingState> state, Span<const float> grad, Span<float> parameter,
            Span<float> m, Span<float> v) const {
    gpu::adam(stream_, adam, state, grad, parameter, m, v);
  }
  void sgd(const SgdParameters& sgd, Span<const TrainingState> state, Span<const float> grad, Span<float> parameter,
           Span<float> velocity) const {
    gpu::sgd(stream_, sgd, state, grad, parameter, velocity);
  }
  void initialise(std::uint64_t seed, Index first_element, Index fan_in, Span<float> parameter) const {
    gpu::initialise(stream_, seed, first_element, fan_in, parameter);
  }
  void gather_batch(const BatchSelection& selection, Span<const TrainingState> state, Matrix<const float> x,
                    Span<const std::int32_t> label, Matrix<float> batch_x, Span<std::int32_t> batch_label) const {
    gpu::gather_batch(stream_, selection, state, x, label, batch_x, batch_label);
  }
  void draw_mixing(double alpha, std::uint64_t seed, Span<TrainingState> state) const {
    gpu::draw_mixing(stream_, alpha, seed, state);
  }
  void augment_batch(const Augmentation& augmentation, Span<const FeatureStatistics> features,
                     Span<const TrainingState> state, Matrix<const float> x, Span<const std::int32_t> label,
                     Matrix<float> augmented, Span<std::int32_t> second) const {
    gpu::augment_batch(stream_, augmentation, features, state, x, label, augmented, second);
  }
  void gather_rows(const RowSelection& rows, Matrix<const float> x, Span<const std::int32_t> label,
                   Matrix<float> taken_x, Span<std::int32_t> taken_label) const {
    gpu::gather_rows(stream_, rows, x, label, taken_x, taken_label);
  }
  void treat_labels(const LabelTreatment& treatment, Index classes, const RowGroupsView<kSpace>& groups,
                    Span<const std::int32_t> label, Span<std::int32_t> treated) const {
    gpu::treat_labels(stream_, treatment, classes, groups, label, treated);
  }
  void metrics(DataPart part, Span<const float> loss, Span<const std::int32_t> predicted,
               Span<const std::int32_t> label, Span<TrainingState> state, Span<EpochMetrics> history,
               Matrix<std::uint32_t> correct, Span<std::int32_t> previous = {}) const {
    gpu::metrics(stream_, part, loss, predicted, label, state, history, correct, previous);
  }
  void gradient_norm(Span<const float> grad, Span<const TrainingState> state, Span<EpochMetrics> history) const {
    gpu::gradient_norm(stream_, grad, state, partial_.view(), history);
  }
  void judge_epoch(const EarlyStopping& stopping, Span<TrainingState> state, Span<const EpochMetrics> history) const {
    gpu::judge_epoch(stream_, stopping, state, history);
  }
  void keep_best(Span<const TrainingState> state, Span<const float> parameter, Span<float> best) const {
    gpu::keep_best(stream_, state, parameter, best);
  }
  void layer_norms(Index layer, Span<const float> grad, Span<const float> before, Span<const float> after,
                   Span<const TrainingState> state, Matrix<LayerRecord> records) const {
    gpu::layer_norms(stream_, layer, grad, before, after, state, records);
  }
  void scenario_data(const ScenarioRows& rows, Matrix<float> x, Span<std::int32_t> label) const {
    gpu::scenario_data(stream_, rows, x, label);
  }
  void dataset_statistics(Matrix<const float> x, Span<const std::int32_t> label, Span<std::int64_t> class_rows,
                          Span<FeatureStatistics> features) const {
    gpu::dataset_statistics(stream_, x, label, class_rows, features);
  }
  void standardise(Span<const FeatureStatistics> features, Matrix<float> x) const {
    gpu::standardise(stream_, features, x);
  }
  void nearest_neighbours(Matrix<const float> q, Matrix<const float> x, Span<const std::int32_t> exclude,
                          Matrix<std::int32_t> index, Matrix<float> distance) const {
    gpu::nearest_neighbours(stream_, q, x, exclude, index, distance);
  }

 private:
  gpu::Stream stream_;
  gpu::BlasHandle blas_;
  mutable gpu::DeviceBuffer<double> partial_;        // scratch of the gradient's norm
  mutable gpu::DeviceBuffer<float> column_partial_;  // scratch of the column sums
};

}  // namespace plateau
