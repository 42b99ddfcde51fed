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

#include "detail/fused_products.cuh"
#include "detail/optimizer.cuh"
#include "detail/reduce.cuh"
#include "plateau/core/rounded.hpp"

namespace plateau::gpu {
namespace {

using namespace fused;

constexpr int kRowsInRegisters = 64 * kFusedRows;  // whose gradients one register takes up

// What the threads of a block tell each other beside the matrices.
template <int kThreads>
struct BlockWords {
  std::int32_t run;                 // taken from the queue
  std::int32_t source[kFusedRows];  // of a tile's rows; negative beyond the batch
  std::int32_t label[kFusedRows];
  std::int32_t agreed;
  AdamConstants adam;  // of the run
  SgdConstants sgd;
  float step_size, correction2_sqrt;  // of the step
  BlockSum<double, kThreads> sum;
};

template <int kThreads, int kGroups, int kTiles>
class BlockTraining {
 public:
  __device__ BlockTraining(const FusedFleet& fleet, const FusedRun& run, const FusedPlan& plan, float* memory,
                           BlockWords<kThreads>& words, float* moments, std::int32_t* rows,
                           const volatile RunSignals* signals)
      : fleet_(fleet),
        run_(run),
        plan_(plan),
        memory_(memory),
        words_(words),
        m_(moments),
        v_(moments + plan.moments),
        sums_(moments + 2 * plan.moments),
        source_(rows),
        label_(rows + run.rows.count()),
        signals_(signals),
        thread_(static_cast<int>(threadIdx.x)) {}

  __device__ RunEnd train() {
    begin();
    RunEnd end;
    while (end.epochs < run_.epochs) {
      if (stop_requested()) {
        end.status = RunStatus::interrupted;
        break;
      }
      if (!train_epoch(end.epochs)) {
        end.status = RunStatus::diverged;
        break;
      }
      ++end.epochs;
    }
    write_parameters();
    return end;
  }

 private:
  __device__ float* outputs(int l) const { return memory_ + plan_.layer[l].output; }
  __device__ float* inputs(int l) const { return l == 0 ? memory_ + plan_.x : outputs(l - 1); }
  __device__ int input_stride(int l) const { return l == 0 ? plan_.x_stride : plan_.layer[l - 1].output_stride; }

  // ---- Once per run -------------------------------------------------------------------------------------------------
  __device__ void begin() {
    if (thread_ == 0) {
      words_.adam = adam_constants(run_.adam, run_.adam.decay_kind == WeightDecay::decoupled);
      words_.sgd = sgd_constants(run_.sgd);
    }
    for (int i = thread_; i < plan_.shared_floats; i += kThreads) memory_[i] = 0;
    for (int i = thread_; i < 2 * plan_.moments; i += kThreads) m_[i] = 0;
    for (Index k = thread_; k < run_.rows.count(); k += kThreads) {
      source_[k] = static_cast<std::int32_t>(run_.rows(k));
      const Index dealt = run_.permute_labels ? run_.label_permutation(k) : k;
      label_[k] = fleet_.train_label.data[run_.rows(dealt)];
    }
    __syncthreads();
    for (int l = 0; l < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      const auto bound = static_cast<float>(1.0 / sqrt(static_cast<double>(of.in)));
      for (int i = thread_; i < of.out * of.in; i += kThreads)
        memory_[of.weight + i / of.in * of.weight_stride + i % of.in] = initial(of.flat_weight + i, bound);
      for (int i = thread_; i < of.out; i += kThreads) memory_[of.bias + i] = initial(of.flat_bias + i, bound);
    }
    __syncthreads();
  }

  __device__ float initial(int element, float bound) const {
    if (run_.initial >= 0) return fleet_.initial.data[run_.initial + element];
    const RandomStream stream{run_.seed, StreamId::initialisation};
    const float u = uniform(draw(stream, static_cast<std::uint64_t>(element)).word[0]);
    return mul_rn(sub_rn(mul_rn(2.0f, u), 1.0f), bound);
  }

