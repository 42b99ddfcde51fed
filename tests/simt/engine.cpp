// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/engine.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "simt/fiber.hpp"
#include "simt/sanitizer.hpp"
#include "simt/shared_memory.hpp"

// One kernel runs at a time, on one operating-system thread: these need not be thread_local.
uint3 threadIdx{0, 0, 0}, blockIdx{0, 0, 0};
dim3 blockDim, gridDim;

namespace plateau::simt {
namespace {

using detail::Exchange;
using detail::Site;

constexpr unsigned kWarp = 32;
constexpr unsigned kMaxThreads = 1024;
constexpr unsigned kNobody = ~0u;

// Ends the thread that throws it, and with it the launch.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class State : std::uint8_t { ready, at_barrier, in_meeting, returned };

struct Meeting {  // of the lanes of one mask; some have arrived
  unsigned mask = 0;
  unsigned arrived = 0;
  unsigned generation = 0;
  Exchange exchange = Exchange::nothing;
  const char* call = "";
  Site site{};
};

struct Warp {
  std::array<Meeting, kWarp> meetings;
  unsigned known = 0;  // meetings that have taken place or are in progress
};

struct Barrier {
  unsigned arrived = 0;
  unsigned generation = 0;
  Site site{};
};

struct Thread {
  uint3 index{};
  Fiber* fiber = nullptr;
  State state = State::ready;
  // Where it waits, and in a meeting: with what.
  const char* call = "";
  Site site{};
  Meeting* meeting = nullptr;
  std::uint64_t value = 0;
  unsigned source = 0;
  std::uint64_t received = 0;
};

// The threads that can run, in the order in which they will.
class ReadyThreads {
 public:
  void restart(unsigned capacity) {
    if (ring_.size() < capacity) ring_.resize(capacity);
    first_ = count_ = 0;
  }
  bool empty() const { return count_ == 0; }
  void push(unsigned thread) { ring_[wrapped(first_ + count_++)] = thread; }
  unsigned pop() {
    const unsigned thread = ring_[first_];
    first_ = wrapped(first_ + 1);
    --count_;
    return thread;
  }
  unsigned pop_random(std::uint64_t& random) {
    const unsigned chosen = wrapped(first_ + static_cast<unsigned>(xorshift(random) % count_));
    std::swap(ring_[chosen], ring_[first_]);
    return pop();
  }

 private:
  unsigned wrapped(unsigned i) const { return i < ring_.size() ? i : i - static_cast<unsigned>(ring_.size()); }
  std::vector<unsigned> ring_;
  unsigned first_ = 0, count_ = 0;
};

std::string text(Site site) {
  return std::string(site.file_name()) + ":" + std::to_string(site.line()) + " (" + site.function_name() + ")";
}
std::string text(uint3 v) {
  return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
}
std::string hexadecimal(unsigned mask) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "0x%08x", mask);
  return digits;
}
bool equal(const Site& a, const Site& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}
uint3 position(std::size_t linear, dim3 extent) {
  return {static_cast<unsigned>(linear % extent.x), static_cast<unsigned>(linear / extent.x % extent.y),
          static_cast<unsigned>(linear / extent.x / extent.y)};
}
std::size_t volume(dim3 extent) { return std::size_t{extent.x} * extent.y * extent.z; }

class Engine {
 public:
  std::string run(dim3 grid, dim3 block, const std::function<void()>& kernel);

  void wait_at_barrier(Site site);
  std::uint64_t meet(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                     Site site);
  unsigned lane() { return running_thread() % kWarp; }
  void* shared_object(const void* key, std::size_t bytes, std::size_t alignment);

 private:
  void run_block(uint3 index, std::size_t count_of_earlier_blocks);
  static void thread_main(void* engine);
  void fail(const std::string& what);
  void leave();
  void suspend(Thread& thread);
  void resume(Context& from, unsigned next);
  void wake(unsigned first, unsigned count, State state, const Meeting* meeting);
  Meeting& join(unsigned thread, Exchange exchange, const char* call, unsigned mask, Site site);
  void exchange_values(const Meeting& meeting, unsigned first);
  std::string deadlock() const;
  void abandon_block();

