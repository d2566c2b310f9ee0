/* A code cache for any JIT runtime: executable memory that is written, freed and changed safely.

   space       a code cache with its rules: which back end, how well protected, how much, where
   writer      the access of one thread to a space.  It publishes in memory of its own there as long
               as little else is free, so writers do not wait for each other.
   code block  what one publication made, a `piece` in the names below: whole granules of 32 bytes,
               which never move
   free        give a code block back.  Threads may still run it until the embedder says that a
               grace period is over: that every thread was quiescent.
   back end    how bytes get into executable memory under W^X: none of it is writable and executable
               at one address (the exceptions are below)
   alias       the writable view of a dual mapping: the same memory, mapped a second time

   A space stands alone, MIR_code_space_create, or belongs to a context of mir.h, MIR_get_code_space.
   This header has none of MIR's names, so it may be used beside MIR's own mir.h; docs/mir.md shows
   how to put MIR itself on a space.

   In this file a function returns MIR_CODE_OK; any other status says what went wrong, and
   everything is as it was before the call.  No function here calls an error function.  Bookkeeping
   is allocated from the space's MIR_alloc with no lock held.  Any thread may use a space; one
   thread at a time may use a writer.  Published code is executed as it is: the caller ensures that
   it is correct.  The end of this file has what holds for forks and for thread cancellation.

   A structure that the caller allocates begins with its own size, which the caller sets to sizeof
   it: that is its version.  The library reads and writes only so many bytes, so a program that was
   compiled with an older, shorter structure works with a newer library: the members it lacks are 0
   or are not written.  A size shorter than the first version or longer than the library's is
   MIR_CODE_BAD_OPTION.  */
#ifndef MIR_CODE_H
#define MIR_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc-api.h"
#include "mir-alloc.h"
#include "mir-code-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The result of a function of this file and of mir-code-object.h.  */
typedef enum MIR_code_status {
  MIR_CODE_OK,
  MIR_CODE_NO_MEMORY,     /* the general allocator has no memory for bookkeeping */
  MIR_CODE_MAP_REFUSED,   /* the system refused to map executable memory */
  MIR_CODE_WRITE_REFUSED, /* the system refused to let pages be written, or protected again */
  MIR_CODE_LIMIT,         /* max_bytes, or the reserved range, is used up, and no free room fits */
  MIR_CODE_TOO_LARGE,     /* a size of 0, or one that cannot fit */
  MIR_CODE_NOT_OURS,      /* no published code at the address, or not as many bytes */
  MIR_CODE_TAKEN,         /* the requested place is not free any more */
  MIR_CODE_NOT_ATOMIC,    /* the change cannot be made while threads run the code */
  MIR_CODE_NO_BACKEND,    /* none of the allowed back ends works on this system */
  MIR_CODE_NO_RANGE,   /* none free in direct-call range of near_addr, or `reserve` exceeds that */
  MIR_CODE_BAD_OPTION, /* an option is out of bounds, or two options exclude each other */
  MIR_CODE_BAD_ORDER,  /* commit without reserve, reserve within reserve, end without begin */
  /* Limits of the process, which may be raised, or make way when something else is unmapped.  Any
     function that maps, writes or probes executable memory may meet them.  */
  MIR_CODE_NO_ADDRESS_SPACE, /* no more addresses: RLIMIT_AS, or too few are free */
  MIR_CODE_NO_LOCKED_MEMORY, /* all memory is locked (mlockall), and RLIMIT_MEMLOCK allows no more */
  MIR_CODE_TOO_MANY_MAPPINGS, /* no more mappings: Linux, vm.max_map_count */
  MIR_CODE_NO_THUNKS          /* the library has no thunks for this CPU */
} MIR_code_status_t;

/* What STATUS means, in a few words in lower case.  The string is static.  */
MIR_ALLOC_API const char *MIR_code_status_text (MIR_code_status_t status);

/*---------------- Spaces -----------------------------*/

