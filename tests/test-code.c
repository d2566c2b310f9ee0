/* Machine code: published, changed, and what happens when memory or a protection is refused.  */
#include "mir.h"

#include "context/context.h" /* mir_code_check */
#include "error-trap.h"
#include "machine-code.h"
#include "probe-alloc.h"
#include "probe-code-alloc.h"
#include "tap.h"

static struct probe_alloc data;
static struct probe_code_alloc pages;
static MIR_context_t ctx;

static void start (void) {
  probe_alloc_init (&data);
  probe_code_alloc_init (&pages);
  ctx = MIR_init2 (&data.alloc, &pages.alloc);
  REQUIRE (ctx != NULL);
  MIR_set_error_func (ctx, error_trap_func);
  error_trap_count = 0;
}

static void finish (void) {
  CHECK (mir_code_check (&ctx->code));
  MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&data), 0);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

static uint8_t *publish_returning (unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, sizeof (code));
}

/* LEN bytes of published code, the function above in front.  */
static uint8_t *publish_long (unsigned value, size_t len) {
  static uint8_t code[6 * 1024 * 1024];
  REQUIRE (len >= CODE_LEN && len <= sizeof (code));
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, len);
}

/*---------------- Success -----------------------------*/

static void published_code_runs_and_is_aligned_and_closed (void) {
  enum { FUNCS = 3000 };
  uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) {
    funcs[i] = publish_returning (i);
    REQUIRE (funcs[i] != NULL);
    CHECK_INT ((uintptr_t) funcs[i] % 16, 0);
    CHECK_INT (probe_code_access (&pages, funcs[i]), PROBE_READ_EXEC);
  }
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i);
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void code_larger_than_a_holder_is_published (void) {
  start ();
  uint8_t *large = publish_long (1, 5 * 1024 * 1024 + 3), *small = publish_returning (2);
  CHECK_INT (code_call (large), 1);
  CHECK_INT (code_call (small), 2);
  CHECK_INT (probe_code_access (&pages, large + 5 * 1024 * 1024), PROBE_READ_EXEC);
  finish ();
}

static void publishing_opens_only_the_touched_pages (void) {
  start ();
  size_t page = pages.page_size, before = pages.opened_pages;
  uint8_t *first = publish_returning (1);
  CHECK_INT (pages.opened_pages - before, 1);
  CHECK_INT (probe_code_access (&pages, first + page), PROBE_NONE);
  before = pages.opened_pages;
  uintptr_t addr = (uintptr_t) publish_long (2, 2 * page), last = addr + 2 * page - 1;
  CHECK_INT (pages.opened_pages - before, last / page - addr / page + 1);
  finish ();
}

static void nothing_is_published_for_length_0 (void) {
  start ();
  size_t protects = pages.protects;
  CHECK (_MIR_publish_code (ctx, NULL, 0) != NULL);
  CHECK_INT (pages.protects, protects);
  finish ();
}

static void new_code_address_is_where_the_code_goes (void) {
  uint8_t code[CODE_LEN];
  start ();
  code_returning (code, 5);
  uint8_t *addr = _MIR_get_new_code_addr (ctx, CODE_LEN);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, CODE_LEN), addr);
  CHECK_INT (code_call (addr), 5);
  addr = _MIR_get_new_code_addr (ctx, 3 * 1024 * 1024);
  CHECK_PTR (publish_long (6, 3 * 1024 * 1024), addr);
  CHECK_INT (code_call (addr), 6);
  finish ();
}

static void publish_by_addr_returns_null_when_the_place_is_taken (void) {
  uint8_t code[CODE_LEN];
  start ();
  code_returning (code, 5);
  uint8_t *addr = _MIR_get_new_code_addr (ctx, CODE_LEN);
  publish_returning (7);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, CODE_LEN), NULL);
  CHECK_INT (code_call (addr), 7);
  addr = _MIR_get_new_code_addr (ctx, CODE_LEN);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, 1024 * 1024), NULL);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr + 16, code, CODE_LEN), NULL);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, NULL, code, CODE_LEN), NULL);
  CHECK_INT (error_trap_count, 0);
  finish ();
}

