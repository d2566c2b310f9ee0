/* A context: the data memory and the code memory of one JIT runtime, with MIR's names.

   This header stands in for MIR's own mir.h, and its functions are in a library of their own,
   mir-alloc-mir: a program that has MIR itself uses neither.  No other header needs this one; all of
   them may be included beside MIR's (docs/mir.md).

   context      the result of MIR_init, MIR_init2 or MIR_init_with; owns all that it has allocated and
                mapped
   publish      copy machine code into executable memory, where it is read-only and may be run;
                mir-code.h has what MIR lacks, such as freeing code
   error func   the function to which failures of a context go; it must not return

   Any thread may call any function in this file unless its comment says otherwise; the functions on
   published code take the context's lock.  A failure calls the context's error function once, with
   no lock held and with everything as it was before the call: published code has its old bytes and
   is closed, unless a code allocator of the user's refuses even the calls which restore that.  The
   error function does not return.  It may leave by longjmp, and the context can be used afterwards.
   No function is a cancellation point, except where the error function or the user's MIR_alloc is
   one; the end of mir-code.h has more on that, and on forks.

   Published code is executed as it is: the caller ensures that it is correct.  On Linux a context
   with the default code memory keeps W^X: no memory is ever writable and executable through one
   address.  What one process publishes or changes after a fork never reaches the other.  With a
   code allocator of the user's the touched pages are writable and executable between
   PROT_WRITE_EXEC and PROT_READ_EXEC, as the contract of MIR_code_alloc demands
   (mir-code-alloc.h).  */

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif
#ifndef MIR_H
#define MIR_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint8_t */
#include <stdio.h>  /* fprintf, for MIR_init2 */
#include <stdlib.h> /* exit, for MIR_init2 */

#include "mir-alloc-api.h"
#include "mir-alloc.h"
#include "mir-code-alloc.h"
#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Marks a function that does not return.  */
#ifdef __GNUC__
#define MIR_NO_RETURN __attribute__ ((noreturn))
#else
#define MIR_NO_RETURN
#endif

/* The version of this interface: MIR's own number.  */
#define MIR_API_VERSION 0.2

/* The kinds of errors, with MIR's values.  This library uses MIR_alloc_error, when memory, code
   memory or a protection is refused, and MIR_wrong_param_value_error.  */
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

/* Called with a printf format, which has no newline, and its arguments.  Must not return: it ends
   the process, or leaves by longjmp to a place which the caller of the failing function has
   set.  */
typedef void MIR_NO_RETURN (*MIR_error_func_t) (MIR_error_type_t error_type, const char *format,
                                                ...);

/* The handle of a context.  Any thread.  */
typedef struct MIR_context *MIR_context_t;

/* The MIR_API_VERSION with which the library was built.  */
MIR_CONTEXT_API double _MIR_get_api_version (void);
/* MIR_init2 without the check of the version.  */
MIR_CONTEXT_API MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc);

/* Create a context on ALLOC and CODE_ALLOC.  NULL for either is its default: mimalloc for data, the
   system's pages in a range of their own (MIR_CONTEXT_RESERVE) for code.  Both are kept by pointer
   and must outlive the context.  The caller owns the context until MIR_finish.  NULL when memory or
   code memory for the context itself is refused.
   Ends the process if header and library have different versions of the interface.  */
static inline MIR_context_t MIR_init2 (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  if (MIR_API_VERSION != _MIR_get_api_version ()) {
    fprintf (stderr, "mir-alloc: the header has API version %g and the library %g\n",
             MIR_API_VERSION, _MIR_get_api_version ());
    exit (1);
  }
  return _MIR_init (alloc, code_alloc);
}

/* Create a context with both defaults.  */
static inline MIR_context_t MIR_init (void) {
  return MIR_init2 (NULL, NULL);
}

