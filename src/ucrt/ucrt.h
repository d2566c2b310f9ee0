/* What the parts of mir-ucrt.dll know of each other.

   entry      DllMain: reads the options, looks whether it is safe, has every CRT taken over
   options    the environment
   say        lines of text without a C runtime
   refuse     where it would not be safe, and why
   crt        which CRTs are loaded, and those which are loaded later
   take-over  one CRT: all functions or none
   patch      the bytes of a jump, per CPU: what is there, what goes there, whether it fits
   threads    suspends the others, looks where they are, lets them run
   hooks      what the functions jump to, in one unit with mimalloc so that the fast paths are
   inline; the rest of them is in hooks-slow and hooks-aligned old-heap   blocks of a CRT's own heap
   guard      blocks of ours in the system's heap functions, if that is wanted
   health     the status; check: the calls which test it
   locks      mimalloc's locks, which are open when the process ends
   mini-crt   the few functions of a C runtime which mimalloc calls: this DLL has none; random, and
              cpu-* with what the compiler calls
   image      what the linker would take from a C runtime

   The DLL imports ntdll and KERNEL32 alone: it must be initialised before any CRT.  No function
   here may call a CRT's, except through struct ucrt_crt and not before the CRT is initialised.  */

#ifndef MIR_UCRT_UCRT_H
#define MIR_UCRT_UCRT_H

#include <stddef.h>
#include <stdint.h>

#include "mir-ucrt.h"

/*---------------- options.c: read once, before anything else -----------------------------*/

struct ucrt_options {
  int disable;     /* MIR_UCRT_DISABLE, MIMALLOC_DISABLE_REDIRECT, MIMALLOC_DISABLE_OVERRIDE */
  int verbose;     /* MIR_UCRT_VERBOSE=0..3, MIMALLOC_VERBOSE */
  int refuse_late; /* MIR_UCRT_LATE=refuse; default migrate */
  int counting;    /* MIR_UCRT_COUNT */
  int guard;       /* MIR_UCRT_GUARD: HeapFree and its like on our blocks, from other modules */
  char crts[128];  /* MIR_UCRT_CRTS: names without .dll, by commas, lower case; "ucrtbase" */
};

extern struct ucrt_options ucrt_options;
void ucrt_read_options (void);

/* One line to standard error and the debugger: "mir-ucrt: TEXT".  Nothing is allocated.  Never
   between ucrt_threads_stop and ucrt_threads_resume.  */
void ucrt_log (const char *format, ...);

/* The same without the name, into the SIZE bytes at TO; it ends with 0.  FORMAT has %s %d %i %u %x
   %p %c %%, and l, ll, z before numbers.  */
void ucrt_format (char *to, size_t size, const char *format, ...);

/*---------------- crt.c -----------------------------*/

/* One CRT.  The functions are NULL where it does not export them.  */
struct ucrt_crt {
  uint8_t *base;
  size_t size;
  unsigned index;  /* into ucrt_crts and the status */
  int initialised; /* 0: its DllMain has not run; its functions must not be called */
  void *(__cdecl *heap_handle) (void);      /* _get_heap_handle */
  int *(__cdecl *error_number) (void);      /* _errno */
  int (__cdecl *query_new_mode) (void);     /* _query_new_mode */
  int (__cdecl *call_new_handler) (size_t); /* _callnewh */
  void (__cdecl *invalid_parameter) (void); /* _invalid_parameter_noinfo */
};

extern struct ucrt_crt ucrt_crts[MIR_UCRT_CRTS_MAX];

/* The export NAME of the image at BASE, NULL if there is none or it is forwarded to nowhere that is
   loaded. Bounds are checked; nothing is called.  Safe under the loader lock and between stop and
   go.  */
void *ucrt_export_of (uint8_t *base, const char *name);

/* Have every wanted CRT which is loaded taken over, and those loaded later (before their DllMain
   runs). The number taken over; -1 if one was refused or failed.  */
int ucrt_find_crts (void);

/* The state of the whole in the status, with its reason, from those of the CRTs.  */
void ucrt_update_state (void);

/*---------------- hooks.c: by name, the function which replaces it for the CRT of that index -----------------------------*/

enum {
  UCRT_HOOK_REQUIRED = 1, /* a CRT without it is not taken over */
  UCRT_HOOK_ALIGNED =
      2 /* no thread may be inside or return into the old one when it is taken over */
};

