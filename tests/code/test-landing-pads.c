/* Code that indirect calls may enter only at landing pads.  Linux; what the CPU does is seen on
   aarch64.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-list.h"
#include "code/types.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "code/cpu.h"
#include "code/space-fixture.h"
#include "os/os.h"

#if defined(__aarch64__)
static const uint8_t pad[] = {0x5f, 0x24, 0x03, 0xd5}; /* bti c */
enum { PAD_LEN = sizeof (pad) };
static int cpu_demands_pads (void) {
  return (getauxval (AT_HWCAP2) >> 17 & 1) != 0; /* HWCAP2_BTI */
}
#elif defined(__x86_64__)
static const uint8_t pad[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* endbr64 */
enum { PAD_LEN = sizeof (pad) };
#elif defined(__i386__)
static const uint8_t pad[] = {0xf3, 0x0f, 0x1e, 0xfb}; /* endbr32 */
enum { PAD_LEN = sizeof (pad) };
#else
static const uint8_t pad[1];
enum { PAD_LEN = 0 };
#endif
#ifndef __aarch64__
static int cpu_demands_pads (void) {
  return 0;
}
#endif

/* A function that returns VALUE, behind a landing pad or without.  */
static uint8_t *publish_padded (unsigned value, size_t pad_len) {
  uint8_t code[PAD_LEN + CODE_LEN], *func = NULL;
  memcpy (code, pad, pad_len);
  code_returning (code + pad_len, value);
  CHECK_INT (MIR_code_publish (writer, code, pad_len + CODE_LEN, NULL, &func), MIR_CODE_OK);
  return func;
}

/* The signal that ends a child which calls FUNC, or 0 if that returns VALUE; -1: something else.  */
static int signal_of_call (const uint8_t *func, unsigned value) {
  int status;
  pid_t child = fork ();
  if (child == 0) _exit (code_call (func) == value ? 0 : 1);
  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  if (WIFSIGNALED (status)) return WTERMSIG (status);
  return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? 0 : -1;
}

static void thunks_begin_with_one (void) {
  if (PAD_LEN == 0) tap_skip ("no landing pads on this CPU");
  CHECK_INT (memcmp (mir_cpu.thunk, pad, PAD_LEN), 0);
}

/* In the back end BIT, at LEVEL: functions with a pad run, also by a thunk, also when they were
   changed; one without is not entered where the CPU demands pads, and runs elsewhere.  */
static void check_backend (unsigned bit, MIR_code_protection_t level) {
  set_defaults ();
  options.backends = bit;
  options.protection = level;
  options.landing_pads = 1;
  start_with_options ();
  uint8_t *func = publish_padded (1, PAD_LEN), *bare = publish_padded (2, 0);
  void *thunk = NULL;
  REQUIRE (func != NULL && bare != NULL);
  CHECK_INT (code_call (func), 1);
  if (mir_cpu.thunk_cell != 0) {
    REQUIRE (MIR_code_thunk_new (space, NULL, &thunk) == MIR_CODE_OK);
    REQUIRE (MIR_code_thunk_set (space, thunk, func) == MIR_CODE_OK);
    CHECK_INT (code_call (thunk), 1);
  }
  uint8_t changed[CODE_LEN];
  code_returning (changed, 3);
  CHECK_INT (MIR_code_patch_stopped (space, func + PAD_LEN, changed, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (func), 3);
  CHECK_INT (signal_of_call (func, 3), 0);
  CHECK_INT (signal_of_call (bare, 2), cpu_demands_pads () ? SIGILL : 0);
  finish ();
}

#define BACKEND_TEST(NAME, BIT)               \
  static void NAME##_demands_pads (void) {    \
    check_backend (BIT, MIR_CODE_OPEN_ALIAS); \
  }
BACKEND_TEST (anon, MIR_CODE_ANON)
BACKEND_TEST (memfd, MIR_CODE_MEMFD)
BACKEND_TEST (tmpfile, MIR_CODE_TMPFILE)
BACKEND_TEST (procmem, MIR_CODE_PROCMEM)
BACKEND_TEST (remap, MIR_CODE_REMAP)
BACKEND_TEST (rwx, MIR_CODE_RWX)

static void sealed_code_demands_pads (void) {
  check_backend (0, MIR_CODE_SEALED);
}

/* Also of back ends that the probe refuses because an emulator does not see changes.  */
static void new_pages_of_every_back_end_demand_pads (void) {
  for (int i = 0; mir_backends[i] != NULL; i++) {
    const struct mir_backend *backend = mir_backends[i];
    struct mir_pages mapped = {.landing_pads = 1};
    uint8_t *writable;
    size_t len = mir_os_page_size ();
    if (backend->map (&mapped, len, NULL) != MIR_CODE_OK) {
      tap_note ("%s is refused", backend->name);
      continue;
    }
    if (backend->open (&mapped, mapped.rx, len, &writable) == MIR_CODE_OK) {
      code_returning (writable, 7);
      REQUIRE (backend->close (&mapped, mapped.rx, len, writable) == MIR_CODE_OK);
      mir_os_clean_icache (mapped.rx, mapped.rx + CODE_LEN);
      tap_note ("%s", backend->name);
      CHECK_INT (signal_of_call (mapped.rx, 7), cpu_demands_pads () ? SIGILL : 0);
    }
    CHECK_INT (backend->unmap (&mapped), 0);
  }
}

static void without_the_option_nothing_is_demanded (void) {
  start ();
  uint8_t *bare = publish_padded (5, 0);
  REQUIRE (bare != NULL);
  CHECK_INT (code_call (bare), 5);
  finish ();
}

static void the_option_excludes_a_code_alloc (void) {
  set_defaults ();
  probe_code_alloc_init (&pages);
  options.code_alloc = &pages.alloc;
  options.landing_pads = 1;
  CHECK_INT (MIR_code_space_create (&options, &space), MIR_CODE_BAD_OPTION);
}

int main (void) {
  tap_note ("this CPU %s landing pads", cpu_demands_pads () ? "demands" : "does not demand");
  TEST_RUN (thunks_begin_with_one);
  TEST_RUN (anon_demands_pads);
  TEST_RUN (memfd_demands_pads);
  TEST_RUN (tmpfile_demands_pads);
  TEST_RUN (procmem_demands_pads);
  TEST_RUN (remap_demands_pads);
  TEST_RUN (rwx_demands_pads);
  TEST_RUN (sealed_code_demands_pads);
  TEST_RUN (new_pages_of_every_back_end_demand_pads);
  TEST_RUN (without_the_option_nothing_is_demanded);
  TEST_RUN (the_option_excludes_a_code_alloc);
  return tap_done ();
}
