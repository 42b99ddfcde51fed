// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/device.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "simt/engine.hpp"

namespace plateau::simt {

cudaStream_t Device::create_stream() {
  auto stream = std::make_unique<CUstream_st>();
  queues_.push_back(stream->queue);
  streams_.insert(stream.get());
  return stream.release();
}

void Device::destroy_stream(cudaStream_t stream) {
  if (stream->capture != nullptr) {
    const std::shared_ptr<Capture> capture = stream->capture;
    capture->invalidated = true;
    if (capture->streams.front() == stream)
      leave_capture(*capture);
    else
      std::erase(capture->streams, stream);
  }
  if (stream->queue->tasks.empty()) std::erase(queues_, stream->queue);
  streams_.erase(stream);
  delete stream;
}

std::chrono::steady_clock::time_point Device::now() const {
  if (task_time.count() == 0) return std::chrono::steady_clock::now();
  return std::chrono::steady_clock::time_point(tasks_run_ * task_time);
}

void Device::note(Call call, cudaStream_t stream) {
  calls.push_back(call);
  streams_of_calls.push_back(stream);
}

cudaError_t Device::submit(cudaStream_t stream, Call call, Work work) {
  if (stream == nullptr) return cudaErrorInvalidValue;  // the default stream, which waits for all others: not used here
  if (!knows(stream)) return cudaErrorInvalidResourceHandle;
  if (stream->capture != nullptr) {
    if (stream->capture->invalidated) return cudaErrorStreamCaptureInvalidated;
    Capture& capture = *stream->capture;
    const std::size_t number = capture.nodes.size();
    std::size_t precede = 0;
    for (const auto& [other, count] : stream->precede)
      if (count != 0) {
        capture.nodes[capture.of_stream[other][count - 1]].follow.push_back(number);
        ++precede;
      }
    capture.nodes.push_back({.work = std::move(work), .precede = precede, .follow = {}});
    capture.of_stream[stream].push_back(number);
    ++stream->precede[stream];
    return cudaSuccess;
  }
  note(call, stream);
  if (work.at_call) work.at_call();
  stream->queue->tasks.push_back({.run = std::move(work.run), .waits_for = nullptr, .passes = nullptr});
  return cudaSuccess;
}

// ---- Marks ----------------------------------------------------------------------------------------------------------
std::shared_ptr<Mark> Device::record(CUstream_st& stream) {
  auto mark = std::make_shared<Mark>();
  mark->queue = stream.queue;
  if (stream.capture != nullptr) {
    mark->capture = stream.capture;
    mark->precede = stream.precede;
  } else {
    note(Call::event_record, &stream);
    stream.queue->tasks.push_back({.run = nullptr, .waits_for = nullptr, .passes = mark});
  }
  return mark;
}

cudaError_t Device::wait(CUstream_st& stream, const std::shared_ptr<Mark>& mark) {
  if (stream.capture != nullptr && stream.capture->invalidated) return cudaErrorStreamCaptureInvalidated;
  if (mark == nullptr) return cudaSuccess;  // an event that was never recorded
  if (mark->capture == nullptr) {
    if (stream.capture != nullptr) {
      stream.capture->invalidated = true;
      return cudaErrorStreamCaptureIsolation;
    }
    note(Call::event_wait, &stream);
    stream.queue->tasks.push_back({.run = nullptr, .waits_for = mark, .passes = nullptr});
    return cudaSuccess;
  }
  if (std::find(captures_.begin(), captures_.end(), mark->capture) == captures_.end()) return cudaErrorCapturedEvent;
  if (mark->capture->invalidated) return cudaErrorStreamCaptureInvalidated;
  if (stream.capture == nullptr) {  // joins the capture
    stream.capture = mark->capture;
    stream.precede.clear();
    mark->capture->streams.push_back(&stream);
  } else if (stream.capture != mark->capture) {
    stream.capture->invalidated = mark->capture->invalidated = true;
    return cudaErrorStreamCaptureMerge;
  }
  for (const auto& [other, count] : mark->precede) stream.precede[other] = std::max(stream.precede[other], count);
  return cudaSuccess;
}

// ---- Running --------------------------------------------------------------------------------------------------------
bool Device::step(Queue& queue) {
  if (queue.tasks.empty()) return false;
  const std::shared_ptr<Mark> awaited = queue.tasks.front().waits_for;
  if (awaited != nullptr && !awaited->passed) return step(*awaited->queue);
  const Task task = std::move(queue.tasks.front());
  queue.tasks.pop_front();
  if (task.passes != nullptr) {
    task.passes->passed = true;
    task.passes->time = now();
  }
  if (task.run) {
    ++tasks_run_;
    try {
      task.run();
    } catch (const std::exception& exception) {
      fail(exception.what());
    } catch (...) {
      fail("a task threw something that is no std::exception");
    }
  }
  return true;
}

std::size_t Device::random_below(std::size_t count) {
  if (random_ == 0) random_ = options().seed * 0x9E3779B97F4A7C15u | 1;
  return xorshift(random_) % count;
}

std::vector<std::shared_ptr<Queue>> Device::busy_queues() {
  std::erase_if(queues_, [&](const std::shared_ptr<Queue>& queue) {
    return queue->tasks.empty() &&
           std::none_of(streams_.begin(), streams_.end(), [&](cudaStream_t s) { return s->queue == queue; });
  });
  std::vector<std::shared_ptr<Queue>> busy;
  std::copy_if(queues_.begin(), queues_.end(), std::back_inserter(busy),
               [](const auto& q) { return !q->tasks.empty(); });
  return busy;
}

bool Device::go_on(Queue& wanted) {
  if (wanted.tasks.empty() || options().order == Order::ascending) return step(wanted);
  const std::vector<std::shared_ptr<Queue>> busy = busy_queues();
  if (options().order == Order::random) return step(*busy[random_below(busy.size())]);
  const auto other =
      std::find_if(busy.rbegin(), busy.rend(), [&](const auto& queue) { return queue.get() != &wanted; });
  return step(other == busy.rend() ? wanted : **other);
}

void Device::run(Queue& queue) {
  while (go_on(queue)) {
  }
}

void Device::run_until_passed(const Mark& mark, int most_tasks) {
  for (int i = 0; i < most_tasks && !mark.passed && go_on(*mark.queue); ++i) {
  }
}

void Device::run_everything() {
  for (;;) {
    const std::vector<std::shared_ptr<Queue>> busy = busy_queues();
    if (busy.empty()) return;
    step(options().order == Order::ascending    ? *busy.front()
         : options().order == Order::descending ? *busy.back()
                                                : *busy[random_below(busy.size())]);
  }
}

void Device::run_nodes(const std::vector<Node>& nodes) {
  std::vector<std::size_t> awaited(nodes.size()), ready;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if ((awaited[i] = nodes[i].precede) == 0) ready.push_back(i);
  while (!ready.empty()) {
    const auto next = options().order == Order::ascending ? std::min_element(ready.begin(), ready.end())
                      : options().order == Order::descending
                          ? std::max_element(ready.begin(), ready.end())
                          : ready.begin() + static_cast<std::ptrdiff_t>(random_below(ready.size()));
    const std::size_t number = *next;
    ready.erase(next);
    ++tasks_run_;
    nodes[number].work.run();
    for (const std::size_t follower : nodes[number].follow)
      if (--awaited[follower] == 0) ready.push_back(follower);
  }
}

// The device is gone with all that was queued, and comes back at once. Nothing waits for a mark that cannot be reached.
void Device::fail(const std::string& fault) {
  last_fault_ = fault;
  untold_fault_ = true;
  for (const std::shared_ptr<Queue>& queue : queues_) {
    for (const Task& task : queue->tasks)
      if (task.passes != nullptr) {
        task.passes->passed = true;
        task.passes->time = now();
      }
    queue->tasks.clear();
  }
}

// ---- Capturing ------------------------------------------------------------------------------------------------------
cudaError_t Device::begin_capture(CUstream_st& stream, cudaStreamCaptureMode mode) {
  if (stream.capture != nullptr) return cudaErrorIllegalState;
  stream.capture = std::make_shared<Capture>();
  stream.capture->mode = mode;
  stream.capture->thread = std::this_thread::get_id();
  stream.capture->streams = {&stream};
  stream.precede.clear();
  captures_.push_back(stream.capture);
  return cudaSuccess;
}

cudaError_t Device::end_capture(CUstream_st& stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream.capture;
  if (capture == nullptr) return cudaErrorIllegalState;
  if (capture->streams.front() != &stream) return cudaErrorStreamCaptureUnmatched;
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return cudaErrorStreamCaptureWrongThread;
  // Every stream that joined must have been waited for after its last work.
  const bool joined = std::all_of(capture->streams.begin(), capture->streams.end(),
                                  [&](cudaStream_t s) { return stream.precede[s] == s->precede[s]; });
  leave_capture(*capture);
  if (capture->invalidated) return cudaErrorStreamCaptureInvalidated;
  if (!joined) return cudaErrorStreamCaptureUnjoined;
  *graph = new CUgraph_st{std::make_shared<const std::vector<Node>>(std::move(capture->nodes))};
  return cudaSuccess;
}

void Device::leave_capture(Capture& capture) {
  std::erase_if(captures_, [&](const std::shared_ptr<Capture>& other) { return other.get() == &capture; });
  for (const cudaStream_t stream : capture.streams) {
    stream->precede.clear();
    stream->capture = nullptr;
  }
}

bool Device::spoils_a_capture() {
  bool spoilt = false;
  for (const std::shared_ptr<Capture>& capture : captures_)
    if (capture->mode == cudaStreamCaptureModeGlobal ||
        (capture->mode == cudaStreamCaptureModeThreadLocal && capture->thread == std::this_thread::get_id()))
      capture->invalidated = spoilt = true;
  return spoilt;
}

bool Device::spoils_all_captures() {
  for (const std::shared_ptr<Capture>& capture : captures_) capture->invalidated = true;
  return !captures_.empty();
}

// Never destroyed: static objects of the program may give memory back after it.
Device& device() {
  static Device& only = *new Device;
  return only;
}

}  // namespace plateau::simt
