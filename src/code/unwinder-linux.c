/* The unwinders of Linux: libgcc's, in two kinds, and LLVM's libunwind.

   libgcc up to GCC 12, and later where it has no atomic operations, keeps registered objects in a
   list: looking for one, and deregistering, take time in proportion to their number.  So one object
   stands for a whole region.  An object cannot be changed by registering another in its place:
   _Unwind_Find_FDE reads the object it has found once more after it has left its lock, to learn how
   addresses are encoded, so a thread which was interrupted there would read what has become of the
   object meanwhile.  Hence an object is registered once, for two descriptions of the first bytes of
   its region, with two encodings: then libgcc asks each description for its own.  libgcc sorts
   the descriptions into a vector, to which the object points.  From then on that pointer is all
   that changes: whoever reads through it holds libgcc's lock, so what it pointed to is out of use as
   soon as that lock was taken and left once more.  None of this is documented, but nothing of it has
   changed since GCC 3.0, and nothing of it will: since GCC 13 there is a B-tree of PC ranges instead,
   which needs no help.  `find_way` tries all of it on itself before it is used, and takes sections
   if anything is different.

   LLVM's libunwind keeps one list of all FDEs (UnwindCursor.hpp, DwarfFDECache), for which nothing can
   be done from outside.

   LLVM's functions with libgcc's names do nothing or take a single FDE (UnwindLevel1-gcc-ext.c).

   The unwinder asked is the one that os/unwind-functions-linux.c finds: a private copy of libgcc in the
   program (-static-libgcc) does not know what is registered with the shared one.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "code/unwinder.h"

#include <dlfcn.h>
#include <stdatomic.h>

#include "code/eh-section.h"
#include "os/unwind-functions.h"

static atomic_int known_way; /* enum mir_unwinder_way; any thread */
static atomic_int is_llvm, is_tree;
static atomic_uintptr_t pretended_distance; /* see mir_unwinder_pretend_loss */

/*---------------- Sections -----------------------------*/

long mir_unwinder_parse (const struct mir_frame_section *section, struct mir_frame *frames,
                         size_t max) {
  struct mir_eh_walk walk;
  struct mir_eh_fde fde;
  long num = 0;
  int more;
  mir_eh_walk_start (&walk, section->bytes, section->len);
  while ((more = mir_eh_walk_next (&walk, &fde)) > 0) {
    if (fde.start < section->start || fde.start > section->bound
        || fde.size > section->bound - fde.start)
      return -1;
    if (fde.size == 0) continue;
    if ((size_t) num < max)
      frames[num] = (struct mir_frame) {
          .start = fde.start, .bound = fde.start + fde.size, .description = fde.fde};
    num++;
  }
  return more == 0 && (uintptr_t) section->bytes % sizeof (uint32_t) == 0 ? num : -1;
}

/* In what follows the unwinder is known, so there are functions.  */

static void add_info (const void *section, void *object) {
  mir_os_unwind_functions ()->add_info (section, object);
}

static void remove_info (const void *section) {
  (void) mir_os_unwind_functions ()->remove_info (section);
}

void mir_unwinder_add (const void *bytes, uintptr_t own[MIR_SECTION_WORDS]) {
  if (atomic_load (&is_llvm))
    mir_os_unwind_functions ()->add_section ((uintptr_t) bytes);
  else
    add_info (bytes, own);
}

void mir_unwinder_remove (const void *bytes) {
  if (atomic_load (&is_llvm))
    mir_os_unwind_functions ()->remove_section ((uintptr_t) bytes);
  else
    remove_info (bytes);
}

static const void *find (uintptr_t pc) {
  struct mir_unwind_bases bases;
  return mir_os_unwind_functions ()->find ((void *) pc, &bases);
}

int mir_unwinder_may_lose (void) {
  return atomic_load (&is_tree) || atomic_load (&pretended_distance) != 0;
}

int mir_unwinder_finds (uintptr_t pc, uintptr_t start, const void *description) {
  uintptr_t distance = atomic_load (&pretended_distance);
  if (distance != 0 && start / distance != pc / distance) return 0;
  return find (pc) == description;
}

void mir_unwinder_pretend_loss (uintptr_t distance) {
  atomic_store (&pretended_distance, distance);
}

/*---------------- Tables -----------------------------*/

