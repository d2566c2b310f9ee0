/* The trace object: the allocator, the hooks, the scopes, and its life.  Any thread: the functions
   that record take the lock of all traces, and none holds it while the allocator below or another
   hook is called.  */
#include "trace/record.h"

#include <inttypes.h> /* PRIxPTR */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "defaults.h"
#include "code/versions.h"
#include "heap/forks.h"
#include "os/os.h"
#include "os/stack.h"

#define CALLER() __builtin_extract_return_addr (__builtin_return_address (0))

/*---------------- Stacks -----------------------------*/

enum name_kind { NO_NAME, EXPORTED_NAME, OFFSET_ONLY };

/* Describe the return address ADDRESS in TEXT: by the name that a module exports, or as
   MODULE+OFFSET, for addr2line -e MODULE OFFSET.  NO_NAME if nothing is known about it.  */
static enum name_kind name_of (uintptr_t address, char *text, size_t size) {
  struct mir_os_symbol symbol;
  if (!mir_os_symbol ((const void *) (address - 1), &symbol)) return NO_NAME; /* - 1: in the call */
  const char *slash = strrchr (symbol.module, '/');
  if (symbol.name != NULL)
    snprintf (text, size, "%s", symbol.name);
  else
    snprintf (text, size, "%s+0x%" PRIxPTR, slash == NULL ? symbol.module : slash + 1,
              address - 1 - symbol.base);
  return symbol.name != NULL ? EXPORTED_NAME : OFFSET_ONLY;
}

/* Write the name of ADDRESS to the file if it may not be there yet.  */
static void announce_symbol (MIR_trace_t trace, uintptr_t address) {
  char name[MIR_TRACE_NAME_MAX + 1];
  _Atomic uintptr_t *known = &trace->known[(address ^ address >> 9) % MIR_TRACE_KNOWN];
  if (atomic_load_explicit (known, memory_order_relaxed) == address) return;
  /* Takes the loader's lock: not under ours.  */
  enum name_kind kind = name_of (address, name, sizeof (name));
  if (kind == NO_NAME) return;
  mir_trace_lock ();
  if (mir_trace_make_room (trace)) {
    mir_trace_symbol (trace, address, name);
    if (kind == OFFSET_ONLY) mir_trace_keep_unnamed (trace->unnamed, address);
    atomic_store_explicit (known, address, memory_order_relaxed);
  }
  mir_trace_unlock ();
}

/* Set STACK to the return addresses from CALLER on, and have their names written.  */
static void take_stack (MIR_trace_t trace, struct mir_trace_stack *stack, const void *caller) {
  stack->num = 0;
  if (trace->stack_depth == 0) return;
  mir_forks_hold_off ();
  stack->num = mir_os_stack (stack->addresses, trace->stack_depth, caller);
  mir_forks_let ();
  for (size_t i = 0; i < stack->num; i++) announce_symbol (trace, (uintptr_t) stack->addresses[i]);
}

/*---------------- Events -----------------------------*/

/* Begin an event if there is room, and keep the lock until end_event.  0: it is lost.  */
static int begin_event (MIR_trace_t trace, enum mir_trace_kind kind,
                        const struct mir_trace_stack *stack) {
  mir_trace_lock ();
  if (mir_trace_has_room (trace)) {
    mir_trace_begin (trace, kind, stack);
    return 1;
  }
  mir_trace_unlock ();
  return 0;
}

static void end_event (MIR_trace_t trace) {
  mir_trace_end (trace);
  mir_trace_unlock ();
}

/*---------------- The allocator -----------------------------*/

/* A free is recorded before it happens and an allocation after it, so no reader of the file meets
   an allocation at an address that is still live.  A realloc is both, and becomes two records.  */

