/* Refusals of memory and protections: each is one error, and no operation changes anything.  */
#include "code/code-fixture.h"

#include "os/os.h"

/* Operations for the sweeps.  Each is run with a failure at n = 0, 1, ... until it succeeds.  */
static uint8_t *target; /* published before; several pages */
static uint8_t new_bytes[600];
static MIR_code_reloc_t new_relocs[100];
enum { TARGET_PAGES = 4 };

static void op_publish (void) {
  publish_returning (11);
}
static void op_publish_over_a_page_bound (void) {
  publish_long (12, 2 * pages.page_size + 5);
}
static void op_publish_large (void) {
  publish_long (13, 3 * 1024 * 1024);
}
static void op_new_addr (void) {
  _MIR_get_new_code_addr (ctx, 3 * 1024 * 1024);
}
static void op_publish_by_addr (void) {
  uint8_t code[CODE_LEN];
  code_returning (code, 14);
  _MIR_publish_code_by_addr (ctx, _MIR_get_new_code_addr (ctx, CODE_LEN), code, CODE_LEN);
}
static void op_change (void) {
  _MIR_change_code (ctx, target + pages.page_size - 20, new_bytes, 40);
}
static void op_change_long (void) {
  _MIR_change_code (ctx, target + pages.page_size - 20, new_bytes, sizeof (new_bytes));
}
static void op_update (void) {
  _MIR_update_code_arr (ctx, target, 100, new_relocs);
}
static void op_update_few (void) {
  _MIR_update_code (ctx, target, 2, (size_t) 64, (void *) target, 3 * pages.page_size + 1,
                    (void *) target);
}

static void op_update_descending (void) {
  MIR_code_reloc_t relocs[3 * TARGET_PAGES]; /* from the last page to the first */
  for (size_t i = 0; i < 3 * TARGET_PAGES; i++) {
    relocs[i].offset = 64 + (3 * TARGET_PAGES - 1 - i) * (pages.page_size / 3);
    relocs[i].value = ctx;
  }
  _MIR_update_code_arr (ctx, target, 3 * TARGET_PAGES, relocs);
  for (size_t i = 0; i < 3 * TARGET_PAGES; i++)
    CHECK_PTR (pointer_at (target + relocs[i].offset), ctx);
}

static const struct {
  const char *name;
  void (*func) (void);
  int one_span; /* all that it changes is opened and closed together */
} ops[] = {
    {"publish", op_publish, 1},
    {"publish over a page bound", op_publish_over_a_page_bound, 1},
    {"publish large", op_publish_large, 1},
    {"new address", op_new_addr, 0},
    {"publish by address", op_publish_by_addr, 1},
    {"change", op_change, 1},
    {"change long", op_change_long, 1},
    {"update", op_update, 0},
    {"update few", op_update_few, 0},
    {"update descending", op_update_descending, 0},
};
enum { OPS = sizeof (ops) / sizeof (ops[0]) };

static void start_op (uint8_t *before) {
  start ();
  target = publish_long (10, TARGET_PAGES * pages.page_size);
  for (size_t i = 0; i < sizeof (new_bytes); i++) new_bytes[i] = (uint8_t) (i * 7 + 1);
  for (size_t i = 0; i < 100; i++) { /* ascending, over all pages, some overlapping */
    new_relocs[i].offset = 64 + i * (TARGET_PAGES * pages.page_size / 104);
    new_relocs[i].value = &new_relocs[i];
  }
  new_relocs[7].offset = new_relocs[6].offset + 3;
  new_relocs[99].offset = 80; /* the last one is not ascending */
  memcpy (before, target, TARGET_PAGES * pages.page_size);
}

enum refusal { REFUSE_MEMORY, REFUSE_MAP, REFUSE_PROTECT };

static void refuse_nothing (void) {
  probe_alloc_fail_after (&data, -1, 0);
  pages.fail_map_in = pages.fail_protect_in = -1;
  pages.fail_protects = 0;
}

/* Refuse memory and maps from call N on; or the protections of which N has the bit, the lowest bit
   for the first call.  */
