/* mimalloc under a name that a shared library can export: its own are hidden.  */
#ifndef MIR_BENCH_HEAP_BARE_H
#define MIR_BENCH_HEAP_BARE_H

#include <stddef.h> /* size_t */

/* As mi_malloc.  */
__attribute__ ((visibility ("default"))) void *bare_malloc (size_t size);

#endif /* MIR_BENCH_HEAP_BARE_H */
