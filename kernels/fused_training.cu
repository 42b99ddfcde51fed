// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// fused_training: whole trainings, each by one block that takes run after run.
//
//   formula   include/plateau/ops/fused_training.hpp; layouts: include/plateau/core/fused_plan.hpp
//   traffic   of device memory only the rows (L2) and both moments, read and written once per step (L2); the weights
//             stay in shared memory, their gradients in registers
//   roofline  2-128-128-2 with 1000 + 500 rows: 118 MFLOP an epoch, 1.8 us of a whole H200's FFMA rate per model and
//             epoch. Shared memory reads: 8 vectors per 64 FFMA forward, for the input's gradient and for single tiles
//             of weight gradients, 4 for a group of them
//   mapping   one warp does the loss, a row per lane; everything else is spread over the block (detail/fused_products)
//   order     every sum's depends on the plan only, so a run has the same bits whatever block trains it
#include "plateau/ops/fused_training.hpp"

#include <cmath>
#include <cstring>

#include "detail/fused_products.cuh"
#include "detail/optimizer.cuh"
#include "detail/reduce.cuh"
#include "plateau/core/rounded.hpp"

namespace plateau::gpu {
namespace {

using namespace fused;

// What the threads of a block tell each other beside the matrices.
template <int kThreads>
struct BlockWords {
  std::int32_t run;                 // taken from the queue
  std::int32_t source[kFusedRows];  // of a tile's rows; negative beyond the batch
  std::int32_t label[kFusedRows];
  std::int32_t partner[kFusedRows];  // of mixed rows: their source, place in the batch and label
  std::int32_t partner_place[kFusedRows];
  std::int32_t second_label[kFusedRows];
  std::int32_t agreed;
  AdamConstants adam;  // of the run
  SgdConstants sgd;
  double rate_reduction;  // of the epoch
  AdamStep adam_step;     // of the step
  float sgd_rate;
  float second_share, loss_scale, grad_scale;  // of the batch
  FusedRoom room;                              // of the run
  double best_loss;                            // of its validation rows, after best_epochs epochs; 0: none yet
  std::int32_t best_epochs;
  std::int64_t steps;  // taken
  RunStatus status;    // running until the run ends otherwise than by its number of epochs
  BlockSum<double, kThreads> sum;
};

// Which rows the block is passing through the network, and what for.
enum class Part { train, validation, test, activity, request };

template <int kThreads, int kGroups, int kTiles>
class BlockTraining {
 public:
  __device__ BlockTraining(const FusedFleet& fleet, const FusedRun& run, const FusedPlan& plan, float* memory,
                           BlockWords<kThreads>& words, float* floats, std::int32_t* integers,
                           const FusedScratch& scratch)
      : fleet_(fleet),
        run_(run),
        plan_(plan),
        memory_(memory),
        words_(words),
        floats_(floats),
        integers_(integers),
        scratch_(scratch),
        thread_(static_cast<int>(threadIdx.x)) {}

  // Passes one part after another through the network, in one loop, so that its code is there once.
  __device__ void train(RunEnd& end) {
    begin();
    // Complete ones; of the batch among the run's rows; of those it has.
    int epochs = run_.first_epoch, first = 0, request = 0;
    Part part = begin_epoch(epochs) ? Part::train : after_training();
#pragma unroll 1
    for (;;) {
      if (part == Part::request) {
        if (request == run_.requests) break;
        load_best_parameters(request);
      }
      const double loss = pass(part, first, request, epochs);
      if (part == Part::train || part == Part::validation) {
        if (!agreed(isfinite(loss))) {
          part = after_training(RunStatus::diverged);
        } else if (part == Part::validation) {
          part = Part::test;
        } else {
          first += batch_rows(first);
          const bool last = first == train_rows();
          step(last, epochs);
          if (last) part = run_.validates ? Part::validation : Part::test;
        }
      } else if (part == Part::test) {
        first = 0;
        part = finish_epoch(epochs, loss) && begin_epoch(epochs) ? Part::train : after_training();
      } else if (part == Part::activity) {
        count_dead_units();
        part = Part::request;
      } else {
        ++request;
      }
    }
    if (thread_ == 0) end = {words_.status, epochs, words_.best_epochs};
  }

 private:
  __device__ float* outputs(int l) const { return memory_ + plan_.layer[l].output; }
  __device__ float* inputs(int l) const { return l == 0 ? memory_ + plan_.x : outputs(l - 1); }
  __device__ int input_stride(int l) const { return l == 0 ? plan_.x_stride : plan_.layer[l - 1].output_stride; }
  __device__ int train_rows() const { return static_cast<int>(run_.rows.count()); }
  __device__ int batch_rows(int first) const {
    return train_rows() - first < run_.batch ? train_rows() - first : run_.batch;
  }
  __device__ float* m() const { return floats_; }
  __device__ float* v() const { return floats_ + plan_.moments; }
  __device__ EpochMetrics& figures(int epoch) const { return fleet_.history.data[run_.history + epoch]; }
  __device__ bool mixes() const { return run_.mixup > 0; }

