// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Kernels that are wrong on purpose, and the host code around one, to see that the emulated GPU and the sanitizers
// bark.
//
//   kernel_bugs BUG             runs it once: a sanitizer's report, a fault of the device, or "wrong: ..." is wanted
//   kernel_bugs BUG --mended    runs the same without the bug, in every order: "right" and exit code 0
//
// tests/simt/CMakeLists.txt lists which build finds which bug, and by what words.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "detail/cluster.cuh"
#include "detail/elements.cuh"
#include "plateau/gpu/buffer.hpp"
#include "plateau/gpu/graph.hpp"
#include "simt/orders.hpp"
#include "support/compare.hpp"

namespace plateau::gpu {
namespace {

enum class Version { wrong, mended };
constexpr Version wrong = Version::wrong;

constexpr int kThreads = 64;  // of a block; two warps

struct Tile {
  float at[kThreads];
};

struct Outcome {
  std::vector<float> got;
  std::vector<double> want;
};

// x[i] = 1 + i, on the device; and what comes back.
struct Data {
  explicit Data(Index size) : x(size), y(size), host(static_cast<std::size_t>(size)) {
    for (Index i = 0; i < size; ++i) host[static_cast<std::size_t>(i)] = static_cast<float>(1 + i);
    copy<float>(stream, {host.data(), size}, x.view());
    fill_bytes(stream, y.view(), 0);
    stream.synchronise();
  }
  std::vector<float> result() {
    std::vector<float> got(host.size());
    copy<float>(stream, y.view(), {got.data(), y.size()});
    stream.synchronise();
    return got;
  }
  // The first `size` results should be want(i).
  Outcome outcome(Index size, const std::function<double(int)>& want) {
    Outcome out{result(), {}};
    out.got.resize(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) out.want.push_back(want(i));
    return out;
  }

  Stream stream;
  DeviceBuffer<float> x, y;
  std::vector<float> host;
};

// ---- Shared memory --------------------------------------------------------------------------------------------------
// Reverses a block through shared memory.
template <Version version>
__global__ void missing_barrier_kernel(const float* x, float* y) {
  Tile& tile = shared<Tile>();
  tile.at[threadIdx.x] = x[threadIdx.x];
  if constexpr (version != wrong) __syncthreads();
  y[threadIdx.x] = tile.at[kThreads - 1 - threadIdx.x];
}
template <Version version>
Outcome missing_barrier() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, missing_barrier_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(kThreads, [](int i) { return kThreads - i; });
}

// Reverses twice through the same tile: x[i] + 2 * x[i] reversed.
template <Version version>
__global__ void write_after_read_kernel(const float* x, float* y) {
  Tile& tile = shared<Tile>();
  float sum = 0;
  for (int factor = 1; factor <= 2; ++factor) {
    tile.at[threadIdx.x] = static_cast<float>(factor) * x[threadIdx.x];
    __syncthreads();
    sum += tile.at[kThreads - 1 - threadIdx.x];
    if constexpr (version != wrong) __syncthreads();
  }
  y[threadIdx.x] = sum;
}
template <Version version>
Outcome write_after_read() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, write_after_read_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(kThreads, [](int i) { return 3 * (kThreads - i); });
}

// Each element plus its right neighbour, the last one alone.
template <Version version>
__global__ void shared_index_past_its_end_kernel(const float* x, float* y) {
  float* tile = shared<Tile>().at;
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const bool last = threadIdx.x + 1 == kThreads;
  y[threadIdx.x] = tile[threadIdx.x] + (version != wrong && last ? 0.0f : tile[threadIdx.x + 1]);
}
template <Version version>
Outcome shared_index_past_its_end() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, shared_index_past_its_end_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(kThreads, [](int i) { return 1 + i + (i + 1 == kThreads ? 0 : 2 + i); });
}

// The sum of a block in two steps, whose second takes more partial sums than there are.
template <Version version>
__global__ void unwritten_shared_memory_kernel(const float* x, float* y) {
  struct Partial {
    float of[kWarpSize];
  };
  Partial& partial = shared<Partial>();
  const unsigned lane = threadIdx.x % kWarpSize, warp = threadIdx.x / kWarpSize, warps = kThreads / kWarpSize;
  const auto warp_sum = [](float value) {
    for (int distance = kWarpSize / 2; distance > 0; distance /= 2)
      value += __shfl_xor_sync(kFullWarp, value, distance);
    return value;
  };
  const float sum = warp_sum(x[threadIdx.x]);
  if (lane == 0) partial.of[warp] = sum;
  __syncthreads();
  if (warp != 0) return;
  const float total = warp_sum(version == wrong || lane < warps ? partial.of[lane] : 0.0f);
  if (lane == 0) *y = total;
}
template <Version version>
Outcome unwritten_shared_memory() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, unwritten_shared_memory_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(1, [](int) { return kThreads * (kThreads + 1) / 2; });
}

