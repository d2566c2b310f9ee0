/* The probe: runs code in the memory of each back end until one works, and remembers the verdicts for
   this process.  */
#include "code/probe.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/backend-list.h"
#include "code/cpu.h"
#include "code/fork.h"
#include "code/status.h"
#include "defaults.h"
#include "os/cancel.h"
#include "os/os.h"
#include "os/refusal.h"

/*---------------- One back end -----------------------------*/

/* The reasons not to take a back end.  */
static const char not_allowed[] = "not allowed by the options",
                  not_this_level[] = "does not support this protection",
                  not_provable[] = "no code to try it with on this CPU; taken only if named",
                  not_mapped[] = "the system refused to map executable memory",
                  not_populated[] = "the system has no memory for executable pages",
                  not_written[] = "the system refused to let code be written",
                  not_seen[] = "the CPU still ran the old code after a change",
                  not_unmapped[] = "the system refused to unmap executable memory",
                  forbidden[] = "SELinux forbids executable memory (execmem; execute for files)",
                  refused_before[] = "did not work before";

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

/* The reason for a refusal: the limit that is in the way, or else NAMED.  */
static const char *reason_of_refusal (const char *named) {
  size_t len = 2 * mir_os_page_size (); /* of a dual mapping */
  if (mir_os_refusal (len) == MIR_REFUSED_BY_SELINUX) return forbidden;
  MIR_code_status_t status = mir_status_of_refusal (MIR_CODE_OK, len);
  return status == MIR_CODE_OK ? named : MIR_code_status_text (status);
}

/* try_backend, with cancellation held off.  */
static const char *map_and_prove (const struct mir_backend *backend, MIR_code_protection_t level) {
  struct mir_pages pages = {.level = level, .code_alloc = mir_default_code_alloc ()};
  const char *reason = NULL;
  mir_os_set_error (0); /* a MIR_code_alloc need not set an error */
  if (backend->map (&pages, mir_os_page_size (), NULL) != MIR_CODE_OK)
    return reason_of_refusal (not_mapped);
  if (backend->populate != NULL && backend->populate (&pages, pages.rx, pages.len) != MIR_CODE_OK)
    reason = not_populated;
  if (reason == NULL) reason = run_proof (backend, &pages, mir_cpu.proof[0], 42);
  /* The second function goes to the same address: valgrind would run the first one again.  */
  if (reason == NULL) reason = run_proof (backend, &pages, mir_cpu.proof[1], 43);
  if (reason == not_written) reason = reason_of_refusal (not_written);
  int error = mir_os_error ();
  if (backend->unmap (&pages) != 0 && reason == NULL && level != MIR_CODE_SEALED)
    return reason_of_refusal (not_unmapped);
  mir_os_set_error (error);
  return reason;
}

/* Returns NULL if BACKEND works, else the reason, with the system's error set.  A page sealed by
   mseal(2) stays mapped.  */
static const char *try_backend (const struct mir_backend *backend, MIR_code_protection_t level) {
  int held = mir_os_hold_cancel ();
  const char *reason = map_and_prove (backend, level);
  mir_os_let_cancel (held);
  return reason;
}

/*---------------- What is known -----------------------------*/

/* A verdict on one back end at one level.  UNKNOWN is 0.  */
enum { UNKNOWN, WORKS, REFUSED };

enum {
  LEVELS = MIR_CODE_SEALED + 1,
  LARGE_SLOT = MIR_CODE_MAX_VERDICTS, /* the slot of a `large` back end */
  SLOTS
};

/* The verdicts of this process; those of the parent before a fork do not count, since the child may
   have been restricted since.  Several threads may probe at once; then they find the same.  */
static atomic_uchar known[SLOTS][LEVELS];
static atomic_uint known_generation; /* the forks that the verdicts have seen */
static atomic_long known_process;    /* the process that KNOWN belongs to; 0: none */

void mir_backend_forget (void) {
  for (int slot = 0; slot < SLOTS; slot++)
    for (int level = 0; level < LEVELS; level++)
      atomic_store_explicit (&known[slot][level], UNKNOWN, memory_order_relaxed);
}

/* Forget what is known if this process is a child of the one which found it out.  After a fork the
   parent only asks for its ID once.  */
static void follow_forks (void) {
  unsigned generation = mir_generation ();
  long process;
  if (atomic_load_explicit (&known_generation, memory_order_acquire) == generation
      && atomic_load_explicit (&known_process, memory_order_relaxed) != 0)
    return;
  if (atomic_load_explicit (&known_process, memory_order_relaxed) != (process = mir_os_process ()))
    mir_backend_forget ();
  atomic_store_explicit (&known_process, process, memory_order_relaxed);
  atomic_store_explicit (&known_generation, generation, memory_order_release);
}

/* What is known about the back end in SLOT at LEVEL.  */
static unsigned verdict_in (int slot, MIR_code_protection_t level) {
  return atomic_load_explicit (&known[slot][level], memory_order_relaxed);
}