/* A section of our own: two CIEs which differ in the encoding of addresses, and an FDE of each.  */
struct anchor_cie {
  uint32_t len, id;
  uint8_t version;
  char augmentation[3];
  uint8_t code_factor, data_factor, return_address, augments_len, encoding;
  uint8_t instructions[7];
};

struct anchor_fde {
  uint32_t len, distance;
  uintptr_t start, size;
  uint8_t augments_len, nops[7];
};

struct anchor {
  struct anchor_cie cies[2];
  struct anchor_fde fdes[2];
  uint32_t end;
};

/* Words of libgcc's `struct object` (unwind-dw2-fde.h).  */
enum {
  OBJECT_START,
  OBJECT_TEXT,
  OBJECT_DATA,
  OBJECT_VECTOR,
  OBJECT_FLAGS,
  OBJECT_NEXT,
  OBJECT_WORDS = 12
};

/* What a table has in `own`.  */
struct libgcc_table {
  atomic_uintptr_t object[OBJECT_WORDS];
  uintptr_t first_vector; /* libgcc's; it frees it when the table is closed */
  struct anchor anchor;
};

_Static_assert (sizeof (struct libgcc_table) <= MIR_TABLE_WORDS * sizeof (uint64_t),
                "a table has room for it");

static struct libgcc_table *table_of (struct mir_frame_table *table) {
  return (struct libgcc_table *) (void *) table->own;
}

/* Describe the first and the second byte at START: the stack ends there, since the return address,
   register 0, is undefined.  That is what an unwinder takes code without frames for, and there is none
   other yet.  */
static void drop_anchor (struct anchor *anchor, uintptr_t start) {
  enum { DW_EH_PE_ABSPTR = 0, DW_EH_PE_UDATA4 = 3, DW_EH_PE_UDATA8 = 4 };
  enum { DW_CFA_UNDEFINED = 0x07, DW_CFA_DEF_CFA_EXPRESSION = 0x0f, DW_OP_LIT0 = 0x30 };
  uint8_t fixed = sizeof (uintptr_t) == 8 ? DW_EH_PE_UDATA8 : DW_EH_PE_UDATA4;
  for (unsigned i = 0; i < 2; i++) {
    struct anchor_cie *cie = &anchor->cies[i];
    struct anchor_fde *fde = &anchor->fdes[i];
    *cie = (struct anchor_cie) {
        .len = sizeof (*cie) - sizeof (cie->len),
        .version = 1,
        .augmentation = {'z', 'R', 0},
        .code_factor = 1,
        .data_factor = 1,
        .augments_len = 1,
        .encoding = i == 0 ? DW_EH_PE_ABSPTR : fixed,
        .instructions = {DW_CFA_DEF_CFA_EXPRESSION, 1, DW_OP_LIT0, DW_CFA_UNDEFINED, 0}};
    *fde = (struct anchor_fde) {
        .len = sizeof (*fde) - sizeof (fde->len), .start = start + i, .size = 1};
    fde->distance = (uint32_t) ((uint8_t *) &fde->distance - (uint8_t *) cie);
  }
  anchor->end = 0;
}

/* Wait until every thread that was in libgcc's lock has left it: register and deregister a section
   without descriptions, which libgcc looks for from the newest on.  */
static void pass_lock (void) {
  const uint32_t section[] = {sizeof (uint32_t) /* a CIE */, 0, 0};
  uintptr_t object[OBJECT_WORDS];
  add_info (section, object);
  remove_info (section);
}

/* Looking for the first byte makes libgcc sort the descriptions, if it has memory for that.  */
int mir_unwinder_open (struct mir_frame_table *table) {
  struct libgcc_table *own = table_of (table);
  drop_anchor (&own->anchor, table->start);
  add_info (&own->anchor, own->object);
  const void *found = find (table->start);
  own->first_vector = atomic_load (&own->object[OBJECT_VECTOR]);
  const struct mir_frame_vector *vector = (const struct mir_frame_vector *) own->first_vector;
  if (found == &own->anchor.fdes[0] && (const void *) vector != &own->anchor
      && own->first_vector % sizeof (void *) == 0 && vector->key == &own->anchor && vector->num == 2
      && vector->descriptions[0] == &own->anchor.fdes[0]
      && vector->descriptions[1] == &own->anchor.fdes[1])
    return 0;
  remove_info (&own->anchor);
  return -1;
}

