// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The shared memory of one resident block: static objects and parts of the dynamic memory, full of NaN and far from
// each other. Never sanitized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simt/limits.hpp"

namespace plateau::simt {

class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // A new block begins: nothing of the memory may be touched until it is taken.
  void open(std::size_t dynamic_bytes);
  // The block has returned, but others live that know its addresses: what they read there is NaN, and nothing may be
  // touched any more. For ThreadSanitizer the end is a write by the calling thread.
  void end();
  // The last block that may know the addresses is over.
  void close();

  // The block's object `key`: the same for all of its threads, filled with 0xFF by the first that asks. Null where the
  // block has no room for it.
  void* object(const void* key, std::size_t bytes, std::size_t alignment);
  // Part `number` of the dynamic memory, from the byte `start` on, likewise. Where it lies elsewhere than the part of
  // that number did before, the memory is being carved anew: that part and all later ones are new, full of NaN.
  void* part(std::size_t number, std::size_t start, std::size_t bytes);
  std::size_t dynamic_bytes() const { return dynamic_bytes_; }

  // What lies in `other` where `own` lies here. Null where it lies in nothing that was taken, or in a part that the
  // other block has carved differently.
  void* counterpart(const void* own, SharedMemory& other) const;

  // Addresses that stand for barriers and the warps' meetings in ThreadSanitizer's eyes. They lie here because this
  // memory is mapped afresh for each block under that sanitizer: an address that served an earlier block would order
  // the two blocks and hide their races. Two consecutive uses of a barrier need two addresses, for a thread still
  // leaving the first would otherwise see what others did before arriving at the second.
  void* barrier_sync(std::size_t scope, unsigned generation) { return words() + 2 * scope + (generation & 1); }
  void* end_sync() { return words() + 2 * kScopes; }
  void* meeting_sync(std::size_t warp, std::size_t meeting, unsigned generation) {
    return words() + 2 * kScopes + 2 + 2 * (warp * kMeetings + meeting) + (generation & 1);
  }

 private:
  struct Object {
    const void* key;
    std::size_t offset, bytes, alignment;
  };
  struct Part {
    std::size_t start, bytes, offset;
  };
  static constexpr std::size_t kScopes = 3;                  // of barriers: block, cluster, grid
  static constexpr std::size_t kWarps = 32, kMeetings = 32;  // of a block, of a warp
  static constexpr std::size_t kMaxObjects = 64, kMaxParts = 64;
  static constexpr std::size_t kRedZone = 64;
  static constexpr std::size_t kMaxAlignment = 256;
  // | words for ThreadSanitizer | objects between red zones | parts of the dynamic memory between red zones |
  static constexpr std::size_t kObjects = (2 * kScopes + 2 + 2 * kWarps * kMeetings) * sizeof(std::uint64_t);
  static constexpr std::size_t kParts =
      (kObjects + kMaxStaticSharedBytes + (kMaxObjects + 1) * (kRedZone + kMaxAlignment)) / kMaxAlignment *
          kMaxAlignment +
      kMaxAlignment;
  static constexpr std::size_t bytes_with(std::size_t dynamic_bytes) {
    return kParts + dynamic_bytes + (kMaxParts + 1) * kRedZone;
  }

  std::uint64_t* words() { return reinterpret_cast<std::uint64_t*>(memory_); }
  static void* opened(unsigned char* data, std::size_t bytes);

  unsigned char* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::size_t bytes_ = 0;         // of it that the block has
  std::size_t used_ = 0;          // by objects, with the red zones
  std::size_t object_bytes_ = 0;  // without
  std::size_t dynamic_bytes_ = 0;
  std::vector<Object> objects_;
  std::vector<Part> parts_;
};

}  // namespace plateau::simt