// ---- Global memory --------------------------------------------------------------------------------------------------
constexpr Index kOddSize = kThreads - 13;

template <Version version>
__global__ void global_index_past_its_end_kernel(DeviceSpan<const float> x, float* y) {
  const Index i = threadIdx.x;
  if (version == wrong || i < x.size) y[i] = 2 * x.data[i];
}
template <Version version>
Outcome global_index_past_its_end() {
  Data data(kOddSize);
  launch(data.stream, {.block = dim3(kThreads)}, global_index_past_its_end_kernel<version>, data.x.view(),
         data.y.view().data);
  return data.outcome(kOddSize, [](int i) { return 2 * (1 + i); });
}

// Copies four floats per thread, from `offset` on; vectors are for multiples of four.
template <Version version>
__global__ void misaligned_vector_access_kernel(const float* x, float* y, int offset) {
  const float* from = x + offset + 4 * threadIdx.x;
  float* to = y + 4 * threadIdx.x;
  if (version == wrong || offset % 4 == 0)
    store(to, load<kVector>(from));
  else
    for (int i = 0; i < 4; ++i) to[i] = from[i];
}
template <Version version>
Outcome misaligned_vector_access() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads / 8)}, misaligned_vector_access_kernel<version>, data.x.view().data,
         data.y.view().data, 1);
  return data.outcome(kThreads / 2, [](int i) { return 2 + i; });
}

// All blocks add to one number; mended, each has its own.
template <Version version>
__global__ void race_between_blocks_kernel(const float* x, float* y) {
  if (threadIdx.x == 0) y[version == wrong ? 0 : blockIdx.x] += x[blockIdx.x];
}
template <Version version>
Outcome race_between_blocks() {
  constexpr int kBlocks = 4;
  Data data(kBlocks);
  launch(data.stream, {.grid = dim3(kBlocks), .block = dim3(kThreads)}, race_between_blocks_kernel<version>,
         data.x.view().data, data.y.view().data);
  Outcome out{data.result(), {1 + 2 + 3 + 4}};
  float sum = 0;
  for (const float y : out.got) sum += y;
  out.got = {sum};
  return out;
}

// ---- Blocks that run together ---------------------------------------------------------------------------------------
// Two blocks of a cluster swap what they were given, through the shared memory of the other.
template <Version version>
__global__ void missing_cluster_barrier_kernel(const float* x, float* y) {
  Tile& mine = shared<Tile>();
  mine.at[threadIdx.x] = x[blockIdx.x * kThreads + threadIdx.x];
  if constexpr (version != wrong) cluster_sync();
  y[blockIdx.x * kThreads + threadIdx.x] = cluster_map(&mine, 1 - cluster_rank())->at[kThreads - 1 - threadIdx.x];
  cluster_sync();
}
template <Version version>
Outcome missing_cluster_barrier() {
  Data data(2 * kThreads);
  launch(data.stream, {.grid = dim3(2), .block = dim3(kThreads), .cluster = dim3(2)},
         missing_cluster_barrier_kernel<version>, data.x.view().data, data.y.view().data);
  return data.outcome(2 * kThreads, [](int i) { return 2 * kThreads - i; });
}

template <Version version>
__global__ void exit_while_shared_memory_is_read_kernel(const float* x, float* y) {
  Tile& mine = shared<Tile>();
  mine.at[threadIdx.x] = x[blockIdx.x * kThreads + threadIdx.x];
  const Tile& other = *cluster_map(&mine, 1 - cluster_rank());
  cluster_sync();
  y[blockIdx.x * kThreads + threadIdx.x] = other.at[kThreads - 1 - threadIdx.x];
  if constexpr (version != wrong) cluster_sync();
}
template <Version version>
Outcome exit_while_shared_memory_is_read() {
  Data data(2 * kThreads);
  launch(data.stream, {.grid = dim3(2), .block = dim3(kThreads), .cluster = dim3(2)},
         exit_while_shared_memory_is_read_kernel<version>, data.x.view().data, data.y.view().data);
  return data.outcome(2 * kThreads, [](int i) { return 2 * kThreads - i; });
}

