/* The heap of threads that have ended except for destructors of the program.  */

#ifndef MIR_UCRT_LATE_HEAP_H
#define MIR_UCRT_LATE_HEAP_H

/* Let mimalloc's own functions, called in this thread from now on, allocate from one heap that all
   such threads share.  Otherwise mimalloc would make a heap for the thread, which nobody would ever
   give up.  After ucrt_heap_thread_done, in DllMain: the loader lock, which the thread holds until
   its last destructor has returned, is what makes it the only user of that heap.  Cannot fail.  */
void ucrt_late_heap_enter (void);

#endif
