// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The emulated CUDA runtime, seen by tests. It is linked instead of libcudart and serves the runtime's own entry points
// over host memory, so that the code under test is the code that runs on a GPU.
//
// Streams are queues: nothing runs until the host waits for it (cudaStreamSynchronize, cudaDeviceSynchronize,
// cudaEventSynchronize, cudaFree) or asks (cudaEventQuery runs a few tasks). A copy reads its source when it runs, and
// the target of a copy to the host is filled with 0xFF when it is queued: a host that does not wait reads NaN.
// A fault of a kernel (engine.hpp) is what a crash is on a GPU: everything queued is lost, and the call that waits
// returns cudaErrorLaunchFailure, whose cudaGetErrorString is then the fault's text. Unlike a GPU, the device goes on.
#pragma once

#include <cuda_runtime.h>

#include <chrono>
#include <functional>
#include <vector>

namespace plateau::simt {

// What the host asked of the runtime. While a stream captures, its work is no call: launching the graph will be one.
// Calls that a capture forbids are noted even then.
enum class Call {
  allocation,
  release,
  launch,
  graph_launch,
  fill,
  copy_to_device,
  copy_to_host,
  copy_within,  // the device
  product,      // of cuBLAS
  host_task,
  event_record,
  event_wait,  // of a stream
  event_query,
  synchronise,  // with a stream, an event or the device
};

// Since the start or forget_calls(), in order.
const std::vector<Call>& calls();
// The stream of each of them; null where it is of none.
const std::vector<cudaStream_t>& streams_of_calls();
void forget_calls();

// While one of these exists, the time between two events is what the device has run between them, at so much a task
// (a kernel, a product, a copy, a node of a graph, a launch of a graph): the same however busy the machine is.
class TimeByTasks {
 public:
  explicit TimeByTasks(std::chrono::nanoseconds each);
  ~TimeByTasks();
  TimeByTasks(const TimeByTasks&) = delete;
  TimeByTasks& operator=(const TimeByTasks&) = delete;
};

// Queues a function of the host: it runs when its turn comes. What it throws is a fault.
cudaError_t enqueue(cudaStream_t stream, std::function<void()> task);

}  // namespace plateau::simt
