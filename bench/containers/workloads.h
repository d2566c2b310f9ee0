/* Workloads for the tables of tables.h: what is done with a table, with which keys, and what of it
   is timed.

   workload   a job of which each table does its part when it is its turn
   clock      the program's: it says what time is, and is told when it counts  */
#ifndef MIR_BENCH_CONTAINERS_WORKLOADS_H
#define MIR_BENCH_CONTAINERS_WORKLOADS_H

#include <stddef.h> /* size_t */

#include "tables.h"

enum { ANY_SIZE = 1 };

struct workload {
  const char *name;
  size_t sizes[4]; /* elements in a table, up to 0; ANY_SIZE: the workload decides */
  /* Make the keys, once for all tables, and count the operations.  */
  void (*choose) (void);
  /* Do the job with TABLE between calls of the clock.  Fails the program if TABLE finds something
     else than the table before it.  */
  void (*run) (const struct table *table);
  /* The offset in struct table of a member that a table must have; 0: all tables have all.  */
  size_t needs;
  int is_for_arrays; /* nonzero: it is done with the table's array, and needs its name */
};

extern const struct workload workloads[]; /* up to one without a name */

/* Choose the keys for WORKLOAD with tables of SIZE elements; the runs after that are of this one.
   The operations of a run.  */
size_t workload_choose (const struct workload *workload, size_t size);
/* Whether TABLE can do the chosen workload.  */
int workload_suits (const struct table *table);
/* The name of TABLE, or of its array, which the chosen workload is done with.  */
const char *workload_side (const struct table *table);
/* Run the chosen workload with TABLE; nanoseconds per operation.  */
double workload_run (const struct table *table);
/* Supplied by the program: the CPU time so far, in nanoseconds.  STARTS is nonzero if what follows
   is timed.  */
double workload_clock (int starts);

#endif /* MIR_BENCH_CONTAINERS_WORKLOADS_H */
