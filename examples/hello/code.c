/* A JIT over mir-code.h: compiles x * N, lets a thread run the machine code, and frees it under that thread.

       cc code.c -o code $(pkg-config --cflags --libs mir-alloc)  */
#include <mir-code.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t (*times_t) (uint32_t x);

enum { N = 7, MAX_LEN = 16 }; /* bytes of machine code */

/* emit_times writes the function x * N to CODE and returns its length, 0 where this program does not know the
   CPU.  */
#if defined(__x86_64__) || defined(_M_X64)
#ifdef _WIN32
enum { OPERANDS = 0xc1 }; /* eax, ecx: where Windows passes the first argument */
#else
enum { OPERANDS = 0xc7 }; /* eax, edi */
#endif
/* imul eax, x, N; ret  */
static size_t emit_times (uint8_t *code, uint32_t n) {
  code[0] = 0x69;
  code[1] = OPERANDS;
  memcpy (code + 2, &n, sizeof (n));
  code[6] = 0xc3;
  return 7;
}
#elif defined(__aarch64__)
/* movz w1, N & 0xffff; movk w1, N >> 16, lsl 16; mul w0, w0, w1; ret  */
static size_t emit_times (uint8_t *code, uint32_t n) {
  uint32_t insns[4] = {0x52800001u | (n & 0xffff) << 5, 0x72a00001u | (n >> 16) << 5, 0x1b017c00u,
                       0xd65f03c0u};
  memcpy (code, insns, sizeof (insns));
  return sizeof (insns);
}
#else
static size_t emit_times (uint8_t *code, uint32_t n) {
  (void) code, (void) n;
  return 0;
}
#endif

/* Every function of mir-code.h returns a status.  */
static void must (MIR_code_status_t status) {
  if (status == MIR_CODE_OK) return;
  fprintf (stderr, "code: %s\n", MIR_code_status_text (status));
  exit (1);
}

static _Atomic (times_t) compiled; /* NULL: the thread interprets */
static atomic_ulong calls;         /* of machine code */
static atomic_ulong safe_points;   /* that the thread has passed, where it is in no machine code */
static atomic_int is_done, wrong;

static void *run (void *arg) {
  while (!atomic_load (&is_done)) {
    times_t times = atomic_load (&compiled);
    if ((times == NULL ? 6 * N : times (6)) != 42) atomic_store (&wrong, 1);
    if (times != NULL) atomic_fetch_add (&calls, 1);
    atomic_fetch_add (&safe_points, 1);
  }
  return arg;
}

/* Wait until COUNTER, which the thread advances, has grown.  */
static void wait_for (atomic_ulong *counter) {
  unsigned long start = atomic_load (counter);
  while (atomic_load (counter) == start);
}

int main (void) {
  pthread_t thread;
  uint8_t probe[MAX_LEN];
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  if (emit_times (probe, N) == 0) {
    puts ("code: no machine code for this CPU");
    return 77;
  }
  if (pthread_create (&thread, NULL, run, NULL) != 0) {
    fputs ("code: no thread can be started\n", stderr);
    return 1;
  }

  must (MIR_code_space_create (NULL, &space));    /* a code cache; each call returns a status */
  must (MIR_code_writer_create (space, &writer)); /* one for each thread that compiles */
  must (MIR_code_reserve (writer, MAX_LEN, 0, &place)); /* place.addr is where the code will run */
  must (MIR_code_commit (writer, emit_times (place.buffer, 7), NULL));
  atomic_store (&compiled, (times_t) (uintptr_t) place.addr); /* now other threads run it */
  wait_for (&calls);
  atomic_store (&compiled, NULL);           /* no thread enters it any more */
  must (MIR_code_free (space, place.addr)); /* but one may still be in it */
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  wait_for (&safe_points);                /* every thread has been outside */
  must (MIR_code_reclaim (space, grace)); /* the memory may be used again */

  atomic_store (&is_done, 1);
  pthread_join (thread, NULL);
  must (MIR_code_get_stats (space, &stats));
  printf ("6 x 7 = 42: %s\n",
          atomic_load (&wrong) ? "not always" : "always, interpreted and compiled");
  printf ("%zu code blocks live, %zu freed ones wait\n", stats.pieces, stats.freed);
  MIR_code_space_finish (space); /* the writer too */
  return atomic_load (&wrong);
}