struct ucrt_hook {
  const char *name;
  void *hook[MIR_UCRT_CRTS_MAX];
  void *counting[MIR_UCRT_CRTS_MAX]; /* the same, adding to the function's CALLS in the status */
  unsigned flags;
};

/* The function HOOK of CRT has its status in
   ucrt_status.functions[crt->index * ucrt_hooks_num + HOOK], where the counting hooks add to CALLS.
 */
extern const struct ucrt_hook ucrt_hooks[];
extern const unsigned ucrt_hooks_num; /* <= MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX */

/* mimalloc is ready to serve all threads when it returns; 0, or -1 if it has no memory.  */
int ucrt_heap_init (void);
void ucrt_heap_thread_done (void); /* this thread's pages become anyone's */

/* 1 if ucrt_heap_thread_done was called in this thread.  It may go on for a while, in destructors
   of the program's thread_local objects; a heap which it then gets is nobody's when it has ended,
   so that it must allocate elsewhere.  */
extern _Thread_local int ucrt_thread_has_ended;

/* Whether BLOCK is one of ours.  Any address of user space.  */
int ucrt_is_ours (const void *block);

/* For the tests: a block as malloc of the first CRT gives it, and how many blocks of ours are in
   use in the page of memory where BLOCK, one of ours of this thread, is or was.  */
void *ucrt_hooks_malloc (size_t n);
size_t ucrt_used_beside (const void *block);

/*---------------- take-over.c -----------------------------*/

/* Take all functions of CRT over, or none.  LATE: threads may be inside them.  0, or -1 with the
   reason in the status.  */
int ucrt_take_over (struct ucrt_crt *crt, int late);

/* Look at the first bytes of every function taken over again: INTACT and TARGET of its status.  Any
 * thread.  */
void ucrt_look_again (void);

/* Keep every CRT that is taken over mapped until it is released: 1, or 0 if that cannot be.  */
int ucrt_hold_crts (void);
void ucrt_release_crts (void);

/*---------------- refuse.c: NULL, or why nothing may be done in this process, or to this CRT; one line -----------------------------*/
const char *ucrt_refuse_process (void);
const char *ucrt_refuse_crt (const struct ucrt_crt *crt);

/*---------------- health.c -----------------------------*/
extern MIR_ucrt_status_t ucrt_status;
void ucrt_health_init (void); /* after the options are read */
void ucrt_set_state (MIR_ucrt_state_t state, const char *reason);

/* ucrt_update_state, and the lines about it if they are wanted.  */
void ucrt_report_state (void);
MIR_ucrt_counters_t *ucrt_counters (void); /* the stripe of this thread; add with relaxed atomics */

/*---------------- self-test.c -----------------------------*/

/* Call the functions of CRT which were just taken over, each once; CALLS stays as it
   is.  These calls stay in our own code, so that they may be made under the loader lock and before
   the CRT is initialised; _heapmin, whose work is the CRT's too, is left to MIR_ucrt_check.  What
   is wrong is in the status.  */
void ucrt_check_taken (const struct ucrt_crt *crt);

/*---------------- old-heap.c: a block of CRT's own heap, or the process heap before the CRT has one -----------------------------*/
size_t ucrt_foreign_size (struct ucrt_crt *crt, const void *block); /* (size_t) -1: not a block */
int ucrt_foreign_free (struct ucrt_crt *crt,
                       void *block); /* 0, or -1 with errno set as the CRT would */

/* As the CRT's own _malloc_base and _realloc_base of N > 0 bytes without the new handler; and
   HeapReAlloc in place.  NULL on failure.  BLOCK may be NULL.  */
void *ucrt_foreign_realloc (struct ucrt_crt *crt, void *block, size_t n);
void *ucrt_foreign_resize (struct ucrt_crt *crt, void *block, size_t n);
int ucrt_foreign_compact (struct ucrt_crt *crt); /* 0, or -1 with errno set */

/* Whether functions of CRT may be called; set its errno and call its handlers if so.  */
int ucrt_crt_ready (struct ucrt_crt *crt);
void ucrt_set_errno (struct ucrt_crt *crt, int error);
void ucrt_invalid_parameter (struct ucrt_crt *crt); /* sets errno to EINVAL */
int ucrt_call_new_handler (struct ucrt_crt *crt,
                           size_t n); /* 1: try again; else 0, errno is ENOMEM */

/*---------------- locks.c: mimalloc's locks, and whether the process ends -----------------------------*/

/* 1 if the process ends and this thread is the only one: the others were killed wherever they were,
   so that nothing they held or had begun may be waited for.  */
int ucrt_is_alone (void);

#endif
