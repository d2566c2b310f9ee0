/* The linker: ORC, LLVM's JIT, makes a function that can be called of an object file.

   manager   what ORC asks for memory: LLVM's own, or adapters/mir-llvm.hpp, which is over a code
             space of mir-code.h
   unit      an object that is linked: code, read-only data and writable data

   One thread at a time; any thread may run what is linked.  C++ does not survive a jump over its
   frames, so no function here calls fail: they return 0, or -1 and a reason.  */
#ifndef MIR_EXAMPLES_LLVM_FILTER_LINKER_H
#define MIR_EXAMPLES_LLVM_FILTER_LINKER_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

enum linker_manager { LINKER_MIR, LINKER_LLVM };

struct linker_options {
  enum linker_manager manager;
  MIR_alloc_t alloc; /* for the bookkeeping of a space, kept by pointer; NULL: mimalloc */
  size_t max_bytes;  /* of executable memory in that space; 0: no limit */
};

struct linker;

/* Store a new linker at LINKER, which holds NULL.  The caller destroys what is stored there in any
   case.  */
int linker_create (struct linker **linker, const struct linker_options *options);
/* Also frees the units that are left.  NULL is allowed.  */
void linker_destroy (struct linker *linker);

/* Why the last call failed, in one line, until the next call.  */
const char *linker_message (const struct linker *linker);

/* The space that units are in; NULL: LLVM's manager has none.  */
MIR_code_space_t linker_space (const struct linker *linker);

/* An object file in memory, which must stay as it is during the call, and two symbols of it.  */
struct linker_object {
  const char *name; /* for tools */
  const uint8_t *bytes;
  size_t len;
  const char *func, *matches;
};

struct linker_unit;

struct linked {
  struct linker_unit *unit; /* NULL: none */
  void *func;
  uint64_t *matches;
};

/* Link OBJECT and fill LINKED, which is all zero.  The same object may be linked many times: each
   unit has names of its own.  */
int linker_link (struct linker *linker, const struct linker_object *object, struct linked *linked);
/* Free the memory of LINKED, at once: no thread runs its function, or will.  LINKED is all zero
   then.  */
int linker_unlink (struct linker *linker, struct linked *linked);

#ifdef __cplusplus
}
#endif

#endif /* MIR_EXAMPLES_LLVM_FILTER_LINKER_H */
