/* What the parts of mir-ucrt.dll know of each other.

   entry      DllMain: reads the options, looks whether it is safe, has every CRT taken over
   options    the environment
   refuse     where it would not be safe, and why
   crt        which CRTs are loaded, and those which are loaded later
   take-over  one CRT: all functions or none
   patch      the bytes of a jump, per CPU: what is there, what goes there, whether it fits
   threads    suspends the others, looks where they are, lets them run
   hooks      what the functions jump to
   old-heap   blocks of a CRT's own heap
   health     the status, and the calls which test it
   mimalloc   the heap, one unit with the hooks so that the fast paths are inline
   mini-crt   the few functions of a C runtime which mimalloc calls: this DLL has none

   The DLL imports ntdll and KERNEL32 alone: it must be initialised before any CRT.  No function
   here may call a CRT's, except through struct ucrt_crt and not before the CRT is initialised.  */

#ifndef MIR_UCRT_INTERNAL_H
#define MIR_UCRT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include "../../mir-ucrt.h"

typedef uint8_t ucrt_byte;

/* --- options.c: read once, before anything else.  */

typedef struct {
  int disable;     /* MIR_UCRT_DISABLE, MIMALLOC_DISABLE_REDIRECT, MIMALLOC_DISABLE_OVERRIDE */
  int verbose;     /* MIR_UCRT_VERBOSE=0..3, MIMALLOC_VERBOSE */
  int refuse_late; /* MIR_UCRT_LATE=refuse; default migrate */
  int counting;    /* MIR_UCRT_COUNT */
  int exact;       /* MIR_UCRT_EXACT_SIZE; see hooks.c */
  int guard;       /* MIR_UCRT_GUARD: HeapFree and its like on our blocks, from other modules */
  char crts[128];  /* MIR_UCRT_CRTS: names without .dll, by commas, lower case; "ucrtbase" */
} ucrt_options_t;

extern ucrt_options_t ucrt_options;
void ucrt_read_options (void);

/* One line to standard error and the debugger: "mir-ucrt: TEXT".  Nothing is allocated.  Never
   between ucrt_threads_stop and ucrt_threads_go.  */
void ucrt_say (const char *format, ...);

/* --- crt.c.  */

/* One CRT.  The functions are NULL where it does not export them.  */
typedef struct ucrt_crt {
  ucrt_byte *base;
  size_t size;
  unsigned index;  /* into ucrt_crts and the status */
  int initialised; /* 0: its DllMain has not run; its functions must not be called */
  void *(__cdecl *heap_handle) (void);      /* _get_heap_handle */
  int *(__cdecl *error_number) (void);      /* _errno */
  int (__cdecl *query_new_mode) (void);     /* _query_new_mode */
  int (__cdecl *call_new_handler) (size_t); /* _callnewh */
  void (__cdecl *invalid_parameter) (void); /* _invalid_parameter_noinfo */
} ucrt_crt_t;

extern ucrt_crt_t ucrt_crts[MIR_UCRT_CRTS_MAX];

/* The export NAME of the image at BASE, NULL if there is none or it is forwarded to nowhere that is
   loaded. Bounds are checked; nothing is called.  Safe under the loader lock and between stop and
   go.  */
void *ucrt_export_of (ucrt_byte *base, const char *name);

/* Have every wanted CRT which is loaded taken over, and those loaded later (before their DllMain
   runs). The number taken over; -1 if one was refused or failed.  */
int ucrt_find_crts (void);

/* --- hooks.c: by name, the function which replaces it for the CRT of that index.  */

enum {
  UCRT_HOOK_REQUIRED = 1, /* a CRT without it is not taken over */
  UCRT_HOOK_ALIGNED =
      2 /* no thread may be inside or return into the old one when it is taken over */
};

typedef struct {
  const char *name;
  void *hook[MIR_UCRT_CRTS_MAX];
  void *counting[MIR_UCRT_CRTS_MAX]; /* the same, adding to the function's CALLS in the status */
  unsigned flags;
} ucrt_hook_t;

extern const ucrt_hook_t ucrt_hooks[];
extern const unsigned ucrt_hooks_num; /* <= MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX */

/* --- take-over.c.  */

/* Take all functions of CRT over, or none.  LATE: threads may be inside them.  0, or -1 with the
   reason in the status.  */
int ucrt_take_over (ucrt_crt_t *crt, int late);

/* --- refuse.c: NULL, or why nothing may be done in this process, or to this CRT; one line.  */
const char *ucrt_refuse_process (void);
const char *ucrt_refuse_crt (const ucrt_crt_t *crt);

/* --- health.c.  */
extern MIR_ucrt_status_t ucrt_status;
MIR_ucrt_counters_t *ucrt_counters (void); /* the stripe of this thread; add with relaxed atomics */

/* --- old-heap.c: a block of CRT's own heap, or the process heap before the CRT has one.  */
size_t ucrt_old_size (ucrt_crt_t *crt, const void *block); /* (size_t) -1: not a block */
int ucrt_old_free (ucrt_crt_t *crt, void *block); /* 0, or -1 with errno set as the CRT would */

#endif
