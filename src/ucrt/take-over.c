/* One CRT: all of its functions are taken over, or none.

   The code at an entry is decoded, not compared with the file on disk: other hookers are seen by a
   jump out of the image.  A comparison would also refuse what is no hook, such as Windows' own hot
   patches, relocated operands, and Wine's modules, whose files are not where their names say.  */

#include "ucrt/take-over.h"

#include <string.h> /* memcpy, memset */

#include "ucrt/code-ranges.h"
#include "ucrt/environment.h"
#include "ucrt/hooks.h"
#include "ucrt/log.h"
#include "ucrt/native.h"
#include "ucrt/nt.h"
#include "ucrt/pages.h"
#include "ucrt/plan.h"
#include "ucrt/refuse.h"
#include "ucrt/status-section.h"
#include "ucrt/stubs.h"
#include "ucrt/threads.h"

enum { RETRIES_MAX = 200 }; /* how often the other threads are resumed before giving up */

/* What was written into one CRT.  */
struct taken {
  unsigned num;
  void *stubs;
  struct ucrt_patch patches[UCRT_ENTRIES_MAX];
};

/* One take-over at a time: plan.h.  This and TAKEN are static, 20 KiB of zeroes, so that a
   take-over depends on no heap.  */
static struct ucrt_plan plan;
static struct taken taken[MIR_UCRT_CRTS_MAX]; /* guarded by unload_lock */

/* A CRT taken over while it was being loaded is not pinned and may be unloaded while its functions
   are looked at.  Holding this lock keeps it mapped; unloading takes it exclusively.  */
static SRWLOCK unload_lock = SRWLOCK_INIT;

/* The name that the CRT has for the function of HOOK.  */
static const char *name_of (const struct ucrt_hook *hook) {
  return plan.crt->is_debug && hook->debug_name != NULL ? hook->debug_name : hook->name;
}

/* Whether the CRT must have the function of HOOK.  */
static int is_required (const struct ucrt_hook *hook) {
  return (hook->flags & UCRT_HOOK_REQUIRED) != 0
         || (plan.crt->is_debug && hook->debug_name != NULL);
}

/* Note why the take-over ends.  Returns -1.  */
static int fail (const char *reason) {
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s", reason);
  return -1;
}

/* The same; the reason begins with the name of HOOK's function.  */
static int fail_at (const struct ucrt_hook *hook, const char *reason) {
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s %s", name_of (hook), reason);
  return -1;
}

/* The status of FUNCTION of CRT, both indices.  */
static MIR_ucrt_function_t *status_of (unsigned crt, unsigned function) {
  return &ucrt_status.functions[crt * ucrt_hooks_num + function];
}

/* The patch of the plan for ENTRY, or NULL.  */
static const struct ucrt_patch *patch_of_entry (const uint8_t *entry) {
  for (unsigned i = 0; i < plan.patches_num; i++)
    if (plan.patches[i].entry == entry) return &plan.patches[i];
  return NULL;
}

/* Find the entries of all names; each entry gets one patch.  The status lists every name.  */
static int collect (void) {
  const struct ucrt_crt *crt = plan.crt;
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    const struct ucrt_hook *hook = &ucrt_hooks[i];
    MIR_ucrt_function_t *status = status_of (crt->index, i);
    const char *name = name_of (hook);
    uint32_t offset = name != NULL ? ucrt_find_export (&plan.image, name) : 0;
    int is_there = offset != 0 && !ucrt_is_forwarder (&plan.image, offset);
    memset (status, 0, sizeof (*status));
    ucrt_format (status->name, sizeof (status->name), "%s", name != NULL ? name : hook->debug_name);
    status->crt = crt->index;
    if (!is_there && is_required (hook))
      return fail_at (hook, offset == 0 ? "is missing" : "is in another module");
    if (!is_there) continue;
    uint32_t function_at = ucrt_native_function (&plan.image, offset);
    if (function_at == 0)
      return fail_at (hook, "leads to code for another CPU, or was changed by another hooker");
    uint8_t *entry = crt->base + function_at;
    status->address = (uintptr_t) entry;
    const void *function = hook->hook[crt->index];
    if (ucrt_options.counting && hook->counting[crt->index] != NULL)
      function = hook->counting[crt->index];
    if (function == NULL || patch_of_entry (entry) != NULL || plan.patches_num == UCRT_ENTRIES_MAX)
      continue;
    struct ucrt_patch *patch = &plan.patches[plan.patches_num++];
    patch->entry = entry;
    patch->hook = function;
    patch->function = i;
  }
  return 0;
}

/* Note that the function of HOOK leads to the address BY, outside of the CRT.  Returns -1.  */
static int fail_hooked (const struct ucrt_hook *hook, uint64_t by) {
  char name[UCRT_NAME_SIZE] = "code outside of any module";
  const struct ucrt_nt_module *module = ucrt_module_at (by);
  if (module != NULL) ucrt_plain_name (name, sizeof (name), &module->name);
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s is already hooked by %s", name_of (hook), name);
  return -1;
}

