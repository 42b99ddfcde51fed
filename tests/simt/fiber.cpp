// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "simt/fiber.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#include "simt/sanitizer.hpp"

#if !defined(__x86_64__)
#error "The emulated GPU switches fibers in x86-64 assembly: add the switch of this processor here"
#endif

// The switch by hand is the engine's speed: swapcontext() makes two system calls to keep signal masks, fifteen times
// the cost. Saved are the registers that a called function must preserve; the rounding modes are everybody's.
extern "C" void plateau_simt_switch(void** save_stack_pointer, void* load_stack_pointer);
extern "C" void plateau_simt_enter();
asm(R"(
.text
.globl plateau_simt_switch
.hidden plateau_simt_switch
.type plateau_simt_switch,@function
plateau_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size plateau_simt_switch,.-plateau_simt_switch

.globl plateau_simt_enter
.hidden plateau_simt_enter
.type plateau_simt_enter,@function
plateau_simt_enter:
  movq %rbx, %rdi
  xorl %ebp, %ebp
  callq *%r12
  ud2
.size plateau_simt_enter,.-plateau_simt_enter
)");

namespace plateau::simt {
namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

// Instrumented functions need several times the stack.
std::size_t usable_stack_bytes() { return (sanitizer::address() || sanitizer::thread() ? 256u : 64u) << 10; }

}  // namespace

void Context::adopt_this_thread() {
  if (sanitizer::thread()) sanitizer_fiber_ = __tsan_get_current_fiber();
  if (!sanitizer::address()) return;
  // Asked once per thread: pthread_getattr_np reads the map of the whole process.
  static thread_local void* bottom = nullptr;
  static thread_local std::size_t bytes = 0;
  if (bottom == nullptr) {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &bottom, &bytes);
    pthread_attr_destroy(&attributes);
  }
  stack_bottom_ = bottom;
  stack_bytes_ = bytes;
}

void switch_context(Context& from, Context& to) {
  if (sanitizer::address()) __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_bottom_, to.stack_bytes_);
  if (sanitizer::thread()) __tsan_switch_to_fiber(to.sanitizer_fiber_, sanitizer::kOrdersNothing);
  plateau_simt_switch(&from.stack_pointer_, to.stack_pointer_);
  if (sanitizer::address()) __sanitizer_finish_switch_fiber(from.fake_stack_, nullptr, nullptr);
}

Fiber::Fiber(Entry entry, void* argument, const char* name) : entry_(entry), argument_(argument), name_(name) {
  stack_bytes_ = usable_stack_bytes();
  void* mapped = mmap(nullptr, page_bytes() + stack_bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<unsigned char*>(mapped);
  mprotect(mapping_, page_bytes(), PROT_NONE);
  stack_bottom_ = mapping_ + page_bytes();
  restart();
}

Fiber::~Fiber() {
  if (keeper_ != nullptr) __tsan_destroy_fiber(keeper_);
  if (sanitizer_fiber_ != nullptr) __tsan_destroy_fiber(sanitizer_fiber_);
  sanitizer::allow(stack_bottom_, stack_bytes_);
  munmap(mapping_, page_bytes() + stack_bytes_);
}

void Fiber::restart() {
  sanitizer::allow(stack_bottom_, stack_bytes_);  // the frames it abandoned left red zones
  fake_stack_ = nullptr;
  if (sanitizer::thread()) {
    if (sanitizer_fiber_ != nullptr) __tsan_destroy_fiber(sanitizer_fiber_);
    sanitizer_fiber_ = __tsan_create_fiber(0);
    __tsan_set_fiber_name(sanitizer_fiber_, name_);
  }
  // What plateau_simt_switch pops: r15 r14 r13 r12 rbx rbp and the return address. The two words above keep the stack
  // pointer a multiple of 16 at the call in plateau_simt_enter.
  auto* top = reinterpret_cast<void**>(mapping_ + page_bytes() + stack_bytes_);
  void** frame = top - 9;
  for (int i = 0; i < 9; ++i) frame[i] = nullptr;
  frame[3] = reinterpret_cast<void*>(&Fiber::enter);
  frame[4] = this;
  frame[6] = reinterpret_cast<void*>(&plateau_simt_enter);
  stack_pointer_ = frame;
}

void Fiber::release_on_its_behalf(void* sync, const Context& current) {
  if (!sanitizer::thread()) return;
  __tsan_switch_to_fiber(sanitizer_fiber_, sanitizer::kOrdersNothing);
  __tsan_release(sync);
  __tsan_switch_to_fiber(current.sanitizer_fiber(), sanitizer::kOrdersNothing);
}

// A new keeper knows what its creator has done; an old one is told of what has been done since.
void Fiber::keep_clock() {
  if (!sanitizer::thread()) return;
  if (keeper_ == nullptr) {
    keeper_ = __tsan_create_fiber(0);
    __tsan_set_fiber_name(keeper_, "fence of a GPU thread");
    return;
  }
  __tsan_release(&keep_sync_);
  in_keeper(&__tsan_acquire, &keep_sync_);
}

void Fiber::release_kept_clock(void* sync) {
  if (sanitizer::thread()) in_keeper(&__tsan_release, sync);
}

void Fiber::in_keeper(void (*action)(void*), void* sync) {
  __tsan_switch_to_fiber(keeper_, sanitizer::kOrdersNothing);
  action(sync);
  __tsan_switch_to_fiber(sanitizer_fiber_, sanitizer::kOrdersNothing);
}

void Fiber::enter(Fiber* fiber) {
  if (sanitizer::address()) __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
  fiber->entry_(fiber->argument_);
}

}  // namespace plateau::simt
