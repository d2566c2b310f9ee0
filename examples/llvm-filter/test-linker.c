/* Linking, freeing and refusals through both managers: arguments are a capture and a filter.  */
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "llvm-runtime.h"
#include "relink.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

enum { UNITS = 2000 };

static const char *capture, *filter_path;

/* A runtime with one filter, and units of it.  */
struct life {
  struct probe_alloc data;
  struct linker_options options;
  struct llvm_runtime lr;
  struct linked units[UNITS];
  size_t units_num;
  struct relink_result swapped;
};

static struct life life;

/*---------------- Helpers -----------------------------*/

static void begin (enum linker_manager manager) {
  memset (&life, 0, sizeof (life));
  probe_alloc_init (&life.data);
  life.options.manager = manager;
  life.options.alloc = &life.data.alloc;
}

static void end (void) {
  llvm_runtime_finish (&life.lr);
  CHECK_INT (probe_alloc_finish (&life.data), 0);
}

static void load (void *arg) {
  struct llvm_runtime *lr = &life.lr;
  (void) arg;
  llvm_runtime_init (lr, &life.options);
  capture_load (&lr->rt.capture, MIR_get_alloc (lr->rt.ctx), capture);
  llvm_runtime_add_filter (lr, filter_path);
  compare_results (&lr->rt, &VARR_ADDR (filter_t, lr->rt.filters)[0], 50);
  llvm_runtime_compare (lr, 0, 50);
}

static int does (void (*body) (void *arg), struct failure *failure) {
  return catch_failure (failure, body, NULL) == 0;
}

/* Link the filter once more.  */
static void link_unit (void *arg) {
  (void) arg;
  llvm_runtime_link (&life.lr, &VARR_ADDR (llvm_filter_t, life.lr.filters)[0].object,
                     &life.units[life.units_num]);
  life.units_num++;
}

/* Whether UNIT gives the results of the interpreter for the first packets, and counts them.  */
static int unit_works (const struct linked *unit) {
  const struct filter *filter = &VARR_ADDR (filter_t, life.lr.rt.filters)[0];
  filter_func_t func = (filter_func_t) (uintptr_t) unit->func;
  uint64_t matches = *unit->matches;
  for (size_t i = 0; i < 50; i++) {
    const struct packet *p = &VARR_ADDR (packet_t, life.lr.rt.capture.packets)[i];
    uint32_t expected = program_interpret (VARR_ADDR (insn_t, filter->program.insns), p->bytes,
                                           p->caplen, p->wirelen);
    if (func (p->bytes, p->caplen, p->wirelen) != expected) return 0;
    matches += expected != 0;
  }
  return *unit->matches == matches;
}

static int all_units_work (void) {
  for (size_t i = 0; i < life.units_num; i++)
    if (life.units[i].unit != NULL && !unit_works (&life.units[i])) return 0;
  return 1;
}

static MIR_code_stats_t get_stats (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  CHECK_INT (MIR_code_get_stats (linker_space (life.lr.linker), &stats), MIR_CODE_OK);
  return stats;
}

/*---------------- Units -----------------------------*/

static void check_independence (enum linker_manager manager) {
  struct failure failure;
  begin (manager);
  REQUIRE (does (load, &failure));
  for (int i = 0; i < 60; i++) REQUIRE (does (link_unit, &failure));
  for (size_t i = 0; i < 60; i++) {
    CHECK_INT (*life.units[i].matches, 0);
    for (size_t runs = 0; runs < i; runs++) REQUIRE (unit_works (&life.units[i]));
  }
  for (size_t i = 2; i < 60; i++) CHECK_INT (*life.units[i].matches, *life.units[1].matches * i);
  for (size_t i = 0; i < 60; i += 2) llvm_runtime_unlink (&life.lr, &life.units[i]);
  CHECK (all_units_work ());
  CHECK (*life.units[1].matches > 0);
  end (); /* with the other half */
}

static void units_of_one_object_are_independent (void) {
  check_independence (LINKER_MIR);
}

static void so_they_are_with_llvms_manager (void) {
  check_independence (LINKER_LLVM);
}

static void freed_memory_is_used_again (void) {
  struct failure failure;
  size_t mapped;
  begin (LINKER_MIR);
  REQUIRE (does (load, &failure));
  for (int i = 0; i < 200; i++) REQUIRE (does (link_unit, &failure));
  mapped = get_stats ().mapped_bytes;
  CHECK (mapped > 0);
  for (int round = 0; round < 5; round++) {
    for (size_t i = 0; i < 200; i++) llvm_runtime_unlink (&life.lr, &life.units[i]);
    for (life.units_num = 0; life.units_num < 200;) REQUIRE (does (link_unit, &failure));
    CHECK (all_units_work ());
  }
  CHECK_INT (get_stats ().mapped_bytes, mapped);
  end ();
}

/*---------------- Bad objects -----------------------------*/

static void refuses (const struct linker_object *object, const char *message) {
  struct linked linked = {.unit = NULL};
  CHECK_INT (linker_link (life.lr.linker, object, &linked), -1);
  CHECK (linked.unit == NULL && linked.func == NULL && linked.matches == NULL);
  CHECK (strstr (linker_message (life.lr.linker), message) != NULL);
  CHECK (strchr (linker_message (life.lr.linker), '\n') == NULL);
  tap_note ("%s", linker_message (life.lr.linker));
}

