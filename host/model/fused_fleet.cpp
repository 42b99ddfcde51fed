// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_fleet.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <list>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "plateau/core/error.hpp"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/error.hpp"
#include "plateau/gpu/stream.hpp"
#include "plateau/model/fused_watch.hpp"
#include "plateau/ops/fused_training.hpp"
#include "plateau/ops/scenario_data.hpp"

namespace plateau {
namespace {

const gpu::DeviceProperties& present_gpu() {
  static const gpu::Inventory machine = gpu::inventory();
  expects(!machine.devices.empty(), "fused engine: there is a GPU");
  return machine.devices.front();
}
std::size_t shared_bytes_of_a_block() {
  return static_cast<std::size_t>(present_gpu().shared_memory_per_block_bytes) - kFusedStaticBytes;
}

// The dataset, on the device once.
class DeviceRows {
 public:
  // `drawn`: they are drawn there, and none is copied.
  DeviceRows(const gpu::Stream& stream, HostMatrix<const float> x, HostSpan<const std::int32_t> label,
             const ScenarioRows* drawn)
      : rows_(x.rows), features_(x.cols), x_(x.rows * x.cols), label_(x.rows) {
    const auto device_x = as_matrix(x_.view(), rows_, features_);
    if (drawn != nullptr) {
      gpu::scenario_data(stream, *drawn, device_x, label_.view());
    } else {
      gpu::copy<float>(stream, x, device_x);
      gpu::copy<std::int32_t>(stream, label, label_.view());
    }
  }
  DeviceMatrix<const float> x() const { return as_matrix(x_.view(), rows_, features_); }
  DeviceSpan<const std::int32_t> label() const { return label_.view(); }

 private:
  Index rows_, features_;
  gpu::DeviceBuffer<float> x_;
  gpu::DeviceBuffer<std::int32_t> label_;
};

class DeviceGroups {
 public:
  DeviceGroups(const gpu::Stream& stream, const RowGroups* groups)
      : place_(groups == nullptr ? 0 : groups->view().place.size),
        member_(groups == nullptr ? 0 : groups->view().member.size) {
    if (groups == nullptr) return;
    gpu::copy<GroupPlace>(stream, groups->view().place, place_.view());
    gpu::copy<std::int32_t>(stream, groups->view().member, member_.view());
  }
  RowGroupsView<Space::device> view() const { return {place_.view(), member_.view()}; }

 private:
  gpu::DeviceBuffer<GroupPlace> place_;
  gpu::DeviceBuffer<std::int32_t> member_;
};

RunOutcome outcome_of(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return RunOutcome::finished;
    case RunStatus::diverged:
      return RunOutcome::diverged;
    case RunStatus::interrupted:
      return RunOutcome::interrupted;
    case RunStatus::stopped_early:
      return RunOutcome::stopped_early;
  }
  throw std::invalid_argument("RunStatus: one of its values");
}

Index batch_of(const Run& run, Index train_rows) {
  return run.batch == 0 ? train_rows : std::min(run.batch, train_rows);
}

// Without what a wave adds: where lists and given values lie on the device, and where results go.
FusedRun fused_run(const Run& run, const TrainingData& data, std::int32_t plan) {
  const RowSelection rows = training_rows(run, data);
  const Index batch = batch_of(run, rows.count());
  FusedRun to{.plan = plan,
              .epochs = narrow<std::int32_t>(run.epochs),
              .first_epoch = narrow<std::int32_t>(first_epoch(run)),
              .end_epoch = narrow<std::int32_t>(last_epoch(run)),
              .batch = narrow<std::int32_t>(batch),
              .order = run.order,
              .rows = rows,
              .validates = run.validation.has_value(),
              .validation = run.validation.value_or(rows),
              .patience = narrow<std::int32_t>(run.patience),
              .shuffle = KeyedPermutation({run.seed, StreamId::shuffle}, rows.count()),
              .treats_labels = run.labels.changes(),
              .treated_labels = TreatedLabels(run.labels, data.train_x.rows, run.architecture.classes()),
              .standardise = run.standardise,
              .dropout = static_cast<float>(run.dropout),
              .jitter = static_cast<float>(run.jitter),
              .mixup = run.mixup,
              .partners = mixing_partners(run.seed, batch),
              .weighting = run.class_weights.balanced ? ClassWeighting::balanced
                           : run.class_weights.any()  ? ClassWeighting::given
                                                      : ClassWeighting::none,
              .frozen = static_cast<std::uint32_t>(run.frozen),
              .seed = run.seed,
              .schedule = run.schedule};
  if (run.resume) {
    to.steps = run.resume->step;
    to.best_loss = run.resume->best_loss;
    to.best_epochs = narrow<std::int32_t>(run.resume->best_epochs);
  }
  if (const auto* adam = std::get_if<AdamParameters>(&run.optimizer)) {
    to.adam = *adam;
  } else {
    to.optimizer = OptimizerKind::sgd;
    to.sgd = std::get<SgdParameters>(run.optimizer);
  }
  return to;
}

double epoch_work(const Run& run, const FusedPlan& plan, const TrainingData& data) {
  const Index rows = training_rows(run, data).count();
  const Index evaluated = data.test_x.rows + (run.validation ? run.validation->count() : 0);
  return fused_epoch_work(plan, rows, batch_of(run, rows), evaluated);
}

// The row lists that runs name, each once.
class RowLists {
 public:
  explicit RowLists(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
      for (const auto* rows : {&run.rows, &run.validation})
        if (*rows) take(**rows);
      for (const PredictionRequest& request : run.outputs.predictions)
        if (request.rows) take(*request.rows);
    }
  }
  Index bytes() const { return static_cast<Index>(all_.size() * sizeof(std::int32_t)); }

