// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/runtime.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "simt/emulator.hpp"
#include "simt/orders.hpp"

namespace plateau::simt::runtime_test {
namespace {

constexpr std::size_t kCount = 100;
constexpr std::size_t kBytes = kCount * sizeof(float);

class Runtime : public testing::Test {
 protected:
  Runtime() {
    options().order = Order::ascending;  // where a test chooses no other
    for (cudaStream_t* stream : {&stream_, &other_})
      EXPECT_EQ(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), cudaSuccess);
    for (cudaEvent_t* event : {&event_, &back_})
      EXPECT_EQ(cudaEventCreateWithFlags(event, cudaEventDefault), cudaSuccess);
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&data_), kBytes), cudaSuccess);
    void* pinned = nullptr;
    EXPECT_EQ(cudaHostAlloc(&pinned, kBytes, cudaHostAllocMapped), cudaSuccess);
    pinned_ = static_cast<float*>(pinned);
    forget_calls();
  }
  ~Runtime() override {
    cudaDeviceSynchronize();
    cudaGetLastError();
    EXPECT_EQ(cudaFree(data_), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned_), cudaSuccess);
    for (const cudaEvent_t event : {event_, back_}) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    for (const cudaStream_t stream : {stream_, other_}) EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  }

  // data[i] = data[i] * factor + term, by a kernel.
  cudaError_t update(cudaStream_t stream, float factor, float term) {
    return enqueue_kernel(stream, dim3(1), dim3(kCount),
                          [data = data_, factor, term] { data[threadIdx.x] = data[threadIdx.x] * factor + term; });
  }
  cudaError_t fill_zero(cudaStream_t stream) { return cudaMemsetAsync(data_, 0, kBytes, stream); }
  float first() const { return *data_; }  // of what is on the device now
  cudaGraphExec_t instantiate(cudaGraph_t graph) {
    cudaGraphExec_t executable = nullptr;
    EXPECT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
    return executable;
  }

  const KeptOptions kept_options_;
  cudaStream_t stream_ = nullptr, other_ = nullptr;
  cudaEvent_t event_ = nullptr, back_ = nullptr;
  float* data_ = nullptr;
  float* pinned_ = nullptr;
};

// ---- Deferred streams -----------------------------------------------------------------------------------------------
TEST_F(Runtime, nothing_runs_before_the_host_waits) {
  EXPECT_EQ(fill_zero(stream_), cudaSuccess);
  EXPECT_EQ(update(stream_, 1, 3), cudaSuccess);
  EXPECT_TRUE(std::isnan(first()));

  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);

  EXPECT_EQ(first(), 3);
}

TEST_F(Runtime, the_host_sees_nan_until_it_has_waited_for_a_copy) {
  std::vector<float> host(kCount, 7);
  fill_zero(stream_);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), data_, kBytes, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  for (const float x : host) EXPECT_TRUE(std::isnan(x));

  cudaStreamSynchronize(stream_);

  EXPECT_EQ(host, std::vector<float>(kCount, 0));
}

TEST_F(Runtime, a_copy_to_the_device_reads_its_source_when_it_runs) {
  std::vector<float> host(kCount, 1);
  EXPECT_EQ(cudaMemcpyAsync(data_, host.data(), kBytes, cudaMemcpyHostToDevice, stream_), cudaSuccess);
  host[0] = 2;

  cudaStreamSynchronize(stream_);

  EXPECT_EQ(first(), 2);
}

