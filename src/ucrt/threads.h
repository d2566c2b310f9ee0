/* Stops the other threads of the process, and looks where they are.

   Between stop and go nothing may be called that takes a lock of the process: no heap, no loader,
   no console.  The caller holds the loader lock, so that no stopped thread does.  One thread at a
   time.  */

#ifndef MIR_UCRT_THREADS_H
#define MIR_UCRT_THREADS_H

#include <stddef.h> /* size_t */
#include <stdint.h>

/* Code, END excluded.  */
struct ucrt_range {
  uintptr_t begin, end;
};

/* Where no thread may be.  All of RANGES is between BEGIN and END.  */
struct ucrt_code_ranges {
  uintptr_t begin, end;
  unsigned num;
  const struct ucrt_range *list;
};

enum ucrt_threads_result {
  UCRT_THREADS_STOPPED = 0,
  UCRT_THREADS_MORE =
      1, /* there was no memory for so many: all run again, ucrt_threads_reserve makes some */
  UCRT_THREADS_REFUSED = 2 /* one could not be stopped; all run again */
};

/* Make memory for the threads there are, and some more.  0, or -1.  Not between stop and go.  */
int ucrt_threads_reserve (void);

enum ucrt_threads_result ucrt_threads_stop (void);

/* Let them run again.  */
void ucrt_threads_resume (void);

/* The number of the first thread which is inside of FAMILY, or will return there; 0 if there is
   none.  Between stop and go.  */
uint32_t ucrt_thread_inside (const struct ucrt_code_ranges *ranges);

/* The number of the thread which could not be stopped, and of those that were.  */
uint32_t ucrt_threads_culprit (void);
unsigned ucrt_threads_num (void);

/* Let others run for MILLISECONDS.  */
void ucrt_threads_wait (unsigned milliseconds);

#endif