  __device__ void write_parameters() {
    float* parameters = fleet_.parameters.data + run_.parameters;
    for (int l = 0; l < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      for (int i = thread_; i < of.out * of.in; i += kThreads)
        parameters[of.flat_weight + i] = memory_[of.weight + i / of.in * of.weight_stride + i % of.in];
      for (int i = thread_; i < of.out; i += kThreads) parameters[of.flat_bias + i] = memory_[of.bias + i];
    }
  }

  // ---- An epoch -----------------------------------------------------------------------------------------------------
  // The training rows batch by batch, then the test rows; the figures go into the history. False where the run has
  // diverged.
  __device__ bool train_epoch(int epoch) {
    EpochMetrics& figures = fleet_.history.data[run_.history + epoch];  // thread 0's
    if (thread_ == 0) figures = {};
    const KeyedPermutation shuffle = run_.shuffle.of_instance(static_cast<std::uint32_t>(epoch));
    const auto train_rows = static_cast<int>(run_.rows.count()), test_rows = static_cast<int>(fleet_.test_x.rows);
    const bool as_stored = run_.order == RowOrder::as_stored || run_.batch >= train_rows;
    std::uint32_t* correct = fleet_.correct.data + run_.correct + Index{epoch} * correct_words(test_rows);
    // One loop for both parts, so that their code is there once.
    int first = 0;  // of the batch, among the run's rows
#pragma unroll 1
    for (;;) {
      const bool trains = first < train_rows;
      const int rows = trains ? (train_rows - first < run_.batch ? train_rows - first : run_.batch) : test_rows;
      in_sums_ = trains && rows > kRowsInRegisters;
      double loss = 0;
      std::int64_t right = 0;
#pragma unroll 1
      for (int part = 0; part < rows; part += kRowsInRegisters) {
        const int end = rows - part < kRowsInRegisters ? rows : part + kRowsInRegisters;
        clear_gradients();
#pragma unroll 1
        for (int at = part; at < end; at += kFusedRows) {
          if (thread_ < kFusedRows) {
            int row = at + thread_;
            const bool exists = row < rows;
            if (exists && trains) row = static_cast<int>(as_stored ? first + row : shuffle(first + row));
            words_.source[thread_] = !exists ? -1 : trains ? source_[row] : row;
            words_.label[thread_] = !exists ? -1 : trains ? label_[row] : fleet_.test_label.data[row];
          }
          __syncthreads();
          load_rows(trains ? fleet_.train_x : fleet_.test_x);
          forward_tile();
          losses(trains ? 1.0f / static_cast<float>(rows) : 0, loss, right,
                 trains ? nullptr : correct + at / kFusedRows);
          __syncthreads();
          if (trains) backward_tile();
        }
        if (in_sums_) set_gradients_aside(part > 0);
      }
      loss = warp_sum(loss);  // the first warp has them all
      right = warp_sum(right);
      bool finite = isfinite(loss);
      if (thread_ == 0 && trains) {
        figures.train_loss_sum += loss;
        figures.train_correct += right;
      } else if (thread_ == 0) {
        figures.test_loss_sum = loss;
        figures.test_correct = right;
        finite = finite && isfinite(figures.gradient_norm);
      }
      if (!agreed(finite)) return false;
      if (!trains) return true;
      first += rows;
      const double norm = step(first == train_rows);
      if (thread_ == 0) figures.gradient_norm = norm;
      __syncthreads();
    }
  }

  // What thread 0 says, known to all; everything before is seen by all after.
  __device__ bool agreed(bool by_thread_0) {
    if (thread_ == 0) words_.agreed = by_thread_0;
    __syncthreads();
    const bool answer = words_.agreed != 0;
    __syncthreads();  // before another question
    return answer;
  }
  __device__ bool stop_requested() { return agreed(thread_ == 0 && signals_->stop_requested != 0); }

  // ---- A tile of rows -----------------------------------------------------------------------------------------------
  __device__ void load_rows(const DeviceMatrix<const float>& x) {
    const int features = plan_.layer[0].in, columns = 4 * plan_.layer[0].in4;
    float* tile = memory_ + plan_.x;
    for (int i = thread_; i < kFusedRows * columns; i += kThreads) {
      const int r = i / columns, j = i % columns, source = words_.source[r];
      tile[r * plan_.x_stride + j] = source < 0 || j >= features ? 0.0f : x.row(source)[j];
    }
    __syncthreads();
  }

