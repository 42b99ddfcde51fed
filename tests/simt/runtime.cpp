// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The entry points of the CUDA runtime that the project uses. See runtime.hpp.
#include "simt/runtime.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "simt/device.hpp"
#include "simt/emulator.hpp"

namespace plateau::simt {
namespace {

using Lock = std::lock_guard<std::recursive_mutex>;

thread_local cudaError_t last_error = cudaSuccess;

// What every entry point returns through: cudaGetLastError hands the last failure out once more.
cudaError_t answer(cudaError_t status) {
  if (status != cudaSuccess) last_error = status;
  return status;
}

// For calls that wait: the first one to hear of a fault clears it.
cudaError_t answer_with_faults() {
  const cudaError_t status = device().status();
  device().told();
  return answer(status);
}

struct ErrorText {
  cudaError_t status;
  const char* name;
  const char* words;
};
constexpr ErrorText kErrorTexts[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidPitchValue, "cudaErrorInvalidPitchValue", "invalid pitch argument"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState", "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorCooperativeLaunchTooLarge, "cudaErrorCooperativeLaunchTooLarge", "too many blocks in cooperative launch"},
    {cudaErrorInvalidClusterSize, "cudaErrorInvalidClusterSize", "cluster misconfiguration"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureMerge, "cudaErrorStreamCaptureMerge",
     "operation would result in a merge of separate capture sequences"},
    {cudaErrorStreamCaptureUnmatched, "cudaErrorStreamCaptureUnmatched",
     "capture was not ended in the same stream as it began"},
    {cudaErrorStreamCaptureUnjoined, "cudaErrorStreamCaptureUnjoined", "capturing stream has unjoined work"},
    {cudaErrorStreamCaptureIsolation, "cudaErrorStreamCaptureIsolation",
     "dependency created on uncaptured work in another stream"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
    {cudaErrorStreamCaptureWrongThread, "cudaErrorStreamCaptureWrongThread",
     "attempt to terminate a thread-local capture sequence from another thread"},
};

const ErrorText& error_text(cudaError_t status) {
  static constexpr ErrorText kUnknown{cudaSuccess, "an error without a name here", "an error without words here"};
  for (const ErrorText& text : kErrorTexts)
    if (text.status == status) return text;
  return kUnknown;
}

cudaError_t check_stream(cudaStream_t stream) {
  if (stream == nullptr) return cudaErrorInvalidValue;  // see Device::submit
  return device().knows(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

// For calls that wait or change the device, which a capture of this thread forbids.
bool forbidden(Call call) {
  if (!device().spoils_a_capture()) return false;
  device().note(call);
  return true;
}

cudaError_t allocate(void** start, std::size_t bytes, MemoryKind kind) {
  if (start == nullptr) return answer(cudaErrorInvalidValue);
  *start = nullptr;
  if (forbidden(Call::allocation)) return answer(cudaErrorStreamCaptureUnsupported);
  device().note(Call::allocation);
  if (bytes == 0) return cudaSuccess;
  *start = device().memory.allocate(bytes, kind);
  return answer(*start != nullptr ? cudaSuccess : cudaErrorMemoryAllocation);
}

// Waits for the device, as CUDA does, for work in flight may use the memory. A fault that comes to light here is still
// news for the next call that waits: destructors give memory back and have nobody to tell.
cudaError_t release(void* start, MemoryKind kind) {
  if (start == nullptr) return cudaSuccess;
  if (forbidden(Call::release)) return answer(cudaErrorStreamCaptureUnsupported);
  device().note(Call::release);
  device().run_everything();
  return answer(device().memory.release(start, kind) ? device().status() : cudaErrorInvalidValue);
}

// ---- Launches -------------------------------------------------------------------------------------------------------
Shape shape_of(const cudaLaunchConfig_t& config) {
  Shape shape{.grid = config.gridDim, .block = config.blockDim, .shared_bytes = config.dynamicSmemBytes};
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == cudaLaunchAttributeClusterDimension)
      shape.cluster = dim3(attribute.val.clusterDim.x, attribute.val.clusterDim.y, attribute.val.clusterDim.z);
    else if (attribute.id == cudaLaunchAttributeCooperative)
      shape.cooperative = attribute.val.cooperative != 0;
  }
  return shape;
}

// ---- Fills and copies -----------------------------------------------------------------------------------------------
struct Rows {
  void* to;
  std::size_t to_stride;
  const void* from;
  std::size_t from_stride;
  std::size_t bytes;  // of a row
  std::size_t count;