/* A context reserves this many bytes of address space for its code, or as many as a direct call
   reaches on this CPU, if that is less: all its code and thunks are there, within reach of each other.
   When they are used up, publishing fails.  Reserved addresses cost no memory.  Where the system has no
   such range free (RLIMIT_AS), and where the back end knows no ranges (MIR_CODE_FLIP,
   MIR_CODE_MAP_JIT), the code is wherever the system puts it: MIR_code_range (mir-code-object.h)
   tells.  So it is on 32-bit CPUs whose calls reach every address.  */
enum { MIR_CONTEXT_RESERVE = 128 * 1024 * 1024 };

/* Every member but SIZE may be 0, which is its default.  */
typedef struct MIR_context_options {
  size_t size;                 /* sizeof (MIR_context_options_t): the version of this structure */
  MIR_alloc_t alloc;           /* as for MIR_init2 */
  MIR_code_alloc_t code_alloc; /* as for MIR_init2 */
  /* All else about code memory: hooks, max_bytes, protection, poison, backends...  Read during the
     call; NULL: all defaults.  The two allocators there are NULL.  `reserve` asks for a range of
     another size than MIR_CONTEXT_RESERVE, `near_addr` for one at that place; without such a range the
     context is not created.  */
  const MIR_code_options_t *code;
  /* Nonzero: reserve nothing unless CODE->reserve says so.  The code may be anywhere, out of reach of
     direct calls, and has no limit but CODE->max_bytes.  */
  int anywhere;
} MIR_context_options_t;

/* Create a context with OPTIONS, NULL for all defaults, and set *CTX to it.  The caller owns it until
   MIR_finish.  Any other status than MIR_CODE_OK says why there is no context; *CTX is then as it
   was.  */
MIR_CONTEXT_API MIR_code_status_t MIR_init_with (const MIR_context_options_t *options,
                                                 MIR_context_t *ctx);

/* Give every block and every page of CTX back to its allocator; published code is gone.  NULL is
   allowed.  No other thread may be using CTX or running its code.  Also allowed right after an
   error function has left by longjmp.  */
MIR_CONTEXT_API void MIR_finish (MIR_context_t ctx);

/* The allocators of CTX: those given to MIR_init2 or MIR_init_with, or the defaults.  Never NULL.
   The user owns those it has made, the library owns the defaults.  The default code allocator is for
   users of pages; on Linux the context's own code is in better memory than its four functions can
   describe.  */
MIR_CONTEXT_API MIR_alloc_t MIR_get_alloc (MIR_context_t ctx);
MIR_CONTEXT_API MIR_code_alloc_t MIR_get_code_alloc (MIR_context_t ctx);

/* The error function of CTX.  The default one prints the message to stderr and exits with status 1,
   as MIR's does; NULL sets it again.  Set the function before other threads use CTX.  */
MIR_CONTEXT_API MIR_error_func_t MIR_get_error_func (MIR_context_t ctx);
MIR_CONTEXT_API void MIR_set_error_func (MIR_context_t ctx, MIR_error_func_t func);

/*---------------- Machine code -----------------------------*/

/* What these functions of MIR's lack is in mir-code.h, for MIR_get_code_space (CTX): a code block with a
   name, MIR_code_space_publish and MIR_code_publish_at; batches, with a writer; freeing any code block
   or thunk; queries.  Those report a status instead of calling the error function.  */

/* Copy CODE_LEN bytes from CODE into executable memory.  The result is aligned to 32 bytes; CTX
   owns it until MIR_finish or until it is freed (mir-code.h).  CODE_LEN 0 publishes nothing and
   returns an address without code.  Calls the error function on failure.  */
MIR_CONTEXT_API uint8_t *_MIR_publish_code (MIR_context_t ctx, const uint8_t *code,
                                            size_t code_len);

/* The address at which SIZE bytes of code would be published next, so that the code can be
   relocated first.  The place is not reserved.  Calls the error function on failure.  */
MIR_CONTEXT_API uint8_t *_MIR_get_new_code_addr (MIR_context_t ctx, size_t size);

