// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One training of the layered engine on a backend: what it keeps in the backend's memory, and its steps. Who calls
// them, and in which order, is the device's business (training.cpp, gpu_trainer.cpp).
#pragma once

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "plateau/model/network.hpp"
#include "plateau/model/run.hpp"
#include "plateau/ops/augment_batch.hpp"
#include "plateau/ops/dataset_statistics.hpp"
#include "plateau/ops/early_stopping.hpp"

namespace plateau {

// How the validation and test rows are evaluated: so many together, by so many threads beside each other. Part of the
// plan.
struct EvaluationPlan {
  Index rows = 1;
  int evaluators = 1;
};

// What a LayeredRun keeps in its backend's memory, in bytes: the allocations of its constructor.
template <class Backend>
Index layered_bytes(const Run& run, const TrainingData& data, EvaluationPlan evaluation, const ExecutionPlan& most) {
  const Architecture& net = run.architecture;
  const Index features = net.features(), train_rows = training_rows(run, data).count();
  const Index test_rows = data.test_x.rows, validation_rows = run.validation ? run.validation->count() : 0;
  const Index batch_rows = run.batch == 0 ? train_rows : std::min(run.batch, train_rows);
  const Index tile_rows = std::min(evaluation.rows, std::max(test_rows, validation_rows));
  constexpr Index kReal = sizeof(typename Backend::Real), kInt = sizeof(std::int32_t);
  const auto rows_bytes = [&](Index rows) { return rows * (row_stride<Backend>(features) * kReal + kInt); };
  const auto workspace_bytes = [&](Index rows, const ExecutionPlan& plan) {
    Index bytes = rows * (kReal + kInt);
    for (Index layer = 0; layer < net.layers(); ++layer) {
      const Index width = net.fan_out(layer);
      bytes += rows * row_stride<Backend>(width) * kReal;
      if (plan.layer(layer).activation == Fusion::epilogue) bytes += rows * mask_stride(width) * kInt;
    }
    return bytes;
  };
  const bool gathers = batch_rows < train_rows && run.order != RowOrder::as_stored;
  const bool augments = run.jitter > 0 || run.mixup > 0;
  Index bytes = rows_bytes(data.train_x.rows) + rows_bytes(test_rows) + rows_bytes(validation_rows) +
                rows_bytes(run.rows ? train_rows : 0) + rows_bytes(gathers ? batch_rows : 0) +
                rows_bytes(augments ? batch_rows : 0);
  if (run.class_weights.any()) bytes += net.classes() * Index{sizeof(float)};
  if (run.standardise || augments) bytes += features * Index{sizeof(FeatureStatistics)};
  const Index sets = 4 + (run.validation ? 1 : 0) + (run.outputs.layers ? 1 : 0);
  bytes += sets * ParameterLayout(net).size() * kReal;
  bytes += Index{sizeof(TrainingState)} + run.epochs * Index{sizeof(EpochMetrics)};
  if (run.outputs.layers) bytes += run.epochs * net.layers() * Index{sizeof(LayerRecord)};
  if (run.outputs.test_correct) bytes += run.epochs * correct_words(test_rows) * kInt;
  bytes += test_rows * kInt;                                            // predictions of the epoch before
  bytes += (test_rows + validation_rows) * (kReal + kInt);              // losses and predictions
  bytes += workspace_bytes(batch_rows, most);                           // forward,
  bytes += 2 * batch_rows * row_stride<Backend>(net.widest()) * kReal;  // and backward
  return bytes + evaluation.evaluators * workspace_bytes(tile_rows, {});
}

template <class Backend>
class LayeredRun {
 public:
  using Real = typename Backend::Real;
  template <class T>
  using Span = typename Backend::template Span<T>;
  template <class T>
  using Matrix = typename Backend::template Matrix<T>;
  template <class T>
  using Buffer = typename Backend::template Buffer<T>;

