/* What the unwinder of this program takes: descriptions of the frames of generated code.  One file per
   system, unwinder-SYSTEM.c.

   description   how to unwind one function: an FDE of an .eh_frame section, or a RUNTIME_FUNCTION
   section       what an embedder gives for one code block: an .eh_frame section, or an array of
                 RUNTIME_FUNCTION
   table         an object known to the unwinder that describes one region of addresses, by a vector
                 which can be replaced at any time
   vector        pointers to the descriptions of all code in a region, by ascending address

   An unwinder takes tables or sections (mir_unwinder_way).  No function here allocates by the
   general allocator; an unwinder calls malloc for itself and takes locks of its own, under which it
   calls nothing of this library, so the lock of a pool may be held.  */
#ifndef MIR_CODE_UNWINDER_H
#define MIR_CODE_UNWINDER_H

#include <stddef.h> /* size_t */
#include <stdint.h>

/* A description of the code [start, bound).  */
struct mir_frame {
  uintptr_t start, bound;
  const void *description;
};

/* What an embedder gives for the code [start, bound).  Where addresses in it are no pointers, they count
   from the start of the range of the space: RANGE_LEN bytes from BASE on; 0: there is none.  */
struct mir_frame_section {
  const void *bytes;
  size_t len;
  uintptr_t start, bound;
  uintptr_t base;
  size_t range_len;
};

/* libgcc's `struct fde_vector`.  */
struct mir_frame_vector {
  const void *key; /* set by mir_unwinder_replace */
  size_t num;
  const void *descriptions[];
};

/* Of what an unwinder keeps about a table, and about a section.  */
enum { MIR_TABLE_WORDS = 32, MIR_SECTION_WORDS = 12 };

struct mir_frame_table {
  uintptr_t base; /* of the range, as above */
  size_t range_len;
  uintptr_t start, bound;        /* of the region */
  uint64_t own[MIR_TABLE_WORDS]; /* the unwinder's, while the table is open */
};

enum mir_unwinder_way { MIR_UNWINDER_UNKNOWN, MIR_NO_UNWINDER, MIR_BY_SECTION, MIR_BY_TABLE };

/* How this program's unwinder is told about frames.  The first call finds out, with no lock held;
   any thread.  */
enum mir_unwinder_way mir_unwinder_way (void);
/* For tests: use WAY, or find out anew (MIR_UNWINDER_UNKNOWN).  Nothing is registered.  */
void mir_unwinder_use (enum mir_unwinder_way way);

/* Check all of SECTION, trusting nothing in it, and set FRAMES[0], FRAMES[1] ... to its
   descriptions, as they come, up to MAX of them.  Returns their number, or -1 if SECTION is
   malformed or describes code outside of [start, bound).  */
long mir_unwinder_parse (const struct mir_frame_section *section, struct mir_frame *frames,
                         size_t max);

/* One thread at a time may use one table; threads may unwind meanwhile.  */

/* Make TABLE, with its region set, known to the unwinder, without descriptions.  Returns 0, or -1 if
   it has no memory.  */
int mir_unwinder_open (struct mir_frame_table *table);
/* Let the open TABLE have VECTOR from now on, which stays as it is until the next call.  When this
   returns no thread reads the old vector any more.  */
void mir_unwinder_replace (struct mir_frame_table *table, struct mir_frame_vector *vector);
/* Undo mir_unwinder_open.  */
void mir_unwinder_close (struct mir_frame_table *table);

/* Make the section at BYTES, which has descriptions, known to the unwinder, with OWN for its use until
   mir_unwinder_remove, which reads the section once more.  */
void mir_unwinder_add (const void *bytes, uintptr_t own[MIR_SECTION_WORDS]);
void mir_unwinder_remove (const void *bytes);

/* Whether descriptions in sections that are registered may not be found.  */
int mir_unwinder_may_lose (void);
/* Whether PC, in a range that was registered from START on, leads to DESCRIPTION.  */
int mir_unwinder_finds (uintptr_t pc, uintptr_t start, const void *description);
/* For tests: pretend that a range is lost from its first multiple of DISTANCE bytes on; 0: do not.  */
void mir_unwinder_pretend_loss (uintptr_t distance);

#endif /* MIR_CODE_UNWINDER_H */
