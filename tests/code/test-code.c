/* Machine code is published and changed, and bad input is refused.  */
#include "code/code-fixture.h"

/*---------------- Success -----------------------------*/

static void published_code_runs_and_is_aligned_and_closed (void) {
  enum { FUNCS = 3000 };
  uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) {
    funcs[i] = publish_returning (i);
    REQUIRE (funcs[i] != NULL);
    CHECK_INT ((uintptr_t) funcs[i] % 32, 0);
    CHECK_INT (probe_code_access (&pages, funcs[i]), PROBE_READ_EXEC);
  }
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i);
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void code_larger_than_a_slab_is_published (void) {
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
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, NULL, code, 0), NULL);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, SIZE_MAX), NULL);
  CHECK_PTR (_MIR_publish_code_by_addr (ctx, addr, code, 0), addr);
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
  size_t protects = pages.protects;
  _MIR_change_code (ctx, func, NULL, 0);
  CHECK_INT (pages.protects, protects);
  CHECK_INT (code_call (func), 3);
  finish ();
}

/* One slab ends where another one starts, as Linux often places them.  */
static void adjoining_slabs_are_told_apart (void) {
  enum { SLABS = 5 };
  uint8_t *funcs[SLABS], code[CODE_LEN];
  start_adjoining ();
  for (unsigned i = 0; i < SLABS; i++) { /* each fills a slab but for one granule */
    size_t len = (size_t) 64 * 1024 << i;
    REQUIRE ((funcs[i] = publish_long (i, len - 32)) != NULL);
    if (i > 0) CHECK_PTR (funcs[i] + len, funcs[i - 1]);
  }
  for (unsigned i = 0; i < SLABS; i++) {
    code_returning (code, i + 100);
    _MIR_change_code (ctx, funcs[i], code, CODE_LEN);
    CHECK_INT (code_call (funcs[i]), i + 100);
  }
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, funcs[0] - 1, code, CODE_LEN)));
  finish ();
}

/* Each slab is twice as large: few functions need no system call, many functions few ranges.  */
static void slabs_grow (void) {
  start ();
  for (int i = 0; i < 3 * 1024 * 1024 / 1024; i++) REQUIRE (publish_long (1, 1024) != NULL);
  CHECK_INT (pages.maps, 7); /* 64 KiB, 128, 256, 512, 1024, 1024, 1024 */
  finish ();
}

static void room_in_older_slabs_is_used (void) {
  start ();
  publish_long (1, 1024 * 1024); /* a full slab of its own */
  size_t maps = pages.maps;
  for (unsigned i = 0; i < 100; i++) CHECK_INT (code_call (publish_returning (i)), i);
  CHECK_INT (pages.maps, maps);
  finish ();
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
  pages.fail_protects = 1; /* opening */
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 1, &bytes, CODE_LEN), -1);
  CHECK_PTR (pointer_at (func), &data);
  pages.fail_protects = 2; /* closing */
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 1, &bytes, CODE_LEN), -1);
  CHECK_INT (code_call (func), 9);
  CHECK_INT (_MIR_set_code (&pages.alloc, page, pages.page_size, func, 0, &bytes, CODE_LEN), 0);
  finish ();
}

/*---------------- Bad input -----------------------------*/

static void code_that_is_not_ours_is_refused (void) {
  uint8_t code[64] = {0};
  start ();
  uint8_t *func = publish_returning (1);
  MIR_code_reloc_t behind = {32 - (sizeof (void *) - 1), NULL}, overflow = {SIZE_MAX - 3, NULL};
  size_t protects = pages.protects;
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, code, code, 1)));
  CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, NULL, code, 1)));
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func, code, 33)));
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
  size_t sizes[] = {SIZE_MAX, SIZE_MAX - 14, SIZE_MAX / 2 + 1, SIZE_MAX / 2};
  for (int i = 0; i < 4; i++) {
    CHECK (ERROR_CAUGHT (_MIR_publish_code (ctx, &byte, sizes[i])));
    CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
    CHECK (ERROR_CAUGHT (_MIR_get_new_code_addr (ctx, sizes[i])));
  }
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, func, &byte, SIZE_MAX)));
  CHECK (ERROR_CAUGHT (_MIR_update_code_arr (ctx, func, SIZE_MAX / 2, &reloc)));
#define PAIR (size_t) 0, (void *) func
#define FIVE_PAIRS PAIR, PAIR, PAIR, PAIR, PAIR
  CHECK (ERROR_CAUGHT (
      _MIR_update_code (ctx, func, 20, FIVE_PAIRS, FIVE_PAIRS, FIVE_PAIRS, FIVE_PAIRS)));
#undef FIVE_PAIRS
#undef PAIR
  CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
  CHECK_INT (code_call (func), 1);
  CHECK_INT (code_call (publish_returning (8)), 8);
  finish ();
}

static void reserved_code_cannot_be_changed (void) {
  MIR_code_writer_t writer;
  MIR_code_place_t place = {.size = sizeof (place)};
  uint8_t code[CODE_LEN];
  start ();
  REQUIRE (MIR_code_writer_create (MIR_get_code_space (ctx), &writer) == MIR_CODE_OK);
  REQUIRE (MIR_code_reserve (writer, 100, 0, &place) == MIR_CODE_OK);
  code_returning (code, 1);
  CHECK (ERROR_CAUGHT (_MIR_change_code (ctx, place.addr, code, CODE_LEN)));
  CHECK (ERROR_CAUGHT (_MIR_update_code (ctx, place.addr, 1, (size_t) 0, (void *) code)));
  memcpy (place.buffer, code, CODE_LEN);
  REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
  code_returning (code, 2);
  _MIR_change_code (ctx, place.addr, code, CODE_LEN);
  CHECK_INT (code_call (place.addr), 2);
  finish ();
}

int main (void) {
  TEST_RUN (published_code_runs_and_is_aligned_and_closed);
  TEST_RUN (code_larger_than_a_slab_is_published);
  TEST_RUN (publishing_opens_only_the_touched_pages);
  TEST_RUN (nothing_is_published_for_length_0);
  TEST_RUN (new_code_address_is_where_the_code_goes);
  TEST_RUN (publish_by_addr_returns_null_when_the_place_is_taken);
  TEST_RUN (changed_code_runs);
  TEST_RUN (updates_store_pointers_and_open_only_their_pages);
  TEST_RUN (set_code_writes_through_the_given_vtable);
  TEST_RUN (code_that_is_not_ours_is_refused);
  TEST_RUN (impossible_sizes_are_refused);
  TEST_RUN (adjoining_slabs_are_told_apart);
  TEST_RUN (slabs_grow);
  TEST_RUN (room_in_older_slabs_is_used);
  TEST_RUN (reserved_code_cannot_be_changed);
  return tap_done ();
}
