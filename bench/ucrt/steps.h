/* Counting instructions.  */

#ifndef MIR_BENCH_UCRT_STEPS_H
#define MIR_BENCH_UCRT_STEPS_H

/* With mir-ucrt.dll in the process, print lines "NAME,instructions,COUNT" for the CRT's free, for
   what its entry jumps to, and for mi_free, each given similar blocks of this thread.  The exit
   status for main.  */
int count_steps (void);

#endif
