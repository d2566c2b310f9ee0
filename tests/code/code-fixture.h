/* A context over two probing allocators, for the tests of machine code.  */
#ifndef MIR_TESTS_CODE_CODE_FIXTURE_H
#define MIR_TESTS_CODE_CODE_FIXTURE_H

#include "mir.h"

#include "code/query.h" /* mir_space_check */
#include "context/context.h"
#include "support/error-trap.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/tap.h"

static struct probe_alloc data;
static struct probe_code_alloc pages;
static MIR_context_t ctx;

static inline void start_context (void) {
  ctx = MIR_init2 (&data.alloc, &pages.alloc);
  REQUIRE (ctx != NULL);
  MIR_set_error_func (ctx, error_trap_func);
  error_trap_count = 0;
}

static inline void start (void) {
  probe_alloc_init (&data);
  probe_code_alloc_init (&pages);
  start_context ();
}

/* Start with slabs of which one ends where another starts.  */
static inline void start_adjoining (void) {
  probe_alloc_init (&data);
  probe_code_alloc_init (&pages);
  probe_code_alloc_adjoin (&pages);
  start_context ();
}

static inline void finish (void) {
  CHECK (mir_space_check (ctx->space));
  MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&data), 0);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

static inline uint8_t *publish_returning (unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, sizeof (code));
}

/* Publish LEN bytes which begin with the same function.  */
static inline uint8_t *publish_long (unsigned value, size_t len) {
  static uint8_t code[6 * 1024 * 1024];
  REQUIRE (len >= CODE_LEN && len <= sizeof (code));
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, len);
}

static inline void *pointer_at (const uint8_t *addr) {
  void *value;
  memcpy (&value, addr, sizeof (value));
  return value;
}

#endif /* MIR_TESTS_CODE_CODE_FIXTURE_H */