void mir_unwinder_replace (struct mir_frame_table *table, struct mir_frame_vector *vector) {
  struct libgcc_table *own = table_of (table);
  vector->key = &own->anchor; /* by which libgcc recognises the object */
  atomic_store (&own->object[OBJECT_VECTOR], (uintptr_t) vector);
  pass_lock ();
}

void mir_unwinder_close (struct mir_frame_table *table) {
  struct libgcc_table *own = table_of (table);
  atomic_store (&own->object[OBJECT_VECTOR], own->first_vector);
  remove_info (&own->anchor);
}

/*---------------- Which one -----------------------------*/

/* Whether A and B are in one file of the program.  */
static int are_together (const void *a, const void *b) {
  Dl_info info_a, info_b;
  return dladdr (a, &info_a) != 0 && dladdr (b, &info_b) != 0
         && info_a.dli_fbase == info_b.dli_fbase;
}

/* Whether UNWINDER is LLVM's, and takes sections.  */
static int takes_llvm_sections (const struct mir_unwind_functions *unwinder) {
  if (unwinder->add_section == NULL || unwinder->remove_section == NULL || unwinder->find == NULL)
    return 0;
  return are_together ((const void *) (uintptr_t) unwinder->add_section,
                       (const void *) (uintptr_t) unwinder->find);
}

/* Whether libgcc has a list: then the object registered last points to the one before.  Another
   thread may come between; a wrong `no` only makes freeing slower.  */
static int has_list (uintptr_t start) {
  enum { TRIES = 8 };
  struct anchor anchors[2];
  uintptr_t objects[2][OBJECT_WORDS] = {{0}};
  int found = 0;
  drop_anchor (&anchors[0], start);
  drop_anchor (&anchors[1], start + 2);
  for (int i = 0; i < TRIES && !found; i++) {
    add_info (&anchors[0], objects[0]);
    add_info (&anchors[1], objects[1]);
    found = objects[1][OBJECT_NEXT] == (uintptr_t) objects[0];
    remove_info (&anchors[1]);
    remove_info (&anchors[0]);
  }
  return found;
}

/* Whether a section is found once it is registered.  */
static int takes_sections (uintptr_t start) {
  struct anchor anchor;
  uintptr_t object[OBJECT_WORDS];
  drop_anchor (&anchor, start);
  add_info (&anchor, object);
  int found = find (start + 1) == &anchor.fdes[1];
  remove_info (&anchor);
  return found;
}

/* Whether a table can be opened, and has what its vector has.  */
static int takes_tables (uintptr_t start) {
  struct mir_frame_table table = {.start = start, .bound = start + 2};
  uintptr_t memory[sizeof (struct mir_frame_vector) / sizeof (uintptr_t) + 1];
  struct mir_frame_vector *second = (struct mir_frame_vector *) (void *) memory;
  if (mir_unwinder_open (&table) != 0) return 0;
  const void *fde = &table_of (&table)->anchor.fdes[1];
  second->num = 1;
  second->descriptions[0] = fde;
  mir_unwinder_replace (&table, second);
  int works = find (start) == NULL && find (start + 1) == fde;
  mir_unwinder_close (&table);
  return works;
}

/* Tries it on bytes of this thread's stack: any number of threads may do so at once.  */
static enum mir_unwinder_way find_way (const struct mir_unwind_functions *unwinder) {
  uint8_t bytes[4];
  uintptr_t start = (uintptr_t) bytes;
  if (takes_llvm_sections (unwinder)) {
    atomic_store (&is_llvm, 1);
    return MIR_BY_SECTION;
  }
  if (unwinder->add_info == NULL || unwinder->remove_info == NULL || unwinder->find == NULL
      || !takes_sections (start))
    return MIR_NO_UNWINDER;
  int is_list = has_list (start);
  atomic_store (&is_tree, !is_list);
  return is_list && takes_tables (start) ? MIR_BY_TABLE : MIR_BY_SECTION;
}

/* That there is no unwinder is not remembered: the cause may be transient.  */
enum mir_unwinder_way mir_unwinder_way (void) {
  int way = atomic_load (&known_way);
  if (way == MIR_UNWINDER_UNKNOWN) {
    const struct mir_unwind_functions *unwinder = mir_os_unwind_functions ();
    if (unwinder == NULL) return MIR_NO_UNWINDER;
    way = (int) find_way (unwinder);
    atomic_store (&known_way, way);
  }
  return (enum mir_unwinder_way) way;
}

void mir_unwinder_use (enum mir_unwinder_way way) {
  atomic_store (&known_way, (int) way);
}