  // Backend, run and data must outlive the training: what is copied from them may only be queued.
  // Masks are there for every epilogue of `most`; the plan to begin with is the one without any.
  LayeredRun(const Backend& backend, const Run& run, const TrainingData& data, EvaluationPlan evaluation,
             const ExecutionPlan& most = {})
      : backend_(backend),
        run_(run),
        layout_(run.architecture),
        features_(run.architecture.features()),
        classes_(run.architecture.classes()),
        x_stride_(row_stride<Backend>(features_)),
        train_rows_(training_rows(run, data).count()),
        batch_rows_(run.batch == 0 ? train_rows_ : std::min(run.batch, train_rows_)),
        tile_rows_(std::min(evaluation.rows, std::max(data.test_x.rows, run.validation ? run.validation->count() : 0))),
        gathers_(batch_rows_ < train_rows_ && run.order != RowOrder::as_stored),
        augments_(run.jitter > 0 || run.mixup > 0),
        data_(rows_of(data.train_x.rows)),
        test_(rows_of(data.test_x.rows)),
        batch_(rows_of(gathers_ ? batch_rows_ : 0)),
        augmented_(rows_of(augments_ ? batch_rows_ : 0)),
        class_weight_(buffer<float>(run.class_weights.any() ? classes_ : 0)),
        features_of_train_(buffer<FeatureStatistics>(run.standardise || augments_ ? features_ : 0)),
        parameters_(buffer<Real>(layout_.size())),
        gradient_(buffer<Real>(layout_.size())),
        first_moment_(buffer<Real>(layout_.size())),
        second_moment_(buffer<Real>(layout_.size())),
        best_(buffer<Real>(run.validation ? layout_.size() : 0)),
        before_(buffer<Real>(run.outputs.layers ? layout_.size() : 0)),
        state_(buffer<TrainingState>(1)),
        history_(buffer<EpochMetrics>(run.epochs)),
        layer_records_(buffer<LayerRecord>(run.outputs.layers ? run.epochs * run.architecture.layers() : 0)),
        correct_(buffer<std::uint32_t>(run.outputs.test_correct ? run.epochs * correct_words(data.test_x.rows) : 0)),
        previous_(backend.template allocate<std::int32_t>(data.test_x.rows, kNoClass)),
        work_(backend, run.architecture, batch_rows_, most),
        gradient_work_(backend, run.architecture, batch_rows_) {
    for (int i = 0; i < evaluation.evaluators; ++i)
      evaluation_work_.emplace_back(backend, run.architecture, tile_rows_);
    set_rows(data);
    set_class_weights();
    if (run.resume)
      resume(*run.resume);
    else
      set_initial_parameters(parameters_.view());
    test_evaluation_.emplace(*this, test_);
    if (run.validation) validation_evaluation_.emplace(*this, *validation_);
  }

  // Whether batches are copied together, in the order of the state's epoch; otherwise they are row ranges of the data.
  bool gathers() const { return gathers_; }
  Index batches() const { return ceil_div(train_rows_, batch_rows_); }
  Index evaluation_tiles() const { return validation_tiles() + tiles_of(test_); }
  Span<TrainingState> state() { return state_.view(); }
  Span<const EpochMetrics> history() const { return history_.view(); }
  // After so many epochs, of which the last has these figures.
  RunProgress progress(Index epochs, const EpochMetrics& last) const {
    return progress_after(epochs, record_of(last, row_counts(), epochs == 1));
  }
  const ExecutionPlan& plan() const { return plan_; }
  void set_plan(const ExecutionPlan& plan) {
    expects_plan(plan, run_.architecture);
    expects(plan.layers.empty() || run_.dropout == 0, "plan: no epilogues where units are dropped");
    plan_ = plan;
  }