/* The back ends, best first; docs/architecture.md describes each of them.  */
enum {
  MIR_CODE_ANON = 1 << 0,    /* Linux, macOS: a dual mapping of anonymous memory */
  MIR_CODE_MEMFD = 1 << 1,   /* Linux: a dual mapping of a memory file */
  MIR_CODE_TMPFILE = 1 << 2, /* Linux: a dual mapping of a file without a name */
  MIR_CODE_SECTION = 1 << 3, /* Windows: two views of a section */
  MIR_CODE_MAP_JIT = 1 << 4, /* macOS: one mapping, writable for one thread at a time */
  MIR_CODE_PROCMEM = 1 << 5, /* Linux: no alias; written through /proc/self/mem */
  MIR_CODE_REMAP = 1 << 6,   /* Linux: no alias; a changed copy replaces the pages */
  MIR_CODE_FLIP = 1 << 7,    /* protections change; for a MIR_code_alloc of the user's */
  MIR_CODE_RWX = 1 << 8      /* writable and executable; taken only if named */
};

/* How well executable memory is protected from writes by accident or attack.  At no level is it
   writable through the address where it is executed, except with three back ends: always with RWX;
   with FLIP while something is written; with MAP_JIT for the writing thread, which cannot execute
   it meanwhile.  Where the system refuses to protect pages again after a write, with CLOSED_ALIAS
   and FLIP, they stay writable for the time being: the result is MIR_CODE_WRITE_REFUSED, with the old
   bytes back in place, and later writes and each MIR_code_trim try to protect them.  */
typedef enum MIR_code_protection {
  MIR_CODE_OPEN_ALIAS,   /* the alias is always accessible: the fastest */
  MIR_CODE_CLOSED_ALIAS, /* the alias is accessible on demand, while something is written */
  MIR_CODE_NO_ALIAS,     /* there is no alias */
  /* OPEN_ALIAS, and no code can ever change the protections again: mseal(2), Linux 6.10, or
     F_SEAL_FUTURE_WRITE (fcntl(2), Linux 5.1).  Contents are not sealed: who can write to the alias
     changes code, and so does a privileged process by other ways; see SECURITY.md.  */
  MIR_CODE_SEALED
} MIR_code_protection_t;

/* What happens to reclaimed code.  Poison stops a program which jumps through a stale pointer.  */
typedef enum MIR_code_poison {
  MIR_CODE_KEEP,         /* the old bytes stay until the place is used again */
  MIR_CODE_POISON_ENTRY, /* traps at its start */
  MIR_CODE_POISON_ALL    /* traps from end to end */
} MIR_code_poison_t;

/* A code block that was published or freed, for tools.  The library owns these structures, also
   where it passes an array of them.  */
typedef struct MIR_code_event {
  const uint8_t *start;
  size_t size;      /* bytes: the published ones, or the granules of a freed block */
  const char *name; /* of MIR_code_info; NULL: none, and for a freed block */
  uint64_t tag;
} MIR_code_event_t;

/* Functions which are notified of events, for debuggers, profilers and unwinders; mir-code-tools.h
   has ready-made ones.  Any function may be NULL.  A hook is called in the thread which causes the
   event, with no lock of the space held and possibly by several threads at once.  It must return,
   and may not use the space except to read published code.  It may fork.  */
typedef struct MIR_code_hooks {
  size_t size; /* sizeof (MIR_code_hooks_t) */
  /* LEN bytes at START hold code from now on; called before any is published there.  */
  void (*mapped) (void *user_data, uint8_t *start, size_t len);
  /* These bytes no longer hold code.  */
  void (*unmapped) (void *user_data, uint8_t *start, size_t len);
  /* EVENTS_NUM > 0 code blocks were published: called before any of them may be run, once for a
     batch.  Not called for thunks.  */
  void (*published) (void *user_data, const MIR_code_event_t *events, size_t events_num);
  /* One code block was reclaimed: called when it is already poisoned, before its place can be used
     again.  */
  void (*freed) (void *user_data, const MIR_code_event_t *event);
  void *user_data;
} MIR_code_hooks_t;

