/* Ready-made allocators.  Each is a MIR_alloc, and all but heaps stand over another one, so they
   stack.

   below     the allocator under this one.  It is kept by pointer, so it must outlive this one;
             NULL: the default heap, MIR_default_alloc
   wrapper   passes each request on to the one below: every allocator here except heaps, which have
             memory of their own, and zones and arenas, which cut blocks from larger ones
   label     what a thread's allocations are for; lists of leaks show it

   Each create function sets its last argument to a new allocator, which the caller owns until the
   finish function of the same name; on failure it returns the reason and sets nothing.  The member
   `alloc` is the allocator itself: MIR_init2 (&arena->alloc, NULL).  Its own state is a block of
   the allocator below, a heap's one of the default heap.  Finish functions allow NULL; no other
   thread may be using the allocator, or start to.

   Every `alloc` keeps the contract of mir-alloc.h, and settles what that leaves open: malloc,
   calloc and realloc of size 0 return a block without bytes, so NULL always means failure (the
   wrappers without a header, failing, locked and oom, leave that to the one below).  A product that
   overflows fails, and so does a size that leaves no room for a header.  A failed realloc leaves
   the block unchanged.  Blocks are aligned for any object type if the blocks below are.

   A shrink is a realloc to a size not above the block's.  It never fails, whatever is refused
   below; but failing may refuse it, and locked and oom do what the allocator below them does.

   Threads: each type says which threads may use `alloc`, provided that the allocator below allows
   it.  One thread creates and finishes an allocator.  If out-of-memory leaves by longjmp, make
   MIR_oom_create the outermost wrapper: the ones below may be interrupted halfway (a lock stays
   held, a count stays wrong).

   Forks.  A child may use, create and finish every allocator, in threads of its own too, whatever
   other threads were doing: fork waits until none is in a locked or a checking allocator or a zone,
   or holds a lock of mimalloc's.  (Not of the system's mimalloc, if the library was built with
   that: then a child may hang where it creates a heap or a thread.)

   - What other threads were doing with no lock held is cut off in the child: a block whose address
     only they knew stays allocated, and so do an allocator that they were creating and the free
     room in the pages from which they allocated; limit and stats may count a block too many.  An
     arena that another thread was using may not be used, unless through a locked one.
   - Functions that allocators call may fork.  If that happens below a locked allocator, or in
     MIR_checking_each, the thread has the lock in both processes.  For locks that other threads
     hold meanwhile fork waits half a second, and ten seconds for one that is held elsewhere by a
     function that does not return; after that the child finds what those guard cut off as above.
   - A program may call an allocator with a lock of its own held, if its own handlers
     (pthread_atfork) take that lock and were registered after the library was loaded; on Mach-O
     systems after the first locked or checking allocator, zone, trace or space was created.
   - A signal handler may not fork where it may have interrupted an allocator: fork would wait for
     its own thread.  Before it executes a program, a child of vfork may use no allocator, nor may
     one of _Fork or clone(2), which run no handlers.  posix_spawn may be used anywhere.
   - A locked or checking allocator or a zone must be finished even if the allocator below frees all
     its blocks at once, and before it does: forks know its lock.  */
#ifndef MIR_HEAP_H
#define MIR_HEAP_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc-api.h"
#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The result of a function of this file.  */
typedef enum MIR_heap_status {
  MIR_HEAP_OK,
  MIR_HEAP_NO_MEMORY,     /* the allocator below, or the system, refused */
  MIR_HEAP_NOT_SUPPORTED, /* this build does not have what was asked for */
  MIR_HEAP_BAD_OPTION,    /* an option out of range, or options of another version */
  MIR_HEAP_BAD_MARK       /* a mark of another arena, or invalidated by a reset to an older mark */
} MIR_heap_status_t;

/* What STATUS means, in a few words in lower case.  The string is static.  */
MIR_ALLOC_API const char *MIR_heap_status_text (MIR_heap_status_t status);