// A grid barrier by a counter; every block then reads what its neighbour wrote. The counter is y[blocks * kThreads].
template <Version version>
__global__ void grid_barrier_without_a_fence_kernel(const float* x, float* y, float* z) {
  auto* arrived = reinterpret_cast<unsigned*>(y + gridDim.x * kThreads);
  y[blockIdx.x * kThreads + threadIdx.x] = x[blockIdx.x * kThreads + threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) {
    if constexpr (version != wrong) __threadfence();
    atomicAdd(arrived, 1);
    while (atomicAdd(arrived, 0) < gridDim.x) __nanosleep(20);
    __threadfence();
  }
  __syncthreads();
  z[blockIdx.x * kThreads + threadIdx.x] = y[(blockIdx.x + 1) % gridDim.x * kThreads + threadIdx.x];
}
template <Version version>
Outcome grid_barrier_without_a_fence() {
  constexpr int kBlocks = 3;
  Data data(kBlocks * kThreads + 1);
  DeviceBuffer<float> scratch(kBlocks * kThreads + 1);
  fill_bytes(data.stream, scratch.view(), 0);
  launch(data.stream, {.grid = dim3(kBlocks), .block = dim3(kThreads), .cooperative = true},
         grid_barrier_without_a_fence_kernel<version>, data.x.view().data, scratch.view().data, data.y.view().data);
  return data.outcome(kBlocks * kThreads, [](int i) { return 1 + (i + kThreads) % (kBlocks * kThreads); });
}

// Hands a number on twice; the first time with a fence, which says nothing about what is written after it.
template <Version version>
__global__ void write_behind_its_fence_kernel(const float* x, float* y, float* z) {
  auto* flag = reinterpret_cast<unsigned*>(y + 2);
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) {
    for (unsigned i = 0; i < 2; ++i) {
      y[i] = x[i];
      if (version != wrong || i == 0) __threadfence();
      atomicExch(flag, 1 + i);
    }
  } else {
    for (unsigned i = 0; i < 2; ++i) {
      while (atomicAdd(flag, 0) < 1 + i) {
      }
      __threadfence();
      z[i] = y[i];
    }
  }
}
template <Version version>
Outcome write_behind_its_fence() {
  Data data(3);
  DeviceBuffer<float> scratch(3);
  fill_bytes(data.stream, scratch.view(), 0);
  launch(data.stream, {.grid = dim3(2), .block = dim3(kThreads), .cooperative = true},
         write_behind_its_fence_kernel<version>, data.x.view().data, scratch.view().data, data.y.view().data);
  return data.outcome(2, [](int i) { return 1 + i; });
}

// ---- Threads that wait for each other -------------------------------------------------------------------------------
template <Version version>
__global__ void divergent_barrier_kernel(const float* x, float* y) {
  Tile& tile = shared<Tile>();
  tile.at[threadIdx.x] = x[threadIdx.x];
  if (version == wrong && threadIdx.x < kWarpSize)
    __syncthreads();
  else
    __syncthreads();
  y[threadIdx.x] = tile.at[kThreads - 1 - threadIdx.x];
}
template <Version version>
Outcome divergent_barrier() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, divergent_barrier_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(kThreads, [](int i) { return kThreads - i; });
}

// Pairs of the first 16 lanes exchange their numbers.
template <Version version>
__global__ void full_mask_shuffle_in_a_branch_kernel(const float* x, float* y) {
  float value = x[threadIdx.x];
  if (threadIdx.x < 16) value = __shfl_xor_sync(version == wrong ? kFullWarp : 0x0000FFFFu, value, 1);
  __syncthreads();
  y[threadIdx.x] = value;
}
template <Version version>
Outcome full_mask_shuffle_in_a_branch() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, full_mask_shuffle_in_a_branch_kernel<version>, data.x.view().data,
         data.y.view().data);
  return data.outcome(kThreads, [](int i) { return 1 + (i < 16 ? i ^ 1 : i); });
}

// ---- The host -------------------------------------------------------------------------------------------------------
__global__ void copy_kernel(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }

template <Version version>
Outcome use_before_the_copy_has_run() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, copy_kernel, data.x.view().data, data.y.view().data);
  std::vector<float> back(kThreads);
  copy<float>(data.stream, data.y.view(), {back.data(), kThreads});
  if (version != wrong) data.stream.synchronise();
  Outcome out{back, {}};
  data.stream.synchronise();  // `back` must live until then in either version
  for (int i = 0; i < kThreads; ++i) out.want.push_back(1 + i);
  return out;
}

template <Version version>
Outcome host_memory_freed_before_its_copy_has_run() {
  Data data(kThreads);
  {
    const std::vector<float> soon_gone(kThreads, 7);
    copy<float>(data.stream, {soon_gone.data(), kThreads}, data.y.view());
    if (version != wrong) data.stream.synchronise();
  }
  return data.outcome(kThreads, [](int) { return 7; });
}

// y = the numbers after the kernel has doubled them, copied on a branch of a graph beside other work.
__global__ void double_kernel(float* x) { x[threadIdx.x] *= 2; }

