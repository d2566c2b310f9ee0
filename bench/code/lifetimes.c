/* Counts the memory that code takes whose functions have very different sizes and lifetimes, and
   times it: 13 000 to 15 000 functions live, for 3 million events, or as many as the second
   argument says.

   Memory is what a way has mapped, by its own account, over what lives or waits for a grace period;
   it is read every 1000 events, after the first 100 000.  In the end the kernel's account of each
   way is compared with its own.  All ways take the same steps, in turns of 10 000 events.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "stream.h"
#include "bench.h"

enum { EVENTS = 3000000, SAMPLE = 1000, TURN = 10 * SAMPLE, WARM_UP = 100000, PERIOD = 500 };
enum { LIMIT = 24 << 20, MAX_SIDES = 10, MAX_POINTS = 150, MILLION = 1000000 };

struct side {
  const char *name; /* NULL: the way's */
  const struct way *way;
  size_t limit; /* of mapped bytes; 0: none */
  int graces;   /* what dies is free at the end of a grace period, not at once */
  int untimed;  /* only simulated */

  void *store, *hand;
  uint8_t **addrs; /* by number; NULL: not live, or refused */
  uint32_t *lens;  /* by number, in bytes */
  uint8_t **dead;  /* what waits for a grace period, unless the way keeps it itself */
  size_t dead_num, events;
  size_t live, waiting; /* bytes */
  size_t refused;       /* publications */
  double ratios, worst; /* of mapped to live and waiting bytes: sum, maximum */
  size_t ratios_num;
  double ns[BENCH_ROUNDS];                     /* sums; per event in the end */
  double mapped[MAX_POINTS], used[MAX_POINTS]; /* the curves, in megabytes */
};

struct scenario {
  struct stream_shape shape;
  struct side sides[MAX_SIDES]; /* the timed ones first; the first is the reference */
  int curve;                    /* it is drawn */
  size_t timed[BENCH_ROUNDS];   /* the events in each round */
};

/* The first scenario has all ways; the others have other shapes.  */
static struct scenario scenarios[] = {
    {.shape = {"log-normal sizes, Zipf lifetimes", 1.3, STREAM_MAX_LEN, 0},
     .sides = {{.way = &way_asmjit_dual},
               {.way = &way_asmjit_pools},
               {.way = &way_publish},
               {.way = &way_writers},
               {.way = &way_grace, .graces = 1},
               {.way = &way_limited, .limit = LIMIT},
               {.way = &way_best_fit, .untimed = 1},
               {.name = "best fit, simulated, grace periods",
                .way = &way_best_fit,
                .graces = 1,
                .untimed = 1},
               {.name = "best fit, simulated, max_bytes",
                .way = &way_best_fit,
                .limit = LIMIT,
                .untimed = 1}},
     .curve = 1},
    {.shape = {"sizes up to 16 KB", 1.3, 16 << 10, 0},
     .sides = {{.way = &way_asmjit_dual},
               {.way = &way_publish},
               {.way = &way_writers},
               {.way = &way_best_fit, .untimed = 1}}},
    {.shape = {"sizes of sigma 0.8", 0.8, STREAM_MAX_LEN, 0},
     .sides = {{.way = &way_asmjit_dual},
               {.way = &way_publish},
               {.way = &way_writers},
               {.way = &way_best_fit, .untimed = 1}}},
    {.shape = {"uniform sizes, exponential lifetimes", 0, 1024, 14000},
     .sides = {{.way = &way_asmjit_dual},
               {.way = &way_publish},
               {.way = &way_writers},
               {.way = &way_best_fit, .untimed = 1}}}};

static uint8_t code[STREAM_MAX_LEN];

/*---------------- Sides -----------------------------*/

static void *new_array (size_t num, size_t size) {
  void *array = calloc (num, size);
  if (array == NULL) bench_fail ("no memory");
  return array;
}

static void open_side (struct side *side) {
  if (side->name == NULL) side->name = side->way->name;
  side->addrs = (uint8_t **) new_array (STREAM_MAX_LIVE, sizeof (side->addrs[0]));
  side->lens = (uint32_t *) new_array (STREAM_MAX_LIVE, sizeof (side->lens[0]));
  side->dead = (uint8_t **) new_array (STREAM_MAX_LIVE, sizeof (side->dead[0]));
  side->store = side->way->open (side->limit);
  side->hand = way_enter (side->way, side->store);
}