/* Whether AT is in executable memory.  */
static int is_code (const uint8_t *at) {
  MEMORY_BASIC_INFORMATION info;
  if (ucrt_nt.query (UCRT_NT_THIS_PROCESS, at, UCRT_NT_MEMORY_BASIC, &info, sizeof (info), NULL)
      < 0)
    return 0;
  return (info.Protect & UCRT_NT_EXECUTABLE) != 0;
}

/* Decide where the jump of PATCH goes and whether it needs a stub.  0, or -1 with the reason.  */
static int examine (struct ucrt_patch *patch) {
  const struct ucrt_hook *hook = &ucrt_hooks[patch->function];
  uint64_t entry = (uintptr_t) patch->entry, end;
  if (!is_code (patch->entry)) return fail_at (hook, "is not code");
  enum ucrt_way way = ucrt_follow (&UCRT_CPU, &plan.span, entry, &end);
  if (way == UCRT_LEAVES) return fail_hooked (hook, end);
  if (way == UCRT_TRAPPED) return fail_at (hook, "has a breakpoint at its entry");
  if (way == UCRT_ENDLESS) return fail_at (hook, "jumps in a way that is not understood");
  uint32_t room = ucrt_room_at (&plan.image, (uint32_t) (patch->entry - plan.crt->base));
  int place = ucrt_place_of_jump (&UCRT_CPU, &plan.span, entry, room);
  if (place < 0) return fail_at (hook, "has no room for a jump");
  patch->at = patch->entry + place;
  memcpy (patch->old, patch->at, UCRT_CPU.jump_size);
  patch->distant =
      UCRT_CPU.encode_jump (patch->ours, (uintptr_t) patch->at, (uintptr_t) patch->hook) != 0;
  return 0;
}

/* Whether a jump would overwrite another entry.  */
static int is_overlapping (void) {
  for (unsigned i = 0; i < plan.patches_num; i++)
    for (unsigned j = 0; j < plan.patches_num; j++) {
      const struct ucrt_patch *a = &plan.patches[i], *b = &plan.patches[j];
      if (i != j && a->at <= b->entry && (size_t) (b->entry - a->at) < UCRT_CPU.jump_size) return 1;
    }
  return 0;
}

/* Make the plan, without changing anything.  0, or -1 with the reason.  */
static int prepare (void) {
  if (ucrt_open_image (&plan.image, plan.crt->base, plan.crt->size) != 0)
    return fail ("the C runtime is not a PE image");
  const char *reason = ucrt_native_open (&plan.image);
  if (reason != NULL) return fail (reason);
  plan.span = (struct ucrt_span) {
      .bytes = plan.crt->base, .size = plan.crt->size, .address = (uintptr_t) plan.crt->base};
  if (collect () != 0) return -1;
  for (unsigned i = 0; i < plan.patches_num; i++)
    if (examine (&plan.patches[i]) != 0) return -1;
  if (plan.patches_num == 0) return fail ("the C runtime exports no allocation functions");
  if (is_overlapping ()) return fail ("the C runtime's functions are too close together for jumps");
  return 0;
}

/* Stop the other threads at a moment when none is inside the plan's ranges.  Returns the number of
   tries before that, or -1 with the reason.  */
static int stop (void) {
  uintptr_t begin = (uintptr_t) plan.crt->base;
  struct ucrt_code_ranges ranges = {
      .begin = begin, .end = begin + plan.crt->size, .num = plan.ranges_num, .list = plan.ranges};
  uint32_t culprit = 0;
  for (int retries = 0; retries <= RETRIES_MAX; retries++) {
    enum ucrt_threads_result result = ucrt_threads_stop ();
    for (int rooms = 0; result == UCRT_THREADS_MORE && rooms < RETRIES_MAX; rooms++)
      result = ucrt_threads_reserve () == 0 ? ucrt_threads_stop () : UCRT_THREADS_REFUSED;
    if (result != UCRT_THREADS_STOPPED) {
      ucrt_format (plan.reason, UCRT_REASON_SIZE,
                   "not all threads could be stopped; the last one tried is %u",
                   ucrt_threads_culprit ());
      return -1;
    }
    culprit = ucrt_thread_inside (&ranges);
    if (culprit == 0) return retries;
    ucrt_threads_resume ();
    ucrt_threads_wait (retries < 10 ? 1 : 2); /* ms */
  }
  ucrt_format (plan.reason, UCRT_REASON_SIZE,
               "thread %u is, or appears to be, inside the aligned functions all the time",
               culprit);
  return -1;
}

/* Carry the plan out.  0, or -1 with the reason and no jump written.  No thread can be inside a CRT
   whose DllMain has not run, so none need be stopped; and none may be: since Windows 7 the loader
   notifies of a DLL under a lock of its own, not under the loader lock, which a stopped thread
   could then hold.  */