static void refuse (enum refusal kind, unsigned long long n) {
  refuse_nothing ();
  if (kind == REFUSE_MEMORY) probe_alloc_fail_after (&data, (long) n, 1);
  if (kind == REFUSE_MAP) pages.fail_map_in = (long) n;
  if (kind == REFUSE_PROTECT) pages.fail_protects = n;
}

/* Run one operation under a refusal.  Returns whether a call was refused.  */
static int refused_at (int op, enum refusal kind, unsigned long long n, int half) {
  static uint8_t before[TARGET_PAGES * 65536];
  start_op (before);
  pages.fail_protect_half = half;
  uint8_t *next = _MIR_get_new_code_addr (ctx, 1);
  size_t mapped = pages.mapped_bytes;
  refuse (kind, n);
  int caught = ERROR_CAUGHT (ops[op].func ());
  refuse_nothing ();
  if (caught) {
    CHECK_INT (error_trap_count, 1);
    CHECK_INT (error_trap_type, MIR_alloc_error);
    CHECK (memcmp (before, target, TARGET_PAGES * pages.page_size) == 0);
    CHECK (probe_code_all_closed (&pages));
    CHECK_INT (pages.mapped_bytes, mapped);
    CHECK_PTR (_MIR_get_new_code_addr (ctx, 1), next);
    ops[op].func (); /* and now it works */
  }
  CHECK_INT (code_call (target), 10);
  CHECK (probe_code_all_closed (&pages));
  finish ();
  return caught;
}

static void sweep (enum refusal kind, const char *what) {
  unsigned points = 0;
  for (int op = 0; op < OPS; op++) {
    unsigned n = 0;
    while (refused_at (op, kind, n, 0)) n++;
    points += n;
  }
  tap_note ("%u points where %s can be refused, in %d operations", points, what, OPS);
  CHECK (points > 0);
}

/* Refuse one protection, and every pair of them: the calls which restore the old state are refused,
   too, and then succeed.  */
static void sweep_protections (int half) {
  enum { DISTANCE = 12 };
  unsigned points = 0, pairs = 0;
  for (int op = 0; op < OPS; op++)
    for (unsigned n = 0; n + DISTANCE < 64 && refused_at (op, REFUSE_PROTECT, 1ull << n, half);
         n++, points++)
      for (unsigned distance = 1; distance <= DISTANCE; distance++, pairs++)
        CHECK (refused_at (op, REFUSE_PROTECT, (1ull << n) | (1ull << (n + distance)), half));
  tap_note ("%u points where a protection can be refused, %u pairs of them, in %d operations",
            points, pairs, OPS);
  CHECK (points > 0);
}

static void every_refused_allocation_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_MEMORY, "memory");
}
static void every_refused_map_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_MAP, "code memory");
}
static void every_refused_protection_is_one_error_and_changes_nothing (void) {
  sweep_protections (0);
}
static void every_half_done_protection_is_one_error_and_changes_nothing (void) {
  sweep_protections (1);
}

/* A hardened kernel refuses every change of a protection: nothing may be written then.  */
static void a_system_that_refuses_all_protections_gives_errors_only (void) {
  uint8_t code[CODE_LEN] = {0};
  start ();
  uint8_t *func = publish_returning (1);
  pages.fail_protect_in = 0;
  pages.fail_protect_forever = 1;
  for (int i = 0; i < 10; i++) {
    CHECK (ERROR_CAUGHT (publish_returning (2)));
    CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func, code, CODE_LEN)));
  }
  CHECK_INT (error_trap_count, 20);
  CHECK_INT (code_call (func), 1);
  finish ();
}

/* Whether mir_os_is_writable tells anything here: then bytes can be put back through pages that a
   refused call has left open.  */
#if defined(__linux__) || defined(_WIN32)
static const int tells_writable = 1;
#else
static const int tells_writable = 0;
#endif

/* Refuse every call from the N-th on, also those which would restore the old state.  Returns
   whether there was an error.  */