// A GPU may have done anything by then that nothing orders: what is missing shows in one order, what is too early in
// another.
TEST_F(Runtime, waiting_for_one_stream_runs_no_other_or_all_others_first_or_some) {
  const auto run_of_other = [&](Order order) {
    const KeptOptions kept;
    options().order = order;
    int ran = 0;
    fill_zero(stream_);
    for (int i = 0; i < 3; ++i) enqueue(stream_, [] {});
    for (int i = 0; i < 4; ++i) enqueue(other_, [&] { ++ran; });
    cudaStreamSynchronize(stream_);
    EXPECT_EQ(first(), 0);
    const int by_then = ran;
    cudaDeviceSynchronize();
    EXPECT_EQ(ran, 4);
    return by_then;
  };
  EXPECT_EQ(run_of_other(Order::ascending), 0);
  EXPECT_EQ(run_of_other(Order::descending), 4);
  std::set<int> in_random_order;
  for (int i = 0; i < 50; ++i) in_random_order.insert(run_of_other(Order::random));
  EXPECT_GE(in_random_order.size(), 3u);
}

TEST_F(Runtime, freeing_waits_for_everything_in_every_order) {
  for_each_order([&] {
    void* more = nullptr;
    cudaMalloc(&more, 16);
    fill_zero(stream_);
    update(stream_, 1, 4);
    int in_other = 0;
    enqueue(other_, [&] { in_other = 1; });
    EXPECT_EQ(cudaFree(more), cudaSuccess);
    EXPECT_EQ(first(), 4);
    EXPECT_EQ(in_other, 1);
  });
}

TEST_F(Runtime, the_work_of_a_destroyed_stream_goes_on) {
  cudaStream_t brief = nullptr;
  cudaStreamCreateWithFlags(&brief, cudaStreamNonBlocking);
  fill_zero(brief);
  EXPECT_EQ(cudaStreamDestroy(brief), cudaSuccess);
  EXPECT_TRUE(std::isnan(first()));
  cudaDeviceSynchronize();
  EXPECT_EQ(first(), 0);
  EXPECT_EQ(fill_zero(brief), cudaErrorInvalidResourceHandle);
}

TEST_F(Runtime, rows_with_strides_are_copied_and_filled) {
  const std::vector<float> host = {1, 2, -1, 3, 4, -1};  // 2 x 2, stride 3
  std::vector<float> back(kCount);
  constexpr std::size_t kFloat = sizeof(float);
  EXPECT_EQ(cudaMemset2DAsync(data_, 4 * kFloat, 0, 3 * kFloat, 2, stream_), cudaSuccess);
  EXPECT_EQ(
      cudaMemcpy2DAsync(data_, 4 * kFloat, host.data(), 3 * kFloat, 2 * kFloat, 2, cudaMemcpyHostToDevice, stream_),
      cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(back.data(), data_, kBytes, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(std::vector<float>(back.begin(), back.begin() + 3), (std::vector<float>{1, 2, 0}));
  EXPECT_EQ(std::vector<float>(back.begin() + 4, back.begin() + 7), (std::vector<float>{3, 4, 0}));
  EXPECT_TRUE(std::isnan(back[3]) && std::isnan(back[7])) << "between and behind the rows";
  EXPECT_EQ(cudaMemcpy2DAsync(data_, kFloat, host.data(), kFloat, 2 * kFloat, 2, cudaMemcpyHostToDevice, stream_),
            cudaErrorInvalidPitchValue);
}

TEST_F(Runtime, a_function_of_the_host_runs_in_its_turn) {
  float seen = -1;
  fill_zero(stream_);
  EXPECT_EQ(enqueue(stream_, [&] { seen = first(); }), cudaSuccess);
  update(stream_, 1, 5);
  EXPECT_EQ(cudaLaunchHostFunc(
                stream_, [](void* to) { *static_cast<float*>(to) += 0.5f; }, data_),
            cudaSuccess);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(first(), 5.5f);
}

// ---- Events ---------------------------------------------------------------------------------------------------------
TEST_F(Runtime, a_stream_waits_for_the_event_of_another) {
  for_each_order([&] {
    fill_zero(stream_);
    update(stream_, 1, 2);
    EXPECT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
    int behind_the_mark = 0;
    enqueue(stream_, [&] { behind_the_mark = 1; });
    EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaSuccess);
    update(other_, 10, 0);

    EXPECT_EQ(cudaStreamSynchronize(other_), cudaSuccess);
    EXPECT_EQ(first(), 20);

    cudaStreamSynchronize(stream_);
    EXPECT_EQ(behind_the_mark, 1);
  });
}

TEST_F(Runtime, an_event_that_was_recorded_again_is_waited_for_where_it_was_when_asked) {
  fill_zero(stream_);
  cudaEventRecord(event_, stream_);
  cudaStreamWaitEvent(other_, event_, 0);
  update(stream_, 1, 1);
  cudaEventRecord(event_, stream_);
  cudaStreamSynchronize(other_);
  EXPECT_EQ(first(), 0);
}

TEST_F(Runtime, asking_an_event_makes_progress_until_it_has_passed) {
  EXPECT_EQ(cudaEventQuery(event_), cudaSuccess) << "never recorded";
  int ran = 0;
  for (int i = 0; i < 100; ++i) enqueue(stream_, [&] { ++ran; });
  cudaEventRecord(event_, stream_);
  enqueue(stream_, [&] { ran = -1; });  // behind the mark

  int asked = 0;
  while (cudaEventQuery(event_) == cudaErrorNotReady) {
    ++asked;
    EXPECT_LT(ran, 100);
  }
  EXPECT_GE(asked, 2);
  EXPECT_EQ(ran, 100);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotReady);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(ran, -1);
}

