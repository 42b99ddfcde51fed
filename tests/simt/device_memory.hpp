// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's memory play the device's memory, and which play page-locked memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace plateau::simt {

enum class MemoryKind : std::uint8_t {
  device,
  pinned,    // the host's, seen by the device as well
  pageable,  // any other
};

class DeviceMemory {
 public:
  // 4 GiB, or fewer where PLATEAU_SIMT_MEMORY_KB asks for a smaller GPU.
  static std::size_t total_bytes();

  // Exactly so many bytes, so that AddressSanitizer's red zone begins right behind them; aligned as CUDA's are and
  // filled with 0xFF. Null where the device has not so much left.
  void* allocate(std::size_t bytes, MemoryKind kind);
  // False for what is not the start of such an allocation.
  bool release(void* start, MemoryKind kind);

  MemoryKind kind(const void* data) const;
  // Whether the device may touch all of these bytes.
  bool holds(const void* data, std::size_t bytes) const;
  std::size_t free_bytes() const { return total_bytes() - used_bytes_; }

 private:
  struct Allocation {
    std::size_t bytes;
    MemoryKind kind;
  };
  // The allocation that `data` points into, or end().
  std::map<std::uintptr_t, Allocation>::const_iterator find(const void* data) const;

  std::map<std::uintptr_t, Allocation> allocations_;
  std::size_t used_bytes_ = 0;
};

}  // namespace plateau::simt