  std::size_t to_extent() const { return (count - 1) * to_stride + bytes; }
  std::size_t from_extent() const { return (count - 1) * from_stride + bytes; }
  char* target(std::size_t row) const { return static_cast<char*>(to) + row * to_stride; }
  const char* source(std::size_t row) const { return static_cast<const char*>(from) + row * from_stride; }
  void fill_target(int byte) const {
    for (std::size_t i = 0; i < count; ++i) std::memset(target(i), byte, bytes);
  }
};

cudaError_t fill(const Rows& rows, int byte, cudaStream_t stream) {
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return status;
  if (rows.bytes == 0 || rows.count == 0) return cudaSuccess;
  if (!device().memory.holds(rows.to, rows.to_extent())) return cudaErrorInvalidValue;
  return device().submit(stream, Call::fill, {.run = [rows, byte] { rows.fill_target(byte); }, .at_call = nullptr});
}

cudaError_t copy(const Rows& rows, cudaMemcpyKind kind, cudaStream_t stream) {
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return status;
  if (rows.bytes == 0 || rows.count == 0) return cudaSuccess;
  const DeviceMemory& memory = device().memory;
  const bool to_host = kind == cudaMemcpyDeviceToHost, from_host = kind == cudaMemcpyHostToDevice;
  if (!to_host && !from_host && kind != cudaMemcpyDeviceToDevice) return cudaErrorInvalidMemcpyDirection;
  const auto is_hosts = [&](const void* data) { return memory.kind(data) != MemoryKind::device; };
  if (to_host ? !is_hosts(rows.to) : !memory.holds(rows.to, rows.to_extent())) return cudaErrorInvalidValue;
  if (from_host ? !is_hosts(rows.from) : !memory.holds(rows.from, rows.from_extent())) return cudaErrorInvalidValue;
  // CUDA waits for copies between the device and pageable memory, which it cannot do in a capture.
  if (stream->capture != nullptr && (to_host || from_host) &&
      memory.kind(to_host ? rows.to : rows.from) == MemoryKind::pageable) {
    stream->capture->invalidated = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  Work work;
  work.run = [rows] {
    for (std::size_t i = 0; i < rows.count; ++i) std::memcpy(rows.target(i), rows.source(i), rows.bytes);
  };
  if (to_host) work.at_call = [rows] { rows.fill_target(0xFF); };
  const Call call = to_host ? Call::copy_to_host : from_host ? Call::copy_to_device : Call::copy_within;
  return device().submit(stream, call, std::move(work));
}

}  // namespace

// ---- For kernels and tests ------------------------------------------------------------------------------------------
cudaError_t enqueue_kernel(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread) {
  const Lock lock(device().mutex);
  const Shape shape = shape_of(config);
  if (const cudaError_t status = check_launch(shape, device().opt_ins[kernel]); status != cudaSuccess)
    return answer(status);
  Work work;
  work.run = [shape, thread = std::move(thread)] {
    const std::string fault = run_grid(shape, thread);
    if (!fault.empty()) throw std::runtime_error(fault);
  };
  return answer(device().submit(config.stream, Call::launch, std::move(work)));
}

cudaError_t enqueue_kernel(cudaStream_t stream, dim3 grid, dim3 block, std::function<void()> thread) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  return enqueue_kernel(config, nullptr, std::move(thread));
}

cudaError_t enqueue(cudaStream_t stream, std::function<void()> task) {
  const Lock lock(device().mutex);
  return answer(device().submit(stream, Call::host_task, {.run = std::move(task), .at_call = nullptr}));
}

const std::vector<Call>& calls() { return device().calls; }

const std::vector<cudaStream_t>& streams_of_calls() { return device().streams_of_calls; }

TimeByTasks::TimeByTasks(std::chrono::nanoseconds each) {
  const Lock lock(device().mutex);
  device().task_time = each;
}

TimeByTasks::~TimeByTasks() {
  const Lock lock(device().mutex);
  device().task_time = {};
}

void forget_calls() {
  const Lock lock(device().mutex);
  device().calls.clear();
  device().streams_of_calls.clear();
}

}  // namespace plateau::simt

