// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Thrust algorithms on a stream: `in_stream(stream, body)` calls body(policy), whose algorithms run after what was
// queued before, and does not wait for them. So they must leave their results in device memory and return none.
//
// On the emulated GPU the body is queued as a whole, and Thrust's own sequential system runs it.
#pragma once

#include "detail/launch.cuh"
#include "plateau/gpu/buffer.hpp"

#if defined(PLATEAU_EMULATED)
#include <thrust/system/cpp/execution_policy.h>

#include "simt/runtime.hpp"
#else
#include <thrust/system/cuda/execution_policy.h>
#include <thrust/system_error.h>

#include <string>
#endif

namespace plateau::gpu {

#if defined(PLATEAU_EMULATED)

template <class Body>
void in_stream(const Stream& stream, Body body) {
  check_cuda(simt::enqueue(stream.handle(), [body] { body(thrust::cpp::par); }));
}

#else

// Thrust's temporary memory, from the stream's pool.
class StreamAllocator {
 public:
  using value_type = char;
  explicit StreamAllocator(const Stream& stream) : stream_(&stream) {}
  char* allocate(std::ptrdiff_t bytes) { return static_cast<char*>(detail::allocate_in_stream(*stream_, bytes)); }
  void deallocate(char* data, std::size_t) { detail::free_in_stream(*stream_, data); }

 private:
  const Stream* stream_;
};

template <class Body>
void in_stream(const Stream& stream, Body body, CallSite where = CallSite::current()) {
  StreamAllocator allocator(stream);
  try {
    body(thrust::cuda::par_nosync(allocator).on(stream.handle()));
  } catch (const thrust::system_error& error) {
    throw GpuError(std::string("Thrust: ") + error.what(), where);
  }
}

#endif

}  // namespace plateau::gpu
