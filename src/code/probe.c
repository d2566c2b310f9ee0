/* The probe: runs code in the memory of each back end until one works, and caches that.  */
#include "code/probe.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/backend-list.h"
#include "code/cpu.h"
#include "defaults.h"
#include "os/os.h"

/*---------------- One back end -----------------------------*/

/* The reasons not to take a back end.  */
static const char not_allowed[] = "not allowed by the options",
                  not_this_level[] = "does not support this protection",
                  not_mapped[] = "the system refused to map executable memory",
                  not_populated[] = "the system has no memory for executable pages",
                  not_written[] = "the system refused to let code be written",
                  not_seen[] = "the CPU still ran the old code after a change",
                  not_unmapped[] = "the system refused to unmap executable memory";

/* Put the function BYTES at the start of PAGES and check that it returns VALUE.  Returns NULL, or
   the reason why not.  */
static const char *run_proof (const struct mir_backend *backend, struct mir_pages *pages,
                              const uint8_t *bytes, int value) {
  size_t len = backend->unit == 0 ? pages->len : 64;
  uint8_t *writable;
  int (*func) (void);
  if (backend->open (pages, pages->rx, len, &writable) != MIR_CODE_OK) return not_written;
  memcpy (writable, bytes, mir_cpu.proof_len);
  if (backend->close (pages, pages->rx, len, writable) != MIR_CODE_OK) return not_written;
  mir_os_clean_icache (pages->rx, pages->rx + mir_cpu.proof_len);
  /* Not sync_cores, whose first call in a process of several threads takes 10 ms and more.  x86
     CPUs do not need it; if one did, the back end would be refused, no worse.  */
  mir_os_sync_cores_for_new ();
  memcpy (&func, &pages->rx, sizeof (func));
  mir_os_set_error (0);
  return mir_cpu.proof_len == 0 || func () == value ? NULL : not_seen;
}

/* Returns NULL if BACKEND works, else the reason, with the system's error set.  A page sealed by
   mseal(2) stays mapped.  */
static const char *try_backend (const struct mir_backend *backend, MIR_code_protection_t level) {
  struct mir_pages pages = {.level = level, .code_alloc = mir_default_code_alloc ()};
  const char *reason = NULL;
  mir_os_set_error (0); /* a MIR_code_alloc need not set an error */
  if (backend->map (&pages, mir_os_page_size (), NULL) != MIR_CODE_OK) return not_mapped;
  if (backend->populate != NULL && backend->populate (&pages, pages.rx, pages.len) != MIR_CODE_OK)
    reason = not_populated;
  if (reason == NULL) reason = run_proof (backend, &pages, mir_cpu.proof[0], 42);
  /* The second function goes to the same address: valgrind would run the first one again.  */
  if (reason == NULL) reason = run_proof (backend, &pages, mir_cpu.proof[1], 43);
  int error = mir_os_error ();
  if (backend->unmap (&pages) != 0 && reason == NULL && level != MIR_CODE_SEALED)
    return not_unmapped;
  mir_os_set_error (error);
  return reason;
}

/*---------------- All of them -----------------------------*/

enum { UNLESS_NAMED = MIR_CODE_RWX }; /* back ends that are taken only if a mask names them */

/* Whether BACKEND is allowed, has LEVEL and works; the verdict goes to REPORT unless that is
   NULL.  */
static int judge (const struct mir_backend *backend, unsigned allowed, MIR_code_protection_t level,
                  MIR_code_report_t *report) {
  MIR_code_verdict_t verdict = {.backend = backend->name};
  if ((allowed & backend->bit) == 0)
    verdict.reason = not_allowed;
  else if ((backend->levels & 1u << level) == 0)
    verdict.reason = not_this_level;
  else if ((verdict.reason = try_backend (backend, level)) != NULL)
    verdict.error = mir_os_error ();
  if (report != NULL && report->verdicts_num < MIR_CODE_MAX_VERDICTS)
    report->verdicts[report->verdicts_num++] = verdict;
  return verdict.reason == NULL;
}

const struct mir_backend *mir_backend_probe (unsigned allowed, MIR_code_protection_t level,
                                             MIR_code_report_t *report) {
  const struct mir_backend *found = NULL;
  int error = mir_os_error ();
  if (allowed == 0) allowed = ~(unsigned) UNLESS_NAMED;
  if (report != NULL) memset (report, 0, sizeof (*report));
  for (int i = 0; found == NULL && mir_backends[i] != NULL; i++)
    if (judge (mir_backends[i], allowed, level, report)) found = mir_backends[i];
  if (found == NULL && mir_backend_fallback != NULL
      && judge (mir_backend_fallback, allowed, level, report))
    found = mir_backend_fallback;
  if (report != NULL && found != NULL) report->backend = found->name;
  mir_os_set_error (error); /* the probe itself leaves no error */
  return found;
}

/* The result of mir_backend_default; NULL: not probed yet.  Two threads may probe at once.  */
static _Atomic (const struct mir_backend *) cached;

/* A failed probe is not cached: the cause may be transient (no file descriptors).  */
const struct mir_backend *mir_backend_default (void) {
  const struct mir_backend *backend = atomic_load_explicit (&cached, memory_order_relaxed);
  if (backend != NULL) return backend;
  backend = mir_backend_probe (0, MIR_CODE_OPEN_ALIAS, NULL);
  atomic_store_explicit (&cached, backend, memory_order_relaxed);
  return backend;
}

/* The `large` back end that was tried last, and whether it works: `works` is stored first.  */
static _Atomic (const struct mir_backend *) tried;
static atomic_int works;

const struct mir_backend *mir_backend_large (const struct mir_backend *backend) {
  const struct mir_backend *large = backend->large;
  if (large == NULL) return NULL;
  if (atomic_load_explicit (&tried, memory_order_acquire) != large) {
    int error = mir_os_error ();
    atomic_store_explicit (&works, try_backend (large, MIR_CODE_OPEN_ALIAS) == NULL,
                           memory_order_relaxed);
    atomic_store_explicit (&tried, large, memory_order_release);
    mir_os_set_error (error);
  }
  return atomic_load_explicit (&works, memory_order_relaxed) ? large : NULL;
}

void mir_backend_forget (void) {
  atomic_store_explicit (&tried, NULL, memory_order_relaxed);
  atomic_store_explicit (&cached, NULL, memory_order_relaxed);
}