  unsigned running_thread() const {
    if (running_ == kNobody) throw std::logic_error("a device function was called outside a kernel");
    return running_;
  }
  unsigned next() { return options_.order == Order::random ? ready_.pop_random(random_) : ready_.pop(); }

  // The launch
  const std::function<void()>* kernel_ = nullptr;
  Options options_;
  std::uint64_t launches_ = 0;
  std::uint64_t random_ = 1;
  Context host_;
  std::size_t fibers_in_use_ = 0, fiber_step_ = 0;
  std::string fault_;
  std::uint64_t start_sync_ = 0, end_sync_ = 0;  // their addresses: ThreadSanitizer's view of a grid's start and end

  // The block
  std::vector<std::unique_ptr<Fiber>> fibers_;  // kept for later blocks and launches
  std::vector<Thread> threads_;
  unsigned count_ = 0, returned_ = 0;
  unsigned running_ = kNobody;
  ReadyThreads ready_;
  Barrier barrier_;
  std::array<Warp, kMaxThreads / kWarp> warps_;
  SharedMemory shared_;
};

// Never destroyed: the sanitizers outlive static objects.
Engine& engine() {
  static Engine& only = *new Engine;
  return only;
}

std::string Engine::run(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  if (running_ != kNobody) throw std::logic_error("a kernel launched a kernel");
  kernel_ = &kernel;
  options_ = options();
  random_ = (options_.seed + ++launches_) * 0x9E3779B97F4A7C15u | 1;
  fault_.clear();
  blockDim = block;
  gridDim = grid;
  count_ = static_cast<unsigned>(volume(block));
  host_.adopt_this_thread();
  if (threads_.size() < count_) threads_.resize(count_);
  // ThreadSanitizer takes what one fiber does for a sequence. So that it sees races between blocks, a thread of the
  // grid runs on another fiber in each block, for as many blocks as there are fibers: the step has no divisor with
  // their number, and is far from 0 and from a whole block.
  fibers_in_use_ = sanitizer::thread() ? count_ + 1 : count_;
  fiber_step_ = sanitizer::thread() ? fibers_in_use_ * 5 / 8 : 0;
  while (sanitizer::thread() && std::gcd(fiber_step_, fibers_in_use_) != 1) ++fiber_step_;
  while (fibers_.size() < fibers_in_use_)
    fibers_.push_back(std::make_unique<Fiber>(&Engine::thread_main, this, "GPU thread"));

  sanitizer::release(&start_sync_);

  const std::size_t blocks = volume(grid);
  std::vector<std::size_t> shuffled;
  if (options_.order == Order::random) {
    shuffled.resize(blocks);
    std::iota(shuffled.begin(), shuffled.end(), std::size_t{0});
    for (std::size_t i = blocks; i > 1; --i) std::swap(shuffled[i - 1], shuffled[xorshift(random_) % i]);
  }
  for (std::size_t i = 0; i < blocks && fault_.empty(); ++i) {
    const std::size_t number = options_.order == Order::ascending    ? i
                               : options_.order == Order::descending ? blocks - 1 - i
                                                                     : shuffled[i];
    run_block(position(number, grid), i);
  }
  for (std::size_t i = 0; i < fibers_in_use_; ++i) fibers_[i]->release_on_its_behalf(&end_sync_, host_);
  sanitizer::acquire(&end_sync_);
  return std::move(fault_);
}

