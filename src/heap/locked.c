/* The locked allocator: lets one thread at a time into the one below.  Any thread; the lock is held
   during the call below, so the one below must not call this one.  A fork waits for the lock.  */
#include "heap/heap.h"

#include "heap/forks.h"
#include "os/cancel.h"
#include "os/os.h"

struct locked {
  struct MIR_locked pub;
  MIR_alloc_t below;
  mir_os_lock_t lock; /* held around every call below */
  int held;           /* cancellation, by the thread which has the lock */
  struct mir_watched watched;
};

static void enter (struct locked *locked) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&locked->lock);
  locked->held = held;
  mir_forks_call_out (&locked->watched);
}

static void leave (struct locked *locked) {
  int held = locked->held;
  mir_forks_back (&locked->watched);
  mir_os_unlock (&locked->lock);
  mir_os_let_cancel (held);
}

static void *locked_malloc (size_t size, void *user_data) {
  struct locked *locked = (struct locked *) user_data;
  enter (locked);
  void *res = MIR_malloc (locked->below, size);
  leave (locked);
  return res;
}

static void *locked_calloc (size_t num, size_t size, void *user_data) {
  struct locked *locked = (struct locked *) user_data;
  enter (locked);
  void *res = MIR_calloc (locked->below, num, size);
  leave (locked);
  return res;
}

static void *locked_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct locked *locked = (struct locked *) user_data;
  enter (locked);
  void *res = MIR_realloc (locked->below, ptr, old_size, new_size);
  leave (locked);
  return res;
}

static void locked_free (void *ptr, void *user_data) {
  struct locked *locked = (struct locked *) user_data;
  if (ptr == NULL) return;
  enter (locked);
  MIR_free (locked->below, ptr);
  leave (locked);
}

MIR_heap_status_t MIR_locked_create (MIR_alloc_t below, MIR_locked_t *res) {
  struct locked *locked = (struct locked *) mir_heap_new (&below, sizeof (*locked));
  if (locked == NULL) return MIR_HEAP_NO_MEMORY;
  if (mir_os_lock_init (&locked->lock) != 0) {
    MIR_free (below, locked);
    return MIR_HEAP_NO_MEMORY;
  }
  if (mir_forks_watch (&locked->watched, &locked->lock) != 0) {
    mir_os_lock_destroy (&locked->lock);
    MIR_free (below, locked);
    return MIR_HEAP_NO_MEMORY;
  }
  locked->pub.alloc = MIR_HEAP_ALLOC (locked);
  locked->below = below;
  *res = &locked->pub;
  return MIR_HEAP_OK;
}

void MIR_locked_finish (MIR_locked_t pub) {
  struct locked *locked = (struct locked *) pub;
  if (locked == NULL) return;
  mir_forks_unwatch (&locked->watched);
  mir_os_lock_destroy (&locked->lock);
  MIR_free (locked->below, locked);
}