  // ---- Once per run -------------------------------------------------------------------------------------------------
  __device__ void begin() {
    if (thread_ == 0) {
      words_.room = fused_room(plan_, run_, fleet_.test_x.rows);
      words_.best_epochs = run_.best_epochs;
      words_.best_loss = run_.best_loss;
      words_.steps = run_.steps;
      words_.status = RunStatus::running;
      words_.adam = adam_constants(run_.adam, run_.adam.decay_kind == WeightDecay::decoupled);
      words_.sgd = sgd_constants(run_.sgd);
    }
    __syncthreads();
    for (int i = thread_; i < plan_.shared_floats; i += kThreads) memory_[i] = 0;
    const bool goes_on = run_.first_epoch > 0;
    for (int i = thread_; i < 2 * plan_.moments; i += kThreads)
      floats_[i] = goes_on ? fleet_.initial.data[run_.given_moments + i] : 0.0f;
    if (goes_on) take_up();
    find_rows(run_.rows, integers_ + words_.room.source, integers_ + words_.room.label);
    if (run_.validates)
      find_rows(run_.validation, integers_ + words_.room.validation_source, integers_ + words_.room.validation_label);
    __syncthreads();
    if (run_.standardise || run_.jitter > 0) describe_features();
    if (run_.weighting != ClassWeighting::none) set_class_weights();
    for (int l = 0; l < plan_.layers; ++l) {
      const auto bound = static_cast<float>(1.0 / sqrt(static_cast<double>(plan_.layer[l].in)));
      for_each_parameter(l, [&](int flat, int place) { memory_[place] = initial(flat, bound); });
    }
    __syncthreads();
  }

  // What another launch has left of the run, beside its parameters and moments.
  __device__ void take_up() const {
    if (run_.given_best >= 0 && run_.best >= 0)
      for (int i = thread_; i < plan_.parameters; i += kThreads)
        fleet_.parameters.data[run_.best + i] = fleet_.initial.data[run_.given_best + i];
    for (Index i = thread_; i < fleet_.test_x.rows; i += kThreads)
      integers_[words_.room.previous + i] = fleet_.given_predicted.data[run_.given_predicted + i];
  }
  // And what this one leaves.
  __device__ void leave() const {
    for (int i = thread_; i < 2 * plan_.moments; i += kThreads) fleet_.parameters.data[run_.moments + i] = floats_[i];
    for (Index i = thread_; i < fleet_.test_x.rows; i += kThreads)
      fleet_.predicted.data[run_.predicted + i] = integers_[words_.room.previous + i];
  }

  __device__ float initial(int element, float bound) const {
    if (run_.initial >= 0) return fleet_.initial.data[run_.initial + element];
    const RandomStream stream{run_.seed, StreamId::initialisation};
    const float u = uniform(draw(stream, static_cast<std::uint64_t>(element)).word[0]);
    return mul_rn(sub_rn(mul_rn(2.0f, u), 1.0f), bound);
  }

  __device__ void find_rows(const RowSelection& rows, std::int32_t* source, std::int32_t* label) const {
    for (Index k = thread_; k < rows.count(); k += kThreads) {
      const Index row = rows(k);
      source[k] = static_cast<std::int32_t>(row);
      label[k] = run_.treats_labels ? run_.treated_labels(fleet_.train_label.data, fleet_.groups.place.data,
                                                          fleet_.groups.member.data, row)
                                    : fleet_.train_label.data[row];
    }
  }

  // Mean and spread of the rows that are trained on, by a warp per feature. Distances from the first row, as
  // dataset_statistics takes them: the mean of a constant feature is that constant, to the bit.
  __device__ void describe_features() {
    const int lane = thread_ % kWarpSize, rows = train_rows();
    const std::int32_t* source = integers_ + words_.room.source;
    for (int j = thread_ / kWarpSize; j < plan_.layer[0].in; j += kThreads / kWarpSize) {
      const auto value = [&](int k) { return static_cast<double>(fleet_.train_x.row(source[k])[j]); };
      const double start = value(0);
      double sum = 0, squares = 0;
      for (int k = lane; k < rows; k += kWarpSize) sum += value(k) - start;
      const double mean = start + warp_sum(sum) / rows;
      for (int k = lane; k < rows; k += kWarpSize) squares += (value(k) - mean) * (value(k) - mean);
      const double spread = sqrt(warp_sum(squares) / rows);
      if (lane != 0) continue;
      if (run_.standardise) {
        const FeatureScale scale = feature_scale(mean, spread);
        floats_[words_.room.mean + j] = scale.mean;
        floats_[words_.room.factor + j] = scale.factor;
        if (run_.scale >= 0) {
          fleet_.parameters.data[run_.scale + j] = scale.mean;
          fleet_.parameters.data[run_.scale + plan_.layer[0].in + j] = scale.factor;
        }
      }
      if (run_.jitter > 0) floats_[words_.room.noise + j] = jitter_amplitude(run_.jitter, run_.standardise, spread);
    }
    __syncthreads();
  }

  // As ops/weighted_xent.hpp balances them.
  __device__ void set_class_weights() {
    const int classes = plan_.layer[plan_.layers - 1].out;
    float* weight = floats_ + words_.room.class_weight;
    if (run_.weighting == ClassWeighting::given) {
      for (int c = thread_; c < classes; c += kThreads) weight[c] = fleet_.class_weights.data[run_.class_weights + c];
    } else {
      std::int32_t* rows = integers_ + words_.room.class_rows;
      for (int c = thread_; c < classes; c += kThreads) rows[c] = 0;
      __syncthreads();
      for (int k = thread_; k < train_rows(); k += kThreads) {
        const int label = integers_[words_.room.label + k];
        if (0 <= label && label < classes) atomicAdd(rows + label, 1);
      }
      __syncthreads();
      for (int c = thread_; c < classes; c += kThreads)
        weight[c] = rows[c] == 0 ? 0.0f
                                 : static_cast<float>(static_cast<double>(train_rows()) /
                                                      (static_cast<double>(classes) * static_cast<double>(rows[c])));
    }
    __syncthreads();
  }