template <Version version>
Outcome branch_that_begins_too_early() {
  Data data(kThreads);
  const Stream branch;
  Event doubled, copied;
  const Graph graph = capture(data.stream, [&] {
    if (version == wrong) doubled.record(data.stream);
    launch(data.stream, {.block = dim3(kThreads)}, double_kernel, data.x.view().data);
    if (version != wrong) doubled.record(data.stream);
    branch.wait(doubled);
    launch(branch, {.block = dim3(kThreads)}, copy_kernel, data.x.view().data, data.y.view().data);
    copied.record(branch);
    data.stream.wait(copied);
  });
  graph.replay(data.stream);
  return data.outcome(kThreads, [](int i) { return 2 * (1 + i); });
}

// ---- Arithmetic -----------------------------------------------------------------------------------------------------
// exp(a) / (exp(a) + exp(1)) for a = x[i] + 100, whose exponential is infinite: the larger one must be taken off first.
template <Version version>
__global__ void nan_result_kernel(const float* x, float* y) {
  const float a = x[threadIdx.x] + 100;
  const float off = version == wrong ? 0 : a;
  y[threadIdx.x] = expf(a - off) / (expf(a - off) + expf(1 - off));
}
template <Version version>
Outcome nan_result() {
  Data data(kThreads);
  launch(data.stream, {.block = dim3(kThreads)}, nan_result_kernel<version>, data.x.view().data, data.y.view().data);
  return data.outcome(kThreads, [](int) { return 1.0; });
}

// ---- Choosing one ---------------------------------------------------------------------------------------------------
struct Bug {
  Outcome (*wrong)();
  Outcome (*mended)();
};
const std::map<std::string, Bug> kBugs = {
    {"missing_barrier", {missing_barrier<wrong>, missing_barrier<Version::mended>}},
    {"write_after_read", {write_after_read<wrong>, write_after_read<Version::mended>}},
    {"shared_index_past_its_end", {shared_index_past_its_end<wrong>, shared_index_past_its_end<Version::mended>}},
    {"unwritten_shared_memory", {unwritten_shared_memory<wrong>, unwritten_shared_memory<Version::mended>}},
    {"global_index_past_its_end", {global_index_past_its_end<wrong>, global_index_past_its_end<Version::mended>}},
    {"misaligned_vector_access", {misaligned_vector_access<wrong>, misaligned_vector_access<Version::mended>}},
    {"race_between_blocks", {race_between_blocks<wrong>, race_between_blocks<Version::mended>}},
    {"missing_cluster_barrier", {missing_cluster_barrier<wrong>, missing_cluster_barrier<Version::mended>}},
    {"exit_while_shared_memory_is_read",
     {exit_while_shared_memory_is_read<wrong>, exit_while_shared_memory_is_read<Version::mended>}},
    {"grid_barrier_without_a_fence",
     {grid_barrier_without_a_fence<wrong>, grid_barrier_without_a_fence<Version::mended>}},
    {"write_behind_its_fence", {write_behind_its_fence<wrong>, write_behind_its_fence<Version::mended>}},
    {"divergent_barrier", {divergent_barrier<wrong>, divergent_barrier<Version::mended>}},
    {"full_mask_shuffle_in_a_branch",
     {full_mask_shuffle_in_a_branch<wrong>, full_mask_shuffle_in_a_branch<Version::mended>}},
    {"use_before_the_copy_has_run", {use_before_the_copy_has_run<wrong>, use_before_the_copy_has_run<Version::mended>}},
    {"branch_that_begins_too_early",
     {branch_that_begins_too_early<wrong>, branch_that_begins_too_early<Version::mended>}},
    {"host_memory_freed_before_its_copy_has_run",
     {host_memory_freed_before_its_copy_has_run<wrong>, host_memory_freed_before_its_copy_has_run<Version::mended>}},
    {"nan_result", {nan_result<wrong>, nan_result<Version::mended>}},
};

// Whether the result is right; says so where it is not.
bool right(const Outcome& outcome) {
  const double error = test::relative_error(outcome.got, outcome.want);
  if (error <= 4 * test::kEps32) return true;
  std::printf("wrong: the relative error is %g\n", error);
  return false;
}

int run(const Bug& bug, bool mended) {
  bool all_right = true;
  if (mended)
    simt::for_each_order([&] { all_right = right(bug.mended()) && all_right; });
  else
    all_right = right(bug.wrong());
  if (all_right) std::puts("right");
  return all_right ? 0 : 1;
}

}  // namespace
}  // namespace plateau::gpu

int main(int count, char** arguments) {
  const auto bug = count >= 2 ? plateau::gpu::kBugs.find(arguments[1]) : plateau::gpu::kBugs.end();
  const bool mended = count == 3 && std::strcmp(arguments[2], "--mended") == 0;
  if (bug == plateau::gpu::kBugs.end() || (count == 3 && !mended) || count > 3) {
    std::fputs("usage: kernel_bugs BUG [--mended]\n", stderr);
    return 2;
  }
  try {
    return plateau::gpu::run(bug->second, mended);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    return 1;
  }
}
