/* The system's heap functions, for blocks of ours and for others.  A block of ours goes to the
   hooks of the first CRT, every other one to the original.  */

#include "ucrt/guard-calls.h"

#include <string.h>
#include <windows.h>

#include "ucrt/hooks.h"
#include "ucrt/hooks-slow.h"
#include "ucrt/status-section.h"

/* Whether BLOCK is ours; counts the calls for which it is.  */
static int is_ours (const void *block) {
  if (!ucrt_is_ours (block)) return 0;
  __atomic_fetch_add (&ucrt_counters ()->guarded, 1, __ATOMIC_RELAXED);
  return 1;
}

static size_t size_of (void *block) {
  return ucrt_msize (&ucrt_crts[0], block);
}

static BOOL WINAPI heap_free (HANDLE heap, DWORD flags, void *block) {
  if (!is_ours (block)) return HeapFree (heap, flags, block);
  ucrt_free_ours (block);
  return TRUE;
}

static SIZE_T WINAPI heap_size (HANDLE heap, DWORD flags, const void *block) {
  return is_ours (block) ? size_of ((void *) (uintptr_t) block) : HeapSize (heap, flags, block);
}

static BOOL WINAPI heap_validate (HANDLE heap, DWORD flags, const void *block) {
  return is_ours (block) || HeapValidate (heap, flags, block);
}

static void *WINAPI heap_realloc (HANDLE heap, DWORD flags, void *block, SIZE_T n) {
  if (!is_ours (block)) return HeapReAlloc (heap, flags, block, n);
  if (n == 0) n = 1; /* a heap keeps a block of no bytes */
  size_t old = size_of (block);
  uint8_t *result = (flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0
                        ? ucrt_expand (&ucrt_crts[0], block, n)
                        : ucrt_realloc (&ucrt_crts[0], block, n);
  if (result != NULL && (flags & HEAP_ZERO_MEMORY) != 0 && n > old)
    memset (result + old, 0, n - old);
  return result;
}

static HLOCAL WINAPI local_free (HLOCAL block) {
  if (!is_ours (block)) return LocalFree (block);
  ucrt_free_ours (block);
  return NULL;
}

static SIZE_T WINAPI local_size (HLOCAL block) {
  return is_ours (block) ? size_of (block) : LocalSize (block);
}

static HGLOBAL WINAPI global_free (HGLOBAL block) {
  if (!is_ours (block)) return GlobalFree (block);
  ucrt_free_ours (block);
  return NULL;
}

static void (WINAPI *task_free_original) (void *);

static void WINAPI task_free (void *block) {
  if (is_ours (block))
    ucrt_free_ours (block);
  else
    task_free_original (block);
}

#define GUARDED(dll_, name_, guard_, original_) \
  {                                             \
      .dll = L##dll_,                           \
      .name = name_,                            \
      .guard = (void *) (uintptr_t) guard_,     \
      .original = original_,                    \
  }
#define TASK_FREE(dll) GUARDED (dll, "CoTaskMemFree", task_free, (void **) &task_free_original)

/* Each row: DLL, function, guard, where the guard keeps the original.  One function may have an
   address of its own in each of several DLLs.  guard.c has room for 32 rows.  */
const struct ucrt_guarded ucrt_guarded[] = {
    GUARDED ("kernel32.dll", "HeapFree", heap_free, NULL),
    GUARDED ("kernelbase.dll", "HeapFree", heap_free, NULL),
    GUARDED ("ntdll.dll", "RtlFreeHeap", heap_free, NULL),
    GUARDED ("kernel32.dll", "HeapSize", heap_size, NULL),
    GUARDED ("kernelbase.dll", "HeapSize", heap_size, NULL),
    GUARDED ("ntdll.dll", "RtlSizeHeap", heap_size, NULL),
    GUARDED ("kernel32.dll", "HeapReAlloc", heap_realloc, NULL),
    GUARDED ("kernelbase.dll", "HeapReAlloc", heap_realloc, NULL),
    GUARDED ("ntdll.dll", "RtlReAllocateHeap", heap_realloc, NULL),
    GUARDED ("kernel32.dll", "HeapValidate", heap_validate, NULL),
    GUARDED ("kernelbase.dll", "HeapValidate", heap_validate, NULL),
    GUARDED ("ntdll.dll", "RtlValidateHeap", heap_validate, NULL),
    GUARDED ("kernel32.dll", "LocalFree", local_free, NULL),
    GUARDED ("kernelbase.dll", "LocalFree", local_free, NULL),
    GUARDED ("kernel32.dll", "LocalSize", local_size, NULL),
    GUARDED ("kernelbase.dll", "LocalSize", local_size, NULL),
    GUARDED ("kernel32.dll", "GlobalFree", global_free, NULL),
    GUARDED ("kernelbase.dll", "GlobalFree", global_free, NULL),
    TASK_FREE ("combase.dll"),
    TASK_FREE ("ole32.dll"),
};
const size_t ucrt_guarded_num = sizeof (ucrt_guarded) / sizeof (ucrt_guarded[0]);
