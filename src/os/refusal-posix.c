/* POSIX systems other than Linux: why a mapping was refused.  refusal.h has the contracts.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "os/refusal.h"

#include <errno.h>
#include <sys/mman.h>

#include "os/reserve.h"

/* EAGAIN: the memory could not be locked, as mlockall demands; ENOMEM: there are not so many
   addresses, or other limits (POSIX.1-2017, mmap).  */
enum mir_refusal mir_os_refusal (size_t len) {
  int error = errno;
  enum mir_refusal res = MIR_REFUSED_OTHERWISE;
  if (error == ENOMEM || error == EAGAIN) {
    void *start = mir_os_reserve_at (NULL, len);
    if (start != NULL)
      (void) munmap (start, len);
    else
      res = errno == EAGAIN ? MIR_REFUSED_LOCKING : MIR_REFUSED_ADDRESSES;
  }
  errno = error;
  return res;
}

int mir_os_is_lasting (int error) {
  return error == EPERM || error == EACCES || error == ENOSYS || error == EINVAL
         || error == EOPNOTSUPP || error == ENXIO || error == ENODEV || error == ENOENT;
}
