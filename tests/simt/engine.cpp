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

using detail::Scope;

constexpr unsigned kWarp = 32;
constexpr unsigned kNobody = ~0u;
constexpr std::size_t kNotedAtomics = 4;  // of a thread, since its last fence

// Ends the thread that throws it, and with it the launch.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class State : std::uint8_t { ready, waiting, returned };

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
  const char* call = "";
  unsigned first = 0, count = 0;  // the threads that it is for
  unsigned arrived = 0, returned = 0;
  unsigned generation = 0;
  Site site{};
};

struct Block {
  uint3 index{};
  unsigned number = 0, first = 0;  // of the resident blocks; its first thread
  unsigned rank = 0;               // in its cluster
  Barrier barrier;
  Barrier cluster;  // of the cluster that begins with this block
  std::array<Warp, kMaxThreads / kWarp> warps;
  SharedMemory shared;
};

struct Thread {
  uint3 index{};
  unsigned number = 0;  // in its block
  Block* block = nullptr;
  Fiber* fiber = nullptr;
  State state = State::ready;
  // Where it waits or last let others run; at a barrier or a meeting, in a meeting with what.
  const char* call = "";
  Site site{};
  const void* place = nullptr;
  unsigned mask = 0;
  std::uint64_t value = 0;
  unsigned source = 0;
  std::uint64_t received = 0;
  // What its next fence acquires, for ThreadSanitizer; and whether there was a fence, whose clock the fiber keeps.
  std::array<const void*, kNotedAtomics> atomics{};
  std::size_t noted_atomics = 0;
  bool fenced = false;
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
uint3 sum_of(uint3 a, uint3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }

class Engine {
 public:
  std::string run(const Shape& shape, const std::function<void()>& kernel);

  void wait_at_barrier(Scope scope, Site site);
  std::uint64_t meet(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                     Site site);
  unsigned lane() { return running().number % kWarp; }
  void* shared_object(const void* key, std::size_t bytes, std::size_t alignment);
  void* shared_part(std::size_t number, std::size_t start, std::size_t bytes);
  unsigned cluster_rank() { return running().block->rank; }
  unsigned cluster_size() {
    running();
    return cluster_blocks_;
  }
  void* cluster_map(const void* own, unsigned rank);
  void before_atomic(const void* address, const char* call, Site site);
  void progress() { idle_turns_ = 0; }
  void fence(Site site);
  void yield(const char* call, Site site);
  long long clock() {
    running();
    return clock_ += 1000;
  }

 private:
  void run_together(std::size_t first_block, std::size_t turn);
  uint3 block_index(std::size_t number) const;
  static void thread_main(void* engine);
  void fail(const std::string& what);
  void leave();
  void end_block(Block& block);
  void suspend(Thread& thread);
  void resume(Context& from, unsigned next);
  void wake(unsigned first, unsigned count, const void* place);
  void yield_sometimes(Thread& thread);
  Meeting& join(const Thread& thread, Exchange exchange, const char* call, unsigned mask, Site site);
  void exchange_values(const Meeting& meeting, unsigned first);
  std::string who_is_where() const;
  void abandon_threads();

  Thread& running() {
    if (running_ == kNobody) throw std::logic_error("a device function was called outside a kernel");
    return threads_[running_];
  }
  Block& first_of_cluster(const Block& block) { return *blocks_[block.number - block.rank]; }
  unsigned next() { return options_.order == Order::random ? ready_.pop_random(random_) : ready_.pop(); }

  // The launch
  const std::function<void()>* kernel_ = nullptr;
  Shape shape_;
  Options options_;
  std::uint64_t launches_ = 0;
  std::uint64_t random_ = 1;
  unsigned cluster_blocks_ = 1;
  unsigned count_ = 0;  // threads of a block
  Context host_;
  std::size_t fibers_in_use_ = 0, fiber_step_ = 0;
  std::string fault_;
  std::uint64_t start_sync_ = 0, end_sync_ = 0;  // their addresses: ThreadSanitizer's view of a grid's start and end
  long long clock_ = 0;