  void copy_to_device(const gpu::Stream& stream) {
    device_.emplace(static_cast<Index>(all_.size()));
    gpu::copy<std::int32_t>(stream, HostSpan<const std::int32_t>{all_.data(), device_->size()}, device_->view());
  }
  // The same rows, whose list lies on the device.
  RowSelection on_device(const RowSelection& rows) const {
    return rows.list().empty() ? rows : rows.with_list(device_->view().data + place_.at(key(rows)));
  }

 private:
  using Key = std::pair<const std::int32_t*, Index>;
  static Key key(const RowSelection& rows) { return {rows.list().data, rows.count()}; }
  void take(const RowSelection& rows) {
    if (rows.list().empty() || !place_.try_emplace(key(rows), static_cast<Index>(all_.size())).second) return;
    all_.insert(all_.end(), rows.list().begin(), rows.list().end());
  }

  std::map<Key, Index> place_;
  std::vector<std::int32_t> all_;
  std::optional<gpu::DeviceBuffer<std::int32_t>> device_;
};

// A table that grows with the runs of a wave and lies on the device beside the others.
template <class T>
class Table {
 public:
  // Its place in the table.
  std::int64_t add(const T& value) {
    values_.push_back(value);
    return size() - 1;
  }
  Index size() const { return static_cast<Index>(values_.size()); }
  Index bytes() const { return size() * Index{sizeof(T)}; }
  void shorten(Index size) { values_.erase(values_.begin() + size, values_.end()); }
  T& operator[](std::int64_t i) { return values_[static_cast<std::size_t>(i)]; }
  const T& operator[](std::int64_t i) const { return values_[static_cast<std::size_t>(i)]; }
  typename std::vector<T>::iterator begin() { return values_.begin(); }
  typename std::vector<T>::iterator end() { return values_.end(); }

  // The host's side stays as it is until the stream has run.
  gpu::DeviceBuffer<T> on_device(const gpu::Stream& stream) const {
    gpu::DeviceBuffer<T> buffer(size());
    gpu::copy<T>(stream, HostSpan<const T>{values_.data(), size()}, buffer.view());
    return buffer;
  }

 private:
  std::vector<T> values_;
};

// Numbers that runs are given, copied to the device from where the fleet's owner keeps them.
template <class T>
class Given {
 public:
  // Where they lie once they are there.
  std::int64_t add(const std::vector<T>& values) {
    const Index offset = size_;
    values_.push_back({values.data(), static_cast<Index>(values.size())});
    size_ += values_.back().size;
    return offset;
  }
  Index bytes() const { return size_ * Index{sizeof(T)}; }
  void take_out_last() {
    size_ -= values_.back().size;
    values_.pop_back();
  }
  gpu::DeviceBuffer<T> on_device(const gpu::Stream& stream) const {
    gpu::DeviceBuffer<T> buffer(size_);
    Index offset = 0;
    for (const HostSpan<const T>& values : values_) {
      gpu::copy<T>(stream, values, buffer.view().subspan(offset, values.size));
      offset += values.size;
    }
    return buffer;
  }