/* Every member but SIZE may be 0, which is its default.  */
typedef struct MIR_code_options {
  size_t size;                 /* sizeof (MIR_code_options_t) */
  MIR_alloc_t alloc;           /* for bookkeeping, kept by pointer; NULL: mimalloc */
  MIR_code_alloc_t code_alloc; /* for pages, kept by pointer; NULL: a back end of the system */
  unsigned backends;           /* a mask of the allowed ones; 0: all but MIR_CODE_RWX */
  MIR_code_protection_t protection;
  /* Reserve this many bytes of address space up front, rounded up to 64 KiB; all code and cells go
     there, within direct-call range of each other.  0: anywhere.  Not with code_alloc.  */
  size_t reserve;
  /* Reserve those bytes within direct-call range of this address, in both directions.  NULL:
     anywhere.  Only with `reserve`.  */
  const void *near_addr;
  size_t max_bytes; /* of executable memory mapped at one time; 0: no limit */
  /* Milliseconds for which an empty mapping is kept, if that much was needed not long ago; then it is
     unmapped as soon as another one becomes empty.  Empty mappings that were not needed in that time
     are unmapped as soon as they are a sixteenth of all.  0: half a second.  */
  unsigned purge_ms;
  MIR_code_poison_t poison;
  const MIR_code_hooks_t *hooks; /* read during the call; NULL: none */
  /* Nonzero: where the CPU can demand it, an indirect call or jump into the code must arrive at an
     instruction for that purpose, else the program is ended.  On aarch64 Linux (PROT_BTI) each
     function that is called through a pointer begins with BTI C or PACIASP, and other targets of
     indirect jumps with BTI J; thunks do already.  Ignored elsewhere.  Not with code_alloc.  */
  int landing_pads;
  /* Nonzero: code is mapped by huge pages, so that calls all over much code miss the TLB less often.
     From about 2 MiB of code on each mapping has 2 MiB, and all its memory at once.  Linux 6.1, where
     a huge page has 2 MiB; in the back ends anon, memfd and rwx.  Ignored elsewhere, and for each
     mapping where the system has no huge page.  What MIR_code_trim gives back splits a huge page, and
     what a child after a fork publishes or changes is copied to small ones.  */
  int huge_pages;
  /* Nonzero: map the first memory for code at once, so that MIR_code_space_create fails if there can
     be none.  */
  int map_at_once;
} MIR_code_options_t;

/* The handle of a space.  Any thread.  */
typedef struct MIR_code_space *MIR_code_space_t;

/* Create a space with OPTIONS, NULL for all defaults, and set *SPACE to it.  The caller owns it
   until MIR_code_space_finish.  It maps its first page when that is first needed, unless
   `map_at_once` is set.

   The first space of a process, and of a child after a fork, finds out which back ends work, as
   MIR_code_probe does; later ones use what is known by then.  What is known is forgotten when the
   system refuses a mapping although no limit is in the way.  After other changes of what the system
   allows, call MIR_code_probe.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_space_create (const MIR_code_options_t *options,
                                                       MIR_code_space_t *space);

/* Unmap all code and free all memory of SPACE, writers included.  NULL is allowed.  No thread may
   be using SPACE or running its code.  Not for the space of a context, which ends with the
   context.  */
MIR_ALLOC_API void MIR_code_space_finish (MIR_code_space_t space);

/* How far a direct call of this CPU reaches, in bytes, forward and back: the longest range.  */
MIR_ALLOC_API size_t MIR_code_reach (void);

/* The default of `code_alloc` wherever one is needed: the system's pages.  Never NULL; the library owns
   it.  */
MIR_ALLOC_API MIR_code_alloc_t MIR_default_code_alloc (void);

/* The space in which the functions of CTX publish, a context that this library has made: mir.h.  CTX
   owns it.  Writers, names, batches and freeing are for this space as for any other.  */
struct MIR_context;
MIR_CONTEXT_API MIR_code_space_t MIR_get_code_space (struct MIR_context *ctx);

/* Notify HOOKS, read during the call, of all events in SPACE from now on, and of the mappings it has
   already.  NULL: none.  No other thread may be using SPACE, and no writer may have an open batch
   (MIR_CODE_BAD_ORDER).  */
