/* The CPU time of a thread, from the cycles that Windows counts: GetThreadTimes has steps of a clock
   tick, 15.6 ms, in which a fast engine runs all packets several times.

   Microsoft names no unit for QueryThreadCycleTime, so its rate is measured once against the
   performance counter.  Other threads can only lower a measured rate, so the highest of several
   counts.  Where there are no cycles, as under Wine, the performance counter itself is the time.  */
#include "cpu-time.h"

#include <stdatomic.h>
#include <windows.h>

#define SAMPLES 10
#define SAMPLE_SECONDS 0.002

static double wall_time (void) {
  LARGE_INTEGER count, per_second;
  QueryPerformanceCounter (&count);
  QueryPerformanceFrequency (&per_second);
  return (double) count.QuadPart / (double) per_second.QuadPart;
}

/* 0 where they are not counted.  */
static double thread_cycles (void) {
  ULONG64 cycles = 0;
  return QueryThreadCycleTime (GetCurrentThread (), &cycles) ? (double) cycles : 0;
}

/* The cycles per second of a thread that is not interrupted; 0: they are not counted.  */
static double measure_rate (void) {
  double highest = 0;
  for (int i = 0; i < SAMPLES; i++) {
    double start = wall_time (), first = thread_cycles (), end, rate;
    while ((end = wall_time ()) < start + SAMPLE_SECONDS) continue;
    rate = (thread_cycles () - first) / (end - start);
    if (rate > highest) highest = rate;
  }
  return highest;
}

/* The same, measured once.  */
static double get_rate (void) {
  static _Atomic double rate = -1;
  double known = atomic_load (&rate);
  if (known < 0) {
    known = measure_rate ();
    atomic_store (&rate, known);
  }
  return known;
}

double cpu_time (void) {
  double rate = get_rate ();
  return rate > 0 ? thread_cycles () / rate : wall_time ();
}

const char *cpu_time_unit (void) {
  return get_rate () > 0 ? "CPU second" : "second";
}
