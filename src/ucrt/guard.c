/* Redirects imports to the functions in guard-calls.c, with MIR_UCRT_GUARD=1; guard.h says for
   whom.  */

#include "ucrt/guard.h"

#include <windows.h>

#include "ucrt/crt-image.h"
#include "ucrt/guard-calls.h"
#include "ucrt/nt.h"
#include "ucrt/threads.h"

/* The address of each guarded function, at the index that it has in ucrt_guarded; 0 while its DLL
   is not loaded.  Changes under the loader's locks only.  */
static uintptr_t addresses[32];

/* Look for the guarded functions that were not there before.  */
static void find_addresses (void) {
  for (size_t i = 0; i < ucrt_guarded_num; i++) {
    HMODULE dll = addresses[i] == 0 ? GetModuleHandleW (ucrt_guarded[i].dll) : NULL;
    if (dll == NULL) continue;
    addresses[i] = (uintptr_t) GetProcAddress (dll, ucrt_guarded[i].name);
    void **original = ucrt_guarded[i].original;
    if (original != NULL && *original == NULL) *original = (void *) addresses[i];
  }
}

/* The guard for the function at ADDRESS; NULL: it is not guarded.  */
static void *guard_of (uintptr_t address) {
  for (size_t i = 0; address != 0 && i < ucrt_guarded_num; i++)
    if (addresses[i] == address) return ucrt_guarded[i].guard;
  return NULL;
}

/* lld aligns import tables to 4 bytes only.  */
struct slot {
  uintptr_t function;
} __attribute__ ((packed));

enum { CACHE_LINE = 64 }; /* bytes, the smallest of any CPU here */

/* The protection to write a slot with.  Some linkers put the table among code, which other threads
   may be running.  */
static DWORD writable (const struct slot *slot) {
  MEMORY_BASIC_INFORMATION info;
  if (VirtualQuery (slot, &info, sizeof (info)) == 0) return PAGE_READWRITE;
  return (info.Protect & UCRT_NT_EXECUTABLE) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
}

/* Whether all other threads are stopped now; the caller resumes them.  */
static int stop_others (void) {
  enum ucrt_threads_result result = ucrt_threads_stop ();
  while (result == UCRT_THREADS_MORE && ucrt_threads_reserve () == 0) result = ucrt_threads_stop ();
  return result == UCRT_THREADS_STOPPED;
}

/* Redirect SLOT to GUARD.  A thread that calls through the slot meanwhile takes one way or the
   other: within a cache line it sees one of the two values.  A slot that crosses a cache line is
   written while other threads are stopped, unless NOBODY says that no thread runs the module
   yet.  */
static void redirect (struct slot *slot, void *guard, int nobody) {
  DWORD before;
  int across = !nobody && (uintptr_t) slot % CACHE_LINE > CACHE_LINE - sizeof (*slot);
  if (!VirtualProtect (slot, sizeof (*slot), writable (slot), &before)) return;
  int stopped = across && stop_others ();
  if (stopped || !across) ((volatile struct slot *) slot)->function = (uintptr_t) guard;
  if (stopped) ucrt_threads_resume ();
  VirtualProtect (slot, sizeof (*slot), before, &before);
}

/* Redirect the guarded functions in the table of addresses at OFFSET of the image, which ends with
   0.  */
static void redirect_slots (uint8_t *base, size_t size, size_t offset, int nobody) {
  for (; offset != 0 && offset + sizeof (struct slot) <= size; offset += sizeof (struct slot)) {
    struct slot *slot = (struct slot *) (base + offset);
    if (slot->function == 0) return;
    void *guard = guard_of (slot->function);
    if (guard != NULL) redirect (slot, guard, nobody);
  }
}

/* This DLL calls the original functions; KERNEL32, kernelbase and ntdll implement them.  */
static int is_left_alone (const uint8_t *base) {
  MEMORY_BASIC_INFORMATION own;
  VirtualQuery (addresses, &own, sizeof (own));
  const void *these[] = {own.AllocationBase, GetModuleHandleW (L"kernel32.dll"),
                         GetModuleHandleW (L"kernelbase.dll"), GetModuleHandleW (L"ntdll.dll")};
  for (size_t i = 0; i < sizeof (these) / sizeof (these[0]); i++)
    if (these[i] == base) return 1;
  return 0;
}

/* Redirect the imports of the module at BASE; NOBODY: none of its functions has run yet.  */
static void redirect_module (uint8_t *base, size_t size, int nobody) {
  struct ucrt_image image;
  if (is_left_alone (base) || ucrt_open_image (&image, base, size) != 0
      || image.wide != (sizeof (void *) == 8))
    return;
  uint32_t addresses_at;
  for (unsigned i = 0; (addresses_at = ucrt_import_addresses (&image, i)) != 0; i++)
    redirect_slots (base, size, addresses_at, nobody);
}

/* The loader has resolved the module's imports, and none of its functions has run.  The loader lock
   need not be held: see take-over.c.  */
static VOID CALLBACK guard_loaded (ULONG reason, const struct ucrt_nt_dll *dll, void *user_data) {
  (void) user_data;
  if (reason != UCRT_NT_DLL_LOADED) return;
  find_addresses ();
  redirect_module (dll->base, dll->size, 1);
}

void ucrt_guard (void) {
  ULONG_PTR cookie;
  void *registration;
  if (ucrt_find_nt () != NULL || ucrt_nt.lock_loader (0, NULL, &cookie) < 0) return;
  find_addresses ();
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL)
    redirect_module (module->base, module->size, 0);
  ucrt_nt.notify_of_dlls (0, guard_loaded, NULL, &registration);
  ucrt_nt.unlock_loader (0, cookie);
}
