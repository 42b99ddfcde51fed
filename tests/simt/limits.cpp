// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/limits.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace plateau::simt {

bool valid_launch(dim3 grid, dim3 block) {
  const std::size_t threads = volume(block);
  return 1 <= threads && threads <= kMaxThreads && block.z <= 64 && 1 <= volume(grid) && grid.x <= 0x7FFFFFFF &&
         grid.y <= 65535 && grid.z <= 65535;
}

std::size_t max_shared_bytes() {
  static const std::size_t chosen = [] {
    const char* kilobytes = std::getenv("PLATEAU_SIMT_SHARED_KB");
    if (kilobytes == nullptr) return kMaxSharedBytes;
    char* end = nullptr;
    const std::size_t bytes = std::size_t{std::strtoul(kilobytes, &end, 10)} << 10;
    if (*end != 0 || bytes < kMaxStaticSharedBytes || bytes > kMaxSharedBytes)
      throw std::invalid_argument("PLATEAU_SIMT_SHARED_KB is a number from 48 to 227, not \"" + std::string(kilobytes) +
                                  "\"");
    return bytes;
  }();
  return chosen;
}

unsigned resident_blocks(std::size_t threads, std::size_t shared_bytes) {
  if (threads == 0 || threads > kMaxThreads || shared_bytes > max_shared_bytes()) return 0;
  constexpr std::size_t kWarp = 32;
  const std::size_t by_threads = kMaxResidentThreads / ((threads + kWarp - 1) / kWarp * kWarp);
  const std::size_t by_shared_memory =
      (max_shared_bytes() + kReservedSharedBytes) / (shared_bytes + kReservedSharedBytes);
  return static_cast<unsigned>(std::min<std::size_t>({by_threads, by_shared_memory, kMaxResidentBlocks}));
}

unsigned resident_clusters(const Shape& shape) {
  return static_cast<unsigned>(kMultiprocessors * resident_blocks(volume(shape.block), shape.shared_bytes) /
                               volume(shape.cluster));
}

cudaError_t check_launch(const Shape& shape, const OptIn& opt_in) {
  if (!valid_launch(shape.grid, shape.block)) return cudaErrorInvalidConfiguration;
  if (shape.shared_bytes > opt_in.shared_bytes) return cudaErrorInvalidValue;
  const dim3 grid = shape.grid, cluster = shape.cluster;
  if (volume(cluster) == 0 || volume(cluster) > opt_in.cluster_blocks || grid.x % cluster.x != 0 ||
      grid.y % cluster.y != 0 || grid.z % cluster.z != 0 || resident_clusters(shape) == 0)
    return cudaErrorInvalidClusterSize;
  if (shape.cooperative && volume(grid) > resident_clusters(shape) * volume(cluster))
    return cudaErrorCooperativeLaunchTooLarge;
  return cudaSuccess;
}

}  // namespace plateau::simt
