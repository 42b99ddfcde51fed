// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the engine tells the sanitizers. Their functions are weak: in a plain build they are null and nothing happens.
// For the engine's own files only, which are never sanitized themselves: a switch of fibers inside an instrumented
// function would leave ThreadSanitizer's shadow stack unbalanced.
#pragma once

#include <cstddef>

extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* save, const void** bottom, std::size_t* size);
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* data, std::size_t size);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* data, std::size_t size);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_set_fiber_name(void* fiber, const char* name);
[[gnu::weak]] void __tsan_acquire(void* sync);
[[gnu::weak]] void __tsan_release(void* sync);
[[gnu::weak]] void __tsan_write_range(void* data, unsigned long bytes);
}

namespace plateau::simt::sanitizer {

inline bool address() { return __asan_poison_memory_region != nullptr; }
inline bool thread() { return __tsan_create_fiber != nullptr; }

// AddressSanitizer reports every access to forbidden bytes.
inline void forbid(const void* data, std::size_t bytes) {
  if (address()) __asan_poison_memory_region(data, bytes);
}
inline void allow(const void* data, std::size_t bytes) {
  if (address()) __asan_unpoison_memory_region(data, bytes);
}

// For ThreadSanitizer, what precedes release(sync) happens before what follows acquire(sync).
inline void release(void* sync) {
  if (thread()) __tsan_release(sync);
}
inline void acquire(void* sync) {
  if (thread()) __tsan_acquire(sync);
}
inline void note_write(void* data, std::size_t bytes) {
  if (thread()) __tsan_write_range(data, bytes);
}
inline constexpr unsigned kOrdersNothing = 1;  // of __tsan_switch_to_fiber: a switch alone is no synchronisation

}  // namespace plateau::simt::sanitizer
