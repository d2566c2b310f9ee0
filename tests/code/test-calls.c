/* What no result of the library shows: that cores are synced where old instructions may have been
   prefetched, how often the system is asked again, and what it is not asked for.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "code/backend-list.h"
#include "os/os.h"
#include "space-fixture.h"

/*---------------- Wrapped calls -----------------------------*/

static unsigned syncs, syncs_for_new; /* calls of the library */
static unsigned maps, writes;         /* calls of the system */
static unsigned interrupted;          /* writes that the next calls refuse with EINTR */
static int is_short;                  /* all writes end after half of their bytes */
static unsigned refused_maps, refused_unmaps;

void __real_mir_os_sync_cores (void);
void __wrap_mir_os_sync_cores (void);
void __real_mir_os_sync_cores_for_new (void);
void __wrap_mir_os_sync_cores_for_new (void);
void *__real_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __real_munmap (void *addr, size_t len);
int __wrap_munmap (void *addr, size_t len);
ssize_t __real_pwrite64 (int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite64 (int fd, const void *bytes, size_t len, off_t offset);

static int is_for_new; /* on some CPUs that is the other one, which does not count then */

void __wrap_mir_os_sync_cores (void) {
  syncs += !is_for_new;
  __real_mir_os_sync_cores ();
}

void __wrap_mir_os_sync_cores_for_new (void) {
  syncs_for_new++;
  is_for_new = 1;
  __real_mir_os_sync_cores_for_new ();
  is_for_new = 0;
}

void *__wrap_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t offset) {
  maps++;
  if (refused_maps == 0) return __real_mmap64 (addr, len, prot, flags, fd, offset);
  refused_maps--;
  errno = ENOMEM;
  return MAP_FAILED;
}

int __wrap_munmap (void *addr, size_t len) {
  if (refused_unmaps == 0) return __real_munmap (addr, len);
  refused_unmaps--;
  errno = ENOMEM;
  return -1;
}

ssize_t __wrap_pwrite64 (int fd, const void *bytes, size_t len, off_t offset) {
  writes++;
  if (interrupted != 0) {
    interrupted--;
    errno = EINTR;
    return -1;
  }
  return __real_pwrite64 (fd, bytes, is_short && len > 1 ? len / 2 : len, offset);
}

/*---------------- Cores -----------------------------*/

/* Other cores may have prefetched what stood there before.  The cores are synced once for all that is
   reclaimed, and once for each change.  */
