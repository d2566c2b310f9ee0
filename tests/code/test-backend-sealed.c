/* Sealed code: the system calls of an attacker are refused, and code still runs and can be changed.
   mseal(2) refuses all of them; F_SEAL_FUTURE_WRITE, where there is no mseal, keeps code from
   becoming writable at the address where it is executed.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/restrictions.h"

static int refused (int res, int first_error, int second_error) {
  return res == -1 && (errno == first_error || errno == second_error);
}

static void code_still_works (void) {
  CHECK_INT (call (0), 1);
  REQUIRE (put (0, 2) == MIR_CODE_OK);
  CHECK_INT (call (0), 2);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
}

/* The calls that every sealed page refuses.  */
static void code_never_becomes_writable (void) {
  enum { WX = PROT_READ | PROT_WRITE | PROT_EXEC };
  CHECK (refused (mprotect (pages.rx, pages.len, WX), EPERM, EACCES));
  CHECK (refused (mprotect (pages.rx, pages.len, PROT_READ | PROT_WRITE), EPERM, EACCES));
  CHECK (refused (mprotect (pages.rx, mir_os_page_size (), PROT_READ | PROT_WRITE), EPERM, EACCES));
  int fd = open ("/proc/self/mem", O_RDWR | O_CLOEXEC); /* as procmem does for its own pages */
  if (fd >= 0) CHECK_INT (pwrite (fd, "", 1, (off_t) (uintptr_t) pages.rx), -1);
  if (fd >= 0) close (fd);
  void *twice = mremap (pages.rx, 0, pages.len, MREMAP_MAYMOVE);
  if (twice == MAP_FAILED) return;
  CHECK (refused (mprotect (twice, pages.len, PROT_READ | PROT_WRITE), EPERM, EACCES));
  munmap (twice, pages.len);
}

