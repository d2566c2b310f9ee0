/* The back end anon of macOS on x86-64: shared anonymous memory, mapped a second time by
   mach_vm_remap, as JavaScriptCore does.  The executable mapping loses the right to ever become
   writable.

   Written from Apple's documentation and headers; never run.  */
#include "code/backend-alias.h"

#include <errno.h>
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <string.h> /* memcpy */
#include <sys/mman.h>

#include "os/os.h"

/* Map the memory at FROM a second time, at *TO or, if that is NULL, anywhere.  Returns 0, or
   -1.  */
static int map_again (struct mir_pages *pages, uint8_t *from, uint8_t **to) {
  mach_vm_address_t addr = (mach_vm_address_t) (uintptr_t) *to;
  vm_prot_t current, maximum;
  int flags = *to == NULL ? VM_FLAGS_ANYWHERE : VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE;
  pages->system_calls++;
  if (mach_vm_remap (mach_task_self (), &addr, pages->len, 0, flags, mach_task_self (),
                     (mach_vm_address_t) (uintptr_t) from, FALSE, &current, &maximum,
                     VM_INHERIT_SHARE)
      != KERN_SUCCESS) {
    errno = ENOMEM;
    return -1;
  }
  *to = (uint8_t *) (uintptr_t) addr;
  return 0;
}

/* Lower the maximum protection of the mapping at RX: no call can make it writable again.  0, or
   -1.  */
static int never_writable (struct mir_pages *pages, uint8_t *rx) {
  pages->system_calls++;
  return mach_vm_protect (mach_task_self (), (mach_vm_address_t) (uintptr_t) rx, pages->len, TRUE,
                          VM_PROT_READ | VM_PROT_EXECUTE)
                 == KERN_SUCCESS
             ? 0
             : -1;
}

/* Make the addresses inaccessible; the caller counts the call.  0, or -1.  */
static int reserve_place_again (struct mir_pages *pages, uint8_t *at) {
  void *range = mmap (at, pages->len, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
  return range == MAP_FAILED ? -1 : 0;
}

static int darwin_unmap (struct mir_pages *pages) {
  pages->system_calls += 2;
  if ((pages->reserved ? reserve_place_again (pages, pages->rx) : munmap (pages->rx, pages->len))
      != 0)
    return -1;
  if (pages->rw != NULL) (void) munmap (pages->rw, pages->len); /* a failure leaks only data */
  return 0;
}

/* `map`: AT is reserved as before on failure.  */
static MIR_code_status_t darwin_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  int closed = pages->level == MIR_CODE_CLOSED_ALIAS;
  mir_pages_init (pages, len, at);
  pages->system_calls = 2;
  void *rx = mmap (at, len, PROT_READ | PROT_EXEC,
                   MAP_SHARED | MAP_ANON | (at == NULL ? 0 : MAP_FIXED), -1, 0);
  if (rx == MAP_FAILED) {
    int error = errno;
    if (at != NULL) (void) reserve_place_again (pages, at);
    errno = error;
    return MIR_CODE_MAP_REFUSED;
  }
  pages->rx = (uint8_t *) rx;
  if (map_again (pages, pages->rx, &pages->rw) == 0
      && mprotect (pages->rw, len, closed ? PROT_NONE : PROT_READ | PROT_WRITE) == 0
      && never_writable (pages, pages->rx) == 0)
    return MIR_CODE_OK;
  int error = errno;
  (void) darwin_unmap (pages);
  errno = error;
  return MIR_CODE_MAP_REFUSED;
}

/* Copy, then map the copy in place of the old pages, whose code may be running.  */
/* Nothing was discarded, so all of the first USED bytes can be read.  */
static MIR_code_status_t darwin_make_private (struct mir_pages *pages, size_t used,
                                              const uint64_t *backed) {
  (void) backed;
  struct mir_pages fresh = *pages;
  uint8_t *writable, *rx = pages->rx, *old_rw = pages->rw;
  if (darwin_map (&fresh, pages->len, NULL) != MIR_CODE_OK) return MIR_CODE_WRITE_REFUSED;
  if (mir_alias_open (&fresh, fresh.rx, fresh.len, &writable) == MIR_CODE_OK) {
    memcpy (writable, pages->rx, used);
    if (mir_alias_close (&fresh, fresh.rx, fresh.len, writable) == MIR_CODE_OK
        && map_again (&fresh, fresh.rx, &rx) == 0) {
      (void) munmap (fresh.rx, fresh.len);
      (void) munmap (old_rw, pages->len); /* the old alias; the other process keeps the memory */
      pages->rw = fresh.rw;
      pages->system_calls += fresh.system_calls + 2;
      return MIR_CODE_OK;
    }
  }
  (void) darwin_unmap (&fresh);
  return MIR_CODE_WRITE_REFUSED;
}

const struct mir_backend mir_backend_anon = {
    .name = "anon",
    .bit = MIR_CODE_ANON,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS,
    MIR_ALIAS_MEMBERS,
    .map = darwin_map,
    .unmap = darwin_unmap,
    .make_private = darwin_make_private,
};
