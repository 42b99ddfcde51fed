// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training of the layered engine on a backend: what it keeps in the backend's memory, and its steps. Who calls
// them, and in which order, is the device's business (training.cpp, gpu_trainer.cpp).
#pragma once

#include <algorithm>
#include <variant>
#include <vector>

#include "plateau/model/network.hpp"
#include "plateau/model/training.hpp"

namespace plateau {

// How the test rows are evaluated: so many together, by so many threads beside each other. Part of the plan.
struct EvaluationPlan {
  Index rows = 1;
  int evaluators = 1;
};

template <class Backend>
class LayeredRun {
 public:
  using Real = typename Backend::Real;
  template <class T>
  using Span = typename Backend::template Span<T>;
  template <class T>
  using Buffer = typename Backend::template Buffer<T>;

  // Backend, run and data must outlive the training: what is copied from them may only be queued.
  LayeredRun(const Backend& backend, const Run& run, const TrainingData& data, EvaluationPlan evaluation)
      : backend_(backend),
        run_(run),
        layout_(run.architecture),
        features_(run.architecture.features()),
        x_stride_(row_stride<Backend>(features_)),
        train_rows_(data.train_x.rows),
        test_rows_(data.test_x.rows),
        batch_rows_(run.batch == 0 ? train_rows_ : std::min(run.batch, train_rows_)),
        tile_rows_(std::min(test_rows_, evaluation.rows)),
        gathers_(batch_rows_ < train_rows_ && run.order != RowOrder::as_stored),
        train_x_(backend.template allocate<Real>(train_rows_ * x_stride_, 0)),
        test_x_(backend.template allocate<Real>(test_rows_ * x_stride_, 0)),
        train_label_(backend.template allocate<std::int32_t>(train_rows_, 0)),
        permuted_label_(
            backend.template allocate<std::int32_t>(run.labels == LabelTreatment::permuted ? train_rows_ : 0, 0)),
        test_label_(backend.template allocate<std::int32_t>(test_rows_, 0)),
        batch_x_(backend.template allocate<Real>(gathers_ ? batch_rows_ * x_stride_ : 0, 0)),
        batch_label_(backend.template allocate<std::int32_t>(gathers_ ? batch_rows_ : 0, 0)),
        parameters_(zeros()),
        gradient_(zeros()),
        first_moment_(zeros()),
        second_moment_(zeros()),
        state_(backend.template allocate<TrainingState>(1, {})),
        history_(backend.template allocate<EpochMetrics>(run.epochs, {})),
        correct_(backend.template allocate<std::uint32_t>(run.epochs * correct_words(test_rows_), 0)),
        test_loss_(backend.template allocate<Real>(test_rows_, 0)),
        test_predicted_(backend.template allocate<std::int32_t>(test_rows_, 0)),
        work_(backend, run.architecture, batch_rows_),
        gradient_work_(backend, run.architecture, batch_rows_) {
    for (int i = 0; i < evaluation.evaluators; ++i)
      evaluation_work_.emplace_back(backend, run.architecture, tile_rows_);
    set_rows(data);
    set_initial_parameters();
  }

  // Whether batches are copied together, in the order of the state's epoch; otherwise they are row ranges of the data.
  bool gathers() const { return gathers_; }
  Index batches() const { return ceil_div(train_rows_, batch_rows_); }
  Index evaluation_tiles() const { return ceil_div(test_rows_, tile_rows_); }
  Span<TrainingState> state() { return state_.view(); }

  // The gradient of one batch at the present parameters, which it only reads.
  void compute_gradient(Index batch) {
    const Index first = batch * batch_rows_;
    const Index rows = std::min(batch_rows_, train_rows_ - first);
    auto x = all_train_x().row_range(first, rows);
    Span<const std::int32_t> label = all_train_labels().subspan(first, rows);
    if (gathers_) {
      const auto batch_x = as_matrix(batch_x_.view(), rows, features_, x_stride_);
      const auto batch_label = batch_label_.view().subspan(0, rows);
      backend_.gather_batch({run_.order, run_.seed, first}, state_.view(), all_train_x(), all_train_labels(), batch_x,
                            batch_label);
      x = batch_x;
      label = batch_label;
    }
    forward(backend_, layout_, parameters_.view(), x, work_);
    backward(backend_, layout_, parameters_.view(), x, label, work_, gradient_work_, gradient_.view());
    step_label_ = label;
  }

  // Records the batch's losses and applies its gradient.
  void apply_gradient(Index batch) {
    const Index rows = step_label_.size;
    backend_.metrics(DataPart::train, work_.loss(rows), work_.predicted(rows), step_label_, state_.view(),
                     history_.view(), {});
    if (batch + 1 == batches()) backend_.gradient_norm(gradient_.view(), state_.view(), history_.view());
    if (const auto* adam = std::get_if<AdamParameters>(&run_.optimizer)) {
      backend_.advance_step(adam->betas, state_.view());
      backend_.adam(*adam, state_.view(), gradient_.view(), parameters_.view(), first_moment_.view(),
                    second_moment_.view());
    } else {
      backend_.advance_step({}, state_.view());
      backend_.sgd(std::get<SgdParameters>(run_.optimizer), state_.view(), gradient_.view(), parameters_.view(),
                   first_moment_.view());
    }
  }

  // Losses and predictions of one tile of test rows; reads the parameters, writes this tile's rows only. `backend` may
  // be another one of the same memory, if what it does is ordered with the rest.
  void evaluate(const Backend& backend, Index tile, int evaluator) {
    const Index first = tile * tile_rows_;
    const Index rows = std::min(tile_rows_, test_rows_ - first);
    const auto x = all_test_x().row_range(first, rows);
    Workspace<Backend>& work = evaluation_work_[static_cast<std::size_t>(evaluator)];
    forward(backend, layout_, parameters_.view(), x, work);
    evaluate_rows(backend, layout_, rows, test_label_.view().subspan(first, rows),
                  test_loss_.view().subspan(first, rows), test_predicted_.view().subspan(first, rows), work);
  }

