/* The failing allocator: refuses the calls that its rules choose.  Any thread; lock-free.  */
#include "heap/heap.h"

#include <stdatomic.h>

/* Bytes of the options before they got their newest member, which the size tells.  */
enum { FAILING_FIRST = offsetof (MIR_failing_options_t, spare_shrinks) };

struct failing {
  struct MIR_failing pub;
  MIR_alloc_t below;
  MIR_failing_options_t rules;    /* change only while no other thread allocates */
  _Atomic uint64_t calls, failed; /* since the rules were set */
};

/* 64 random bits for call NUMBER, by SplitMix64: Steele, Lea, Flood, "Fast splittable
   pseudorandom number generators", 2014.  */
static uint64_t random_bits (uint64_t seed, uint64_t number) {
  uint64_t z = seed + number * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* Whether the rules refuse call NUMBER, from 1 on, for SIZE bytes.  */
static int is_chosen (const MIR_failing_options_t *rules, uint64_t number, size_t size) {
  if (rules->nth != 0 && (number == rules->nth || (rules->forever && number > rules->nth)))
    return 1;
  if (rules->every != 0 && number % rules->every == 0) return 1;
  if (rules->min_size != 0 && size >= rules->min_size) return 1;
  if (!(rules->probability > 0)) return 0;
  return (double) (random_bits (rules->seed, number) >> 11) < rules->probability * 0x1p53;
}

/* Number a call for SIZE bytes and count it as failed if it is chosen.  */
static int must_fail (struct failing *failing, size_t size) {
  uint64_t number = atomic_fetch_add_explicit (&failing->calls, 1, memory_order_relaxed) + 1;
  if (!is_chosen (&failing->rules, number, size)) return 0;
  atomic_fetch_add_explicit (&failing->failed, 1, memory_order_relaxed);
  return 1;
}

static void *failing_malloc (size_t size, void *user_data) {
  struct failing *failing = (struct failing *) user_data;
  return must_fail (failing, size) ? NULL : MIR_malloc (failing->below, size);
}

static void *failing_calloc (size_t num, size_t size, void *user_data) {
  struct failing *failing = (struct failing *) user_data;
  size_t len;
  if (mir_heap_overflows (num, size, &len)) len = SIZE_MAX; /* the one below refuses it */
  return must_fail (failing, len) ? NULL : MIR_calloc (failing->below, num, size);
}

static void *failing_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct failing *failing = (struct failing *) user_data;
  int is_spared = failing->rules.spare_shrinks && ptr != NULL && new_size <= old_size;
  if (!is_spared && must_fail (failing, new_size)) return NULL;
  return MIR_realloc (failing->below, ptr, old_size, new_size);
}

static void failing_free (void *ptr, void *user_data) {
  MIR_free (((struct failing *) user_data)->below, ptr);
}

/* Whether OPTIONS are of a known version and in range.  */
static int are_good (const MIR_failing_options_t *options) {
  return options != NULL && (options->size == sizeof (*options) || options->size == FAILING_FIRST)
         && options->probability >= 0 && options->probability <= 1;
}

MIR_heap_status_t MIR_failing_create (MIR_alloc_t below, const MIR_failing_options_t *options,
                                      MIR_failing_t *res) {
  if (!are_good (options)) return MIR_HEAP_BAD_OPTION;
  struct failing *failing = (struct failing *) mir_heap_new (&below, sizeof (*failing));
  if (failing == NULL) return MIR_HEAP_NO_MEMORY;
  failing->pub.alloc = MIR_HEAP_ALLOC (failing);
  failing->below = below;
  MIR_failing_set (&failing->pub, options);
  *res = &failing->pub;
  return MIR_HEAP_OK;
}

void MIR_failing_finish (MIR_failing_t pub) {
  struct failing *failing = (struct failing *) pub;
  if (failing != NULL) MIR_free (failing->below, failing);
}

MIR_heap_status_t MIR_failing_set (MIR_failing_t pub, const MIR_failing_options_t *options) {
  struct failing *failing = (struct failing *) pub;
  if (!are_good (options)) return MIR_HEAP_BAD_OPTION;
  memset (&failing->rules, 0, sizeof (failing->rules));
  memcpy (&failing->rules, options, options->size);
  atomic_store_explicit (&failing->calls, 0, memory_order_relaxed);
  atomic_store_explicit (&failing->failed, 0, memory_order_relaxed);
  return MIR_HEAP_OK;
}

uint64_t MIR_failing_calls (MIR_failing_t pub) {
  return atomic_load_explicit (&((struct failing *) pub)->calls, memory_order_relaxed);
}

uint64_t MIR_failing_failed (MIR_failing_t pub) {
  return atomic_load_explicit (&((struct failing *) pub)->failed, memory_order_relaxed);
}