void Engine::run_block(uint3 index, std::size_t count_of_earlier_blocks) {
  blockIdx = index;
  returned_ = 0;
  barrier_ = {};
  shared_.open();
  ready_.restart(count_);
  for (unsigned t = 0; t < count_; ++t)
    threads_[t] = {.index = position(t, blockDim),
                   .fiber = fibers_[(count_of_earlier_blocks * fiber_step_ + t) % fibers_in_use_].get()};
  for (Warp& warp : warps_) warp.known = 0;
  for (unsigned t = 0; t < count_; ++t) ready_.push(options_.order == Order::descending ? count_ - 1 - t : t);

  resume(host_, next());  // comes back when no thread can run
  running_ = kNobody;
  if (fault_.empty() && returned_ != count_) fault_ = deadlock();
  if (!fault_.empty()) abandon_block();
  shared_.close();
}

// A fiber serves one thread after the other.
void Engine::thread_main(void* pointer) {
  Engine& engine = *static_cast<Engine*>(pointer);
  for (;;) {
    Fiber& fiber = *engine.threads_[engine.running_].fiber;
    if (std::exchange(fiber.launch, engine.launches_) != engine.launches_) sanitizer::acquire(&engine.start_sync_);
    try {
      (*engine.kernel_)();
      engine.leave();
    } catch (const Fault& fault) {
      engine.fail(fault.what());
    } catch (const std::exception& exception) {
      engine.fail(std::string("an exception left the kernel: ") + exception.what());
    } catch (...) {
      engine.fail("an exception left the kernel");
    }
    // From here on no object may hold memory: after a fault the fiber never comes back.
    Thread& thread = engine.threads_[engine.running_];
    if (engine.fault_.empty())
      engine.suspend(thread);
    else
      switch_context(*thread.fiber, engine.host_);
  }
}

void Engine::fail(const std::string& what) {
  fault_ = "kernel fault in block " + text(blockIdx) + " thread " + text(threadIdx) + ": " + what;
}

void Engine::leave() {
  Thread& thread = threads_[running_];
  if (barrier_.arrived != 0)
    throw Fault("returned while " + std::to_string(barrier_.arrived) + " threads wait in __syncthreads at " +
                text(barrier_.site));
  thread.state = State::returned;
  ++returned_;
}

void Engine::resume(Context& from, unsigned next) {
  Thread& thread = threads_[next];
  running_ = next;
  threadIdx = thread.index;
  if (thread.fiber != &from) switch_context(from, *thread.fiber);
}

// Comes back when the thread was made ready and its turn has come; never, where the thread has returned.
void Engine::suspend(Thread& thread) {
  if (!ready_.empty())
    resume(*thread.fiber, next());
  else
    switch_context(*thread.fiber, host_);
}

void Engine::wake(unsigned first, unsigned count, State state, const Meeting* meeting) {
  for (unsigned i = 0; i < count; ++i) {
    const unsigned t = options_.order == Order::descending ? first + count - 1 - i : first + i;
    if (threads_[t].state != state || threads_[t].meeting != meeting) continue;
    threads_[t].state = State::ready;
    threads_[t].meeting = nullptr;
    ready_.push(t);
  }
}

void Engine::wait_at_barrier(Site site) {
  Thread& thread = threads_[running_thread()];
  if (returned_ != 0)
    throw Fault("__syncthreads at " + text(site) + " after " + std::to_string(returned_) + " threads returned");
  if (barrier_.arrived != 0 && !equal(barrier_.site, site))
    throw Fault("divergent barrier: this thread is in __syncthreads at " + text(site) + ", " +
                std::to_string(barrier_.arrived) + " others in __syncthreads at " + text(barrier_.site));
  barrier_.site = site;
  void* sync = shared_.barrier_sync(barrier_.generation);
  sanitizer::release(sync);
  thread.state = State::at_barrier;
  thread.call = "__syncthreads";
  thread.site = site;
  if (++barrier_.arrived == count_) {
    barrier_.arrived = 0;
    ++barrier_.generation;
    wake(0, count_, State::at_barrier, nullptr);
  }
  suspend(thread);
  sanitizer::acquire(sync);
}

