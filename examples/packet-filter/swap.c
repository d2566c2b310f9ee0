/* Replaces the code of filters while another thread runs them.  */
#include "swap.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "mir-code.h"

/* The state that the two threads share.  */
struct traffic {
  struct runtime *rt;
  size_t swaps; /* to do */
  void *thunk;
  /* The filters that a result may be of now; they differ only during a swap.  */
  _Atomic (const struct filter *) from, to;
  atomic_size_t packets; /* for which the filter has returned */
  atomic_int stop;
  size_t astray;
};

static void *address_of (filter_func_t func) {
  return (void *) (uintptr_t) func;
}

/*---------------- The thread that runs filters -----------------------------*/

static int is_result_of (const struct filter *filter, const struct packet *p, uint32_t result) {
  return program_interpret (VARR_ADDR (insn_t, filter->program.insns), p->bytes, p->caplen,
                            p->wirelen)
         == result;
}

/* FROM and TO are read before and after the call, since a swap may begin or end during it.  */
static int run_packet (struct traffic *t, filter_func_t filter, const struct packet *p) {
  const struct filter *from = atomic_load (&t->from), *to = atomic_load (&t->to);
  uint32_t result = filter (p->bytes, p->caplen, p->wirelen);
  return is_result_of (from, p, result) || is_result_of (to, p, result)
         || is_result_of (atomic_load (&t->from), p, result)
         || is_result_of (atomic_load (&t->to), p, result);
}

static void *run_packets (void *arg) {
  struct traffic *t = (struct traffic *) arg;
  filter_func_t filter = (filter_func_t) (uintptr_t) t->thunk;
  const struct packet *packets = VARR_ADDR (packet_t, t->rt->capture.packets);
  size_t packets_num = VARR_LENGTH (packet_t, t->rt->capture.packets);
  for (size_t i = 0; !atomic_load (&t->stop); i++) {
    t->astray += !run_packet (t, filter, &packets[i % packets_num]);
    atomic_fetch_add (&t->packets, 1);
  }
  return NULL;
}

/*---------------- The thread that swaps filters -----------------------------*/

static filter_func_t compile (struct runtime *rt, const struct filter *filter) {
  size_t code_len;
  return jit_compile (rt->jit, jit_native_abi, filter->name,
                      VARR_ADDR (insn_t, filter->program.insns),
                      VARR_LENGTH (insn_t, filter->program.insns), &code_len);
}

/* Wait until one more call has returned: then every call that began before is over.  */
static void wait_for_grace (struct traffic *t) {
  size_t packets = atomic_load (&t->packets);
  while (atomic_load (&t->packets) == packets) sched_yield ();
}

static void swap_all (void *arg) {
  struct traffic *t = (struct traffic *) arg;
  MIR_context_t ctx = t->rt->ctx;
  MIR_code_space_t space = MIR_get_code_space (ctx);
  const struct filter *filters = VARR_ADDR (filter_t, t->rt->filters);
  size_t filters_num = VARR_LENGTH (filter_t, t->rt->filters);
  for (size_t i = 1; i <= t->swaps; i++) {
    void *old = _MIR_get_thunk_addr (ctx, t->thunk);
    filter_func_t func = compile (t->rt, &filters[i % filters_num]);
    atomic_store (&t->to, &filters[i % filters_num]);
    _MIR_redirect_thunk (ctx, t->thunk, address_of (func));
    expect_ok (MIR_code_free (space, old)); /* the thread may be in it and goes on */
    MIR_code_grace_t grace = MIR_code_grace_begin (space);
    wait_for_grace (t);
    expect_ok (
        MIR_code_reclaim (space, grace)); /* the thread has left it: its memory is used again */
    atomic_store (&t->from, &filters[i % filters_num]);
  }
}

void swap_filters (struct runtime *rt, size_t swaps, struct swap_result *result) {
  struct traffic t = {.rt = rt, .swaps = swaps};
  const struct filter *first = VARR_ADDR (filter_t, rt->filters);
  struct failure failure;
  MIR_code_space_t space;
  pthread_t thread;
  int failed;
  t.from = t.to = first;
  t.thunk = _MIR_get_thunk (rt->ctx);
  _MIR_redirect_thunk (rt->ctx, t.thunk, address_of (compile (rt, first)));
  if (pthread_create (&thread, NULL, run_packets, &t) != 0)
    fail (MIR_alloc_error, "no thread to run packets");

  /* Even on failure, nothing may be freed while the thread runs.  */
  failed = catch_failure (&failure, swap_all, &t);
  atomic_store (&t.stop, 1);
  pthread_join (thread, NULL);
  if (failed) fail (failure.type, "%s", failure.message);

  space = MIR_get_code_space (rt->ctx);
  expect_ok (MIR_code_free_now (space, _MIR_get_thunk_addr (rt->ctx, t.thunk)));
  expect_ok (MIR_code_free_now (space, t.thunk));
  result->swaps = swaps;
  result->packets = t.packets;
  result->astray = t.astray;
}
