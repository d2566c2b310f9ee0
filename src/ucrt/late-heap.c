/* The heap of threads that have ended except for destructors of the program.

   A thread's end is told to the DLLs in the reverse order of their start, then to the program, all
   under one hold of the loader lock.  What runs after our own DllMain, such as the destructors of
   the program's thread_local objects, may call mi_malloc.

   The pages of this heap belong to a thread that does not exist, so whoever frees a block does so
   as a foreign thread: the block goes to the page's atomic list, and the next thread that allocates
   here collects it.  */

#include "ucrt/late-heap.h"

#include "ucrt/replace.h"
#include <mimalloc.h>
#include <mimalloc/internal.h>
#include <mimalloc/prim.h>

/* Of mimalloc's theap.c; no header has it.  */
void _mi_theap_init (mi_theap_t *theap, mi_heap_t *heap, mi_tld_t *tld);

/* Static, so that nothing is allocated for them.  The loader lock guards both.  */
static mi_theap_t theap __attribute__ ((aligned (64)));
static mi_tld_t tld __attribute__ ((aligned (64))); /* its address has no bits of page flags */

/* The number of the thread that does not exist: for mimalloc a thread's number is the address of
   its TEB, and there is none at this address.  */
static mi_threadid_t nobody (void) {
  return (mi_threadid_t) (uintptr_t) &tld;
}

static void make_heap (void) {
  tld.thread_id = nobody ();
  tld.numa_node = -1; /* any */
  tld.subproc = _mi_subproc_main ();
  mi_lock_init (&tld.theaps_lock);
  theap.memid = _mi_memid_create (MI_MEM_STATIC);
  _mi_theap_init (&theap, mi_heap_main (), &tld);
  theap.allow_page_reclaim = false; /* pages of others stay with threads that live on */
}

/* Give up the part ONE of a heap of the program's own: what a thread that was here before has made
   of it.  Besides the lists, at most the slot of that thread for the heap it used last refers to
   ONE, and the slot is gone.  1, or 0 if another thread is just deleting the heap.  */
static int give_up (mi_theap_t *one) {
  int is_in_slot = mi_atomic_load_relaxed (&one->refcount) > 1;
  if (!_mi_theap_free (one, true, false)) return 0;
  if (is_in_slot) _mi_theap_decref (one);
  return 1;
}

/* Give up all of them.  As mimalloc does at the end of a thread, go on as long as another thread
   that deletes a heap has one of them in hand; that thread may wait for the lock here.  */
static void give_up_others (void) {
  mi_lock (&tld.theaps_lock) {
    for (mi_theap_t *one = tld.theaps; one != NULL; one = one->tnext)
      if (one != &theap) _mi_theap_collect_abandon (one);
  }
  for (int is_done = 0; !is_done;) {
    is_done = 1;
    mi_lock (&tld.theaps_lock) {
      for (mi_theap_t *one = tld.theaps, *next; one != NULL; one = next) {
        next = one->tnext;
        if (one != &theap && !give_up (one)) is_done = 0;
      }
    }
    if (!is_done) _mi_prim_thread_yield ();
  }
}

void ucrt_late_heap_enter (void) {
  if (tld.thread_id == 0)
    make_heap ();
  else
    give_up_others ();
  _mi_theap_default_set (&theap);
}
