/* A back end at one level, without the code layer above it: mapped pages, and functions in
   them.  */
#ifndef MIR_TESTS_CODE_BACKEND_FIXTURE_H
#define MIR_TESTS_CODE_BACKEND_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "code/backend.h"
#include "code/backend-list.h"
#include "code/probe.h"
#include "os/os.h"
#include "support/machine-code.h"
#include "support/tap.h"

static const struct mir_backend *backend; /* the one under test */
static MIR_code_protection_t level;
static struct mir_pages pages;
static const uint64_t all_backed[] = {UINT64_MAX}; /* for the first 64 units of pages */

static const char *const level_names[] = {"open_alias", "closed_alias", "no_alias", "sealed"};
enum { LEVELS = sizeof (level_names) / sizeof (level_names[0]) };

static inline const struct mir_backend *backend_named (const char *name) {
  for (int i = 0; mir_backends[i] != NULL; i++)
    if (strcmp (mir_backends[i]->name, name) == 0) return mir_backends[i];
  return NULL;
}

/* Leave the test if BACKEND does not work on this system.  */
static inline void skip_unless_it_works (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  if (mir_backend_probe (backend->bit, level, &report) != NULL) return;
  for (size_t i = 0; i < report.verdicts_num; i++)
    if (strcmp (report.verdicts[i].backend, backend->name) == 0)
      tap_skip ("%s: %s, error %d", backend->name, report.verdicts[i].reason,
                report.verdicts[i].error);
}

static inline void map_at (struct mir_pages *mapped, size_t len, uint8_t *at) {
  memset (mapped, 0xee, sizeof (*mapped)); /* the back end sets all but three members */
  mapped->level = level;
  mapped->landing_pads = 0;
  mapped->code_alloc = NULL;
  REQUIRE (backend->map (mapped, len, at) == MIR_CODE_OK);
}

static inline void start (size_t pages_num) {
  skip_unless_it_works ();
  map_at (&pages, pages_num * mir_os_page_size (), NULL);
}

/* Unmap MAPPED.  A memory file stays mapped if mseal(2) has sealed it, and keeps its memory.  */
static inline void finish_pages (struct mir_pages *mapped) {
  int may_stay = backend->bit == MIR_CODE_MEMFD && level == MIR_CODE_SEALED;
  CHECK (backend->unmap (mapped) == 0 || may_stay);
}

static inline void finish (void) {
  finish_pages (&pages);
}

/* Enlarge the LEN bytes at *OFFSET to the smallest span around them.  Returns its length.  */
static inline size_t span_around (const struct mir_pages *mapped, size_t *offset, size_t len) {
  size_t unit = backend->unit == 0 ? mir_os_page_size () : backend->unit, bound = *offset + len;
  (void) mapped;
  *offset &= ~(unit - 1);
  return ((bound + unit - 1) & ~(unit - 1)) - *offset;
}

/* Write a function which returns VALUE to OFFSET.  */
static inline MIR_code_status_t put_in (struct mir_pages *mapped, size_t offset, unsigned value) {
  size_t first = offset, len = span_around (mapped, &first, CODE_LEN);
  uint8_t *writable, *addr = mapped->rx + offset;
  MIR_code_status_t status = backend->open (mapped, mapped->rx + first, len, &writable);
  if (status != MIR_CODE_OK) return status;
  code_returning (writable + (offset - first), value);
  status = backend->close (mapped, mapped->rx + first, len, writable);
  mir_os_clean_icache (addr, addr + CODE_LEN);
  mir_os_sync_cores ();
  return status;
}

static inline MIR_code_status_t put (size_t offset, unsigned value) {
  return put_in (&pages, offset, value);
}

static inline unsigned call (size_t offset) {
  return code_call (pages.rx + offset);
}

/* Run TEST for each back end at each of its levels, under names like "anon_open_alias_NAME".  */
static inline void run_for_all (const char *name, void (*test) (void)) {
  char full[120];
  for (int i = 0; mir_backends[i] != NULL; i++)
    for (int l = 0; l < LEVELS; l++) {
      backend = mir_backends[i];
      level = (MIR_code_protection_t) l;
      if ((backend->levels & 1u << l) == 0) continue;
      snprintf (full, sizeof (full), "%s_%s_%s", backend->name, level_names[l], name);
      tap_run (full, test);
    }
}
#define RUN_FOR_ALL(NAME) run_for_all (#NAME, NAME)

#endif /* MIR_TESTS_CODE_BACKEND_FIXTURE_H */