 private:
  std::vector<HostSpan<const T>> values_;
  Index size_ = 0;
};

// Room for a kind of result of all the runs of a wave.
template <class T>
class Results {
 public:
  std::int64_t reserve(Index count) {
    const std::int64_t offset = size_;
    size_ += count;
    return offset;
  }
  std::int64_t reserve_if(bool wanted, Index count) { return wanted ? reserve(count) : -1; }
  Index size() const { return size_; }
  Index bytes() const { return size_ * Index{sizeof(T)}; }
  void shorten(Index size) { size_ = size; }

  void allocate(const gpu::Stream& stream) {
    device_.emplace(size_);
    gpu::fill_bytes(stream, device_->view(), 0);  // of epochs that a run does not reach
  }
  DeviceSpan<T> view() { return device_->view(); }
  void fetch(const gpu::Stream& stream) {
    host_.resize(static_cast<std::size_t>(size_));
    gpu::copy<T>(stream, device_->view(), HostSpan<T>{host_.data(), size_});
  }
  std::vector<T> at(std::int64_t offset, Index count) const {
    const auto first = host_.begin() + offset;
    return {first, first + count};
  }

 private:
  Index size_ = 0;
  std::optional<gpu::DeviceBuffer<T>> device_;
  std::vector<T> host_;
};

// Tells how far a fleet is.
class FleetTeller {
 public:
  FleetTeller(Index runs, double work, const FleetObserver& observer) : runs_(runs), work_(work), observer_(observer) {}

  // Of the launch that runs, the others before it being whole.
  void tell(const FusedWatch::Seen& seen) const {
    if (!observer_) return;
    const Index finished = before_.finished + seen.finished;
    observer_({finished, runs_, finished == runs_ ? 1 : std::min((before_.work + seen.work) / work_, 1.0)});
  }
  void count_launch(const FusedWatch::Seen& whole) {
    before_.finished += whole.finished;
    before_.work += whole.work;
  }

 private:
  Index runs_;
  double work_;
  const FleetObserver& observer_;
  FusedWatch::Seen before_;
};

// Tells of a single run, of no epoch twice.
class RunTeller {
 public:
  RunTeller(const Run& run, const RunObserver& observer) : told_(first_epoch(run)), observer_(observer) {}

  void tell(Index epochs, const EpochRecord& last) {
    if (!observer_ || epochs <= told_) return;
    told_ = epochs;
    observer_(progress_after(epochs, last));
  }

 private:
  Index told_;
  const RunObserver& observer_;
};

// Runs of one variant that are trained by one launch, in the order in which they were added. Needs no device before it
// trains.
class Wave {
 public:
  // `most_blocks` work beside each other.
  Wave(const FusedVariant& variant, const TrainingData& data, Index most_blocks)
      : data_(&data), most_blocks_(most_blocks) {
    launch_.variant = variant;
  }

  const FusedVariant& variant() const { return launch_.variant; }
  Index runs() const { return runs_.size(); }
  // Of device memory: what the runs are given and leave behind, and what their blocks work with.
  Index bytes() const {
    Index sum = runs_.bytes() + plans_.bytes() + requests_.bytes() + initial_.bytes() + weights_.bytes() +
                given_predicted_.bytes() + 4 * (blocks() * (launch_.floats + launch_.integers) + kTaken);
    each_result(*this, [&](const auto& of_kind) { sum += of_kind.bytes(); });
    return sum;
  }

  // Adds the run unless the wave, if it has others, then needs more than `most_bytes`; says whether it did. `number` is
  // the run's in the fleet, `cost` its share of the work. The run stays where it is until the wave is trained.
  bool add(std::size_t number, const Run& run, const FusedPlan& plan, double cost, Index most_bytes) {
    const gpu::FusedLaunch launch = launch_;
    const Index plans = plans_.size();
    std::vector<Index> sizes;
    each_result(*this, [&](const auto& of_kind) { sizes.push_back(of_kind.size()); });
    lay_out(run, plan);
    if (runs_.size() > 1 && bytes() > most_bytes) {
      launch_ = launch;
      auto size = sizes.begin();
      each_result(*this, [&](auto& of_kind) { of_kind.shorten(*size++); });
      const FusedRun& last = runs_[runs_.size() - 1];
      for (std::int64_t given : {last.initial, last.given_moments, last.given_best})
        if (given >= 0) initial_.take_out_last();
      if (last.given_predicted >= 0) given_predicted_.take_out_last();
      if (last.given_moments >= 0) moments_in_order_.pop_back();
      if (!run.class_weights.given.empty()) weights_.take_out_last();
      requests_.shorten(last.first_request);
      if (plans_.size() > plans) plan_of_.erase(run.architecture.widths);
      plans_.shorten(plans);
      runs_.shorten(runs_.size() - 1);
      return false;
    }
    numbers_.push_back(number);
    watched_.push_back({first_epoch(run), last_epoch(run), cost});
    return true;
  }