static void changed_code_runs (void) {
  uint8_t code[CODE_LEN];
  start ();
  uint8_t *func = publish_returning (1), *other = publish_returning (2);
  code_returning (code, 3);
  size_t opened = pages.opened_pages;
  _MIR_change_code (ctx, func, code, CODE_LEN);
  CHECK_INT (pages.opened_pages - opened, 1);
  CHECK_INT (code_call (func), 3);
  CHECK_INT (code_call (other), 2);
  _MIR_change_code (ctx, func, code, 0);
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void *pointer_at (const uint8_t *addr) {
  void *value;
  memcpy (&value, addr, sizeof (value));
  return value;
}

static void updates_store_pointers_and_open_only_their_pages (void) {
  start ();
  size_t page = pages.page_size, far_away = 9 * page + 4;
  uint8_t *base = publish_long (1, 10 * page);
  MIR_code_reloc_t relocs[] = {{16, &data}, {24, &pages}, {33, &ctx}, {far_away, base}};
  size_t opened = pages.opened_pages, protects = pages.protects;
  _MIR_update_code_arr (ctx, base, 4, relocs);
  CHECK_INT (pages.opened_pages - opened, 2);
  CHECK_INT (pages.protects - protects, 4);
  for (int i = 0; i < 4; i++) CHECK_PTR (pointer_at (base + relocs[i].offset), relocs[i].value);
  _MIR_update_code (ctx, base, 2, (size_t) 16, (void *) base, (size_t) 40, (void *) &data);
  CHECK_PTR (pointer_at (base + 16), base);
  CHECK_PTR (pointer_at (base + 40), &data);
  _MIR_update_code_arr (ctx, base, 0, relocs);
  CHECK_INT (code_call (base), 1);
  finish ();
}

static void set_code_writes_through_the_given_vtable (void) {
  uint8_t code[CODE_LEN];
  start ();
  uint8_t *func = publish_returning (1);
  code_returning (code, 9);
  MIR_code_reloc_t bytes = {0, code}, pointer = {0, &data};
  size_t page = (uintptr_t) func / pages.page_size * pages.page_size;
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 1, &bytes, CODE_LEN), 0);
  _MIR_flush_code_cache (func, func + CODE_LEN);
  CHECK_INT (code_call (func), 9);
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 1, &pointer, 0), 0);
  CHECK_PTR (pointer_at (func), &data);
  pages.fail_protect_in = 0;
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 1, &bytes, CODE_LEN), -1);
  CHECK_PTR (pointer_at (func), &data);
  finish ();
}

/*---------------- Bad input -----------------------------*/

static void code_that_is_not_ours_is_refused (void) {
  uint8_t code[2 * CODE_LEN] = {0};
  start ();
  uint8_t *func = publish_returning (1);
  MIR_code_reloc_t behind = {CODE_LEN, NULL}, overflow = {SIZE_MAX - 3, NULL};
  size_t protects = pages.protects;
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, code, code, 1)));
  CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, NULL, code, 1)));
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func, code, 2 * CODE_LEN)));
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func - 1, code, 1)));
  CHECK (ERROR_CAUGHT (_MIR_update_code_arr (ctx, func, 1, &behind)));
  CHECK (ERROR_CAUGHT (_MIR_update_code_arr (ctx, func, 1, &overflow)));
  CHECK_INT (error_trap_count, 6);
  CHECK_INT (pages.protects, protects);
  CHECK_INT (code_call (func), 1);
  finish ();
}

static void impossible_sizes_are_refused (void) {
  uint8_t byte = 0;
  start ();
  uint8_t *func = publish_returning (1);
  MIR_code_reloc_t reloc = {0, NULL};
  size_t sizes[] = {SIZE_MAX, SIZE_MAX - 14, SIZE_MAX / 2 + 1};
  for (int i = 0; i < 3; i++) {
    CHECK (ERROR_CAUGHT (_MIR_publish_code (ctx, &byte, sizes[i])));
    CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
    CHECK (ERROR_CAUGHT (_MIR_get_new_code_addr (ctx, sizes[i])));
  }
  CHECK (ERROR_CAUGHT (_MIR_publish_code (ctx, &byte, SIZE_MAX / 2)));
  CHECK_INT (error_trap_type, MIR_alloc_error);
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func, &byte, SIZE_MAX)));
  CHECK (ERROR_CAUGHT (_MIR_update_code_arr (ctx, func, SIZE_MAX / 2, &reloc)));
  CHECK (ERROR_CAUGHT (_MIR_update_code (ctx, func, 20)));
  CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
  CHECK_INT (code_call (publish_returning (8)), 8);
  finish ();
}

