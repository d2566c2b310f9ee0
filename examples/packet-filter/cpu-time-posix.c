/* The CPU time of a thread, from its POSIX clock.  */
#include "cpu-time.h"

#include <time.h>

double cpu_time (void) {
  struct timespec t;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

const char *cpu_time_unit (void) {
  return "CPU second";
}