/* End the program unless the code of all live functions is there.  */
static void check_side (const struct side *side) {
  for (stream_number_t i = 0; i < STREAM_MAX_LIVE; i++)
    if (side->addrs[i] != NULL && memcmp (side->addrs[i], code, side->lens[i]) != 0)
      bench_fail ("published code is missing");
}

static void close_side (struct side *side) {
  way_leave (side->way, side->hand);
  side->way->close (side->store);
  free (side->addrs);
  free (side->lens);
  free (side->dead);
}

static void end_grace_period (struct side *side) {
  for (size_t i = 0; i < side->dead_num; i++) side->way->free (side->hand, side->dead[i]);
  way_settle (side->way, side->hand);
  side->dead_num = 0;
  side->waiting = 0;
}

static void publish (struct side *side, const struct stream_step *step) {
  uint8_t *addr = side->way->publish (side->hand, code, step->len);
  side->addrs[step->number] = addr;
  side->lens[step->number] = step->len;
  if (addr == NULL)
    side->refused++;
  else
    side->live += step->len;
  if (side->graces && ++side->events % PERIOD == 0) end_grace_period (side);
}

static void release (struct side *side, const struct stream_step *step) {
  uint8_t *addr = side->addrs[step->number];
  if (addr == NULL) return;
  side->addrs[step->number] = NULL;
  side->live -= step->len;
  if (side->graces) side->waiting += step->len;
  if (side->graces && side->way->settle == NULL)
    side->dead[side->dead_num++] = addr;
  else
    side->way->free (side->hand, addr);
}

static double take_steps (struct side *side, const struct stream_step *steps, size_t num) {
  double start = bench_cpu_ns (0);
  for (size_t i = 0; i < num; i++)
    if (steps[i].dies)
      release (side, &steps[i]);
    else
      publish (side, &steps[i]);
  return bench_cpu_ns (0) - start;
}

static void sample (struct side *side) {
  size_t mapped = side->way->mapped (side->store), used = side->live + side->waiting;
  double ratio = (double) mapped / (double) used;
  if (mapped < used) bench_fail ("less is mapped than lives");
  side->ratios += ratio;
  side->ratios_num++;
  if (ratio > side->worst) side->worst = ratio;
}

static void sample_curve (struct side *side, size_t point) {
  side->mapped[point] = (double) side->way->mapped (side->store) / MILLION;
  side->used[point] = (double) (side->live + side->waiting) / MILLION;
}

/*---------------- A scenario -----------------------------*/

static size_t count_sides (const struct scenario *scenario, int untimed) {
  size_t num = 0;
  while (num < MAX_SIDES && scenario->sides[num].way != NULL
         && (untimed || !scenario->sides[num].untimed))
    num++;
  return num;
}

static size_t points_of (size_t events) {
  return events / TURN < MAX_POINTS ? events / TURN : MAX_POINTS;
}

/* All sides take the steps of TURN events, which begin with the event FIRST of EVENTS.  */
static void take_turn (struct scenario *scenario, struct stream *stream, size_t first,
                       size_t events) {
  size_t num = count_sides (scenario, 1);
  const struct stream_step *steps;
  size_t steps_num = stream_next (stream, TURN, &steps), round = first * BENCH_ROUNDS / events;
  scenario->timed[round] += TURN;
  for (size_t i = 0; i < num; i++) {
    struct side *side = &scenario->sides[(i + first / TURN) % num];
    for (size_t at = 0, event = first; at < steps_num;) {
      size_t start = at;
      for (size_t births = 0; births < SAMPLE; at++) births += !steps[at].dies;
      side->ns[round] += take_steps (side, steps + start, at - start);
      event += SAMPLE;
      if (event > WARM_UP) sample (side);
    }
    sample_curve (side, first / TURN * points_of (events) / (events / TURN));
  }
}

/* The bytes of all executable mappings of this process, by the kernel's account
   (proc_pid_smaps(5)).  */
static double executable_now (void) {
  char line[4200], access[8];
  unsigned long long start, end;
  double bytes = 0;
  FILE *stream = fopen ("/proc/self/smaps", "r");
  if (stream == NULL) bench_fail ("/proc/self/smaps");
  while (fgets (line, sizeof (line), stream) != NULL)
    if (sscanf (line, "%llx-%llx %7s", &start, &end, access) == 3 && access[2] == 'x')
      bytes += (double) (end - start);
  fclose (stream);
  return bytes;
}