/*---------------- Refusal -----------------------------*/

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

static const struct {
  const char *name;
  void (*func) (void);
} ops[] = {
    {"publish", op_publish},
    {"publish over a page bound", op_publish_over_a_page_bound},
    {"publish large", op_publish_large},
    {"new address", op_new_addr},
    {"publish by address", op_publish_by_addr},
    {"change", op_change},
    {"change long", op_change_long},
    {"update", op_update},
    {"update few", op_update_few},
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
  new_relocs[99].offset = 80; /* and not ascending at the end */
  memcpy (before, target, TARGET_PAGES * pages.page_size);
}

enum refusal { REFUSE_MEMORY, REFUSE_MAP, REFUSE_PROTECT, REFUSE_PROTECT_HALF };

static void set_refusal (enum refusal kind, int n) {
  probe_alloc_fail_after (&data, kind == REFUSE_MEMORY ? n : -1, 1);
  pages.fail_map_in = kind == REFUSE_MAP ? n : -1;
  pages.fail_protect_in = kind >= REFUSE_PROTECT ? n : -1;
  pages.fail_protect_half = kind == REFUSE_PROTECT_HALF;
}

/* One operation with one failure; whether the failure was met.  */
static int refused_at (int op, enum refusal kind, int n, uint8_t *before) {
  start_op (before);
  uint8_t *next = _MIR_get_new_code_addr (ctx, 1);
  size_t mapped = pages.mapped_bytes;
  set_refusal (kind, n);
  int caught = ERROR_CAUGHT (ops[op].func ());
  set_refusal (REFUSE_MEMORY, -1);
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
  static uint8_t before[TARGET_PAGES * 65536];
  int points = 0;
  for (int op = 0; op < OPS; op++) {
    int n = 0;
    while (refused_at (op, kind, n, before)) n++;
    points += n;
  }
  tap_note ("%d points where %s can be refused, in %d operations", points, what, OPS);
  CHECK (points > 0);
}

static void every_refused_allocation_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_MEMORY, "memory");
}
static void every_refused_map_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_MAP, "code memory");
}
static void every_refused_protection_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_PROTECT, "a protection");
}
static void every_half_done_protection_is_one_error_and_changes_nothing (void) {
  sweep (REFUSE_PROTECT_HALF, "a half-done protection");
}

/* A hardened kernel: no change is ever allowed again.  Nothing may be touched then.  */
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

static void both_map_failures_are_understood_later_too (void) {
  void *failures[] = {NULL, (void *) -1};
  for (int i = 0; i < 2; i++) {
    start ();
    pages.fail_map_in = 0;
    pages.map_failure = failures[i];
    CHECK (ERROR_CAUGHT (publish_long (1, 1024 * 1024)));
    CHECK_INT (error_trap_type, MIR_alloc_error);
    CHECK_INT (code_call (publish_returning (4)), 4);
    finish ();
  }
}

/* An out-of-memory handler inside the allocator may leave by longjmp: no lock is held then.  */
static void *leave_malloc (size_t size, void *user_data) {
  (void) size, (void) user_data;
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
  TEST_RUN (published_code_runs_and_is_aligned_and_closed);
  TEST_RUN (code_larger_than_a_holder_is_published);
  TEST_RUN (publishing_opens_only_the_touched_pages);
  TEST_RUN (nothing_is_published_for_length_0);
  TEST_RUN (new_code_address_is_where_the_code_goes);
  TEST_RUN (publish_by_addr_returns_null_when_the_place_is_taken);
  TEST_RUN (changed_code_runs);
  TEST_RUN (updates_store_pointers_and_open_only_their_pages);
  TEST_RUN (set_code_writes_through_the_given_vtable);
  TEST_RUN (code_that_is_not_ours_is_refused);
  TEST_RUN (impossible_sizes_are_refused);
  TEST_RUN (every_refused_allocation_is_one_error_and_changes_nothing);
  TEST_RUN (every_refused_map_is_one_error_and_changes_nothing);
  TEST_RUN (every_refused_protection_is_one_error_and_changes_nothing);
  TEST_RUN (every_half_done_protection_is_one_error_and_changes_nothing);
  TEST_RUN (a_system_that_refuses_all_protections_gives_errors_only);
  TEST_RUN (both_map_failures_are_understood_later_too);
  TEST_RUN (an_allocator_that_longjmps_leaves_a_usable_context);
  return tap_done ();
}