using namespace plateau::simt;

extern "C" {

// ---- Device ---------------------------------------------------------------------------------------------------------
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* number) {
  *number = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int number) { return answer(number == 0 ? cudaSuccess : cudaErrorInvalidDevice); }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int number) {
  if (number != 0) return answer(cudaErrorInvalidDevice);
  *properties = {};
  std::strcpy(properties->name, "emulated GPU");
  properties->major = 9;
  properties->minor = 0;
  properties->multiProcessorCount = static_cast<int>(kMultiprocessors);
  properties->totalGlobalMem = DeviceMemory::total_bytes();
  properties->l2CacheSize = 64 << 10;
  properties->sharedMemPerBlock = kMaxStaticSharedBytes;
  properties->sharedMemPerBlockOptin = max_shared_bytes();
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = static_cast<int>(kMaxThreads);
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int number) {
  if (number != 0) return answer(cudaErrorInvalidDevice);
  if (attribute != cudaDevAttrClockRate) return answer(cudaErrorInvalidValue);
  *value = 1'000'000;  // kHz, of a clock that measures nothing
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  const Lock lock(device().mutex);
  device().note(Call::synchronise);
  if (device().spoils_all_captures()) return answer(cudaErrorStreamCaptureUnsupported);
  device().run_everything();
  return answer_with_faults();
}

// ---- Kernels --------------------------------------------------------------------------------------------------------
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  const Lock lock(device().mutex);
  OptIn& opt_in = device().opt_ins[kernel];
  if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize) {
    if (value < 0 || static_cast<std::size_t>(value) > max_shared_bytes()) return answer(cudaErrorInvalidValue);
    opt_in.shared_bytes = static_cast<std::size_t>(value);
  } else if (attribute == cudaFuncAttributeNonPortableClusterSizeAllowed) {
    opt_in.cluster_blocks = value != 0 ? kMaxClusterBlocks : kPortableClusterBlocks;
  } else {
    return answer(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel, int threads,
                                                          std::size_t shared_bytes) {
  const Lock lock(device().mutex);
  if (blocks == nullptr || threads <= 0) return answer(cudaErrorInvalidValue);
  const bool allowed = shared_bytes <= device().opt_ins[kernel].shared_bytes;
  *blocks = allowed ? static_cast<int>(resident_blocks(static_cast<std::size_t>(threads), shared_bytes)) : 0;
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* kernel, const cudaLaunchConfig_t* config) {
  const Lock lock(device().mutex);
  if (clusters == nullptr || config == nullptr) return answer(cudaErrorInvalidValue);
  *clusters = 0;
  const Shape shape = shape_of(*config);
  // That none fits is an answer here, not an error.
  if (const std::size_t blocks = volume(shape.cluster); blocks == 0 || blocks > device().opt_ins[kernel].cluster_blocks)
    return answer(cudaErrorInvalidClusterSize);
  if (shape.shared_bytes > device().opt_ins[kernel].shared_bytes) return answer(cudaErrorInvalidValue);
  *clusters = static_cast<int>(resident_clusters(shape));
  return cudaSuccess;
}

// ---- Errors ---------------------------------------------------------------------------------------------------------
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

const char* cudaGetErrorName(cudaError_t status) { return error_text(status).name; }

const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaErrorLaunchFailure ? device().last_fault().c_str() : error_text(status).words;
}

// ---- Memory ---------------------------------------------------------------------------------------------------------
cudaError_t cudaMalloc(void** start, std::size_t bytes) {
  const Lock lock(device().mutex);
  return allocate(start, bytes, MemoryKind::device);
}

cudaError_t cudaFree(void* start) {
  const Lock lock(device().mutex);
  return release(start, MemoryKind::device);
}

