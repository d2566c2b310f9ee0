/* A second reader of traces, written for tests from docs/memory-picture.md and not from the first one:
   slow, and without a line of mir-report.  It counts calls, and finds the first damaged record.  */
#ifndef MIR_TESTS_REPORT_NAIVE_READER_H
#define MIR_TESTS_REPORT_NAIVE_READER_H

#include <stdint.h>
#include <string.h>

#include "report/written-trace.h"
#include "support/tap.h"

enum { THREADS_MAX = 5000 /* of a damaged trace */, SIZE_BITS = 62 /* what anyone can have */ };

/* What the threads are in; not restored when a record turns out to be damaged.  */
static struct naive_thread {
  uint64_t number;
  int is_open; /* a realloc, to SIZE */
  uint64_t size;
} naive_threads[THREADS_MAX];

/* What it has read; FAILED: behind here something is wrong.  */
static struct naive {
  const struct bytes *trace;
  size_t at;
  int failed, ended;
  uint64_t time, block, code, pc, thread;
  uint64_t events, mallocs, callocs, reallocs, frees, made_bytes;
  size_t threads_num;
} naive;

static inline unsigned naive_byte (void) {
  if (naive.at == naive.trace->num) naive.failed = 1;
  return naive.failed ? 0 : naive.trace->at[naive.at++];
}

static inline uint64_t naive_number (void) {
  uint64_t number = 0;
  for (int i = 0; i < 10; i++) {
    unsigned byte = naive_byte ();
    if (i == 9 && byte > 1) break;
    number += (uint64_t) (byte % 128) << 7 * i;
    if (byte < 128) return number;
  }
  naive.failed = 1;
  return 0;
}

static inline void naive_must (int condition) {
  if (!condition) naive.failed = 1;
}

static inline void naive_address (uint64_t *last) {
  uint64_t coded = naive_number ();
  *last = coded % 2 == 0 ? *last + coded / 2 : *last - coded / 2 - 1;
}

static inline void naive_text (void) {
  uint64_t len = naive_number ();
  naive_must (len <= 1000);
  for (uint64_t i = 0; i < len && !naive.failed; i++) naive_byte ();
}

static inline uint64_t naive_size (void) {
  uint64_t size = naive_number ();
  naive_must (size >> SIZE_BITS == 0);
  return size;
}

static inline uint64_t naive_product (void) {
  uint64_t num = naive_number (), size = naive_number (), product;
  naive_must (!__builtin_mul_overflow (num, size, &product) && product >> SIZE_BITS == 0);
  return product;
}

static struct naive_thread *naive_thread (void) {
  for (size_t i = 0; i < naive.threads_num; i++)
    if (naive_threads[i].number == naive.thread) return &naive_threads[i];
  REQUIRE (naive.threads_num < THREADS_MAX);
  naive_threads[naive.threads_num] = (struct naive_thread) {.number = naive.thread};
  return &naive_threads[naive.threads_num++];
}

/* A block of SIZE is made, unless nobody can have that much.  */
static inline void naive_made (uint64_t size) {
  naive_must (size >> SIZE_BITS == 0 && naive.made_bytes >> SIZE_BITS == 0);
  naive.made_bytes += size;
}

/* Read the end.  There is nothing behind it.  */
static inline void naive_end (void) {
  naive_must (naive_number () == naive.events);
  naive_must (naive.at == naive.trace->num);
  naive.ended = 1;
}

/* Read what is behind the kind of a code event.  */
static inline void naive_code (int has_name) {
  uint64_t size;
  naive_address (&naive.code);
  size = naive_size ();
  naive_must (naive.code + size >= naive.code);
  if (has_name) naive_text ();
}

/* Read what is behind the time of a record.  */
static inline void naive_event (unsigned kind) {
  struct naive_thread *thread = naive_thread ();
  uint64_t size = 0;
  int was_open = thread->is_open;
  thread->is_open = kind == 5;
  if (kind == 1 || kind == 8) size = naive_size ();
  if (kind == 2 || kind == 9) naive_number ();
  if (kind == 3) size = naive_product ();
  if (kind == 4) naive_number ();
  if (kind == 4) naive_number ();
  if (kind == 1 || kind == 3 || kind == 5 || kind == 6 || kind == 8 || kind == 10)
    naive_address (&naive.block);
  if (kind == 1 || kind == 3 || kind == 8) naive_made (size);
  if (kind == 5) naive_number ();
  if (kind == 5) thread->size = naive_number ();
  if (kind == 6 && was_open) naive_made (thread->size);
  if (kind == 11) naive_text ();
  if (kind >= 16 && kind <= 19) naive_code (kind == 18);
  naive.events++;
  naive.mallocs += kind == 1 || kind == 2;
  naive.callocs += kind == 3 || kind == 4;
  naive.reallocs += kind == 5 || kind == 8 || kind == 9;
  naive.frees += kind == 10;
}

static inline void naive_record (void) {
  unsigned kind = naive_byte ();
  uint64_t passed;
  naive_must (kind >= 1 && kind <= 20);
  if (kind == 13) {
    naive.thread = naive_number ();
  } else if (kind == 14) {
    uint64_t num = naive_number ();
    naive_must (num <= 64);
    for (uint64_t i = 0; i < num && !naive.failed; i++) naive_address (&naive.pc);
  } else if (kind == 15) {
    naive_address (&naive.pc);
    naive_text ();
  } else {
    passed = naive_number ();
    naive_must (passed >> SIZE_BITS == 0 && (naive.time + passed) >> SIZE_BITS == 0);
    naive.time += passed;
    if (kind == 20)
      naive_end ();
    else
      naive_event (kind);
  }
}

/* Read TRACE up to what is wrong.  Returns where the damaged record begins: 0 if it is the head, the
   end of TRACE if nothing is wrong.  `naive` then has the numbers of what is before.  */
static inline size_t find_damage (const struct bytes *trace) {
  struct naive before;
  memset (&naive, 0, sizeof (naive));
  naive.trace = trace;
  for (const char *p = "MIRtrace\1"; *p != '\0'; p++) naive_must (naive_byte () == (unsigned) *p);
  unsigned pointer_size = naive_byte ();
  naive_must (pointer_size == 4 || pointer_size == 8);
  naive_number ();
  naive_number ();
  naive_text ();
  if (naive.failed) return 0;
  while (!naive.ended) {
    before = naive;
    naive_record ();
    if (!naive.failed) continue;
    naive = before;
    break;
  }
  return naive.at;
}

#endif /* MIR_TESTS_REPORT_NAIVE_READER_H */