  // The blocks that are resident together: one, a cluster, or a cooperative grid
  std::vector<std::unique_ptr<Fiber>> fibers_;  // these three are kept for later blocks and launches
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Thread> threads_;
  unsigned resident_ = 0;  // blocks
  unsigned total_ = 0, returned_ = 0;
  unsigned running_ = kNobody;
  ReadyThreads ready_;
  Barrier grid_barrier_;
  std::uint64_t idle_turns_ = 0;  // since something last changed
  unsigned atomics_ = 0;
};

// Never destroyed: the sanitizers outlive static objects.
Engine& engine() {
  static Engine& only = *new Engine;
  return only;
}

std::string Engine::run(const Shape& shape, const std::function<void()>& kernel) {
  if (running_ != kNobody) throw std::logic_error("a kernel launched a kernel");
  kernel_ = &kernel;
  shape_ = shape;
  options_ = options();
  random_ = (options_.seed + ++launches_) * 0x9E3779B97F4A7C15u | 1;
  atomics_ = 0;
  fault_.clear();
  blockDim = shape.block;
  gridDim = shape.grid;
  const std::size_t blocks = volume(shape.grid);
  cluster_blocks_ = static_cast<unsigned>(volume(shape.cluster));
  resident_ = shape.cooperative ? static_cast<unsigned>(blocks) : cluster_blocks_;
  count_ = static_cast<unsigned>(volume(shape.block));
  total_ = resident_ * count_;
  host_.adopt_this_thread();
  while (blocks_.size() < resident_) blocks_.push_back(std::make_unique<Block>());
  if (threads_.size() < total_) threads_.resize(total_);
  // ThreadSanitizer takes what one fiber does for a sequence. So that it sees races between blocks that are not
  // resident together, a thread of the grid runs on another fiber in each of them, for as many as there are fibers: the
  // step has no divisor with their number, and is far from 0 and from a whole block.
  fibers_in_use_ = sanitizer::thread() ? total_ + 1 : total_;
  fiber_step_ = sanitizer::thread() ? fibers_in_use_ * 5 / 8 : 0;
  while (sanitizer::thread() && std::gcd(fiber_step_, fibers_in_use_) != 1) ++fiber_step_;
  while (fibers_.size() < fibers_in_use_)
    fibers_.push_back(std::make_unique<Fiber>(&Engine::thread_main, this, "GPU thread"));

  sanitizer::release(&start_sync_);

  const std::size_t turns = blocks / resident_;
  std::vector<std::size_t> shuffled;
  if (options_.order == Order::random) {
    shuffled.resize(turns);
    std::iota(shuffled.begin(), shuffled.end(), std::size_t{0});
    for (std::size_t i = turns; i > 1; --i) std::swap(shuffled[i - 1], shuffled[xorshift(random_) % i]);
  }
  for (std::size_t i = 0; i < turns && fault_.empty(); ++i) {
    const std::size_t number = options_.order == Order::ascending    ? i
                               : options_.order == Order::descending ? turns - 1 - i
                                                                     : shuffled[i];
    run_together(number * resident_, i);
  }
  for (std::size_t i = 0; i < fibers_in_use_; ++i) fibers_[i]->release_on_its_behalf(&end_sync_, host_);
  sanitizer::acquire(&end_sync_);
  return std::move(fault_);
}

// Blocks are numbered cluster by cluster.
uint3 Engine::block_index(std::size_t number) const {
  const dim3 cluster = shape_.cluster, grid = shape_.grid;
  const uint3 first = position(number / cluster_blocks_, {grid.x / cluster.x, grid.y / cluster.y, grid.z / cluster.z});
  return sum_of({first.x * cluster.x, first.y * cluster.y, first.z * cluster.z},
                position(number % cluster_blocks_, cluster));
}

void Engine::run_together(std::size_t first_block, std::size_t turn) {
  returned_ = 0;
  idle_turns_ = 0;
  grid_barrier_ = {.call = "grid_sync", .first = 0, .count = total_};
  ready_.restart(total_);
  for (unsigned b = 0; b < resident_; ++b) {
    Block& block = *blocks_[b];
    block.index = block_index(first_block + b);
    block.number = b;
    block.first = b * count_;
    block.rank = b % cluster_blocks_;
    block.barrier = {.call = "__syncthreads", .first = block.first, .count = count_};
    block.cluster = {.call = "cluster_sync", .first = block.first, .count = cluster_blocks_ * count_};
    block.shared.open(shape_.shared_bytes);
    for (Warp& warp : block.warps) warp.known = 0;
    for (unsigned t = 0; t < count_; ++t)
      threads_[block.first + t] = {.index = position(t, blockDim),
                                   .number = t,
                                   .block = &block,
                                   .fiber = fibers_[(turn * fiber_step_ + block.first + t) % fibers_in_use_].get()};
  }
  for (unsigned t = 0; t < total_; ++t) ready_.push(options_.order == Order::descending ? total_ - 1 - t : t);

  resume(host_, next());  // comes back when no thread can run
  running_ = kNobody;
  if (fault_.empty() && returned_ != total_)
    fault_ = "kernel fault in block " + text(blocks_[0]->index) + (resident_ > 1 ? " and those with it" : "") +
             ": deadlock, no thread can run" + who_is_where();
  if (!fault_.empty()) abandon_threads();
  for (unsigned b = 0; b < resident_; ++b) blocks_[b]->shared.close();
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
  Thread& thread = running();
  Block& block = *thread.block;
  for (Barrier* barrier : {&block.barrier, &first_of_cluster(block).cluster, &grid_barrier_}) {
    if (barrier->arrived != 0)
      throw Fault("returned while " + std::to_string(barrier->arrived) + " threads wait in " + barrier->call + " at " +
                  text(barrier->site));
    ++barrier->returned;
  }
  thread.state = State::returned;
  ++returned_;
  progress();
  if (resident_ == 1) return;
  sanitizer::release(block.shared.end_sync());
  if (block.barrier.returned == count_) end_block(block);
}

// What others of the cluster still read of its shared memory is lost. For ThreadSanitizer the host ends it, after all
// that the block's threads did, and no fiber learns of that.
void Engine::end_block(Block& block) {
  const Context& current = *running().fiber;
  if (sanitizer::thread()) __tsan_switch_to_fiber(host_.sanitizer_fiber(), sanitizer::kOrdersNothing);
  sanitizer::acquire(block.shared.end_sync());
  block.shared.end();
  if (sanitizer::thread()) __tsan_switch_to_fiber(current.sanitizer_fiber(), sanitizer::kOrdersNothing);
}

void Engine::resume(Context& from, unsigned next) {
  Thread& thread = threads_[next];
  running_ = next;
  threadIdx = thread.index;
  blockIdx = thread.block->index;
  if (thread.fiber != &from) switch_context(from, *thread.fiber);
}

// Comes back when the thread was made ready and its turn has come; never, where the thread has returned.
void Engine::suspend(Thread& thread) {
  if (!ready_.empty())
    resume(*thread.fiber, next());
  else
    switch_context(*thread.fiber, host_);
}

void Engine::wake(unsigned first, unsigned count, const void* place) {
  for (unsigned i = 0; i < count; ++i) {
    const unsigned t = options_.order == Order::descending ? first + count - 1 - i : first + i;
    if (threads_[t].state != State::waiting || threads_[t].place != place) continue;
    threads_[t].state = State::ready;
    threads_[t].place = nullptr;
    ready_.push(t);
  }
  progress();
}

void Engine::wait_at_barrier(Scope scope, Site site) {
  Thread& thread = running();
  Block& block = *thread.block;
  if (scope == Scope::grid && !shape_.cooperative)
    throw Fault("grid_sync at " + text(site) + " in a launch that is not cooperative");
  // Where a barrier has its addresses for ThreadSanitizer: with the first of its blocks.
  Block& owner = scope == Scope::block ? block : scope == Scope::cluster ? first_of_cluster(block) : *blocks_[0];
  Barrier& barrier = scope == Scope::block ? block.barrier : scope == Scope::cluster ? owner.cluster : grid_barrier_;
  if (barrier.returned != 0)
    throw Fault(std::string(barrier.call) + " at " + text(site) + " after " + std::to_string(barrier.returned) +
                " threads returned");
  if (barrier.arrived != 0 && !equal(barrier.site, site))
    throw Fault(std::string("divergent barrier: this thread is in ") + barrier.call + " at " + text(site) + ", " +
                std::to_string(barrier.arrived) + " others in " + barrier.call + " at " + text(barrier.site));
  barrier.site = site;
  void* sync = owner.shared.barrier_sync(static_cast<std::size_t>(scope), barrier.generation);
  sanitizer::release(sync);
  thread.state = State::waiting;
  thread.call = barrier.call;
  thread.site = site;
  thread.place = &barrier;
  thread.mask = 0;
  if (++barrier.arrived == barrier.count) {
    barrier.arrived = 0;
    ++barrier.generation;
    wake(barrier.first, barrier.count, &barrier);
  }
  suspend(thread);
  sanitizer::acquire(sync);
}

std::uint64_t Engine::meet(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                           Site site) {
  Thread& thread = running();
  const unsigned lane = thread.number % kWarp, warp = thread.number / kWarp;
  Meeting& meeting = join(thread, exchange, call, mask, site);
  if (exchange == Exchange::shuffle && (mask >> source & 1) == 0)
    throw Fault(std::string(call) + " at " + text(site) + ": reads lane " + std::to_string(source) +
                ", which is not in the mask " + hexadecimal(mask));
  void* sync = thread.block->shared.meeting_sync(
      warp, static_cast<std::size_t>(&meeting - thread.block->warps[warp].meetings.data()), meeting.generation);
  const bool orders_memory = exchange == Exchange::nothing;  // a shuffle or vote is no fence, in PTX either
  if (orders_memory) sanitizer::release(sync);
  thread.state = State::waiting;
  thread.call = call;
  thread.site = site;
  thread.place = &meeting;
  thread.mask = mask;
  thread.value = value;
  thread.source = source;
  meeting.arrived |= 1u << lane;
  if (meeting.arrived == mask) {
    const unsigned first = thread.block->first + warp * kWarp;
    exchange_values(meeting, first);
    meeting.arrived = 0;
    ++meeting.generation;
    wake(first, std::min(kWarp, count_ - warp * kWarp), &meeting);
  }
  suspend(thread);
  if (orders_memory) sanitizer::acquire(sync);
  return thread.received;
}

// The meeting that the thread belongs to: one that others have begun, or a new one.
Meeting& Engine::join(const Thread& thread, Exchange exchange, const char* call, unsigned mask, Site site) {
  const unsigned lane = thread.number % kWarp, first = thread.number - lane, lanes = std::min(kWarp, count_ - first);
  const auto here = [&] { return std::string(call) + " at " + text(site) + ": "; };
  if ((mask >> lane & 1) == 0)
    throw Fault(here() + "lane " + std::to_string(lane) + " calls with the mask " + hexadecimal(mask) +
                ", which it is not in");
  if (lanes < kWarp && mask >> lanes != 0)
    throw Fault(here() + "the mask " + hexadecimal(mask) +
                " names lanes past the end of the block, whose last warp has " + std::to_string(lanes) + " lanes");
  Warp& warp = thread.block->warps[first / kWarp];
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
    if ((mask >> l & 1) != 0 && threads_[thread.block->first + first + l].state == State::returned)
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

// ---- Shared memory --------------------------------------------------------------------------------------------------
void* Engine::shared_object(const void* key, std::size_t bytes, std::size_t alignment) {
  void* object = running().block->shared.object(key, bytes, alignment);
  if (object == nullptr)
    throw Fault("a shared object of " + std::to_string(bytes) + " bytes: the block's shared memory has no room for it");
  return object;
}

void* Engine::shared_part(std::size_t number, std::size_t start, std::size_t bytes) {
  SharedMemory& shared = running().block->shared;
  void* part = shared.part(number, start, bytes);
  if (part == nullptr)
    throw Fault("dynamic shared memory: part " + std::to_string(number) + " would end at byte " +
                std::to_string(start + bytes) + " of the " + std::to_string(shared.dynamic_bytes()) +
                " that the launch asked for, or there are too many parts");
  return part;
}

void* Engine::cluster_map(const void* own, unsigned rank) {
  Block& block = *running().block;
  if (rank >= cluster_blocks_)
    throw Fault("cluster_map: there is no block of rank " + std::to_string(rank) + " in a cluster of " +
                std::to_string(cluster_blocks_));
  Block& other = *blocks_[block.number - block.rank + rank];
  if (other.barrier.returned == count_)
    throw Fault("cluster_map: the block of rank " + std::to_string(rank) +
                " has returned, and its shared memory with it");
  void* there = block.shared.counterpart(own, other.shared);
  if (there == nullptr)
    throw Fault("cluster_map: the address is none of the block's shared memory, or the block of rank " +
                std::to_string(rank) + " has carved its dynamic shared memory differently");
  return there;
}

// ---- Atomics and fences ---------------------------------------------------------------------------------------------
// As in PTX's memory model: a relaxed atomic after a fence releases what preceded the fence, and one before a fence
// makes the fence acquire; without a fence an atomic orders nothing else.
void Engine::before_atomic(const void* address, const char* call, Site site) {
  Thread& thread = running();
  thread.call = call;
  thread.site = site;
  yield_sometimes(thread);
  if (!sanitizer::thread()) return;
  if (thread.fenced) thread.fiber->release_kept_clock(const_cast<void*>(address));
  const auto noted = thread.atomics.begin() + static_cast<std::ptrdiff_t>(thread.noted_atomics);
  if (std::find(thread.atomics.begin(), noted, address) != noted) return;
  if (noted == thread.atomics.end())
    thread.atomics.back() = address;
  else
    thread.atomics[thread.noted_atomics++] = address;
}

void Engine::fence(Site site) {
  Thread& thread = running();
  thread.call = "a fence";
  thread.site = site;
  yield_sometimes(thread);
  if (!sanitizer::thread()) return;
  for (std::size_t i = 0; i < thread.noted_atomics; ++i) sanitizer::acquire(const_cast<void*>(thread.atomics[i]));
  thread.noted_atomics = 0;
  thread.fiber->keep_clock();
  thread.fenced = true;
}

void Engine::yield_sometimes(Thread& thread) {
  if (options_.order == Order::random ? xorshift(random_) % 8 == 0 : ++atomics_ % 64 == 0)
    yield(thread.call, thread.site);
}

void Engine::yield(const char* call, Site site) {
  Thread& thread = running();
  thread.call = call;
  thread.site = site;
  // In a random order, too, every thread has had many turns by then.
  if (++idle_turns_ > 100'000 + 100 * std::uint64_t{total_})
    throw Fault("livelock, threads only look whether something has changed" + who_is_where());
  ready_.push(running_);
  suspend(thread);
}

// ---- Reports --------------------------------------------------------------------------------------------------------
// One line per place where threads of a block wait; blocks that follow each other and wait alike share their lines.
std::string Engine::who_is_where() const {
  struct Line {
    const Thread* first;
    const Thread* last;
    unsigned count;
  };
  const auto same_place = [](const Thread& a, const Thread& b) {
    return a.state == b.state && (a.state == State::returned || (equal(a.site, b.site) && a.mask == b.mask));
  };
  const auto same = [&](const Line& a, const Line& b) {
    return same_place(*a.first, *b.first) && a.count == b.count && a.first->number == b.first->number &&
           a.last->number == b.last->number;
  };
  const auto lines_of = [&](unsigned b) {
    std::vector<Line> lines;
    for (unsigned t = blocks_[b]->first; t < blocks_[b]->first + count_; ++t) {
      const Thread& thread = threads_[t];
      const auto line =
          std::find_if(lines.begin(), lines.end(), [&](const Line& l) { return same_place(*l.first, thread); });
      if (line == lines.end())
        lines.push_back({&thread, &thread, 1});
      else
        line->last = &thread, ++line->count;
    }
    return lines;
  };
  std::string report;
  unsigned shown = 0;
  for (unsigned b = 0, end; b < resident_; b = end) {
    const std::vector<Line> lines = lines_of(b);
    end = b + 1;
    for (; end < resident_; ++end) {
      const std::vector<Line> others = lines_of(end);
      if (!std::equal(lines.begin(), lines.end(), others.begin(), others.end(), same)) break;
    }
    if (++shown > 16) return report + "\n  and so on";
    for (const Line& line : lines) {
      report += "\n  ";
      if (resident_ > 1) {
        report += end == b + 1 ? "block " + text(blocks_[b]->index)
                               : "blocks " + text(blocks_[b]->index) + " to " + text(blocks_[end - 1]->index);
        report += end == b + 1 ? ": " : ", each: ";
      }
      report +=
          std::to_string(line.count) + " threads, " + text(line.first->index) + " to " + text(line.last->index) + ", ";
      if (line.first->state == State::returned) {
        report += "have returned";
        continue;
      }
      if (line.first->state == State::ready) {
        report += "can run";
        if (*line.first->call != 0) report += std::string(", last seen in ") + line.first->call;
      } else {
        report += std::string("wait in ") + line.first->call;
        if (line.first->mask != 0) report += " with the mask " + hexadecimal(line.first->mask);
      }
      if (*line.first->call != 0) report += " at " + text(line.first->site);
    }
  }
  return report;
}

void Engine::abandon_threads() {
  for (unsigned t = 0; t < total_; ++t) {
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

std::string run_grid(const Shape& shape, const std::function<void()>& kernel) { return engine().run(shape, kernel); }

namespace detail {

void barrier(Scope scope, Site site) { engine().wait_at_barrier(scope, site); }
std::uint64_t meet_warp(Exchange exchange, const char* call, unsigned mask, std::uint64_t value, unsigned source,
                        Site site) {
  return engine().meet(exchange, call, mask, value, source, site);
}
unsigned lane() { return engine().lane(); }
void* shared_object(const void* key, std::size_t bytes, std::size_t alignment) {
  return engine().shared_object(key, bytes, alignment);
}
void* shared_part(std::size_t number, std::size_t start, std::size_t bytes) {
  return engine().shared_part(number, start, bytes);
}
unsigned cluster_rank() { return engine().cluster_rank(); }
unsigned cluster_size() { return engine().cluster_size(); }
void* cluster_map(const void* own, unsigned rank) { return engine().cluster_map(own, rank); }
void before_atomic(const void* address, const char* call, Site site) { engine().before_atomic(address, call, site); }
void progress() { engine().progress(); }
void fence(Site site) { engine().fence(site); }
void sleep(Site site) { engine().yield("__nanosleep", site); }
long long clock() { return engine().clock(); }
void trap(Site site) { throw Fault("__trap at " + text(site)); }

}  // namespace detail
}  // namespace plateau::simt
