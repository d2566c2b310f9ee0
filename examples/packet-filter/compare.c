/* Runs the engines against each other and times them.  */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-time.h"
#include "libpcap.h"

static inline uint32_t run_interpreter (const struct filter *filter, const struct packet *p) {
  return program_interpret (VARR_ADDR (insn_t, filter->program.insns), p->bytes, p->caplen,
                            p->wirelen);
}

static inline uint32_t run_compiled (const struct filter *filter, const struct packet *p) {
  return filter->func (p->bytes, p->caplen, p->wirelen);
}

static inline uint32_t run_libpcap (const struct filter *filter, const struct packet *p) {
  return libpcap_run (filter->libpcap, p->bytes, p->caplen, p->wirelen);
}

static MIR_NO_RETURN void fail_at (const struct filter *filter, size_t number, uint32_t interpreted,
                                   uint32_t compiled, uint32_t judged) {
  char by_libpcap[30] = "";
  if (libpcap_is_there)
    snprintf (by_libpcap, sizeof (by_libpcap), ", libpcap %lu", (unsigned long) judged);
  fail (MIR_func_error, "%s: packet %zu: interpreter %lu, JIT %lu%s", filter->program.path, number,
        (unsigned long) interpreted, (unsigned long) compiled, by_libpcap);
}

void compare_results (struct runtime *rt, struct filter *filter, size_t packets) {
  size_t captured = VARR_LENGTH (packet_t, rt->capture.packets);
  filter->matches = 0;
  for (size_t i = 0; i < packets; i++) {
    const struct packet *p = &VARR_ADDR (packet_t, rt->capture.packets)[i % captured];
    uint32_t interpreted = run_interpreter (filter, p);
    uint32_t judged = libpcap_is_there ? run_libpcap (filter, p) : interpreted;
    uint32_t compiled = filter->func != NULL ? run_compiled (filter, p) : interpreted;
    if (interpreted != judged || compiled != judged)
      fail_at (filter, i % captured + 1, interpreted, compiled, judged);
    filter->matches += judged != 0;
  }
}

/* The compiler makes a copy of this loop for each caller, so that it calls only the engine.  */
static inline size_t count_matches (uint32_t (*run) (const struct filter *, const struct packet *),
                                    const struct filter *filter, const struct capture *capture,
                                    size_t packets) {
  const struct packet *first = VARR_ADDR (packet_t, capture->packets);
  const struct packet *bound = first + VARR_LENGTH (packet_t, capture->packets);
  size_t matches = 0;
  for (const struct packet *p = first; packets > 0; packets--) {
    matches += run (filter, p) != 0;
    if (++p == bound) p = first;
  }
  return matches;
}

static size_t count_with (enum engine engine, const struct filter *filter,
                          const struct capture *capture, size_t packets) {
  switch (engine) {
    case INTERPRETER:
      return count_matches (run_interpreter, filter, capture, packets);
    case JIT:
      return count_matches (run_compiled, filter, capture, packets);
    default:
      return count_matches (run_libpcap, filter, capture, packets);
  }
}

void compare_speed (struct runtime *rt, size_t packets, size_t rounds) {
  for (size_t round = 0; round < rounds; round++)
    for (size_t i = 0; i < VARR_LENGTH (filter_t, rt->filters); i++)
      for (int engine = 0; engine < ENGINES; engine++) {
        struct filter *filter = &VARR_ADDR (filter_t, rt->filters)[i];
        double start;
        if (engine == JIT && filter->func == NULL) continue;
        if (engine == LIBPCAP && !libpcap_is_there) continue;
        start = cpu_time ();
        if (count_with ((enum engine) engine, filter, &rt->capture, packets) != filter->matches)
          fail (MIR_func_error, "%s: the number of matches differs in round %zu",
                filter->program.path, round + 1);
        filter->seconds[engine][round] = cpu_time () - start;
      }
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

double compare_median_speed (const struct filter *filter, enum engine engine, size_t packets,
                             size_t rounds) {
  double sorted[ROUNDS_MAX];
  memcpy (sorted, filter->seconds[engine], rounds * sizeof (sorted[0]));
  qsort (sorted, rounds, sizeof (sorted[0]), compare_doubles);
  return (double) packets / sorted[rounds / 2];
}
