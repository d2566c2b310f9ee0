/* Foreign blocks: those of a CRT's own heap.  */

#include "ucrt/foreign-heap.h"

#include <errno.h>
#include <windows.h>

#include "ucrt/locks.h"
#include "ucrt/status-section.h"

/* The heap of CRT.  Before its DllMain has run it has none: a foreign block can then only be on the
   process heap, which Microsoft's ucrtbase and the debug CRT use.  */
static HANDLE heap_of (struct ucrt_crt *crt) {
  HANDLE heap = ucrt_crt_heap (crt);
  return heap != NULL ? heap : GetProcessHeap ();
}

/* Set errno as the UCRT does after a heap function fails.  Of the errors in the UCRT's table only
   these can occur here.  */
static void set_errno_from_system (struct ucrt_crt *crt) {
  DWORD error = GetLastError ();
  ucrt_set_errno (crt,
                  error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_OUTOFMEMORY ? ENOMEM : EINVAL);
}

int ucrt_foreign_is_block (struct ucrt_crt *crt, const void *block) {
  return ucrt_is_alone () || HeapValidate (heap_of (crt), 0, block);
}

/* Whether BLOCK was allocated by a debug CRT that is not taken over: that returns the address behind
   a header, where no block of the heap begins.  Only it can free the block, which is in its list;
   the heap would end the process.  Other CRTs save the look.  */
static int is_strange (struct ucrt_crt *crt, const void *block) {
  return crt->is_debug && !ucrt_foreign_is_block (crt, block);
}

size_t ucrt_foreign_size (struct ucrt_crt *crt, const void *block) {
  if (is_strange (crt, block)) return (size_t) -1;
  MIR_ucrt_counters_t *counters = ucrt_counters ();
  size_t size = HeapSize (heap_of (crt), 0, block);
  if (size != (size_t) -1) __atomic_fetch_add (&counters->foreign_sized, 1, __ATOMIC_RELAXED);
  return size;
}

/* At the end of the process free nothing: the heap goes with the process, and a killed thread may
   have left its lock held.  */
int ucrt_foreign_free (struct ucrt_crt *crt, void *block) {
  if (block == NULL || ucrt_is_alone ()) return 0;
  if (is_strange (crt, block)) {
    ucrt_set_errno (crt, EINVAL);
    return -1;
  }
  if (!HeapFree (heap_of (crt), 0, block)) {
    set_errno_from_system (crt);
    return -1;
  }
  __atomic_fetch_add (&ucrt_counters ()->foreign_freed, 1, __ATOMIC_RELAXED);
  return 0;
}

void *ucrt_foreign_realloc (struct ucrt_crt *crt, void *block, size_t n) {
  if (block == NULL) return HeapAlloc (heap_of (crt), 0, n);
  return HeapReAlloc (heap_of (crt), 0, block, n);
}

void *ucrt_foreign_resize (struct ucrt_crt *crt, void *block, size_t n) {
  void *same = HeapReAlloc (heap_of (crt), HEAP_REALLOC_IN_PLACE_ONLY, block, n);
  if (same == NULL) set_errno_from_system (crt);
  return same;
}

int ucrt_foreign_compact (struct ucrt_crt *crt) {
  if (HeapCompact (heap_of (crt), 0) != 0) return 0;
  if (GetLastError () == ERROR_CALL_NOT_IMPLEMENTED) ucrt_set_errno (crt, ENOSYS);
  return -1;
}
