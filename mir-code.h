/* Executable memory for any JIT runtime: what lies under MIR's machine-code functions.

   space     executable memory with its rules: which back end, how well protected, how much, where
   writer    one thread's way into a space; it has memory of its own there, so writers do not wait
             for each other
   piece     what one publication made: whole granules of 32 bytes which never move
   free      give a piece back.  It runs on until the embedder says that a grace period is over
   back end  how the bytes get there without memory that is writable and executable at one address

   A space can stand alone, MIR_code_space_create, or belong to a context, MIR_get_code_space.

   In this file functions return MIR_CODE_OK or what went wrong, and then everything is as it was
   before the call.  None of them calls an error function.  Bookkeeping is allocated from the
   space's MIR_alloc with no lock held.  A space may be used from any thread, a writer by one thread
   at a time.  What is published is executed as it is: it is the caller's to get right.  */
#ifndef MIR_CODE_H
#define MIR_CODE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MIR_code_status {
  MIR_CODE_OK,
  MIR_CODE_NO_MEMORY,     /* the general allocator refused */
  MIR_CODE_MAP_REFUSED,   /* no executable pages */
  MIR_CODE_WRITE_REFUSED, /* pages could not be opened or closed */
  MIR_CODE_LIMIT,         /* max_bytes, or the reserved range, is used up */
  MIR_CODE_TOO_LARGE,     /* a size that no address space has */
  MIR_CODE_NOT_OURS,      /* an address where no published code is, or not as much */
  MIR_CODE_TAKEN,         /* the asked-for place is not free any more */
  MIR_CODE_NOT_ATOMIC,    /* the change cannot be made while threads run the code */
  MIR_CODE_NO_BACKEND,    /* none of the allowed back ends works on this system */
  MIR_CODE_NO_RANGE,      /* no free addresses within reach of the asked-for place */
  MIR_CODE_BAD_OPTION,    /* an option out of its bounds, or two that exclude each other */
  MIR_CODE_BAD_ORDER      /* commit without reserve, reserve within reserve, end without begin */
} MIR_code_status_t;

/* A few words, lower case, static.  */
MIR_ALLOC_API const char *MIR_code_status_text (MIR_code_status_t status);

/*---------------- Spaces -----------------------------*/

/* The back ends, best first; docs/architecture.md says how each of them works.  */
enum {
  MIR_CODE_ANON = 1 << 0,    /* Linux: shared anonymous memory, mapped twice */
  MIR_CODE_MEMFD = 1 << 1,   /* Linux: a memory file, mapped twice */
  MIR_CODE_TMPFILE = 1 << 2, /* Linux: a file without a name, mapped twice */
  MIR_CODE_SECTION = 1 << 3, /* Windows: two views of a section */
  MIR_CODE_MAP_JIT = 1 << 4, /* macOS: one mapping, writable for one thread at a time */
  MIR_CODE_PROCMEM = 1 << 5, /* Linux: no second mapping; written through /proc/self/mem */
  MIR_CODE_REMAP = 1 << 6,   /* Linux: no second mapping; a changed copy replaces the pages */
  MIR_CODE_FLIP = 1 << 7,    /* protections change; what a MIR_code_alloc of the user's gets */
  MIR_CODE_RWX = 1 << 8      /* writable and executable; never taken unless named here */
};

/* How well executable memory is protected from being written by accident or attack.  At no level is
   it writable through the address where it is executed, but by the last two back ends: always by
   RWX, by FLIP while something is written; and by MAP_JIT for the thread which writes, which cannot
   execute it meanwhile.  */
typedef enum MIR_code_protection {
  MIR_CODE_OPEN_ALIAS,   /* a writable mapping elsewhere, always: the fastest */
  MIR_CODE_CLOSED_ALIAS, /* it is accessible only while something is written */
  MIR_CODE_NO_ALIAS,     /* there is none */
  MIR_CODE_SEALED        /* OPEN_ALIAS, and the system lets nobody change the protections again:
                            mseal(2), Linux 6.10, or F_SEAL_FUTURE_WRITE (fcntl(2), Linux 5.1) */
} MIR_code_protection_t;

