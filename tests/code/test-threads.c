/* Threads in one context: two publish and change code while two others execute it.  */
#include "mir.h"

#include <pthread.h>
#include <stdatomic.h>

#include "support/machine-code.h"
#include "support/tap.h"

enum { PUBLISHERS = 2, CALLERS = 2 };

struct shared {
  MIR_context_t ctx;
  size_t funcs; /* per publisher */
  _Atomic (uint8_t *)
      *table; /* PUBLISHERS * funcs of them: function i returns i, set when published */
  atomic_int publishing;
  atomic_size_t wrong, calls;
};

struct publisher {
  struct shared *shared;
  size_t first;
};

static uint8_t *publish_by_addr (MIR_context_t ctx, const uint8_t *code) {
  uint8_t *res;
  do {
    res = _MIR_publish_code_by_addr (ctx, _MIR_get_new_code_addr (ctx, CODE_LEN), code, CODE_LEN);
  } while (res == NULL); /* the other publisher took the place first */
  return res;
}

static void *publish (void *arg) {
  struct publisher *p = (struct publisher *) arg;
  struct shared *s = p->shared;
  uint8_t code[CODE_LEN];
  for (size_t i = p->first; i < p->first + s->funcs; i++) {
    code_returning (code, (uint32_t) i + 1); /* wrong at first: no thread calls it yet */
    uint8_t *func =
        i % 3 == 0 ? publish_by_addr (s->ctx, code) : _MIR_publish_code (s->ctx, code, CODE_LEN);
    code_returning (code, (uint32_t) i);
    _MIR_change_code (s->ctx, func, code, CODE_LEN);
    atomic_store (&s->table[i], func);
  }
  atomic_fetch_sub (&s->publishing, 1);
  return NULL;
}

static void *call_all (void *arg) {
  struct shared *s = (struct shared *) arg;
  size_t wrong = 0, calls = 0;
  int last_round;
  do {
    last_round = atomic_load (&s->publishing) == 0;
    for (size_t i = 0; i < PUBLISHERS * s->funcs; i++) {
      uint8_t *func = atomic_load (&s->table[i]);
      if (func == NULL) continue;
      calls++;
      wrong += code_call (func) != i;
    }
  } while (!last_round);
  atomic_fetch_add (&s->wrong, wrong);
  atomic_fetch_add (&s->calls, calls);
  return NULL;
}

static void two_publish_in_one_context_while_others_execute (void) {
  struct shared s = {MIR_init (), tap_scaled (10000), NULL, PUBLISHERS, 0, 0};
  struct publisher publishers[PUBLISHERS];
  pthread_t threads[PUBLISHERS + CALLERS];
  REQUIRE (s.ctx != NULL);
  s.table = (_Atomic (uint8_t *) *) calloc (PUBLISHERS * s.funcs, sizeof (*s.table));
  REQUIRE (s.table != NULL);
  for (int i = 0; i < PUBLISHERS; i++) {
    publishers[i].shared = &s;
    publishers[i].first = (size_t) i * s.funcs;
    REQUIRE (pthread_create (&threads[i], NULL, publish, &publishers[i]) == 0);
  }
  for (int i = 0; i < CALLERS; i++)
    REQUIRE (pthread_create (&threads[PUBLISHERS + i], NULL, call_all, &s) == 0);
  for (int i = 0; i < PUBLISHERS + CALLERS; i++) pthread_join (threads[i], NULL);
  tap_note ("%zu functions, %zu calls", PUBLISHERS * s.funcs, (size_t) s.calls);
  CHECK_INT (s.wrong, 0);
  CHECK (s.calls >= PUBLISHERS * s.funcs);
  MIR_finish (s.ctx);
  free (s.table);
}

struct lives {
  size_t count;
  atomic_size_t wrong;
};

static void *make_and_finish (void *arg) {
  struct lives *lives = (struct lives *) arg;
  uint8_t code[CODE_LEN];
  for (size_t i = 0; i < lives->count; i++) {
    MIR_context_t ctx = MIR_init ();
    code_returning (code, (uint32_t) i);
    if (ctx == NULL || code_call (_MIR_publish_code (ctx, code, CODE_LEN)) != i)
      atomic_fetch_add (&lives->wrong, 1);
    MIR_finish (ctx);
  }
  return NULL;
}

static void contexts_live_and_die_in_several_threads (void) {
  struct lives lives = {tap_scaled (1000), 0};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    REQUIRE (pthread_create (&threads[i], NULL, make_and_finish, &lives) == 0);
  for (int i = 0; i < 4; i++) pthread_join (threads[i], NULL);
  CHECK_INT (lives.wrong, 0);
}

int main (void) {
  TEST_RUN (two_publish_in_one_context_while_others_execute);
  TEST_RUN (contexts_live_and_die_in_several_threads);
  return tap_done ();
}