static int stops_at (int op, long n) {
  static uint8_t before[TARGET_PAGES * 65536];
  start_op (before);
  pages.fail_protect_in = n;
  pages.fail_protect_forever = 1;
  int caught = ERROR_CAUGHT (ops[op].func ());
  refuse_nothing ();
  CHECK_INT (error_trap_count, caught);
  /* Of several spans, those closed before the refusal cannot be opened again.  */
  if (caught && tells_writable && ops[op].one_span)
    CHECK (memcmp (before, target, TARGET_PAGES * pages.page_size) == 0);
  CHECK_INT (code_call (publish_returning (3)), 3);
  CHECK (probe_code_all_closed (&pages)); /* by the next write */
  finish ();
  return caught;
}

static void a_system_that_stops_in_the_middle_is_one_error (void) {
  for (int op = 0; op < OPS; op++)
    for (long n = 0; stops_at (op, n); n++) {
    }
}

static void a_refused_publish_keeps_the_code_of_its_slab (void) {
  start ();
  uint8_t *older = publish_long (1, 100 * 1024); /* in a slab with some room left */
  pages.fail_protects = 1;
  CHECK (ERROR_CAUGHT (publish_returning (2)));
  CHECK_INT (code_call (older), 1);
  CHECK_INT (code_call (publish_returning (3)), 3);
  finish ();
}

static int unmaps_at_the_end;

static void *map_at_the_end (size_t len, void *user_data) {
  (void) user_data;
  return (void *) (0 - (uintptr_t) len);
}

static int count_unmap (void *addr, size_t len, void *user_data) {
  (void) addr;
  (void) len;
  (void) user_data;
  unmaps_at_the_end++;
  return 0;
}

/* The address behind the range would be 0, so sums of an address and a length would wrap
   around.  */
static void a_range_at_the_end_of_the_address_space_is_refused (void) {
  struct MIR_code_alloc last = {map_at_the_end, count_unmap, NULL, NULL};
  unmaps_at_the_end = 0;
  CHECK_PTR (MIR_init2 (NULL, &last), NULL);
  /* One for the preferred size, one for the needed size if that is smaller.  */
  CHECK_INT (unmaps_at_the_end, mir_os_page_size () < 64 * 1024 ? 2 : 1);
}

static void a_later_map_failure_is_understood (void *failure) {
  start ();
  pages.fail_map_in = 0;
  pages.map_failure = failure;
  CHECK (ERROR_CAUGHT (publish_long (1, 1024 * 1024)));
  CHECK_INT (error_trap_type, MIR_alloc_error);
  CHECK_INT (code_call (publish_returning (4)), 4);
  finish ();
}

static void both_map_failures_are_understood_later_too (void) {
  a_later_map_failure_is_understood (NULL);
  a_later_map_failure_is_understood ((void *) -1);
}

/* An out-of-memory handler inside an allocator may leave by longjmp, since no lock is held.  */
static void *leave_malloc (size_t size, void *user_data) {
  (void) size;
  (void) user_data;
  longjmp (error_trap, 1);
}

static void an_allocator_that_longjmps_leaves_a_usable_context (void) {
  start ();
  void *(*whole) (size_t, void *) = data.alloc.malloc;
  data.alloc.malloc = leave_malloc;
  CHECK (ERROR_CAUGHT (publish_long (1, 1024 * 1024)));
  CHECK_INT (error_trap_count, 0);
  data.alloc.malloc = whole;
  CHECK_INT (code_call (publish_long (2, 1024 * 1024)), 2);
  finish ();
}

int main (void) {
  TEST_RUN (every_refused_allocation_is_one_error_and_changes_nothing);
  TEST_RUN (every_refused_map_is_one_error_and_changes_nothing);
  TEST_RUN (every_refused_protection_is_one_error_and_changes_nothing);
  TEST_RUN (every_half_done_protection_is_one_error_and_changes_nothing);
  TEST_RUN (a_system_that_refuses_all_protections_gives_errors_only);
  TEST_RUN (both_map_failures_are_understood_later_too);
  TEST_RUN (an_allocator_that_longjmps_leaves_a_usable_context);
  TEST_RUN (a_system_that_stops_in_the_middle_is_one_error);
  TEST_RUN (a_refused_publish_keeps_the_code_of_its_slab);
  TEST_RUN (a_range_at_the_end_of_the_address_space_is_refused);
  return tap_done ();
}
