/* The runtime: a context and everything that lives in it.

   This is the core of embedding.  One structure owns the context and, directly or through its
   members, every block of data and of code that is made with it.  So a failure may jump out of any
   function at any moment: runtime_finish knows what to free.

   One thread at a time.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_RUNTIME_H
#define MIR_EXAMPLES_PACKET_FILTER_RUNTIME_H

#include <stddef.h> /* size_t */
#include <string.h> /* memcmp */

#include "capture.h"
#include "jit.h"
#include "mir-code-tools.h"
#include "mir-trace.h"
#include "mir.h"

enum engine { INTERPRETER, JIT, LIBPCAP, ENGINES };

#define ROUNDS_MAX 25

typedef struct filter {
  struct program program;
  char name[64];            /* of its file, without .bpf */
  struct bpf_insn *libpcap; /* the same program for libpcap; NULL: there is no libpcap */
  filter_func_t func;       /* compiled; owned by the context; NULL: no JIT for this CPU */
  size_t code_len;          /* bytes */
  int compiled_before;      /* FUNC is of an earlier filter with the same program */
  size_t matches;           /* packets with a result above 0 */
  double seconds[ENGINES][ROUNDS_MAX];
} filter_t;

DEF_VARR (filter_t)

/* Compiled code by program, so that filters with the same program share it.  */
typedef struct compiled {
  const struct insn *insns; /* of the filter it was compiled for */
  size_t len;
  filter_func_t func;
  size_t code_len;
} compiled_t;

/* Instructions have no padding, so their bytes are the key.  */
static inline htab_hash_t hash_program (struct compiled entry, void *arg) {
  (void) arg;
  return mir_bytes_hash (entry.insns, entry.len * sizeof (struct insn));
}

static inline int same_program (struct compiled a, struct compiled b, void *arg) {
  (void) arg;
  return a.len == b.len && memcmp (a.insns, b.insns, a.len * sizeof (struct insn)) == 0;
}

DEF_HTAB_BOUND (compiled_t, hash_program, same_program)

struct runtime {
  MIR_context_t ctx;
  MIR_code_tools_t tools; /* NULL: none */
  MIR_trace_t trace;      /* NULL: none; the caller owns it */
  struct jit *jit;
  struct capture capture;
  struct input filter_file;
  VARR (filter_t) *filters;
  HTAB (compiled_t) *cache;
};

/* Make a context with the two allocators, which must outlive RT; NULL is the default.  RT is all
   zero before.  Fails if memory is refused; the caller finishes RT in any case.  */
void runtime_init (struct runtime *rt, MIR_alloc_t alloc, MIR_code_alloc_t code_alloc);
void runtime_finish (struct runtime *rt);

/* Tell perf and gdb about the filters that are compiled from now on.  Fails if that is
   impossible.  */
void runtime_start_tools (struct runtime *rt);

/* Read, verify and compile the filter in the file PATH.  The string PATH must outlive RT.  Fails on
   a bad filter and if memory is refused.  */
void runtime_add_filter (struct runtime *rt, const char *path);

#endif /* MIR_EXAMPLES_PACKET_FILTER_RUNTIME_H */
