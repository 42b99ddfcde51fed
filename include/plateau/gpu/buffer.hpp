// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Owners of device memory and of host memory that the device reaches, lent out as views; and copies, which always go
// through a stream. Copies only enqueue: host memory that takes part must stay as it is until the stream has run.
#pragma once

#include <algorithm>
#include <memory>
#include <type_traits>

#include "plateau/core/contract.hpp"
#include "plateau/gpu/stream.hpp"

namespace plateau::gpu {

namespace detail {
struct FreeDevice {
  void operator()(void* data) const;
};
struct FreePinned {
  void operator()(void* data) const;
};
// Throws GpuError naming the bytes asked for and the bytes free. Zero bytes are nothing.
std::unique_ptr<void, FreeDevice> allocate_device(Index bytes);
std::unique_ptr<void, FreePinned> allocate_pinned(Index bytes);
void* device_address(void* pinned);
void* allocate_in_stream(const Stream& stream, Index bytes);
void free_in_stream(const Stream& stream, void* data);
Index checked_bytes(Index size, std::size_t element);

// Strides are in bytes as well.
void fill_bytes(const Stream& stream, void* data, unsigned char byte, Index bytes);
void fill_rows(const Stream& stream, void* data, Index stride, unsigned char byte, Index row_bytes, Index rows);
void copy_to_device(const Stream& stream, const void* from, void* to, Index bytes);
void copy_to_host(const Stream& stream, const void* from, void* to, Index bytes);
void copy_within(const Stream& stream, const void* from, void* to, Index bytes);
void copy_rows_to_device(const Stream& stream, const void* from, Index from_stride, void* to, Index to_stride,
                         Index row_bytes, Index rows);
}  // namespace detail

// Uninitialised device memory, aligned for every vector access. Freeing waits for the device.
template <class T>
class DeviceBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  DeviceBuffer() = default;
  explicit DeviceBuffer(Index size)
      : data_(detail::allocate_device(detail::checked_bytes(size, sizeof(T)))), size_(size) {}

  Index size() const { return size_; }
  DeviceSpan<T> view() { return {static_cast<T*>(data_.get()), size_}; }
  DeviceSpan<const T> view() const { return {static_cast<const T*>(data_.get()), size_}; }

 private:
  std::unique_ptr<void, detail::FreeDevice> data_;
  Index size_ = 0;
};

// Memory from the stream's pool, taken and given back in the order of the stream: neither waits. For scratch outside of
// a training step.
template <class T>
class StreamBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  StreamBuffer(const Stream& stream, Index size)
      : stream_(&stream),
        data_(static_cast<T*>(detail::allocate_in_stream(stream, detail::checked_bytes(size, sizeof(T))))),
        size_(size) {}
  ~StreamBuffer() { detail::free_in_stream(*stream_, data_); }
  StreamBuffer(const StreamBuffer&) = delete;
  StreamBuffer& operator=(const StreamBuffer&) = delete;

  DeviceSpan<T> view() { return {data_, size_}; }

 private:
  const Stream* stream_;
  T* data_;
  Index size_;
};

// Page-locked host memory, which the device also sees as its own. Copies to and from it run beside the host; and both
// sides may read and write it while kernels run, the host then through a volatile pointer.
template <class T>
class PinnedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PinnedBuffer(Index size, const T& value)
      : data_(detail::allocate_pinned(detail::checked_bytes(size, sizeof(T)))),
        device_(static_cast<T*>(detail::device_address(data_.get()))),
        size_(size) {
    std::fill_n(view().data, size, value);
  }

  Index size() const { return size_; }
  HostSpan<T> view() { return {static_cast<T*>(data_.get()), size_}; }
  DeviceSpan<T> device_view() { return {device_, size_}; }

 private:
  std::unique_ptr<void, detail::FreePinned> data_;
  T* device_;
  Index size_;
};

// Every byte of `to` becomes `byte`: 0 for zeros of every type, 0xFF for NaN.
template <class T>
void fill_bytes(const Stream& stream, DeviceSpan<T> to, unsigned char byte) {
  detail::fill_bytes(stream, to.data, byte, to.size * Index{sizeof(T)});
}
template <class T>
void fill_bytes(const Stream& stream, DeviceMatrix<T> to, unsigned char byte) {
  detail::fill_rows(stream, to.data, to.stride * Index{sizeof(T)}, byte, to.cols * Index{sizeof(T)}, to.rows);
}

template <class T>
void copy(const Stream& stream, HostSpan<const T> from, DeviceSpan<T> to) {
  expects(from.size == to.size, "copy: equal sizes");
  detail::copy_to_device(stream, from.data, to.data, to.size * Index{sizeof(T)});
}
template <class T>
void copy(const Stream& stream, DeviceSpan<const T> from, HostSpan<T> to) {
  expects(from.size == to.size, "copy: equal sizes");
  detail::copy_to_host(stream, from.data, to.data, to.size * Index{sizeof(T)});
}
template <class T>
void copy_within(const Stream& stream, DeviceSpan<const T> from, DeviceSpan<T> to) {
  expects(from.size == to.size, "copy: equal sizes");
  detail::copy_within(stream, from.data, to.data, to.size * Index{sizeof(T)});
}
template <class T>
void copy(const Stream& stream, HostMatrix<const T> from, DeviceMatrix<T> to) {
  expects(from.rows == to.rows && from.cols == to.cols, "copy: equal shapes");
  constexpr Index kSize = sizeof(T);
  detail::copy_rows_to_device(stream, from.data, from.stride * kSize, to.data, to.stride * kSize, from.cols * kSize,
                              from.rows);
}

}  // namespace plateau::gpu