  // Trains them and stores each result under its run's number. `of_run`: where there is one run and no other.
  void train(const gpu::Stream& stream, const DeviceRows& train_rows, const DeviceRows& test_rows,
             const RowGroupsView<Space::device>& groups, const RowLists& lists, const FusedOptions& options,
             const std::vector<Run>& fleet, std::vector<RunResult>& results, FleetTeller& of_fleet, RunTeller* of_run) {
    for (FusedRun& run : runs_) {
      run.rows = lists.on_device(run.rows);
      run.validation = lists.on_device(run.validation);
    }
    for (FusedRequest& request : requests_) request.rows = lists.on_device(request.rows);
    launch_.blocks = blocks();
    const bool stops = options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
    // Before the other memory, whose end waits for the device.
    gpu::PinnedBuffer<gpu::FleetSignals> mailbox(1, {.stop_requested = stops ? 1 : 0});
    gpu::PinnedBuffer<gpu::FusedProgress> progress(runs_.size(), {});
    const auto initial = initial_.on_device(stream);
    const auto weights = weights_.on_device(stream);
    const auto given_predicted = given_predicted_.on_device(stream);
    const auto plans = plans_.on_device(stream);
    const auto runs = runs_.on_device(stream);
    const auto requests = requests_.on_device(stream);
    each_result(*this, [&](auto& of_kind) { of_kind.allocate(stream); });
    gpu::DeviceBuffer<float> floats(launch_.blocks * launch_.floats);
    gpu::DeviceBuffer<std::int32_t> integers(launch_.blocks * launch_.integers), taken(kTaken);
    gpu::fill_bytes(stream, taken.view(), 0);
    gpu::fused_training(stream, launch_,
                        {.train_x = train_rows.x(),
                         .train_label = train_rows.label(),
                         .groups = groups,
                         .test_x = test_rows.x(),
                         .test_label = test_rows.label(),
                         .initial = initial.view(),
                         .class_weights = weights.view(),
                         .given_predicted = given_predicted.view(),
                         .plans = plans.view(),
                         .runs = runs.view(),
                         .requests = requests.view(),
                         .history = history_.view(),
                         .correct = correct_.view(),
                         .parameters = parameters_.view(),
                         .layers = layers_.view(),
                         .dead = dead_.view(),
                         .predicted = predicted_.view(),
                         .probability = probability_.view(),
                         .ends = ends_.view()},
                        {floats.view(), integers.view(), taken.view(), mailbox.device_view(), progress.device_view()});
    wait(stream, options.stop, mailbox.view()[0], progress.view().data, of_fleet, of_run);
    each_result(*this, [&](auto& of_kind) { of_kind.fetch(stream); });
    stream.synchronise();
    for (Index k = 0; k < runs_.size(); ++k) {
      const std::size_t number = numbers_[static_cast<std::size_t>(k)];
      results[number] = result_of(fleet[number], runs_[k], ends_.at(k, 1).front());
      results[number].plan.fused = launch_.variant;
    }
  }

 private:
  static constexpr Index kTaken = 1;  // count of the runs that blocks have taken

  // Of a wave or a const one.
  template <class W, class F>
  static void each_result(W& wave, F f) {
    f(wave.history_), f(wave.correct_), f(wave.parameters_), f(wave.layers_), f(wave.dead_), f(wave.predicted_),
        f(wave.probability_), f(wave.ends_);
  }

  Index blocks() const { return std::min(most_blocks_, runs_.size()); }

