/* Code with its data: what a linker places as one thing, in the reserved range of a code space.

   segment    a part of an object with an access of its own: r-x, r-- or rw-
   object     segments that are reserved, committed and freed together; each is within reach of the
              others, since all lie in the range of the space (`reserve` in MIR_code_options_t)
   transient  of a segment: needed until the object is settled, like the code of an initialiser that
              runs once
   near data  writable memory in that range, in pieces of its own
   frames     descriptions by which unwinders pass through code: a finished .eh_frame section, or
              function tables on Windows

       MIR_code_segment_t segments[2] = {
         {.size = sizeof (MIR_code_segment_t), .access = MIR_CODE_READ_EXEC, .len = 100},
         {.size = sizeof (MIR_code_segment_t), .access = MIR_CODE_READ_WRITE, .len = 8}};
       MIR_code_object_reserve (space, segments, 2, &object);
       ... write segments[i].buffer for the address segments[i].addr ...
       MIR_code_object_commit (space, object, NULL);
       ... run it ...
       MIR_code_object_free_now (space, object);

   Read-only segments are never executable, and no segment is ever writable where it is executed: see
   MIR_code_protection_t in mir-code.h, which also says what holds for statuses, structures with a
   size, hooks, forks and cancellation.  Any thread may call any function of this file, and any number
   of objects may be reserved at one time; one thread at a time may use one object.  What is freed
   takes part in the grace periods of the space (MIR_code_grace_begin, MIR_code_reclaim).

   Objects and near data need a range: in a space without `reserve` the result is MIR_CODE_BAD_OPTION.
   MIR_code_add_frames needs one on Windows only.  */
#ifndef MIR_CODE_OBJECT_H
#define MIR_CODE_OBJECT_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/*---------------- Objects -----------------------------*/

/* The access of a segment once its object is committed.  */
typedef enum MIR_code_access {
  MIR_CODE_READ_EXEC,
  MIR_CODE_READ_ONLY,
  MIR_CODE_READ_WRITE
} MIR_code_access_t;

/* Flags of a segment.  */
enum {
  /* The segment is needed only until MIR_code_object_settle.  */
  MIR_CODE_TRANSIENT = 1 << 0,
  /* For a generator that writes where the code will run: `buffer` is `addr`.  The memory is private
     and writable, and not executable, until the commit puts executable memory in its place.  Only
     for the one MIR_CODE_READ_EXEC segment of an object; its `alignment` is at most a page.  It begins
     at a multiple of 64 KiB of the range, except in the back end rwx, and other code may fill the unused
     rest after the commit.
     MIR_CODE_BAD_OPTION where MIR_code_probe does not report MIR_CODE_CAN_WRITE_IN_PLACE.  */
  MIR_CODE_IN_PLACE = 1 << 1
};

enum { MIR_CODE_MAX_ALIGNMENT = 64 * 1024 }; /* bytes, of a segment */

/* A segment that the caller wants, and where MIR_code_object_reserve has put it.  The caller owns the
   array, which is not needed after the call.  */
typedef struct MIR_code_segment {
  size_t size; /* sizeof (MIR_code_segment_t); the same in all elements of an array */
  MIR_code_access_t access;
  unsigned flags;   /* MIR_CODE_TRANSIENT, MIR_CODE_IN_PLACE */
  size_t len;       /* bytes, with a zero-filled tail, if any; may be 0 */
  size_t alignment; /* bytes, a power of two up to MIR_CODE_MAX_ALIGNMENT; 0: any */
  /* Set by MIR_code_object_reserve; undefined when that fails.  */
  uint8_t *addr; /* where the program will find the segment */
  /* Where the caller writes it, until the commit; LEN bytes, all zero.  The library owns it.  For
     MIR_CODE_READ_WRITE it is ADDR itself.  What is written at BUFFER can be read at ADDR only after
     the commit.  */
  uint8_t *buffer;
} MIR_code_segment_t;

/* The handle of an object, from MIR_code_object_reserve until it is freed or aborted.  */
typedef struct MIR_code_object *MIR_code_object_t;