TEST_F(Runtime, asking_an_event_does_not_wait_for_what_another_thread_makes_the_device_do) {
  std::atomic<bool> begun{false}, may_end{false};
  ASSERT_EQ(enqueue(stream_,
                    [&] {
                      begun = true;
                      while (!may_end) std::this_thread::yield();
                    }),
            cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event_, stream_), cudaSuccess);
  std::thread other([&] { EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess); });
  while (!begun) std::this_thread::yield();
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorNotReady);
  may_end = true;
  other.join();
  EXPECT_EQ(cudaEventQuery(event_), cudaSuccess);
}

TEST_F(Runtime, an_event_that_waits_for_another_stream_passes_by_asking) {
  int ran = 0;
  for (int i = 0; i < 50; ++i) enqueue(other_, [&] { ++ran; });
  cudaEventRecord(event_, other_);
  cudaStreamWaitEvent(stream_, event_, 0);
  cudaEventRecord(back_, stream_);
  while (cudaEventQuery(back_) == cudaErrorNotReady) {
  }
  EXPECT_EQ(ran, 50);
}

TEST_F(Runtime, waiting_for_an_event_runs_what_precedes_it) {
  fill_zero(stream_);
  cudaEventRecord(event_, stream_);
  update(stream_, 1, 1);
  EXPECT_EQ(cudaEventSynchronize(event_), cudaSuccess);
  EXPECT_EQ(first(), 0);
}

TEST_F(Runtime, time_passes_between_marks_that_have_passed) {
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event_, back_), cudaErrorInvalidResourceHandle);
  cudaEventRecord(event_, stream_);
  enqueue(stream_, [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); });
  cudaEventRecord(back_, stream_);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event_, back_), cudaErrorNotReady);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event_, back_), cudaSuccess);
  EXPECT_GE(milliseconds, 2);
}

TEST_F(Runtime, time_by_tasks_is_what_has_run_between_two_marks) {
  const auto between = [&](int tasks) {
    cudaEventRecord(event_, stream_);
    for (int i = 0; i < tasks; ++i) enqueue(stream_, [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
    cudaEventRecord(back_, stream_);
    cudaStreamSynchronize(stream_);
    float milliseconds = -1;
    EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event_, back_), cudaSuccess);
    return milliseconds;
  };
  {
    const TimeByTasks clock(std::chrono::microseconds(250));
    EXPECT_EQ(between(0), 0);
    EXPECT_EQ(between(2), 0.5f);
  }
  EXPECT_GE(between(1), 1) << "the steady clock again";
}