  void lay_out(const Run& from, const FusedPlan& plan) {
    const auto [known, is_new] = plan_of_.try_emplace(from.architecture.widths, plans_.size());
    if (is_new) plans_.add(plan);
    FusedRun run = fused_run(from, *data_, narrow<std::int32_t>(known->second));
    if (from.resume)
      take_up(*from.resume, plan, run);
    else if (from.initial)
      run.initial = initial_.add(*from.initial);
    if (!from.class_weights.given.empty()) run.class_weights = weights_.add(from.class_weights.given);

    const RunOutputs& wanted = from.outputs;
    bool wants_best = wanted.best_parameters || wanted.state;
    run.first_request = requests_.size();
    run.requests = narrow<std::int32_t>(static_cast<Index>(wanted.predictions.size()));
    for (const ParametersAt at : {ParametersAt::last, ParametersAt::best})
      for (const PredictionRequest& request : wanted.predictions)
        if (request.at == at) add_request(request, run, from.architecture.classes());
    for (const PredictionRequest& request : wanted.predictions) wants_best |= request.at == ParametersAt::best;

    run.history = history_.reserve(run.epochs);
    run.correct = correct_.reserve_if(wanted.test_correct, run.epochs * correct_words(data_->test_x.rows));
    run.parameters = parameters_.reserve_if(wanted.parameters, plan.parameters);
    run.best = parameters_.reserve_if(run.validates && wants_best, plan.parameters);
    run.layers = layers_.reserve_if(wanted.layers, Index{run.epochs} * plan.layers);
    run.dead = dead_.reserve_if(wanted.dead_units, plan.layers - 1);
    run.scale = parameters_.reserve_if(wanted.scale && run.standardise, 2 * data_->train_x.cols);
    if (wanted.state) {
      if (run.parameters < 0) run.parameters = parameters_.reserve(plan.parameters);
      run.moments = parameters_.reserve(2 * Index{plan.moments});
      run.predicted = predicted_.reserve(data_->test_x.rows);
    }
    ends_.reserve(1);

    const FusedRoom room = fused_room(plan, run, data_->test_x.rows);
    launch_.shared_bytes = std::max(launch_.shared_bytes, plan.shared_bytes());
    launch_.floats = std::max(launch_.floats, Index{room.floats});
    launch_.integers = std::max(launch_.integers, room.integers);
    runs_.add(run);
  }

