// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/shared_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "simt/sanitizer.hpp"

namespace plateau::simt {
namespace {

constexpr std::size_t round_up_to(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// Not memset: ThreadSanitizer intercepts that and would take the filling for an access by the calling thread. Volatile
// keeps the compiler from making it one.
void fill_with_nan(unsigned char* data, std::size_t bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes; i += 8) *reinterpret_cast<volatile std::uint64_t*>(data + i) = ~std::uint64_t{0};
  for (; i < bytes; ++i) *static_cast<volatile unsigned char*>(data + i) = 0xFF;
}

}  // namespace

void SharedMemory::open() {
  if (memory_ == nullptr) {
    void* mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<unsigned char*>(mapped);
    objects_.reserve(kMaxObjects);  // a fiber that allocates would be seen by ThreadSanitizer
  }
  objects_.clear();
  used_ = kSyncBytes + kRedZone;
  object_bytes_ = 0;
  sanitizer::forbid(memory_ + kSyncBytes, kBytes - kSyncBytes);
}

void SharedMemory::close() {
  sanitizer::allow(memory_, kBytes);
  if (!sanitizer::thread()) return;
  munmap(memory_, kBytes);
  memory_ = nullptr;
}

void* SharedMemory::object(const void* key, std::size_t bytes, std::size_t alignment) {
  for (const Object& object : objects_)
    if (object.key == key) return memory_ + object.offset;
  object_bytes_ = round_up_to(object_bytes_, alignment) + bytes;
  if (object_bytes_ > kStaticSharedBytes || objects_.size() == kMaxObjects || alignment > kMaxAlignment) return nullptr;
  const std::size_t offset = round_up_to(used_, std::max<std::size_t>(alignment, 16));
  used_ = offset + bytes + kRedZone;
  objects_.push_back({key, offset});
  sanitizer::allow(memory_ + offset, bytes);
  fill_with_nan(memory_ + offset, bytes + kRedZone);  // a plain build notices what reads a little too far
  return memory_ + offset;
}

}  // namespace plateau::simt