  // The gradient of one batch at the present parameters, which it only reads.
  void compute_gradient(Index batch) {
    const Index first = batch * batch_rows_;
    const Index rows = std::min(batch_rows_, train_rows_ - first);
    auto x = x_of(train()).row_range(first, rows);
    Span<const std::int32_t> label = train().label.view().subspan(first, rows);
    if (gathers_) {
      const auto batch_label = batch_.label.view().subspan(0, rows);
      backend_.gather_batch({run_.order, run_.seed, first}, state_.view(), x_of(train()), train().label.view(),
                            x_of(batch_).row_range(0, rows), batch_label);
      x = x_of(batch_).row_range(0, rows);
      label = batch_label;
    }
    StepTerms<Backend> terms{.dropout = static_cast<float>(run_.dropout),
                             .seed = run_.seed,
                             .state = state_.view(),
                             .class_weight = class_weight_.view()};
    if (augments_) {
      const Augmentation augmentation{.jitter = static_cast<float>(run_.jitter),
                                      .scaled = run_.standardise,
                                      .mixes = run_.mixup > 0,
                                      .seed = run_.seed};
      if (run_.mixup > 0) backend_.draw_mixing(run_.mixup, run_.seed, state_.view());
      const auto second = augmented_.label.view().subspan(0, run_.mixup > 0 ? rows : 0);
      backend_.augment_batch(augmentation, features_of_train_.view(), state_.view(), x, label,
                             x_of(augmented_).row_range(0, rows), second);
      x = x_of(augmented_).row_range(0, rows);
      terms.second_label = second;
    }
    if (!terms.class_weight.empty()) backend_.batch_weight(terms.class_weight, label, state_.view());
    forward(backend_, layout_, parameters_.view(), x, work_, plan_, terms);
    backward(backend_, layout_, parameters_.view(), x, label, work_, gradient_work_, gradient_.view(), plan_, terms);
    for_each_stretch(true, [&](Index at, Index size) { backend_.fill_zero(gradient_.view().subspan(at, size)); });
    step_label_ = label;
  }

  // Records the batch's losses and applies its gradient.
  void apply_gradient(Index batch) {
    const Index rows = step_label_.size;
    const bool last = batch + 1 == batches();
    backend_.metrics(DataPart::train, work_.loss(rows), work_.predicted(rows), step_label_, state_.view(),
                     history_.view(), {});
    if (last) backend_.gradient_norm(gradient_.view(), state_.view(), history_.view());
    if (last && run_.outputs.layers) backend_.template copy_within<Real>(parameters_.view(), before_.view());
    if (batch == 0 && run_.schedule != Schedule::constant) backend_.set_rate(run_.schedule, run_.epochs, state_.view());
    if (const auto* adam = std::get_if<AdamParameters>(&run_.optimizer)) {
      backend_.advance_step(adam->betas, state_.view());
      for_each_stretch(false, [&](Index first, Index size) {
        const auto of = [=](auto&& buffer) { return buffer.view().subspan(first, size); };
        backend_.adam(*adam, state_.view(), of(gradient_), of(parameters_), of(first_moment_), of(second_moment_));
      });
    } else {
      backend_.advance_step({}, state_.view());
      for_each_stretch(false, [&](Index first, Index size) {
        const auto of = [=](auto&& buffer) { return buffer.view().subspan(first, size); };
        backend_.sgd(std::get<SgdParameters>(run_.optimizer), state_.view(), of(gradient_), of(parameters_),
                     of(first_moment_));
      });
    }
    if (last && run_.outputs.layers) record_layers();
  }

  // Losses and predictions of one tile of validation or test rows; reads the parameters, writes this tile's rows only.
  // `backend` may be another one of the same memory, if what it does is ordered with the rest.
  void evaluate(const Backend& backend, Index tile, int evaluator) {
    Workspace<Backend>& work = evaluation_work_[static_cast<std::size_t>(evaluator)];
    const bool validates = tile < validation_tiles();
    const Rows& rows = validates ? *validation_ : test_;
    Evaluation& evaluation = validates ? *validation_evaluation_ : *test_evaluation_;
    const Index first = (validates ? tile : tile - validation_tiles()) * tile_rows_;
    const Index count = std::min(tile_rows_, rows.count - first);
    forward(backend, layout_, parameters_.view(), x_of(rows).row_range(first, count), work);
    evaluate_rows(backend, layout_, count, rows.label.view().subspan(first, count),
                  evaluation.loss.view().subspan(first, count), evaluation.predicted.view().subspan(first, count),
                  work);
  }

