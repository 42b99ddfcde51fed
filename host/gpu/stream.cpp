// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/stream.hpp"

#include <cuda_runtime_api.h>

#include "plateau/gpu/error.hpp"

namespace plateau::gpu {

Stream::Stream() {
  cudaStream_t stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  handle_.reset(stream);
}

void Stream::synchronise() const { check_cuda(cudaStreamSynchronize(handle())); }

void Stream::wait(const Event& event) const { check_cuda(cudaStreamWaitEvent(handle(), event.handle(), 0)); }

// A destructor has nobody to tell: what went wrong on the device was thrown by the call that waited for it.
void Stream::Destroy::operator()(CUstream_st* stream) const { cudaStreamDestroy(stream); }

Event::Event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDefault));
  handle_.reset(event);
}

void Event::record(const Stream& stream) { check_cuda(cudaEventRecord(handle(), stream.handle())); }

bool Event::passed() const {
  const cudaError_t status = cudaEventQuery(handle());
  if (status == cudaErrorNotReady) {
    cudaGetLastError();  // an answer, no error
    return false;
  }
  check_cuda(status);
  return true;
}

void Event::Destroy::operator()(CUevent_st* event) const { cudaEventDestroy(event); }

double elapsed_us(const Event& from, const Event& to) {
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, from.handle(), to.handle()));
  return 1e3 * static_cast<double>(milliseconds);
}

}  // namespace plateau::gpu
