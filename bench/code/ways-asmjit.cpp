/* Ways: asmjit's JitAllocator, used as its documentation says: alloc; write through the second
   pointer within a ProtectJitReadWriteScope, which flushes the instruction cache at its end;
   release; query for the writable address of code to be changed.  */
#include <asmjit/core.h>
#include <cstring>

#include "ways.h"
#include "bench.h"

using asmjit::JitAllocator;
using asmjit::JitAllocatorOptions;
using asmjit::VirtMem::ProtectJitReadWriteScope;

static void *open_with (JitAllocatorOptions options) {
  JitAllocator::CreateParams params{};
  params.options = options;
  return new JitAllocator (&params);
}

static void *open_rwx (size_t) {
  return open_with (JitAllocatorOptions::kNone);
}
static void *open_dual (size_t) {
  return open_with (JitAllocatorOptions::kUseDualMapping);
}
static void *open_pools (size_t) {
  return open_with (JitAllocatorOptions::kUseMultiplePools);
}
static void *open_fill (size_t) {
  return open_with (JitAllocatorOptions::kFillUnusedMemory);
}

static void close_store (void *store) {
  delete static_cast<JitAllocator *> (store);
}

/* The allocator has a lock, so any thread may use it.  */
static void *enter (void *store) {
  return store;
}
static void leave (void *) {}

static uint8_t *publish (void *hand, const uint8_t *code, size_t len) {
  void *rx, *rw;
  if (static_cast<JitAllocator *> (hand)->alloc (&rx, &rw, len) != asmjit::kErrorOk)
    bench_fail ("JitAllocator::alloc");
  ProtectJitReadWriteScope scope (rx, len);
  memcpy (rw, code, len);
  return static_cast<uint8_t *> (rx);
}

static void release (void *hand, uint8_t *addr) {
  if (static_cast<JitAllocator *> (hand)->release (addr) != asmjit::kErrorOk)
    bench_fail ("JitAllocator::release");
}

static void patch (void *hand, uint8_t *addr, uint64_t word) {
  void *rx, *rw;
  size_t size;
  if (static_cast<JitAllocator *> (hand)->query (addr, &rx, &rw, &size) != asmjit::kErrorOk)
    bench_fail ("JitAllocator::query");
  uint8_t *to = static_cast<uint8_t *> (rw) + (addr - static_cast<uint8_t *> (rx));
  ProtectJitReadWriteScope scope (addr, sizeof (word));
  __atomic_store_n (reinterpret_cast<uint64_t *> (to), word, __ATOMIC_RELEASE);
}

static size_t reserved (void *store) {
  return static_cast<JitAllocator *> (store)->statistics ().reservedSize ();
}

static constexpr way way_by (const char *name, void *(*open) (size_t) ) {
  return way{name,    open,    close_store, enter, leave,   publish,
             nullptr, release, nullptr,     patch, reserved};
}

extern const way way_asmjit = way_by ("asmjit RWX", open_rwx);
extern const way way_asmjit_dual = way_by ("asmjit dual mapping", open_dual);
extern const way way_asmjit_pools = way_by ("asmjit RWX, 3 pools", open_pools);
extern const way way_asmjit_fill = way_by ("asmjit RWX, freed memory filled", open_fill);
