// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/device_memory.hpp"

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <string>

namespace plateau::simt {
namespace {

constexpr std::size_t kAlignment = 256;

std::uintptr_t address(const void* data) { return reinterpret_cast<std::uintptr_t>(data); }

}  // namespace

std::size_t DeviceMemory::total_bytes() {
  static const std::size_t chosen = [] {
    const char* kilobytes = std::getenv("PLATEAU_SIMT_MEMORY_KB");
    if (kilobytes == nullptr) return std::size_t{4} << 30;
    char* end = nullptr;
    const std::size_t bytes = std::size_t{std::strtoul(kilobytes, &end, 10)} << 10;
    if (*end != 0 || bytes == 0)
      throw std::invalid_argument("PLATEAU_SIMT_MEMORY_KB is a number, not \"" + std::string(kilobytes) + "\"");
    return bytes;
  }();
  return chosen;
}

void* DeviceMemory::allocate(std::size_t bytes, MemoryKind kind) {
  if (bytes > (kind == MemoryKind::device ? free_bytes() : total_bytes())) return nullptr;
  void* start = nullptr;
  if (posix_memalign(&start, kAlignment, bytes) != 0) return nullptr;
  std::memset(start, 0xFF, bytes);
  allocations_[address(start)] = {bytes, kind};
  if (kind == MemoryKind::device) used_bytes_ += bytes;
  return start;
}

bool DeviceMemory::release(void* start, MemoryKind kind) {
  const auto found = allocations_.find(address(start));
  if (found == allocations_.end() || found->second.kind != kind) return false;
  if (kind == MemoryKind::device) used_bytes_ -= found->second.bytes;
  allocations_.erase(found);
  std::free(start);
  return true;
}

std::map<std::uintptr_t, DeviceMemory::Allocation>::const_iterator DeviceMemory::find(const void* data) const {
  const auto after = allocations_.upper_bound(address(data));
  if (after == allocations_.begin()) return allocations_.end();
  const auto candidate = std::prev(after);
  return address(data) - candidate->first < candidate->second.bytes ? candidate : allocations_.end();
}

MemoryKind DeviceMemory::kind(const void* data) const {
  const auto found = find(data);
  return found == allocations_.end() ? MemoryKind::pageable : found->second.kind;
}

bool DeviceMemory::holds(const void* data, std::size_t bytes) const {
  const auto found = find(data);
  return found != allocations_.end() && bytes <= found->second.bytes - (address(data) - found->first);
}

}  // namespace plateau::simt
