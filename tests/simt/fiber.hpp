// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Fibers: stacks between which one operating-system thread switches by hand. Never sanitized.
#pragma once

#include <cstddef>
#include <cstdint>

namespace plateau::simt {

// Something that can be switched away from and back to.
class Context {
 public:
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Describes the calling operating-system thread, so that fibers can switch back to it.
  void adopt_this_thread();
  void* sanitizer_fiber() const { return sanitizer_fiber_; }

 protected:
  friend void switch_context(Context& from, Context& to);

  void* stack_pointer_ = nullptr;
  const void* stack_bottom_ = nullptr;
  std::size_t stack_bytes_ = 0;
  void* fake_stack_ = nullptr;       // AddressSanitizer's
  void* sanitizer_fiber_ = nullptr;  // ThreadSanitizer's
};

// Leaves `from`, which is the caller, and goes on where `to` was left. Returns when somebody switches to `from`.
void switch_context(Context& from, Context& to);

class Fiber : public Context {
 public:
  using Entry = void (*)(void* argument);  // never returns, lets no exception out

  // A stack of its own above a page that no one may touch; so an overflow ends the program instead of spoiling another
  // fiber. `name` is what ThreadSanitizer calls it.
  Fiber(Entry entry, void* argument, const char* name);
  ~Fiber();

  std::uint64_t launch = 0;  // the owner's note: the last launch that it took part in

  // Whatever the fiber was doing is forgotten, no destructor runs: the next switch to it enters it anew.
  void restart();
  // For ThreadSanitizer: what the fiber has done happens before what follows the next acquire(sync). `current` calls.
  void release_on_its_behalf(void* sync, const Context& current);
  // For ThreadSanitizer, called by the fiber itself: keeps what it has done so far; and what it last kept happens
  // before what follows the next acquire(sync), but nothing that it has done since.
  void keep_clock();
  void release_kept_clock(void* sync);

 private:
  static void enter(Fiber* fiber);
  void in_keeper(void (*action)(void*), void* sync);

  Entry entry_;
  void* argument_;
  const char* name_;
  unsigned char* mapping_;
  void* keeper_ = nullptr;  // ThreadSanitizer's: a fiber that does nothing and knows what this one has kept
  std::uint64_t keep_sync_ = 0;
};

}  // namespace plateau::simt