/* What NULL stands for: the default heap, mimalloc's main one.  Never NULL; the library owns it.
   Any thread.  */
MIR_ALLOC_API MIR_alloc_t MIR_default_alloc (void);

/* Give free memory of the default heap and of heaps back to the system, until at most KEEP bytes of
   it are left; 0: all.  Pages in which a block is live stay, and so do empty pages that other
   threads hold on to: at most one for each size class that a thread uses.  With KEEP the call does
   nothing, in a few instructions, unless more than KEEP bytes are known to be free.  Returns the
   bytes given back; 0 also where the system refuses, as it does for locked memory (mlock(2)).  Any
   thread.

   No call is needed for a peak to end: on Linux a free which leaves more than 64 MB of free memory,
   and more than half of all, gives back what is above (docs/allocators.md).  */
MIR_ALLOC_API size_t MIR_heap_trim (size_t keep);

/* Pages for the default heap and heaps.  */
typedef enum MIR_heap_pages {
  MIR_HEAP_PAGES_MEASURED, /* the default: huge ones from 32 MB on, as long as they are cheaper */
  MIR_HEAP_PAGES_SMALL,
  MIR_HEAP_PAGES_HUGE /* wherever the system gives them */
} MIR_heap_pages_t;

/* Use PAGES from now on, for memory that was not used before.  Call it before the first context:
   small programs have their memory by then.  A hint: without an effect where there are no huge
   pages, or where mimalloc is the system's.  The environment variable MIR_HEAP_PAGES (small, huge;
   other values are ignored) stands for a call when the default heap is first used; not in programs
   that run with more rights than their caller's.  Any thread.  */
MIR_ALLOC_API void MIR_heap_use_pages (MIR_heap_pages_t pages);

/* Label the calling thread's allocations, in all allocators of the process, with LABEL from now on;
   NULL: no label.  LABEL is kept by pointer and must stay valid as long as a list may show a block
   with it: use a string literal.  Returns the previous label, so that the caller can restore
   it.  */
MIR_ALLOC_API const char *MIR_heap_set_label (const char *label);

/*---------------- Heap -----------------------------*/

/* A mimalloc heap that is freed as a whole, with every block still live in it.  Any thread;
   lock-free.  If a context uses a heap, no module may move from it to a context that outlives the
   heap.  */
typedef struct MIR_heap {
  struct MIR_alloc alloc;
} *MIR_heap_t;

/* Create a heap.  MIR_HEAP_NOT_SUPPORTED: mimalloc is 2.0.9, a build's last resort, whose heaps serve one thread
   only.  */
MIR_ALLOC_API MIR_heap_status_t MIR_heap_create (MIR_heap_t *heap);
/* Free HEAP with all its blocks, in time proportional to its pages, not its blocks.  */
MIR_ALLOC_API void MIR_heap_finish (MIR_heap_t heap);

/*---------------- Zone -----------------------------*/

/* A small heap that is freed as a whole, with every block still live in it: 1.3 KiB at first, then
   chunks that grow from 2 to 64 KiB, so that a program can have thousands.  A block above 4 KiB is
   allocated below on its own, and returns there when it is freed.  The memory of smaller ones is
   used again within the zone, for blocks of the same or a smaller size, and returns when the zone
   ends.

   realloc ignores the old size.  Making a block smaller never returns NULL: what cannot move stays
   in its place.  Where the zone can tell that a pointer is no live block, or that the 8 bytes before
   a block were overwritten, it prints a line to stderr and aborts.

   Any thread; each zone has a lock, which is never held while the allocator below is called, so that
   one may leave by longjmp.  If a context uses a zone, no module may move from it to a context that
   outlives the zone.  */
typedef struct MIR_zone {
  struct MIR_alloc alloc;
} *MIR_zone_t;

