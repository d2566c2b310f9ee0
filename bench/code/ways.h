/* Ways to get code into executable memory, ours and others', behind one set of functions, so that
   each subject is a loop over all of them and all pay the same indirect call.

   way    a kind of code memory: plain mappings, asmjit, ours
   store  a code memory, which `open` returns
   hand   one thread's access to a store, which `enter` returns

   A function that fails ends the program.  One thread at a time may use a hand.  Any thread may use
   the store of a way that has an `enter`, with its own hand.  */
#ifndef MIR_BENCH_CODE_WAYS_H
#define MIR_BENCH_CODE_WAYS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct way {
  const char *name;
  /* For at most BYTES of code, with each function rounded up to 64 bytes.  */
  void *(*open) (size_t bytes);
  void (*close) (void *store);
  void *(*enter) (void *store); /* NULL: the store is the hand, of one thread */
  void (*leave) (void *hand);
  uint8_t *(*publish) (void *hand, const uint8_t *code, size_t len); /* may run after settle */
  void (*settle) (void *hand);                              /* NULL: nothing is ever pending */
  void (*free) (void *hand, uint8_t *addr);                 /* NULL: there is only rewind */
  void (*rewind) (void *hand);                              /* frees everything; NULL: impossible */
  void (*patch) (void *hand, uint8_t *addr, uint64_t word); /* an aligned word; NULL: impossible */
  /* The bytes of executable memory that STORE has mapped, by its own account; NULL: no account.  */
  size_t (*mapped) (void *store);
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

/* ways-plain.c: bump allocation in one mapping.  The first two are data memory, a limit that no
   executable memory can beat; in way_slots each function has a slot of 1 KiB, so there is no
   search.  */
extern const struct way way_memcpy, way_slots, way_rwx;
/* What JITs without dual mapping do: make the page of a function writable and then executable
   again; the 64 KiB around it, as LuaJIT; the whole of a mapping that is as small as possible, as
   MIR.  */
extern const struct way way_flip_page, way_flip_area, way_flip_mapping;

/* The limit for a dual mapping: nothing but bump allocation, in a memory file that is mapped twice, a
   MiB at a time, and filled with zeros by pwrite, 64 KiB at a time.  */
extern const struct way way_filled;

/* ways-asmjit.cpp: JitAllocator with its defaults, except for what the name says.  */
extern const struct way way_asmjit, way_asmjit_dual, way_asmjit_pools, way_asmjit_fill;

/* ways-ours.c: a space with all defaults, except for what the name says; a hand is a writer.
   way_reclaim frees code blocks and reclaims 64 of them at a time.  */
extern const struct way way_publish, way_batch, way_reserve, way_poison, way_reclaim;
/* A space with `huge_pages`.  */
extern const struct way way_huge;
/* way_writers publishes by four writers in turn.  way_grace frees code blocks and reclaims them when
   it settles.  way_limited has BYTES as its max_bytes, and its publish returns NULL when it is
   refused for that.  */
extern const struct way way_writers, way_grace, way_limited;
/* A context with its default code memory, and one with a vtable of four functions.  */
extern const struct way way_mir, way_vtable;

/* ways-best-fit.cpp: the bound for memory; its addresses are those of no memory.  It maps at most
   BYTES, unless they are 0, and its publish returns NULL when it is refused for that.  */
extern const struct way way_best_fit;

#ifdef __cplusplus
}
#endif

#endif /* MIR_BENCH_CODE_WAYS_H */
