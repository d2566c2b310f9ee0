/* A trace for tests of what reads traces: a program in three threads that does everything which a trace
   can have, the same in every run.  */
#ifndef MIR_TESTS_REPORT_WRITTEN_TRACE_H
#define MIR_TESTS_REPORT_WRITTEN_TRACE_H

#include <stdint.h>
#include <string.h>

#include "support/tap.h"
#include "trace/format.h"

enum { TRACE_MAX = 100000 /* bytes */, THREADS = 3 };

struct bytes {
  size_t num;
  uint8_t at[TRACE_MAX];
};

static struct bytes whole; /* the trace */

static uint64_t random_state;

/* xorshift64: a number below BOUND.  */
static inline uint64_t below (uint64_t bound) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (random_state >> 11) % bound;
}

/*---------------- Writing a trace -----------------------------*/

static inline void put_byte (struct bytes *trace, unsigned value) {
  REQUIRE (trace->num < TRACE_MAX);
  trace->at[trace->num++] = (uint8_t) value;
}

static inline void put_number (struct bytes *trace, uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_byte (trace, (unsigned) (value & 0x7f) | 0x80);
  put_byte (trace, (unsigned) value);
}

static inline void put_text (struct bytes *trace, const char *text) {
  put_number (trace, strlen (text));
  for (; *text != '\0'; text++) put_byte (trace, (unsigned char) *text);
}

/* Addresses go as differences to the last one of their sort.  */
static inline void put_address (struct bytes *trace, uint64_t *last, uint64_t address) {
  uint64_t difference = address - *last;
  put_number (trace, difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0));
  *last = address;
}

/* What the traced program does, and what the writer has to know of it.  */
static struct program {
  uint64_t block, code, pc; /* the last address of each sort */
  uint64_t live[200];       /* addresses */
  uint64_t sizes[200];
  size_t live_num;
  uint64_t next; /* an address that no block has had */
  uint64_t events;
  uint64_t thread;
  unsigned depth[THREADS];
  int pieces; /* of code, each 64 bytes: so many were published or freed */
} program;

static inline void put_kind (enum mir_trace_kind kind) {
  put_byte (&whole, kind);
  put_number (&whole, below (3000)); /* nanoseconds */
  program.events++;
}

static inline void put_stack (void) {
  uint64_t num = below (6);
  put_byte (&whole, MIR_TRACE_STACK);
  put_number (&whole, num);
  for (uint64_t i = 0; i < num; i++) put_address (&whole, &program.pc, 0x400000 + 16 * below (8));
}

static inline uint64_t new_block (uint64_t size) {
  uint64_t address = program.next;
  program.next += 16 + size;
  program.live[program.live_num] = address;
  program.sizes[program.live_num++] = size;
  return address;
}

/* Forget a live block, whose place in the list is returned.  */
static inline size_t old_block (void) {
  size_t place = below (program.live_num), last = --program.live_num;
  uint64_t address = program.live[place], size = program.sizes[place];
  program.live[place] = program.live[last];
  program.sizes[place] = program.sizes[last];
  program.live[last] = address;
  program.sizes[last] = size;
  return last;
}

static inline void do_allocation (void) {
  static const uint8_t kinds[] = {MIR_TRACE_MALLOC, MIR_TRACE_CALLOC, MIR_TRACE_REALLOC_NEW};
  enum mir_trace_kind kind = (enum mir_trace_kind) kinds[below (3)];
  uint64_t size = below (5) == 0 ? below (100000) : below (200);
  if (program.live_num == sizeof (program.live) / sizeof (program.live[0])) return;
  if (below (2) == 0) put_stack ();
  put_kind (kind);
  if (kind == MIR_TRACE_CALLOC) put_number (&whole, 1);
  put_number (&whole, size);
  put_address (&whole, &program.block, new_block (size));
}

static inline void do_realloc (void) {
  size_t place;
  uint64_t size = below (3000);
  if (program.live_num == 0) return;
  place = old_block ();
  put_kind (MIR_TRACE_REALLOC);
  put_address (&whole, &program.block, program.live[place]);
  put_number (&whole, program.sizes[place]);
  put_number (&whole, size);
  if (below (8) == 0) {
    program.live_num++; /* still there */
    put_kind (MIR_TRACE_REALLOC_FAILED);
    return;
  }
  put_kind (MIR_TRACE_REALLOC_DONE);
  put_address (&whole, &program.block, new_block (size));
}

static inline void do_free (void) {
  if (program.live_num == 0) return;
  put_kind (MIR_TRACE_FREE);
  put_address (&whole, &program.block, program.live[old_block ()]);
}

static inline void do_scope (void) {
  static const char *const names[] = {"parse", "pass 2", "a;b", "", "<i>"};
  unsigned *depth = &program.depth[program.thread];
  if (*depth > 0 && below (2) == 0) {
    --*depth;
    put_kind (MIR_TRACE_POP);
  } else {
    ++*depth;
    put_kind (MIR_TRACE_PUSH);
    put_text (&whole, names[below (5)]);
  }
}

static inline void do_code (void) {
  enum mir_trace_kind kind =
      program.pieces % 60 < 30 ? MIR_TRACE_CODE_PUBLISHED : MIR_TRACE_CODE_FREED;
  put_kind (kind);
  put_address (&whole, &program.code, 0x400000 + 64 * (uint64_t) (program.pieces++ % 30));
  put_number (&whole, 64);
  if (kind == MIR_TRACE_CODE_PUBLISHED) put_text (&whole, "piece");
}

static inline void do_other (void) {
  static const char *const names[] = {"main", "grow", "module+0x10"};
  program.thread = below (THREADS);
  put_byte (&whole, MIR_TRACE_THREAD);
  put_number (&whole, program.thread);
  put_byte (&whole, MIR_TRACE_SYMBOL);
  put_address (&whole, &program.pc, 0x400000 + 16 * below (8));
  put_text (&whole, names[below (3)]);
  put_kind (MIR_TRACE_CALLOC_FAILED);
  put_number (&whole, below (5));
  put_number (&whole, UINT64_MAX / (1 + below (3)));
  put_kind (MIR_TRACE_MALLOC_FAILED);
  put_number (&whole, below (5) << 60);
}

/* Make `whole`, with EVENTS events or a few more.  */
static inline void make_trace (uint64_t events) {
  static void (*const actions[]) (void) = {do_allocation, do_allocation, do_allocation,
                                           do_realloc,    do_free,       do_free,
                                           do_scope,      do_code,       do_other};
  random_state = 88172645463325252u; /* Marsaglia's */
  memset (&program, 0, sizeof (program));
  program.next = 0x10000;
  whole.num = 0;
  for (const char *p = MIR_TRACE_MAGIC; *p != '\0'; p++) put_byte (&whole, (unsigned char) *p);
  put_byte (&whole, MIR_TRACE_VERSION);
  put_byte (&whole, 8);
  put_number (&whole, 1700000000);
  put_number (&whole, 4711);
  put_text (&whole, "a trace");
  put_kind (MIR_TRACE_CODE_MAPPED);
  put_address (&whole, &program.code, 0x400000);
  put_number (&whole, 0x10000);
  while (program.events < events) actions[below (sizeof (actions) / sizeof (actions[0]))]();
  put_byte (&whole, MIR_TRACE_END);
  put_number (&whole, 5000);
  put_number (&whole, program.events);
}

#endif /* MIR_TESTS_REPORT_WRITTEN_TRACE_H */
