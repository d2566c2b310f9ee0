/* Ready-made allocators: each is a MIR_alloc over another one, so they stack.

   below     the allocator that one is made over.  Kept by pointer, so it must outlive what is made
             over it; NULL: mimalloc
   wrapper   any of them but the heap: what is asked of it, it asks of the one below
   label     what a thread's allocations are for, from now on; in lists of leaks

   Each create function sets its last argument to a new allocator, which the caller owns until the
   finish function of that name, or returns what went wrong and sets nothing.  The allocator itself
   is the member `alloc`: MIR_init2 (&arena->alloc, NULL).  It is made of memory from the one below.
   Finish functions allow NULL; no other thread may be using the allocator or be about to.

   In this file every `alloc` keeps the contract of mir-alloc.h to the letter, also where that
   leaves a choice: malloc, calloc and realloc of size 0 give a block without bytes, NULL is always
   a failure (the wrappers without a header, failing, locked and oom, leave that to the one below);
   a product that overflows, or a size which has no room for a header, is a failure; a failed
   realloc leaves the block as it was.  Blocks are aligned for any object type if they are so below.

   Threads: each type says what `alloc` allows, provided that the one below allows it.  Create and
   finish are called by one thread.  Who leaves by longjmp when memory is short belongs on top,
   MIR_oom_create: some of those below are in the middle of something and lose it (the lock of a
   locked one, the bytes that a limit has counted).  */
#ifndef MIR_HEAP_H
#define MIR_HEAP_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MIR_heap_status {
  MIR_HEAP_OK,
  MIR_HEAP_NO_MEMORY,     /* the allocator below, or the system, refused */
  MIR_HEAP_NOT_SUPPORTED, /* this build has no such thing */
  MIR_HEAP_BAD_OPTION,    /* an option out of its bounds, or options of another version */
  MIR_HEAP_BAD_MARK       /* a mark of another arena, or from before a reset to an older one */
} MIR_heap_status_t;

/* A few words, lower case, static.  */
MIR_ALLOC_API const char *MIR_heap_status_text (MIR_heap_status_t status);

/* From now on the calling thread's allocations are for LABEL, kept by pointer as long as a block,
   a list may name it: a string literal; NULL: nothing in particular.  Returns the label
   before, to be set again.  All allocators of the process see it.  */
MIR_ALLOC_API const char *MIR_heap_set_label (const char *label);

/*---------------- A heap of one's own -----------------------------*/

/* A mimalloc heap which ends in one go, whatever is still live in it.  Any thread; lock-free. Where
   a context is made on one, no module may be moved to a context which outlives it.  */
typedef struct MIR_heap {
  struct MIR_alloc alloc;
} * MIR_heap_t;

/* MIR_HEAP_NOT_SUPPORTED: mimalloc is older than 3.3.0 and has no heaps for several threads.  */
MIR_ALLOC_API MIR_heap_status_t MIR_heap_create (MIR_heap_t *heap);
/* Free all blocks of HEAP and HEAP, in a time that depends on its pages, not on its blocks.  */
MIR_ALLOC_API void MIR_heap_finish (MIR_heap_t heap);

/*---------------- Arena -----------------------------*/

/* Blocks one behind another in chunks: a free does nothing until a reset, but for the block made
   last.  One thread at a time; a locked one over it makes that any thread.  */
typedef struct MIR_arena {
  struct MIR_alloc alloc;
} * MIR_arena_t;

/* A moment in the life of an arena.  The members are the arena's.  */
typedef struct MIR_arena_mark {
  void *chunk, *free;
  uint64_t large;
} MIR_arena_mark_t;

/* Chunks of CHUNK_SIZE bytes, 0: 64 KiB; at least 1 KiB.  A block of more than a quarter of that
   gets memory of its own.  */
MIR_ALLOC_API MIR_heap_status_t MIR_arena_create (MIR_alloc_t below, size_t chunk_size,
                                                  MIR_arena_t *arena);
MIR_ALLOC_API void MIR_arena_finish (MIR_arena_t arena);
/* Now.  Good until a reset to an older mark.  */
MIR_ALLOC_API MIR_arena_mark_t MIR_arena_get_mark (MIR_arena_t arena);
/* Free every block made or resized since MARK, and give back the chunks which are empty now, but
   one. MARK stays good.  MIR_HEAP_BAD_MARK as far as that can be seen.  */
MIR_ALLOC_API MIR_heap_status_t MIR_arena_reset (MIR_arena_t arena, MIR_arena_mark_t mark);
/* Free every block, but keep the first chunk.  */
MIR_ALLOC_API void MIR_arena_clear (MIR_arena_t arena);
/* Bytes which ARENA has from the one below.  */
MIR_ALLOC_API size_t MIR_arena_bytes (MIR_arena_t arena);

/*---------------- Checking -----------------------------*/

