/* Makes and finishes the runtime with LLVM's compiler, and adds filters to it.  */
#include "llvm-runtime.h"

#include <string.h>

void llvm_runtime_init (struct llvm_runtime *lr, const struct linker_options *options) {
  runtime_init (&lr->rt, options->alloc, NULL);
  codegen_create (&lr->codegen, MIR_get_alloc (lr->rt.ctx));
  VARR_CREATE (llvm_filter_t, lr->filters, MIR_get_alloc (lr->rt.ctx), 16);
  if (linker_create (&lr->linker, options) != 0)
    fail (MIR_alloc_error, "%s", linker_message (lr->linker));
}

void llvm_runtime_finish (struct llvm_runtime *lr) {
  linker_destroy (lr->linker);
  if (lr->filters != NULL) {
    for (size_t i = 0; i < VARR_LENGTH (llvm_filter_t, lr->filters); i++) {
      struct object *object = &VARR_ADDR (llvm_filter_t, lr->filters)[i].object;
      if (object->bytes != NULL) VARR_DESTROY (uint8_t, object->bytes);
    }
    VARR_DESTROY (llvm_filter_t, lr->filters);
  }
  codegen_destroy (lr->codegen);
  runtime_finish (&lr->rt);
  memset (lr, 0, sizeof (*lr));
}

void llvm_runtime_link (struct llvm_runtime *lr, const struct object *object,
                        struct linked *linked) {
  struct linker_object o = {.name = object->name,
                            .bytes = VARR_ADDR (uint8_t, object->bytes),
                            .len = VARR_LENGTH (uint8_t, object->bytes),
                            .func = object->func,
                            .matches = object->matches};
  if (linker_link (lr->linker, &o, linked) != 0)
    fail (MIR_alloc_error, "%s: %s", object->name, linker_message (lr->linker));
}

void llvm_runtime_unlink (struct llvm_runtime *lr, struct linked *linked) {
  if (linker_unlink (lr->linker, linked) != 0)
    fail (MIR_alloc_error, "%s", linker_message (lr->linker));
}

void llvm_runtime_add_filter (struct llvm_runtime *lr, const char *path) {
  const struct filter *filter;
  struct llvm_filter *added;
  runtime_add_filter (&lr->rt, path);
  filter = &VARR_ADDR (filter_t, lr->rt.filters)[VARR_LENGTH (filter_t, lr->rt.filters) - 1];

  /* As in runtime.c: stored first and filled there.  */
  VARR_PUSH (llvm_filter_t, lr->filters, ((struct llvm_filter) {.linked.unit = NULL}));
  added = &VARR_ADDR (llvm_filter_t, lr->filters)[VARR_LENGTH (llvm_filter_t, lr->filters) - 1];
  VARR_CREATE (uint8_t, added->object.bytes, MIR_get_alloc (lr->rt.ctx), 2048);
  codegen_compile (lr->codegen, filter->name, VARR_ADDR (insn_t, filter->program.insns),
                   VARR_LENGTH (insn_t, filter->program.insns), &added->object);
  llvm_runtime_link (lr, &added->object, &added->linked);
}

void llvm_runtime_compare (struct llvm_runtime *lr, size_t i, size_t packets) {
  const struct filter *filter = &VARR_ADDR (filter_t, lr->rt.filters)[i];
  const struct linked *linked = &VARR_ADDR (llvm_filter_t, lr->filters)[i].linked;
  filter_func_t func = (filter_func_t) (uintptr_t) linked->func;
  size_t captured = VARR_LENGTH (packet_t, lr->rt.capture.packets);
  for (size_t n = 0; n < packets; n++) {
    const struct packet *p = &VARR_ADDR (packet_t, lr->rt.capture.packets)[n % captured];
    uint32_t compiled = func (p->bytes, p->caplen, p->wirelen);
    uint32_t interpreted = program_interpret (VARR_ADDR (insn_t, filter->program.insns), p->bytes,
                                              p->caplen, p->wirelen);
    if (compiled != interpreted)
      fail (MIR_func_error, "%s: packet %zu: interpreter %lu, LLVM %lu", filter->program.path,
            n % captured + 1, (unsigned long) interpreted, (unsigned long) compiled);
  }
  if (*linked->matches != filter->matches)
    fail (MIR_func_error, "%s: %zu matches, of which LLVM's code counted %lu", filter->program.path,
          filter->matches, (unsigned long) *linked->matches);
}