  // Records the evaluated rows and ends the epoch.
  void finish_epoch() {
    if (validation_)
      backend_.metrics(DataPart::validation, validation_evaluation_->loss.view(),
                       validation_evaluation_->predicted.view(), validation_->label.view(), state_.view(),
                       history_.view(), {});
    Matrix<std::uint32_t> correct;
    if (run_.outputs.test_correct) correct = as_matrix(correct_.view(), run_.epochs, correct_words(test_.count));
    backend_.metrics(DataPart::test, test_evaluation_->loss.view(), test_evaluation_->predicted.view(),
                     test_.label.view(), state_.view(), history_.view(), correct, previous_.view());
    backend_.finish_epoch(state_.view());
    if (!validation_) return;
    backend_.judge_epoch({validation_->count, narrow<std::int32_t>(run_.patience)}, state_.view(), history_.view());
    backend_.keep_best(state_.view(), parameters_.view(), best_.view());
  }

  // Waits for everything that was queued, and copies out what the training leaves behind. Dead units and predictions
  // take a pass over their rows each, and a wait of their own.
  RunResult fetch() {
    RunResult result = fetch(backend_, present(), last_epoch(run_), run_.outputs.state);
    if (run_.outputs.dead_units) result.dead_units = dead_units();
    for (const PredictionRequest& request : run_.outputs.predictions)
      result.predictions.push_back(predictions(request, result.best_epoch.has_value()));
    return result;
  }

  // Sets aside where the training stands, so that it can be copied out while the training goes on.
  void take_snapshot() {
    if (!snapshot_) snapshot_.emplace(*this);
    backend_.template copy_within<TrainingState>(state_.view(), snapshot_->state.view());
    backend_.template copy_within<std::int32_t>(previous_.view(), snapshot_->previous.view());
    backend_.template copy_within<Real>(parameters_.view(), snapshot_->parameters.view());
    backend_.template copy_within<Real>(first_moment_.view(), snapshot_->first_moment.view());
    backend_.template copy_within<Real>(second_moment_.view(), snapshot_->second_moment.view());
    if (validation_) backend_.template copy_within<Real>(best_.view(), snapshot_->best.view());
  }
  // The result up to the last snapshot, which was taken after so many epochs. `copier` copies out of the backend's
  // memory, begins when the snapshot is there, and is waited for.
  template <class Copier>
  RunResult fetch_snapshot(const Copier& copier, Index epochs) const {
    const Snapshot& s = *snapshot_;
    return fetch(copier,
                 {s.state.view(), s.parameters.view(), s.first_moment.view(), s.second_moment.view(), s.best.view(),
                  s.previous.view()},
                 epochs, true);
  }
  // The result after so many epochs, nothing being queued.
  RunResult fetch_checkpoint(Index epochs) const { return fetch(backend_, present(), epochs, true); }

 private:
  // Where the training stands, now or at a snapshot.
  struct Standing {
    Span<const TrainingState> state;
    Span<const Real> parameters, first_moment, second_moment, best;
    Span<const std::int32_t> previous;
  };
  struct Snapshot {
    explicit Snapshot(const LayeredRun& run)
        : state(run.buffer<TrainingState>(1)),
          parameters(run.buffer<Real>(run.layout_.size())),
          first_moment(run.buffer<Real>(run.layout_.size())),
          second_moment(run.buffer<Real>(run.layout_.size())),
          best(run.buffer<Real>(run.best_.view().size)),
          previous(run.buffer<std::int32_t>(run.test_.count)) {}
    Buffer<TrainingState> state;
    Buffer<Real> parameters, first_moment, second_moment, best;
    Buffer<std::int32_t> previous;
  };

  Standing present() const {
    return {state_.view(),         parameters_.view(), first_moment_.view(),
            second_moment_.view(), best_.view(),       previous_.view()};
  }

