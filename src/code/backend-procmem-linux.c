/* The back end procmem: no alias; a changed copy is written over the code through /proc/self/mem,
   for which the kernel requires no write access (proc(5)).

   Opening, writing and closing that file take a system call each.  A descriptor kept open would
   refer to the parent's memory after a fork, and embedders close and reuse descriptors they do not
   know.

   The kernel copies bytes, not words, so a running thread may see half a change.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS, pwrite */
#include "code/backend-common-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h> /* memcpy, memset */
#include <sys/mman.h>
#include <unistd.h>

#include "os/os.h"

/*---------------- Copies -----------------------------*/

/* A copy which fits gets one of a few buffers, so that batches cost no mmap and no page faults.  A
   larger copy, or one while all buffers are taken, gets memory of its own.  If a thread has a
   buffer while another one forks, the child has one buffer less.  */
enum { BUFFERS = 4, BUFFER_SIZE = 64 * 1024 };
static struct {
  atomic_int taken;
  _Atomic (uint8_t *) bytes;
} buffers[BUFFERS];

/* Memory for LEN bytes; NULL with errno on failure.  */
static uint8_t *map_buffer (struct mir_pages *pages, size_t len) {
  pages->system_calls++;
  void *copy = mmap (NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return copy == MAP_FAILED ? NULL : (uint8_t *) copy;
}

/* The memory of buffer I, which this thread has taken: mapped at the first use, and then for good.
   NULL when that is refused; then the buffer is given back.  */
static uint8_t *bytes_of_buffer (struct mir_pages *pages, int i) {
  uint8_t *bytes = atomic_load_explicit (&buffers[i].bytes, memory_order_relaxed);
  if (bytes != NULL) return bytes;
  bytes = map_buffer (pages, BUFFER_SIZE);
  atomic_store_explicit (&buffers[i].bytes, bytes, memory_order_relaxed);
  if (bytes == NULL) atomic_store_explicit (&buffers[i].taken, 0, memory_order_release);
  return bytes;
}

/* Memory for a copy of LEN bytes, until give_buffer_back.  NULL with errno on failure.  Any thread:
   whoever swaps `taken` from 0 to 1 has the buffer.  */
static uint8_t *take_buffer (struct mir_pages *pages, size_t len) {
  for (int i = 0; len <= BUFFER_SIZE && i < BUFFERS; i++)
    if (!atomic_exchange_explicit (&buffers[i].taken, 1, memory_order_acquire))
      return bytes_of_buffer (pages, i);
  return map_buffer (pages, len);
}

/* Give back COPY of LEN bytes, a result of take_buffer.  */
static void give_buffer_back (struct mir_pages *pages, uint8_t *copy, size_t len) {
  for (int i = 0; i < BUFFERS; i++)
    if (copy == atomic_load_explicit (&buffers[i].bytes, memory_order_relaxed)) {
      atomic_store_explicit (&buffers[i].taken, 0, memory_order_release);
      return;
    }
  (void) mir_linux_unmap (pages, copy, len);
}

/*---------------- /proc/self/mem -----------------------------*/

/* A descriptor, which the caller closes with close_memory; -1 with errno on failure.  */
static int open_memory (struct mir_pages *pages) {
  pages->system_calls++;
  return open ("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static void close_memory (struct mir_pages *pages, int fd) {
  int error = errno;
  pages->system_calls++;
  close (fd);
  errno = error;
}

/* Whether FD is the memory which this program sees: an emulator may show its own.  */
static int is_this_memory (struct mir_pages *pages, int fd) {
  uint64_t mark = 0x6d69722d636f6465u ^ (uintptr_t) pages, seen = 0;
  pages->system_calls++;
  if (pread (fd, &seen, sizeof (seen), (off_t) (uintptr_t) &mark) == sizeof (seen) && seen == mark)
    return 1;
  errno = ENXIO;
  return 0;
}

/* Write LEN bytes from FROM over the code at TO.  Returns 0, or -1.  A refused write has usually
   changed nothing; if the system runs out of memory between two pages, the pages before that point
   are written and the others are not.  */
static int write_memory (struct mir_pages *pages, int fd, uint8_t *to, const uint8_t *from,
                         size_t len) {
  for (size_t done = 0; done < len;) {
    pages->system_calls++;
    ssize_t n = pwrite (fd, from + done, len - done, (off_t) (uintptr_t) (to + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    done += (size_t) n;
  }
  return 0;
}

/*---------------- The back end -----------------------------*/

/* Map r-x memory, and check that /proc/self/mem reaches it.  */
static MIR_code_status_t procmem_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  if (mir_linux_map_private (pages, len, at) != MIR_CODE_OK) return MIR_CODE_MAP_REFUSED;
  int fd = open_memory (pages), ours = fd >= 0 && is_this_memory (pages, fd);
  if (fd >= 0) close_memory (pages, fd);
  if (ours) return MIR_CODE_OK;
  int error = errno;
  if (mir_linux_unmap_rx (pages) != 0) pages->reserved = 0; /* the place is lost */
  errno = error;
  return MIR_CODE_MAP_REFUSED;
}

/* Give the caller a copy of the span to change.  Behind PAGES->written all bytes are zero, so they
   need not be read.  */
static MIR_code_status_t procmem_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                       uint8_t **writable) {
  uint8_t *copy = take_buffer (pages, len);
  if (copy == NULL) return MIR_CODE_WRITE_REFUSED;
  size_t offset = (size_t) (start - pages->rx);
  size_t old = offset >= pages->written         ? 0
               : pages->written - offset >= len ? len
                                                : pages->written - offset;
  memcpy (copy, start, old);
  memset (copy + old, 0, len - old); /* instead of a page fault for each new page */
  *writable = copy;
  return MIR_CODE_OK;
}

/* Write the changed copy over the span, and give it back.  PAGES->written grows first: on failure
   some bytes may be there.  */
static MIR_code_status_t procmem_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                        uint8_t *writable) {
  int fd = open_memory (pages);
  size_t bound = (size_t) (start - pages->rx) + len;
  if (fd >= 0 && bound > pages->written) pages->written = bound;
  int refused = fd < 0 || write_memory (pages, fd, start, writable, len) != 0;
  if (fd >= 0) close_memory (pages, fd);
  int error = errno;
  give_buffer_back (pages, writable, len);
  errno = error;
  return refused ? MIR_CODE_WRITE_REFUSED : MIR_CODE_OK;
}

const struct mir_backend mir_backend_procmem = {
    .name = "procmem",
    .bit = MIR_CODE_PROCMEM,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS | 1 << MIR_CODE_NO_ALIAS,
    .unit = 1,
    .whole_words = 0,
    .reservable = 1,
    .map = procmem_map,
    .unmap = mir_linux_unmap_rx,
    .open = procmem_open,
    .close = procmem_close,
    .discard = mir_linux_discard_private,
    .move = mir_linux_move,
};
