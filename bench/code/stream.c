/* Generates the births and deaths of functions.  */
#include "stream.h"

#include <math.h>
#include <stdlib.h>

#include "bench.h"

struct life {
  uint64_t end; /* the event at which it dies */
  struct stream_step step;
};

struct stream {
  const struct stream_shape *shape;
  uint64_t random, event;
  struct life *lives; /* a heap: lives[i] ends no later than lives[2 * i + 1] and [2 * i + 2] */
  size_t lives_num;
  stream_number_t *numbers; /* the unused ones; the last is used next */
  size_t numbers_num;
  struct stream_step *steps;
  size_t steps_num, steps_max;
};

static void *new_array (size_t num, size_t size) {
  void *array = calloc (num, size);
  if (array == NULL) bench_fail ("no memory");
  return array;
}

struct stream *stream_open (const struct stream_shape *shape) {
  struct stream *s = (struct stream *) new_array (1, sizeof (*s));
  s->shape = shape;
  s->random = 1;
  s->lives = (struct life *) new_array (STREAM_MAX_LIVE, sizeof (s->lives[0]));
  s->numbers = (stream_number_t *) new_array (STREAM_MAX_LIVE, sizeof (s->numbers[0]));
  for (stream_number_t i = STREAM_MAX_LIVE; i-- > 0;) s->numbers[s->numbers_num++] = i;
  return s;
}

void stream_close (struct stream *s) {
  free (s->lives);
  free (s->numbers);
  free (s->steps);
  free (s);
}

/*---------------- Sizes and lifetimes -----------------------------*/

/* Uniform in 0 to 1: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).  */
static double random_part (struct stream *s) {
  uint64_t z = s->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double) ((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Normal, by the transform of Box and Muller.  */
static double random_normal (struct stream *s) {
  double radius = sqrt (-2 * log (1 - random_part (s)));
  return radius * cos (2 * 3.14159265358979 * random_part (s));
}

static uint32_t random_len (struct stream *s) {
  double len = s->shape->sigma == 0 ? 64 + random_part (s) * 961
                                    : exp (6.2 + s->shape->sigma * random_normal (s));
  double most = (double) s->shape->max_len;
  return (uint32_t) (len < 1 ? 1 : len > most ? most : len);
}

/* Zipf's: of N functions, N * 1500 / L live longer than L events, up to L = 3e9.  */
static uint64_t random_life (struct stream *s) {
  double mean = s->shape->mean_life;
  return (uint64_t) (mean == 0 ? 1500 / (random_part (s) + 5e-7)
                               : -mean * log (1 - random_part (s)));
}

/*---------------- Births and deaths -----------------------------*/

static void add_step (struct stream *s, struct stream_step step) {
  if (s->steps_num == s->steps_max) {
    s->steps_max = s->steps_max == 0 ? 4096 : 2 * s->steps_max;
    s->steps = (struct stream_step *) realloc (s->steps, s->steps_max * sizeof (step));
    if (s->steps == NULL) bench_fail ("no memory");
  }
  s->steps[s->steps_num++] = step;
}

static void be_born (struct stream *s) {
  if (s->numbers_num == 0) bench_fail ("too many functions live");
  struct stream_step step = {.number = s->numbers[--s->numbers_num], .len = random_len (s)};
  struct life life = {.end = s->event + random_life (s), .step = step};
  size_t i = s->lives_num++;
  for (; i > 0 && s->lives[(i - 1) / 2].end > life.end; i = (i - 1) / 2)
    s->lives[i] = s->lives[(i - 1) / 2];
  s->lives[i] = life;
  add_step (s, step);
}

static void die (struct stream *s) {
  struct stream_step step = s->lives[0].step;
  struct life last = s->lives[--s->lives_num];
  size_t i = 0;
  for (size_t child; (child = 2 * i + 1) < s->lives_num; i = child) {
    if (child + 1 < s->lives_num && s->lives[child + 1].end < s->lives[child].end) child++;
    if (s->lives[child].end >= last.end) break;
    s->lives[i] = s->lives[child];
  }
  s->lives[i] = last;
  step.dies = 1;
  s->numbers[s->numbers_num++] = step.number;
  add_step (s, step);
}

size_t stream_next (struct stream *s, size_t events, const struct stream_step **steps) {
  s->steps_num = 0;
  for (size_t i = 0; i < events; i++) {
    s->event++;
    while (s->lives_num > 0 && s->lives[0].end <= s->event) die (s);
    be_born (s);
  }
  *steps = s->steps;
  return s->steps_num;
}
