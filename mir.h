/* A context: the data memory and the code memory of one JIT runtime, with MIR's names.

   context      what MIR_init or MIR_init2 returns; owns everything that it allocated and mapped
   publish      copy machine code into executable memory, make it read-only and runnable; mir-code.h
                has what MIR does not, giving it back for example
   error func   where failures of a context go; it must not return

   In this file every function may be called from any thread unless it says otherwise; the
   functions on published code take the context's lock.  A failure calls the context's error
   function once, with no lock held and with everything as it was before the call: published code
   has its old bytes and is closed, unless the code allocator of the user's goes on refusing what it
   is asked for to get there.  The error function does not return; it may leave by longjmp, and the
   context can be used on.

   Machine code is the caller's own: what these functions publish is executed as it is.  On Linux a
   context with the default code memory never has memory writable and executable through one
   address, and what one process publishes or changes after a fork never reaches the other.  With a
   code allocator of the user's the touched pages are writable and executable between
   PROT_WRITE_EXEC and PROT_READ_EXEC, as the contract of MIR_code_alloc demands (see
   mir-code-alloc.h).  */
#ifndef MIR_H
#define MIR_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */
#include <stdio.h>  /* fprintf, for MIR_init2 */
#include <stdlib.h> /* exit, for MIR_init2 */

#include "mir-alloc.h"
#include "mir-code-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a symbol of the library is seen; MIR_ALLOC_BUILD is defined while the library is built.  */
#if defined(_WIN32) && defined(MIR_ALLOC_SHARED) && defined(MIR_ALLOC_BUILD)
#define MIR_ALLOC_API __declspec(dllexport)
#elif defined(_WIN32) && defined(MIR_ALLOC_SHARED)
#define MIR_ALLOC_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MIR_ALLOC_API __attribute__ ((visibility ("default")))
#else
#define MIR_ALLOC_API
#endif

#ifdef __GNUC__
#define MIR_NO_RETURN __attribute__ ((noreturn))
#else
#define MIR_NO_RETURN
#endif

/* The version of this interface: MIR's own number.  */
#define MIR_API_VERSION 0.2

/* What went wrong.  The values are MIR's; this library uses MIR_alloc_error (memory, code memory or
   a protection was refused) and MIR_wrong_param_value_error.  */
typedef enum MIR_error_type {
  MIR_no_error,
  MIR_syntax_error,
  MIR_binary_io_error,
  MIR_alloc_error,
  MIR_finish_error,
  MIR_no_module_error,
  MIR_nested_module_error,
  MIR_no_func_error,
  MIR_func_error,
  MIR_vararg_func_error,
  MIR_nested_func_error,
  MIR_wrong_param_value_error,
  MIR_hard_reg_error,
  MIR_reserved_name_error,
  MIR_import_export_error,
  MIR_undeclared_func_reg_error,
  MIR_repeated_decl_error,
  MIR_reg_type_error,
  MIR_wrong_type_error,
  MIR_unique_reg_error,
  MIR_undeclared_op_ref_error,
  MIR_ops_num_error,
  MIR_call_op_error,
  MIR_unspec_op_error,
  MIR_wrong_lref_error,
  MIR_ret_error,
  MIR_op_mode_error,
  MIR_out_op_error,
  MIR_invalid_insn_error,
  MIR_ctx_change_error
} MIR_error_type_t;

/* Called with a printf format and its arguments, without a newline.  Must not return: end the
   process, or longjmp to where the caller of the failing function waits for it.  */
typedef void MIR_NO_RETURN (*MIR_error_func_t) (MIR_error_type_t error_type, const char *format,
                                                ...);

typedef struct MIR_context *MIR_context_t;

/* The MIR_API_VERSION which the library was built with.  */
MIR_ALLOC_API double _MIR_get_api_version (void);
/* MIR_init2 without its check of the version.  */
MIR_ALLOC_API MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc);

/* A new context on ALLOC and CODE_ALLOC; NULL for either means its default: mimalloc for data, the
   system's pages for code.  Both are kept by pointer and must outlive the context.  The caller owns
   the context until MIR_finish.  NULL when memory or code memory for the context itself is refused.
   The process ends when the header and the library are of different versions of the interface.  */
static inline MIR_context_t MIR_init2 (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  if (MIR_API_VERSION != _MIR_get_api_version ()) {
    fprintf (stderr, "mir-alloc: the header has API version %g and the library %g\n",
             MIR_API_VERSION, _MIR_get_api_version ());
    exit (1);
  }
  return _MIR_init (alloc, code_alloc);
}

/* A new context with both defaults.  */
static inline MIR_context_t MIR_init (void) {
  return MIR_init2 (NULL, NULL);
}