  // `most_epochs`: of those behind it a training that goes on may be writing the figures.
  template <class Copier>
  RunResult fetch(const Copier& copier, const Standing& at, Index most_epochs, bool with_state) const {
    TrainingState state;
    copier.template copy_out<TrainingState, TrainingState>(at.state, {&state, 1});
    const Index begun = first_epoch(run_), most = most_epochs - begun;
    const auto rows_of_epochs = [&](auto span, Index row) { return span.subspan(begun * row, most * row); };
    const Index words = run_.outputs.test_correct ? correct_words(test_.count) : 0;
    const Index records = run_.outputs.layers ? run_.architecture.layers() : 0;
    std::vector<EpochMetrics> history =
        queue_fetch<EpochMetrics, EpochMetrics>(rows_of_epochs(std::as_const(history_).view(), 1), copier);
    std::vector<std::uint32_t> correct =
        queue_fetch<std::uint32_t, std::uint32_t>(rows_of_epochs(std::as_const(correct_).view(), words), copier);
    RunResult result{.first_epoch = begun, .plan = plan_};
    result.layers =
        queue_fetch<LayerRecord, LayerRecord>(rows_of_epochs(std::as_const(layer_records_).view(), records), copier);
    if (run_.outputs.parameters) result.parameters = queue_fetch_of_parameters(at.parameters, copier);
    if (run_.outputs.best_parameters && validation_)
      result.best_parameters = queue_fetch_of_parameters(at.best, copier);
    std::vector<FeatureStatistics> features;
    if (run_.outputs.scale && run_.standardise)
      features = queue_fetch<FeatureStatistics, FeatureStatistics>(std::as_const(features_of_train_).view(), copier);
    RunState stands{.plan = plan_};
    if (with_state) {
      stands.parameters = queue_fetch_of_parameters(at.parameters, copier);
      stands.first_moment = queue_fetch_of_parameters(at.first_moment, copier);
      stands.second_moment = queue_fetch_of_parameters(at.second_moment, copier);
      if (validation_) stands.best_parameters = queue_fetch_of_parameters(at.best, copier);
      stands.predicted = queue_fetch<std::int32_t, std::int32_t>(at.previous, copier);
    }
    copier.finish();

    const Index epochs = state.epoch - begun;
    history.resize(static_cast<std::size_t>(epochs));
    correct.resize(static_cast<std::size_t>(epochs * words));
    result.layers.resize(static_cast<std::size_t>(epochs * records));
    if (state.best_epochs == 0) result.best_parameters.clear();
    if (with_state && state.status != RunStatus::diverged) {
      stands.epoch = state.epoch;
      stands.step = state.step;
      stands.best_epochs = state.best_epochs;
      stands.best_loss = state.best_loss;
      result.state = std::move(stands);
    }
    result.outcome = state.status == RunStatus::diverged        ? RunOutcome::diverged
                     : state.status == RunStatus::stopped_early ? RunOutcome::stopped_early
                     : Index{state.epoch} == run_.epochs        ? RunOutcome::finished
                                                                : RunOutcome::interrupted;
    for (const EpochMetrics& metrics : history)
      result.history.push_back(record_of(metrics, row_counts(), begun == 0 && result.history.empty()));
    if (run_.outputs.test_correct) result.test_correct = CorrectBits(std::move(correct), epochs, test_.count);
    if (state.best_epochs > 0) result.best_epoch = state.best_epochs - 1;
    for (const FeatureStatistics& feature : features)
      result.scale.push_back(feature_scale(feature.mean, feature.spread));
    return result;
  }

  static constexpr std::int32_t kNoClass = -1 - 0x01010101;  // of equal bytes, and no prediction

  // Rows of features and their labels.
  struct Rows {
    Index count = 0;
    Buffer<Real> x;
    Buffer<std::int32_t> label;
  };
  struct Evaluation {
    Evaluation(const LayeredRun& run, const Rows& rows)
        : loss(run.buffer<Real>(rows.count)), predicted(run.buffer<std::int32_t>(rows.count)) {}
    Buffer<Real> loss;
    Buffer<std::int32_t> predicted;
  };