static void bad_objects_are_errors (void) {
  static const uint8_t junk[4096] = "this is no object file";
  struct failure failure;
  struct linker_object object = {
      .name = "junk", .bytes = junk, .len = sizeof (junk), .func = "f", .matches = "m"};
  const struct object *good;
  begin (LINKER_MIR);
  REQUIRE (does (load, &failure));
  good = &VARR_ADDR (llvm_filter_t, life.lr.filters)[0].object;
  refuses (&object, "file");
  object.len = 0;
  refuses (&object, "file");
  object.bytes = VARR_ADDR (uint8_t, good->bytes);
  object.len = VARR_LENGTH (uint8_t, good->bytes);
  refuses (&object, "[ f ]"); /* it has other symbols */
  object.func = good->func;
  refuses (&object, "[ m ]");
  CHECK_INT (get_stats ().pieces, 1);
  REQUIRE (does (link_unit, &failure));
  CHECK (all_units_work ());
  end ();
}

/*---------------- Refusals -----------------------------*/

/* Link until there is no memory.  */
static void fill (struct failure *failure) {
  while (life.units_num < UNITS && does (link_unit, failure)) {
  }
  REQUIRE (life.units_num < UNITS);
}

static void a_full_space_is_an_error_until_a_unit_is_freed (void) {
  struct failure failure;
  begin (LINKER_MIR);
  life.options.max_bytes = 64 * 1024;
  REQUIRE (does (load, &failure));
  fill (&failure);
  CHECK (life.units_num > 100);
  CHECK_INT (failure.type, MIR_alloc_error);
  CHECK (strstr (failure.message, MIR_code_status_text (MIR_CODE_LIMIT)) != NULL);
  tap_note ("%s", failure.message);
  CHECK (all_units_work ());
  CHECK_INT (get_stats ().pieces, life.units_num + 1);
  llvm_runtime_unlink (&life.lr, &life.units[life.units_num / 2]);
  REQUIRE (does (link_unit, &failure));
  CHECK (!does (link_unit, &failure));
  CHECK (all_units_work ());
  end ();
}

static void swap_some (void *arg) {
  (void) arg;
  relink_filters (&life.lr, 100, &life.swapped);
}

/* There is room for one unit more, and a swap needs two.  */
static void swapping_without_memory_ends_the_thread (void) {
  struct failure failure;
  begin (LINKER_MIR);
  life.options.max_bytes = 64 * 1024;
  REQUIRE (does (load, &failure));
  fill (&failure);
  CHECK (!does (swap_some, &failure));
  llvm_runtime_unlink (&life.lr, &life.units[0]);
  CHECK (!does (swap_some, &failure));
  CHECK (strstr (failure.message, MIR_code_status_text (MIR_CODE_LIMIT)) != NULL);
  CHECK (all_units_work ());
  end ();
}

static void swapping_loses_no_packet (enum linker_manager manager) {
  struct failure failure;
  begin (manager);
  REQUIRE (does (load, &failure));
  REQUIRE (does (swap_some, &failure));
  CHECK_INT (life.swapped.swaps, 100);
  CHECK (life.swapped.packets >= 100);
  CHECK_INT (life.swapped.astray, 0);
  CHECK_INT (life.swapped.counted, life.swapped.matches);
  end ();
}

static void swapping_loses_no_packet_with_ours (void) {
  swapping_loses_no_packet (LINKER_MIR);
}

static void swapping_loses_no_packet_with_llvms (void) {
  swapping_loses_no_packet (LINKER_LLVM);
}

static void live (void *arg) {
  load (arg);
  for (life.units_num = 0; life.units_num < 3;) link_unit (arg);
  llvm_runtime_unlink (&life.lr, &life.units[1]);
  relink_filters (&life.lr, 2, &life.swapped);
}

/* Each allocation in turn, through the context and through the space; LLVM's own come from the
   system.  */
static void gives_all_back_when_memory_is_refused (void) {
  struct failure failure;
  long n = 0;
  for (int failed = 1; failed; n++) {
    begin (LINKER_MIR);
    probe_alloc_fail_after (&life.data, n, 0);
    failed = !does (live, &failure);
    if (failed) CHECK_INT (failure.type, MIR_alloc_error);
    end ();
  }
  CHECK (n > 10);
  tap_note ("%ld allocations", n - 1);
}

int main (int argc, char **argv) {
  if (argc != 3) {
    fprintf (stderr, "usage: %s CAPTURE FILTER\n", argv[0]);
    return 1;
  }
  capture = argv[1];
  filter_path = argv[2];
  TEST_RUN (units_of_one_object_are_independent);
  TEST_RUN (so_they_are_with_llvms_manager);
  TEST_RUN (freed_memory_is_used_again);
  TEST_RUN (bad_objects_are_errors);
  TEST_RUN (a_full_space_is_an_error_until_a_unit_is_freed);
  TEST_RUN (swapping_without_memory_ends_the_thread);
  TEST_RUN (swapping_loses_no_packet_with_ours);
  TEST_RUN (swapping_loses_no_packet_with_llvms);
  TEST_RUN (gives_all_back_when_memory_is_refused);
  return tap_done ();
}
