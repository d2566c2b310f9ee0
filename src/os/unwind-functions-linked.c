/* The unwinder that the program is linked with: systems whose C library has one, and 32-bit arm, where
   some of its functions are macros.  */
#include "os/unwind-functions.h"

#include <stddef.h> /* NULL */

static uintptr_t address_in_frame (struct _Unwind_Context *context) {
  return (uintptr_t) _Unwind_GetIP (context);
}

static const struct mir_unwind_functions linked_functions = {.backtrace = _Unwind_Backtrace,
                                                             .address = address_in_frame};

const struct mir_unwind_functions *mir_os_unwind_functions (void) {
  return &linked_functions;
}