  // f(place among the network's parameters, place in shared memory) for those of the layer; always by the same threads.
  template <class F>
  __device__ void for_each_parameter(int l, F f) const {
    const FusedLayer& of = plan_.layer[l];
    for (int i = thread_; i < of.out * of.in; i += kThreads)
      f(of.flat_weight + i, of.weight + i / of.in * of.weight_stride + i % of.in);
    for (int i = thread_; i < of.out; i += kThreads) f(of.flat_bias + i, of.bias + i);
  }
  __device__ void write_parameters(std::int64_t offset) const {
    float* parameters = fleet_.parameters.data + offset;
    for (int l = 0; l < plan_.layers; ++l)
      for_each_parameter(l, [&](int flat, int place) { parameters[flat] = memory_[place]; });
  }
  // Before the first of the requests that are for them.
  __device__ void load_best_parameters(int request) {
    const FusedRequest* requests = fleet_.requests.data + run_.first_request;
    if (!requests[request].best || (request > 0 && requests[request - 1].best) || words_.best_epochs == 0) return;
    const float* parameters = fleet_.parameters.data + run_.best;
    for (int l = 0; l < plan_.layers; ++l)
      for_each_parameter(l, [&](int flat, int place) { memory_[place] = parameters[flat]; });
    __syncthreads();
  }

  // ---- Epochs -------------------------------------------------------------------------------------------------------
  // False where there is none left, or the host wants an end.
  __device__ bool begin_epoch(int epoch) {
    if (epoch == run_.end_epoch) return false;
    if (agreed(thread_ == 0 && stop_requested())) return ends_by(RunStatus::interrupted);
    if (thread_ == 0) {
      figures(epoch) = {};
      words_.rate_reduction = rate_reduction(run_.schedule, epoch, run_.epochs);
    }
    return true;
  }

  // After the test rows; counts the epoch. False where the run ends here, whatever its number of epochs.
  __device__ bool finish_epoch(int& epochs, double loss) {
    if (!agreed(thread_ == 0 && isfinite(loss) && isfinite(figures(epochs).gradient_norm)))
      return ends_by(RunStatus::diverged);
    ++epochs;
    if (thread_ == 0) tell(epochs);
    if (!run_.validates) return true;
    if (agreed(thread_ == 0 && is_best(epochs)) && run_.best >= 0) write_parameters(run_.best);
    if (run_.patience == 0 || epochs - words_.best_epochs < run_.patience) return true;
    return ends_by(RunStatus::stopped_early);
  }
  // Volatile: the host writes it while this runs.
  __device__ bool stop_requested() const {
    const volatile FleetSignals* signals = scratch_.signals.data;
    return signals->stop_requested != 0;
  }
  // Tells the host how far the run is, by one store, which the compiler does not make of the members. In thread 0.
  __device__ void tell(int epochs) const {
    const EpochMetrics& last = figures(epochs - 1);
    const FusedProgress progress{last.train_loss_sum, static_cast<std::int32_t>(last.test_correct), epochs};
    Floats<kVector> whole;
    static_assert(sizeof(whole) == sizeof(progress));
    memcpy(&whole, &progress, sizeof(whole));
    store(reinterpret_cast<float*>(scratch_.progress.data + words_.run), whole);
  }
  __device__ bool ends_by(RunStatus status) {
    if (thread_ == 0) words_.status = status;
    return false;
  }
  // In thread 0: whether the validation loss is the lowest so far, as judge_epoch finds it.
  __device__ bool is_best(int epochs) {
    const double loss = figures(epochs - 1).validation_loss_sum / static_cast<double>(run_.validation.count());
    if (words_.best_epochs != 0 && !(loss < words_.best_loss)) return false;
    words_.best_loss = loss;
    words_.best_epochs = epochs;
    return true;
  }

  // The part that follows the last epoch.
  __device__ Part after_training(RunStatus status) {
    ends_by(status);
    return after_training();
  }
  __device__ Part after_training() {
    if (run_.parameters >= 0) write_parameters(run_.parameters);
    if (run_.moments >= 0) leave();
    if (run_.dead < 0) return Part::request;
    int units = 0;
    for (int l = 0; l + 1 < plan_.layers; ++l) units += plan_.layer[l].out;
    for (int i = thread_; i < units; i += kThreads) integers_[words_.room.active + i] = 0;
    __syncthreads();
    return Part::activity;
  }

  // What thread 0 says, known to all; everything before is seen by all after.
  __device__ bool agreed(bool by_thread_0) {
    if (thread_ == 0) words_.agreed = by_thread_0;
    __syncthreads();
    const bool answer = words_.agreed != 0;
    __syncthreads();  // before another question
    return answer;
  }
  // In thread 0.
  __device__ double block_sum(double value) {
    value = words_.sum(value);
    __syncthreads();  // before another sum
    return value;
  }