static void cores_are_synced_where_code_is_replaced (void) {
  uint8_t bytes[CODE_LEN];
  start ();
  uint8_t *func = publish (1);
  REQUIRE (func != NULL);
  code_returning (bytes, 2);
  syncs = 0;
  CHECK_INT (MIR_code_patch_stopped (space, func, bytes, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (syncs, 1);
  CHECK_INT (code_call (func), 2);
  CHECK_INT (MIR_code_patch_stopped (space, bytes, bytes, CODE_LEN), MIR_CODE_NOT_OURS);
  CHECK_INT (syncs, 1);
  REQUIRE (MIR_code_free (space, func) == MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  CHECK_INT (syncs, 1);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  CHECK_INT (syncs, 2);
  finish ();
}

/* The number of calls of sync_cores_for_new since the last one.  */
static unsigned new_syncs (void) {
  unsigned res = syncs_for_new;
  syncs_for_new = 0;
  return res;
}

static void cores_are_synced_for_new_code (void) {
  uint8_t bytes[sizeof (uint64_t)] = {0};
  start ();
  (void) new_syncs ();
  uint8_t *func = publish (1);
  CHECK_INT (new_syncs (), 1);
  REQUIRE (func != NULL);
  CHECK_INT (MIR_code_change (space, func, func, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (new_syncs (), 1);
  CHECK_INT (MIR_code_change (space, bytes, bytes, sizeof (bytes)), MIR_CODE_NOT_OURS);
  CHECK_INT (new_syncs (), 0);
  memcpy (bytes, func, 4);
  MIR_code_status_t status = MIR_code_patch (space, func, bytes, 4);
  CHECK (status == MIR_CODE_OK || status == MIR_CODE_NOT_ATOMIC);
  CHECK_INT (new_syncs (), status == MIR_CODE_OK);
  CHECK_INT (code_call (func), 1);
  finish ();
}

/*---------------- The back end procmem -----------------------------*/

static void start_procmem (void) {
  set_defaults ();
  options.backends = MIR_CODE_PROCMEM;
  options.protection = MIR_CODE_NO_ALIAS;
  start_with_options ();
}

/* Change FUNC so that it returns VALUE, and call it.  */
static void change (uint8_t *func, unsigned value) {
  uint8_t bytes[CODE_LEN];
  code_returning (bytes, value);
  CHECK_INT (MIR_code_patch_stopped (space, func, bytes, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (func), value);
}

static void interrupted_and_short_writes_go_on (void) {
  start_procmem ();
  uint8_t *func = publish (1);
  REQUIRE (func != NULL);
  interrupted = 3;
  writes = 0;
  change (func, 2);
  CHECK_INT (interrupted, 0);
  CHECK_INT (writes, 4);
  is_short = 1;
  change (func, 3);
  CHECK (writes > 5);
  is_short = 0;
  finish ();
}

static void copies_have_buffers_that_stay (void) {
  enum { CHANGES = 100 };
  start_procmem ();
  uint8_t *func = publish (1);
  REQUIRE (func != NULL);
  change (func, 2); /* the buffer is mapped now at the latest */
  maps = 0;
  for (unsigned i = 0; i < CHANGES; i++) change (func, i);
  CHECK_INT (maps, 0);
  finish ();
}

/* Map pages of the back end alone, whose buffers this process has not mapped yet.  */
static void a_refused_buffer_is_not_lost (void) {
  enum { TRIES = 10 };
  const struct mir_backend *procmem = &mir_backend_procmem;
  struct mir_pages mapped = {.level = MIR_CODE_NO_ALIAS};
  size_t len = mir_os_page_size ();
  uint8_t *copy;
  if (procmem->map (&mapped, len, NULL) != MIR_CODE_OK) tap_skip ("procmem: not on this system");
  for (int i = 0; i < TRIES; i++) {
    refused_maps = 1;
    CHECK_INT (procmem->open (&mapped, mapped.rx, len, &copy), MIR_CODE_WRITE_REFUSED);
    CHECK_INT (refused_maps, 0);
  }
  maps = 0;
  for (int i = 0; i < TRIES; i++) {
    REQUIRE (procmem->open (&mapped, mapped.rx, len, &copy) == MIR_CODE_OK);
    CHECK_INT (procmem->close (&mapped, mapped.rx, len, copy), MIR_CODE_OK);
  }
  CHECK_INT (maps, 1);
  CHECK_INT (procmem->unmap (&mapped), 0);
}

/*---------------- Unmapping -----------------------------*/

/* A refusal may pass: unmapping is tried three times.  */
static void unmapping_is_tried_three_times (void) {
  uint8_t *func;
  set_defaults ();
  start_with_options ();
  REQUIRE (publish_long (1, 1024 * 1024, &func) == MIR_CODE_OK);
  REQUIRE (MIR_code_free_now (space, func) == MIR_CODE_OK);
  size_t mapped = stats ().mapped_bytes;
  refused_unmaps = 2;
  MIR_code_trim (space);
  CHECK_INT (refused_unmaps, 0);
  CHECK (stats ().mapped_bytes < mapped);
  finish ();
}

int main (void) {
  TEST_RUN (a_refused_buffer_is_not_lost);
  TEST_RUN (interrupted_and_short_writes_go_on);
  TEST_RUN (copies_have_buffers_that_stay);
  TEST_RUN (cores_are_synced_where_code_is_replaced);
  TEST_RUN (cores_are_synced_for_new_code);
  TEST_RUN (unmapping_is_tried_three_times);
  return tap_done ();
}
