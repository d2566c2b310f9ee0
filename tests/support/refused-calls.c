/* Wrapped system calls: counted, followed and refused on demand.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "support/refused-calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/restrictions.h" /* SYS_MSEAL */
#include "support/tap.h"

/*---------------- Refusing -----------------------------*/

static struct refusal refusal;
static int armed;
static long made, refused;
static const char *first_refused;

enum { NAMES = 64 };
static const char *reached[NAMES];

void calls_arm (const struct refusal *what) {
  refusal = *what;
  made = refused = 0;
  first_refused = NULL;
  armed = 1;
}

void calls_disarm (void) {
  armed = 0;
}

void calls_rearm (void) {
  armed = 1;
}

long calls_made (void) {
  return made;
}

long calls_refused (void) {
  return refused;
}

const char *calls_first_refused (void) {
  return first_refused == NULL ? "none" : first_refused;
}

int calls_reached (const char *name) {
  for (int i = 0; i < NAMES && reached[i] != NULL; i++)
    if (strcmp (reached[i], name) == 0) return 1;
  return 0;
}

static void note_reached (const char *name) {
  int i = 0;
  while (i < NAMES - 1 && reached[i] != NULL && strcmp (reached[i], name) != 0) i++;
  reached[i] = name;
}

/* Whether the call of NAME that has just begun is refused; then errno is set.  */
static int is_refused (const char *name) {
  if (armed) {
    made++;
    if (refusal.at != 0 && (made == refusal.at || (refusal.forever && made > refusal.at))) {
      if (refused++ == 0) first_refused = name;
      errno = refusal.error;
      return 1;
    }
  }
  note_reached (name);
  return 0;
}

/*---------------- Mappings -----------------------------*/

struct mapping {
  uintptr_t start, bound;
  int prot, shared;
  int memory; /* the same number: the same memory, mapped several times */
  int stays;  /* sealed, or unmapping this memory was refused for good */
};

enum { MAX_MAPPINGS = 1024 };
static struct mapping mappings[MAX_MAPPINGS];
static size_t mappings_num;
static int memories;

static void add_mapping (struct mapping mapping) {
  REQUIRE (mappings_num < MAX_MAPPINGS);
  mappings[mappings_num++] = mapping;
}

/* Split the mapping that reaches across ADDR.  */
static void cut_at (uintptr_t addr) {
  for (size_t i = 0; i < mappings_num; i++) {
    struct mapping *mapping = &mappings[i];
    if (mapping->start >= addr || addr >= mapping->bound) continue;
    struct mapping rest = *mapping;
    mapping->bound = rest.start = addr;
    add_mapping (rest);
    return;
  }
}

/* The next mapping within LEN bytes at START from index *I on; NULL: there is none.  */
static struct mapping *next_within (const void *start, size_t len, size_t *i) {
  uintptr_t first = (uintptr_t) start;
  for (; *i < mappings_num; ++*i)
    if (mappings[*i].start >= first && mappings[*i].bound <= first + len) return &mappings[(*i)++];
  return NULL;
}

static void cut_out (const void *start, size_t len) {
  cut_at ((uintptr_t) start);
  cut_at ((uintptr_t) start + len);
}

static void remove_mappings (const void *start, size_t len) {
  struct mapping *mapping;
  cut_out (start, len);
  for (size_t i = 0; (mapping = next_within (start, len, &i)) != NULL; i--)
    *mapping = mappings[--mappings_num];
}

static void put_mapping (const void *start, size_t len, int prot, int shared, int memory) {
  uintptr_t first = (uintptr_t) start;
  remove_mappings (start, len);
  add_mapping ((struct mapping) {first, first + len, prot, shared, memory, 0});
}

static void protect_mappings (const void *start, size_t len, int prot) {
  struct mapping *mapping;
  cut_out (start, len);
  for (size_t i = 0; (mapping = next_within (start, len, &i)) != NULL;) mapping->prot = prot;
}

static void mark_staying (const void *start, size_t len) {
  struct mapping *mapping;
  for (size_t i = 0; (mapping = next_within (start, len, &i)) != NULL;) mapping->stays = 1;
}