  // ---- One part's rows through the network, in training also backwards ----------------------------------------------
  // Returns the sum of the losses in the first warp; the figures of the epoch are thread 0's.
  __device__ double pass(Part part, int first, int request_number, int epoch) {
    const bool trains = part == Part::train;
    const FusedRequest* request = fleet_.requests.data + run_.first_request + request_number;  // if it is one
    int rows = static_cast<int>(fleet_.test_x.rows);
    if (trains) rows = batch_rows(first);
    if (part == Part::activity) rows = train_rows();
    if (part == Part::validation) rows = static_cast<int>(run_.validation.count());
    if (part == Part::request && !request->of_test) rows = static_cast<int>(request->rows.count());
    if (trains) begin_batch(first, rows, epoch);
    in_sums_ = trains && rows > kRowsInRegisters;
    const bool of_test = part == Part::test || (part == Part::request && request->of_test);
    const DeviceMatrix<const float>& x = of_test ? fleet_.test_x : fleet_.train_x;
    Score score;
#pragma unroll 1
    for (int chunk = 0; chunk < rows; chunk += kRowsInRegisters) {
      const int end = rows - chunk < kRowsInRegisters ? rows : chunk + kRowsInRegisters;
      clear_gradients();
#pragma unroll 1
      for (int at = chunk; at < end; at += kFusedRows) {
        if (thread_ < kFusedRows) find_row(part, request, first, at + thread_, rows, epoch);
        __syncthreads();
        load_rows(x, trains, at);
        forward_tile(trains, at);
        if (part == Part::activity) {
          mark_active_units();
        } else if (part == Part::request) {
          predict(*request, at);
        } else {
          losses(part, at, epoch, score);
        }
        __syncthreads();
        if (trains) backward_tile();
      }
      if (in_sums_) set_gradients_aside(chunk > 0);
    }
    const double loss = warp_sum(score.loss);  // the first warp has them all
    const int right = warp_sum(score.right), changed = warp_sum(score.changed);
    if (thread_ == 0) record(part, epoch, loss, right, changed);
    return loss;
  }

  __device__ void record(Part part, int epoch, double loss, int right, int changed) const {
    if (part == Part::train) {
      figures(epoch).train_loss_sum += loss;
      figures(epoch).train_correct += right;
    } else if (part == Part::validation) {
      figures(epoch).validation_loss_sum = loss;
      figures(epoch).validation_correct = right;
    } else if (part == Part::test) {
      figures(epoch).test_loss_sum = loss;
      figures(epoch).test_correct = right;
      figures(epoch).test_changed = changed;
    }
  }

  // The batch's share of partners, and what class weights sum to.
  __device__ void begin_batch(int first, int rows, int epoch) {
    if (mixes() && thread_ == 0)
      words_.second_share = static_cast<float>(mixing_share(run_.seed, words_.steps, run_.mixup));
    if (run_.weighting != ClassWeighting::none) {
      double sum = 0;
      for (int k = thread_; k < rows; k += kThreads) {
        const int label = integers_[words_.room.label + row_at(first + k, epoch)];
        sum += static_cast<double>(floats_[words_.room.class_weight + label]);
      }
      sum = block_sum(sum);
      if (thread_ == 0) {
        words_.loss_scale = static_cast<float>(static_cast<double>(rows) / sum);
        words_.grad_scale = static_cast<float>(1 / sum);
      }
    } else if (thread_ == 0) {
      words_.loss_scale = 1;
      words_.grad_scale = 1.0f / static_cast<float>(rows);
    }
    // The barrier behind find_row comes before anybody reads them.
  }

  // Which of the run's rows is at a place of the epoch's order.
  __device__ int row_at(int place, int epoch) const {
    if (run_.order == RowOrder::as_stored || run_.batch >= train_rows()) return place;
    return static_cast<int>(run_.shuffle.of_instance(static_cast<std::uint32_t>(epoch))(place));
  }

  // ---- A tile of rows -----------------------------------------------------------------------------------------------
  // Of the first warp: which row of the data the thread's is, number `row` of the part's.
  __device__ void find_row(Part part, const FusedRequest* request, int first, int row, int rows, int epoch) {
    int source = -1, label = 0;
    if (row < rows) {
      if (part == Part::train) {
        const int k = row_at(first + row, epoch);
        source = integers_[words_.room.source + k];
        label = integers_[words_.room.label + k];
        if (mixes()) {
          const KeyedPermutation partners = run_.partners.of_instance(static_cast<std::uint32_t>(words_.steps), rows);
          const auto place = static_cast<int>(partners(row));
          const int partner = row_at(first + place, epoch);
          words_.partner_place[thread_] = place;
          words_.partner[thread_] = integers_[words_.room.source + partner];
          words_.second_label[thread_] = integers_[words_.room.label + partner];
        }
      } else if (part == Part::validation) {
        source = integers_[words_.room.validation_source + row];
        label = integers_[words_.room.validation_label + row];
      } else if (part == Part::test) {
        source = row;
        label = fleet_.test_label.data[row];
      } else if (part == Part::activity) {
        source = integers_[words_.room.source + row];
      } else {
        source = request->of_test ? row : static_cast<int>(request->rows(row));
      }
    }
    words_.source[thread_] = source;
    words_.label[thread_] = label;
  }

