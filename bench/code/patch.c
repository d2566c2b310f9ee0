/* Times patches of published code: an aligned word of 8 bytes in one of 64 functions in turn.
   Cells and thunks change where a call goes as well, without changing code.  */
#include "job.h"
#include "mir-code.h"
#include "mir.h"
#include "bench.h"

enum { OPS = 100000, FLIPS = 1000, PIECES = 64, OFFSET = 8 };

static void patch (void) {
  struct job *job = (struct job *) bench_running->arg;
  for (size_t i = 0; i < bench_running_ops; i++)
    job->way->patch (job->hand, job->pieces[i % PIECES] + OFFSET, i);
}

static MIR_code_cell_t *cells[PIECES];

static void set_cells (void) {
  for (size_t i = 0; i < bench_running_ops; i++) MIR_code_cell_set (cells[i % PIECES], job_code);
}

static MIR_context_t ctx;
static void *thunks[PIECES];

static void redirect_thunks (void) {
  for (size_t i = 0; i < bench_running_ops; i++)
    _MIR_redirect_thunk (ctx, thunks[i % PIECES], thunks[0]);
}

int main (int argc, char **argv) {
  static const struct way *ways[] = {&way_rwx,     &way_flip_mapping, &way_asmjit, &way_asmjit_dual,
                                     &way_publish, &way_mir,          &way_vtable};
  enum { WAYS = sizeof (ways) / sizeof (ways[0]) };
  static struct job jobs[WAYS];
  struct bench_side sides[WAYS + 3] = {{0}};
  MIR_code_space_t space;
  for (size_t i = 0; i < WAYS; i++) {
    job_open (&jobs[i], ways[i], PIECES);
    job_publish (&jobs[i], PIECES);
    sides[i] = (struct bench_side) {
        .name = ways[i]->name,
        .run = patch,
        .arg = &jobs[i],
        .ops = ways[i] == &way_flip_mapping || ways[i] == &way_vtable ? FLIPS : 0};
  }
  ctx = MIR_init ();
  if (ctx == NULL || MIR_code_space_create (NULL, &space) != MIR_CODE_OK) bench_fail ("no space");
  for (size_t i = 0; i < PIECES; i++) {
    thunks[i] = _MIR_get_thunk (ctx);
    if (MIR_code_cell_new (space, job_code, &cells[i]) != MIR_CODE_OK) bench_fail ("no cell");
  }
  sides[0].name = "store into an RWX mapping";
  sides[4].name = "MIR_code_patch";
  sides[5].name = "_MIR_update_code";
  sides[6].name = "_MIR_update_code by a vtable";
  sides[WAYS] = (struct bench_side) {.name = "MIR_code_cell_set", .run = set_cells};
  sides[WAYS + 1] = (struct bench_side) {.name = "_MIR_redirect_thunk", .run = redirect_thunks};
  bench_start (argc, argv);
  bench_compare ("patch an aligned word of 8 bytes", OPS, sides);
  for (size_t i = 0; i < WAYS; i++) job_close (&jobs[i]);
  MIR_code_space_finish (space);
  MIR_finish (ctx);
  return 0;
}