/* Create a zone over BELOW.  */
MIR_ALLOC_API MIR_heap_status_t MIR_zone_create (MIR_alloc_t below, MIR_zone_t *zone);
/* Free ZONE with all its blocks, in time proportional to its chunks and the blocks above 4 KiB.  */
MIR_ALLOC_API void MIR_zone_finish (MIR_zone_t zone);
/* Bytes that ZONE holds from the allocator below.  Any thread.  */
MIR_ALLOC_API size_t MIR_zone_bytes (MIR_zone_t zone);

/*---------------- Arena -----------------------------*/

/* Allocates blocks one after another from chunks.  Only the newest block can be freed alone; the
   others stay until a reset, so many blocks that are replaced one by one take ever more memory.
   Trusts the old size of a realloc.  One thread at a time; any thread through a locked allocator
   over it.  */
typedef struct MIR_arena {
  struct MIR_alloc alloc;
} *MIR_arena_t;

/* A point in an arena's history, to reset to.  The members are private to the arena.  */
typedef struct MIR_arena_mark {
  void *chunk, *free;
  uint64_t large;
} MIR_arena_mark_t;

/* Create an arena over BELOW.  Chunks have CHUNK_SIZE bytes, at least 1 KiB; 0: 64 KiB.  A block larger than a quarter of a
   chunk is allocated below on its own.  Where it shall become smaller than that and there is no
   memory for it in a chunk, it stays on its own; while there are such blocks, each realloc looks
   through their list.  */
MIR_ALLOC_API MIR_heap_status_t MIR_arena_create (MIR_alloc_t below, size_t chunk_size,
                                                  MIR_arena_t *arena);
/* Free ARENA with all its blocks.  */
MIR_ALLOC_API void MIR_arena_finish (MIR_arena_t arena);
/* The current point.  Valid until a reset to an older mark.  */
MIR_ALLOC_API MIR_arena_mark_t MIR_arena_get_mark (MIR_arena_t arena);
/* Free every block allocated or resized since MARK, and return all emptied chunks but one to the
   allocator below.  MARK stays valid.  MIR_HEAP_BAD_MARK: MARK is not valid, as far as the arena
   can tell.  */
MIR_ALLOC_API MIR_heap_status_t MIR_arena_reset (MIR_arena_t arena, MIR_arena_mark_t mark);
/* Free every block, but keep one chunk.  */
MIR_ALLOC_API void MIR_arena_clear (MIR_arena_t arena);
/* Bytes that ARENA holds from the allocator below.  */
MIR_ALLOC_API size_t MIR_arena_bytes (MIR_arena_t arena);

/*---------------- Checking -----------------------------*/

/* What a finding is.  */
typedef enum MIR_check_kind {
  MIR_CHECK_WRONG_SIZE,  /* realloc with an old size that is not the block's */
  MIR_CHECK_DOUBLE_FREE, /* free or realloc of a recently freed block */
  MIR_CHECK_FOREIGN,     /* free or realloc of a pointer that is no block of this allocator */
  MIR_CHECK_UNDERRUN,    /* a write before a block */
  MIR_CHECK_OVERRUN,     /* a write past its end */
  MIR_CHECK_FREED,       /* a write to a freed block */
  MIR_CHECK_LEAK         /* a block that was never freed */
} MIR_check_kind_t;

/* Room for return addresses in MIR_check_call_t.  */
enum { MIR_CHECK_MAX_FRAMES = 16 };

/* Who made a call of the allocator.  */
typedef struct MIR_check_call {
  const char *label; /* of the calling thread; NULL: none */
  size_t frames_num; /* return addresses on its stack, from the allocator's caller outwards */
  void *frames[MIR_CHECK_MAX_FRAMES];
} MIR_check_call_t;

/* A finding.  The function that gets it may keep a copy; addresses and labels stay what they were,
   but an address means something only as long as its module is loaded.  */
