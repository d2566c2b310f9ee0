/* Linux: what is mapped, by /proc/self/maps (proc(5)): a line

     55d0c0a00000-55d0c0a21000 rw-p 00000000 00:00 0      [heap]

   for each mapping, in ascending order.  A call of read gets whole lines, and what other threads
   change between two calls appears in the second one or not.  */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "os/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h> /* strcmp */
#include <sys/resource.h>
#include <unistd.h>

enum { NAME_SIZE = 12 }; /* enough to recognise the names below */

/* The main thread's stack, which the kernel extends downwards; and a page at an address that no
   process can use for anything else.  */
static const char stack_name[] = "[stack]", vsyscall_name[] = "[vsyscall]";

/* The file, a part of which is in `bytes`.  */
struct maps_file {
  int fd;
  int refused; /* a read failed */
  size_t at, len;
  char bytes[4096];
};

/* The next character, or -1 at the end.  */
static int next_char (struct maps_file *file) {
  if (file->at == file->len) {
    ssize_t n;
    do n = read (file->fd, file->bytes, sizeof (file->bytes));
    while (n < 0 && errno == EINTR);
    if (n < 0) file->refused = 1;
    if (n <= 0) return -1;
    file->at = 0;
    file->len = (size_t) n;
  }
  return (unsigned char) file->bytes[file->at++];
}

/* Read a hexadecimal number and the character END behind it.  0, or -1.  */
static int read_hex (struct maps_file *file, int end, uintptr_t *value) {
  *value = 0;
  for (int c; (c = next_char (file)) != end;) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return -1;
    *value = *value << 4 | (uintptr_t) digit;
  }
  return 0;
}

/* Read what follows the addresses, up to the end of the line: four fields, and the name, of which
   NAME gets the beginning.  */
static void read_name (struct maps_file *file, char name[NAME_SIZE]) {
  int c = next_char (file);
  for (int i = 0; i < 4; i++) {
    while (c >= 0 && c != '\n' && c != ' ') c = next_char (file);
    while (c == ' ') c = next_char (file);
  }
  size_t len = 0;
  for (; c >= 0 && c != '\n'; c = next_char (file))
    if (len < NAME_SIZE - 1) name[len++] = (char) c;
  name[len] = '\0';
}

/* The lowest address of the stack [START, BOUND) when it has grown as far as it may, with the gap of
   256 pages which the kernel keeps below it (mm/mmap.c, stack_guard_gap).  A mapping there would
   stop the stack from growing.  Without a limit as much as the kernel leaves at least when it places
   its mappings (arch/x86/mm/mmap.c, mmap_base: 128 MiB).  */
static uintptr_t lowest_of_stack (uintptr_t start, uintptr_t bound) {
  struct rlimit limit;
  uintptr_t room = (uintptr_t) 128 << 20,
            gap = (uintptr_t) 256 * (uintptr_t) sysconf (_SC_PAGESIZE);
  if (getrlimit (RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    room = limit.rlim_cur < UINTPTR_MAX - gap ? (uintptr_t) limit.rlim_cur : UINTPTR_MAX - gap;
  uintptr_t lowest = bound > room + gap ? bound - room - gap : 0;
  return lowest < start ? lowest : start;
}

/* Read the lines of FILE up to the first mapping above LAST.  0, or -1.  */
static int read_maps (struct maps_file *file, uintptr_t last, mir_mapping_func_t func,
                      void *user_data) {
  for (int c; (c = next_char (file)) >= 0;) {
    char name[NAME_SIZE];
    uintptr_t start, bound;
    file->at--; /* the line begins with that character */
    if (read_hex (file, '-', &start) != 0 || read_hex (file, ' ', &bound) != 0) return -1;
    read_name (file, name);
    if (strcmp (name, vsyscall_name) == 0 || bound <= start) continue;
    if (strcmp (name, stack_name) == 0) start = lowest_of_stack (start, bound);
    if (start > last) break;
    func (user_data, start, bound - 1);
  }
  return file->refused ? -1 : 0;
}

int mir_os_each_mapping (uintptr_t first, uintptr_t last, mir_mapping_func_t func,
                         void *user_data) {
  (void) first; /* the file begins with the lowest mapping */
  struct maps_file file = {.fd = open ("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return -1;
  int res = read_maps (&file, last, func, user_data);
  close (file.fd);
  return res;
}