// ---- Graphs ---------------------------------------------------------------------------------------------------------
TEST_F(Runtime, a_capture_records_and_its_graph_is_replayed) {
  cudaStreamCaptureStatus status{};
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_EQ(cudaStreamIsCapturing(stream_, &status), cudaSuccess);
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  EXPECT_EQ(update(stream_, 2, 1), cudaSuccess);
  pinned_[0] = 5;
  EXPECT_EQ(cudaMemcpyAsync(pinned_, data_, kBytes, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  std::size_t nodes = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 2u);
  const cudaGraphExec_t executable = instantiate(graph);
  EXPECT_EQ(pinned_[0], 5) << "a capture touches nothing";

  fill_zero(stream_);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cudaGraphLaunch(executable, stream_), cudaSuccess);
  EXPECT_TRUE(std::isnan(pinned_[0]));
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess) << "what is queued goes on";
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(pinned_[0], 7);
}

TEST_F(Runtime, an_empty_capture_is_a_graph) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  std::size_t nodes = 1;
  cudaGraphGetNodes(graph, nullptr, &nodes);
  EXPECT_EQ(nodes, 0u);
  const cudaGraphExec_t executable = instantiate(graph);
  EXPECT_EQ(cudaGraphLaunch(executable, stream_), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  cudaGraphExecDestroy(executable);
}

TEST_F(Runtime, a_stream_joins_a_capture_by_waiting_and_is_waited_for_at_its_end) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  fill_zero(stream_);
  cudaEventRecord(event_, stream_);
  EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaSuccess);
  update(other_, 1, 3);
  cudaEventRecord(back_, other_);
  EXPECT_EQ(cudaStreamWaitEvent(stream_, back_, 0), cudaSuccess);
  update(stream_, 2, 0);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(other_, &graph), cudaErrorStreamCaptureUnmatched);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  std::size_t nodes = 0;
  cudaGraphGetNodes(graph, nullptr, &nodes);
  EXPECT_EQ(nodes, 3u);
  const cudaGraphExec_t executable = instantiate(graph);
  cudaGraphLaunch(executable, other_);
  cudaStreamSynchronize(other_);
  EXPECT_EQ(first(), 6);
  cudaGraphExecDestroy(executable);
}

TEST_F(Runtime, work_of_a_joined_stream_that_nothing_waits_for_spoils_the_capture) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaEventRecord(event_, stream_);
  cudaStreamWaitEvent(other_, event_, 0);
  cudaEventRecord(back_, other_);
  fill_zero(other_);  // behind the mark
  cudaStreamWaitEvent(stream_, back_, 0);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(graph, nullptr);
  EXPECT_EQ(fill_zero(other_), cudaSuccess) << "the stream is usable again";
}

TEST_F(Runtime, a_capture_waits_for_no_work_from_outside) {
  cudaEventRecord(event_, other_);
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(cudaStreamWaitEvent(stream_, event_, 0), cudaErrorStreamCaptureIsolation);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(Runtime, two_captures_do_not_merge) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaStreamBeginCapture(other_, cudaStreamCaptureModeThreadLocal);
  cudaEventRecord(event_, other_);
  EXPECT_EQ(cudaStreamWaitEvent(stream_, event_, 0), cudaErrorStreamCaptureMerge);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(cudaStreamEndCapture(other_, &graph), cudaErrorStreamCaptureInvalidated);
}