  __device__ void forward_tile() {
    for (int l = 0; l < plan_.layers; ++l) {
      forward<kThreads>(plan_.layer[l], memory_, inputs(l), input_stride(l), outputs(l), l + 1 < plan_.layers);
      __syncthreads();
    }
  }

  // The first warp, a row per lane: adds its loss and whether it was right, and puts the gradient of the batch's mean
  // loss in the logits' place, unless it is an evaluation (inverse_batch 0).
  __device__ void losses(float inverse_batch, double& loss_sum, std::int64_t& right, std::uint32_t* correct) {
    if (thread_ >= kFusedRows) return;
    const FusedLayer& last = plan_.layer[plan_.layers - 1];
    float* z = outputs(plan_.layers - 1) + thread_ * last.output_stride;
    const int target = words_.label[thread_], classes = last.out;
    const bool exists = words_.source[thread_] >= 0;
    float largest = -INFINITY, sum = 0;
    int predicted = 0;
    bool ordered = true;
    for (int j = 0; j < classes; ++j) {
      ordered = ordered && !isnan(z[j]);
      if (z[j] > largest) {
        largest = z[j];
        predicted = j;
      }
    }
    for (int j = 0; j < classes; ++j) sum += expf(z[j] - largest);
    const bool is_right = exists && ordered && predicted == target;
    if (exists) {
      const bool known = 0 <= target && target < classes;
      loss_sum += known ? static_cast<double>(logf(sum) + largest - z[target]) : NAN;
      right += is_right;
    }
    const unsigned bits = __ballot_sync(kFullWarp, is_right);
    if (correct != nullptr && thread_ == 0) *correct = bits;
    if (inverse_batch == 0) return;
    const float inverse_sum = 1.0f / sum;
    for (int j = 0; j < classes; ++j) {
      const float p = expf(z[j] - largest) * inverse_sum;
      z[j] = exists ? (p - (j == target ? 1.0f : 0.0f)) * inverse_batch : 0.0f;
    }
  }

  __device__ void backward_tile() {
    for (int l = plan_.layers - 1; l >= 0; --l) {
      const FusedLayer& of = plan_.layer[l];
      float* grad = outputs(l);
      for_each_slot(
          of, [&](int slot, auto& own) { add_weight_grad<kThreads>(of, slot, grad, inputs(l), input_stride(l), own); });
      add_bias_grad(l, grad);
      __syncthreads();
      if (l == 0) break;
      input_grad<kThreads>(of, memory_, grad, inputs(l), input_stride(l));
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
      float* sum = sums_ + of.bias_moment + thread_;
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
      float* sums = sums_ + moment_of<kSide>(of, slot, tile) + thread_ * 4;
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
    return of.moment + ((slot - of.first_slot) * kSide * kSide + tile) * 16 * kThreads;
  }

  // One step over every parameter, each by the thread that owns it: the first copy of its tile, the first thread of its
  // bias. The copies meet in shared memory, where a loop over elements does not have to be unrolled as one over
  // registers has. Returns the gradient's 2-norm in thread 0, if it is asked for.
  __device__ double step(bool wants_norm) {
    ++steps_;
    if (run_.optimizer == OptimizerKind::adam && thread_ == 0) {
      const auto t = static_cast<double>(steps_);
      words_.step_size = static_cast<float>(run_.adam.learning_rate / (1 - pow(run_.adam.betas.beta1, t)));
      words_.correction2_sqrt = static_cast<float>(sqrt(1 - pow(run_.adam.betas.beta2, t)));
    }
    double squares = 0;
    if (run_.optimizer == OptimizerKind::adam) {
      __syncthreads();
      const AdamConstants c = words_.adam;
      const float step_size = words_.step_size, correction2_sqrt = words_.correction2_sqrt;
      step_by(squares, [=](float grad, float& parameter, float& m, float& v) {
        adam_step(c, step_size, correction2_sqrt, grad, parameter, m, v);
      });
    } else {
      const SgdConstants c = words_.sgd;
      step_by(squares,
              [=](float grad, float& parameter, float& velocity, float&) { sgd_step(c, grad, parameter, velocity); });
    }
    return wants_norm ? sqrt(words_.sum(squares)) : 0;
  }

  template <class Rule>
  __device__ void step_by(double& squares, const Rule& rule) {
    for (int l = 0; l < plan_.layers; ++l) {
      const FusedLayer& of = plan_.layer[l];
      for_each_slot(of, [&](int slot, auto& own) { step_of_slot(of, slot, own, squares, rule); });
      step_of_bias(of, l, squares, rule);
    }
  }

  template <int kSide, class Rule>
  __device__ void step_of_slot(const FusedLayer& of, int slot, const Accumulator<kSide>& own, double& squares,
                               const Rule& rule) {
    const Unit unit = unit_of<kThreads>(of, slot);
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
        Floats<4> m = load<4>(m_ + place), v = load<4>(v_ + place);
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          if (4 * column4 + j >= of.in) break;
          float grad = 0;
          for (int part = 0; part < of.parts; ++part) {
            const int holder = thread_ + part * threads_of_copy;
            grad +=
                in_sums_ ? sums_[moment + (i * kThreads + holder) * 4 + j] : scratch[(i * 4 + j) * kThreads + holder];
          }
          squares += static_cast<double>(grad) * grad;
          rule(grad, weight[j], m.at[j], v.at[j]);
        }
        store(m_ + place, m);
        store(v_ + place, v);
      }
    }
  }

