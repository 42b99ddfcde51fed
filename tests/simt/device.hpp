// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The emulated device behind the entry points of runtime.cpp and blas.cpp: queues of work, marks in them, captures.
#pragma once

#include <cuda_runtime.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "simt/device_memory.hpp"
#include "simt/limits.hpp"
#include "simt/runtime.hpp"

namespace plateau::simt {

// Something to do in a stream's turn.
struct Work {
  std::function<void()> run;      // throws what is a fault of the device
  std::function<void()> at_call;  // done when the host asks, not when the turn comes; may be empty
};

struct Capture;
struct Queue;

// A place in a stream: all that was queued before it has run once it is passed.
struct Mark {
  std::shared_ptr<Queue> queue;
  bool passed = false;
  std::chrono::steady_clock::time_point time{};
  // Of a mark in a capturing stream, which nothing ever passes:
  std::shared_ptr<Capture> capture;
  std::map<cudaStream_t, std::size_t> precede;  // how much of each stream's captured work comes before it
};

struct Task {
  std::function<void()> run;
  std::shared_ptr<Mark> waits_for;
  std::shared_ptr<Mark> passes;
};

struct Queue {
  std::deque<Task> tasks;
};

// A captured work: it may run once `precede` others have.
struct Node {
  Work work;
  std::size_t precede = 0;
  std::vector<std::size_t> follow;  // nodes that wait for it
};

struct Capture {
  std::vector<Node> nodes;                                     // in the order of the calls
  std::map<cudaStream_t, std::vector<std::size_t>> of_stream;  // their numbers
  std::vector<cudaStream_t> streams;                           // the first is the one whose capture was begun
  std::set<void*> memory;                                      // taken by its nodes
  cudaStreamCaptureMode mode{};
  std::thread::id thread;
  bool invalidated = false;
};

}  // namespace plateau::simt

// CUDA's handles point to these.
struct CUstream_st {
  std::shared_ptr<plateau::simt::Queue> queue = std::make_shared<plateau::simt::Queue>();
  std::shared_ptr<plateau::simt::Capture> capture{};
  std::map<cudaStream_t, std::size_t> precede{};  // what was captured before the stream's next work, its own included
};
struct CUevent_st {
  std::shared_ptr<plateau::simt::Mark> mark{};  // of the last record
  bool timing = true;
};
struct CUgraph_st {
  std::shared_ptr<const std::vector<plateau::simt::Node>> nodes;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<plateau::simt::Node>> nodes;
};

namespace plateau::simt {

class Device {
 public:
  // Every entry point holds it: host threads may share the device. A task may call the runtime, so it is recursive.
  std::recursive_mutex mutex;
  DeviceMemory memory;
  std::vector<Call> calls;
  std::vector<cudaStream_t> streams_of_calls;  // one per call
  std::map<const void*, OptIn> opt_ins;        // of kernels
  std::chrono::nanoseconds task_time{};        // where tasks are what passes the time

  cudaStream_t create_stream();
  // Its work goes on and is done by whoever waits for the device.
  void destroy_stream(cudaStream_t stream);
  bool knows(cudaStream_t stream) const { return streams_.contains(stream); }

  void note(Call call, cudaStream_t stream = nullptr);

  // Queues work, or adds it to the stream's capture.
  cudaError_t submit(cudaStream_t stream, Call call, Work work);

  std::shared_ptr<Mark> record(CUstream_st& stream);
  cudaError_t wait(CUstream_st& stream, const std::shared_ptr<Mark>& mark);

  // The device goes on until the queue is empty, the mark passed, or all queues are empty. What the host waits for does
  // not run alone: in ascending order as little else as possible has run then, in descending order as much as possible,
  // in random order something between.
  void run(Queue& queue);
  void run_until_passed(const Mark& mark, int most_tasks = std::numeric_limits<int>::max());
  void run_everything();
  // The nodes of a graph, in an order that their dependencies allow and the options choose.
  void run_nodes(const std::vector<Node>& nodes);

  // cudaErrorLaunchFailure if there was a fault that nobody has been told of; told() makes it known.
  cudaError_t status() const { return untold_fault_ ? cudaErrorLaunchFailure : cudaSuccess; }
  void told() { untold_fault_ = false; }
  const std::string& last_fault() const { return last_fault_; }

  cudaError_t begin_capture(CUstream_st& stream, cudaStreamCaptureMode mode);
  cudaError_t end_capture(CUstream_st& stream, cudaGraph_t* graph);
  // For calls that a capture of this thread, or in the global mode of any thread, forbids: spoils such captures and
  // says whether there was one.
  bool spoils_a_capture();
  // For calls that every capture forbids.
  bool spoils_all_captures();

 private:
  // Runs one task of the queue, or one that it waits for; false where there is none.
  bool step(Queue& queue);
  // Likewise, of the queue or of another one.
  bool go_on(Queue& wanted);
  std::vector<std::shared_ptr<Queue>> busy_queues();
  std::size_t random_below(std::size_t count);
  void fail(const std::string& fault);
  std::chrono::steady_clock::time_point now() const;
  void leave_capture(Capture& capture);

  std::set<cudaStream_t> streams_;
  std::vector<std::shared_ptr<Queue>>
      queues_;  // in the order of creation; those of destroyed streams until they are empty
  std::vector<std::shared_ptr<Capture>> captures_;
  std::string last_fault_ = "no fault so far";
  bool untold_fault_ = false;
  std::uint64_t random_ = 0;
  std::int64_t tasks_run_ = 0;  // nodes of graphs among them
};

Device& device();

}  // namespace plateau::simt