typedef enum MIR_check_kind {
  MIR_CHECK_WRONG_SIZE,  /* realloc with another old size than the block's */
  MIR_CHECK_DOUBLE_FREE, /* free or realloc of a block which was freed a short time ago */
  MIR_CHECK_FOREIGN,     /* free or realloc of what is no block of this allocator */
  MIR_CHECK_UNDERRUN,    /* written before a block */
  MIR_CHECK_OVERRUN,     /* written behind it */
  MIR_CHECK_FREED,       /* written to a block after its free */
  MIR_CHECK_LEAK         /* live at the end */
} MIR_check_kind_t;

enum { MIR_CHECK_MAX_FRAMES = 16 };

typedef struct MIR_check {
  MIR_check_kind_t kind;
  const char *text;  /* the kind in a few words */
  const void *block; /* the pointer which was given, or the block */
  size_t size;       /* bytes; 0 for what is no block */
  size_t given;      /* of a wrong size: which */
  uint64_t number;   /* the block was made by so manieth a call; 0: no block */
  const char *label; /* of the thread that made it; NULL: none */
  size_t frames_num; /* of that thread's stack then, innermost first */
  void *frames[MIR_CHECK_MAX_FRAMES];
} MIR_check_t;

/* Called in the thread that made the call, with no lock held.  May abort; if it returns, the call
   goes on as well as it can: a bad free does nothing, a bad realloc fails, a wrong size is put
   right, damage is counted once.  */
typedef void (*MIR_check_func_t) (void *user_data, const MIR_check_t *check);

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_checking_options {
  size_t size;           /* sizeof (MIR_checking_options_t): the version of this structure */
  MIR_check_func_t func; /* NULL: a line to stderr, and the frames */
  void *user_data;
  size_t quarantine; /* freed blocks of so many bytes in all are kept for a while; 0: 256 KiB */
  unsigned frames;   /* of the stack, kept for each block, at most MIR_CHECK_MAX_FRAMES; taken where
                        the system has backtrace () */
} MIR_checking_options_t;

/* Finds what breaks the promises of mir-alloc.h.  Fresh bytes are 0xa5 and freed ones 0xdd, and
   realloc always moves, so that who relies on anything else shows.  Any thread; takes a lock, which
   it does not hold while it calls the one below.  */
typedef struct MIR_checking {
  struct MIR_alloc alloc;
} * MIR_checking_t;

/* OPTIONS NULL: all defaults.  */
MIR_ALLOC_API MIR_heap_status_t MIR_checking_create (MIR_alloc_t below,
                                                     const MIR_checking_options_t *options,
                                                     MIR_checking_t *checking);
/* Look at the bytes around every live block and in the freed ones which are kept.  Returns how much
   was found since the beginning.  */
MIR_ALLOC_API size_t MIR_checking_verify (MIR_checking_t checking);
/* Call FUNC for every live block, as a leak, in the order in which they were made; it may not use
   the allocator.  Returns their number.  */
MIR_ALLOC_API size_t MIR_checking_each (MIR_checking_t checking, MIR_check_func_t func,
                                        void *user_data);
/* Verify; report what is live as leaks, and free it.  Returns how much was found in all.  */
MIR_ALLOC_API size_t MIR_checking_finish (MIR_checking_t checking);

/*---------------- Limit -----------------------------*/

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_limit_options {
  size_t size; /* sizeof (MIR_limit_options_t): the version of this structure */
  size_t hard; /* bytes: what would make the live blocks more than this fails; 0: no such limit */
  size_t soft; /* bytes: what would make them more calls `func` first; 0: no such limit */
  /* NEEDED: live bytes if the call succeeds.  Once for every time that the limit is passed upwards.
     In the thread that allocates, with no lock held; may free blocks, and allocate.  */
  void (*func) (void *user_data, size_t needed);
  void *user_data;
} MIR_limit_options_t;

/* Counts requested bytes, without headers and rounding.  Any thread; lock-free.  */
typedef struct MIR_limit {
  struct MIR_alloc alloc;
} * MIR_limit_t;

MIR_ALLOC_API MIR_heap_status_t MIR_limit_create (MIR_alloc_t below,
                                                  const MIR_limit_options_t *options,
                                                  MIR_limit_t *limit);
/* Every block has been freed, or the one below frees it.  */
MIR_ALLOC_API void MIR_limit_finish (MIR_limit_t limit);
/* Requested bytes of the live blocks.  Any thread.  */
MIR_ALLOC_API size_t MIR_limit_bytes (MIR_limit_t limit);
/* From now on; what is live stays, also if it is more.  0: no limit.  Any thread.  */
MIR_ALLOC_API void MIR_limit_set (MIR_limit_t limit, size_t hard, size_t soft);

/*---------------- Failing -----------------------------*/

/* Which calls of malloc, calloc and realloc fail: any for which one of these says so.  Every member
   but SIZE may be zero: none does.  */
typedef struct MIR_failing_options {
  size_t size;        /* sizeof (MIR_failing_options_t): the version of this structure */
  uint64_t nth;       /* this call, the first one is 1 */
  int forever;        /* nonzero: and all after it */
  uint64_t every;     /* the calls whose number is a multiple of this */
  size_t min_size;    /* calls for so many bytes or more */
  double probability; /* 0 to 1 */
  uint64_t seed;      /* for that: which calls fail depends on it and on their number only */
} MIR_failing_options_t;

