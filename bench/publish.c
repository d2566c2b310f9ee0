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

static void publish (void) {
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return;
  for (size_t i = 0; i < OPS; i++) bench_touch (_MIR_publish_code (ctx, code, LEN));
  MIR_finish (ctx);
}

static MIR_context_t ctx_of_patches;
static uint8_t *published;

static void patch (void) {
  for (size_t i = 0; i < OPS; i++)
    _MIR_update_code (ctx_of_patches, published, 1, (size_t) 8, code);
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
      {"flip a whole mapping, as MIR does", flip_whole_mapping},
      {"_MIR_publish_code", publish},
      {NULL, NULL}};
  static const struct bench_side patching[] = {
      {"store into RWX memory", patch_rwx}, {"_MIR_update_code", patch}, {NULL, NULL}};
  bench_start (argc, argv);
  bench_compare ("publish: a function of 300 bytes", OPS, publishing);
  ctx_of_patches = MIR_init ();
  if (ctx_of_patches == NULL) return 1;
  published = _MIR_publish_code (ctx_of_patches, code, LEN);
  bench_compare ("publish: patch one pointer", OPS, patching);
  MIR_finish (ctx_of_patches);
  return 0;
}
