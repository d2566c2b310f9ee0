/* Supplies what the linker usually takes from a C runtime: the directories of thread-local storage
   and of the load configuration.  The linker finds them by their names; nothing here runs.  */

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

/* The load configuration, in the layout of the Windows SDK of 2020; its first word is its size.  It
   names the table of functions that may be called indirectly, which the linker makes; the linker's
   names for it are absolute symbols, which C cannot use as initialisers.  The system would replace
   the check function; this DLL calls none.  */
/* Words of an address: their directive, the name of a symbol, what comes before SecurityCookie.  */
#ifdef _WIN64
#define ADDRESS ".quad "
#define NAME(name) #name
#define HEAD_SIZE "0x58" /* up to SecurityCookie */
#define ALIGN ".p2align 3\n"
#define SE_HANDLERS ADDRESS "0\n" ADDRESS "0\n"
#else
#define ADDRESS ".long "
#define NAME(name) "_" #name
#define HEAD_SIZE "0x3c"
#define ALIGN ".p2align 2\n"
#define SE_HANDLERS ADDRESS "0\n" ADDRESS "0\n" /* the image has none */
#endif

__asm__ (".section .rdata,\"dr\"\n" ALIGN ".globl " NAME (_load_config_used) "\n" NAME (_load_config_used) ":\n"
         ".long " NAME (mir_load_config_end) "-" NAME (_load_config_used) "\n"
         ".zero " HEAD_SIZE "-4\n"
         ADDRESS "0\n"                              /* SecurityCookie */
         SE_HANDLERS
         ADDRESS NAME (mir_guard_check) "\n"        /* GuardCFCheckFunctionPointer */
         ADDRESS "0\n"                              /* GuardCFDispatchFunctionPointer */
         ADDRESS NAME (__guard_fids_table) "\n"
         ADDRESS NAME (__guard_fids_count) "\n"
         ".long " NAME (__guard_flags) "\n"
         ".zero 12\n"                               /* CodeIntegrity */
         ADDRESS NAME (__guard_iat_table) "\n"
         ADDRESS NAME (__guard_iat_count) "\n"
         ADDRESS NAME (__guard_longjmp_table) "\n"
         ADDRESS NAME (__guard_longjmp_count) "\n"
         NAME (mir_load_config_end) ":\n"
         ".text\n");

static void check_nothing (void) {}
extern void *const mir_guard_check;
__attribute__ ((section (".00cfg"), used)) void *const mir_guard_check =
    (void *) (uintptr_t) check_nothing;
