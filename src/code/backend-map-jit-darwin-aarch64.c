/* The back end map-jit of macOS on arm64: MAP_JIT memory, all of which is writable or executable
   for each thread (pthread_jit_write_protect_np(3); Apple, "Porting just-in-time compilers to Apple
   silicon").  A hardened runtime needs the entitlement com.apple.security.cs.allow-jit.

   A thread with an open span cannot run published code, and must close the span itself.

   Written from Apple's documentation; never run.  */
#include "code/backend.h"

#include <libkern/OSCacheControl.h>
#include <pthread.h>
#include <sys/mman.h>

static _Thread_local unsigned open_spans; /* of this thread, in all pages */

/* MAP_JIT excludes MAP_FIXED and MAP_SHARED (xnu, bsd/kern/kern_mman.c), hence no reserved
   ranges.  */
static MIR_code_status_t jit_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  (void) at;
  void *rx =
      mmap (NULL, len, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
  if (rx == MAP_FAILED) return MIR_CODE_MAP_REFUSED;
  mir_pages_init (pages, len, NULL);
  pages->rx = (uint8_t *) rx;
  pages->system_calls = 1;
  return MIR_CODE_OK;
}

static int jit_unmap (struct mir_pages *pages) {
  pages->system_calls++;
  return munmap (pages->rx, pages->len);
}

static MIR_code_status_t jit_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                   uint8_t **writable) {
  (void) pages;
  (void) len;
  if (open_spans++ == 0) pthread_jit_write_protect_np (0); /* a register, not a system call */
  *writable = start;
  return MIR_CODE_OK;
}

static MIR_code_status_t jit_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                    uint8_t *writable) {
  (void) pages;
  (void) writable;
  if (--open_spans == 0) pthread_jit_write_protect_np (1);
  sys_icache_invalidate (start, len);
  return MIR_CODE_OK;
}

/* A forked child does not inherit usable MAP_JIT memory: it can neither execute nor write it.  */
const struct mir_backend mir_backend_map_jit = {
    .name = "map-jit",
    .bit = MIR_CODE_MAP_JIT,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS,
    .unit = 8,
    .whole_words = 1,
    .reservable = 0,
    .plain = 1,
    .map = jit_map,
    .unmap = jit_unmap,
    .open = jit_open,
    .close = jit_close,
};
