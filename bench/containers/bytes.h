/* Counts the bytes that tables take.  */
#ifndef MIR_BENCH_CONTAINERS_BYTES_H
#define MIR_BENCH_CONTAINERS_BYTES_H

#include <stddef.h> /* size_t */

#include "tables.h"

/* Print, for each of NUM TABLES, the bytes of an empty table of ints, and those of an element in
   tables of 20 to 100000: the mean over sizes of equal ratios, and the most.  What a table asks
   tables_alloc for is counted, so one that does not use it is left out.  */
void count_bytes (const struct table *const *tables, size_t num);

#endif /* MIR_BENCH_CONTAINERS_BYTES_H */