  // `at`: the tile's first row's place in the batch.
  __device__ void load_rows(const DeviceMatrix<const float>& x, bool trains, int at) {
    const int features = plan_.layer[0].in, columns = 4 * plan_.layer[0].in4;
    const bool mixed = trains && mixes();
    const float theirs = mixed ? words_.second_share : 0, own = sub_rn(1.0f, theirs);
    float* tile = memory_ + plan_.x;
    for (int i = thread_; i < kFusedRows * columns; i += kThreads) {
      const int r = i / columns, j = i % columns, source = words_.source[r];
      float value = 0;
      if (source >= 0 && j < features) {
        value = feature(x, source, j, trains, at + r);
        if (mixed)
          value = add_rn(mul_rn(own, value),
                         mul_rn(theirs, feature(x, words_.partner[r], j, trains, words_.partner_place[r])));
      }
      tile[r * plan_.x_stride + j] = value;
    }
    __syncthreads();
  }
  __device__ float feature(const DeviceMatrix<const float>& x, int source, int j, bool trains, int place) const {
    float value = x.row(source)[j];
    if (run_.standardise)
      value = scaled(FeatureScale{floats_[words_.room.mean + j], floats_[words_.room.factor + j]}, value);
    if (trains && run_.jitter > 0)
      value = add_rn(value, mul_rn(floats_[words_.room.noise + j],
                                   jitter_noise(run_.seed, words_.steps, place, j, plan_.layer[0].in)));
    return value;
  }

  __device__ void forward_tile(bool trains, int at) {
    for (int l = 0; l < plan_.layers; ++l) {
      const bool hidden = l + 1 < plan_.layers;
      forward<kThreads>(plan_.layer[l], memory_, inputs(l), input_stride(l), outputs(l), hidden);
      __syncthreads();
      if (trains && hidden && run_.dropout > 0) {
        drop_out(l, at);
        __syncthreads();
      }
    }
  }
  __device__ void drop_out(int l, int at) {
    const FusedLayer& of = plan_.layer[l];
    const float scale = dropout_scale(run_.dropout);
    for (int i = thread_; i < kRowGroups * of.out; i += kThreads) {
      const int group = i % kRowGroups, o = i / kRowGroups;
      const PhiloxCounter random =
          draw(dropout_stream(run_.seed, words_.steps), dropout_place(l, at + group, o, of.out).element);
      float* unit = outputs(l) + group * of.output_stride + o;
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        float& a = unit[k * kRowGroups * of.output_stride];
        a = dropout_keeps(run_.dropout, random.word[k]) ? mul_rn(a, scale) : 0.0f;
      }
    }
  }

  // The classes' logits of one row.
  struct Logits {
    float largest = -INFINITY, sum = 0;  // sum of exp(z - largest)
    int predicted = 0;
    bool ordered = true;
  };
  __device__ static Logits scan(const float* z, int classes) {
    Logits row;
    for (int j = 0; j < classes; ++j) {
      row.ordered = row.ordered && !isnan(z[j]);
      if (z[j] > row.largest) {
        row.largest = z[j];
        row.predicted = j;
      }
    }
    for (int j = 0; j < classes; ++j) row.sum += expf(z[j] - row.largest);
    if (!row.ordered) row.predicted = kNaNClass;
    return row;
  }

  struct Score {
    double loss = 0;
    int right = 0, changed = 0;
  };
  // The first warp, a row per lane: adds its loss, whether it was right and whether a test row's prediction has
  // changed, and in training puts the gradient of the batch's mean loss in the logits' place.
  __device__ void losses(Part part, int at, int epoch, Score& score) {
    if (thread_ >= kFusedRows) return;
    const FusedLayer& last = plan_.layer[plan_.layers - 1];
    float* z = outputs(plan_.layers - 1) + thread_ * last.output_stride;
    const int target = words_.label[thread_], classes = last.out;
    const bool exists = words_.source[thread_] >= 0, trains = part == Part::train;
    const Logits row = scan(z, classes);
    const bool is_right = exists && row.predicted == target;
    const auto cross_entropy = [&](int y) { return 0 <= y && y < classes ? logf(row.sum) + row.largest - z[y] : NAN; };
    const bool weighs = trains && (mixes() || run_.weighting != ClassWeighting::none);
    float first = 1, second = 0;
    int second_target = -1;
    if (weighs && exists) {
      const float share = mixes() ? words_.second_share : 0.0f;
      second_target = mixes() ? words_.second_label[thread_] : -1;
      first = (1 - share) * class_weight(target);
      second = share * class_weight(second_target);
      const float loss = (first == 0 ? 0.0f : first * cross_entropy(target)) +
                         (second == 0 ? 0.0f : second * cross_entropy(second_target));
      score.loss += static_cast<double>(words_.loss_scale * loss);
    } else if (exists) {
      score.loss += static_cast<double>(cross_entropy(target));
    }
    score.right += is_right;
    const unsigned bits = __ballot_sync(kFullWarp, is_right);
    if (part == Part::test) {
      if (run_.correct >= 0 && thread_ == 0) {
        const Index words = correct_words(fleet_.test_x.rows);
        fleet_.correct.data[run_.correct + epoch * words + at / kFusedRows] = bits;
      }
      if (exists) {
        std::int32_t& previous = integers_[words_.room.previous + at + thread_];
        score.changed += epoch > 0 && previous != row.predicted;
        previous = row.predicted;
      }
    }
    if (!trains) return;
    const float inverse_sum = 1.0f / row.sum, scale = words_.grad_scale;
    for (int j = 0; j < classes; ++j) {
      const float p = expf(z[j] - row.largest) * inverse_sum;
      float grad = p - (j == target ? 1.0f : 0.0f);
      if (weighs) grad = (first + second) * p - ((j == target ? first : 0.0f) + (j == second_target ? second : 0.0f));
      z[j] = exists ? grad * scale : 0.0f;
    }
  }
  __device__ float class_weight(int label) const {
    if (label < 0 || run_.weighting == ClassWeighting::none) return 1;
    return floats_[words_.room.class_weight + label];
  }