std::uint64_t Engine::meet(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                           Site site) {
  const unsigned self = running_thread();
  Thread& thread = threads_[self];
  Meeting& meeting = join(self, exchange, call, mask, site);
  if (exchange == Exchange::shuffle && (mask >> source & 1) == 0)
    throw Fault(std::string(call) + " at " + text(site) + ": reads lane " + std::to_string(source) +
                ", which is not in the mask " + hexadecimal(mask));
  void* sync = shared_.meeting_sync(
      self / kWarp, static_cast<std::size_t>(&meeting - warps_[self / kWarp].meetings.data()), meeting.generation);
  const bool orders_memory = exchange == Exchange::nothing;  // a shuffle or vote is no fence, in PTX either
  if (orders_memory) sanitizer::release(sync);
  thread.state = State::in_meeting;
  thread.call = call;
  thread.site = site;
  thread.meeting = &meeting;
  thread.value = value;
  thread.source = source;
  meeting.arrived |= 1u << self % kWarp;
  if (meeting.arrived == mask) {
    const unsigned first = self / kWarp * kWarp;
    exchange_values(meeting, first);
    meeting.arrived = 0;
    ++meeting.generation;
    wake(first, std::min(kWarp, count_ - first), State::in_meeting, &meeting);
  }
  suspend(thread);
  if (orders_memory) sanitizer::acquire(sync);
  return thread.received;
}

// The meeting that the thread belongs to: one that others have begun, or a new one.
Meeting& Engine::join(unsigned thread, Exchange exchange, const char* call, unsigned mask, Site site) {
  const unsigned lane = thread % kWarp, first = thread - lane, lanes = std::min(kWarp, count_ - first);
  const auto here = [&] { return std::string(call) + " at " + text(site) + ": "; };
  if ((mask >> lane & 1) == 0)
    throw Fault(here() + "lane " + std::to_string(lane) + " calls with the mask " + hexadecimal(mask) +
                ", which it is not in");
  if (lanes < kWarp && mask >> lanes != 0)
    throw Fault(here() + "the mask " + hexadecimal(mask) +
                " names lanes past the end of the block, whose last warp has " + std::to_string(lanes) + " lanes");
  Warp& warp = warps_[first / kWarp];
  Meeting* idle = nullptr;
  for (Meeting* m = warp.meetings.data(); m != warp.meetings.data() + warp.known; ++m) {
    if (m->arrived == 0) {
      if (idle == nullptr || m->mask == mask) idle = m;
    } else if (m->mask == mask && m->exchange == exchange && equal(m->site, site)) {
      return *m;
    } else if ((m->mask & mask) != 0) {
      throw Fault(here() + "lanes of its mask " + hexadecimal(mask) + " wait elsewhere, in " + m->call +
                  " with the mask " + hexadecimal(m->mask) + " at " + text(m->site));
    }
  }
  for (unsigned l = 0; l < lanes; ++l)
    if ((mask >> l & 1) != 0 && threads_[first + l].state == State::returned)
      throw Fault(here() + "lane " + std::to_string(l) + " of the mask " + hexadecimal(mask) + " has returned");
  // There is room: meetings in progress have disjoint masks, and this lane is in none of them.
  if (idle == nullptr) {
    idle = &warp.meetings[warp.known++];
    idle->arrived = 0;  // an earlier block may have failed in it
  }
  idle->mask = mask;
  idle->exchange = exchange;
  idle->call = call;
  idle->site = site;
  return *idle;
}

void Engine::exchange_values(const Meeting& meeting, unsigned first) {
  const auto for_each_lane = [&](const auto& body) {
    for (unsigned rest = meeting.mask; rest != 0; rest &= rest - 1) {
      const auto lane = static_cast<unsigned>(std::countr_zero(rest));
      body(lane, threads_[first + lane]);
    }
  };
  if (meeting.exchange == Exchange::shuffle) {
    for_each_lane([&](unsigned, Thread& thread) { thread.received = threads_[first + thread.source].value; });
  } else if (meeting.exchange == Exchange::ballot) {
    std::uint64_t ballot = 0;
    for_each_lane([&](unsigned lane, const Thread& thread) { ballot |= std::uint64_t{thread.value != 0} << lane; });
    for_each_lane([&](unsigned, Thread& thread) { thread.received = ballot; });
  }
}

