/* One CRT: all of its functions, or none.

   What stands at an entry is decoded, not compared with the file on disk: a jump out of the image
   is how others hook, and a comparison would also refuse what is no hook, such as Windows' own hot
   patches, relocated operands, and Wine's modules, whose files are not where their names say.  */

#include "take-over.h"
#include <string.h> /* memcpy, memset */

enum { RETRIES_MAX = 200 };

typedef struct {
  unsigned num;
  void *stubs;
  ucrt_patch_t patches[UCRT_ENTRIES_MAX];
} taken_t;

static ucrt_plan_t plan; /* one take-over at a time: take-over.h */
static taken_t taken[MIR_UCRT_CRTS_MAX];

/* A CRT which was taken over while it was loaded is not pinned, and may go while somebody looks at
   its functions: it stays mapped as long as this is held.  */
static SRWLOCK unload_lock = SRWLOCK_INIT;

static void set_reason (const char *reason) {
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s", reason);
}

static void set_reason_of (const ucrt_hook_t *hook, const char *reason) {
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s %s", hook->name, reason);
}

static MIR_ucrt_function_t *status_of (unsigned crt, unsigned function) {
  return &ucrt_status.functions[crt * ucrt_hooks_num + function];
}

static const ucrt_patch_t *patch_of_entry (const uint8_t *entry) {
  for (unsigned i = 0; i < plan.patches_num; i++)
    if (plan.patches[i].entry == entry) return &plan.patches[i];
  return NULL;
}

/* Names to entries; each entry once.  The status tells of every name.  */
static int collect (void) {
  const ucrt_crt_t *crt = plan.crt;
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    const ucrt_hook_t *hook = &ucrt_hooks[i];
    MIR_ucrt_function_t *status = status_of (crt->index, i);
    uint32_t offset = ucrt_find_export (&plan.image, hook->name);
    int is_there = offset != 0 && !ucrt_is_forwarder (&plan.image, offset);
    memset (status, 0, sizeof (*status));
    ucrt_format (status->name, sizeof (status->name), "%s", hook->name);
    status->crt = crt->index;
    if (!is_there && (hook->flags & UCRT_HOOK_REQUIRED)) {
      set_reason_of (hook, offset == 0 ? "is missing" : "is in another module");
      return -1;
    }
    if (!is_there) continue;
    uint8_t *entry = crt->base + offset;
    status->address = (uintptr_t) entry;
    const void *function = hook->hook[crt->index];
    if (ucrt_options.counting && hook->counting[crt->index] != NULL)
      function = hook->counting[crt->index];
    if (function == NULL || patch_of_entry (entry) != NULL || plan.patches_num == UCRT_ENTRIES_MAX)
      continue;
    ucrt_patch_t *patch = &plan.patches[plan.patches_num++];
    memset (patch, 0, sizeof (*patch));
    patch->entry = entry, patch->hook = function, patch->function = i;
  }
  return 0;
}

static void set_reason_hooked (const ucrt_hook_t *hook, uint64_t by) {
  char name[64] = "code of no module";
  const ucrt_nt_module_t *module = ucrt_module_at (by);
  if (module != NULL) ucrt_plain_name (name, sizeof (name), &module->name);
  ucrt_format (plan.reason, UCRT_REASON_SIZE, "%s is hooked already, by %s", hook->name, name);
}

static int is_code (const uint8_t *at) {
  MEMORY_BASIC_INFORMATION info;
  const DWORD executable =
      PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
  HANDLE process = (HANDLE) (intptr_t) -1;
  if (ucrt_nt.query (process, at, UCRT_NT_MEMORY_BASIC, &info, sizeof (info), NULL) < 0) return 0;
  return (info.Protect & executable) != 0;
}

