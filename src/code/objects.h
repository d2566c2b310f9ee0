/* The objects of a space: records of 16 bytes in chunks that never move, and the list of those that
   wait for the end of a grace period, the oldest first.

   handle    of an object: one more than the index of its record
   record    where the object's blocks are, one for each access; while it is open, the address of
             what is being built instead
   state     none; open: not committed; live: committed; retired: freed, not reclaimed

   Guarded by the lock of the space.  The grace periods of retired objects are kept beside
   the list: periods.h.  */
#ifndef MIR_CODE_OBJECTS_H
#define MIR_CODE_OBJECTS_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memcpy */

#include "code/periods.h"

enum mir_object_state { MIR_OBJECT_NONE, MIR_OBJECT_OPEN, MIR_OBJECT_LIVE, MIR_OBJECT_RETIRED };

struct mir_object {
  /* For each MIR_code_access_t the offset of the block in the range, in units, and 1 added;
     0: none.  While it is open, a pointer: mir_object_get_open.  */
  uint32_t blocks[3];
  /* Handle.  Of a record without an object: the next one; of a retired object: the next one; of a live
     object: that of its transient segments.  0: none.  */
  uint32_t next : 28;
  uint32_t quiet : 1; /* transient segments: hooks do not hear of their code */
  /* The hook `freed` was told of it, by a thread that only the parent of this process has.  */
  uint32_t told : 1;
  uint32_t state : 2; /* enum mir_object_state */
};

enum {
  MIR_OBJECT_UNIT = 8, /* bytes, of offsets of blocks */
  MIR_OBJECTS_PER_CHUNK = 256,
  MIR_MAX_OBJECTS = (1 << 28) - 1 /* at one time */
};

/* An object in MIR_code_object_reserve: the beginning of what the record points to.  */
struct mir_making {
  struct mir_making *next;
  uintptr_t thread; /* mir_os_thread; 0: only the parent of this process has it */
};

/* An object that is being freed, on the stack of the thread that does it.  */
struct mir_ending {
  struct mir_ending *next;
  uint32_t handle;
  uintptr_t thread; /* mir_os_thread */
};

struct mir_objects {
  struct mir_object **chunks; /* from the general allocator, like each of them */
  uint32_t chunks_num, chunks_capacity;
  uint32_t fresh; /* records that have ever had an object */
  /* Handles, each the first of a list through `next`; 0: none.  */
  uint32_t free;           /* records without an object */
  uint32_t oldest, newest; /* retired objects */
  uint32_t refused;        /* retired objects that could not be poisoned, or whose thread is gone */
  uint32_t again;          /* those of earlier passes, which this pass tries again */
  uint32_t num, retired_num; /* objects that are live; retired, in all lists */
  uint32_t retired_code;     /* of these, such that have code still */
  uint32_t position;         /* of the oldest; counts up, modulo 2^32 */
  uint32_t waiting_num;      /* from the oldest to the newest */
  struct mir_periods periods;
  struct mir_making *making; /* the objects that are in MIR_code_object_reserve */
  struct mir_ending *ending; /* the objects that are being freed: in no list */
};

/* The record of HANDLE; NULL: that is none, or of no object.  */
struct mir_object *mir_objects_find (struct mir_objects *objects, uintptr_t handle);

/* Whether there is a record for one more object.  If not, *CAPACITY pointers are needed first; or, if that
   is 0, a chunk.  */
int mir_objects_have_room (const struct mir_objects *objects, uint32_t *capacity);
/* Move the pointers to POINTERS, of CAPACITY; add CHUNK, for which there is a pointer.  Return what the
   caller is to free: the old memory, or the new one if another thread was first, or NULL.  */
void *mir_objects_widen (struct mir_objects *objects, void *pointers, uint32_t capacity);
void *mir_objects_grow (struct mir_objects *objects, void *chunk);
/* Take a record, there being room, for an open object and return its handle; give it back.  */
uint32_t mir_objects_take (struct mir_objects *objects);
void mir_objects_give_back (struct mir_objects *objects, uint32_t handle);

/* Add the object HANDLE, freed when GRACE had begun, to the retired ones.  */
void mir_objects_retire (struct mir_objects *objects, uint32_t handle, uint64_t grace);
/* Begin a pass over the retired objects.  */
void mir_objects_begin (struct mir_objects *objects);
/* Remove and return the oldest retired object which this pass has not had, if its grace period is GRACE
   or earlier; else 0.  */
uint32_t mir_objects_take_retired (struct mir_objects *objects, uint64_t grace);
/* The object HANDLE, whose grace period is over, waits for the next pass.  */
void mir_objects_put_back (struct mir_objects *objects, uint32_t handle);

/* What the record of an open object points to; NULL: nothing.  */
static inline void *mir_object_get_open (const struct mir_object *object) {
  void *open;
  memcpy (&open, object->blocks, sizeof (open));
  return open;
}

static inline void mir_object_set_open (struct mir_object *object, const void *open) {
  memcpy (object->blocks, &open, sizeof (open));
}

/* Bytes from the general allocator.  */
size_t mir_objects_bytes (const struct mir_objects *objects);

#endif /* MIR_CODE_OBJECTS_H */
