/* Times calls of 256 functions in turn, which depend on where the code is.  The instruction cache
   and the predictors are indexed by the low bits of addresses, so functions at equal distances of a
   large power of two evict each other.  And calls of 102 400 functions at random, all over 50 MiB
   of code: their pages are more than the TLB has entries for.  */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "job.h"
#include "bench.h"

enum { FUNCTIONS = 256, CALLS = 1000 * FUNCTIONS, LARGE = 1024 };

/* A function that returns 42, the shortest possible on the CPU.  */
#if defined(__x86_64__)
static const uint8_t tiny[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42,%eax; ret */
#elif defined(__aarch64__)
static const uint8_t tiny[] = {0x40, 5, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6}; /* mov w0,#42; ret */
#else
static const uint8_t tiny[] = {0};
#endif

typedef int (*function) (void);

struct callees {
  const char *name;
  const struct way *way; /* NULL: placed by hand */
  size_t stride, len;    /* bytes: between functions placed by hand, and of each function */
  function functions[FUNCTIONS];
};

static void call_all (void) {
  const struct callees *callees = (const struct callees *) bench_running->arg;
  int sum = 0;
  for (size_t i = 0; i < bench_running_ops; i++) sum += callees->functions[i % FUNCTIONS]();
  if (sum != (int) bench_running_ops * 42) bench_fail ("a function returned something else");
}

/* The code is never freed: the stores end with the program.  */
static void make (struct callees *callees) {
  static uint8_t code[LARGE];
  uint8_t *start = NULL;
  void *hand = NULL;
  memcpy (code, tiny, sizeof (tiny));
  if (callees->way == NULL) {
    void *range = mmap (NULL, FUNCTIONS * callees->stride, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED) bench_fail ("mmap");
    start = (uint8_t *) range;
  } else
    hand = way_enter (callees->way, callees->way->open ((size_t) FUNCTIONS * LARGE));
  for (size_t i = 0; i < FUNCTIONS; i++) {
    void *addr = callees->way == NULL ? memcpy (start + i * callees->stride, code, callees->len)
                                      : (void *) callees->way->publish (hand, code, callees->len);
    memcpy (&callees->functions[i], &addr, sizeof (addr));
  }
  if (callees->way != NULL)
    way_settle (callees->way, hand);
  else
    __builtin___clear_cache ((char *) start, (char *) start + FUNCTIONS * callees->stride);
}

static void compare (const char *subject, struct callees *callees, size_t num) {
  struct bench_side sides[BENCH_MAX_SIDES] = {{0}};
  for (size_t i = 0; i < num; i++) {
    make (&callees[i]);
    sides[i] = (struct bench_side) {.name = callees[i].name, .run = call_all, .arg = &callees[i]};
  }
  bench_compare (subject, CALLS, sides);
}

/*---------------- Random calls -----------------------------*/

enum { MANY = 102400, MANY_LEN = 480 /* with the library's granules, 50 MiB together */ };

struct many {
  const struct way *way;
  function functions[MANY];
};

static void call_at_random (void) {
  const struct many *many = (const struct many *) bench_running->arg;
  struct job_random random = {1};
  int sum = 0;
  for (size_t i = 0; i < bench_running_ops; i++)
    sum += many->functions[job_random (&random, MANY)]();
  if (sum != (int) bench_running_ops * 42) bench_fail ("a function returned something else");
}

static void make_many (struct many *many) {
  static uint8_t code[MANY_LEN];
  void *hand = way_enter (many->way, many->way->open ((size_t) MANY * 512));
  memcpy (code, tiny, sizeof (tiny));
  for (size_t i = 0; i < MANY; i++) {
    void *addr = (void *) many->way->publish (hand, code, MANY_LEN);
    memcpy (&many->functions[i], &addr, sizeof (addr));
  }
  way_settle (many->way, hand);
}

static void compare_many (void) {
  static struct many many[] = {{.way = &way_publish}, {.way = &way_huge}, {.way = &way_asmjit}};
  struct bench_side sides[BENCH_MAX_SIDES] = {{0}};
  for (size_t i = 0; i < sizeof (many) / sizeof (many[0]); i++) {
    make_many (&many[i]);
    sides[i] =
        (struct bench_side) {.name = many[i].way->name, .run = call_at_random, .arg = &many[i]};
  }
  bench_compare ("call 102400 functions at random", 10 * MANY, sides);
}

int main (int argc, char **argv) {
  static struct callees small[] = {
      {.name = "16 bytes apart", .stride = 16, .len = sizeof (tiny)},
      {.name = "1024 bytes apart", .stride = 1024, .len = sizeof (tiny)},
      {.name = "one at the start of each page", .stride = 4096, .len = sizeof (tiny)},
      {.name = "asmjit RWX", .way = &way_asmjit, .len = sizeof (tiny)},
      {.name = "MIR_code_publish", .way = &way_publish, .len = sizeof (tiny)},
      {.name = "_MIR_publish_code", .way = &way_mir, .len = sizeof (tiny)}};
  static struct callees large[] = {{.name = "1024 + 32 bytes apart", .stride = 1056, .len = LARGE},
                                   {.name = "1024 bytes apart", .stride = 1024, .len = LARGE},
                                   {.name = "asmjit RWX", .way = &way_asmjit, .len = LARGE},
                                   {.name = "MIR_code_publish", .way = &way_publish, .len = LARGE}};
  if (sizeof (tiny) == 1) {
    puts ("calls: there is no function for this CPU");
    return 0;
  }
  bench_start (argc, argv);
  compare ("call 256 tiny functions in turn", small, sizeof (small) / sizeof (small[0]));
  compare ("call 256 functions of 1024 bytes in turn", large, sizeof (large) / sizeof (large[0]));
  compare_many ();
  return 0;
}