/* What becomes of freed code, so that a jump through a stale pointer stops the program.  */
typedef enum MIR_code_poison {
  MIR_CODE_KEEP,         /* the old bytes until the place is used again */
  MIR_CODE_POISON_ENTRY, /* a trap at its start */
  MIR_CODE_POISON_ALL    /* traps from end to end */
} MIR_code_poison_t;

/* A piece that was published or freed, for tools.  */
typedef struct MIR_code_event {
  const uint8_t *start;
  size_t size; /* bytes: of a published piece what was published, of a freed one its granules */
  const char *name; /* what MIR_code_info said; NULL: nothing, and for freed pieces */
  uint64_t tag;
} MIR_code_event_t;

/* Who wants to know: debuggers, profilers, unwinders; mir-code-tools.h has ready ones.  Any member
   may be NULL.  Called in the thread that causes the event, with no lock of the space held and
   possibly by several threads at once; must return and may not use the space, but for published
   code, which is there to be read.  */
typedef struct MIR_code_hooks {
  /* LEN bytes at START hold code from now on, before anything is published there; no longer.  */
  void (*mapped) (void *user_data, uint8_t *start, size_t len);
  void (*unmapped) (void *user_data, uint8_t *start, size_t len);
  /* EVENTS_NUM > 0 pieces, before any of them may be run; a batch is one call.  Not the thunks of
     mir.h.  */
  void (*published) (void *user_data, const MIR_code_event_t *events, size_t events_num);
  /* One piece, which is poisoned already, before its place can be used again.  */
  void (*freed) (void *user_data, const MIR_code_event_t *event);
  void *user_data;
} MIR_code_hooks_t;

/* Every member but SIZE may be zero, which is the default.  */
typedef struct MIR_code_options {
  size_t size;                 /* sizeof (MIR_code_options_t): the version of this structure */
  MIR_alloc_t alloc;           /* for bookkeeping, kept by pointer; NULL: mimalloc */
  MIR_code_alloc_t code_alloc; /* for pages, kept by pointer; NULL: the system's, by a back end */
  unsigned backends;           /* which may be taken; 0: all but MIR_CODE_RWX */
  MIR_code_protection_t protection;
  size_t reserve; /* bytes of address space taken now, in which all code and all cells will be,
                     a direct call apart; 0: anywhere.  Not with code_alloc.  */
  const void
      *near_addr;    /* and which is within reach of a direct call from and to this; NULL: any */
  size_t max_bytes;  /* of executable memory mapped at one time; 0: no limit */
  unsigned purge_ms; /* an empty mapping is kept for so long, then unmapped as soon as another one
                        is emptied; 0: half a second */
  MIR_code_poison_t poison;
  const MIR_code_hooks_t *hooks; /* kept by pointer; NULL: nobody wants to know */
} MIR_code_options_t;

typedef struct MIR_code_space *MIR_code_space_t;

/* Make a space as OPTIONS say, NULL for all defaults, and set *SPACE to it; the caller owns it
   until MIR_code_space_finish.  It maps its first page when it is first needed.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_space_create (const MIR_code_options_t *options,
                                                       MIR_code_space_t *space);

/* Unmap all code and free everything, writers included.  NULL is allowed.  No thread may be using
   SPACE or running its code.  Not for the space of a context, which ends with it.  */
MIR_ALLOC_API void MIR_code_space_finish (MIR_code_space_t space);

/* The space in which MIR's functions publish; owned by CTX.  */
MIR_ALLOC_API MIR_code_space_t MIR_get_code_space (MIR_context_t ctx);

/* Tell HOOKS, kept by pointer until it is replaced, of what happens in SPACE from now on, and of
   what is mapped already; NULL: nobody.  While no other thread uses SPACE.  For the space of a
   context, which has no options.  */
MIR_ALLOC_API void MIR_code_set_hooks (MIR_code_space_t space, const MIR_code_hooks_t *hooks);

/* What the probe found out about one back end.  */
typedef struct MIR_code_verdict {
  const char *backend;
  const char *reason; /* static; NULL: it works */
  int error;          /* errno or GetLastError () of the refused call; 0: none */
} MIR_code_verdict_t;

