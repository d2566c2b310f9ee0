/* The default executable-memory allocator: the system's pages.  Include this file where
   `&default_code_alloc` is needed.  It keeps no state.

   This vtable is not W^X: PROT_WRITE_EXEC makes pages writable and executable at one address.
   MIR's contract requires that, because MIR writes to the address at which another thread may be
   running other code of the same page.  On systems that forbid it (PR_SET_MDWE, SELinux execmem,
   Windows ACG) mem_protect fails, and the caller must handle that.

   mem_map returns MAP_FAILED on failure: (void *) -1 on POSIX, NULL on Windows.  */

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif
#if !defined(_WIN32) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS under -std=c11, when this is the first include */
#endif

#include "mir-code-alloc.h"

#ifdef __GNUC__
#define MIR_DEFAULT_CODE_ALLOC_UNUSED_ __attribute__ ((unused))
#else
#define MIR_DEFAULT_CODE_ALLOC_UNUSED_
#endif

#if defined(_WIN32)

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

static void *default_mem_map (size_t len, void *user_data) {
  (void) user_data;
  return VirtualAlloc (NULL, len, MEM_RESERVE | MEM_COMMIT, PAGE_NOACCESS);
}

/* MEM_RELEASE frees the whole reservation and therefore requires the length 0 (VirtualFree,
   Microsoft Learn).  */
static int default_mem_unmap (void *addr, size_t len, void *user_data) {
  (void) len, (void) user_data;
  return VirtualFree (addr, 0, MEM_RELEASE) ? 0 : -1;
}

static int default_mem_protect (void *addr, size_t len, MIR_mem_protect_t prot, void *user_data) {
  DWORD old_prot;
  (void) user_data;
  if (!VirtualProtect (addr, len,
                       prot == PROT_WRITE_EXEC ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ,
                       &old_prot))
    return -1;
  if (prot == PROT_READ_EXEC) FlushInstructionCache (GetCurrentProcess (), addr, len);
  return 0;
}

#elif defined(__APPLE__) && defined(__aarch64__)

#include <libkern/OSCacheControl.h>
#include <pthread.h>
#include <sys/mman.h>

/* Each thread sees all MAP_JIT ranges either as writable or as executable
   (pthread_jit_write_protect_np(3)); mmap must request all three accesses.  */
static void *default_mem_map (size_t len, void *user_data) {
  (void) user_data;
  return mmap (NULL, len, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_JIT,
               -1, 0);
}

static int default_mem_unmap (void *addr, size_t len, void *user_data) {
  (void) user_data;
  return munmap (addr, len);
}

/* External here: MIR's bootstrap looks this function up by name in the native program, because code
   that is itself in a MAP_JIT range must not run while such ranges are writable.  */
int default_mem_protect (void *addr, size_t len, MIR_mem_protect_t prot, void *user_data);
#ifndef MIR_BOOTSTRAP
int default_mem_protect (void *addr, size_t len, MIR_mem_protect_t prot, void *user_data) {
  (void) user_data;
  if (pthread_jit_write_protect_supported_np ())
    pthread_jit_write_protect_np (prot == PROT_READ_EXEC);
  if (prot == PROT_READ_EXEC) sys_icache_invalidate (addr, len);
  return 0;
}
#endif

#else /* POSIX */

#include <sys/mman.h>

#ifndef MAP_ANONYMOUS
#error "mmap without MAP_ANONYMOUS: compile with -std=gnu11, or include this file first"
#endif

static void *default_mem_map (size_t len, void *user_data) {
  (void) user_data;
  return mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int default_mem_unmap (void *addr, size_t len, void *user_data) {
  (void) user_data;
  return munmap (addr, len);
}

static int default_mem_protect (void *addr, size_t len, MIR_mem_protect_t prot, void *user_data) {
  (void) user_data;
  return mprotect (
      addr, len,
      prot == PROT_WRITE_EXEC ? PROT_READ | PROT_WRITE | PROT_EXEC : PROT_READ | PROT_EXEC);
}

#endif

static struct MIR_code_alloc default_code_alloc MIR_DEFAULT_CODE_ALLOC_UNUSED_ = {
    default_mem_map, default_mem_unmap, default_mem_protect, NULL};
