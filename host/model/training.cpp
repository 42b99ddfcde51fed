// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/training.hpp"

#include <algorithm>

#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/network.hpp"
#include "plateau/model/work_crew.hpp"

namespace plateau {
namespace {

// The state of one training on a backend, and its steps: what the CPU device runs below, epoch by epoch.
template <class Backend>
class LayeredRun {
 public:
  using Real = typename Backend::Real;
  template <class T>
  using Span = typename Backend::template Span<T>;
  template <class T>
  using Buffer = typename Backend::template Buffer<T>;

  LayeredRun(const Backend& backend, const Run& run, const TrainingData& data, int evaluators)
      : backend_(backend),
        run_(run),
        layout_(run.architecture),
        features_(run.architecture.features()),
        train_rows_(data.train_x.rows),
        test_rows_(data.test_x.rows),
        batch_rows_(run.batch == 0 ? train_rows_ : std::min(run.batch, train_rows_)),
        gathers_(batch_rows_ < train_rows_ && run.order != RowOrder::as_stored),
        train_x_(upload(data.train_x)),
        test_x_(upload(data.test_x)),
        train_label_(upload_labels(data.train_label, run.labels)),
        test_label_(upload_labels(data.test_label, LabelTreatment::as_they_are)),
        batch_x_(backend.template allocate<Real>(gathers_ ? batch_rows_ * features_ : 0, 0)),
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
    for (int i = 0; i < evaluators; ++i)
      evaluation_work_.emplace_back(backend, run.architecture, std::min(test_rows_, kCpuEvaluationRows));
    set_initial_parameters();
  }

  // Whether batches are copied together, in the order of the state's epoch; otherwise they are row ranges of the data.
  bool gathers() const { return gathers_; }
  Index batches() const { return ceil_div(train_rows_, batch_rows_); }
  Index evaluation_tiles() const { return ceil_div(test_rows_, kCpuEvaluationRows); }
  const TrainingState& state() const { return state_.view()[0]; }

