/* Writes a trace for mir-report: always the same one for the same arguments.

   The program that it seems to be of has THREADS threads and SCOPES scopes.  Its call tree has
   STACKS stacks of 8 to 16 return addresses; some are used much more often than others.  Every 16th
   frame, on average, is in code of a JIT, which publishes and frees pieces at the same few
   addresses all the time.  About LIVE blocks are live; of all blocks a third is temporary, most
   others live for a short time, and a few are never freed.

   usage: bench-make-trace FILE EVENTS yes|no     with or without stacks  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/format.h"

enum {
  THREADS = 4,
  SCOPES = 40,
  STACKS = 40000,
  DEPTH_MIN = 8,
  DEPTH_MAX = 16,
  LIVE = 100000,
  ROUND = 50000, /* events between two changes of the code and of scopes */
  PIECES = 200,
  PIECE_SIZE = 256
};

#define CODE_START 0x7f0000000000u
#define PROGRAM_START 0x555555550000u
#define HEAP_START 0x555556000000u

struct stack {
  unsigned num;
  uint64_t addresses[DEPTH_MAX]; /* the outermost first */
};

static struct stack stacks[STACKS];
static uint64_t live[LIVE]; /* addresses of blocks */
static size_t live_num;
static uint64_t next_block = HEAP_START;
static uint64_t thread, scopes[THREADS]; /* the thread that runs; in which scope each of them is */
static uint64_t last_block, last_pc, last_code, events;
static FILE *file;

/*---------------- Numbers -----------------------------*/

static uint64_t seed = 1;

/* xorshift64* (Marsaglia; Vigna 2016).  */
static uint64_t random_number (uint64_t bound) {
  seed ^= seed >> 12;
  seed ^= seed << 25;
  seed ^= seed >> 27;
  return (seed * 0x2545f4914f6cdd1du >> 16) % bound;
}

static void put_byte (unsigned byte) {
  putc ((int) byte, file);
}

static void put_number (uint64_t number) {
  for (; number >= 0x80; number >>= 7) put_byte ((unsigned) (number & 0x7f) | 0x80);
  put_byte ((unsigned) number);
}

static void put_address (uint64_t *last, uint64_t address) {
  uint64_t difference = address - *last;
  *last = address;
  put_number (difference << 1 ^ (difference >> 63 == 0 ? 0 : UINT64_MAX));
}

static void put_text (const char *text) {
  put_number (strlen (text));
  fputs (text, file);
}

/* Begin the record of an event, some nanoseconds after the last one.  */
static void begin (enum mir_trace_kind kind) {
  put_byte (kind);
  put_number (20 + random_number (200));
  events++;
}

/*---------------- The program -----------------------------*/

/* A return address: one of few, as most code does not allocate.  */
static uint64_t some_address (void) {
  if (random_number (16) == 0)
    return CODE_START + random_number (PIECES) * PIECE_SIZE + 1 + random_number (PIECE_SIZE - 1);
  return PROGRAM_START + random_number (20000) * 16 + 5;
}

/* Each stack begins as an earlier one does.  */
static void make_stacks (void) {
  for (size_t i = 0; i < STACKS; i++) {
    struct stack *stack = &stacks[i];
    unsigned same = 0;
    if (i > 0) {
      const struct stack *other = &stacks[random_number (i)];
      same = other->num - 1 - (unsigned) random_number (3);
      memcpy (stack->addresses, other->addresses, same * sizeof (stack->addresses[0]));
    }
    stack->num = DEPTH_MIN + (unsigned) random_number (DEPTH_MAX - DEPTH_MIN + 1);
    if (stack->num <= same) stack->num = same + (same < DEPTH_MAX);
    for (unsigned j = same; j < stack->num; j++) stack->addresses[j] = some_address ();
  }
}

/* The names that a runtime without symbols would not have.  */
static void put_symbols (void) {
  char name[60];
  for (unsigned i = 0; i < 20000; i++) {
    put_byte (MIR_TRACE_SYMBOL);
    put_address (&last_pc, PROGRAM_START + (uint64_t) i * 16 + 5);
    snprintf (name, sizeof (name), "function_%u_of_the_program", i / 3);
    put_text (name);
  }
}

/* Each scope has stacks of its own, the first ones of which are used most.  */
static void put_stack (void) {
  uint64_t a = random_number (STACKS / SCOPES), b = random_number (STACKS / SCOPES);
  const struct stack *stack = &stacks[scopes[thread] * (STACKS / SCOPES) + (a < b ? a : b)];
  put_byte (MIR_TRACE_STACK);
  put_number (stack->num);
  for (unsigned i = stack->num; i-- > 0;) put_address (&last_pc, stack->addresses[i]);
}