static void name_subject (char *subject, size_t size, const char *what, const char *shape) {
  snprintf (subject, size, "%s: %s", what, shape);
}

static void report_ratios (const struct scenario *scenario) {
  size_t num = count_sides (scenario, 1);
  char subject[200];
  name_subject (subject, sizeof (subject), "mapped for each live byte, mean", scenario->shape.name);
  puts (subject);
  for (size_t i = 0; i < num; i++) {
    const struct side *side = &scenario->sides[i];
    bench_count (subject, side->name, "bytes", side->ratios / (double) side->ratios_num);
  }
  name_subject (subject, sizeof (subject), "mapped for each live byte, worst",
                scenario->shape.name);
  puts (subject);
  for (size_t i = 0; i < num; i++)
    bench_count (subject, scenario->sides[i].name, "bytes", scenario->sides[i].worst);
}

static void report_times (const struct scenario *scenario) {
  double ns[MAX_SIDES][BENCH_ROUNDS];
  const char *names[MAX_SIDES];
  char subject[200];
  size_t num = count_sides (scenario, 0);
  for (size_t i = 0; i < num; i++) {
    names[i] = scenario->sides[i].name;
    for (int round = 0; round < BENCH_ROUNDS; round++)
      ns[i][round] = scenario->sides[i].ns[round] / (double) scenario->timed[round];
  }
  name_subject (subject, sizeof (subject), "free and publish", scenario->shape.name);
  bench_times (subject, names, num, ns, BENCH_ROUNDS);
}

static void report_refused (const struct scenario *scenario, size_t events) {
  char subject[100];
  snprintf (subject, sizeof (subject), "of %zu publications refused with %d MiB", events,
            LIMIT >> 20);
  puts (subject);
  for (size_t i = 0; i < count_sides (scenario, 1); i++)
    if (scenario->sides[i].limit != 0)
      bench_count (subject, scenario->sides[i].name, "publications",
                   (double) scenario->sides[i].refused);
}

static void report_curve (const struct scenario *scenario, size_t events) {
  size_t points = points_of (events);
  char subject[200];
  snprintf (subject, sizeof (subject), "mapped and live over %g million events: %s",
            (double) events / MILLION, scenario->shape.name);
  puts (subject);
  bench_curve (subject, "live", "MB", scenario->sides[0].used, points);
  for (size_t i = 0; i < count_sides (scenario, 1); i++)
    bench_curve (subject, scenario->sides[i].name, "MB", scenario->sides[i].mapped, points);
}

/* Close all sides, and print for each the memory that it had mapped by its own account over that by
   the kernel's: the executable mappings that are gone then.  */
static void close_sides (struct scenario *scenario) {
  char subject[200];
  name_subject (subject, sizeof (subject),
                "mapped by the own account for each byte by the kernel's", scenario->shape.name);
  puts (subject);
  for (size_t i = 0; i < count_sides (scenario, 1); i++) {
    struct side *side = &scenario->sides[i];
    if (!side->untimed) check_side (side);
    double own = (double) side->way->mapped (side->store), before = executable_now ();
    close_side (side);
    double kernels = before - executable_now ();
    if (!side->untimed) bench_count (subject, side->name, "bytes", own / kernels);
  }
}

static void run (struct scenario *scenario, size_t events) {
  struct stream *stream = stream_open (&scenario->shape);
  for (size_t i = 0; i < count_sides (scenario, 1); i++) open_side (&scenario->sides[i]);
  for (size_t first = 0; first < events; first += TURN) take_turn (scenario, stream, first, events);
  report_ratios (scenario);
  report_times (scenario);
  if (scenario->curve) report_refused (scenario, events);
  if (scenario->curve) report_curve (scenario, events);
  close_sides (scenario);
  stream_close (stream);
  fflush (stdout);
}

int main (int argc, char **argv) {
  size_t events = argc > 2 ? strtoul (argv[2], NULL, 10) : EVENTS;
  bench_start (argc, argv);
  if (events < (size_t) BENCH_ROUNDS * TURN || events % TURN != 0)
    bench_fail ("210000 events or more, in 10000s");
  struct job_random random = {1};
  for (size_t i = 0; i < sizeof (code); i++) code[i] = (uint8_t) job_random (&random, 256);
  for (size_t i = 0; i < sizeof (scenarios) / sizeof (scenarios[0]); i++)
    run (&scenarios[i], events);
  return 0;
}