/* Unmapping what is at START was refused: if for good, none of this memory's mappings can go.  */
static void refuse_to_unmap (const void *start, size_t len) {
  struct mapping *mapping;
  if (!refusal.forever) return;
  for (size_t i = 0; (mapping = next_within (start, len, &i)) != NULL;)
    for (size_t j = 0; j < mappings_num; j++)
      if (mappings[j].memory == mapping->memory) mappings[j].stays = 1;
}

/* The mapping that holds ADDR, or NULL.  */
static const struct mapping *mapping_at (const void *addr) {
  for (size_t i = 0; i < mappings_num; i++)
    if (mappings[i].start <= (uintptr_t) addr && (uintptr_t) addr < mappings[i].bound)
      return &mappings[i];
  return NULL;
}

size_t calls_live_mappings (void) {
  size_t n = 0;
  for (size_t i = 0; i < mappings_num; i++) n += !mappings[i].stays;
  return n;
}

void calls_forget_mappings (void) {
  mappings_num = 0;
}

void calls_begin (void) {
  mappings_num = 0;
  memset (reached, 0, sizeof (reached));
}

static size_t count_mappings (int prot, int shared) {
  size_t n = 0;
  for (size_t i = 0; i < mappings_num; i++)
    n += (mappings[i].prot & prot) == prot && mappings[i].shared >= shared && !mappings[i].stays;
  return n;
}

size_t calls_open_mappings (void) {
  return count_mappings (PROT_WRITE | PROT_EXEC, 0);
}

size_t calls_writable_aliases (void) {
  return count_mappings (PROT_WRITE, 1);
}

void calls_print_mappings (void) {
  for (size_t i = 0; i < mappings_num; i++)
    if (!mappings[i].stays)
      tap_note ("mapped: %#lx, %lu bytes, access %d, shared %d", (unsigned long) mappings[i].start,
                (unsigned long) (mappings[i].bound - mappings[i].start), mappings[i].prot,
                mappings[i].shared);
}

/* The first half of LEN bytes, whole pages.  */
static size_t half_of (size_t len) {
  size_t page = (size_t) sysconf (_SC_PAGESIZE);
  return len / page / 2 * page;
}

/*---------------- Mapping -----------------------------*/

void *__real_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t at);
int __real_munmap (void *addr, size_t len);
int __wrap_munmap (void *addr, size_t len);
int __real_mprotect (void *addr, size_t len, int prot);
int __wrap_mprotect (void *addr, size_t len, int prot);
void *__real_mremap (void *addr, size_t len, size_t new_len, int flags, ...);
void *__wrap_mremap (void *addr, size_t len, size_t new_len, int flags, ...);
int __real_madvise (void *addr, size_t len, int advice);
int __wrap_madvise (void *addr, size_t len, int advice);

void *__wrap_mmap64 (void *addr, size_t len, int prot, int flags, int fd, off_t at) {
  if (is_refused ("mmap")) {
    if (refusal.half && (flags & MAP_FIXED) != 0) { /* the old mapping is gone already */
      __real_munmap (addr, len);
      remove_mappings (addr, len);
      errno = refusal.error;
    }
    if ((flags & MAP_FIXED) != 0 && prot == PROT_NONE) refuse_to_unmap (addr, len);
    return MAP_FAILED;
  }
  void *res = __real_mmap64 (addr, len, prot, flags, fd, at);
  if (res == MAP_FAILED) return res;
  if (fd < 0) memories++; /* else it is new since the file was opened */
  put_mapping (res, len, prot, (flags & MAP_SHARED) != 0, memories);
  return res;
}

int __wrap_munmap (void *addr, size_t len) {
  int res = is_refused ("munmap") ? -1 : __real_munmap (addr, len);
  if (res == 0)
    remove_mappings (addr, len);
  else
    refuse_to_unmap (addr, len);
  return res;
}

int __wrap_mprotect (void *addr, size_t len, int prot) {
  if (is_refused ("mprotect")) {
    size_t part = refusal.half ? half_of (len) : 0;
    if (part != 0 && __real_mprotect (addr, part, prot) == 0) protect_mappings (addr, part, prot);
    errno = refusal.error;
    return -1;
  }
  int res = __real_mprotect (addr, len, prot);
  if (res == 0) protect_mappings (addr, len, prot);
  return res;
}