  template <class T>
  Buffer<T> buffer(Index size) const {
    return backend_.template allocate<T>(size, T{});
  }
  Rows rows_of(Index count) const {
    auto x = buffer<Real>(count * x_stride_);
    auto label = buffer<std::int32_t>(count);
    return {count, std::move(x), std::move(label)};
  }
  Matrix<Real> x_of(Rows& rows) { return as_matrix(rows.x.view(), rows.count, features_, x_stride_); }
  Matrix<const Real> x_of(const Rows& rows) const { return as_matrix(rows.x.view(), rows.count, features_, x_stride_); }
  const Rows& train() const { return train_ ? *train_ : data_; }
  RowCounts row_counts() const { return {train_rows_, test_.count, validation_ ? validation_->count : 0}; }
  Index tiles_of(const Rows& rows) const { return ceil_div(rows.count, tile_rows_); }
  Index validation_tiles() const { return validation_ ? tiles_of(*validation_) : 0; }

  // There when the backend has finished.
  template <class T, class From, class Copier>
  static std::vector<T> queue_fetch(Span<const From> from, const Copier& copier) {
    std::vector<T> to(static_cast<std::size_t>(from.size));
    copier.template copy_out<From, T>(from, {to.data(), from.size});
    return to;
  }

  // ---- Rows ---------------------------------------------------------------------------------------------------------
  void set_rows(const TrainingData& data) {
    if (Backend::kSpace == Space::device && data.drawn) {
      backend_.scenario_data(data.drawn->train, x_of(data_), data_.label.view());
      backend_.scenario_data(data.drawn->test, x_of(test_), test_.label.view());
    } else {
      backend_.template copy_in<float, Real>(data.train_x, x_of(data_));
      backend_.template copy_in<float, Real>(data.test_x, x_of(test_));
      backend_.template copy_in<std::int32_t, std::int32_t>(data.train_label, data_.label.view());
      backend_.template copy_in<std::int32_t, std::int32_t>(data.test_label, test_.label.view());
    }
    if (run_.labels.changes()) treat_labels(data.train_groups);
    if (run_.rows) train_ = taken(*run_.rows);
    if (!features_of_train_.view().empty()) {
      auto counts = buffer<std::int64_t>(classes_);
      backend_.dataset_statistics(std::as_const(*this).x_of(train()), train().label.view(), counts.view(),
                                  features_of_train_.view());
      backend_.finish();  // before the counts are given back
    }
    if (run_.standardise) {
      backend_.standardise(features_of_train_.view(), x_of(data_));
      backend_.standardise(features_of_train_.view(), x_of(test_));
      if (train_) backend_.standardise(features_of_train_.view(), x_of(*train_));
    }
    if (run_.validation) validation_ = taken(*run_.validation);
  }

  void treat_labels(const RowGroups* groups) {
    auto treated = buffer<std::int32_t>(data_.count);
    const RowGroupsView<Space::host> of_host = groups == nullptr ? RowGroupsView<Space::host>{} : groups->view();
    auto place = buffer<GroupPlace>(of_host.place.size);
    auto member = buffer<std::int32_t>(of_host.member.size);
    RowGroupsView<Backend::kSpace> view;
    if (groups != nullptr) {
      backend_.template copy_in<GroupPlace, GroupPlace>(of_host.place, place.view());
      backend_.template copy_in<std::int32_t, std::int32_t>(of_host.member, member.view());
      view = {place.view(), member.view()};
    }
    backend_.treat_labels(run_.labels, classes_, view, data_.label.view(), treated.view());
    backend_.finish();  // before the others are given back
    data_.label = std::move(treated);
  }

  Rows taken(const RowSelection& selection) const {
    Rows rows = rows_of(selection.count());
    auto list = buffer<std::int32_t>(selection.list().size);
    RowSelection own = selection;
    if (!selection.list().empty()) {
      backend_.template copy_in<std::int32_t, std::int32_t>(selection.list(), list.view());
      own = selection.with_list(list.view().data);
    }
    backend_.gather_rows(own, x_of(data_), data_.label.view(),
                         as_matrix(rows.x.view(), rows.count, features_, x_stride_), rows.label.view());
    backend_.finish();  // before the list is given back
    return rows;
  }