TEST_F(Runtime, what_a_capture_forbids_is_refused_and_spoils_it) {
  void* memory = nullptr;
  std::vector<float> pageable(kCount);
  const std::vector<std::function<cudaError_t()>> forbidden = {
      [&] { return cudaMalloc(&memory, 16); },
      [&] { return cudaFree(data_); },
      [&] { return cudaHostAlloc(&memory, 16, cudaHostAllocMapped); },
      [&] { return cudaFreeHost(pinned_); },
      [&] { return cudaFreeAsync(data_, stream_); },
      [&] { return cudaStreamSynchronize(stream_); },
      [&] { return cudaDeviceSynchronize(); },
      [&] { return cudaEventQuery(event_); },
      [&] { return cudaEventSynchronize(event_); },
      [&] { return cudaMemcpyAsync(data_, pageable.data(), kBytes, cudaMemcpyHostToDevice, stream_); },
      [&] { return cudaMemcpyAsync(pageable.data(), data_, kBytes, cudaMemcpyDeviceToHost, stream_); },
  };
  for (std::size_t i = 0; i < forbidden.size(); ++i) {
    SCOPED_TRACE(i);
    cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
    EXPECT_EQ(forbidden[i](), cudaErrorStreamCaptureUnsupported);
    EXPECT_EQ(fill_zero(stream_), cudaErrorStreamCaptureInvalidated);
    cudaStreamCaptureStatus status{};
    cudaStreamIsCapturing(stream_, &status);
    EXPECT_EQ(status, cudaStreamCaptureStatusInvalidated);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
  }
  EXPECT_EQ(memory, nullptr);
  EXPECT_EQ(pageable[0], 0) << "what was refused touches nothing";
}

TEST_F(Runtime, an_event_of_a_capture_is_no_event_to_wait_for) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaEventRecord(event_, stream_);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorCapturedEvent);
  EXPECT_EQ(cudaEventSynchronize(event_), cudaErrorCapturedEvent);
  EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaErrorCapturedEvent);
}

TEST_F(Runtime, the_capture_of_one_thread_leaves_another_alone) {
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  cudaError_t in_thread = cudaErrorInvalidValue;
  std::thread([&] {
    void* memory = nullptr;
    in_thread = cudaMalloc(&memory, 16);
    cudaFree(memory);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureWrongThread);
  }).join();
  EXPECT_EQ(in_thread, cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
}

// ---- Faults ---------------------------------------------------------------------------------------------------------
TEST_F(Runtime, a_fault_is_told_once_by_the_call_that_waits) {
  const int line = __LINE__ + 2;
  const auto kernel = [] {
    if (threadIdx.x < 32) __syncthreads();
  };
  fill_zero(stream_);
  EXPECT_EQ(enqueue_kernel(stream_, dim3(1), dim3(64), kernel), cudaSuccess);
  update(stream_, 1, 9);  // lost with the fault
  update(other_, 1, 9);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorLaunchFailure);
  const std::string words = cudaGetErrorString(cudaErrorLaunchFailure);
  EXPECT_NE(words.find("kernel fault in block (0,0,0)"), std::string::npos) << words;
  EXPECT_NE(words.find("runtime_test.cpp:" + std::to_string(line)), std::string::npos) << words;
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);

  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(first(), 0);
  EXPECT_EQ(update(stream_, 1, 2), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(first(), 2);
}

TEST_F(Runtime, a_fault_that_freeing_brings_to_light_is_news_for_the_next_call_that_waits) {
  void* memory = nullptr;
  cudaMalloc(&memory, 16);
  enqueue(stream_, [] { throw std::runtime_error("the host's own mistake"); });
  EXPECT_EQ(cudaFree(memory), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaStreamSynchronize(other_), cudaErrorLaunchFailure);
  EXPECT_STREQ(cudaGetErrorString(cudaErrorLaunchFailure), "the host's own mistake");
  EXPECT_EQ(cudaStreamSynchronize(other_), cudaSuccess);
}

TEST_F(Runtime, nobody_waits_for_a_mark_that_a_fault_has_made_unreachable) {
  enqueue(stream_, [] { throw std::runtime_error("fault"); });
  cudaEventRecord(event_, stream_);
  cudaStreamWaitEvent(other_, event_, 0);
  EXPECT_EQ(cudaStreamSynchronize(other_), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaEventSynchronize(event_), cudaSuccess);
}

