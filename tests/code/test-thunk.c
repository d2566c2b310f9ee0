/* Thunks: their targets, also while they are redirected under running threads.  */
#include "mir.h"

#include <pthread.h>
#include <stdatomic.h>

#include "support/error-trap.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "support/tap.h"

static MIR_context_t ctx;

static uint8_t *publish_returning (unsigned value) {
  uint8_t code[CODE_LEN];
  code_returning (code, value);
  return _MIR_publish_code (ctx, code, sizeof (code));
}

static unsigned far_function (void) {
  return 77;
}

static void *address_of (code_func_t func) {
  void *addr;
  memcpy (&addr, &func, sizeof (addr));
  return addr;
}

static void a_thunk_leads_to_its_target (void) {
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  void *one = publish_returning (1), *thunk = _MIR_get_thunk (ctx), *two = publish_returning (2);
  CHECK_PTR (_MIR_get_thunk_addr (ctx, thunk), NULL);
  _MIR_redirect_thunk (ctx, thunk, one);
  CHECK_PTR (_MIR_get_thunk_addr (ctx, thunk), one);
  CHECK_INT (code_call (thunk), 1);
  _MIR_redirect_thunk (ctx, thunk, two);
  CHECK_INT (code_call (thunk), 2);
  _MIR_redirect_thunk (ctx, thunk, address_of (far_function));
  CHECK_INT (code_call (thunk), 77);
  MIR_finish (ctx);
}

static void thunks_lead_to_thunks (void) {
  enum { CHAIN = 1000 };
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  void *next = publish_returning (5), *thunk;
  for (int i = 0; i < CHAIN; i++) {
    thunk = _MIR_get_thunk (ctx);
    _MIR_redirect_thunk (ctx, thunk, next);
    next = thunk;
  }
  CHECK_INT (code_call (next), 5);
  MIR_finish (ctx);
}

typedef long (*sum_func_t) (long, long, long, long, long, long, long, long, long, double);

static long sum (long a, long b, long c, long d, long e, long f, long g, long h, long i, double x) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + (long) x;
}

static void arguments_and_results_pass_through (void) {
  sum_func_t func = sum;
  void *addr;
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  memcpy (&addr, &func, sizeof (addr));
  void *thunk = _MIR_get_thunk (ctx);
  _MIR_redirect_thunk (ctx, thunk, addr);
  memcpy (&func, &thunk, sizeof (func));
  CHECK_INT (func (1, 2, 3, 4, 5, 6, 7, 8, 9, 1000.0), 1285);
  MIR_finish (ctx);
}

static void what_is_no_code_of_ours_is_not_redirected (void) {
  uint8_t other[64] = {0};
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  MIR_set_error_func (ctx, error_trap_func);
  CHECK (ERROR_CAUGHT (_MIR_redirect_thunk (ctx, other, other)));
  CHECK_INT (error_trap_type, MIR_wrong_param_value_error);
  MIR_finish (ctx);
}

/* A redirect changes private data only.  */
static void redirecting_asks_the_system_for_nothing (void) {
  static struct probe_alloc data;
  static struct probe_code_alloc pages;
  probe_alloc_init (&data);
  probe_code_alloc_init (&pages);
  ctx = MIR_init2 (&data.alloc, &pages.alloc);
  REQUIRE (ctx != NULL);
  MIR_set_error_func (ctx, error_trap_func);
  void *one = publish_returning (1), *two = publish_returning (2), *thunk = _MIR_get_thunk (ctx);
  size_t protects = pages.protects;
  pages.fail_protect_in = 0;
  pages.fail_protect_forever = 1;
  probe_alloc_fail_after (&data, 0, 1);
  _MIR_redirect_thunk (ctx, thunk, one);
  CHECK_INT (code_call (thunk), 1);
  _MIR_redirect_thunk (ctx, thunk, two);
  CHECK_INT (code_call (thunk), 2);
  CHECK_INT (pages.protects, protects);
  MIR_finish (ctx);
  CHECK_INT (probe_alloc_finish (&data), 0);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

/* Each allocation and each protection that a new thunk needs is refused once.  */
static void a_refused_thunk_is_one_error (void) {
  static struct probe_alloc data;
  static struct probe_code_alloc pages;
  static int n, refused;
  for (n = 0, refused = 1; refused; n++) {
    probe_alloc_init (&data);
    probe_code_alloc_init (&pages);
    ctx = MIR_init2 (&data.alloc, &pages.alloc);
    REQUIRE (ctx != NULL);
    MIR_set_error_func (ctx, error_trap_func);
    probe_alloc_fail_after (&data, n / 2, 0);
    pages.fail_protect_in = n % 2 == 0 ? n / 2 : -1;
    refused = ERROR_CAUGHT (_MIR_get_thunk (ctx));
    if (refused) CHECK_INT (error_trap_type, MIR_alloc_error);
    probe_alloc_fail_after (&data, -1, 0);
    pages.fail_protect_in = -1;
    void *one = publish_returning (1), *thunk = _MIR_get_thunk (ctx);
    _MIR_redirect_thunk (ctx, thunk, one);
    CHECK_INT (code_call (thunk), 1);
    MIR_finish (ctx);
    CHECK_INT (probe_alloc_finish (&data), 0);
    CHECK_INT (probe_code_alloc_finish (&pages), 0);
  }
  tap_note ("%d points where something can be refused", n - 1);
  CHECK (n > 2);
}

/*---------------- Threads -----------------------------*/

enum { CALLERS = 2 };

static void *shared_thunk;
static atomic_int redirecting;
static atomic_size_t calls, astray;

static void *call_until_done (void *arg) {
  size_t n = 0, wrong = 0;
  (void) arg;
  do {
    unsigned value = code_call (shared_thunk);
    wrong += value != 1 && value != 77;
    n++;
  } while (atomic_load (&redirecting));
  atomic_fetch_add (&calls, n);
  atomic_fetch_add (&astray, wrong);
  return NULL;
}

/* One target is near and one far, so that every byte of the address changes.  */
static void redirecting_under_running_callers_is_atomic (void) {
  pthread_t threads[CALLERS];
  size_t n = tap_scaled (100000);
  ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  void *targets[2] = {publish_returning (1), address_of (far_function)};
  shared_thunk = _MIR_get_thunk (ctx);
  _MIR_redirect_thunk (ctx, shared_thunk, targets[0]);
  atomic_store (&redirecting, 1);
  for (int i = 0; i < CALLERS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, call_until_done, NULL) == 0);
  for (size_t i = 0; i < n; i++) _MIR_redirect_thunk (ctx, shared_thunk, targets[i % 2]);
  atomic_store (&redirecting, 0);
  for (int i = 0; i < CALLERS; i++) pthread_join (threads[i], NULL);
  tap_note ("redirected %zu times under %zu calls", n, (size_t) calls);
  CHECK_INT (astray, 0);
  MIR_finish (ctx);
}

int main (void) {
  TEST_RUN (a_thunk_leads_to_its_target);
  TEST_RUN (thunks_lead_to_thunks);
  TEST_RUN (arguments_and_results_pass_through);
  TEST_RUN (what_is_no_code_of_ours_is_not_redirected);
  TEST_RUN (redirecting_asks_the_system_for_nothing);
  TEST_RUN (a_refused_thunk_is_one_error);
  TEST_RUN (redirecting_under_running_callers_is_atomic);
  return tap_done ();
}