typedef struct MIR_check {
  MIR_check_kind_t kind;
  const char *text;  /* the kind in a few words */
  const void *block; /* the block, or the bad pointer itself */
  size_t size;       /* bytes; 0: no block */
  size_t given;      /* MIR_CHECK_WRONG_SIZE: the old size that the caller passed */
  uint64_t number;   /* the block was the allocator's NUMBERth, from 1 on; 0: no block */
  /* As in MIR_check_call_t: the call that allocated the block.  All zero: no block.  */
  const char *label;
  size_t frames_num;
  void *frames[MIR_CHECK_MAX_FRAMES];
  /* The call that freed the block first: MIR_CHECK_DOUBLE_FREE, MIR_CHECK_FREED.  Otherwise all
     zero.  */
  MIR_check_call_t freed;
  /* The call that noticed it.  MIR_CHECK_WRONG_SIZE, MIR_CHECK_DOUBLE_FREE, MIR_CHECK_FOREIGN: the
     wrong call itself.  Damage is noticed some time after it was done, and maybe in another thread.
     MIR_CHECK_LEAK: all zero.  */
  MIR_check_call_t noticed;
} MIR_check_t;

/* Called in the thread that made the call, with no lock held.  May abort.  If it returns, the call
   continues: a bad free does nothing, a bad realloc fails, a wrong size is corrected, and each
   damage is counted once.  */
typedef void (*MIR_check_func_t) (void *user_data, const MIR_check_t *check);

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_checking_options {
  size_t size;           /* sizeof (MIR_checking_options_t): the version of this structure */
  MIR_check_func_t func; /* NULL: print a line, and the calls with their stacks, to stderr */
  void *user_data;
  /* Bytes of freed blocks to keep before they are reused; 0: 256 KiB.  Only of a block that is kept
     a second free is recognised, and the first one known.  */
  size_t quarantine;
  /* Return addresses to record for each call that allocates or frees, at most MIR_CHECK_MAX_FRAMES;
     none where the library cannot walk stacks.  Costs a walk for each call, and for each block two
     pointers for each frame.  */
  unsigned frames;
} MIR_checking_options_t;

/* Finds calls and writes that break the contract of mir-alloc.h.  It fills new blocks with 0xa5 and
   freed ones with 0xdd, and realloc always moves, so that code which relies on anything else fails
   early.  Any thread; takes a lock, but never holds it while it calls the allocator below.  */
typedef struct MIR_checking {
  struct MIR_alloc alloc;
} *MIR_checking_t;

/* Create a checking allocator over BELOW with OPTIONS, NULL for all defaults.  */
MIR_ALLOC_API MIR_heap_status_t MIR_checking_create (MIR_alloc_t below,
                                                     const MIR_checking_options_t *options,
                                                     MIR_checking_t *checking);
/* Check the bytes around every live block and in the freed blocks that are kept.  Returns the
   number of findings so far.  */
MIR_ALLOC_API size_t MIR_checking_verify (MIR_checking_t checking);
/* Call FUNC for every live block, as a leak, oldest first; FUNC may not use the allocator.  Returns
   the number of live blocks.  */
MIR_ALLOC_API size_t MIR_checking_each (MIR_checking_t checking, MIR_check_func_t func,
                                        void *user_data);
/* Verify, report the live blocks as leaks, and free them.  Returns the number of findings in
   all.  */
MIR_ALLOC_API size_t MIR_checking_finish (MIR_checking_t checking);

/*---------------- Limit -----------------------------*/

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_limit_options {
  size_t size; /* sizeof (MIR_limit_options_t): the version of this structure */
  size_t hard; /* live bytes; a call that would exceed this fails; 0: no limit */
  size_t soft; /* live bytes; a call that would exceed this calls `func` first; 0: no limit */
  /* NEEDED: the live bytes if the call succeeds.  Called each time the live bytes cross the soft
     limit upwards, in the allocating thread, with no lock held; may free and allocate blocks.  */
  void (*func) (void *user_data, size_t needed);
  void *user_data;
} MIR_limit_options_t;

/* Limits the requested bytes of the live blocks, not counting headers and rounding.  Any thread;
   lock-free.  */
