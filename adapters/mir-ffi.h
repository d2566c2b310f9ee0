/* Closures of libffi in code memory of mir-code.h: ffi_closure_alloc, ffi_prep_closure_loc and
   ffi_closure_free in two functions.

       void *code;
       if (MIR_ffi_closure_new (writer, &cif, func, user_data, &code) == MIR_CODE_OK) ...
       ((int (*) (int)) code) (1);
       MIR_ffi_closure_free (space, code);

   A closure is an ffi_closure, whose start is its code: libffi reads the rest where it runs, and
   nothing writes to it any more.  libffi's own closures are in memory that is writable and
   executable, or, where that is refused, in a memory file that processes share after a fork.

   libffi 3.4 and newer, where closures are code: not on Apple's arm64.  */
#ifndef MIR_FFI_H
#define MIR_FFI_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <ffi.h>
#include <string.h> /* memset */

#include "mir-code.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Set *CODE to a function which calls FUNC with USER_DATA and with its own arguments, as CIF says.
   The caller owns it until MIR_ffi_closure_free; CIF must outlive it.  One thread at a time, as for
   WRITER.  MIR_CODE_BAD_OPTION: libffi makes no closures for the ABI of CIF.  */
static inline MIR_code_status_t MIR_ffi_closure_new (MIR_code_writer_t writer, ffi_cif *cif,
                                                     void (*func) (ffi_cif *cif, void *result,
                                                                   void **args, void *user_data),
                                                     void *user_data, void **code) {
  MIR_code_place_t place;
  memset (&place, 0, sizeof (place));
  place.size = sizeof (place);
  MIR_code_status_t status = MIR_code_reserve (writer, sizeof (ffi_closure), 0, &place);
  if (status != MIR_CODE_OK) return status;
  /* All 0, a closure has no static trampoline, which would only know libffi's own ones.  */
  memset (place.buffer, 0, sizeof (ffi_closure));
  ffi_closure *closure = (ffi_closure *) (void *) place.buffer;
  status = ffi_prep_closure_loc (closure, cif, func, user_data, place.addr) == FFI_OK
               ? MIR_code_commit (writer, sizeof (ffi_closure), NULL)
               : MIR_CODE_BAD_OPTION;
  if (status == MIR_CODE_OK)
    *code = place.addr;
  else
    MIR_code_abort (writer);
  return status;
}

/* Give CODE back, which no thread runs or will call.  MIR_code_free serves as well, where threads
   may still do so.  */
static inline MIR_code_status_t MIR_ffi_closure_free (MIR_code_space_t space, void *code) {
  return MIR_code_free_now (space, code);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_FFI_H */