  void set_class_weights() {
    if (run_.class_weights.balanced)
      backend_.balanced_class_weights(train().label.view(), class_weight_.view());
    else if (run_.class_weights.any())
      backend_.template copy_in<float, float>(HostSpan<const float>{run_.class_weights.given.data(), classes_},
                                              class_weight_.view());
  }

  void resume(const RunState& from) {
    const auto copy_in = [&](const FlatParameters& values, Span<Real> to) {
      Index first = 0;
      for (const auto& tensor : layout_.tensors()) {
        backend_.template copy_in<float, Real>(HostSpan<const float>{values.data() + first, tensor.size},
                                               to.subspan(tensor.offset, tensor.size));
        first += tensor.size;
      }
    };
    copy_in(from.parameters, parameters_.view());
    copy_in(from.first_moment, first_moment_.view());
    copy_in(from.second_moment, second_moment_.view());
    if (from.best_epochs > 0) copy_in(from.best_parameters, best_.view());
    const TrainingState state{.step = from.step,
                              .best_loss = from.best_loss,
                              .best_epochs = from.best_epochs,
                              .epoch = narrow<std::int32_t>(from.epoch)};
    backend_.template copy_in<TrainingState, TrainingState>(HostSpan<const TrainingState>{&state, 1}, state_.view());
    backend_.template copy_in<std::int32_t, std::int32_t>(
        HostSpan<const std::int32_t>{from.predicted.data(), test_.count}, previous_.view());
    backend_.finish();  // before the state is given back
  }

  void set_initial_parameters(Span<Real> parameters) {
    Index first = 0;  // counted without padding
    for (const auto& tensor : layout_.tensors()) {
      const Span<Real> target = parameters.subspan(tensor.offset, tensor.size);
      if (run_.initial)
        backend_.template copy_in<float, Real>(HostSpan<const float>{run_.initial->data() + first, tensor.size},
                                               target);
      else
        backend_.initialise(run_.seed, first, tensor.fan_in, target);
      first += tensor.size;
    }
  }

  // Among the parameters; behind the last layer, where they end.
  Index first_of_layer(Index layer) const {
    return layer < run_.architecture.layers() ? layout_.tensors()[static_cast<std::size_t>(2 * layer)].offset
                                              : layout_.size();
  }
  // f(first, size) for the longest stretches of parameters of layers that are frozen, or are not.
  template <class F>
  void for_each_stretch(bool frozen, F f) const {
    const Index layers = run_.architecture.layers();
    const auto belongs = [&](Index layer) { return (run_.frozen >> layer & 1u) == static_cast<std::uint64_t>(frozen); };
    for (Index layer = 0; layer < layers; ++layer) {
      if (!belongs(layer)) continue;
      const Index first = first_of_layer(layer);
      while (layer < layers && belongs(layer)) ++layer;
      f(first, first_of_layer(layer) - first);
    }
  }

  // ---- What is asked for beside the history -------------------------------------------------------------------------
  void record_layers() {
    const Index layers = run_.architecture.layers();
    for (Index layer = 0; layer < layers; ++layer) {
      const Index first = first_of_layer(layer), size = first_of_layer(layer + 1) - first;
      const auto of_layer = [&](auto&& buffer) { return buffer.view().subspan(first, size); };
      backend_.layer_norms(layer, of_layer(gradient_), of_layer(before_), of_layer(parameters_), state_.view(),
                           as_matrix(layer_records_.view(), run_.epochs, layers));
    }
  }

  template <class Copier>
  FlatParameters queue_fetch_of_parameters(Span<const Real> from, const Copier& copier) const {
    FlatParameters to(static_cast<std::size_t>(run_.architecture.parameters()));
    Index first = 0;
    for (const auto& tensor : layout_.tensors()) {
      copier.template copy_out<Real, float>(from.subspan(tensor.offset, tensor.size), {to.data() + first, tensor.size});
      first += tensor.size;
    }
    return to;
  }