enum { MIR_CODE_MAX_VERDICTS = 10 };

typedef struct MIR_code_report {
  const char *backend; /* which a space with these options gets; NULL: none works */
  size_t verdicts_num;
  MIR_code_verdict_t verdicts[MIR_CODE_MAX_VERDICTS]; /* of it and of all better ones, best first */
} MIR_code_report_t;

/* Try the back ends that OPTIONS allow, NULL for all defaults, by running code in each of them
   until one works, and fill *REPORT.  Nothing is remembered.  MIR_CODE_NO_BACKEND if none works. */
MIR_ALLOC_API MIR_code_status_t MIR_code_probe (const MIR_code_options_t *options,
                                                MIR_code_report_t *report);

/*---------------- Writing -----------------------------*/

typedef struct MIR_code_writer *MIR_code_writer_t;

/* Make a writer into SPACE and set *WRITER to it; the caller owns it until MIR_code_writer_finish.
   A thread's own writer is what makes publishing cheap; one for many, each time locked by the
   caller, works as well.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_writer_create (MIR_code_space_t space,
                                                        MIR_code_writer_t *writer);
/* Free WRITER; what it has published stays.  An open reservation or batch is aborted.  NULL is
   allowed.  */
MIR_ALLOC_API void MIR_code_writer_finish (MIR_code_writer_t writer);

/* What is told about a piece.  */
typedef struct MIR_code_info {
  const char *name; /* for tools, read during the call; in a batch until its end; NULL: none */
  uint64_t tag;     /* the embedder's, for MIR_code_query */
} MIR_code_info_t;

/* Copy LEN > 0 bytes from BYTES into executable memory and set *ADDR to them, aligned to 32 bytes.
   INFO may be NULL.  Within a batch they may not be run before its end.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_publish (MIR_code_writer_t writer, const uint8_t *bytes,
                                                  size_t len, const MIR_code_info_t *info,
                                                  uint8_t **addr);

/* Room for code that is not written yet.  */
typedef struct MIR_code_place {
  uint8_t *addr;   /* where it will run */
  uint8_t *buffer; /* where to write it; the writer's */
  size_t size;     /* bytes, of both: at least what was asked for */
} MIR_code_place_t;

/* Set *PLACE to room for SIZE > 0 bytes at a multiple of ALIGNMENT bytes: a power of two up to
   4096, 0 for any.  Ends with MIR_code_commit or MIR_code_abort; until then WRITER reserves and
   publishes nothing else.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_reserve (MIR_code_writer_t writer, size_t size,
                                                  size_t alignment, MIR_code_place_t *place);
/* Publish the first USED > 0 bytes of the buffer at the reserved address; the rest of the room is
   free again.  INFO may be NULL.  After a failure the reservation is as it was.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_commit (MIR_code_writer_t writer, size_t used,
                                                 const MIR_code_info_t *info);
/* Give the room back.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_abort (MIR_code_writer_t writer);

/* From here to MIR_code_batch_end publications of WRITER are finished together: one protection
   change or system call for neighbours, one barrier, one call of the hooks.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_batch_begin (MIR_code_writer_t writer);
/* Make all of them runnable.  After a failure the batch is over, and none of its pieces exists.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_batch_end (MIR_code_writer_t writer);

/*---------------- Giving back -----------------------------*/

/* Give back the published piece which starts at ADDR; what is reserved or in a batch that has not
   ended is MIR_CODE_NOT_OURS.  Nothing happens to it until MIR_code_reclaim, so threads may be
   running it and even enter it, until they learn that it is gone.  Needs no memory.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_free (MIR_code_space_t space, const void *addr);

typedef uint64_t MIR_code_grace_t;

/* Begin a grace period for all that was freed until now; the result is for MIR_code_reclaim.  */
MIR_ALLOC_API MIR_code_grace_t MIR_code_grace_begin (MIR_code_space_t space);
/* The grace period is over: no thread runs what was freed before its begin, none will.  The places
   are poisoned and used again.  After a failure, which only poisoning has, what could not be
   poisoned stays freed, for the next time.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_reclaim (MIR_code_space_t space, MIR_code_grace_t grace);

/* MIR_code_free for a piece which no thread runs, returns into or will call, and whose end every
   thread that once ran it has learnt through a lock, a join or the like.  Its place is used again
   at once.  Needs no memory; can fail for a good address only if poisoning is refused.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_free_now (MIR_code_space_t space, const void *addr);

/* Unmap what is empty and give unused memory back to the system, as far as it can be told from that
   of another process after a fork.  Returns the bytes given back; those of unused pages between
   pieces are counted by every call, also when there was no memory any more.  */
