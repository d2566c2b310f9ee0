/* GDB's JIT interface ("JIT Compilation Interface" in GDB's manual): a list of ELF objects in
   memory, and a function in which GDB sets a breakpoint.

   changes   what happened in a mapping, in order: code blocks published and freed
   object    what GDB was last told about a mapping: its changes, without those that later ones undo

   GDB reads a whole object at each registration.  So a new object is registered only when there are
   more changes since the last one than it has symbols: GDB reads each symbol twice on average.  */
#include "tools/tools.h"

#include <elf.h> /* EM_NONE */
#include <stdlib.h>
#include <string.h>

#include "tools/gdb-elf.h"
#include "tools/target.h"

/*---------------- The interface: names, types and values are GDB's -----------------------------*/

/* action_flag of the descriptor.  */
enum { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

struct jit_code_entry {
  struct jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;     /* 1 */
  uint32_t action_flag; /* JIT_... */
  struct jit_code_entry *relevant_entry, *first_entry;
};

/* The linkage of GDB's two names.

   Weak: in a program linked statically with another JIT that defines them, LLVM for example, the
   other definitions win, and there is one pair.  Protected: a shared library always uses its own
   pair, so the function in which GDB stops and the list that GDB then reads belong to the same
   module (GDB 11 looks at all modules, older versions at one).  A program that contains this
   library and uses a shared LLVM needs --exclude-libs: otherwise LLVM would use the list of the
   program, but its own function, because it is linked with -Bsymbolic-functions.  JITs that share a
   pair have no common lock: GDB's interface has none.  */
#define SHARED_WITH_GDB __attribute__ ((weak, used, visibility ("protected")))

extern void __jit_debug_register_code (void);
extern struct jit_descriptor __jit_debug_descriptor;

SHARED_WITH_GDB struct jit_descriptor __jit_debug_descriptor = {.version = 1};

SHARED_WITH_GDB __attribute__ ((noinline)) void __jit_debug_register_code (void) {
  __asm__ volatile ("" ::: "memory"); /* keeps the call, and the stores to the list before it */
}

/* Stop in GDB, if it is there, with ACTION for ENTRY.  The lock of all tools is held for the
   list.  */
static void tell_gdb (uint32_t action, struct jit_code_entry *entry) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_register_code ();
  __jit_debug_descriptor.action_flag = JIT_NOACTION;
  __jit_debug_descriptor.relevant_entry = NULL;
}

/* Put ENTRY into GDB's list and stop in GDB; take it out and stop there.  */
static void register_entry (struct jit_code_entry *entry) {
  entry->prev_entry = NULL;
  entry->next_entry = __jit_debug_descriptor.first_entry;
  if (entry->next_entry != NULL) entry->next_entry->prev_entry = entry;
  __jit_debug_descriptor.first_entry = entry;
  tell_gdb (JIT_REGISTER_FN, entry);
}

static void unregister_entry (struct jit_code_entry *entry) {
  if (entry->prev_entry != NULL)
    entry->prev_entry->next_entry = entry->next_entry;
  else
    __jit_debug_descriptor.first_entry = entry->next_entry;
  if (entry->next_entry != NULL) entry->next_entry->prev_entry = entry->prev_entry;
  tell_gdb (JIT_UNREGISTER_FN, entry);
}

/*---------------- Mappings -----------------------------*/

/* One mapping, with copies of the names in it.  */
struct gdb_mapping {
  const uint8_t *start;
  size_t len;
  struct mir_gdb_symbol *changes;
  size_t changes_num, room; /* elements; registered_num <= changes_num <= room */
  size_t registered_num;    /* this many of the first changes are the symbols of the object */
  uint64_t next_order;      /* of the next change */
  uint8_t *object;          /* NULL: none is registered */
  struct jit_code_entry entry;
};

/* The mappings, sorted by START.  */
struct gdb {
  struct gdb_mapping **mappings;
  size_t mappings_num, room; /* elements */
  int with_frames;           /* objects describe frames, too */
};

enum { FIRST_ROOM = 16 }; /* elements */