/* Try BACKEND and remember the verdict in SLOT, unless it is a refusal that may be transient, or
   forks are not counted.  Returns as try_backend.  */
static const char *try_and_remember (const struct mir_backend *backend, int slot,
                                     MIR_code_protection_t level) {
  const char *reason = try_backend (backend, level);
  int error = mir_os_error ();
  unsigned verdict = reason == NULL                                    ? WORKS
                     : reason == not_seen || mir_os_is_lasting (error) ? REFUSED
                                                                       : UNKNOWN;
  if (mir_count_forks () != 0) verdict = UNKNOWN;
  atomic_store_explicit (&known[slot][level], (unsigned char) verdict, memory_order_relaxed);
  mir_os_set_error (error);
  return reason;
}

/*---------------- All of them -----------------------------*/

enum { UNLESS_NAMED = MIR_CODE_RWX }; /* back ends that are taken only if a mask names them */

/* Whether BACKEND, in SLOT, is allowed, has LEVEL and works.  It is tried if ANEW or if that is not
   known.  The verdict goes to REPORT.  Without code to run, what is written at one address and
   executed at another may work or not, so it is taken only if the embedder's mask IS_NAMED.  */
static int judge (const struct mir_backend *backend, int slot, unsigned allowed, int is_named,
                  MIR_code_protection_t level, MIR_code_report_t *report, int anew) {
  MIR_code_verdict_t verdict = {.backend = backend->name};
  if ((allowed & backend->bit) == 0)
    verdict.reason = not_allowed;
  else if ((backend->levels & 1u << level) == 0)
    verdict.reason = not_this_level;
  else if (mir_cpu.proof_len == 0 && !backend->plain && !is_named)
    verdict.reason = not_provable;
  else if (!anew && verdict_in (slot, level) == REFUSED)
    verdict.reason = refused_before;
  else if ((anew || verdict_in (slot, level) == UNKNOWN)
           && (verdict.reason = try_and_remember (backend, slot, level)) != NULL)
    verdict.error = mir_os_error ();
  if (report->verdicts_num < MIR_CODE_MAX_VERDICTS)
    report->verdicts[report->verdicts_num++] = verdict;
  return verdict.reason == NULL;
}

/* The first back end that works, with the verdicts in *REPORT.  */
static const struct mir_backend *search (unsigned allowed, MIR_code_protection_t level,
                                         MIR_code_report_t *report, int anew) {
  const struct mir_backend *found = NULL;
  int error = mir_os_error (), slot = 0, is_named = allowed != 0;
  if (!is_named) allowed = ~(unsigned) UNLESS_NAMED;
  memset (report, 0, sizeof (*report));
  follow_forks ();
  for (; found == NULL && mir_backends[slot] != NULL; slot++)
    if (judge (mir_backends[slot], slot, allowed, is_named, level, report, anew))
      found = mir_backends[slot];
  if (found == NULL && mir_backend_fallback != NULL
      && judge (mir_backend_fallback, slot, allowed, is_named, level, report, anew))
    found = mir_backend_fallback;
  if (found != NULL) report->backend = found->name;
  mir_os_set_error (error); /* the probe itself leaves no error */
  return found;
}

const struct mir_backend *mir_backend_probe (unsigned allowed, MIR_code_protection_t level,
                                             MIR_code_report_t *report) {
  MIR_code_report_t own;
  return search (allowed, level, report != NULL ? report : &own, 1);
}

MIR_code_status_t mir_probe_status (const MIR_code_report_t *report) {
  if (report->backend != NULL) return MIR_CODE_OK;
  for (size_t i = 0; i < report->verdicts_num; i++)
    for (MIR_code_status_t limit = MIR_CODE_NO_ADDRESS_SPACE; mir_status_is_limit (limit); limit++)
      if (report->verdicts[i].reason == MIR_code_status_text (limit)) return limit;
  return MIR_CODE_NO_BACKEND;
}

const struct mir_backend *mir_backend_choose (unsigned allowed, MIR_code_protection_t level,
                                              MIR_code_status_t *status) {
  MIR_code_report_t report;
  const struct mir_backend *found = search (allowed, level, &report, 0);
  *status = mir_probe_status (&report);
  return found;
}

const struct mir_backend *mir_backend_large (const struct mir_backend *backend) {
  const struct mir_backend *large = backend->large;
  if (large == NULL) return NULL;
  follow_forks ();
  unsigned verdict = verdict_in (LARGE_SLOT, MIR_CODE_OPEN_ALIAS);
  if (verdict == UNKNOWN) {
    int error = mir_os_error ();
    verdict = try_and_remember (large, LARGE_SLOT, MIR_CODE_OPEN_ALIAS) == NULL ? WORKS : REFUSED;
    mir_os_set_error (error);
  }
  return verdict == WORKS ? large : NULL;
}