/* As _MIR_publish_code, but only at ADDR, a result of _MIR_get_new_code_addr.  NULL, without an
   error, if that place has been taken meanwhile or is too small: get a new address and try
   again.  */
MIR_CONTEXT_API uint8_t *_MIR_publish_code_by_addr (MIR_context_t ctx, void *addr,
                                                    const uint8_t *code, size_t code_len);

/* Overwrite CODE_LEN bytes of published code at ADDR with those from CODE.  A thread which runs
   these bytes meanwhile may see any mixture of old and new ones.  Nothing is written unless [ADDR,
   ADDR + CODE_LEN) is within the code that one call has published in CTX.  */
MIR_CONTEXT_API void _MIR_change_code (MIR_context_t ctx, uint8_t *addr, const uint8_t *code,
                                       size_t code_len);

/* A relocation of published code.  The caller owns it.  */
struct MIR_code_reloc {
  size_t offset;     /* bytes from the base of the code */
  const void *value; /* the pointer to store, or the bytes to copy: see the functions */
};
typedef struct MIR_code_reloc MIR_code_reloc_t;

/* Apply NLOC relocations to published code: store the pointers RELOCS[i].value at BASE +
   RELOCS[i].offset, all of them or, on failure, none.  A pointer at an aligned address is stored
   whole: a thread which loads it meanwhile gets the old or the new one.  In
   all other respects this works like _MIR_change_code.  */
MIR_CONTEXT_API void _MIR_update_code_arr (MIR_context_t ctx, uint8_t *base, size_t nloc,
                                           const MIR_code_reloc_t *relocs);

/* As _MIR_update_code_arr, with NLOC < 20 pairs of arguments (size_t offset, void *value).  */
MIR_CONTEXT_API void _MIR_update_code (MIR_context_t ctx, uint8_t *base, size_t nloc, ...);

/* The primitive below these functions, without a context and its lock: open [PROT_START, PROT_START
   + PROT_LEN) with mem_protect, write, close the pages again.  RELOC_SIZE 0 stores the pointers
   RELOCS[i].value; else RELOC_SIZE bytes are copied from each RELOCS[i].value.  The caller flushes
   the instruction cache.  Returns 0, or -1 when mem_protect fails: if it fails to open nothing is
   written; if it fails to close all is written, and the pages may still be writable.  */
MIR_CONTEXT_API int _MIR_set_code (MIR_code_alloc_t code_alloc, size_t prot_start, size_t prot_len,
                                   uint8_t *base, size_t nloc, const MIR_code_reloc_t *relocs,
                                   size_t reloc_size);

/* Ensure every thread of the process executes the code written to [START, BOUND).  Cannot fail.  */
MIR_CONTEXT_API void _MIR_flush_code_cache (void *start, void *bound);

/*---------------- Thunks -----------------------------*/

/* A thunk is a trampoline, code which jumps to its target and changes no argument: a fixed address
   for a function which may be replaced.  The context owns it until MIR_finish or until it is freed
   (mir-code.h).  */

/* Create a thunk without a target: it may not be called before it is redirected.  Calls the error
   function on failure, and if there are no thunks for this CPU.  */
MIR_CONTEXT_API void *_MIR_get_thunk (MIR_context_t ctx);

/* Make THUNK, a result of _MIR_get_thunk (CTX), jump to TO from now on.  A thread which calls it
   meanwhile reaches its old or its new target.  Calls the error function on failure.  */
MIR_CONTEXT_API void _MIR_redirect_thunk (MIR_context_t ctx, void *thunk, void *to);

/* The target of THUNK, a result of _MIR_get_thunk (CTX).  NULL: none yet.  Lock-free.  */
MIR_CONTEXT_API void *_MIR_get_thunk_addr (MIR_context_t ctx, void *thunk);

#ifdef __cplusplus
}
#endif

#endif /* MIR_H */
