#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/backend.h"
#include "code/cpu.h"
#include "os/os.h"

/* Whether the function BYTES, put at the start of PAGES, returns VALUE.  */
static int runs (const struct mir_backend *backend, struct mir_pages *pages, const uint8_t *bytes,
                 int value) {
  uint8_t *writable;
  int (*func) (void);
  if (backend->open (pages, pages->rx, pages->len, NULL, &writable) != MIR_CODE_OK) return 0;
  memcpy (writable, bytes, mir_cpu.proof_len);
  if (backend->close (pages, pages->rx, pages->len, NULL, writable) != MIR_CODE_OK) return 0;
  mir_os_flush_icache (pages->rx, pages->rx + mir_cpu.proof_len);
  memcpy (&func, &pages->rx, sizeof (func));
  return mir_cpu.proof_len == 0 || func () == value;
}

static int works (const struct mir_backend *backend) {
  struct mir_pages pages;
  if (backend->map (&pages, mir_os_page_size (), NULL) != MIR_CODE_OK) return 0;
  /* The second one at the same address: valgrind runs what it has seen first again.  */
  int proved =
      runs (backend, &pages, mir_cpu.proof[0], 42) && runs (backend, &pages, mir_cpu.proof[1], 43);
  return backend->unmap (&pages, NULL) == 0 && proved;
}

const struct mir_backend *mir_backend_probe (void) {
  static _Atomic (const struct mir_backend *) found;
  const struct mir_backend *backend = atomic_load (&found);
  for (int i = 0; backend == NULL && mir_backends[i] != NULL; i++)
    if (works (mir_backends[i])) backend = mir_backends[i];
  atomic_store (&found, backend);
  return backend != NULL ? backend : mir_backend_fallback;
}
