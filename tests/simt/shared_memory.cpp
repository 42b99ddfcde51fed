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

void SharedMemory::open(std::size_t dynamic_bytes) {
  dynamic_bytes_ = dynamic_bytes;
  bytes_ = bytes_with(dynamic_bytes);
  if (mapped_bytes_ < bytes_) {
    if (memory_ != nullptr) munmap(memory_, mapped_bytes_);
    void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<unsigned char*>(mapped);
    mapped_bytes_ = bytes_;
    objects_.reserve(kMaxObjects);  // a fiber that allocates would be seen by ThreadSanitizer
    parts_.reserve(kMaxParts);
  }
  objects_.clear();
  parts_.clear();
  used_ = kObjects + kRedZone;
  object_bytes_ = 0;
  sanitizer::forbid(memory_ + kObjects, bytes_ - kObjects);
}

void SharedMemory::end() {
  for (const Object& object : objects_) {
    sanitizer::note_write(memory_ + object.offset, object.bytes);
    fill_with_nan(memory_ + object.offset, object.bytes);
  }
  for (const Part& part : parts_) {
    sanitizer::note_write(memory_ + part.offset, part.bytes);
    fill_with_nan(memory_ + part.offset, part.bytes);
  }
  sanitizer::forbid(memory_ + kObjects, bytes_ - kObjects);
}

void SharedMemory::close() {
  sanitizer::allow(memory_, bytes_);
  if (!sanitizer::thread()) return;
  munmap(memory_, mapped_bytes_);
  memory_ = nullptr;
  mapped_bytes_ = 0;
}

void* SharedMemory::opened(unsigned char* data, std::size_t bytes) {
  sanitizer::allow(data, bytes);
  fill_with_nan(data, bytes + kRedZone);  // a plain build notices what reads a little too far
  return data;
}

void* SharedMemory::object(const void* key, std::size_t bytes, std::size_t alignment) {
  for (const Object& object : objects_)
    if (object.key == key) return memory_ + object.offset;
  object_bytes_ = round_up_to(object_bytes_, alignment) + bytes;
  if (object_bytes_ > kMaxStaticSharedBytes || object_bytes_ + dynamic_bytes_ > max_shared_bytes() ||
      objects_.size() == kMaxObjects || alignment > kMaxAlignment)
    return nullptr;
  const std::size_t offset = round_up_to(used_, std::max<std::size_t>(alignment, 16));
  used_ = offset + bytes + kRedZone;
  objects_.push_back({key, offset, bytes, alignment});
  return opened(memory_ + offset, bytes);
}

void* SharedMemory::part(std::size_t number, std::size_t start, std::size_t bytes) {
  if (number < parts_.size() && parts_[number].start == start && parts_[number].bytes == bytes)
    return memory_ + parts_[number].offset;
  if (start + bytes > dynamic_bytes_ || number > parts_.size() || number >= kMaxParts) return nullptr;
  for (; parts_.size() > number; parts_.pop_back())
    sanitizer::forbid(memory_ + parts_.back().offset, parts_.back().bytes);
  const std::size_t offset = kParts + start + (number + 1) * kRedZone;
  parts_.push_back({start, bytes, offset});
  return opened(memory_ + offset, bytes);
}

void* SharedMemory::counterpart(const void* own, SharedMemory& other) const {
  const auto* address = static_cast<const unsigned char*>(own);
  if (address < memory_ || address >= memory_ + bytes_) return nullptr;
  const auto at = static_cast<std::size_t>(address - memory_);
  const auto within = [&](const auto& taken) { return taken.offset <= at && at < taken.offset + taken.bytes; };
  if (const auto object = std::find_if(objects_.begin(), objects_.end(), within); object != objects_.end()) {
    void* there = other.object(object->key, object->bytes, object->alignment);
    return there == nullptr ? nullptr : static_cast<unsigned char*>(there) + (at - object->offset);
  }
  const auto part = std::find_if(parts_.begin(), parts_.end(), within);
  if (part == parts_.end()) return nullptr;
  // The other block may not have come to carving yet: it will do as this one did, or find itself carving anew.
  const auto number = static_cast<std::size_t>(part - parts_.begin());
  for (std::size_t i = other.parts_.size(); i <= number; ++i) other.part(i, parts_[i].start, parts_[i].bytes);
  const Part& there = other.parts_[number];
  if (there.start != part->start || there.bytes != part->bytes) return nullptr;
  return other.memory_ + there.offset + (at - part->offset);
}

}  // namespace plateau::simt