  template <class Rule>
  __device__ void step_of_bias(const FusedLayer& of, int l, double& squares, const Rule& rule) {
    float* scratch = memory_ + plan_.scratch;
    __syncthreads();
#pragma unroll
    for (int k = 0; k < kFusedLayers; ++k)
      if (k == l) scratch[thread_] = in_sums_ ? sums_[of.bias_moment + thread_] : bias_[k];
    __syncthreads();
    if (thread_ >= of.out) return;
    float grad = 0;
    for (int part = 0; part < of.bias_parts; ++part) grad += scratch[thread_ + part * of.bias_width];
    squares += static_cast<double>(grad) * grad;
    const int place = of.bias_moment + thread_;
    rule(grad, memory_[of.bias + thread_], m_[place], v_[place]);
  }

  const FusedFleet& fleet_;
  const FusedRun& run_;
  const FusedPlan& plan_;
  float* memory_;
  BlockWords<kThreads>& words_;
  float* m_;
  float* v_;
  float* sums_;           // of the batch's gradients, where in_sums_
  std::int32_t* source_;  // of the run's rows, in the dataset
  std::int32_t* label_;   // as the run has them
  const volatile RunSignals* signals_;
  int thread_;
  std::int64_t steps_ = 0;
  bool in_sums_ = false;
  Accumulator<2> group_[kGroups > 0 ? kGroups : 1];
  Accumulator<1> tile_[kTiles];
  float bias_[kFusedLayers];
};

// Blocks of one multiprocessor that registers must leave room for: as many as need no spills.
constexpr int min_blocks(int threads, int groups, int tiles) {
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
    if (threadIdx.x == 0) words.run = atomicAdd(scratch.next.data, 1);
    __syncthreads();
    const int number = words.run;
    if (number >= fleet.runs.size) return;
    const FusedRun& run = fleet.runs.data[number];
    BlockTraining<kThreads, kGroups, kTiles> training(
        fleet, run, fleet.plans.data[run.plan], memory, words, scratch.moments.data + blockIdx.x * 3 * launch.moments,
        scratch.rows.data + blockIdx.x * 2 * launch.rows, scratch.signals.data);
    const RunEnd end = training.train();
    if (threadIdx.x == 0) fleet.ends.data[number] = end;
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
  expects(shape.blocks >= 1 && scratch.moments.size >= shape.blocks * 3 * shape.moments &&
              scratch.rows.size >= shape.blocks * 2 * shape.rows && scratch.next.size == 1 && scratch.signals.size == 1,
          "fused_training: every block has its scratch");
  if (fleet.runs.empty()) return;
  launch(stream, shape_of(shape.variant, shape.blocks, shape.shared_bytes), kernel_of(shape.variant), fleet, shape,
         scratch);
}

}  // namespace plateau::gpu
