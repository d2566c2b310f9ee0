/* Stops the other threads of the process and looks where they are.

   Between stop and resume nothing may be called that takes a lock of the process: no heap, no
   loader, no console.  The caller holds the loader lock, so no stopped thread does.  One thread at
   a time.  */

#ifndef MIR_UCRT_THREADS_H
#define MIR_UCRT_THREADS_H

#include <stdint.h>

#include "ucrt/stacks.h"

enum ucrt_threads_result {
  UCRT_THREADS_STOPPED = 0,
  UCRT_THREADS_MORE = 1,   /* all run again: the list is too short, call ucrt_threads_reserve */
  UCRT_THREADS_REFUSED = 2 /* all run again: one could not be stopped */
};

/* Make memory for the present threads and some more.  Returns 0, or -1.  Not between stop and
   resume.  */
int ucrt_threads_reserve (void);

/* Stop all other threads, or on failure none; then let them run again.  */
enum ucrt_threads_result ucrt_threads_stop (void);
void ucrt_threads_resume (void);

/* The ID of the first stopped thread that is inside of RANGES or returns there; 0 if there is none.
   Between stop and resume.  */
uint32_t ucrt_thread_inside (const struct ucrt_code_ranges *ranges);

/* The ID of the thread that could not be stopped.  */
uint32_t ucrt_threads_culprit (void);

/* Let others run for MILLISECONDS.  */
void ucrt_threads_wait (unsigned milliseconds);

#endif