/* Reserve room for NUM > 0 SEGMENTS, an array of structures of the size that the first one states, set
   the `addr` and `buffer` of each, and *OBJECT to a new object.  The caller owns it until
   MIR_code_object_abort, MIR_code_object_free or MIR_code_object_free_now.  Segments of one access lie
   behind one another in the order of the array.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_object_reserve (MIR_code_space_t space,
                                                         MIR_code_segment_t *segments, size_t num,
                                                         MIR_code_object_t *object);
/* Make all segments of OBJECT what their access says: the code may be run.  INFO, which may be NULL, is
   for the first READ_EXEC segment; the hook `published` gets one event for all code of the object.
   On failure the reservation is as it was.  MIR_CODE_BAD_ORDER: committed already.  In a sealed space
   what was reserved before a fork cannot be committed after it, MIR_CODE_WRITE_REFUSED: abort it.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_object_commit (MIR_code_space_t space,
                                                        MIR_code_object_t object,
                                                        const MIR_code_info_t *info);
/* Give the transient segments of the committed OBJECT back, which no thread uses any more.  Without
   this call they stay as long as the object.  Needs no memory and cannot fail: code that the system
   does not let be poisoned waits for the next MIR_code_reclaim.  */
MIR_ALLOC_API void MIR_code_object_settle (MIR_code_space_t space, MIR_code_object_t object);
/* Give OBJECT, which is not committed, back.  NULL is allowed.  Needs no memory and cannot fail.  */
MIR_ALLOC_API void MIR_code_object_abort (MIR_code_space_t space, MIR_code_object_t object);
/* Give the committed OBJECT back, with its data and frames: after the next grace period, as
   MIR_code_free, or at once, as MIR_code_free_now.  Needs no memory.  Fails only as those do: when
   poisoning is refused, and then the object is as it was; or MIR_CODE_BAD_ORDER, if it is not
   committed.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_object_free (MIR_code_space_t space,
                                                      MIR_code_object_t object);
MIR_ALLOC_API MIR_code_status_t MIR_code_object_free_now (MIR_code_space_t space,
                                                          MIR_code_object_t object);

/*---------------- Near data -----------------------------*/

/* Set *DATA to LEN > 0 bytes of zeroed, writable memory in the range of SPACE, at a multiple of
   ALIGNMENT, a power of two up to MIR_CODE_MAX_ALIGNMENT, or of 8 bytes.  The caller owns them until
   MIR_code_data_free.  After a fork each process has its own.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_data_new (MIR_code_space_t space, size_t len,
                                                   size_t alignment, void **data);
/* Give DATA back, a result of MIR_code_data_new, which nobody uses any more.  NULL is allowed.
   MIR_CODE_NOT_OURS: it is none.  Needs no memory.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_data_free (MIR_code_space_t space, void *data);

/*---------------- Frames -----------------------------*/

/* Register the descriptions of the code block or object of SPACE that holds ADDR, which is published,
   with the unwinder of the program: LEN bytes at FRAMES, in memory that stays as it is as long as the
   code, like a read-only segment of the same object.  They are deregistered when the code is freed;
   code that waits for the end of a grace period keeps them.

   On Linux FRAMES is an .eh_frame section: CIEs and FDEs that end with a length of 0, for pointers at
   their final addresses.  On Windows it is an array of RUNTIME_FUNCTION, in ascending order, whose
   addresses count from the start of the range (MIR_code_range).

   MIR_CODE_BAD_OPTION: the bytes are not well-formed, describe no code, or code that is not in the
   block, or the code has frames already.  MIR_CODE_NO_BACKEND: this program has no unwinder that takes them.

   Nobody else may register frames for addresses between those of the space: libgcc up to GCC 12 stops
   at the nearest registered object.  A thread of the parent may be in the unwinder, and hold its lock,
   while another one forks: in such a child a throw, and the end of code with frames, may wait for ever.
   Where threads throw, let a child only exec.  */
MIR_ALLOC_API MIR_code_status_t MIR_code_add_frames (MIR_code_space_t space, const void *addr,
                                                     const void *frames, size_t len);

/* Set *START and *LEN to the range of SPACE; NULL and 0 if it has none.  */
MIR_ALLOC_API void MIR_code_range (MIR_code_space_t space, uint8_t **start, size_t *len);

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_OBJECT_H */