cudaError_t cudaHostAlloc(void** start, std::size_t bytes, unsigned) {
  const Lock lock(device().mutex);
  return allocate(start, bytes, MemoryKind::pinned);
}

cudaError_t cudaFreeHost(void* start) {
  const Lock lock(device().mutex);
  return release(start, MemoryKind::pinned);
}

cudaError_t cudaHostGetDevicePointer(void** seen_by_device, void* seen_by_host, unsigned) {
  const Lock lock(device().mutex);
  const bool pinned = device().memory.kind(seen_by_host) == MemoryKind::pinned;
  *seen_by_device = pinned ? seen_by_host : nullptr;
  return answer(pinned ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  const Lock lock(device().mutex);
  *free_bytes = device().memory.free_bytes();
  *total_bytes = DeviceMemory::total_bytes();
  return cudaSuccess;
}

// The address is known at once; the memory is given back in the stream's turn. Captured, it is the graph's, has the
// same address at every launch, and no content from the launch before.
cudaError_t cudaMallocAsync(void** start, std::size_t bytes, cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  if (stream->capture == nullptr || start == nullptr || bytes == 0) return allocate(start, bytes, MemoryKind::device);
  *start = device().memory.allocate(bytes, MemoryKind::device);
  if (*start == nullptr) return answer(cudaErrorMemoryAllocation);
  stream->capture->memory.insert(*start);
  const std::shared_ptr<void> owned(*start, [](void* memory) {
    const Lock lock_to_release(device().mutex);
    device().memory.release(memory, MemoryKind::device);
  });
  Work work;
  work.run = [owned, bytes] { std::memset(owned.get(), 0xFF, bytes); };
  return answer(device().submit(stream, Call::allocation, std::move(work)));
}

cudaError_t cudaFreeAsync(void* start, cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  if (start == nullptr) return cudaSuccess;
  if (stream->capture != nullptr) {
    if (stream->capture->memory.erase(start) == 0) {  // CUDA would go on; nothing here needs it
      stream->capture->invalidated = true;
      return answer(cudaErrorStreamCaptureUnsupported);
    }
    return answer(device().submit(stream, Call::release, {.run = [] {}, .at_call = nullptr}));
  }
  if (forbidden(Call::release)) return answer(cudaErrorStreamCaptureUnsupported);
  Work work;
  work.run = [start] {
    if (!device().memory.release(start, MemoryKind::device))
      throw std::runtime_error("cudaFreeAsync: this is no allocation of the device");
  };
  return answer(device().submit(stream, Call::release, std::move(work)));
}

cudaError_t cudaMemsetAsync(void* to, int byte, std::size_t bytes, cudaStream_t stream) {
  const Lock lock(device().mutex);
  return answer(fill({to, bytes, nullptr, 0, bytes, 1}, byte, stream));
}

cudaError_t cudaMemset2DAsync(void* to, std::size_t stride, int byte, std::size_t row_bytes, std::size_t rows,
                              cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (row_bytes > stride) return answer(cudaErrorInvalidPitchValue);
  return answer(fill({to, stride, nullptr, 0, row_bytes, rows}, byte, stream));
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const Lock lock(device().mutex);
  return answer(copy({to, bytes, from, bytes, bytes, 1}, kind, stream));
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_stride, const void* from, std::size_t from_stride,
                              std::size_t row_bytes, std::size_t rows, cudaMemcpyKind kind, cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (row_bytes > to_stride || row_bytes > from_stride) return answer(cudaErrorInvalidPitchValue);
  return answer(copy({to, to_stride, from, from_stride, row_bytes, rows}, kind, stream));
}

// ---- Streams --------------------------------------------------------------------------------------------------------
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const Lock lock(device().mutex);
  *stream = device().create_stream();
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  device().destroy_stream(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  device().note(Call::synchronise, stream);
  if (stream->capture != nullptr) {
    stream->capture->invalidated = true;
    return answer(cudaErrorStreamCaptureUnsupported);
  }
  device().run(*stream->queue);
  return answer_with_faults();
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  if (event == nullptr) return answer(cudaErrorInvalidResourceHandle);
  return answer(device().wait(*stream, event->mark));
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* argument) {
  if (function == nullptr) return answer(cudaErrorInvalidValue);
  return enqueue(stream, [function, argument] { function(argument); });
}

// ---- Events ---------------------------------------------------------------------------------------------------------
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st{.mark = nullptr, .timing = (flags & cudaEventDisableTiming) == 0};
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  if (event == nullptr) return answer(cudaErrorInvalidResourceHandle);
  const Lock lock(device().mutex);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  if (event == nullptr) return answer(cudaErrorInvalidResourceHandle);
  if (stream->capture != nullptr && stream->capture->invalidated) return answer(cudaErrorStreamCaptureInvalidated);
  event->mark = device().record(*stream);
  return cudaSuccess;
}