/* Any thread; lock-free.  */
typedef struct MIR_failing {
  struct MIR_alloc alloc;
} * MIR_failing_t;

MIR_ALLOC_API MIR_heap_status_t MIR_failing_create (MIR_alloc_t below,
                                                    const MIR_failing_options_t *options,
                                                    MIR_failing_t *failing);
MIR_ALLOC_API void MIR_failing_finish (MIR_failing_t failing);
/* New rules, and the next call is number 1.  While no other thread allocates.  */
MIR_ALLOC_API MIR_heap_status_t MIR_failing_set (MIR_failing_t failing,
                                                 const MIR_failing_options_t *options);
/* Calls of malloc, calloc and realloc since then, and those which we let fail.  Any thread.  */
MIR_ALLOC_API uint64_t MIR_failing_calls (MIR_failing_t failing);
MIR_ALLOC_API uint64_t MIR_failing_failed (MIR_failing_t failing);

/*---------------- Out of memory -----------------------------*/

/* SIZE bytes were refused below for the ATTEMPT-th time in this call, the first is 1.  Free
   something and return nonzero to try again; return 0 to let the call fail; or leave by longjmp. In
   the thread that allocates, with no lock held; the block of a realloc is as it was, and is still
   the caller's.  */
typedef int (*MIR_oom_func_t) (void *user_data, size_t size, unsigned attempt);

/* Any thread; lock-free.  */
typedef struct MIR_oom {
  struct MIR_alloc alloc;
} * MIR_oom_t;

MIR_ALLOC_API MIR_heap_status_t MIR_oom_create (MIR_alloc_t below, MIR_oom_func_t func,
                                                void *user_data, MIR_oom_t *oom);
MIR_ALLOC_API void MIR_oom_finish (MIR_oom_t oom);

/*---------------- Locked -----------------------------*/

/* One thread at a time is in the one below.  Any thread; takes a lock, also around what the one
   below calls back.  */
typedef struct MIR_locked {
  struct MIR_alloc alloc;
} * MIR_locked_t;

MIR_ALLOC_API MIR_heap_status_t MIR_locked_create (MIR_alloc_t below, MIR_locked_t *locked);
MIR_ALLOC_API void MIR_locked_finish (MIR_locked_t locked);

/*---------------- Sized -----------------------------*/

/* Remembers sizes, in 16 bytes before each block: realloc here does not look at its old size, so it
   serves interfaces which do not pass one.  A pointer which is no live block ends the process with
   a line, as far as that can be seen.  Any thread; lock-free.  */
typedef struct MIR_sized {
  struct MIR_alloc alloc;
} * MIR_sized_t;

MIR_ALLOC_API MIR_heap_status_t MIR_sized_create (MIR_alloc_t below, MIR_sized_t *sized);
/* Every block has been freed, or the one below frees it.  */
MIR_ALLOC_API void MIR_sized_finish (MIR_sized_t sized);
/* The size that was asked for, of a live block of any sized allocator; 0 for NULL.  Any thread.  */
MIR_ALLOC_API size_t MIR_sized_size (const void *block);

/*---------------- Statistics -----------------------------*/

enum { MIR_STATS_CLASSES = 65 }; /* class 0: size 0; class N: 2^(N-1) <= size < 2^N bytes */

typedef struct MIR_stats_class {
  uint64_t made;       /* blocks ever, moved or resized ones each time */
  uint64_t made_bytes; /* requested */
  uint64_t live;       /* blocks now */
} MIR_stats_class_t;

typedef struct MIR_stats_report {
  uint64_t mallocs, callocs, reallocs, frees;               /* calls; frees without free (NULL) */
  uint64_t failed;                                          /* calls which returned NULL */
  uint64_t live_blocks, live_bytes, peak_bytes, made_bytes; /* requested */
  MIR_stats_class_t classes[MIR_STATS_CLASSES];
} MIR_stats_report_t;

/* Counts.  Any thread; lock-free.  */
typedef struct MIR_stats {
  struct MIR_alloc alloc;
} * MIR_stats_t;

MIR_ALLOC_API MIR_heap_status_t MIR_stats_create (MIR_alloc_t below, MIR_stats_t *stats);
/* Every block has been freed, or the one below frees it.  */
MIR_ALLOC_API void MIR_stats_finish (MIR_stats_t stats);
/* Set *REPORT to how things are; each number is right, all of them together only while no thread
   allocates.  Any thread.  */
MIR_ALLOC_API void MIR_stats_get (MIR_stats_t stats, MIR_stats_report_t *report);
/* Write REPORT as one JSON object with a 0 behind it into the LEN bytes at TEXT, as snprintf does:
   returns how many it takes without the 0; if that is not less than LEN, the text is cut short.
   Classes in which nothing was made are left out.  */
MIR_ALLOC_API size_t MIR_stats_json (const MIR_stats_report_t *report, char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* MIR_HEAP_H */