typedef struct MIR_limit {
  struct MIR_alloc alloc;
} *MIR_limit_t;

/* Create a limit over BELOW with OPTIONS, which may not be NULL.  */
MIR_ALLOC_API MIR_heap_status_t MIR_limit_create (MIR_alloc_t below,
                                                  const MIR_limit_options_t *options,
                                                  MIR_limit_t *limit);
/* Every block must have been freed, unless the allocator below frees it.  */
MIR_ALLOC_API void MIR_limit_finish (MIR_limit_t limit);
/* Requested bytes of the live blocks.  Any thread.  */
MIR_ALLOC_API size_t MIR_limit_bytes (MIR_limit_t limit);
/* Change the limits; 0: no limit.  Live blocks stay, even if they exceed a new limit.  Any
   thread.  */
MIR_ALLOC_API void MIR_limit_set (MIR_limit_t limit, size_t hard, size_t soft);

/*---------------- Failing -----------------------------*/

/* Which calls of malloc, calloc and realloc fail: those that match at least one rule.  Every member
   but SIZE may be zero, which matches no call.  */
typedef struct MIR_failing_options {
  size_t size;        /* sizeof (MIR_failing_options_t): the version; an older one will do */
  uint64_t nth;       /* this call, counted from 1 */
  int forever;        /* nonzero: all calls after it as well */
  uint64_t every;     /* each call whose number is a multiple of this */
  size_t min_size;    /* each call for this many bytes or more */
  double probability; /* each call with this probability, 0 to 1 */
  uint64_t seed;      /* of PROBABILITY: which calls fail depends only on SEED and their numbers */
  /* Nonzero: a realloc of a block to a size not above the old size that its caller passes goes to
     the allocator below without being counted, so no rule chooses it.  For libraries that do not
     survive a refused shrink, as LuaJIT and GMP.  */
  int spare_shrinks;
} MIR_failing_options_t;

/* An allocator whose calls fail as its rules say, to test how the program handles that.  Any
   thread; lock-free.  */
typedef struct MIR_failing {
  struct MIR_alloc alloc;
} *MIR_failing_t;

/* Create a failing allocator over BELOW with the rules in OPTIONS, which may not be NULL.  */
MIR_ALLOC_API MIR_heap_status_t MIR_failing_create (MIR_alloc_t below,
                                                    const MIR_failing_options_t *options,
                                                    MIR_failing_t *failing);
/* Free FAILING.  Its blocks are blocks of the allocator below, where they stay.  */
MIR_ALLOC_API void MIR_failing_finish (MIR_failing_t failing);
/* Set new rules, and number the next call 1.  No other thread may allocate meanwhile.  */
MIR_ALLOC_API MIR_heap_status_t MIR_failing_set (MIR_failing_t failing,
                                                 const MIR_failing_options_t *options);
/* The calls of malloc, calloc and realloc since the rules were set, without spared ones, and those
   that the rules made fail.  Any thread.  */
MIR_ALLOC_API uint64_t MIR_failing_calls (MIR_failing_t failing);
MIR_ALLOC_API uint64_t MIR_failing_failed (MIR_failing_t failing);

/*---------------- Out of memory -----------------------------*/

/* The allocator below has refused SIZE bytes for the ATTEMPTth time in this call, counted from 1.
   Free something and return nonzero to try again, return 0 to let the call fail, or leave by
   longjmp.  Called in the allocating thread, with no lock held; the block of a realloc is
   unchanged, and the caller still owns it.  */
typedef int (*MIR_oom_func_t) (void *user_data, size_t size, unsigned attempt);

/* Calls a function before it lets a call fail.  Any thread; lock-free.  */
typedef struct MIR_oom {
  struct MIR_alloc alloc;
} *MIR_oom_t;

/* Create an allocator over BELOW that calls FUNC with USER_DATA when a call would fail.  */
MIR_ALLOC_API MIR_heap_status_t MIR_oom_create (MIR_alloc_t below, MIR_oom_func_t func,
                                                void *user_data, MIR_oom_t *oom);
