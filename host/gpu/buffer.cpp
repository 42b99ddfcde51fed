// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/buffer.hpp"

#include <cuda_runtime_api.h>

#include <limits>
#include <string>

#include "plateau/gpu/error.hpp"

namespace plateau::gpu::detail {

void FreeDevice::operator()(void* data) const { cudaFree(data); }
void FreePinned::operator()(void* data) const { cudaFreeHost(data); }

Index checked_bytes(Index size, std::size_t element) {
  const auto bytes = static_cast<Index>(element);
  expects(size >= 0 && size <= std::numeric_limits<Index>::max() / bytes, "buffer: a size that memory can have");
  return size * bytes;
}

std::unique_ptr<void, FreeDevice> allocate_device(Index bytes) {
  if (bytes == 0) return nullptr;
  void* data = nullptr;
  check_allocation(cudaMalloc(&data, static_cast<std::size_t>(bytes)), bytes);
  return std::unique_ptr<void, FreeDevice>(data);
}

void* allocate_in_stream(const Stream& stream, Index bytes) {
  if (bytes == 0) return nullptr;
  void* data = nullptr;
  check_allocation(cudaMallocAsync(&data, static_cast<std::size_t>(bytes), stream.handle()), bytes);
  return data;
}

void free_in_stream(const Stream& stream, void* data) {
  if (data != nullptr) cudaFreeAsync(data, stream.handle());
}

std::unique_ptr<void, FreePinned> allocate_pinned(Index bytes) {
  if (bytes == 0) return nullptr;
  void* data = nullptr;
  const cudaError_t status = cudaHostAlloc(&data, static_cast<std::size_t>(bytes), cudaHostAllocMapped);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw GpuError("out of page-locked host memory: " + std::to_string(bytes) + " bytes asked for",
                   CallSite::current());
  }
  check_cuda(status);
  return std::unique_ptr<void, FreePinned>(data);
}

void* device_address(void* pinned) {
  if (pinned == nullptr) return nullptr;
  void* device = nullptr;
  check_cuda(cudaHostGetDevicePointer(&device, pinned, 0));
  return device;
}

void fill_bytes(const Stream& stream, void* data, unsigned char byte, Index bytes) {
  if (bytes > 0) check_cuda(cudaMemsetAsync(data, byte, static_cast<std::size_t>(bytes), stream.handle()));
}

void fill_rows(const Stream& stream, void* data, Index stride, unsigned char byte, Index row_bytes, Index rows) {
  if (row_bytes > 0 && rows > 0)
    check_cuda(cudaMemset2DAsync(data, static_cast<std::size_t>(stride), byte, static_cast<std::size_t>(row_bytes),
                                 static_cast<std::size_t>(rows), stream.handle()));
}

void copy_to_device(const Stream& stream, const void* from, void* to, Index bytes) {
  if (bytes > 0)
    check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, stream.handle()));
}

void copy_to_host(const Stream& stream, const void* from, void* to, Index bytes) {
  if (bytes > 0)
    check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, stream.handle()));
}

void copy_within(const Stream& stream, const void* from, void* to, Index bytes) {
  if (bytes > 0)
    check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, stream.handle()));
}

void copy_rows_to_device(const Stream& stream, const void* from, Index from_stride, void* to, Index to_stride,
                         Index row_bytes, Index rows) {
  if (row_bytes == 0 || rows == 0) return;
  check_cuda(cudaMemcpy2DAsync(to, static_cast<std::size_t>(to_stride), from, static_cast<std::size_t>(from_stride),
                               static_cast<std::size_t>(row_bytes), static_cast<std::size_t>(rows),
                               cudaMemcpyHostToDevice, stream.handle()));
}

}  // namespace plateau::gpu::detail
