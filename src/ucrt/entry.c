/* DllMain: reads the options, refuses where a take-over would not be safe, has every CRT taken
   over, and gives up the pages of threads that end.

   The loader calls it under its lock, one thread at a time, and often before a CRT is initialised:
   no function of a CRT may be called here, and no DLL loaded.  No header: the linker is told the
   name.  */

#include <windows.h>
#include <mimalloc.h>

#include "ucrt/crts.h"
#include "ucrt/environment.h"
#include "ucrt/guard.h"
#include "ucrt/health.h"
#include "ucrt/hooks.h"
#include "ucrt/late-heap.h"
#include "ucrt/locks.h"
#include "ucrt/log.h"
#include "ucrt/refuse.h"
#include "ucrt/status-section.h"

BOOL WINAPI ucrt_entry (HINSTANCE self, DWORD why, void *reserved);

static DWORD first_thread; /* the thread that loaded us, for mimalloc the main one; 0: has ended */

/* Hooks point into this DLL for as long as the process lives.  */
static void pin_self (void) {
  HMODULE same;
  GetModuleHandleExW (GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                      (LPCWSTR) (uintptr_t) ucrt_entry, &same);
}

/* Give up with STATE and REASON; log them if the options say so.  */
static void stand_back (MIR_ucrt_state_t state, const char *reason) {
  ucrt_set_state (state, reason);
  if (ucrt_options.verbose != 0)
    ucrt_log ("%s: %s",
              state == MIR_UCRT_DISABLED  ? "disabled"
              : state == MIR_UCRT_REFUSED ? "refused"
                                          : "failed",
              reason);
}

/* The order matters: the options decide everything below; the heap and the status must be there
   before a hook runs; refusals come before the first byte is written.  */
static void start (void) {
  const char *reason;
  ucrt_read_options ();
  pin_self ();
  first_thread = GetCurrentThreadId ();
  int heap = ucrt_heap_init (); /* also for callers of mimalloc's own functions */
  ucrt_status_init ();
  if (ucrt_options.disable)
    stand_back (MIR_UCRT_DISABLED, "MIR_UCRT_DISABLE or MIMALLOC_DISABLE_REDIRECT is set");
  else if (heap != 0)
    stand_back (MIR_UCRT_FAILED, "there is no memory for mimalloc's map of pages");
  else if ((reason = ucrt_refuse_process ()) != NULL)
    stand_back (MIR_UCRT_REFUSED, reason);
  else {
    if (ucrt_find_crts () < 0 && ucrt_status.crts_num == 0)
      stand_back (MIR_UCRT_FAILED, "ntdll lacks a function that is needed");
    else
      ucrt_report_state ();
    if (ucrt_options.guard && ucrt_status.state != MIR_UCRT_FAILED
        && ucrt_status.state != MIR_UCRT_REFUSED)
      ucrt_guard ();
  }
}

/* Undo nothing and free nothing at the end of the process: the other threads were killed wherever
   they were, and their blocks end with the process.  */
static void finish (void) {
  ucrt_is_alone ();
  if (mi_option_is_enabled (mi_option_show_stats)) mi_stats_print (NULL);
}

/* Give this thread's pages to the others.  The program's destructors may still allocate in it.  */
static void finish_thread (void) {
  ucrt_heap_thread_done ();
  ucrt_late_heap_enter ();
}

/* Always TRUE: FALSE would end a program that has this DLL in its import table.  A thread that ends
   gives its pages to the others, except the first thread, whose heap mimalloc never gives up.
   After the first thread has ended, the system may give its ID to another thread.  */
BOOL WINAPI ucrt_entry (HINSTANCE self, DWORD why, void *reserved) {
  (void) self;
  if (why == DLL_PROCESS_ATTACH)
    start ();
  else if (why == DLL_THREAD_DETACH && GetCurrentThreadId () == first_thread)
    first_thread = 0;
  else if (why == DLL_THREAD_DETACH)
    finish_thread ();
  else if (why == DLL_PROCESS_DETACH && reserved != NULL)
    finish ();
  return TRUE;
}
