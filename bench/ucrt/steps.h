/* Counting instructions.  */

#ifndef MIR_BENCH_UCRT_STEPS_H
#define MIR_BENCH_UCRT_STEPS_H

/* Print lines "NAME SIZE,COUNT" for the CRT's malloc and free, and for mi_malloc and mi_free where
   mir-ucrt.dll or mimalloc.dll is in the process.  The exit status for main.  */
int count_steps (void);

#endif
