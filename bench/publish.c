/* Publishing a function of 300 bytes: the context, against a bare copy, memory that is writable and
   executable for good, and the way of MIR's own code: the whole mapping made writable for each.  */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "bench.h"
#include "mir.h"

#include <string.h>
#include <sys/mman.h>

enum { OPS = 2000, LEN = 300, ALIGNED_LEN = 304, MAPPING = 1024 * 1024 };

static uint8_t code[LEN];

static uint8_t *map (int prot) {
  void *start = mmap (NULL, MAPPING, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return start == MAP_FAILED ? NULL : (uint8_t *) start;
}

static void copy (int prot) {
  uint8_t *start = map (prot);
  if (start == NULL) return;
  for (size_t i = 0; i < OPS; i++) {
    memcpy (start + i * ALIGNED_LEN, code, LEN);
    bench_touch (start);
  }
  munmap (start, MAPPING);
}

static void copy_to_data (void) {
  copy (PROT_READ | PROT_WRITE);
}
static void copy_to_rwx (void) {
  copy (PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void flip_whole_mapping (void) {
  uint8_t *start = map (PROT_EXEC);
  if (start == NULL) return;
  for (size_t i = 0; i < OPS; i++) {
    mprotect (start, MAPPING, PROT_WRITE | PROT_EXEC);
    memcpy (start + i * ALIGNED_LEN, code, LEN);
    mprotect (start, MAPPING, PROT_READ | PROT_EXEC);
  }
  munmap (start, MAPPING);
}

static void publish_in (MIR_context_t ctx) {
  if (ctx == NULL) return;
  for (size_t i = 0; i < OPS; i++) bench_touch (_MIR_publish_code (ctx, code, LEN));
  MIR_finish (ctx);
}

static MIR_code_alloc_t vtable; /* the default one, passed as a user's */

static void publish (void) {
  publish_in (MIR_init ());
}
static void publish_by_vtable (void) {
  publish_in (MIR_init2 (NULL, vtable));
}

static MIR_context_t default_ctx, vtable_ctx;
static uint8_t *default_code, *vtable_code;

static void patch_in (MIR_context_t ctx, uint8_t *addr) {
  for (size_t i = 0; i < OPS; i++) _MIR_update_code (ctx, addr, 1, (size_t) 8, code);
}

static void patch (void) {
  patch_in (default_ctx, default_code);
}
static void patch_by_vtable (void) {
  patch_in (vtable_ctx, vtable_code);
}

static void patch_rwx (void) {
  static uint8_t *start;
  if (start == NULL && (start = map (PROT_READ | PROT_WRITE | PROT_EXEC)) == NULL) return;
  for (size_t i = 0; i < OPS; i++) {
    const void *value = code;
    memcpy (start + 8, &value, sizeof (value));
    bench_touch (start);
  }
}

int main (int argc, char **argv) {
  static const struct bench_side publishing[] = {
      {"memcpy into fresh data memory", copy_to_data},
      {"memcpy into fresh RWX memory", copy_to_rwx},
      {"flip a whole mapping, as MIR", flip_whole_mapping},
      {"_MIR_publish_code by a vtable", publish_by_vtable},
      {"_MIR_publish_code", publish},
      {NULL, NULL}};
  static const struct bench_side patching[] = {{"store into RWX memory", patch_rwx},
                                               {"_MIR_update_code by a vtable", patch_by_vtable},
                                               {"_MIR_update_code", patch},
                                               {NULL, NULL}};
  default_ctx = MIR_init ();
  if (default_ctx == NULL) return 1;
  vtable = MIR_get_code_alloc (default_ctx);
  vtable_ctx = MIR_init2 (NULL, vtable);
  if (vtable_ctx == NULL) return 1;
  default_code = _MIR_publish_code (default_ctx, code, LEN);
  vtable_code = _MIR_publish_code (vtable_ctx, code, LEN);
  bench_start (argc, argv);
  bench_compare ("publish: a function of 300 bytes", OPS, publishing);
  bench_compare ("publish: patch one pointer", OPS, patching);
  MIR_finish (vtable_ctx);
  MIR_finish (default_ctx);
  return 0;
}