MIR_ALLOC_API MIR_code_status_t MIR_code_set_hooks (MIR_code_space_t space,
                                                    const MIR_code_hooks_t *hooks);

/* The result of the probe for one back end.  */
typedef struct MIR_code_verdict {
  const char *backend;
  const char *reason; /* static; NULL: it works */
  int error;          /* errno or GetLastError () of the refused call; 0: none */
} MIR_code_verdict_t;

/* Room for verdicts in MIR_code_report_t.  */
enum { MIR_CODE_MAX_VERDICTS = 10 };

/* What a space can do beside publishing; a table in docs/code-with-data.md has it by back end.  */
enum {
  MIR_CODE_CAN_RESERVE = 1 << 0,      /* `reserve` in the options */
  MIR_CODE_CAN_HOLD_OBJECTS = 1 << 1, /* mir-code-object.h, with `reserve` */
  /* Read-only segments of objects are read-only at all times; else they are writable.  */
  MIR_CODE_CAN_PROTECT_CONSTANTS = 1 << 2,
  MIR_CODE_CAN_WRITE_IN_PLACE = 1 << 3 /* MIR_CODE_IN_PLACE */
};

/* What MIR_code_probe has found out.  */
typedef struct MIR_code_report {
  size_t size;         /* sizeof (MIR_code_report_t), or less for fewer verdicts */
  const char *backend; /* of a space with these options; NULL: none works */
  size_t verdicts_num;
  /* The verdicts on all better back ends and on that one, the best first, as many as SIZE has room
     for.  */
  MIR_code_verdict_t verdicts[MIR_CODE_MAX_VERDICTS];
  unsigned abilities; /* of a space with these options, and with `reserve`: MIR_CODE_CAN_... */
} MIR_code_report_t;

/* Try the back ends that OPTIONS allow, NULL for all defaults, by running code in each of them
   until one works, and fill *REPORT.  Each call tries anew, and spaces created later follow its
   result.  If none works the status is that of a limit if one is in the way, else
   MIR_CODE_NO_BACKEND.  Verdicts are remembered in this process, except refusals whose cause may be
   transient: limits, and a lack of memory, descriptors or disk space.  On a CPU for which the
   library has no code to run, what is written at one address and executed at another is taken only
   if `backends` names it, and then unseen.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_probe (const MIR_code_options_t *options,
                                                MIR_code_report_t *report);

/*---------------- Writing -----------------------------*/

/* The handle of a writer.  One thread at a time.  */
typedef struct MIR_code_writer *MIR_code_writer_t;

/* Create a writer into SPACE and set *WRITER to it.  The caller owns it until
   MIR_code_writer_finish.  Publishing is cheap for a thread with a writer of its own: up to 32
   writers do not wait for each other; a writer which several threads use under a lock of the
   caller's works as well.  Room that any code left free is there for all writers.  A writer that its
   thread leaves behind costs its structure and buffer until the space ends, and no code memory
   but what it has reserved or in a batch.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_writer_create (MIR_code_space_t space,
                                                        MIR_code_writer_t *writer);
/* Free WRITER and abort its open reservation or batch.  The code it has published stays.  NULL is
   allowed.  */
MIR_ALLOC_API void MIR_code_writer_finish (MIR_code_writer_t writer);

/* What the embedder says about a code block.  */
typedef struct MIR_code_info {
  size_t size;      /* sizeof (MIR_code_info_t) */
  const char *name; /* for tools, read during the call, in a batch until its end; NULL: none */
  uint64_t tag;     /* any value, for MIR_code_query */
} MIR_code_info_t;

/* Copy LEN > 0 bytes from BYTES into executable memory and set *ADDR to the copy, which is aligned
   to 32 bytes.  INFO may be NULL.  Within a batch the code may not be run before the batch
   ends.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_publish (MIR_code_writer_t writer, const uint8_t *bytes,
                                                  size_t len, const MIR_code_info_t *info,
                                                  uint8_t **addr);

/* A reservation: space for code that is not written yet.  Its address is known, so relocations can
   be applied before the code is published.  */