  // f(first, rows of the tile) after a forward pass over each tile of the rows.
  template <class F>
  void for_each_tile(Span<const Real> parameters, const Rows& rows, F f) {
    for (Index first = 0; first < rows.count; first += tile_rows_) {
      const Index count = std::min(tile_rows_, rows.count - first);
      forward(backend_, layout_, parameters, x_of(rows).row_range(first, count), evaluation_work_.front());
      f(first, count);
    }
  }

  std::vector<Index> dead_units() {
    const Architecture& net = run_.architecture;
    std::vector<Buffer<std::int32_t>> active;
    for (Index layer = 0; layer + 1 < net.layers(); ++layer) active.push_back(buffer<std::int32_t>(net.fan_out(layer)));
    for_each_tile(parameters_.view(), train(), [&](Index, Index count) {
      for (Index layer = 0; layer + 1 < net.layers(); ++layer)
        backend_.unit_activity(evaluation_work_.front().output(layer, count, net.fan_out(layer)),
                               active[static_cast<std::size_t>(layer)].view());
    });
    std::vector<Index> dead;
    for (const auto& of_layer : active) {
      const auto units = queue_fetch<std::int32_t, std::int32_t>(of_layer.view(), backend_);
      backend_.finish();
      dead.push_back(std::count(units.begin(), units.end(), 0));
    }
    return dead;
  }

  Predictions predictions(const PredictionRequest& request, bool has_best) {
    const std::optional<Rows> own = request.rows ? std::optional<Rows>(taken(*request.rows)) : std::nullopt;
    const Rows& rows = own ? *own : test_;
    auto predicted = buffer<std::int32_t>(rows.count);
    auto probability = buffer<Real>(request.probabilities ? rows.count * classes_ : 0);
    const bool best = request.at == ParametersAt::best && has_best;
    for_each_tile(best ? best_.view() : parameters_.view(), rows, [&](Index first, Index count) {
      Matrix<Real> of_tile;
      if (request.probabilities) of_tile = as_matrix(probability.view(), rows.count, classes_).row_range(first, count);
      backend_.class_probabilities(evaluation_work_.front().output(run_.architecture.layers() - 1, count, classes_),
                                   predicted.view().subspan(first, count), of_tile);
    });
    Predictions result{.predicted = queue_fetch<std::int32_t, std::int32_t>(predicted.view(), backend_),
                       .probability = queue_fetch<float, Real>(probability.view(), backend_)};
    backend_.finish();  // before the rows are given back
    return result;
  }

  const Backend& backend_;
  const Run& run_;
  ParameterLayout layout_;
  ExecutionPlan plan_;
  Index features_, classes_, x_stride_, train_rows_, batch_rows_, tile_rows_;
  bool gathers_, augments_;
  Rows data_;  // the training rows of the data, labels treated and features scaled
  Rows test_;
  std::optional<Rows> train_, validation_;  // of those; no `train_` where the run takes them all
  Rows batch_, augmented_;                  // the labels of `augmented_` are those of the partners
  Buffer<float> class_weight_;
  Buffer<FeatureStatistics> features_of_train_;                        // before scaling
  Buffer<Real> parameters_, gradient_, first_moment_, second_moment_;  // the first moment is SGD's velocity
  Buffer<Real> best_, before_;  // parameters: of the best epoch, and from before its last step
  Buffer<TrainingState> state_;
  Buffer<EpochMetrics> history_;
  Buffer<LayerRecord> layer_records_;
  Buffer<std::uint32_t> correct_;
  Buffer<std::int32_t> previous_;  // predictions of the test rows
  std::optional<Evaluation> test_evaluation_, validation_evaluation_;
  Workspace<Backend> work_;
  GradientWorkspace<Backend> gradient_work_;
  std::vector<Workspace<Backend>> evaluation_work_;  // one per evaluator
  std::optional<Snapshot> snapshot_;
  Span<const std::int32_t> step_label_;  // of the gradient that waits to be applied
};

}  // namespace plateau
