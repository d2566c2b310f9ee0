/* New code on x86: see icache-x86.c.  */
#ifndef MIR_OS_ICACHE_X86_H
#define MIR_OS_ICACHE_X86_H

#include <stdatomic.h>

/* 0: no program runs a translation of the code.  */
extern atomic_int mir_os_may_be_translated;
/* Tell such a program, if there is one.  */
void mir_os_clean_translations (void *start, void *bound);

static inline void mir_os_clean_icache (void *start, void *bound) {
  atomic_signal_fence (memory_order_seq_cst); /* the stores come first */
  if (atomic_load_explicit (&mir_os_may_be_translated, memory_order_relaxed) != 0)
    mir_os_clean_translations (start, bound);
}

#endif /* MIR_OS_ICACHE_X86_H */