  // Hidden units that are positive for a row of the tile.
  __device__ void mark_active_units() {
    std::int32_t* active = integers_ + words_.room.active;
    for (int l = 0; l + 1 < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      if (thread_ < of.out)
        for (int r = 0; r < kFusedRows; ++r)
          if (words_.source[r] >= 0 && outputs(l)[r * of.output_stride + thread_] > 0) active[thread_] = 1;
      active += of.out;
    }
  }
  // By the threads that marked them: units lie at their threads' places.
  __device__ void count_dead_units() {
    const std::int32_t* active = integers_ + words_.room.active;
    for (int l = 0; l + 1 < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      const double dead = block_sum(thread_ < of.out && active[thread_] == 0 ? 1.0 : 0.0);
      if (thread_ == 0) fleet_.dead.data[run_.dead + l] = static_cast<std::int32_t>(dead);
      active += of.out;
    }
  }

  // The first warp, a row per lane.
  __device__ void predict(const FusedRequest& request, int at) const {
    if (thread_ >= kFusedRows || words_.source[thread_] < 0) return;
    const FusedLayer& last = plan_.layer[plan_.layers - 1];
    const float* z = outputs(plan_.layers - 1) + thread_ * last.output_stride;
    const Logits row = scan(z, last.out);
    fleet_.predicted.data[request.predicted + at + thread_] = row.predicted;
    if (request.probability < 0) return;
    float* probability = fleet_.probability.data + request.probability + Index{at + thread_} * last.out;
    for (int j = 0; j < last.out; ++j) probability[j] = expf(z[j] - row.largest) / row.sum;
  }

  __device__ void backward_tile() {
    const float scale = dropout_scale(run_.dropout);  // of the units that were kept
    for (int l = plan_.layers - 1; l >= 0; --l) {
      const FusedLayer& of = plan_.layer[l];
      float* grad = outputs(l);
      for_each_slot(
          of, [&](int slot, auto& own) { add_weight_grad<kThreads>(of, slot, grad, inputs(l), input_stride(l), own); });
      add_bias_grad(l, grad);
      __syncthreads();
      if (l == 0) break;
      input_grad<kThreads>(of, memory_, grad, inputs(l), input_stride(l), scale);
      __syncthreads();
    }
  }

  // ---- Gradients in registers ---------------------------------------------------------------------------------------
  // f(slot, accumulator) for the layer's slots; register arrays are only ever indexed by constants.
  template <class F>
  __device__ void for_each_slot(const FusedLayer& of, F f) {
    const int first = of.first_slot, end = of.first_slot + of.slots;
    if (of.grouped) {
#pragma unroll
      for (int slot = 0; slot < kGroups; ++slot)
        if (first <= slot && slot < end) f(slot, group_[slot]);
    } else {
#pragma unroll
      for (int slot = 0; slot < kTiles; ++slot)
        if (first <= slot && slot < end) f(slot, tile_[slot]);
    }
  }

  __device__ void add_bias_grad(int l, const float* grad) {
    const FusedLayer& of = plan_.layer[l];
    const int o = thread_ % of.bias_width, part = thread_ / of.bias_width;
    float sum = 0;
    if (o < of.out && part < of.bias_parts)
      for (int r = part; r < kFusedRows; r += of.bias_parts) sum += grad[r * of.output_stride + o];
#pragma unroll
    for (int k = 0; k < kFusedLayers; ++k)
      if (k == l) bias_[k] += sum;
  }

  __device__ void clear_gradients() {
#pragma unroll
    for (auto& group : group_)
      if constexpr (kGroups > 0) group = {};
#pragma unroll
    for (auto& tile : tile_) tile = {};
#pragma unroll
    for (float& bias : bias_) bias = 0;
  }

  // Adds what the registers hold to this thread's sums in global memory, or begins them: one float that took up every
  // row of a large batch would round away what it is given. The sums are laid out as the moments are.
  __device__ void set_gradients_aside(bool adds) {
    for (int l = 0; l < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      for_each_slot(of, [&](int slot, auto& own) { set_aside(of, slot, own, adds); });
      float* sum = sums() + of.bias_moment + thread_;
#pragma unroll
      for (int k = 0; k < kFusedLayers; ++k)
        if (k == l) *sum = bias_[k] + (adds ? *sum : 0.0f);
    }
    __syncthreads();  // the scratch lies where the next rows do
  }
  // By way of shared memory: an unrolled loop over registers and sums would need as many registers again.
  template <int kSide>
  __device__ void set_aside(const FusedLayer& of, int slot, const Accumulator<kSide>& own, bool adds) {
    float* scratch = memory_ + plan_.scratch + thread_;
#pragma unroll
    for (int tile = 0; tile < kSide * kSide; ++tile) {
      store_tile(own, tile);
      float* sums = this->sums() + moment_of<kSide>(of, slot, tile) + thread_ * 4;
#pragma unroll 1
      for (int i = 0; i < 4; ++i) {
        Floats<4> sum = adds ? load<4>(sums + i * kThreads * 4) : Floats<4>{};
#pragma unroll
        for (int j = 0; j < 4; ++j) sum.at[j] += scratch[(i * 4 + j) * kThreads];
        store(sums + i * kThreads * 4, sum);
      }
    }
  }
  // A thread's own column of the scratch.
  template <int kSide>
  __device__ void store_tile(const Accumulator<kSide>& own, int tile) {
    float* scratch = memory_ + plan_.scratch + thread_;
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j) scratch[(i * 4 + j) * kThreads] = own.sum[tile / kSide][tile % kSide][i][j];
  }
  // Of a tile of the slot, among the moments and the sums; an element lies at its row's, thread's and column's place.
  template <int kSide>
  __device__ static int moment_of(const FusedLayer& of, int slot, int tile) {
    return fused_moment(of, slot, kSide * kSide, tile, kThreads);
  }