/* Give every block and every page of CTX back to the allocators they came from; published code is
   gone.  NULL is allowed.  No other thread may be using CTX or running its code.  Also right after
   an error function which left by longjmp.  */
MIR_ALLOC_API void MIR_finish (MIR_context_t ctx);

/* The allocators of CTX: what MIR_init2 was given, or the defaults.  Never NULL; owned by whoever
   made them, for the defaults the library.  The default code allocator is there for users of pages;
   on Linux the context's own code is in better memory than its four functions can describe.  */
MIR_ALLOC_API MIR_alloc_t MIR_get_alloc (MIR_context_t ctx);
MIR_ALLOC_API MIR_code_alloc_t MIR_get_code_alloc (MIR_context_t ctx);

/* The error function of CTX.  The first one prints the message to stderr and exits with status 1,
   as MIR's does; NULL sets that one again.  Set it before other threads use CTX.  */
MIR_ALLOC_API MIR_error_func_t MIR_get_error_func (MIR_context_t ctx);
MIR_ALLOC_API void MIR_set_error_func (MIR_context_t ctx, MIR_error_func_t func);

/*---------------- Machine code -----------------------------*/

/* Copy CODE_LEN bytes from CODE into executable memory.  The result is aligned to 32 bytes and
   belongs to CTX until MIR_finish or until it is freed (mir-code.h).  CODE_LEN 0 publishes nothing
   and returns an address where no code is.  Calls the error function on failure.  */
MIR_ALLOC_API uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code, size_t code_len);

/* Where code of SIZE bytes would be published next, so that it can be relocated before; the place
   is not reserved.  Calls the error function on failure.  */
MIR_ALLOC_API uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size);

/* As _MIR_publish_code, but only at ADDR, a result of _MIR_get_new_code_addr.  NULL without an
   error when that place is taken meanwhile or too small: ask for a new address and try again.  */
MIR_ALLOC_API uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr,
                                                  const uint8_t *code, size_t code_len);

/* Overwrite CODE_LEN bytes of published code at ADDR with those from CODE.  A thread which runs
   these very bytes meanwhile may see any mixture of old and new.  Nothing is written unless
   [ADDR, ADDR + CODE_LEN) is within what one call has published in CTX.  */
MIR_ALLOC_API void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code,
                                     size_t code_len);

struct MIR_code_reloc {
  size_t offset;     /* bytes from the base of the code */
  const void *value; /* the pointer to store there, or where to copy from: see the functions */
};
typedef struct MIR_code_reloc MIR_code_reloc_t;

/* Store NLOC pointers, RELOCS[i].value at BASE + RELOCS[i].offset, into published code.  All of
   them or, on failure, none.  A pointer whose place is aligned for one is stored whole: a thread
   which loads it meanwhile gets the old or the new one.  Otherwise as _MIR_change_code.  */
MIR_ALLOC_API void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                                         const MIR_code_reloc_t *relocs);

/* The same with NLOC < 20 pairs of arguments (size_t offset, void *value).  */
MIR_ALLOC_API void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...);

/* The primitive below them, without a context and without its lock: open [PROT_START, PROT_START +
   PROT_LEN) with mem_protect, write, close it again.  RELOC_SIZE 0 stores the pointers
   RELOCS[i].value; else RELOC_SIZE bytes are copied from each RELOCS[i].value.  The caller flushes
   the instruction cache.  0, or -1 when mem_protect failed: nothing is written when opening failed;
   when closing failed all is written and the pages may have stayed writable.  */
MIR_ALLOC_API int _MIR_set_code (MIR_code_alloc_t code_alloc, size_t prot_start, size_t prot_len,
                                 uint8_t *base, size_t nloc, const MIR_code_reloc_t *relocs,
                                 size_t reloc_size);

/* Make every thread of the process execute what was written to [START, BOUND).  Cannot fail.  */
MIR_ALLOC_API void _MIR_flush_code_cache (void *start, void *bound);

/*---------------- Thunks -----------------------------*/

/* A thunk is code which jumps to its target and changes no argument: a fixed address for something
   that moves.  It belongs to the context until MIR_finish or until it is freed (mir-code.h).  */

/* A new thunk, without a target: it may not be called before it is redirected.  Calls the error
   function on failure, and where there are no thunks for this CPU.  */
MIR_ALLOC_API void *_MIR_get_thunk (MIR_context_t ctx);

/* Let THUNK, a result of _MIR_get_thunk (CTX), jump to TO from now on.  Threads which call it
   meanwhile come to either its old or its new target.  Calls the error function on failure.  */
MIR_ALLOC_API void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to);

/* The target of THUNK, a result of _MIR_get_thunk (CTX); NULL: none yet.  Lock-free.  */
MIR_ALLOC_API void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk);

#ifdef __cplusplus
}
#endif

#endif /* MIR_H */