static int examine (ucrt_patch_t *patch) {
  const ucrt_hook_t *hook = &ucrt_hooks[patch->function];
  uint64_t entry = (uintptr_t) patch->entry, end;
  if (!is_code (patch->entry)) return set_reason_of (hook, "is no code"), -1;
  switch (ucrt_follow (&UCRT_CPU, &plan.span, entry, &end)) {
    case UCRT_STAYS:
      break;
    case UCRT_LEAVES:
      return set_reason_hooked (hook, end), -1;
    case UCRT_TRAPPED:
      return set_reason_of (hook, "has a breakpoint at its entry"), -1;
    case UCRT_ENDLESS:
      return set_reason_of (hook, "jumps in a way that is not understood"), -1;
  }
  uint32_t room = ucrt_room_at (&plan.image, (uint32_t) (patch->entry - plan.crt->base));
  int place = ucrt_place_of_jump (&UCRT_CPU, &plan.span, entry, room);
  if (place < 0) return set_reason_of (hook, "has no room for a jump"), -1;
  patch->at = patch->entry + place;
  memcpy (patch->old, patch->at, UCRT_CPU.jump_size);
  patch->distant =
      UCRT_CPU.encode_jump (patch->ours, (uintptr_t) patch->at, (uintptr_t) patch->hook) != 0;
  return 0;
}

static int is_overlapping (void) {
  for (unsigned i = 0; i < plan.patches_num; i++)
    for (unsigned j = 0; j < plan.patches_num; j++) {
      const ucrt_patch_t *a = &plan.patches[i], *b = &plan.patches[j];
      if (i != j && a->at <= b->entry && (size_t) (b->entry - a->at) < UCRT_CPU.jump_size) return 1;
    }
  return 0;
}

static int prepare (void) {
  if (ucrt_open_image (&plan.image, plan.crt->base, plan.crt->size) != 0)
    return set_reason ("it is no image"), -1;
  plan.span = (ucrt_span_t){plan.crt->base, plan.crt->size, (uintptr_t) plan.crt->base};
  if (collect () != 0) return -1;
  for (unsigned i = 0; i < plan.patches_num; i++)
    if (examine (&plan.patches[i]) != 0) return -1;
  if (plan.patches_num == 0) return set_reason ("it has none of the functions"), -1;
  if (is_overlapping ()) return set_reason ("its functions stand too close"), -1;
  return 0;
}

/* Stop the others where none is in the way.  The number of tries before, or -1.  */
static int stop (void) {
  uintptr_t begin = (uintptr_t) plan.crt->base;
  ucrt_code_ranges_t family = {begin, begin + plan.crt->size, plan.ranges_num, plan.ranges};
  uint32_t culprit = 0;
  for (int retries = 0; retries <= RETRIES_MAX; retries++) {
    ucrt_threads_result_t result = ucrt_threads_stop ();
    for (int rooms = 0; result == UCRT_THREADS_MORE && rooms < RETRIES_MAX; rooms++)
      result = ucrt_threads_reserve () == 0 ? ucrt_threads_stop () : UCRT_THREADS_REFUSED;
    if (result != UCRT_THREADS_STOPPED) {
      ucrt_format (plan.reason, UCRT_REASON_SIZE, "thread %u could not be stopped",
                   ucrt_threads_culprit ());
      return -1;
    }
    culprit = ucrt_thread_inside (&family);
    if (culprit == 0) return retries;
    ucrt_threads_resume ();
    ucrt_threads_wait (retries < 10 ? 1 : 2); /* ms */
  }
  ucrt_format (plan.reason, UCRT_REASON_SIZE,
               "thread %u is, or seems to be, in the aligned functions all the time", culprit);
  return -1;
}

/* Nobody is in a CRT whose DllMain has not run: there the others need not be stopped, and must not
   be.  Since Windows 7 the loader tells of a DLL under a lock for that alone, not under the loader
   lock, which a stopped thread could then hold.  */
static int apply (int late) {
  if (ucrt_make_stubs (&plan) != 0)
    return set_reason ("there is no executable memory to be had near it"), -1;
  if (ucrt_find_code_ranges (&plan) != 0) return set_reason ("its aligned functions are too many"), -1;
  if (!late) return ucrt_write_jumps (&plan);
  if (ucrt_threads_reserve () != 0) return set_reason ("there is no memory for the list of threads"), -1;
  int retries = stop ();
  if (retries < 0) return -1;
  int result = ucrt_write_jumps (&plan);
  ucrt_threads_resume ();
  ucrt_status.crts[plan.crt->index].retries = (uint32_t) retries;
  return result;
}