/* Record an allocation of SIZE bytes as KIND, or as FAILED if BLOCK is NULL.  */
static void record_block (MIR_trace_t trace, enum mir_trace_kind kind, enum mir_trace_kind failed,
                          size_t size, const void *block, const void *caller) {
  struct mir_trace_stack stack;
  take_stack (trace, &stack, caller);
  if (!begin_event (trace, block != NULL ? kind : failed, &stack)) return;
  mir_trace_number (trace, size);
  if (block != NULL) mir_trace_address (trace, &trace->block, (uintptr_t) block);
  end_event (trace);
}

static void *trace_malloc (size_t size, void *user_data) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  void *block = MIR_malloc (trace->below, size);
  record_block (trace, MIR_TRACE_MALLOC, MIR_TRACE_MALLOC_FAILED, size, block, CALLER ());
  return block;
}

static void *trace_calloc (size_t num, size_t size, void *user_data) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  void *block = MIR_calloc (trace->below, num, size);
  struct mir_trace_stack stack;
  take_stack (trace, &stack, CALLER ());
  if (!begin_event (trace, block != NULL ? MIR_TRACE_CALLOC : MIR_TRACE_CALLOC_FAILED, &stack))
    return block;
  mir_trace_number (trace, num);
  mir_trace_number (trace, size);
  if (block != NULL) mir_trace_address (trace, &trace->block, (uintptr_t) block);
  end_event (trace);
  return block;
}

/* Record what realloc will do, before it does; then what it did.  */
static void record_realloc_begin (MIR_trace_t trace, const void *ptr, size_t old_size,
                                  size_t new_size, const struct mir_trace_stack *stack) {
  if (!begin_event (trace, MIR_TRACE_REALLOC, stack)) return;
  mir_trace_address (trace, &trace->block, (uintptr_t) ptr);
  mir_trace_number (trace, old_size);
  mir_trace_number (trace, new_size);
  end_event (trace);
}

static void record_realloc_end (MIR_trace_t trace, const void *block) {
  if (!begin_event (trace, block != NULL ? MIR_TRACE_REALLOC_DONE : MIR_TRACE_REALLOC_FAILED, NULL))
    return;
  if (block != NULL) mir_trace_address (trace, &trace->block, (uintptr_t) block);
  end_event (trace);
}

static void *trace_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  struct mir_trace_stack stack;
  if (ptr == NULL) {
    void *block = MIR_realloc (trace->below, NULL, old_size, new_size);
    record_block (trace, MIR_TRACE_REALLOC_NEW, MIR_TRACE_REALLOC_NEW_FAILED, new_size, block,
                  CALLER ());
    return block;
  }
  take_stack (trace, &stack, CALLER ());
  record_realloc_begin (trace, ptr, old_size, new_size, &stack);
  void *block = MIR_realloc (trace->below, ptr, old_size, new_size);
  record_realloc_end (trace, block);
  return block;
}

static void trace_free (void *ptr, void *user_data) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  if (ptr != NULL && begin_event (trace, MIR_TRACE_FREE, NULL)) {
    mir_trace_address (trace, &trace->block, (uintptr_t) ptr);
    end_event (trace);
  }
  MIR_free (trace->below, ptr);
}

/*---------------- The hooks -----------------------------*/

/* Record an event of code without a name.  */
static void record_code (MIR_trace_t trace, enum mir_trace_kind kind, const uint8_t *start,
                         size_t size) {
  if (!begin_event (trace, kind, NULL)) return;
  mir_trace_address (trace, &trace->code, (uintptr_t) start);
  mir_trace_number (trace, size);
  end_event (trace);
}

static void trace_on_mapped (void *user_data, uint8_t *start, size_t len) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  const MIR_code_hooks_t *next = &trace->next_hooks;
  record_code (trace, MIR_TRACE_CODE_MAPPED, start, len);
  if (next->mapped != NULL) next->mapped (next->user_data, start, len);
}

static void trace_on_unmapped (void *user_data, uint8_t *start, size_t len) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  const MIR_code_hooks_t *next = &trace->next_hooks;
  record_code (trace, MIR_TRACE_CODE_UNMAPPED, start, len);
  if (next->unmapped != NULL) next->unmapped (next->user_data, start, len);
}