MIR_ALLOC_API size_t MIR_code_trim (MIR_code_space_t space);

/*---------------- Changing -----------------------------*/

/* Replace LEN bytes of published code, not of a batch before its end, at ADDR, all within one
   aligned word of 8 bytes, by those from BYTES, while threads may be running them: they execute the
   old word or the new one.  Else MIR_CODE_NOT_ATOMIC, also for a back end that cannot store a word
   whole.  On x86-64 the word may hold any instructions as long as none lies across its ends; on
   aarch64 only B, BL, BRK, HVC, ISB, NOP, SMC and SVC may replace one another so (Arm Architecture
   Reference Manual, DDI 0487, B2). */
MIR_ALLOC_API MIR_code_status_t MIR_code_patch (MIR_code_space_t space, void *addr,
                                                const void *bytes, size_t len);
/* The same for any LEN > 0 bytes of one piece, while no thread runs them.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_patch_stopped (MIR_code_space_t space, void *addr,
                                                        const void *bytes, size_t len);

/*---------------- Cells -----------------------------*/

/* A cell holds an address to which code jumps: private data, so redirecting needs no system call,
   changes no instruction and is not seen by other processes after a fork.  With `reserve` it is in
   the same range as the code, within reach of pc-relative addressing.  */
typedef struct MIR_code_cell MIR_code_cell_t;

/* Make a cell with TARGET in it and set *CELL to it; it is the space's until MIR_code_cell_free.  A
   cell is a pointer in memory: code loads its target from the address CELL.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_cell_new (MIR_code_space_t space, void *target,
                                                   MIR_code_cell_t **cell);
/* One atomic store, or load.  Any thread; lock-free.  */
MIR_ALLOC_API void MIR_code_cell_set (MIR_code_cell_t *cell, void *target);
MIR_ALLOC_API void *MIR_code_cell_get (const MIR_code_cell_t *cell);
/* No code may use it any more.  NULL is allowed.  */
MIR_ALLOC_API void MIR_code_cell_free (MIR_code_space_t space, MIR_code_cell_t *cell);

/*---------------- Looking -----------------------------*/

typedef struct MIR_code_piece {
  uint8_t *start;
  size_t size; /* bytes, whole granules */
  uint64_t tag;
  int freed; /* and not reclaimed yet, or not published yet */
} MIR_code_piece_t;

/* Set *PIECE to the piece that ADDR is in, anywhere from its first byte to its last; else
   MIR_CODE_NOT_OURS.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_query (MIR_code_space_t space, const void *addr,
                                                MIR_code_piece_t *piece);

typedef struct MIR_code_stats {
  const char *backend;
  size_t pieces, piece_bytes; /* published and not freed; whole granules */
  size_t freed, freed_bytes;  /* freed and not reclaimed */
  size_t mapped_bytes;        /* of executable memory, now */
  size_t peak_mapped_bytes;   /* at most, ever */
  size_t mappings;
  size_t bookkeeping_bytes; /* from the general allocator */
  size_t writers;
  uint64_t published, published_bytes; /* ever */
  uint64_t patched;                    /* calls, ever */
  uint64_t system_calls; /* of the back end, ever: to map, unmap, open, close, write */
} MIR_code_stats_t;

/* Set *STATS to how things are now.  Takes time in proportion to the mapped memory.  */
MIR_ALLOC_API void MIR_code_get_stats (MIR_code_space_t space, MIR_code_stats_t *stats);

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_H */
