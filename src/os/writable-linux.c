/* Linux: whether memory is writable, by a system call which stores what is there.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/kernel-linux.h"

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64 /* 32-bit CPUs that came after 2038 was noticed */
#endif

/* FUTEX_WAKE_OP is one atomic operation on the word ADDR, here `or` with 0, which changes nothing
   and is EFAULT where a store would be a signal (futex(2)).  No thread waits for either word.
   Unlike advice it is never ignored, and no system refuses the call by which threads wait.  */
static int can_store (uintptr_t addr) {
  uint32_t word = 0;
  return syscall (SYS_futex, &word, MIR_FUTEX_WAKE_OP, 0, 0, addr, MIR_FUTEX_OR_0) >= 0;
}

int mir_os_is_writable (void *start, size_t len) {
  uintptr_t page = mir_os_page_size (), bound = (uintptr_t) start + len;
  uintptr_t addr = (uintptr_t) start & ~(uintptr_t) (sizeof (uint32_t) - 1);
  for (; addr < bound; addr = (addr & ~(page - 1)) + page)
    if (!can_store (addr)) return 0;
  return 1;
}