static void trace_on_published (void *user_data, const MIR_code_event_t *events,
                                size_t events_num) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  const MIR_code_hooks_t *next = &trace->next_hooks;
  mir_trace_lock ();
  for (size_t i = 0; i < events_num; i++) {
    if (!mir_trace_has_room (trace)) continue;
    mir_trace_begin (trace, MIR_TRACE_CODE_PUBLISHED, NULL);
    mir_trace_address (trace, &trace->code, (uintptr_t) events[i].start);
    mir_trace_number (trace, events[i].size);
    mir_trace_text (trace, events[i].name);
    mir_trace_end (trace);
  }
  mir_trace_unlock ();
  if (next->published != NULL) next->published (next->user_data, events, events_num);
}

static void trace_on_freed (void *user_data, const MIR_code_event_t *event) {
  MIR_trace_t trace = (MIR_trace_t) user_data;
  const MIR_code_hooks_t *next = &trace->next_hooks;
  record_code (trace, MIR_TRACE_CODE_FREED, event->start, event->size);
  if (next->freed != NULL) next->freed (next->user_data, event);
}

/*---------------- Scopes -----------------------------*/

void MIR_trace_push (MIR_trace_t trace, const char *name) {
  if (trace == NULL || !begin_event (trace, MIR_TRACE_PUSH, NULL)) return;
  mir_trace_text (trace, name);
  end_event (trace);
}

void MIR_trace_pop (MIR_trace_t trace) {
  if (trace != NULL && begin_event (trace, MIR_TRACE_POP, NULL)) end_event (trace);
}

/*---------------- The object -----------------------------*/

const char *MIR_trace_status_text (MIR_trace_status_t status) {
  static const char *const texts[] = {
      [MIR_TRACE_OK] = "no error",
      [MIR_TRACE_NO_MEMORY] = "out of memory",
      [MIR_TRACE_UNSAFE_FILE] =
          "the trace file's name is taken by a folder, a link, a device or another user's file",
      [MIR_TRACE_FILE_REFUSED] = "the trace file could not be created or written",
      [MIR_TRACE_FORKED] = "this process is a child of the traced one, and is not traced",
      [MIR_TRACE_BAD_OPTION] = "an option is out of range",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status] : "unknown status";
}

/* Put the head of the file (format.h) into the empty buffer.  */
static void put_header (MIR_trace_t trace, const char *title) {
  time_t seconds = time (NULL);
  for (const char *p = MIR_TRACE_MAGIC; *p != '\0'; p++) mir_trace_byte (trace, (uint8_t) *p);
  mir_trace_byte (trace, MIR_TRACE_VERSION);
  mir_trace_byte (trace, sizeof (void *));
  mir_trace_number (trace, seconds > 0 ? (uint64_t) seconds : 0);
  mir_trace_number (trace, (uint64_t) trace->process);
  mir_trace_text (trace, title);
}

/* Create the file that OPTIONS name, and write its head, so that a program that dies early leaves a
   trace.  On failure there is no file, and mir_os_error () says why.  */
static MIR_trace_status_t begin_file (MIR_trace_t trace, const MIR_trace_options_t *options) {
  MIR_trace_status_t status = mir_trace_file_create (options->file, &trace->file);
  if (status != MIR_TRACE_OK) return status;
  put_header (trace, options->title);
  status = MIR_trace_flush (trace); /* notes the current count of forks, too */
  if (status == MIR_TRACE_OK) return status;
  mir_trace_file_drop (options->file, trace->file);
  mir_os_set_error (trace->state.error);
  return status;
}

/* Free TRACE, whose file is closed, or was never created.  */
static void free_trace (MIR_trace_t trace) {
  MIR_free (trace->own, trace->unnamed);
  MIR_free (trace->own, trace);
}

/* The memory of a trace, from OWN, with room for the addresses of stacks if STACK_DEPTH is not 0.
   NULL on failure.  */