// Answers at once: of what another thread makes the device do, nothing has passed yet.
cudaError_t cudaEventQuery(cudaEvent_t event) {
  constexpr int kTasks = 16;  // that a GPU may have done since it was last asked
  const std::unique_lock lock(device().mutex, std::try_to_lock);
  if (!lock.owns_lock()) return answer(cudaErrorNotReady);
  if (event == nullptr) return answer(cudaErrorInvalidResourceHandle);
  if (forbidden(Call::event_query)) return answer(cudaErrorStreamCaptureUnsupported);
  device().note(Call::event_query);
  if (event->mark == nullptr) return cudaSuccess;
  if (event->mark->capture != nullptr) return answer(cudaErrorCapturedEvent);
  device().run_until_passed(*event->mark, kTasks);
  if (device().status() != cudaSuccess) return answer_with_faults();
  return answer(event->mark->passed ? cudaSuccess : cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Lock lock(device().mutex);
  if (event == nullptr) return answer(cudaErrorInvalidResourceHandle);
  if (forbidden(Call::synchronise)) return answer(cudaErrorStreamCaptureUnsupported);
  device().note(Call::synchronise);
  if (event->mark == nullptr) return cudaSuccess;
  if (event->mark->capture != nullptr) return answer(cudaErrorCapturedEvent);
  device().run_until_passed(*event->mark);
  return answer_with_faults();
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from, cudaEvent_t to) {
  const Lock lock(device().mutex);
  for (const cudaEvent_t event : {from, to})
    if (event == nullptr || event->mark == nullptr || event->mark->capture != nullptr || !event->timing)
      return answer(cudaErrorInvalidResourceHandle);
  if (!from->mark->passed || !to->mark->passed) return answer(cudaErrorNotReady);
  *milliseconds = std::chrono::duration<float, std::milli>(to->mark->time - from->mark->time).count();
  return cudaSuccess;
}

// ---- Graphs ---------------------------------------------------------------------------------------------------------
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  const Lock lock(device().mutex);
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  return answer(device().begin_capture(*stream, mode));
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Lock lock(device().mutex);
  *graph = nullptr;
  if (const cudaError_t status = check_stream(stream); status != cudaSuccess) return answer(status);
  return answer(device().end_capture(*stream, graph));
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const Lock lock(device().mutex);
  if (const cudaError_t known = check_stream(stream); known != cudaSuccess) return answer(known);
  *status = stream->capture == nullptr     ? cudaStreamCaptureStatusNone
            : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                           : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  if (graph == nullptr || count == nullptr) return answer(cudaErrorInvalidValue);
  if (nodes != nullptr) return answer(cudaErrorInvalidValue);  // only their number is known here
  *count = graph->nodes->size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  if (graph == nullptr) return answer(cudaErrorInvalidValue);
  *executable = new CUgraphExec_st{graph->nodes};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const Lock lock(device().mutex);
  if (executable == nullptr) return answer(cudaErrorInvalidValue);
  Work work;
  work.run = [nodes = executable->nodes] { device().run_nodes(*nodes); };
  work.at_call = [nodes = executable->nodes] {
    for (const Node& node : *nodes)
      if (node.work.at_call) node.work.at_call();
  };
  return answer(device().submit(stream, Call::graph_launch, std::move(work)));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}

}  // extern "C"