/* Free OOM.  Its blocks are blocks of the allocator below, where they stay.  */
MIR_ALLOC_API void MIR_oom_finish (MIR_oom_t oom);

/*---------------- Locked -----------------------------*/

/* Lets one thread at a time into the allocator below.  Any thread; takes a lock, and holds it also
   while the allocator below calls back.  */
typedef struct MIR_locked {
  struct MIR_alloc alloc;
} *MIR_locked_t;

/* Create a locked allocator over BELOW.  */
MIR_ALLOC_API MIR_heap_status_t MIR_locked_create (MIR_alloc_t below, MIR_locked_t *locked);
/* Free LOCKED.  Its blocks are blocks of the allocator below, where they stay.  */
MIR_ALLOC_API void MIR_locked_finish (MIR_locked_t locked);

/*---------------- Sized -----------------------------*/

/* Remembers the size of each block in the 16 bytes before it.  Its realloc ignores the old size, so
   it serves interfaces that do not pass one.  Where it can tell that a pointer is no live block, it
   prints a line to stderr and aborts.  Any thread; lock-free.  */
typedef struct MIR_sized {
  struct MIR_alloc alloc;
} *MIR_sized_t;

/* Create a sized allocator over BELOW.  */
MIR_ALLOC_API MIR_heap_status_t MIR_sized_create (MIR_alloc_t below, MIR_sized_t *sized);
/* Every block must have been freed, unless the allocator below frees it.  */
MIR_ALLOC_API void MIR_sized_finish (MIR_sized_t sized);
/* The requested size of a live block of any sized allocator; 0 for NULL.  After a shrink that the
   allocator below refused it is still the size before.  Any thread.  */
MIR_ALLOC_API size_t MIR_sized_size (const void *block);

/*---------------- Statistics -----------------------------*/

/* Size classes.  Class 0: size 0; class N: 2^(N-1) <= size < 2^N bytes.  */
enum { MIR_STATS_CLASSES = 65 };

/* The blocks of one size class.  */
typedef struct MIR_stats_class {
  uint64_t made;       /* blocks ever allocated; a resized block counts again */
  uint64_t made_bytes; /* requested */
  uint64_t live;       /* blocks now */
} MIR_stats_class_t;

/* The numbers of a statistics allocator.  */
typedef struct MIR_stats_report {
  uint64_t mallocs, callocs, reallocs, frees;               /* calls; frees without free (NULL) */
  uint64_t failed;                                          /* calls which returned NULL */
  uint64_t live_blocks, live_bytes, peak_bytes, made_bytes; /* requested */
  MIR_stats_class_t classes[MIR_STATS_CLASSES];
} MIR_stats_report_t;

/* Counts calls, blocks and bytes.  Any thread; lock-free.  */
typedef struct MIR_stats {
  struct MIR_alloc alloc;
} *MIR_stats_t;

/* Create a statistics allocator over BELOW.  */
MIR_ALLOC_API MIR_heap_status_t MIR_stats_create (MIR_alloc_t below, MIR_stats_t *stats);
/* Every block must have been freed, unless the allocator below frees it.  */
MIR_ALLOC_API void MIR_stats_finish (MIR_stats_t stats);
/* Set *REPORT to the current numbers.  Each is exact; they are consistent with each other only
   while no thread allocates.  Any thread.  */
MIR_ALLOC_API void MIR_stats_get (MIR_stats_t stats, MIR_stats_report_t *report);
/* Write REPORT as one JSON object, with a terminating 0, into the LEN bytes at TEXT.  Like snprintf
   it returns the length of the whole text without the 0; if that is not less than LEN, the text is
   truncated.  Empty classes are left out.  */
MIR_ALLOC_API size_t MIR_stats_json (const MIR_stats_report_t *report, char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* MIR_HEAP_H */
