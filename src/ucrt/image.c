/* Supplies what the linker usually takes from a C runtime: the directory of thread-local storage, and
   the check function that load configurations name.  The linker finds them by their names; nothing
   here runs.  */

#include <stdint.h>
#include <windows.h>

/* Thread-local variables: the loader writes our index and copies what is between _tls_start and
   _tls_end for each thread.  The linker sorts sections by what follows the $.  */
ULONG _tls_index;
__attribute__ ((section (".tls"))) char _tls_start[sizeof (void *)];
__attribute__ ((section (".tls$ZZZ"))) char _tls_end[sizeof (void *)];
extern const IMAGE_TLS_DIRECTORY _tls_used;
__attribute__ ((section (".rdata$T"), used)) const IMAGE_TLS_DIRECTORY _tls_used = {
    .StartAddressOfRawData = (ULONG_PTR) _tls_start,
    .EndAddressOfRawData = (ULONG_PTR) _tls_end,
    .AddressOfIndex = (ULONG_PTR) &_tls_index,
};

/* The system would replace the check function of indirect calls; this DLL calls none.  */
static void check_nothing (void) {}
extern void *const mir_guard_check;
__attribute__ ((section (".00cfg"), used)) void *const mir_guard_check =
    (void *) (uintptr_t) check_nothing;