  void take_up(const RunState& from, const FusedPlan& plan, FusedRun& run) {
    const std::vector<std::int32_t> places = fused_moment_places(plan);
    std::vector<float>& moments = moments_in_order_.emplace_back(2 * static_cast<std::size_t>(plan.moments));
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto place = static_cast<std::size_t>(places[i]);
      moments[place] = from.first_moment[i];
      moments[static_cast<std::size_t>(plan.moments) + place] = from.second_moment[i];
    }
    run.initial = initial_.add(from.parameters);
    run.given_moments = initial_.add(moments);
    if (from.best_epochs > 0) run.given_best = initial_.add(from.best_parameters);
    run.given_predicted = given_predicted_.add(from.predicted);
  }

  void add_request(const PredictionRequest& from, const FusedRun& run, Index classes) {
    const RowSelection rows = from.rows.value_or(run.rows);
    const Index count = from.rows ? rows.count() : data_->test_x.rows;
    requests_.add({.of_test = !from.rows,
                   .rows = rows,
                   .best = from.at == ParametersAt::best,
                   .predicted = predicted_.reserve(count),
                   .probability = probability_.reserve_if(from.probabilities, count * classes)});
  }

  RunResult result_of(const Run& run, const FusedRun& trained, const RunEnd& end) const {
    const Index parameters = run.architecture.parameters(), layers = run.architecture.layers();
    const Index begun = trained.first_epoch, epochs = end.epochs - begun;
    RunResult result{.outcome = outcome_of(end.status), .first_epoch = begun};
    if (result.outcome == RunOutcome::interrupted && end.epochs == 0) return result;  // it never began
    if (result.outcome == RunOutcome::finished && end.epochs < run.epochs) result.outcome = RunOutcome::interrupted;
    const RowCounts rows{trained.rows.count(), data_->test_x.rows, run.validation ? run.validation->count() : 0};
    for (const EpochMetrics& metrics : history_.at(trained.history + begun, epochs))
      result.history.push_back(record_of(metrics, rows, begun == 0 && result.history.empty()));
    const Index words = correct_words(rows.test);
    if (trained.correct >= 0)
      result.test_correct =
          CorrectBits(correct_.at(trained.correct + begun * words, epochs * words), epochs, rows.test);
    if (run.outputs.parameters) result.parameters = parameters_.at(trained.parameters, parameters);
    if (end.best_epochs > 0) result.best_epoch = end.best_epochs - 1;
    if (run.outputs.best_parameters && result.best_epoch)
      result.best_parameters = parameters_.at(trained.best, parameters);
    if (trained.layers >= 0) result.layers = layers_.at(trained.layers + begun * layers, epochs * layers);
    if (trained.scale >= 0) {
      const Index features = data_->train_x.cols;
      const std::vector<float> scale = parameters_.at(trained.scale, 2 * features);
      for (std::size_t j = 0; j < static_cast<std::size_t>(features); ++j)
        result.scale.push_back({scale[j], scale[static_cast<std::size_t>(features) + j]});
    }
    if (trained.moments >= 0 && end.status != RunStatus::diverged) result.state = state_of(run, trained, end);
    if (trained.dead >= 0) {
      const std::vector<std::int32_t> dead = dead_.at(trained.dead, layers - 1);
      result.dead_units.assign(dead.begin(), dead.end());
    }
    result.predictions.resize(run.outputs.predictions.size());
    std::int64_t next = trained.first_request;  // those by the last parameters come first
    for (const ParametersAt at : {ParametersAt::last, ParametersAt::best})
      for (std::size_t i = 0; i < run.outputs.predictions.size(); ++i) {
        if (run.outputs.predictions[i].at != at) continue;
        const FusedRequest& request = requests_[next++];
        const Index count = request.of_test ? rows.test : request.rows.count();
        result.predictions[i].predicted = predicted_.at(request.predicted, count);
        if (request.probability >= 0)
          result.predictions[i].probability = probability_.at(request.probability, count * run.architecture.classes());
      }
    return result;
  }

  RunState state_of(const Run& run, const FusedRun& trained, const RunEnd& end) const {
    const FusedPlan& plan = plans_[trained.plan];
    const Index parameters = run.architecture.parameters();
    const std::vector<float> moments = parameters_.at(trained.moments, 2 * Index{plan.moments});
    RunState state{.epoch = end.epochs,
                   .step = Index{end.epochs} * ceil_div(trained.rows.count(), Index{trained.batch}),
                   .best_epochs = end.best_epochs,
                   .parameters = parameters_.at(trained.parameters, parameters),
                   .predicted = predicted_.at(trained.predicted, data_->test_x.rows),
                   .plan = {.fused = launch_.variant}};
    const std::size_t second = moments.size() / 2;
    for (const std::int32_t place : fused_moment_places(plan)) {
      state.first_moment.push_back(moments[static_cast<std::size_t>(place)]);
      state.second_moment.push_back(moments[second + static_cast<std::size_t>(place)]);
    }
    if (end.best_epochs == 0) return state;
    state.best_parameters = parameters_.at(trained.best, parameters);
    const bool is_new = end.best_epochs > trained.first_epoch;  // judged here; else it is what was given
    const EpochMetrics best = history_.at(trained.history + end.best_epochs - 1, 1).front();
    state.best_loss =
        is_new ? best.validation_loss_sum / static_cast<double>(run.validation->count()) : trained.best_loss;
    return state;
  }

  // Until the stream has run, passes the host's wish to stop on to the device and tells how far that is. What an
  // observer throws is such a wish too.
  void wait(const gpu::Stream& stream, const std::atomic<bool>* stop, volatile gpu::FleetSignals& signals,
            const volatile gpu::FusedProgress* told, FleetTeller& of_fleet, RunTeller* of_run) const {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds kBetweenLooks{10};  // often enough for a display
    gpu::Event end;
    end.record(stream);
    FusedWatch watch({watched_.data(), runs_.size()}, {told, runs_.size()}, launch_.blocks);
    const auto pass_on_the_wish_to_stop = [&] {
      if (stop != nullptr && stop->load(std::memory_order_relaxed)) signals.stop_requested = 1;
    };
    try {
      of_fleet.tell({});
      pass_on_the_wish_to_stop();
      Clock::time_point last_look = Clock::now();
      for (int looks = 0; !end.passed(); ++looks) {
        pass_on_the_wish_to_stop();
        if (Clock::now() - last_look > kBetweenLooks) {
          of_fleet.tell(watch.look());
          if (of_run != nullptr) tell_of_the_run(told[0], *of_run);
          last_look = Clock::now();
        }
        if (looks > 1000) std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
      const FusedWatch::Seen whole = watch.look();
      of_fleet.tell(whole);
      of_fleet.count_launch(whole);
    } catch (...) {
      signals.stop_requested = 1;
      throw;
    }
  }

  // Read again until no write came between. That the run has ended, and with which epoch, its result says.
  void tell_of_the_run(const volatile gpu::FusedProgress& told, RunTeller& teller) const {
    EpochMetrics last;
    std::int32_t epochs = 0;
    do {
      epochs = told.epochs;
      last.train_loss_sum = told.train_loss_sum;
      last.test_correct = told.test_correct;
    } while (told.epochs != epochs);
    const FusedRun& run = runs_[0];
    if (epochs < run.end_epoch) teller.tell(epochs, record_of(last, {run.rows.count(), data_->test_x.rows}, true));
  }

  const TrainingData* data_;
  Index most_blocks_;
  gpu::FusedLaunch launch_;
  std::vector<std::size_t> numbers_;
  std::vector<FusedWatch::Run> watched_;
  std::map<std::vector<Index>, std::int64_t> plan_of_;  // widths -> place
  Table<FusedPlan> plans_;
  Table<FusedRun> runs_;
  Table<FusedRequest> requests_;
  Given<float> initial_, weights_;
  Given<std::int32_t> given_predicted_;
  std::list<std::vector<float>> moments_in_order_;  // of runs that go on, as their plans lay them out
  Results<EpochMetrics> history_;
  Results<std::uint32_t> correct_;
  Results<float> parameters_;
  Results<LayerRecord> layers_;
  Results<std::int32_t> dead_, predicted_;
  Results<float> probability_;
  Results<RunEnd> ends_;
};

