/* Makes and finishes the runtime, and adds filters to it.  */
#include "runtime.h"

#include <stdio.h>
#include <string.h>

#include "libpcap.h"

void runtime_init (struct runtime *rt, MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  rt->ctx = MIR_init2 (alloc, code_alloc);
  if (rt->ctx == NULL) fail (MIR_alloc_error, "no memory for a context");
  MIR_set_error_func (rt->ctx, fail);

  alloc = MIR_get_alloc (rt->ctx); /* never NULL */
  jit_create (&rt->jit, rt->ctx);
  VARR_CREATE (filter_t, rt->filters, alloc, 16);
  HTAB_CREATE_BOUND (compiled_t, rt->cache, alloc, 16, NULL, NULL);
}

void runtime_finish (struct runtime *rt) {
  if (rt->ctx == NULL) return;
  if (rt->cache != NULL) HTAB_DESTROY (compiled_t, rt->cache);
  if (rt->filters != NULL) {
    for (size_t i = 0; i < VARR_LENGTH (filter_t, rt->filters); i++) {
      struct filter *filter = &VARR_ADDR (filter_t, rt->filters)[i];
      MIR_free (MIR_get_alloc (rt->ctx), filter->libpcap);
      if (filter->program.insns != NULL) VARR_DESTROY (insn_t, filter->program.insns);
    }
    VARR_DESTROY (filter_t, rt->filters);
  }
  input_finish (&rt->filter_file);
  capture_finish (&rt->capture);
  jit_destroy (rt->jit);
  MIR_finish (rt->ctx); /* with all published code; the tools are told */
  MIR_code_tools_finish (rt->tools);
  memset (rt, 0, sizeof (*rt));
}

void runtime_start_tools (struct runtime *rt) {
  MIR_code_tools_options_t options = {.size = sizeof (options),
                                      .alloc = MIR_get_alloc (rt->ctx),
                                      .wanted = MIR_CODE_PERF_MAP | MIR_CODE_GDB};
  MIR_code_tool_status_t status = MIR_code_tools_create (&options, &rt->tools);
  if (status == MIR_CODE_TOOL_OK)
    status = MIR_code_tools_flush (rt->tools); /* does every tool work? */
  if (status != MIR_CODE_TOOL_OK)
    fail (MIR_alloc_error, "perf or gdb: %s", MIR_code_tool_status_text (status));
  (void) MIR_code_set_hooks (MIR_get_code_space (rt->ctx), MIR_code_tools_hooks (rt->tools));
}

/* Give FILTER its machine code, from the cache if an earlier filter had the same program.  */
static void compile (struct runtime *rt, struct filter *filter) {
  struct compiled entry = {.insns = VARR_ADDR (insn_t, filter->program.insns),
                           .len = VARR_LENGTH (insn_t, filter->program.insns)};
  struct compiled found;
  if (HTAB_DO (compiled_t, rt->cache, entry, HTAB_FIND, found)) {
    entry = found;
    filter->compiled_before = 1;
  } else {
    entry.func = jit_compile (rt->jit, jit_native_abi, filter->name, entry.insns, entry.len,
                              &entry.code_len);
    HTAB_DO (compiled_t, rt->cache, entry, HTAB_INSERT, found);
  }
  filter->func = entry.func;
  filter->code_len = entry.code_len;
}

static void set_name (struct filter *filter) {
  const char *name = base_name (filter->program.path);
  size_t len = strlen (name);
  if (len > 4 && strcmp (name + len - 4, ".bpf") == 0) len -= 4;
  snprintf (filter->name, sizeof (filter->name), "%.*s", (int) len, name);
}

void runtime_add_filter (struct runtime *rt, const char *path) {
  MIR_alloc_t alloc = MIR_get_alloc (rt->ctx);
  struct filter *filter;
  MIR_trace_push (rt->trace, base_name (path));
  input_read (&rt->filter_file, alloc, path);

  /* An empty filter is stored first and filled there, so that the runtime owns it if that
     fails.  */
  VARR_PUSH (filter_t, rt->filters, ((struct filter) {.program.path = path}));
  filter = &VARR_ADDR (filter_t, rt->filters)[VARR_LENGTH (filter_t, rt->filters) - 1];
  set_name (filter);
  VARR_CREATE (insn_t, filter->program.insns, alloc, 64);
  program_parse (&filter->program, (const char *) VARR_ADDR (uint8_t, rt->filter_file.bytes),
                 VARR_LENGTH (uint8_t, rt->filter_file.bytes));
  program_verify (&filter->program);
  filter->libpcap = libpcap_program (alloc, VARR_ADDR (insn_t, filter->program.insns),
                                     VARR_LENGTH (insn_t, filter->program.insns));
  compile (rt, filter);
  MIR_trace_pop (rt->trace);
}
