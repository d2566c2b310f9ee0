/* Counting instructions.  */

#ifndef BENCH_UCRT_STEPS_H
#define BENCH_UCRT_STEPS_H

/* With mir-ucrt.dll in the process: print lines "NAME,instructions,COUNT" for the CRT's free and for mi_free
   given like blocks, made by this thread.  The status for main.  */
int count_steps (void);

#endif