TEST_F(Runtime, refuses_launches_that_a_gpu_refuses) {
  EXPECT_EQ(enqueue_kernel(stream_, dim3(1), dim3(1025), [] {}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(enqueue_kernel(stream_, dim3(0), dim3(1), [] {}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidConfiguration), "cudaErrorInvalidConfiguration");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidConfiguration), "invalid configuration argument");
}

TEST_F(Runtime, a_kernel_opts_in_to_much_shared_memory_and_large_clusters) {
  const int kernel = 0, other = 0;  // functions are told apart by their addresses
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = 16;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(16);
  config.blockDim = dim3(32);
  config.dynamicSmemBytes = 50 << 10;
  config.stream = stream_;
  std::atomic<int> runs = 0;
  const auto enqueue = [&] { return enqueue_kernel(config, &kernel, [&] { ++runs; }); };

  EXPECT_EQ(enqueue(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFuncSetAttribute(&kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 50 << 10), cudaSuccess);
  EXPECT_EQ(enqueue(), cudaSuccess);
  EXPECT_EQ(enqueue_kernel(config, &other, [] {}), cudaErrorInvalidValue) << "it was another that opted in";

  config.attrs = &attribute;
  config.numAttrs = 1;
  int clusters = -1;
  EXPECT_EQ(enqueue(), cudaErrorInvalidClusterSize);
  EXPECT_EQ(cudaOccupancyMaxActiveClusters(&clusters, &kernel, &config), cudaErrorInvalidClusterSize);
  EXPECT_EQ(cudaFuncSetAttribute(&kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1), cudaSuccess);
  EXPECT_EQ(enqueue(), cudaSuccess);
  EXPECT_EQ(cudaOccupancyMaxActiveClusters(&clusters, &kernel, &config), cudaSuccess);
  EXPECT_EQ(clusters, 1);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  EXPECT_EQ(runs, 2 * 16 * 32);

  EXPECT_EQ(cudaFuncSetAttribute(&kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (227 << 10) + 1),
            cudaErrorInvalidValue);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidClusterSize), "cudaErrorInvalidClusterSize");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorCooperativeLaunchTooLarge), "cudaErrorCooperativeLaunchTooLarge");
}

TEST_F(Runtime, a_cooperative_launch_is_no_larger_than_the_device) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config{};
  config.blockDim = dim3(1024);
  config.stream = stream_;
  config.attrs = &attribute;
  config.numAttrs = 1;
  int blocks = 0;
  const void* const kernel = nullptr;  // so that the toolkit's template for kernels of any type is not meant
  EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, 1024, 0), cudaSuccess);
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, 32, 49 << 10), cudaSuccess);
  EXPECT_EQ(blocks, 0) << "without having opted in";
  config.gridDim = dim3(2 * 4 + 1);
  EXPECT_EQ(enqueue_kernel(config, nullptr, [] {}), cudaErrorCooperativeLaunchTooLarge);
  attribute.val.cooperative = 0;
  EXPECT_EQ(enqueue_kernel(config, nullptr, [] {}), cudaSuccess);
}

TEST_F(Runtime, refuses_the_default_stream) {
  EXPECT_EQ(update(nullptr, 1, 1), cudaErrorInvalidValue);
  EXPECT_EQ(fill_zero(nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(pinned_, data_, kBytes, cudaMemcpyDeviceToHost, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaEventRecord(event_, nullptr), cudaErrorInvalidValue);
}

// ---- Memory ---------------------------------------------------------------------------------------------------------
TEST_F(Runtime, memory_is_aligned_and_full_of_nan_and_counted) {
  std::size_t before = 0, during = 0, total = 0;
  cudaMemGetInfo(&before, &total);
  EXPECT_EQ(total, std::size_t{4} << 30);
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, 1001), cudaSuccess);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0u);
  EXPECT_EQ(static_cast<unsigned char*>(memory)[1000], 0xFF);
  cudaMemGetInfo(&during, &total);
  EXPECT_EQ(before - during, 1001u);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
  cudaMemGetInfo(&during, &total);
  EXPECT_EQ(during, before);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  int on_the_stack = 0;
  EXPECT_EQ(cudaFree(&on_the_stack), cudaErrorInvalidValue);
}