static int apply (int late) {
  if (ucrt_make_stubs (&plan) != 0)
    return fail ("no executable memory is available near the C runtime");
  if (ucrt_find_code_ranges (&plan) != 0)
    return fail ("the C runtime has too many pieces of code to keep threads out of");
  if (!late) return ucrt_write_jumps (&plan);
  if (ucrt_threads_reserve () != 0) return fail ("there is no memory for the list of threads");
  int retries = stop ();
  if (retries < 0) return -1;
  int result = ucrt_write_jumps (&plan);
  ucrt_threads_resume ();
  ucrt_status.crts[plan.crt->index].retries = (uint32_t) retries;
  return result;
}

/* Note what became of each name: its entry is taken over (TAKEN), or was under an earlier name
   (ALIAS); or it keeps its entry, from which it calls a function that is taken over (REACHED).  */
static void note_taken (void) {
  struct taken *own = &taken[plan.crt->index];
  AcquireSRWLockExclusive (&unload_lock);
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (plan.crt->index, i);
    const struct ucrt_patch *patch = patch_of_entry ((uint8_t *) (uintptr_t) status->address);
    if (status->address == 0)
      status->state = MIR_UCRT_ABSENT;
    else if (patch == NULL)
      status->state = MIR_UCRT_REACHED;
    else
      status->state = patch->function == i ? MIR_UCRT_TAKEN : MIR_UCRT_ALIAS;
    if (patch == NULL) continue;
    status->target = (uintptr_t) patch->hook;
    status->intact = 1;
  }
  own->num = plan.patches_num;
  own->stubs = plan.stubs;
  memcpy (own->patches, plan.patches, sizeof (own->patches));
  ReleaseSRWLockExclusive (&unload_lock);
}

/* Note that the functions were left alone.  */
static void note_left (void) {
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (plan.crt->index, i);
    if (status->address != 0) status->state = MIR_UCRT_LEFT;
  }
}

int ucrt_take_over (struct ucrt_crt *crt, int late) {
  MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  memset (&plan, 0, sizeof (plan));
  plan.crt = crt;
  plan.reason = status->reason;
  plan.reason[0] = 0;
  status->late = late != 0;
  status->retries = 0;
  const char *refused = ucrt_refuse_crt (crt);
  if (refused != NULL) {
    fail (refused);
    status->state = MIR_UCRT_REFUSED;
    return -1;
  }
  if (prepare () != 0) {
    note_left ();
    status->state = MIR_UCRT_REFUSED;
    return -1;
  }
  if (apply (late) != 0) {
    ucrt_release_stubs (plan.stubs);
    note_left ();
    status->state = MIR_UCRT_FAILED;
    return -1;
  }
  note_taken ();
  if (crt->is_debug)
    ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s",
                 "its block types, leak checks and allocation hooks do not see our blocks");
  status->state = MIR_UCRT_ACTIVE;
  return 0;
}

void ucrt_forget (struct ucrt_crt *crt) {
  struct taken *own = &taken[crt->index];
  AcquireSRWLockExclusive (&unload_lock);
  own->num = 0;
  ucrt_release_stubs (own->stubs);
  own->stubs = NULL;
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (crt->index, i);
    status->address = status->target = 0;
    status->state = MIR_UCRT_ABSENT;
    status->intact = 0;
  }
  ReleaseSRWLockExclusive (&unload_lock);
}

/* The number of tries is bounded: at the end of the process a killed thread may have held the
   lock.  */
int ucrt_hold_crts (void) {
  enum { HOLD_TRIES_MAX = 10000 };
  for (int tries = 0; tries < HOLD_TRIES_MAX; tries++) {
    if (TryAcquireSRWLockShared (&unload_lock)) return 1;
    SwitchToThread ();
  }
  return 0;
}

void ucrt_release_crts (void) {
  ReleaseSRWLockShared (&unload_lock);
}

/* The address to which the entry of PATCH leads, after somebody has overwritten our jump.  */
static uint64_t present_target (const struct ucrt_patch *patch, const struct ucrt_crt *crt) {
  struct ucrt_span span = {.bytes = crt->base, .size = crt->size, .address = (uintptr_t) crt->base};
  uint64_t end;
  ucrt_follow (&UCRT_CPU, &span, (uintptr_t) patch->entry, &end);
  return end;
}

void ucrt_refresh_status (void) {
  if (!ucrt_hold_crts ()) return;
  for (unsigned c = 0; c < MIR_UCRT_CRTS_MAX; c++)
    for (unsigned i = 0; i < taken[c].num; i++) {
      const struct ucrt_patch *patch = &taken[c].patches[i];
      int intact = memcmp (patch->at, patch->ours, UCRT_CPU.jump_size) == 0;
      uint64_t target = intact ? (uintptr_t) patch->hook : present_target (patch, &ucrt_crts[c]);
      for (unsigned f = 0; f < ucrt_hooks_num; f++) {
        MIR_ucrt_function_t *status = status_of (c, f);
        if (status->address != (uintptr_t) patch->entry) continue;
        status->intact = (uint32_t) intact;
        status->target = target;
      }
    }
  ucrt_release_crts ();
}
