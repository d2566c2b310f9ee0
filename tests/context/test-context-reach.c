/* All code of a context is within reach of direct calls, however crowded the address space is, also after
   a fork; and where the system refuses the range there is a context all the same.  Linux.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_NORESERVE */
#endif
#include "mir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/child.h"
#include "support/machine-code.h"
#include "support/tap.h"

enum { ROUNDS = 12, CROWD = 64, LEN = 512 * 1024 };

static MIR_context_t ctx;
static uint8_t *addrs[3 * ROUNDS + 1];
static int addrs_num;

static void start (int anywhere) {
  MIR_context_options_t options = {.size = sizeof (options), .anywhere = anywhere};
  MIR_code_status_t status = MIR_init_with (&options, &ctx);
  if (status == MIR_CODE_NO_BACKEND) tap_skip ("%s", MIR_code_status_text (status));
  REQUIRE (status == MIR_CODE_OK);
  addrs_num = 0;
}

/* How far the reach goes here; a range is not longer.  */
static size_t reach (void) {
  return MIR_code_reach () < MIR_CONTEXT_RESERVE ? MIR_code_reach () : MIR_CONTEXT_RESERVE;
}

/* The distance of the farthest two addresses.  */
static size_t spread (void) {
  uintptr_t low = UINTPTR_MAX, high = 0;
  for (int i = 0; i < addrs_num; i++) {
    uintptr_t addr = (uintptr_t) addrs[i];
    if (addr < low) low = addr;
    if (addr > high) high = addr;
  }
  return high - low;
}

/* Publish a function in LEN bytes, a thunk to it, and a function by a writer.  */
static void publish_some (unsigned value) {
  static uint8_t bytes[LEN];
  MIR_code_space_t space = MIR_get_code_space (ctx);
  MIR_code_writer_t writer;
  code_returning (bytes, value);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  uint8_t *func = addrs[addrs_num++] = _MIR_publish_code (ctx, bytes, LEN);
  void *thunk = _MIR_get_thunk (ctx);
  _MIR_redirect_thunk (ctx, thunk, func);
  addrs[addrs_num++] = (uint8_t *) thunk;
  REQUIRE (MIR_code_publish (writer, bytes, LEN, NULL, &addrs[addrs_num++]) == MIR_CODE_OK);
  MIR_code_writer_finish (writer);
  CHECK_INT (code_call (thunk), value);
  CHECK_INT (code_call (addrs[addrs_num - 1]), value);
}

/* Take address space where the next mapping would come, more than a range is long.  */
static void *crowd[CROWD];
static int crowd_num;