  // The gradient of one batch at the present parameters, which it only reads.
  void compute_gradient(Index batch) {
    const Index first = batch * batch_rows_;
    const Index rows = std::min(batch_rows_, train_rows_ - first);
    auto x = as_matrix(Span<const Real>(train_x_.view()), train_rows_, features_).row_range(first, rows);
    Span<const std::int32_t> label = train_label_.view().subspan(first, rows);
    if (gathers_) {
      const auto batch_x = as_matrix(batch_x_.view().subspan(0, rows * features_), rows, features_);
      const auto batch_label = batch_label_.view().subspan(0, rows);
      backend_.gather_batch({run_.order, run_.seed, first}, state_.view(), all_train_x(), train_label_.view(), batch_x,
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

  // Losses and predictions of one tile of test rows; reads the parameters, writes this tile's rows only.
  void evaluate(Index tile, int evaluator) {
    const Index first = tile * kCpuEvaluationRows;
    const Index rows = std::min(kCpuEvaluationRows, test_rows_ - first);
    const auto x = as_matrix(Span<const Real>(test_x_.view()), test_rows_, features_).row_range(first, rows);
    Workspace<Backend>& work = evaluation_work_[static_cast<std::size_t>(evaluator)];
    forward(backend_, layout_, parameters_.view(), x, work);
    evaluate_rows(backend_, layout_, rows, test_label_.view().subspan(first, rows),
                  test_loss_.view().subspan(first, rows), test_predicted_.view().subspan(first, rows), work);
  }

  // Records the evaluated test rows and ends the epoch.
  void finish_epoch() {
    backend_.metrics(DataPart::test, test_loss_.view(), test_predicted_.view(), test_label_.view(), state_.view(),
                     history_.view(), as_matrix(correct_.view(), run_.epochs, correct_words(test_rows_)));
    backend_.finish_epoch(state_.view());
  }

  RunResult fetch(RunOutcome outcome) const {
    const Index epochs = state().epoch;
    RunResult result{.outcome = outcome};
    for (const EpochMetrics& m : history_.view().subspan(0, epochs))
      result.history.push_back(
          {.train_loss = m.train_loss_sum / static_cast<double>(train_rows_),
           .train_accuracy = static_cast<double>(m.train_correct) / static_cast<double>(train_rows_),
           .test_loss = m.test_loss_sum / static_cast<double>(test_rows_),
           .test_accuracy = static_cast<double>(m.test_correct) / static_cast<double>(test_rows_),
           .gradient_norm = m.gradient_norm});
    const auto bits = correct_.view().subspan(0, epochs * correct_words(test_rows_));
    result.test_correct = CorrectBits({bits.begin(), bits.end()}, epochs, test_rows_);
    for (const auto& tensor : layout_.tensors()) {
      const auto first = static_cast<std::ptrdiff_t>(result.parameters.size());
      result.parameters.resize(result.parameters.size() + static_cast<std::size_t>(tensor.size));
      backend_.template copy_out<Real, float>(parameters_.view().subspan(tensor.offset, tensor.size),
                                              {result.parameters.data() + first, tensor.size});
    }
    return result;
  }

 private:
  Buffer<Real> zeros() const { return backend_.template allocate<Real>(layout_.size(), 0); }

  Buffer<Real> upload(HostMatrix<const float> x) const {
    auto buffer = backend_.template allocate<Real>(x.rows * x.cols, 0);
    for (Index i = 0; i < x.rows; ++i)
      backend_.template copy_in<float, Real>({x.row(i), x.cols}, buffer.view().subspan(i * x.cols, x.cols));
    return buffer;
  }

  Buffer<std::int32_t> upload_labels(HostSpan<const std::int32_t> label, LabelTreatment treatment) const {
    auto stored = backend_.template allocate<std::int32_t>(label.size, 0);
    backend_.template copy_in<std::int32_t, std::int32_t>(label, stored.view());
    if (treatment == LabelTreatment::as_they_are) return stored;
    auto permuted = backend_.template allocate<std::int32_t>(label.size, 0);
    backend_.permute_labels(run_.seed, stored.view(), permuted.view());
    return permuted;
  }

  typename Backend::template Matrix<const Real> all_train_x() const {
    return as_matrix(train_x_.view(), train_rows_, features_);
  }

  void set_initial_parameters() {
    Index first = 0;  // counted without padding
    for (const auto& tensor : layout_.tensors()) {
      const Span<Real> target = parameters_.view().subspan(tensor.offset, tensor.size);
      if (run_.initial)
        backend_.template copy_in<float, Real>({run_.initial->data() + first, tensor.size}, target);
      else
        backend_.initialise(run_.seed, first, tensor.fan_in, target);
      first += tensor.size;
    }
  }

  const Backend& backend_;
  const Run& run_;
  ParameterLayout layout_;
  Index features_, train_rows_, test_rows_, batch_rows_;
  bool gathers_;
  Buffer<Real> train_x_, test_x_;
  Buffer<std::int32_t> train_label_, test_label_;
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
  std::vector<Workspace<Backend>> evaluation_work_;  // one per evaluating thread
  Span<const std::int32_t> step_label_;              // of the gradient that waits to be applied
};

}  // namespace

CorrectBits::CorrectBits(std::vector<std::uint32_t> words, Index epochs, Index rows)
    : words_(std::move(words)), epochs_(epochs), rows_(rows) {
  expects(static_cast<Index>(words_.size()) == epochs * correct_words(rows), "CorrectBits: a row of words per epoch");
}

void expects_run(const Run& run, const TrainingData& data) {
  expects_architecture(run.architecture);
  expects(data.train_x.rows >= 1 && data.test_x.rows >= 1, "run: at least one training and one test row");
  expects(data.train_x.cols == run.architecture.features() && data.test_x.cols == run.architecture.features(),
          "run: the data have the architecture's number of features");
  expects(data.train_label.size == data.train_x.rows && data.test_label.size == data.test_x.rows,
          "run: one label per row");
  for (const auto& labels : {data.train_label, data.test_label})
    for (const std::int32_t label : labels)
      expects(0 <= label && label < run.architecture.classes(), "run: every label is one of the classes");
  expects(run.epochs >= 1, "run: at least one epoch");
  expects(run.batch >= 0, "run: batch >= 0");
  expects(!run.initial || static_cast<Index>(run.initial->size()) == run.architecture.parameters(),
          "run: one initial value per parameter");
}

// The evaluation of an epoch only reads the parameters, and so does the first gradient of the next one. So they run
// beside each other: the helpers evaluate, the caller forms the gradient and then helps; then the epoch's figures are
// recorded, and only then do the parameters change. The operations and their order per value are those of a plain
// loop, so the results are too.
template <std::floating_point Real>
RunResult train_on_cpu(const Run& run, const TrainingData& data, const CpuOptions& options) {
  expects_run(run, data);
  const CpuBackend<Real> backend;
  WorkCrew crew(options.workers);
  LayeredRun<CpuBackend<Real>> training(backend, run, data, crew.workers());
  const auto stopped = [&] { return options.stop && options.stop->load(std::memory_order_relaxed); };

  training.compute_gradient(0);
  for (Index epoch = 0; epoch < run.epochs; ++epoch) {
    training.apply_gradient(0);
    for (Index batch = 1; batch < training.batches(); ++batch) {
      training.compute_gradient(batch);
      training.apply_gradient(batch);
    }
    if (training.state().status == RunStatus::diverged) break;

    const bool last = epoch + 1 == run.epochs || stopped();
    crew.start(training.evaluation_tiles(), [&](Index tile, int worker) { training.evaluate(tile, worker); });
    const bool beside = !last && !training.gathers();  // a shuffle needs the epoch that has not yet begun
    try {
      if (beside) training.compute_gradient(0);
    } catch (...) {
      crew.finish();  // the helpers still use the training
      throw;
    }
    crew.finish();
    training.finish_epoch();
    if (last || training.state().status == RunStatus::diverged) break;
    if (!beside) training.compute_gradient(0);
  }

  if (training.state().status == RunStatus::diverged) return training.fetch(RunOutcome::diverged);
  return training.fetch(training.state().epoch == run.epochs ? RunOutcome::finished : RunOutcome::interrupted);
}

template RunResult train_on_cpu<float>(const Run&, const TrainingData&, const CpuOptions&);
template RunResult train_on_cpu<double>(const Run&, const TrainingData&, const CpuOptions&);

std::vector<RunResult> train_all_on_cpu(const std::vector<RunRequest>& requests, const CpuOptions& options) {
  std::vector<RunResult> results(requests.size());
  const auto runs = static_cast<Index>(requests.size());
  WorkCrew crew(static_cast<int>(std::clamp<Index>(runs, 1, options.workers)));
  const CpuOptions each{.workers = std::max(1, options.workers / crew.workers()), .stop = options.stop};
  crew.run(runs, [&](Index i, int) {
    const auto& [run, data] = requests[static_cast<std::size_t>(i)];
    results[static_cast<std::size_t>(i)] = train_on_cpu<float>(run, data, each);
  });
  return results;
}

}  // namespace plateau