TEST_F(Runtime, there_is_no_more_than_four_gibibytes) {
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, std::size_t{4} << 30), cudaErrorMemoryAllocation) << "a part is in use";
  EXPECT_EQ(memory, nullptr);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
}

TEST_F(Runtime, copies_want_each_side_in_its_memory) {
  std::vector<float> host(kCount);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), host.data(), 4, cudaMemcpyHostToDevice, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(data_, data_, 4, cudaMemcpyHostToDevice, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(data_, host.data(), 4, cudaMemcpyDeviceToHost, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(data_ + 1, host.data(), kBytes, cudaMemcpyHostToDevice, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(data_, data_ + 1, 4, cudaMemcpyHostToHost, stream_), cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemsetAsync(host.data(), 0, 4, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemsetAsync(data_, 0, kBytes + 1, stream_), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(data_, data_ + 1, 4, cudaMemcpyDeviceToDevice, stream_), cudaSuccess);
}

TEST_F(Runtime, mapped_memory_is_the_hosts_and_the_devices) {
  void* seen_by_device = nullptr;
  EXPECT_EQ(cudaHostGetDevicePointer(&seen_by_device, pinned_, 0), cudaSuccess);
  pinned_[0] = 1;
  enqueue_kernel(stream_, dim3(1), dim3(1), [p = static_cast<float*>(seen_by_device)] { *p += 1; });
  pinned_[0] = 5;
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(pinned_[0], 6);
  int on_the_stack = 0;
  EXPECT_EQ(cudaHostGetDevicePointer(&seen_by_device, &on_the_stack, 0), cudaErrorInvalidValue);
}

TEST_F(Runtime, memory_of_a_stream_is_given_back_in_its_turn) {
  std::size_t before = 0, after = 0, total = 0;
  cudaMemGetInfo(&before, &total);
  void* memory = nullptr;
  EXPECT_EQ(cudaMallocAsync(&memory, 64, stream_), cudaSuccess);
  EXPECT_EQ(cudaMemsetAsync(memory, 0, 64, stream_), cudaSuccess);
  EXPECT_EQ(cudaFreeAsync(memory, stream_), cudaSuccess);
  cudaMemGetInfo(&after, &total);
  EXPECT_EQ(before - after, 64u);
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
  cudaMemGetInfo(&after, &total);
  EXPECT_EQ(after, before);
}

// fork: a; branch b1, b2 in the other stream beside c1, c2; join: d.
TEST_F(Runtime, the_branches_of_a_graph_take_turns_in_every_way_that_their_dependencies_allow) {
  std::string ran;
  const auto note = [&](cudaStream_t stream, const char* name) { enqueue(stream, [&ran, name] { ran += name; }); };
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  note(stream_, "a");
  cudaEventRecord(event_, stream_);
  cudaStreamWaitEvent(other_, event_, 0);
  note(other_, "b");
  note(other_, "B");
  cudaEventRecord(back_, other_);
  note(stream_, "c");
  note(stream_, "C");
  cudaStreamWaitEvent(stream_, back_, 0);
  note(stream_, "d");
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  const cudaGraphExec_t executable = instantiate(graph);

  std::set<std::string> seen;
  for_each_order([&] {
    ran.clear();
    cudaGraphLaunch(executable, stream_);
    cudaStreamSynchronize(stream_);
    seen.insert(ran);
    if (options().order == Order::ascending) {
      EXPECT_EQ(ran, "abBcCd");
    }
    if (options().order == Order::descending) {
      EXPECT_EQ(ran, "acCbBd");
    }
  });
  const KeptOptions kept;
  options().order = Order::random;
  for (int launch = 0; launch < 200; ++launch) {
    ran.clear();
    cudaGraphLaunch(executable, stream_);
    cudaStreamSynchronize(stream_);
    seen.insert(ran);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"abBcCd", "abcBCd", "abcCBd", "acbBCd", "acbCBd", "acCbBd"}));
  cudaGraphExecDestroy(executable);
}