  // One step over every parameter, each by the thread that owns it: the first copy of its tile, the first thread of its
  // bias. The copies meet in shared memory, where a loop over elements does not have to be unrolled as one over
  // registers has. The last of an epoch leaves the gradient's norm in its figures, and every layer's where asked for.
  __device__ void step(bool last, int epoch) {
    const bool records_layers = last && run_.layers >= 0;
    if (records_layers) {
      float* before = floats_ + words_.room.before;
      for (int l = 0; l < plan_.layers; ++l)
        for_each_parameter(l, [&](int flat, int place) { before[flat] = memory_[place]; });
    }
    if (thread_ == 0 && run_.optimizer == OptimizerKind::adam) {
      const auto t = static_cast<double>(++words_.steps);
      words_.adam_step = adam_step_constants(words_.adam, words_.rate_reduction, 1 - pow(run_.adam.betas.beta1, t),
                                             sqrt(1 - pow(run_.adam.betas.beta2, t)));
    } else if (thread_ == 0) {
      ++words_.steps;
      words_.sgd_rate = sgd_rate(words_.sgd, words_.rate_reduction);
    }
    __syncthreads();
    if (run_.optimizer == OptimizerKind::adam) {
      const AdamConstants c = words_.adam;
      const AdamStep of_step = words_.adam_step;
      step_by(last, epoch,
              [=](float grad, float& parameter, float& m, float& v) { adam_step(c, of_step, grad, parameter, m, v); });
    } else {
      const SgdConstants c = words_.sgd;
      const float rate = words_.sgd_rate;
      step_by(last, epoch, [=](float grad, float& parameter, float& velocity, float&) {
        sgd_step(c, rate, grad, parameter, velocity);
      });
    }
    __syncthreads();
    if (records_layers) record_updates(epoch);
  }

  template <class Rule>
  __device__ void step_by(bool last, int epoch, const Rule& rule) {
    double all = 0;  // squares of the gradient, in thread 0
    for (int l = 0; l < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      double squares = 0;
      if ((run_.frozen >> l & 1u) == 0) {
        for_each_slot(of, [&](int slot, auto& own) { step_of_slot(of, slot, own, squares, rule); });
        step_of_bias(of, l, squares, rule);
      }
      if (!last) continue;
      squares = block_sum(squares);
      all += squares;
      if (run_.layers >= 0 && thread_ == 0) layer_record(epoch, l).gradient_norm = sqrt(squares);
    }
    if (last && thread_ == 0) figures(epoch).gradient_norm = sqrt(all);
  }

  __device__ LayerRecord& layer_record(int epoch, int l) const {
    return fleet_.layers.data[run_.layers + Index{epoch} * plan_.layers + l];
  }
  // How far the step has moved every layer, and from where.
  __device__ void record_updates(int epoch) {
    const float* before = floats_ + words_.room.before;
    for (int l = 0; l < plan_.layers; ++l) {
      double update = 0, weight = 0;
      for_each_parameter(l, [&](int flat, int place) {
        const auto was = static_cast<double>(before[flat]);
        const double moved = static_cast<double>(memory_[place]) - was;
        update += moved * moved;
        weight += was * was;
      });
      update = block_sum(update);
      weight = block_sum(weight);
      if (thread_ != 0) continue;
      layer_record(epoch, l).update_norm = sqrt(update);
      layer_record(epoch, l).weight_norm = sqrt(weight);
    }
  }

  template <int kSide, class Rule>
  __device__ void step_of_slot(const FusedLayer& of, int slot, const Accumulator<kSide>& own, double& squares,
                               const Rule& rule) {
    const FusedUnit unit = unit_of<kThreads>(of, slot);
    const int threads_of_copy = kThreads / of.parts;
#pragma unroll
    for (int tile = 0; tile < kSide * kSide; ++tile) {
      float* scratch = memory_ + plan_.scratch;
      __syncthreads();  // nobody reads what was there
      if (!in_sums_) store_tile(own, tile);
      __syncthreads();
      if (!unit.valid || unit.part != 0) continue;  // to the barriers of the next tile
      const int row4 = unit.row4 + tile / kSide * of.rows4, column4 = unit.column4 + tile % kSide * of.columns4;
      const int moment = moment_of<kSide>(of, slot, tile);
#pragma unroll 1
      for (int i = 0; i < 4; ++i) {
        const int o = 4 * row4 + i, place = moment + (i * kThreads + thread_) * 4;
        if (o >= of.out) break;
        float* weight = memory_ + of.weight + o * of.weight_stride + 4 * column4;
        Floats<4> m = load<4>(this->m() + place), v = load<4>(this->v() + place);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          if (4 * column4 + j >= of.in) break;
          float grad = 0;
          for (int part = 0; part < of.parts; ++part) {
            const int holder = thread_ + part * threads_of_copy;
            grad +=
                in_sums_ ? sums()[moment + (i * kThreads + holder) * 4 + j] : scratch[(i * 4 + j) * kThreads + holder];
          }
          squares += static_cast<double>(grad) * grad;
          rule(grad, weight[j], m.at[j], v.at[j]);
        }
        store(this->m() + place, m);
        store(this->v() + place, v);
      }
    }
  }

  template <class Rule>
  __device__ void step_of_bias(const FusedLayer& of, int l, double& squares, const Rule& rule) {
    float* scratch = memory_ + plan_.scratch;
    __syncthreads();
#pragma unroll
    for (int k = 0; k < kFusedLayers; ++k)
      if (k == l) scratch[thread_] = in_sums_ ? sums()[of.bias_moment + thread_] : bias_[k];
    __syncthreads();
    if (thread_ >= of.out) return;
    float grad = 0;
    for (int part = 0; part < of.bias_parts; ++part) grad += scratch[thread_ + part * of.bias_width];
    squares += static_cast<double>(grad) * grad;
    const int place = of.bias_moment + thread_;
    rule(grad, memory_[of.bias + thread_], m()[place], v()[place]);
  }

  __device__ float* sums() const { return floats_ + words_.room.sums; }  // of the batch's gradients, where in_sums_

  static constexpr std::int32_t kNaNClass = -1;  // of logits that are NaN

  const FusedFleet& fleet_;
  const FusedRun& run_;
  const FusedPlan& plan_;
  float* memory_;
  BlockWords<kThreads>& words_;
  float* floats_;  // the block's room in device memory
  std::int32_t* integers_;
  const FusedScratch& scratch_;
  int thread_;
  bool in_sums_ = false;
  Accumulator<2> group_[kGroups > 0 ? kGroups : 1];
  Accumulator<1> tile_[kTiles];
  float bias_[kFusedLayers];
};