static void note_taken (void) {
  taken_t *own = &taken[plan.crt->index];
  AcquireSRWLockExclusive (&unload_lock);
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (plan.crt->index, i);
    const ucrt_patch_t *patch = patch_of_entry ((uint8_t *) (uintptr_t) status->address);
    if (status->address == 0)
      status->state = MIR_UCRT_ABSENT;
    else if (patch == NULL)
      status->state = MIR_UCRT_REACHED;
    else
      status->state = patch->function == i ? MIR_UCRT_TAKEN : MIR_UCRT_ALIAS;
    if (patch != NULL) status->target = (uintptr_t) patch->hook, status->intact = 1;
  }
  own->num = plan.patches_num, own->stubs = plan.stubs;
  memcpy (own->patches, plan.patches, sizeof (own->patches));
  ReleaseSRWLockExclusive (&unload_lock);
}

static void note_left (void) {
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (plan.crt->index, i);
    if (status->address != 0) status->state = MIR_UCRT_LEFT;
  }
}

int ucrt_take_over (ucrt_crt_t *crt, int late) {
  MIR_ucrt_crt_t *status = &ucrt_status.crts[crt->index];
  plan.crt = crt, plan.reason = status->reason, plan.reason[0] = 0;
  plan.patches_num = plan.ranges_num = 0, plan.stubs = NULL;
  status->late = late != 0, status->retries = 0;
  const char *refused = ucrt_refuse_crt (crt);
  if (refused != NULL) {
    set_reason (refused);
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
  status->state = MIR_UCRT_ACTIVE;
  return 0;
}

void ucrt_forget (ucrt_crt_t *crt) {
  taken_t *own = &taken[crt->index];
  AcquireSRWLockExclusive (&unload_lock);
  own->num = 0;
  ucrt_release_stubs (own->stubs);
  own->stubs = NULL;
  for (unsigned i = 0; i < ucrt_hooks_num; i++) {
    MIR_ucrt_function_t *status = status_of (crt->index, i);
    status->address = status->target = 0, status->state = MIR_UCRT_ABSENT, status->intact = 0;
  }
  ReleaseSRWLockExclusive (&unload_lock);
}

/* Bounded: at the end of the process a thread that held it may be dead.  */
int ucrt_hold_crts (void) {
  enum { TRIES_MAX = 10000 };
  for (int tries = 0; tries < TRIES_MAX; tries++) {
    if (TryAcquireSRWLockShared (&unload_lock)) return 1;
    SwitchToThread ();
  }
  return 0;
}

void ucrt_release_crts (void) {
  ReleaseSRWLockShared (&unload_lock);
}

/* Where the entry goes by now, if not to our hook.  */
static uint64_t present_target (const ucrt_patch_t *patch, const ucrt_crt_t *crt) {
  ucrt_span_t span = {crt->base, crt->size, (uintptr_t) crt->base};
  uint64_t end;
  ucrt_follow (&UCRT_CPU, &span, (uintptr_t) patch->entry, &end);
  return end;
}

void ucrt_look_again (void) {
  if (!ucrt_hold_crts ()) return;
  for (unsigned c = 0; c < MIR_UCRT_CRTS_MAX; c++)
    for (unsigned i = 0; i < taken[c].num; i++) {
      const ucrt_patch_t *patch = &taken[c].patches[i];
      int intact = memcmp (patch->at, patch->ours, UCRT_CPU.jump_size) == 0;
      uint64_t target = intact ? (uintptr_t) patch->hook : present_target (patch, &ucrt_crts[c]);
      for (unsigned f = 0; f < ucrt_hooks_num; f++) {
        MIR_ucrt_function_t *status = status_of (c, f);
        if (status->address != (uintptr_t) patch->entry) continue;
        status->intact = (uint32_t) intact, status->target = target;
      }
    }
  ucrt_release_crts ();
}