TEST_F(Runtime, captured_memory_of_a_stream_is_the_graphs) {
  std::size_t before = 0, during = 0, after = 0, total = 0;
  cudaMemGetInfo(&before, &total);
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  float* scratch = nullptr;
  EXPECT_EQ(cudaMallocAsync(reinterpret_cast<void**>(&scratch), sizeof(float), stream_), cudaSuccess);
  enqueue_kernel(stream_, dim3(1), dim3(1), [scratch, seen = data_] {
    *seen = *scratch;
    *scratch = 1;
  });
  EXPECT_EQ(cudaFreeAsync(scratch, stream_), cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  std::size_t nodes = 0;
  cudaGraphGetNodes(graph, nullptr, &nodes);
  EXPECT_EQ(nodes, 3u);
  const cudaGraphExec_t executable = instantiate(graph);
  for (int launch = 0; launch < 2; ++launch) {
    fill_zero(stream_);
    cudaGraphLaunch(executable, stream_);
    cudaStreamSynchronize(stream_);
    EXPECT_TRUE(std::isnan(*data_)) << "the memory holds what the launch before left there";
  }
  cudaMemGetInfo(&during, &total);
  EXPECT_EQ(before - during, sizeof(float));
  cudaGraphExecDestroy(executable);
  cudaMemGetInfo(&after, &total);
  EXPECT_EQ(after, before);

  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(cudaFreeAsync(data_, stream_), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
}

// ---- The rest -------------------------------------------------------------------------------------------------------
TEST_F(Runtime, describes_itself) {
  int count = 0, driver = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "emulated GPU");
  EXPECT_EQ(properties.major * 10 + properties.minor, 90);
  EXPECT_EQ(properties.multiProcessorCount, 4);
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  int clock_khz = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, 0), cudaSuccess);
  EXPECT_EQ(clock_khz, 1'000'000);
  EXPECT_EQ(cudaDeviceGetAttribute(&clock_khz, cudaDevAttrClockRate, 1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDriverGetVersion(&driver), cudaSuccess);
  EXPECT_EQ(driver, CUDART_VERSION);
}

TEST_F(Runtime, notes_what_the_host_asks_for) {
  fill_zero(stream_);
  update(stream_, 1, 1);
  cudaMemcpyAsync(pinned_, data_, kBytes, cudaMemcpyDeviceToHost, stream_);
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  update(stream_, 1, 1);
  update(stream_, 1, 1);
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream_, &graph);
  const cudaGraphExec_t executable = instantiate(graph);
  cudaGraphLaunch(executable, stream_);
  cudaStreamSynchronize(stream_);
  EXPECT_EQ(calls(),
            (std::vector<Call>{Call::fill, Call::launch, Call::copy_to_host, Call::graph_launch, Call::synchronise}));

  forget_calls();
  cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal);
  void* memory = nullptr;
  cudaMalloc(&memory, 4);
  cudaStreamEndCapture(stream_, &graph);
  EXPECT_EQ(calls(), std::vector<Call>{Call::allocation}) << "forbidden, and noted";
  cudaGraphExecDestroy(executable);
}

TEST_F(Runtime, host_threads_share_the_device) {
  std::atomic<int> ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      cudaStream_t mine = nullptr;
      cudaStreamCreateWithFlags(&mine, cudaStreamNonBlocking);
      for (int i = 0; i < 20; ++i) {
        enqueue_kernel(mine, dim3(2), dim3(32), [&] {
          __syncthreads();
          ++ran;
        });
        EXPECT_EQ(cudaStreamSynchronize(mine), cudaSuccess);
      }
      cudaStreamDestroy(mine);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, 4 * 20 * 64);
}

}  // namespace
}  // namespace plateau::simt::runtime_test