void *__wrap_mremap (void *addr, size_t len, size_t new_len, int flags, ...) {
  void *to = NULL;
  if ((flags & MREMAP_FIXED) != 0) {
    va_list args;
    va_start (args, flags);
    to = va_arg (args, void *);
    va_end (args);
  }
  if (is_refused ("mremap")) return MAP_FAILED;
  const struct mapping *old = mapping_at (addr);
  REQUIRE (old != NULL);
  int prot = old->prot, shared = old->shared, memory = old->memory;
  void *res = __real_mremap (addr, len, new_len, flags, to);
  if (res == MAP_FAILED) return res;
  if (len != 0) remove_mappings (addr, len);
  put_mapping (res, new_len, prot, shared, memory);
  return res;
}

int __wrap_madvise (void *addr, size_t len, int advice) {
  if (is_refused ("madvise")) {
    if (refusal.half && half_of (len) != 0) __real_madvise (addr, half_of (len), advice);
    errno = refusal.error;
    return -1;
  }
  return __real_madvise (addr, len, advice);
}

/*---------------- Files -----------------------------*/

static long descriptors;

static int note_descriptor (int fd) {
  descriptors += fd >= 0;
  memories++;
  return fd;
}

long calls_live_descriptors (void) {
  return descriptors;
}

int __real_memfd_create (const char *name, unsigned flags);
int __wrap_memfd_create (const char *name, unsigned flags);
int __real_open64 (const char *path, int flags, ...);
int __wrap_open64 (const char *path, int flags, ...);
int __real_close (int fd);
int __wrap_close (int fd);
int __real_ftruncate64 (int fd, off_t len);
int __wrap_ftruncate64 (int fd, off_t len);
int __real_fallocate64 (int fd, int mode, off_t at, off_t len);
int __wrap_fallocate64 (int fd, int mode, off_t at, off_t len);
int __real_fcntl64 (int fd, int command, ...);
int __wrap_fcntl64 (int fd, int command, ...);
int __real_getrlimit64 (int which, struct rlimit *limit);
int __wrap_getrlimit64 (int which, struct rlimit *limit);
ssize_t __real_read (int fd, void *bytes, size_t len);
ssize_t __wrap_read (int fd, void *bytes, size_t len);
ssize_t __real_pread64 (int fd, void *bytes, size_t len, off_t at);
ssize_t __wrap_pread64 (int fd, void *bytes, size_t len, off_t at);
ssize_t __real_pwrite64 (int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite64 (int fd, const void *bytes, size_t len, off_t at);
ssize_t __real_pwritev64 (int fd, const struct iovec *parts, int num, off_t at);
ssize_t __wrap_pwritev64 (int fd, const struct iovec *parts, int num, off_t at);

int __wrap_memfd_create (const char *name, unsigned flags) {
  return is_refused ("memfd_create") ? -1 : note_descriptor (__real_memfd_create (name, flags));
}

int __wrap_open64 (const char *path, int flags, ...) {
  va_list args;
  va_start (args, flags);
  int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (args, int) : 0;
  va_end (args);
  return is_refused ("open") ? -1 : note_descriptor (__real_open64 (path, flags, mode));
}

/* The descriptor is free whatever the result is (close(2)).  */
int __wrap_close (int fd) {
  int is_error = is_refused ("close"), res = __real_close (fd);
  descriptors -= res == 0;
  if (is_error) errno = refusal.error;
  return is_error ? -1 : res;
}

int __wrap_ftruncate64 (int fd, off_t len) {
  return is_refused ("ftruncate") ? -1 : __real_ftruncate64 (fd, len);
}

int __wrap_fallocate64 (int fd, int mode, off_t at, off_t len) {
  if (is_refused ("fallocate")) {
    if (refusal.half) __real_fallocate64 (fd, mode, at, (off_t) half_of ((size_t) len));
    errno = refusal.error;
    return -1;
  }
  return __real_fallocate64 (fd, mode, at, len);
}

int __wrap_fcntl64 (int fd, int command, ...) {
  va_list args;
  va_start (args, command);
  int value = va_arg (args, int);
  va_end (args);
  return is_refused ("fcntl") ? -1 : __real_fcntl64 (fd, command, value);
}

int __wrap_getrlimit64 (int which, struct rlimit *limit) {
  return is_refused ("getrlimit") ? -1 : __real_getrlimit64 (which, limit);
}

struct stat;
int __real_fstat64 (int fd, struct stat *status);
int __wrap_fstat64 (int fd, struct stat *status);
int __real_mincore (void *start, size_t len, unsigned char *states);
int __wrap_mincore (void *start, size_t len, unsigned char *states);
ssize_t __real_getrandom (void *bytes, size_t len, unsigned flags);
ssize_t __wrap_getrandom (void *bytes, size_t len, unsigned flags);

int __wrap_fstat64 (int fd, struct stat *status) {
  return is_refused ("fstat") ? -1 : __real_fstat64 (fd, status);
}

int __wrap_mincore (void *start, size_t len, unsigned char *states) {
  return is_refused ("mincore") ? -1 : __real_mincore (start, len, states);
}

ssize_t __wrap_getrandom (void *bytes, size_t len, unsigned flags) {
  return is_refused ("getrandom") ? -1 : __real_getrandom (bytes, len, flags);
}

/* The part of LEN bytes that a refused call transfers; 0: it fails.  */
static size_t short_len (size_t len) {
  return refusal.half && !refusal.forever ? len / 2 : 0;
}

ssize_t __wrap_read (int fd, void *bytes, size_t len) {
  if (is_refused ("read") && (len = short_len (len)) == 0) return -1;
  return __real_read (fd, bytes, len);
}

ssize_t __wrap_pread64 (int fd, void *bytes, size_t len, off_t at) {
  if (is_refused ("pread") && (len = short_len (len)) == 0) return -1;
  return __real_pread64 (fd, bytes, len, at);
}

ssize_t __wrap_pwrite64 (int fd, const void *bytes, size_t len, off_t at) {
  if (is_refused ("pwrite") && (len = short_len (len)) == 0) return -1;
  return __real_pwrite64 (fd, bytes, len, at);
}

/* Half of the first part is all that a short call writes.  */
ssize_t __wrap_pwritev64 (int fd, const struct iovec *parts, int num, off_t at) {
  if (is_refused ("pwritev")) {
    size_t len = num > 0 ? short_len (parts[0].iov_len) : 0;
    return len == 0 ? -1 : __real_pwrite64 (fd, parts[0].iov_base, len, at);
  }
  return __real_pwritev64 (fd, parts, num, at);
}

/*---------------- Other calls -----------------------------*/

static long locks;

long calls_live_locks (void) {
  return locks;
}

int __real_prctl (int option, ...);
int __wrap_prctl (int option, ...);
long __real_syscall (long number, ...);
long __wrap_syscall (long number, ...);
int __real_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __wrap_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __real_pthread_mutex_destroy (pthread_mutex_t *mutex);
int __wrap_pthread_mutex_destroy (pthread_mutex_t *mutex);
int __real_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void));
int __wrap_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void));