static void take_addresses (void) {
  void *start = mmap (NULL, 2 * (size_t) MIR_CONTEXT_RESERVE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE (start != MAP_FAILED && crowd_num < CROWD);
  crowd[crowd_num++] = start;
}

static void give_addresses_back (void) {
  while (crowd_num > 0) munmap (crowd[--crowd_num], 2 * (size_t) MIR_CONTEXT_RESERVE);
}

static void publish_in_a_crowd (void) {
  for (unsigned i = 0; i < ROUNDS; i++) {
    take_addresses ();
    publish_some (i);
  }
}

static void all_code_is_within_reach_in_a_crowded_address_space (void) {
  if (sizeof (void *) == 4) tap_skip ("32-bit addresses are too few for a crowd");
  start (1);
  publish_in_a_crowd ();
  tap_note ("anywhere: %zu MiB from end to end", spread () >> 20);
  int crowded = spread () > reach ();
  MIR_finish (ctx);
  give_addresses_back ();
  start (0);
  publish_in_a_crowd ();
  tap_note ("in a range: %zu MiB from end to end", spread () >> 20);
  CHECK (spread () < reach ());
  MIR_finish (ctx);
  give_addresses_back ();
  CHECK (crowded); /* or the test shows nothing */
}

static int publish_in_child (void) {
  take_addresses ();
  addrs_num = 1;
  publish_some (77);
  return sizeof (void *) == 4 || spread () < reach () ? 0 : 1;
}

static void code_of_a_forked_child_is_within_reach_of_its_parents (void) {
  start (0);
  publish_some (1);
  uint8_t *func = addrs[0];
  CHECK_INT (run_child (publish_in_child, NULL, 0).status, 0);
  CHECK_INT (code_call (func), 1);
  publish_some (2);
  CHECK_INT (code_call (func), 1);
  MIR_finish (ctx);
}

static size_t mapped_kib (void) {
  unsigned long pages = 0;
  FILE *file = fopen ("/proc/self/statm", "r");
  if (file == NULL || fscanf (file, "%lu", &pages) != 1) pages = 0;
  if (file != NULL) fclose (file);
  return pages * ((size_t) sysconf (_SC_PAGESIZE) / 1024);
}

/* Leave KIB more of address space than is taken now.  */
static int limit_addresses (size_t kib) {
  size_t bytes = (mapped_kib () + kib) * 1024;
  struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  return mapped_kib () == 0 ? -1 : setrlimit (RLIMIT_AS, &limit);
}

enum { NOT_HERE = 77 };

/* A context where a range does not fit.  */
static int create_in_little_space (void) {
  MIR_context_t first = MIR_init (); /* what a heap and a probe take once is taken */
  MIR_code_options_t code = {.size = sizeof (code), .reserve = MIR_CONTEXT_RESERVE};
  MIR_context_options_t options = {.size = sizeof (options), .code = &code};
  MIR_finish (first);
  if (MIR_code_reach () < MIR_CONTEXT_RESERVE || limit_addresses (16 * 1024) != 0) return NOT_HERE;
  MIR_code_status_t status = MIR_init_with (&options, &ctx);
  if (status == MIR_CODE_OK) return NOT_HERE; /* an emulator does not limit what it maps */
  if (status != MIR_CODE_NO_ADDRESS_SPACE) return 1;
  if ((ctx = MIR_init ()) == NULL) return 2;
  addrs_num = 0;
  publish_some (4);
  MIR_finish (ctx);
  return 0;
}

static void a_refused_range_is_done_without (void) {
  if (getenv ("MESON_EXE_WRAPPER") != NULL) tap_skip ("an emulator needs addresses of its own");
  int status = run_child (create_in_little_space, NULL, 0).status;
  if (status == NOT_HERE) tap_skip ("addresses cannot be limited here");
  CHECK_INT (status, 0);
}

/* RSS, in KiB.  */
static size_t resident_kib (void) {
  unsigned long total, pages = 0;
  FILE *file = fopen ("/proc/self/statm", "r");
  if (file == NULL || fscanf (file, "%lu %lu", &total, &pages) != 2) pages = 0;
  if (file != NULL) fclose (file);
  return pages * ((size_t) sysconf (_SC_PAGESIZE) / 1024);
}

/* What a context may keep resident.  ThreadSanitizer's shadow of it is counted, too: 272 KiB with
   GCC 14's.  */
#ifdef __SANITIZE_THREAD__
enum { KIB_EACH = 1024 };
#else
enum { KIB_EACH = 256 };
#endif

static void a_range_costs_addresses_and_no_memory (void) {
  enum { CONTEXTS = 20 };
  MIR_context_t contexts[CONTEXTS];
  if (sizeof (void *) == 4) tap_skip ("32-bit addresses are too few");
  if (getenv ("MESON_EXE_WRAPPER") != NULL) tap_skip ("the emulator's memory is counted, too");
  MIR_finish (MIR_init ());
  size_t mapped = mapped_kib (), resident = resident_kib ();
  if (mapped == 0) tap_skip ("needs /proc/self/statm");
  for (int i = 0; i < CONTEXTS; i++) REQUIRE ((contexts[i] = MIR_init ()) != NULL);
  size_t more_mapped = mapped_kib () - mapped;
  long more_resident = (long) resident_kib () - (long) resident;
  for (int i = 0; i < CONTEXTS; i++) MIR_finish (contexts[i]);
  tap_note ("%d contexts: %zu MiB mapped, %ld KiB resident", CONTEXTS, more_mapped >> 10,
            more_resident);
  CHECK (more_resident < CONTEXTS * KIB_EACH);
  CHECK (mapped_kib () <= mapped + 4 * 1024);
}

int main (void) {
  TEST_RUN (all_code_is_within_reach_in_a_crowded_address_space);
  TEST_RUN (code_of_a_forked_child_is_within_reach_of_its_parents);
  TEST_RUN (a_refused_range_is_done_without);
  TEST_RUN (a_range_costs_addresses_and_no_memory);
  return tap_done ();
}