static uint64_t some_size (void) {
  return 1 + random_number ((uint64_t) 16 << random_number (10));
}

/* The address of a new block: that of one that was just freed, or a higher one.  */
static uint64_t freed[256];
static size_t freed_num;

static uint64_t new_address (void) {
  if (freed_num > 0) return freed[--freed_num];
  next_block += 16 * (1 + random_number (8));
  return next_block;
}

static void put_free (uint64_t block) {
  begin (MIR_TRACE_FREE);
  put_address (&last_block, block);
  if (freed_num < sizeof (freed) / sizeof (freed[0])) freed[freed_num++] = block;
}

static void put_malloc (int has_stacks) {
  uint64_t block = new_address (), fate = random_number (100);
  if (has_stacks) put_stack ();
  begin (MIR_TRACE_MALLOC);
  put_number (some_size ());
  put_address (&last_block, block);
  if (fate < 33)
    put_free (block);
  else if (live_num < LIVE)
    live[live_num++] = block;
}

/* The index of a block that is freed: most likely a young one.  */
static size_t some_block (void) {
  size_t age = random_number (4) > 0 ? random_number (1000) : random_number (live_num);
  return age < live_num ? live_num - 1 - age : 0;
}

static void put_realloc (int has_stacks) {
  uint64_t *block = &live[some_block ()];
  if (has_stacks) put_stack ();
  begin (MIR_TRACE_REALLOC);
  put_address (&last_block, *block);
  put_number (0);
  put_number (some_size ());
  *block = new_address ();
  begin (MIR_TRACE_REALLOC_DONE);
  put_address (&last_block, *block);
}

static void put_piece (enum mir_trace_kind kind, unsigned piece, const char *name) {
  begin (kind);
  put_address (&last_code, CODE_START + (uint64_t) piece * PIECE_SIZE);
  put_number (PIECE_SIZE);
  if (name != NULL) put_text (name);
}

/* Free a piece of the JIT and publish another one in its place.  */
static void put_code (void) {
  char name[40];
  unsigned piece = (unsigned) random_number (PIECES);
  put_piece (MIR_TRACE_CODE_FREED, piece, NULL);
  snprintf (name, sizeof (name), "jitted_%u", (unsigned) random_number (300));
  put_piece (MIR_TRACE_CODE_PUBLISHED, piece, name);
}

static void put_thread (uint64_t new_thread) {
  thread = new_thread;
  put_byte (MIR_TRACE_THREAD);
  put_number (thread);
}

static void put_scope (void) {
  char name[40];
  scopes[thread] = random_number (SCOPES);
  begin (MIR_TRACE_PUSH);
  snprintf (name, sizeof (name), "scope %u", (unsigned) scopes[thread]);
  put_text (name);
}

static void put_start (void) {
  fputs (MIR_TRACE_MAGIC, file);
  put_byte (MIR_TRACE_VERSION);
  put_byte (8);
  put_number (1700000000);
  put_number (1234);
  put_text ("a made-up program");
  begin (MIR_TRACE_CODE_MAPPED);
  put_address (&last_code, CODE_START);
  put_number (PIECES * PIECE_SIZE);
  for (unsigned i = 0; i < PIECES; i++) put_piece (MIR_TRACE_CODE_PUBLISHED, i, "jitted_at_first");
  for (uint64_t i = 0; i < THREADS; i++) {
    put_thread (i);
    put_scope ();
  }
}

/* What the threads do between two changes of the code.  One of them enters another scope.  */
static void put_round (int has_stacks) {
  uint64_t bound = events + ROUND;
  put_code ();
  begin (MIR_TRACE_POP);
  put_scope ();
  while (events < bound) {
    uint64_t what = random_number (100);
    if (what < 3 && live_num > 0) {
      put_realloc (has_stacks);
    } else if (what < 45 && live_num > LIVE / 2) {
      size_t i = some_block ();
      put_free (live[i]);
      live[i] = live[--live_num];
    } else {
      put_malloc (has_stacks);
    }
    if (random_number (1000) == 0) put_thread (random_number (THREADS));
  }
}

int main (int argc, char **argv) {
  int has_stacks;
  uint64_t num;
  if (argc != 4 || (file = fopen (argv[1], "wb")) == NULL) {
    fprintf (stderr, "usage: bench-make-trace FILE EVENTS yes|no\n");
    return 1;
  }
  num = strtoull (argv[2], NULL, 10);
  has_stacks = strcmp (argv[3], "yes") == 0;
  put_start ();
  if (has_stacks) {
    make_stacks ();
    put_symbols ();
  }
  while (events < num) put_round (has_stacks);
  put_byte (MIR_TRACE_END);
  put_number (0);
  put_number (events);
  return fclose (file) == 0 ? 0 : 1;
}