// The runs in the order in which they are taken, and how each is trained.
struct FleetOrder {
  std::vector<std::size_t> numbers;
  std::vector<FusedPlan> plans;  // of run i
  std::vector<double> cost;      // of run i, in the unit of fused_epoch_work
  double work = 0;               // of all
};
FleetOrder fused_order(const TrainingData& data, const std::vector<Run>& runs, const FusedOptions& options) {
  FleetOrder order;
  for (const Run& run : runs) {
    const auto plan = fused_plan_of(run);
    if (!plan) throw InputError(fused_misfit(run.architecture));
    order.plans.push_back(*plan);
    order.cost.push_back(epoch_work(run, *plan, data) * static_cast<double>(last_epoch(run) - first_epoch(run)));
    order.work += order.cost.back();
  }
  order.numbers.resize(runs.size());
  std::iota(order.numbers.begin(), order.numbers.end(), std::size_t{0});
  if (!options.order.empty()) {
    std::vector<std::size_t> sorted = options.order;
    std::sort(sorted.begin(), sorted.end());
    expects(sorted == order.numbers, "train_fused: every run has a place in the order");
    order.numbers = options.order;
  } else {
    std::stable_sort(order.numbers.begin(), order.numbers.end(),
                     [&](std::size_t a, std::size_t b) { return order.cost[a] > order.cost[b]; });
  }
  return order;
}

// What the dataset and the runs' row lists take of the device's memory.
Index dataset_bytes(const TrainingData& data, const RowLists& lists) {
  Index bytes = lists.bytes();
  for (const HostMatrix<const float>& x : {data.train_x, data.test_x})
    bytes += x.rows * (x.cols * Index{sizeof(float)} + Index{sizeof(std::int32_t)});
  if (data.train_groups != nullptr) {
    const auto groups = data.train_groups->view();
    bytes += groups.place.size * Index{sizeof(GroupPlace)} + groups.member.size * Index{sizeof(std::int32_t)};
  }
  return bytes;
}

// The launches that train the fleet, each within the memory there is.
std::vector<Wave> plan_waves(const TrainingData& data, const std::vector<Run>& runs, const FleetOrder& order,
                             const RowLists& lists, const FusedOptions& options) {
  // Less what the driver may want meanwhile.
  const Index most_bytes =
      options.wave_bytes > 0 ? options.wave_bytes : gpu::free_memory_bytes() / 10 * 9 - dataset_bytes(data, lists);
  std::vector<Wave> waves;
  for (const FusedVariant& variant : kFusedVariants) {
    std::vector<std::size_t> of_variant;
    std::size_t shared_bytes = 0;
    for (const std::size_t number : order.numbers) {
      if (order.plans[number].variant != variant) continue;
      of_variant.push_back(number);
      shared_bytes = std::max(shared_bytes, order.plans[number].shared_bytes());
    }
    if (of_variant.empty()) continue;
    const Index blocks = options.blocks > 0
                             ? options.blocks
                             : gpu::fused_resident_blocks(variant, shared_bytes) * present_gpu().multiprocessors;
    waves.emplace_back(variant, data, blocks);
    for (const std::size_t number : of_variant) {
      const auto add = [&] {
        return waves.back().add(number, runs[number], order.plans[number], order.cost[number], most_bytes);
      };
      if (!add()) {
        waves.emplace_back(variant, data, blocks);
        add();
      }
      if (options.wave_bytes == 0 && waves.back().bytes() > most_bytes)
        throw InputError(memory_refusal(options.numbers.empty() ? number : options.numbers[number], runs[number],
                                        waves.back().bytes(), most_bytes));
    }
  }
  return waves;
}