typedef struct MIR_code_place {
  size_t size;     /* sizeof (MIR_code_place_t) */
  uint8_t *addr;   /* where the code will run */
  uint8_t *buffer; /* where the caller writes it; the writer owns the buffer */
  size_t len;      /* bytes of both: at least the requested ones */
} MIR_code_place_t;

/* Reserve LEN > 0 bytes at a multiple of ALIGNMENT, a power of two up to 4096 or 0 for any, and set
   *PLACE to them.  The reservation ends with MIR_code_commit or MIR_code_abort; until then
   WRITER reserves and publishes nothing else.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_reserve (MIR_code_writer_t writer, size_t len,
                                                  size_t alignment, MIR_code_place_t *place);
/* Publish the first USED > 0 bytes of the buffer at the reserved address and free the rest of the
   reservation.  INFO may be NULL.  On failure the reservation stays as it was.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_commit (MIR_code_writer_t writer, size_t used,
                                                 const MIR_code_info_t *info);
/* Give the reservation back.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_abort (MIR_code_writer_t writer);

/* Begin a batch: publications of WRITER up to MIR_code_batch_end are finished together, with one
   protection change or system call for neighbours, one barrier, one call of the hooks.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_batch_begin (MIR_code_writer_t writer);
/* End the batch: all its code may be run.  On failure the batch has ended, too, and none of its
   code blocks exists.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_batch_end (MIR_code_writer_t writer);

/*---------------- Writing without a writer -----------------------------*/

/* For a runtime with one way to publish for all its threads, as MIR's is: any thread may call these
   functions at any time, and they take turns.  A thread with a writer waits for no other, and has
   batches.  */

/* As MIR_code_publish.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_space_publish (MIR_code_space_t space,
                                                        const uint8_t *bytes, size_t len,
                                                        const MIR_code_info_t *info,
                                                        uint8_t **addr);
/* Set *ADDR to where MIR_code_space_publish would put LEN bytes next, so that the code can be
   relocated first.  The place is not reserved.  LEN 0 is as 1.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_next_addr (MIR_code_space_t space, size_t len,
                                                    uint8_t **addr);
/* As MIR_code_space_publish, but only at ADDR, a result of MIR_code_next_addr.  MIR_CODE_TAKEN: that
   place has been taken meanwhile, or is too small; get a new address and try again.  LEN 0 publishes
   nothing, and only tells whether ADDR is free.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_publish_at (MIR_code_space_t space, uint8_t *addr,
                                                     const uint8_t *bytes, size_t len,
                                                     const MIR_code_info_t *info);

/*---------------- Giving back -----------------------------*/

/* Give back the published code block which starts at ADDR; one that is only reserved, or in a batch
   that has not ended, is MIR_CODE_NOT_OURS.  The block stays as it is until MIR_code_reclaim:
   threads may be running it, and may even enter it until they learn that it is gone.  Needs no
   memory.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_free (MIR_code_space_t space, const void *addr);

/* A grace period of one space.  */
typedef uint64_t MIR_code_grace_t;

/* Begin a grace period for all blocks freed before.  The result is for MIR_code_reclaim.  */
MIR_ALLOC_API MIR_code_grace_t MIR_code_grace_begin (MIR_code_space_t space);
/* The grace period GRACE is over: every thread has been quiescent since it began, so none runs or
   will run a block freed before it began.  Poisons these blocks and makes their places free.  Only
   poisoning can fail: a block which could not be poisoned stays freed, and the next call tries
   again.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_reclaim (MIR_code_space_t space, MIR_code_grace_t grace);

/* Free a block which no thread runs, returns into or will call.  Every thread that once ran it must
   have learnt of its end through a lock, a join or the like.  Its place may be used again at once.
   Needs no memory; for a valid address it fails only if poisoning is refused.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_free_now (MIR_code_space_t space, const void *addr);

/* Unmap empty mappings and give unused memory back to the system, except memory which another
   process may use after a fork.  Returns the bytes given back; a page counts again only when it has
   been used again.  Publishing there asks the system for memory, and may be refused.  */
MIR_ALLOC_API size_t MIR_code_trim (MIR_code_space_t space);

