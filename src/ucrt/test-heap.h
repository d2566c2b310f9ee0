/* A heap for test calls alone, so that they leave no trace in the program's.  */

#ifndef MIR_UCRT_TEST_HEAP_H
#define MIR_UCRT_TEST_HEAP_H

/* Run WORK (ARGUMENT) while this thread allocates from pages of that heap: the hooks, and mimalloc's
   own functions.  The program's heap neither gives pages to it nor gets any back: afterwards they
   are free slices of an arena.  Only a page with a block that somebody else has allocated in this
   thread meanwhile, such as a new handler, goes to the program's heap, like a page of a thread that
   has ended.  Allocates nothing and cannot fail; takes some 20 KiB of stack; takes no lock that is
   held while WORK runs.  In a thread that has ended (hooks.h) it only runs WORK.  */
void ucrt_in_test_heap (void (*work) (void *argument), void *argument);

#endif