static const char *name_of (long number) {
  if (number == SYS_MSEAL) return "mseal";
  return number == SYS_membarrier ? "membarrier" : "syscall";
}

long __wrap_syscall (long number, ...) {
  long args[6];
  va_list list;
  va_start (list, number);
  for (int i = 0; i < 6; i++) args[i] = va_arg (list, long);
  va_end (list);
  /* No system refuses the call by which threads wait.  */
  if (number != SYS_futex && is_refused (name_of (number))) return -1;
  long res = __real_syscall (number, args[0], args[1], args[2], args[3], args[4], args[5]);
  if (number == SYS_MSEAL && res == 0)
    mark_staying ((const void *) (uintptr_t) args[0], (size_t) args[1]);
  return res;
}

int __wrap_prctl (int option, ...) {
  unsigned long args[4];
  va_list list;
  va_start (list, option);
  for (int i = 0; i < 4; i++) args[i] = va_arg (list, unsigned long);
  va_end (list);
  return is_refused ("prctl") ? -1 : __real_prctl (option, args[0], args[1], args[2], args[3]);
}

/* Functions of pthreads return their error.  */
int __wrap_pthread_mutex_init (pthread_mutex_t *mutex, const pthread_mutexattr_t *attr) {
  if (is_refused ("pthread_mutex_init")) return refusal.error;
  int res = __real_pthread_mutex_init (mutex, attr);
  locks += res == 0;
  return res;
}

int __wrap_pthread_mutex_destroy (pthread_mutex_t *mutex) {
  locks--;
  return __real_pthread_mutex_destroy (mutex);
}

int __wrap_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void)) {
  return is_refused ("pthread_atfork") ? refusal.error
                                       : __real_pthread_atfork (before, parent, child);
}