void* Engine::shared_object(const void* key, std::size_t bytes, std::size_t alignment) {
  running_thread();
  void* object = shared_.object(key, bytes, alignment);
  if (object == nullptr)
    throw Fault("a shared object of " + std::to_string(bytes) + " bytes: the block's shared memory has no room for it");
  return object;
}

// One line per place where threads wait.
std::string Engine::deadlock() const {
  struct Line {
    const Thread* first;
    const Thread* last;
    unsigned count;
  };
  const auto same_place = [](const Thread& a, const Thread& b) {
    return a.state == b.state &&
           (a.state == State::returned || (equal(a.site, b.site) && (a.meeting == nullptr) == (b.meeting == nullptr) &&
                                           (a.meeting == nullptr || a.meeting->mask == b.meeting->mask)));
  };
  std::vector<Line> lines;
  for (unsigned t = 0; t < count_; ++t) {
    const Thread& thread = threads_[t];
    const auto line =
        std::find_if(lines.begin(), lines.end(), [&](const Line& l) { return same_place(*l.first, thread); });
    if (line == lines.end())
      lines.push_back({&thread, &thread, 1});
    else
      line->last = &thread, ++line->count;
  }
  std::string report = "kernel fault in block " + text(blockIdx) + ": deadlock, no thread can run";
  for (const Line& line : lines) {
    report += "\n  " + std::to_string(line.count) + " threads, " + text(line.first->index) + " to " +
              text(line.last->index) + ", ";
    if (line.first->state == State::returned) {
      report += "have returned";
      continue;
    }
    report += std::string("wait in ") + line.first->call;
    if (line.first->meeting != nullptr) report += " with the mask " + hexadecimal(line.first->meeting->mask);
    report += " at " + text(line.first->site);
  }
  return report;
}

void Engine::abandon_block() {
  for (unsigned t = 0; t < count_; ++t) {
    threads_[t].fiber->release_on_its_behalf(&end_sync_, host_);
    threads_[t].fiber->restart();
    threads_[t].fiber->launch = 0;
  }
}

Options from_environment() {
  Options chosen;
  if (const char* order = std::getenv("PLATEAU_SIMT_ORDER")) {
    const std::string name = order;
    if (name == "ascending")
      chosen.order = Order::ascending;
    else if (name == "descending")
      chosen.order = Order::descending;
    else if (name == "random")
      chosen.order = Order::random;
    else
      throw std::invalid_argument("PLATEAU_SIMT_ORDER is ascending, descending or random, not \"" + name + "\"");
  }
  if (const char* seed = std::getenv("PLATEAU_SIMT_SEED")) {
    char* end = nullptr;
    chosen.seed = std::strtoull(seed, &end, 10);
    if (end == seed || *end != 0)
      throw std::invalid_argument("PLATEAU_SIMT_SEED is a number, not \"" + std::string(seed) + "\"");
  }
  return chosen;
}

}  // namespace

Options& options() {
  static Options chosen = from_environment();
  return chosen;
}

bool valid_launch(dim3 grid, dim3 block) {
  const std::size_t threads = volume(block);
  return 1 <= threads && threads <= kMaxThreads && block.z <= 64 && 1 <= volume(grid) && grid.x <= 0x7FFFFFFF &&
         grid.y <= 65535 && grid.z <= 65535;
}

std::string run_grid(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  return engine().run(grid, block, kernel);
}

namespace detail {

void block_barrier(Site site) { engine().wait_at_barrier(site); }
std::uint64_t meet_warp(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                        Site site) {
  return engine().meet(exchange, call, mask, value, source, site);
}
unsigned lane() { return engine().lane(); }
void* shared_object(const void* key, std::size_t bytes, std::size_t alignment) {
  return engine().shared_object(key, bytes, alignment);
}

}  // namespace detail
}  // namespace plateau::simt