/*---------------- Changing -----------------------------*/

/* Replace the LEN bytes at ADDR, published code, by those from BYTES, while threads may be running
   them: each thread executes the old bytes or the new ones.  The code of a batch is published when
   the batch ends.  All bytes must be within one aligned word of 8 bytes; else, or if the back end
   cannot store a word whole, the result is MIR_CODE_NOT_ATOMIC.  On x86-64 the word may hold any
   instructions of which none crosses its ends; on aarch64 only B, BL, BRK, HVC, ISB, NOP, SMC and
   SVC may replace one another this way (Arm Architecture Reference Manual, DDI 0487, B2).  */
MIR_ALLOC_API MIR_code_status_t MIR_code_patch (MIR_code_space_t space, void *addr,
                                                const void *bytes, size_t len);
/* As MIR_code_patch, for any LEN > 0 bytes of one code block, which no thread runs meanwhile.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_patch_stopped (MIR_code_space_t space, void *addr,
                                                        const void *bytes, size_t len);

/* As MIR_code_patch_stopped, for code that no thread has run since it was published: no barrier is
   needed.  A thread that runs it all the same may execute any mixture of old and new bytes.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_change (MIR_code_space_t space, void *addr,
                                                 const void *bytes, size_t len);

/* A pointer and where it goes.  Both mir.h, this library's and MIR's own, define the structure; a
   program without them defines it like this:
       struct MIR_code_reloc {
         size_t offset;     bytes from a base
         const void *value; the pointer to store there
       };  */
struct MIR_code_reloc;
/* As MIR_code_change, for many places: store the pointers of NUM RELOCS, which may be 0, into published
   code at BASE, all of them or, on failure, none.  A pointer at an aligned address is stored whole: a
   thread which loads it meanwhile gets the old or the new one.  All places are in one code block.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_update (MIR_code_space_t space, uint8_t *base, size_t num,
                                                 const struct MIR_code_reloc *relocs);

/* Ensure every thread of the process executes what was written to [START, START + LEN), in memory
   that is not of this library: its own functions do this by themselves.  Cannot fail.  */
MIR_ALLOC_API void MIR_code_flush (const void *start, size_t len);

/*---------------- Cells -----------------------------*/

/* A cell holds an address to which code jumps.  It is private data, so a redirect needs no system
   call, changes no instruction and does not reach other processes after a fork.  With `reserve` a
   cell is in the same range as the code, within reach of pc-relative addressing.  */
typedef struct MIR_code_cell MIR_code_cell_t;

/* Create a cell with the target TARGET and set *CELL to it; the space owns it, and
   MIR_code_cell_free may end it.  A cell is a pointer in memory: code loads the target from the
   address CELL.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_cell_new (MIR_code_space_t space, void *target,
                                                   MIR_code_cell_t **cell);
/* Store TARGET in CELL, or load it, atomically.  Any thread; lock-free.  */
MIR_ALLOC_API void MIR_code_cell_set (MIR_code_cell_t *cell, void *target);
MIR_ALLOC_API void *MIR_code_cell_get (const MIR_code_cell_t *cell);
/* Free CELL, which no code may use any more.  NULL is allowed.  */
MIR_ALLOC_API void MIR_code_cell_free (MIR_code_space_t space, MIR_code_cell_t *cell);

/*---------------- Thunks -----------------------------*/

/* A thunk is a trampoline, code which jumps to its target through a cell of its own, and changes no
   argument: a fixed address for a function which may be replaced.  MIR_code_free or
   MIR_code_free_now ends it, as any code block, and its cell with it.  No hook is told of it.  */

/* Create a thunk to TARGET, which may be NULL as long as nobody calls it, and set *THUNK to it.
   MIR_CODE_NO_THUNKS: there are none for this CPU.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_thunk_new (MIR_code_space_t space, void *target,
                                                    void **thunk);
/* Make THUNK jump to TARGET from now on.  A thread which calls it meanwhile reaches its old or its
   new target.  MIR_CODE_NOT_OURS: no thunk of SPACE starts there.  Needs no memory and no system
   call.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_thunk_set (MIR_code_space_t space, void *thunk,
                                                    void *target);
/* The target of THUNK, a live thunk of any space.  Lock-free.  */
MIR_ALLOC_API void *MIR_code_thunk_get (const void *thunk);