  // Records the evaluated test rows and ends the epoch.
  void finish_epoch() {
    backend_.metrics(DataPart::test, test_loss_.view(), test_predicted_.view(), test_label_.view(), state_.view(),
                     history_.view(), as_matrix(correct_.view(), run_.epochs, correct_words(test_rows_)));
    backend_.finish_epoch(state_.view());
  }

  // Waits for everything that was queued, and copies out what the training leaves behind.
  RunResult fetch() const {
    TrainingState state;
    std::vector<EpochMetrics> history(static_cast<std::size_t>(run_.epochs));
    std::vector<std::uint32_t> correct(static_cast<std::size_t>(correct_.size()));
    RunResult result{.parameters = FlatParameters(static_cast<std::size_t>(run_.architecture.parameters()))};
    backend_.template copy_out<TrainingState, TrainingState>(state_.view(), {&state, 1});
    backend_.template copy_out<EpochMetrics, EpochMetrics>(history_.view(), {history.data(), run_.epochs});
    backend_.template copy_out<std::uint32_t, std::uint32_t>(correct_.view(), {correct.data(), correct_.size()});
    Index first = 0;  // counted without padding
    for (const auto& tensor : layout_.tensors()) {
      backend_.template copy_out<Real, float>(parameters_.view().subspan(tensor.offset, tensor.size),
                                              {result.parameters.data() + first, tensor.size});
      first += tensor.size;
    }
    backend_.finish();

    result.outcome = state.status == RunStatus::diverged ? RunOutcome::diverged
                     : Index{state.epoch} == run_.epochs ? RunOutcome::finished
                                                         : RunOutcome::interrupted;
    history.resize(static_cast<std::size_t>(state.epoch));
    for (const EpochMetrics& m : history)
      result.history.push_back(
          {.train_loss = m.train_loss_sum / static_cast<double>(train_rows_),
           .train_accuracy = static_cast<double>(m.train_correct) / static_cast<double>(train_rows_),
           .test_loss = m.test_loss_sum / static_cast<double>(test_rows_),
           .test_accuracy = static_cast<double>(m.test_correct) / static_cast<double>(test_rows_),
           .gradient_norm = m.gradient_norm});
    correct.resize(static_cast<std::size_t>(state.epoch * correct_words(test_rows_)));
    result.test_correct = CorrectBits(std::move(correct), state.epoch, test_rows_);
    return result;
  }

 private:
  Buffer<Real> zeros() const { return backend_.template allocate<Real>(layout_.size(), 0); }

  void set_rows(const TrainingData& data) {
    const auto train_x = as_matrix(train_x_.view(), train_rows_, features_, x_stride_);
    const auto test_x = as_matrix(test_x_.view(), test_rows_, features_, x_stride_);
    if (Backend::kSpace == Space::device && data.drawn) {
      backend_.scenario_data(data.drawn->train, train_x, train_label_.view());
      backend_.scenario_data(data.drawn->test, test_x, test_label_.view());
    } else {
      backend_.template copy_in<float, Real>(data.train_x, train_x);
      backend_.template copy_in<float, Real>(data.test_x, test_x);
      backend_.template copy_in<std::int32_t, std::int32_t>(data.train_label, train_label_.view());
      backend_.template copy_in<std::int32_t, std::int32_t>(data.test_label, test_label_.view());
    }
    if (run_.labels == LabelTreatment::permuted)
      backend_.permute_labels(run_.seed, train_label_.view(), permuted_label_.view());
  }

  void set_initial_parameters() {
    Index first = 0;  // counted without padding
    for (const auto& tensor : layout_.tensors()) {
      const Span<Real> target = parameters_.view().subspan(tensor.offset, tensor.size);
      if (run_.initial)
        backend_.template copy_in<float, Real>(HostSpan<const float>{run_.initial->data() + first, tensor.size},
                                               target);
      else
        backend_.initialise(run_.seed, first, tensor.fan_in, target);
      first += tensor.size;
    }
  }

  typename Backend::template Matrix<const Real> all_train_x() const {
    return as_matrix(train_x_.view(), train_rows_, features_, x_stride_);
  }
  typename Backend::template Matrix<const Real> all_test_x() const {
    return as_matrix(test_x_.view(), test_rows_, features_, x_stride_);
  }
  Span<const std::int32_t> all_train_labels() const {
    return run_.labels == LabelTreatment::permuted ? permuted_label_.view() : train_label_.view();
  }

  const Backend& backend_;
  const Run& run_;
  ParameterLayout layout_;
  Index features_, x_stride_, train_rows_, test_rows_, batch_rows_, tile_rows_;
  bool gathers_;
  Buffer<Real> train_x_, test_x_;
  Buffer<std::int32_t> train_label_, permuted_label_, test_label_;
  Buffer<Real> batch_x_;
  Buffer<std::int32_t> batch_label_;
  Buffer<Real> parameters_, gradient_, first_moment_, second_moment_;  // the first moment is SGD's velocity
  Buffer<TrainingState> state_;
  Buffer<EpochMetrics> history_;
  Buffer<std::uint32_t> correct_;
  Buffer<Real> test_loss_;
  Buffer<std::int32_t> test_predicted_;
  Workspace<Backend> work_;
  GradientWorkspace<Backend> gradient_work_;
  std::vector<Workspace<Backend>> evaluation_work_;  // one per evaluator
  Span<const std::int32_t> step_label_;              // of the gradient that waits to be applied
};

}  // namespace plateau
