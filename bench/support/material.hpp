// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a measured operation works on: random inputs in the memory of a device, and a look at its outputs.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "plateau/core/random.hpp"
#include "plateau/model/network.hpp"
#include "plateau/ops/metrics.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau::bench {

// Owns what it makes.
template <class Device>
class Material {
 public:
  using Backend = typename Device::Backend;
  template <class T>
  using Span = typename Backend::template Span<T>;
  template <class T>
  using Matrix = typename Backend::template Matrix<T>;

  explicit Material(Device& device) : device_(device) {}

  Device& device() const { return device_; }
  const Backend& backend() const { return device_.backend(); }

  // Uniform on [-1, 1), others each time, drawn where they are used.
  Span<float> random(Index size) {
    const Span<float> values = zeros<float>(size);
    backend().initialise(++seed_, 0, 1, values);
    return values;
  }
  // With rows as far apart as those of a training.
  Matrix<float> random(Index rows, Index cols) {
    const Index stride = row_stride<Backend>(cols);
    return as_matrix(random(rows * stride), rows, cols, stride);
  }
  Span<std::int32_t> labels(Index size, Index classes) {
    std::vector<std::int32_t> drawn;
    drawn.reserve(static_cast<std::size_t>(size));
    ++seed_;
    for (Index i = 0; i < size; ++i) {
      const std::uint32_t word = draw({seed_, StreamId::labels}, static_cast<std::uint64_t>(i)).word[0];
      drawn.push_back(static_cast<std::int32_t>(static_cast<Index>(word) % classes));
    }
    const Span<std::int32_t> values = zeros<std::int32_t>(size);
    backend().template copy_in<std::int32_t, std::int32_t>({drawn.data(), size}, values);
    backend().finish();
    return values;
  }
  template <class T>
  Span<T> zeros(Index size) {
    auto buffer = std::make_shared<typename Backend::template Buffer<T>>(backend().template allocate<T>(size, T{}));
    owned_.push_back(buffer);
    return buffer->view();
  }
  // Of a run that has taken its first step.
  Span<TrainingState> state() {
    const Span<TrainingState> state = zeros<TrainingState>(1);
    backend().advance_step({}, state);
    return state;
  }
  // And has finished its first epoch.
  Span<TrainingState> state_after_epoch() {
    const Span<TrainingState> state = this->state();
    backend().finish_epoch(state);
    return state;
  }

  template <class T>
  std::vector<T> fetched(Span<const T> values) const {
    std::vector<T> copied(static_cast<std::size_t>(values.size));
    backend().template copy_out<T, T>(values, {copied.data(), values.size});
    backend().finish();
    return copied;
  }

 private:
  Device& device_;
  std::uint64_t seed_ = 0;
  std::vector<std::shared_ptr<void>> owned_;
};

// What a Material's matrix lies in, padding included.
template <class T, Space S>
SpanView<const T, S> elements(MatrixView<T, S> matrix) {
  return {matrix.data, matrix.rows * matrix.stride};
}

// Whether all values are finite, found on the device: the 2-norm of any others is not.
template <class Device>
class FiniteCheck {
 public:
  explicit FiniteCheck(Device& device)
      : material_(device),
        state_(material_.template zeros<TrainingState>(1)),
        history_(material_.template zeros<EpochMetrics>(1)) {}

  bool operator()(typename Material<Device>::template Span<const float> values) const {
    const EpochMetrics unwritten{.gradient_norm = std::numeric_limits<double>::quiet_NaN()};
    material_.backend().template copy_in<EpochMetrics, EpochMetrics>({&unwritten, 1}, history_);
    material_.backend().gradient_norm(values, state_, history_);
    return std::isfinite(material_.template fetched<EpochMetrics>(history_)[0].gradient_norm);
  }

 private:
  Material<Device> material_;
  typename Material<Device>::template Span<TrainingState> state_;
  typename Material<Device>::template Span<EpochMetrics> history_;
};

}  // namespace plateau::bench
