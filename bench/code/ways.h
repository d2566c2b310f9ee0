/* Ways to get code into executable memory, ours and others', behind one set of functions, so that
   a subject is a loop over any of them and all pay the same indirect call.

   way    a kind of code memory: plain mappings, asmjit, ours
   store  one such memory; what `open` returns
   hand   one thread's access to a store; what `enter` returns

   A function that fails ends the program.  A hand is used by one thread at a time; stores of ways
   that have an `enter` by any threads, each with its own hand.  */
#ifndef BENCH_CODE_WAYS_H
#define BENCH_CODE_WAYS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct way {
  const char *name;
  void *(*open) (
      size_t bytes); /* for at most BYTES of code, each function rounded up to 64 bytes */
  void (*close) (void *store);
  void *(*enter) (void *store); /* NULL: the store is the hand, of one thread */
  void (*leave) (void *hand);
  uint8_t *(*publish) (void *hand, const uint8_t *code, size_t len); /* may be run after settle */
  void (*settle) (void *hand);              /* NULL: nothing is ever pending */
  void (*free) (void *hand, uint8_t *addr); /* NULL: nothing can be given back but */
  void (*rewind) (void *hand);              /* everything at once; NULL: not that either */
  void (*patch) (void *hand, uint8_t *addr, uint64_t word); /* one aligned word; NULL: no way */
};

static inline void *way_enter (const struct way *way, void *store) {
  return way->enter == NULL ? store : way->enter (store);
}
static inline void way_leave (const struct way *way, void *hand) {
  if (way->enter != NULL) way->leave (hand);
}
static inline void way_settle (const struct way *way, void *hand) {
  if (way->settle != NULL) way->settle (hand);
}

/* ways-plain.c: bump allocation in one mapping.  Two are data memory, the limit that no executable
   memory can beat: a function that takes a slot of 1 KiB whatever its size needs no search.  */
extern const struct way way_memcpy, way_slots, way_rwx;
/* And what JITs without an alias do: the page of each function made writable and executable again;
   64 KiB around it, as LuaJIT; and the whole of a mapping which is as small as fits, as MIR.  */
extern const struct way way_flip_page, way_flip_area, way_flip_mapping;

/* ways-asmjit.cpp: JitAllocator, with its defaults but for what the name says.  */
extern const struct way way_asmjit, way_asmjit_dual, way_asmjit_pools, way_asmjit_fill;

/* ways-ours.c: a space with all defaults but for what the name says; a writer is the hand. Reclaim:
   pieces are freed, and 64 of them reclaimed at a time.  */
extern const struct way way_publish, way_batch, way_reserve, way_poison, way_reclaim;
/* A context, with its default code memory and with a vtable of four functions.  */
extern const struct way way_mir, way_vtable;

#ifdef __cplusplus
}
#endif

#endif /* BENCH_CODE_WAYS_H */