std::vector<RunResult> train_waves(const TrainingData& data, const std::vector<Run>& runs, const FusedOptions& options,
                                   RunTeller* of_run) {
  expects_fleet(runs, data);
  if (runs.empty()) return {};
  std::vector<RunResult> results(runs.size());
  const FleetOrder order = fused_order(data, runs, options);
  RowLists lists(runs);
  std::vector<Wave> waves = plan_waves(data, runs, order, lists, options);
  FleetTeller of_fleet(static_cast<Index>(runs.size()), order.work, options.observer);

  const gpu::Stream stream;
  const DeviceRows train(stream, data.train_x, data.train_label, data.drawn ? &data.drawn->train : nullptr);
  const DeviceRows test(stream, data.test_x, data.test_label, data.drawn ? &data.drawn->test : nullptr);
  const DeviceGroups groups(stream, data.train_groups);
  lists.copy_to_device(stream);
  for (Wave& planned : waves) {
    Wave wave = std::move(planned);  // the next one needs its memory
    wave.train(stream, train, test, groups.view(), lists, options, runs, results, of_fleet, of_run);
  }
  return results;
}

}  // namespace

std::optional<FusedPlan> fused_plan_of(const Run& run) {
  return fused_plan(run.architecture.widths, shared_bytes_of_a_block());
}

bool prefers_fused(const Run& run, const TrainingData& data) {
  const auto plan = fused_plan_of(run);
  return plan && epoch_work(run, *plan, data) <= kMostFusedEpochWork;
}

std::string fused_misfit(const Architecture& net) {
  const auto too_large = [&](const std::string& why) {
    return to_string(net) + " is too large for the fused engine: " + why;
  };
  if (net.layers() > kFusedLayers)
    return too_large("it has " + std::to_string(net.layers() - 1) + " hidden layers, and " +
                     std::to_string(kFusedLayers - 1) + " are the most");
  for (Index layer = 0; layer < net.layers(); ++layer)
    if (net.fan_out(layer) > kFusedWidth)
      return too_large("it has a layer of width " + std::to_string(net.fan_out(layer)) + ", and " +
                       std::to_string(kFusedWidth) + " is the most");
  const auto with_any_memory = fused_plan(net.widths, std::numeric_limits<std::size_t>::max());
  if (!with_any_memory) return too_large("the gradients of its weights are more than the registers of a block hold");
  return too_large("it takes " + std::to_string(with_any_memory->shared_bytes()) +
                   " bytes of shared memory, and a block has " + std::to_string(shared_bytes_of_a_block()));
}

std::vector<FusedWave> fused_waves(const TrainingData& data, const std::vector<Run>& runs,
                                   const FusedOptions& options) {
  expects_fleet(runs, data);
  std::vector<FusedWave> planned;
  for (const Wave& wave : plan_waves(data, runs, fused_order(data, runs, options), RowLists(runs), options))
    planned.push_back({wave.variant(), wave.runs(), wave.bytes()});
  return planned;
}

std::vector<RunResult> train_fused(const TrainingData& data, const std::vector<Run>& runs,
                                   const FusedOptions& options) {
  return train_waves(data, runs, options, nullptr);
}

RunResult train_fused(const Run& run, const TrainingData& data, const FusedOptions& options,
                      const RunObserver& observer) {
  RunTeller of_run(run, observer);
  RunResult result = train_waves(data, {run}, options, &of_run).front();
  if (!result.history.empty())
    of_run.tell(result.first_epoch + static_cast<Index>(result.history.size()), result.history.back());
  return result;
}

}  // namespace plateau