static void mappings_never_change (void) {
  size_t len = pages.len;
  uint8_t *views[] = {pages.rx, pages.rw};
  void *elsewhere = mmap (NULL, len, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE (elsewhere != MAP_FAILED);
  CHECK (refused (mprotect (pages.rw, len, PROT_READ | PROT_EXEC), EPERM, EPERM));
  CHECK (refused (mprotect (pages.rw, len, PROT_READ | PROT_WRITE | PROT_EXEC), EPERM, EPERM));
  for (int i = 0; i < 2; i++) {
    CHECK (refused (munmap (views[i], len), EPERM, EPERM));
    CHECK (refused (munmap (views[i] + mir_os_page_size (), mir_os_page_size ()), EPERM, EPERM));
    CHECK (
        mmap (views[i], len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        == MAP_FAILED);
    CHECK (mremap (views[i], len, len, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == MAP_FAILED);
    CHECK (mremap (elsewhere, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, views[i]) == MAP_FAILED);
  }
  munmap (elsewhere, len);
}

static int has_mseal (void) {
  return syscall (SYS_MSEAL, NULL, 0ul, 0ul) == 0; /* an empty range: only asks for the call */
}

static void mseal_refuses_every_change (void) {
  level = MIR_CODE_SEALED;
  if (!has_mseal ()) tap_skip ("no mseal(2): %s", strerror (errno));
  start (4);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  code_never_becomes_writable ();
  mappings_never_change ();
  code_still_works ();
  finish ();
}

static void a_sealed_mapping_in_a_range_holds_it (void) {
  size_t unit = 64 * 1024;
  level = MIR_CODE_SEALED;
  if (!has_mseal ()) tap_skip ("no mseal(2): %s", strerror (errno));
  skip_unless_it_works ();
  uint8_t *range = (uint8_t *) mir_os_reserve (2 * unit, NULL, 0);
  REQUIRE (range != NULL);
  map_at (&pages, unit, range);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  code_never_becomes_writable ();
  mappings_never_change ();
  code_still_works ();
  finish ();
  mir_os_unreserve (range, 2 * unit); /* must leave sealed code, which may be running */
}

/*---------------- The file -----------------------------*/

/* What the owner of a descriptor of the memory may try.  Returns the number of attempts that were
   not refused.  */
static int attack_descriptor (int fd) {
  int successes = 0;
  void *again = mmap (NULL, pages.len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  successes += again != MAP_FAILED;
  if (again != MAP_FAILED) munmap (again, pages.len);
  successes += pwrite (fd, "", 1, 0) == 1;
  successes += ftruncate (fd, (off_t) pages.len / 2) == 0;
  successes += ftruncate (fd, (off_t) pages.len * 2) == 0;
  successes += fcntl (fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
  return successes;
}

/* A descriptor of the memory at RX, as a privileged process gets it; -1 if it does not.  */
static int descriptor_of_code (void) {
  char path[80];
  snprintf (path, sizeof (path), "/proc/self/map_files/%lx-%lx", (unsigned long) pages.rx,
            (unsigned long) (pages.rx + pages.len));
  return open (path, O_RDWR | O_CLOEXEC);
}

static void a_descriptor_changes_nothing (void) {
  level = MIR_CODE_SEALED;
  if (backend->bit != MIR_CODE_MEMFD) tap_skip ("%s: has no seals", backend->name);
  start (4);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  int fd = descriptor_of_code ();
  if (fd < 0) {
    finish ();
    tap_skip ("/proc/self/map_files: %s", strerror (errno));
  }
  CHECK_INT (attack_descriptor (fd), 0);
  close (fd);
  code_still_works ();
  finish ();
}

/* The control: without seals such a descriptor changes code.  */
static void an_unsealed_descriptor_does (void) {
  level = MIR_CODE_OPEN_ALIAS;
  start (4);
  int fd = pages.rw == NULL ? -1 : descriptor_of_code ();
  if (fd >= 0) CHECK (attack_descriptor (fd) >= 4);
  if (fd >= 0) close (fd);
  finish ();
  if (fd < 0) tap_skip ("/proc/self/map_files: %s", strerror (errno));
}

/* In a child in which seccomp refuses mseal.  */
static int attack_without_mseal (void) {
  if (refuse_call (SYS_MSEAL, 0, 0) != 0) return NOT_HERE;
  MIR_code_report_t report = {.size = sizeof (report)};
  const struct mir_backend *found = mir_backend_probe (backend->bit, MIR_CODE_SEALED, &report);
  if (backend->bit != MIR_CODE_MEMFD) return found == NULL ? PASSED : FAILED;
  if (found == NULL) return NOT_HERE; /* no F_SEAL_FUTURE_WRITE either */
  pages.level = MIR_CODE_SEALED;
  if (backend->map (&pages, 4 * mir_os_page_size (), NULL) != MIR_CODE_OK) return FAILED;
  if (put (0, 1) != MIR_CODE_OK) return 2;
  if (mprotect (pages.rx, pages.len, PROT_READ | PROT_WRITE) == 0) return 3;
  if (mprotect (pages.rx, pages.len, PROT_READ | PROT_WRITE | PROT_EXEC) == 0) return 4;
  void *twice = mremap (pages.rx, 0, pages.len, MREMAP_MAYMOVE);
  if (twice != MAP_FAILED && mprotect (twice, pages.len, PROT_WRITE) == 0) return 5;
  if (call (0) != 1 || put (0, 2) != MIR_CODE_OK || call (0) != 2) return 6;
  int fd = descriptor_of_code (), successes = fd < 0 ? 0 : attack_descriptor (fd);
  if (fd >= 0) close (fd);
  if (successes != 0) return 9;
  if (backend->discard (&pages, pages.rx, pages.len) != 0) return 7; /* the seal refuses */
  return backend->unmap (&pages) == 0 ? PASSED : 8;
}

static void without_mseal_only_a_memfd_is_sealed (void) {
  level = MIR_CODE_OPEN_ALIAS;
  skip_unless_it_works ();
  check_passes_in_child (attack_without_mseal, "not on this kernel, or under an emulator");
}

/* The control: the other levels allow these calls.  */
static void an_open_alias_is_not_sealed (void) {
  level = MIR_CODE_OPEN_ALIAS;
  start (1);
  CHECK_INT (mprotect (pages.rw, pages.len, PROT_READ), 0);
  CHECK_INT (mprotect (pages.rw, pages.len, PROT_READ | PROT_WRITE), 0);
  finish ();
}

static void run_named (const char *name, void (*test) (void)) {
  char full[120];
  snprintf (full, sizeof (full), "%s_%s", backend->name, name);
  tap_run (full, test);
}

int main (void) {
  for (int i = 0; mir_backends[i] != NULL; i++) {
    backend = mir_backends[i];
    if ((backend->levels & 1u << MIR_CODE_SEALED) == 0) continue;
#define RUN(NAME) run_named (#NAME, NAME)
    RUN (mseal_refuses_every_change);
    RUN (a_sealed_mapping_in_a_range_holds_it);
    RUN (without_mseal_only_a_memfd_is_sealed);
    RUN (an_open_alias_is_not_sealed);
    RUN (a_descriptor_changes_nothing);
    RUN (an_unsealed_descriptor_does);
#undef RUN
  }
  return tap_done ();
}
