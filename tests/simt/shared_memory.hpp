// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The shared memory of the one block that runs: objects full of NaN, far from each other. Never sanitized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plateau::simt {

inline constexpr std::size_t kStaticSharedBytes = 48 * 1024;  // CUDA's limit for a block's static shared memory

class SharedMemory {
 public:
  // A new block begins: nothing of the memory may be touched until objects are taken.
  void open();
  // The block is over: whatever its pointers lead to is gone.
  void close();

  // The block's object `key`: the same for all of its threads, filled with 0xFF by the first that asks. Null where the
  // block has no room for it.
  void* object(const void* key, std::size_t bytes, std::size_t alignment);

  // Addresses that stand for the block's barriers and the warps' meetings in ThreadSanitizer's eyes. They lie here
  // because this memory is mapped afresh for each block under that sanitizer: an address that served an earlier block
  // would order the two blocks and hide their races. Two consecutive uses of a barrier need two addresses, for a thread
  // still leaving the first would otherwise see what others did before arriving at the second.
  void* barrier_sync(unsigned generation) { return words() + (generation & 1); }
  void* meeting_sync(std::size_t warp, std::size_t meeting, unsigned generation) {
    return words() + 2 + 2 * (warp * kMeetings + meeting) + (generation & 1);
  }

 private:
  struct Object {
    const void* key;
    std::size_t offset;
  };
  static constexpr std::size_t kWarps = 32, kMeetings = 32;  // of a block, of a warp
  static constexpr std::size_t kMaxObjects = 64;
  static constexpr std::size_t kRedZone = 64;
  static constexpr std::size_t kMaxAlignment = 256;
  static constexpr std::size_t kSyncBytes = (2 + 2 * kWarps * kMeetings) * sizeof(std::uint64_t);
  static constexpr std::size_t kBytes =
      kSyncBytes + kStaticSharedBytes + (kMaxObjects + 1) * (kRedZone + kMaxAlignment);

  std::uint64_t* words() { return reinterpret_cast<std::uint64_t*>(memory_); }

  unsigned char* memory_ = nullptr;
  std::size_t used_ = 0;          // with the red zones
  std::size_t object_bytes_ = 0;  // without
  std::vector<Object> objects_;
};

}  // namespace plateau::simt