// Blocks of one multiprocessor that registers must leave room for: as many as need no spills. The emulated GPU has no
// bounds.
[[maybe_unused]] constexpr int min_blocks(int threads, int groups, int tiles) {
  if (groups > 0 || tiles > 5) return threads > 128 ? 1 : 2;
  return threads > 64 ? 3 : 5;
}

template <int kThreads, int kGroups, int kTiles>
__global__ __launch_bounds__(kThreads,
                             min_blocks(kThreads, kGroups, kTiles)) void fused_training_kernel(FusedFleet fleet,
                                                                                               FusedLaunch launch,
                                                                                               FusedScratch scratch) {
  SharedCarver carver;
  float* memory = carver.take<float>(launch.shared_bytes / sizeof(float));
  static_assert(sizeof(BlockWords<kThreads>) <= kFusedStaticBytes);
  auto& words = shared<BlockWords<kThreads>>();
  for (;;) {
    if (threadIdx.x == 0) words.run = atomicAdd(scratch.taken.data, 1);
    __syncthreads();
    const int number = words.run;
    if (number >= fleet.runs.size) return;
    const FusedRun& run = fleet.runs.data[number];
    BlockTraining<kThreads, kGroups, kTiles> training(fleet, run, fleet.plans.data[run.plan], memory, words,
                                                      scratch.floats.data + blockIdx.x * launch.floats,
                                                      scratch.integers.data + blockIdx.x * launch.integers, scratch);
    training.train(fleet.ends.data[number]);
    if (threadIdx.x == 0) scratch.progress.data[number].epochs = run.end_epoch;
    __syncthreads();
  }
}

using FusedKernel = void (*)(FusedFleet, FusedLaunch, FusedScratch);

FusedKernel kernel_of(const FusedVariant& variant) {
  constexpr const auto& v = kFusedVariants;
  const FusedKernel kernels[] = {&fused_training_kernel<v[0].threads, v[0].groups, v[0].tiles>,
                                 &fused_training_kernel<v[1].threads, v[1].groups, v[1].tiles>,
                                 &fused_training_kernel<v[2].threads, v[2].groups, v[2].tiles>,
                                 &fused_training_kernel<v[3].threads, v[3].groups, v[3].tiles>,
                                 &fused_training_kernel<v[4].threads, v[4].groups, v[4].tiles>,
                                 &fused_training_kernel<v[5].threads, v[5].groups, v[5].tiles>};
  static_assert(std::size(kernels) == std::size(kFusedVariants));
  for (std::size_t i = 0; i < std::size(kernels); ++i)
    if (kFusedVariants[i] == variant) return kernels[i];
  throw std::invalid_argument("fused_training: the variant is one of kFusedVariants");
}

LaunchShape shape_of(const FusedVariant& variant, Index blocks, std::size_t shared_bytes) {
  return {.grid = dim3(static_cast<unsigned>(blocks)),
          .block = dim3(static_cast<unsigned>(variant.threads)),
          .shared_bytes = shared_bytes};
}

}  // namespace

Index fused_resident_blocks(const FusedVariant& variant, std::size_t shared_bytes) {
  const int blocks = resident_blocks(kernel_of(variant), shape_of(variant, 1, shared_bytes));
  expects(blocks >= 1, "fused_training: the device has room for a block");
  return blocks;
}

void fused_training(const Stream& stream, const FusedLaunch& shape, const FusedFleet& fleet,
                    const FusedScratch& scratch) {
  expects_fused_training(fleet);
  expects(shape.blocks >= 1 && shape.floats % kVector == 0 && scratch.floats.size >= shape.blocks * shape.floats &&
              scratch.integers.size >= shape.blocks * shape.integers && scratch.taken.size == 1 &&
              scratch.signals.size == 1 && scratch.progress.size == fleet.runs.size,
          "fused_training: every block has its scratch");
  if (fleet.runs.empty()) return;
  launch(stream, shape_of(shape.variant, shape.blocks, shape.shared_bytes), kernel_of(shape.variant), fleet, shape,
         scratch);
}

}  // namespace plateau::gpu
