/* Replaces linked filters while another thread runs them.  */
#include "relink.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* The state that the two threads share.  */
struct traffic {
  struct llvm_runtime *lr;
  size_t swaps; /* to do */
  _Atomic (filter_func_t) func;
  /* The filters that a result may be of now; they differ only during a swap.  */
  _Atomic (const struct filter *) from, to;
  atomic_size_t packets; /* for which FUNC has returned */
  atomic_int stop;
  size_t matches, astray; /* of the thread that runs packets */
  /* Of the thread that swaps: */
  struct linked live, next;
  size_t counted; /* matches, by the units that are freed */
};

/*---------------- The thread that runs filters -----------------------------*/

static int is_result_of (const struct filter *filter, const struct packet *p, uint32_t result) {
  return program_interpret (VARR_ADDR (insn_t, filter->program.insns), p->bytes, p->caplen,
                            p->wirelen)
         == result;
}

/* FROM and TO are read before and after the call, since a swap may begin or end during it.  */
static void run_packet (struct traffic *t, const struct packet *p) {
  const struct filter *from = atomic_load (&t->from), *to = atomic_load (&t->to);
  uint32_t result = atomic_load (&t->func) (p->bytes, p->caplen, p->wirelen);
  t->matches += result != 0;
  t->astray += !is_result_of (from, p, result) && !is_result_of (to, p, result)
               && !is_result_of (atomic_load (&t->from), p, result)
               && !is_result_of (atomic_load (&t->to), p, result);
}

static void *run_packets (void *arg) {
  struct traffic *t = (struct traffic *) arg;
  const struct packet *packets = VARR_ADDR (packet_t, t->lr->rt.capture.packets);
  size_t packets_num = VARR_LENGTH (packet_t, t->lr->rt.capture.packets);
  for (size_t i = 0; !atomic_load (&t->stop); i++) {
    run_packet (t, &packets[i % packets_num]);
    atomic_fetch_add (&t->packets, 1);
  }
  return NULL;
}

/*---------------- The thread that swaps filters -----------------------------*/

/* Wait until one more call has returned: then every call that began before is over.  */
static void wait_for_grace (struct traffic *t) {
  size_t packets = atomic_load (&t->packets);
  while (atomic_load (&t->packets) == packets) sched_yield ();
}

static filter_func_t func_of (const struct linked *linked) {
  return (filter_func_t) (uintptr_t) linked->func;
}

/* Free the unit that no thread runs any more, and count what it has counted.  */
static void retire (struct traffic *t, struct linked *linked) {
  t->counted += *linked->matches;
  llvm_runtime_unlink (t->lr, linked);
}

static void swap_all (void *arg) {
  struct traffic *t = (struct traffic *) arg;
  size_t filters_num = VARR_LENGTH (llvm_filter_t, t->lr->filters);
  for (size_t i = 1; i <= t->swaps; i++) {
    const struct filter *filter = &VARR_ADDR (filter_t, t->lr->rt.filters)[i % filters_num];
    struct linked old = t->live;
    llvm_runtime_link (t->lr, &VARR_ADDR (llvm_filter_t, t->lr->filters)[i % filters_num].object,
                       &t->next);
    atomic_store (&t->to, filter);
    atomic_store (&t->func, func_of (&t->next));
    t->live = t->next;
    t->next = (struct linked) {.unit = NULL};
    wait_for_grace (t); /* the thread may be in the old unit and goes on */
    retire (t, &old);   /* the thread has left it */
    atomic_store (&t->from, filter);
  }
}

void relink_filters (struct llvm_runtime *lr, size_t swaps, struct relink_result *result) {
  struct traffic t = {.lr = lr, .swaps = swaps};
  struct failure failure;
  pthread_t thread;
  int failed;
  t.from = t.to = VARR_ADDR (filter_t, lr->rt.filters);
  llvm_runtime_link (lr, &VARR_ADDR (llvm_filter_t, lr->filters)[0].object, &t.live);
  t.func = func_of (&t.live);
  if (pthread_create (&thread, NULL, run_packets, &t) != 0)
    fail (MIR_alloc_error, "no thread to run packets");

  /* Even on failure, nothing may be freed while the thread runs.  */
  failed = catch_failure (&failure, swap_all, &t);
  atomic_store (&t.stop, 1);
  pthread_join (thread, NULL);
  if (failed) fail (failure.type, "%s", failure.message); /* the linker owns its units */

  retire (&t, &t.live);
  result->swaps = swaps;
  result->packets = t.packets;
  result->matches = t.matches;
  result->counted = t.counted;
  result->astray = t.astray;
}
