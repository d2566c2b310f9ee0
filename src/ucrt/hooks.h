/* The functions that replace a CRT's, and the heap behind them: the main header of mir-ucrt.dll.

   CRT            a loaded copy of ucrtbase.dll or of a relative; a process may have several
   hook           the function of ours that a CRT's function jumps to once it is taken over
   entry          the address that an export leads to
   twin           the CRT's function _o_NAME beside NAME; it may be the same entry
   debug CRT      ucrtbased.dll, for programs compiled with /MDd
   debug form     a debug CRT's function NAME_dbg beside NAME
   block of ours  one that a hook allocated, or mimalloc's own functions
   foreign block  one of a CRT's own heap, from before the take-over or from functions left alone
   migrated       a foreign block that a reallocation moved to our heap
   late           taken over while the CRT runs already, with threads that may be inside it
   status         what other processes and the program may read about all this: mir-ucrt.h

   hooks.c, hooks-slow.c, hooks-aligned.c and hooks-debug.c are one module, cut for size: hooks.c has
   mimalloc's source in its own unit so that malloc and free are inline, and ends each hook in a
   call to the slow half; the slow halves allocate and free through hooks.c.

   docs/architecture.md has all files by layers: each calls and includes only what is below it.

   The DLL imports ntdll and KERNEL32 alone: it must be initialised before any CRT.  No function
   here may call a CRT's, except through struct ucrt_crt once the CRT is initialised.  */

#ifndef MIR_UCRT_HOOKS_H
#define MIR_UCRT_HOOKS_H

#include <stddef.h> /* size_t */

#include "mir-ucrt.h"

/*---------------- The table -----------------------------*/

enum {
  UCRT_HOOK_REQUIRED = 1, /* a CRT without this function is not taken over */
  /* No thread may be inside the function, or return into it, during the take-over.  */
  UCRT_HOOK_ALIGNED = 2
};

/* One function: its name, and its hooks by the index of the CRT.  A NULL hook leaves the function
   alone.  A debug form has the parameters of the function, then others, which the hook ignores: the
   caller removes them in every calling convention that a CRT has.  */
struct ucrt_hook {
  const char *name; /* as exported; NULL: only a debug CRT has the function */
  void *hook[MIR_UCRT_CRTS_MAX];
  void *counting[MIR_UCRT_CRTS_MAX]; /* hooks that also count CALLS in the status */
  unsigned flags;                    /* UCRT_HOOK_ */
  /* In a debug CRT, which is not taken over without that function; NULL: the same as NAME.  */
  const char *debug_name;
};

/* The status of function I of a CRT is
   ucrt_status.functions[crt->index * ucrt_hooks_num + I].  */
extern const struct ucrt_hook ucrt_hooks[];
extern const unsigned ucrt_hooks_num; /* <= MIR_UCRT_FUNCTIONS_MAX / MIR_UCRT_CRTS_MAX */

/* Types of blocks of a debug CRT (crtdbg.h); UCRT_NO_BLOCK: none.  */
enum { UCRT_NO_BLOCK = -1, UCRT_NORMAL_BLOCK = 1, UCRT_CLIENT_BLOCK = 4 };

/*---------------- The heap -----------------------------*/

/* Start mimalloc; on return it serves all threads.  Returns 0, or -1 if it has no memory.  */
int ucrt_heap_init (void);

/* Abandon this thread's pages, so that other threads can use them.  */
void ucrt_heap_thread_done (void);

/* 1 once ucrt_heap_thread_done has run in this thread.  The thread may still run destructors of the
   program's thread_local objects; a mimalloc heap made for it now would never be given up, so it
   must allocate elsewhere.  */
extern _Thread_local int ucrt_thread_has_ended;

/* Whether BLOCK is a block of ours.  Any address of user space.  Any thread; lock-free.  */
int ucrt_is_ours (const void *block);

/* Whether a block of ours begins at BLOCK, in use or not.  Any address.  On pages with aligned
   blocks every address counts as one, because it may be.  */
int ucrt_is_begin_of_ours (const void *block);

/* Free BLOCK, a block of ours, as the hook of free does.  Allowed while the process ends.  */
void ucrt_free_ours (void *block);

/* A block as malloc of CRT gives it, with the same first instructions.  NULL on failure, with errno
   of CRT.  */
struct ucrt_crt;
void *ucrt_hooks_malloc (struct ucrt_crt *crt, size_t n);

/* For the self-test: the number of blocks in use in the mimalloc page that BLOCK is or was in.
   This thread has allocated BLOCK.  */
size_t ucrt_used_beside (const void *block);

#endif