/*---------------- Queries -----------------------------*/

/* What MIR_code_query knows of a code block.  */
typedef struct MIR_code_piece {
  size_t size; /* sizeof (MIR_code_piece_t) */
  uint8_t *start;
  size_t len; /* bytes, whole granules */
  uint64_t tag;
  int freed; /* freed and not reclaimed yet, or not published yet */
} MIR_code_piece_t;

/* Set *PIECE to the code block which holds ADDR, any address from its first byte to its last.
   MIR_CODE_NOT_OURS if there is none.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_query (MIR_code_space_t space, const void *addr,
                                                MIR_code_piece_t *piece);

/* The numbers of a space.  */
typedef struct MIR_code_stats {
  size_t size; /* sizeof (MIR_code_stats_t) */
  const char *backend;
  size_t pieces, piece_bytes; /* published and not freed; whole granules */
  size_t freed, freed_bytes;  /* freed and not reclaimed */
  size_t mapped_bytes;        /* of executable memory */
  size_t peak_mapped_bytes;   /* their maximum so far */
  size_t mappings;
  size_t bookkeeping_bytes; /* from the general allocator */
  size_t writers;
  uint64_t published, published_bytes; /* so far */
  uint64_t patched;                    /* calls so far */
  uint64_t system_calls; /* of the back end so far: to map, unmap, open, close, write */
  /* Of mir-code-object.h.  The code of objects counts as code blocks above.  */
  size_t objects;                      /* committed and not freed */
  size_t constant_bytes, data_bytes;   /* read-only, writable: in objects and in pieces */
  size_t constant_mapped, data_mapped; /* bytes mapped for them; not in mapped_bytes */
} MIR_code_stats_t;

/* Set *STATS to the current numbers.  Takes time in proportion to the mappings and writers.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_get_stats (MIR_code_space_t space,
                                                    MIR_code_stats_t *stats);

/*---------------- Forks and cancellation -----------------------------*/

/* Forks.  A child may use every space: what either process publishes, changes or frees after the
   fork stays its own.  fork waits until no thread is in the middle of a change.  What other threads
   of the parent were doing while they called the user's functions, or the system, the child finds
   like this:

   - Everything it can free, max_bytes and `reserve` are as if those calls had ended or had never
     begun.  Mappings that came or went count until the child maps, trims or finishes.
   - A hook, or a function of a MIR_code_alloc, is not called again for what it was called for: in
     the child it has returned.  Its own locks and data are the user's matter (pthread_atfork).
   - A block of which `freed` was told is free after the child's next MIR_code_reclaim.
   - The child may finish the writers of threads that it does not have; what these had open is
     aborted.  It may not use them for anything else.  A cell or a code block whose address only
     such a thread knew stays.
   - A space that such a thread was creating or finishing stays as it is, and may not be used.
   - Memory of the MIR_alloc that was not in use yet, and pages that the system was mapping or
     unmapping outside a reserved range, are lost to the child.

   Hooks, and functions of a MIR_alloc, may fork, and so may mem_map and mem_unmap; mem_protect may
   not.  A signal handler may not fork where it may have interrupted a function of this library: the
   fork would wait for a lock of its own thread.  vfork and posix_spawn may be used anywhere.  After
   _Fork or clone(2), which run no fork handlers, a child may not use any space: it would change
   its parent's code.

   Cancellation, of POSIX threads.  No function of this file is a cancellation point, except where a
   function of the user's MIR_alloc is one.  A request which acts there leaves everything as it was
   before the call, except that a batch, and what an operation has done up to then, may remain; no
   lock, no descriptor and no memory is lost, and any thread may use or finish the writer.  A request
   waits while a hook or a function of a MIR_code_alloc runs, since these must return, and during
   MIR_code_writer_finish and MIR_code_space_finish.  A thread whose cancellation is asynchronous may
   not call this library.  */

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_H */