/* The index of the first mapping that starts above ADDR.  */
static size_t upper_bound (const struct gdb *gdb, const uint8_t *addr) {
  size_t low = 0, high = gdb->mappings_num;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (gdb->mappings[middle]->start <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The mapping that contains ADDR; NULL: none.  */
static struct gdb_mapping *find_mapping (const struct gdb *gdb, const uint8_t *addr) {
  size_t above = upper_bound (gdb, addr);
  struct gdb_mapping *below = above > 0 ? gdb->mappings[above - 1] : NULL;
  return below != NULL && (size_t) (addr - below->start) < below->len ? below : NULL;
}

/* Take the object of MAPPING, if there is one, back from GDB and free it.  */
static void drop_object (struct mir_tool *tool, struct gdb_mapping *mapping) {
  if (mapping->object == NULL) return;
  unregister_entry (&mapping->entry);
  MIR_free (tool->alloc, mapping->object);
  mapping->object = NULL;
}

/* Withdraw MAPPING from GDB and free it with its names.  */
static void free_mapping (struct mir_tool *tool, struct gdb_mapping *mapping) {
  drop_object (tool, mapping);
  for (size_t i = 0; i < mapping->changes_num; i++)
    MIR_free (tool->alloc, mapping->changes[i].name);
  MIR_free (tool->alloc, mapping->changes);
  MIR_free (tool->alloc, mapping);
}

static void gdb_finish (struct mir_tool *tool) {
  struct gdb *gdb = (struct gdb *) tool->data;
  for (size_t i = 0; i < gdb->mappings_num; i++) free_mapping (tool, gdb->mappings[i]);
  MIR_free (tool->alloc, gdb->mappings);
  MIR_free (tool->alloc, gdb);
  tool->data = NULL;
}

/* Out of memory: withdraw everything.  A name that stayed after its code block is freed would be
   attached to the next code block in the same place.  */
static void give_up (struct mir_tool *tool) {
  gdb_finish (tool);
  tool->state.lost += tool->state.events;
  tool->state.events = 0;
  mir_tool_stop (tool, MIR_CODE_TOOL_NO_MEMORY, 0);
}

/*---------------- Changes -----------------------------*/

/* By START, then from the oldest to the newest.  */
static int compare_changes (const void *left, const void *right) {
  const struct mir_gdb_symbol *a = (const struct mir_gdb_symbol *) left;
  const struct mir_gdb_symbol *b = (const struct mir_gdb_symbol *) right;
  if (a->start != b->start) return a->start < b->start ? -1 : 1;
  return a->order < b->order ? -1 : a->order > b->order;
}

/* Drop all changes but the last one for each place, and those without names.  */
static void drop_undone (struct mir_tool *tool, struct gdb_mapping *mapping) {
  struct mir_gdb_symbol *changes = mapping->changes;
  size_t kept = 0;
  qsort (changes, mapping->changes_num, sizeof (*changes), compare_changes);
  for (size_t i = 0; i < mapping->changes_num; i++) {
    int is_last = i + 1 == mapping->changes_num || changes[i + 1].start != changes[i].start;
    if (is_last && changes[i].name != NULL)
      changes[kept++] = changes[i];
    else
      MIR_free (tool->alloc, changes[i].name);
  }
  mapping->changes_num = kept;
}

/* Register a new object with all symbols of MAPPING.  Returns 0, or -1 if there is no memory.  */
static int renew_object (struct mir_tool *tool, struct gdb_mapping *mapping) {
  const struct gdb *gdb = (const struct gdb *) tool->data;
  uint8_t *object = NULL;
  size_t size = 0;
  drop_undone (tool, mapping);
  if (mapping->changes_num > 0) {
    object = mir_gdb_elf (tool->alloc, mapping->start, mapping->len, mapping->changes,
                          mapping->changes_num, gdb->with_frames, &size);
    if (object == NULL) return -1;
  }
  drop_object (tool, mapping);
  mapping->registered_num = mapping->changes_num;
  if (object == NULL) return 0;
  mapping->object = object;
  mapping->entry.symfile_addr = (const char *) object;
  mapping->entry.symfile_size = size;
  register_entry (&mapping->entry);
  return 0;
}

/* ELS, with room for one more than NUM elements of SIZE bytes.  NULL, with ELS as it was, if there
   is no memory.  */
static void *with_room (struct mir_tool *tool, void *els, size_t num, size_t *room, size_t size) {
  size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
  if (num < *room) return els;
  if (more > SIZE_MAX / size) return NULL;
  els = MIR_realloc (tool->alloc, els, *room * size, more * size);
  if (els != NULL) *room = more;
  return els;
}

/* Add a change, with a copy of the NAME_SIZE bytes at NAME; NULL: the code block was freed.  0, or
   -1 if there is no memory.  */
static int add_change (struct mir_tool *tool, struct gdb_mapping *mapping,
                       const MIR_code_event_t *event, const char *name, size_t name_size) {
  struct mir_gdb_symbol change = {
      .start = event->start, .size = event->size, .name_size = name_size};
  struct mir_gdb_symbol *changes = (struct mir_gdb_symbol *) with_room (
      tool, mapping->changes, mapping->changes_num, &mapping->room, sizeof (change));
  if (changes == NULL) return -1;
  mapping->changes = changes;
  if (name != NULL) {
    change.name = (char *) MIR_malloc (tool->alloc, name_size);
    if (change.name == NULL) return -1;
    memcpy (change.name, name, name_size);
  }
  change.order = mapping->next_order++;
  changes[mapping->changes_num++] = change;
  return 0;
}

/* Whether more changes came since the last object than it has symbols.  */
static int has_doubled (const struct gdb_mapping *mapping) {
  return mapping->changes_num - mapping->registered_num > mapping->registered_num;
}

/*---------------- Hooks -----------------------------*/

static MIR_code_tool_status_t gdb_start (struct mir_tool *tool,
                                         const MIR_code_tools_options_t *options) {
  if (mir_target.elf_machine == EM_NONE) return MIR_CODE_TOOL_UNSUPPORTED;
  struct gdb *gdb = (struct gdb *) MIR_calloc (tool->alloc, 1, sizeof (*gdb));
  if (gdb == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  gdb->with_frames = mir_target.has_frames && (options->wanted & MIR_CODE_FRAMES) != 0;
  tool->data = gdb;
  return MIR_CODE_TOOL_OK;
}

static void gdb_mapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct gdb *gdb = (struct gdb *) tool->data;
  size_t place = upper_bound (gdb, start);
  struct gdb_mapping **mappings = (struct gdb_mapping **) with_room (
      tool, gdb->mappings, gdb->mappings_num, &gdb->room, sizeof (*mappings));
  if (mappings != NULL) gdb->mappings = mappings;
  struct gdb_mapping *mapping =
      mappings == NULL ? NULL
                       : (struct gdb_mapping *) MIR_calloc (tool->alloc, 1, sizeof (*mapping));
  if (mapping == NULL) {
    give_up (tool);
    return;
  }
  mapping->start = start;
  mapping->len = len;
  memmove (gdb->mappings + place + 1, gdb->mappings + place,
           (gdb->mappings_num - place) * sizeof (*gdb->mappings));
  gdb->mappings[place] = mapping;
  gdb->mappings_num++;
}

static void gdb_unmapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct gdb *gdb = (struct gdb *) tool->data;
  struct gdb_mapping *mapping = find_mapping (gdb, start);
  size_t place = upper_bound (gdb, start);
  (void) len;
  if (mapping == NULL) return;
  memmove (gdb->mappings + place - 1, gdb->mappings + place,
           (gdb->mappings_num - place) * sizeof (*gdb->mappings));
  gdb->mappings_num--;
  free_mapping (tool, mapping);
}

/* Note that the code block of EVENT was published.  Returns 0, or -1 if there is no memory.  */
static int add_event (struct mir_tool *tool, const MIR_code_event_t *event) {
  struct gdb_mapping *mapping = find_mapping ((struct gdb *) tool->data, event->start);
  char name[MIR_TOOL_NAME_MAX + 1];
  size_t name_size = mir_tool_name (event, name) + 1;
  if (mapping == NULL) {
    tool->state.lost++;
    return 0;
  }
  if (add_change (tool, mapping, event, name, name_size) != 0) return -1;
  if (has_doubled (mapping) && renew_object (tool, mapping) != 0) return -1;
  tool->state.events++;
  return 0;
}

static void gdb_published (struct mir_tool *tool, const MIR_code_event_t *events,
                           size_t events_num) {
  for (size_t i = 0; i < events_num; i++)
    if (add_event (tool, &events[i]) != 0) {
      give_up (tool);
      tool->state.lost += events_num - i;
      return;
    }
}

static void gdb_freed (struct mir_tool *tool, const MIR_code_event_t *event) {
  struct gdb_mapping *mapping = find_mapping ((struct gdb *) tool->data, event->start);
  if (mapping == NULL) return;
  if (add_change (tool, mapping, event, NULL, 0) != 0
      || (has_doubled (mapping) && renew_object (tool, mapping) != 0))
    give_up (tool);
}

static void gdb_flush (struct mir_tool *tool) {
  struct gdb *gdb = (struct gdb *) tool->data;
  for (size_t i = 0; i < gdb->mappings_num; i++) {
    struct gdb_mapping *mapping = gdb->mappings[i];
    if (mapping->changes_num == mapping->registered_num) continue;
    if (renew_object (tool, mapping) != 0) {
      give_up (tool);
      return;
    }
  }
}

const struct mir_tool_kind mir_gdb = {.start = gdb_start,
                                      .mapped = gdb_mapped,
                                      .unmapped = gdb_unmapped,
                                      .published = gdb_published,
                                      .freed = gdb_freed,
                                      .flush = gdb_flush,
                                      .finish = gdb_finish};