static MIR_trace_t allocate_trace (MIR_alloc_t own, unsigned stack_depth) {
  MIR_trace_t made = (MIR_trace_t) MIR_calloc (own, 1, sizeof (*made));
  if (made == NULL) return NULL;
  made->own = own;
  made->stack_depth = stack_depth;
  if (stack_depth == 0) return made;
  made->unnamed = (struct mir_trace_unnamed *) MIR_calloc (own, 1, sizeof (*made->unnamed));
  if (made->unnamed != NULL) return made;
  free_trace (made);
  return NULL;
}

MIR_trace_status_t MIR_trace_create (const MIR_trace_options_t *options, MIR_trace_t *trace) {
  *trace = NULL;
  if (options == NULL || options->size != sizeof (*options) || options->file == NULL
      || options->stack_depth > MIR_TRACE_MAX_STACK)
    return MIR_TRACE_BAD_OPTION;
  MIR_code_hooks_t next = {0};
  if (options->hooks != NULL
      && mir_read_version (&next, sizeof (next), MIR_HOOKS_FIRST, options->hooks) != 0)
    return MIR_TRACE_BAD_OPTION;
  MIR_alloc_t own = options->own != NULL ? options->own : mir_default_alloc ();
  if (mir_trace_watch_forks () != 0) return MIR_TRACE_NO_MEMORY;
  MIR_trace_t made = allocate_trace (own, options->stack_depth);
  if (made == NULL) return MIR_TRACE_NO_MEMORY;
  made->process = mir_os_process ();
  made->time = mir_os_nanoseconds ();
  MIR_trace_status_t status = begin_file (made, options);
  if (status != MIR_TRACE_OK) {
    int error = mir_os_error ();
    free_trace (made);
    mir_os_set_error (error);
    return status;
  }
  /* In the order of the members: malloc, calloc, realloc, free, user_data.  */
  made->alloc = (struct MIR_alloc) {trace_malloc, trace_calloc, trace_realloc, trace_free, made};
  made->hooks.size = sizeof (made->hooks);
  made->hooks.mapped = trace_on_mapped;
  made->hooks.unmapped = trace_on_unmapped;
  made->hooks.published = trace_on_published;
  made->hooks.freed = trace_on_freed;
  made->hooks.user_data = made;
  made->below = options->alloc != NULL ? options->alloc : mir_default_alloc ();
  made->next_hooks = next;
  *trace = made;
  return MIR_TRACE_OK;
}

MIR_alloc_t MIR_trace_alloc (MIR_trace_t trace) {
  return &trace->alloc;
}

const MIR_code_hooks_t *MIR_trace_hooks (MIR_trace_t trace) {
  return &trace->hooks;
}

void MIR_trace_get_state (MIR_trace_t trace, MIR_trace_state_t *state) {
  mir_trace_lock ();
  mir_trace_follow_fork (trace);
  *state = trace->state;
  mir_trace_unlock ();
}

MIR_trace_status_t MIR_trace_flush (MIR_trace_t trace) {
  mir_trace_lock ();
  mir_trace_follow_fork (trace);
  mir_trace_write_out (trace);
  MIR_trace_status_t status = trace->state.status;
  mir_trace_unlock ();
  return status;
}

MIR_trace_status_t MIR_trace_finish (MIR_trace_t trace) {
  if (trace == NULL) return MIR_TRACE_OK;
  mir_trace_write_names (trace);
  mir_trace_lock ();
  if (mir_trace_make_room (trace)) {
    mir_trace_begin (trace, MIR_TRACE_END, NULL);
    mir_trace_number (trace, trace->state.events);
    mir_trace_write_out (trace);
  }
  MIR_trace_status_t status = trace->state.status;
  mir_trace_unlock ();
  int error = mir_trace_file_close (trace->file);
  if (status == MIR_TRACE_OK && error != 0) status = MIR_TRACE_FILE_REFUSED;
  free_trace (trace);
  return status;
}
