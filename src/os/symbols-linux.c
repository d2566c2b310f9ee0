/* Linux: names of functions from the files that are mapped.  /proc/self/maps has the file of an
   address (proc(5)):

     7f5b6c028000-7f5b6c1bd000 r-xp 00028000 fe:01 332835      /usr/lib/libc.so.6

   Not dl_iterate_phdr: its lock in glibc may be taken in a child of fork, by a thread that was
   loading a module in the parent (dl_load_write_lock, which fork does not reset as it does the one
   of dladdr).  */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE /* O_CLOEXEC */
#include "os/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h> /* makedev */
#include <unistd.h>

#include "os/cancel.h"
#include "os/elf-symtab.h"
#include "os/os.h"

enum { PATH_SIZE = 1024 }; /* a longer path is not opened */

/* A line of the file: [START, BOUND) is mapped from OFFSET on.  */
struct file_mapping {
  uintptr_t start, bound;
  int is_code;
  uint64_t offset, inode;
  dev_t device;
  char path[PATH_SIZE]; /* "": none, or a longer one */
};

/* The file /proc/self/maps, a part of which is in `bytes`.  */
struct maps_text {
  int fd;
  size_t at, len;
  char bytes[2048];
};

/*---------------- What is mapped -----------------------------*/

/* The next character, or -1 at the end.  */
static int next_of_maps (struct maps_text *text) {
  if (text->at == text->len) {
    ssize_t n;
    do n = read (text->fd, text->bytes, sizeof (text->bytes));
    while (n < 0 && errno == EINTR);
    if (n <= 0) return -1;
    text->at = 0;
    text->len = (size_t) n;
  }
  return (unsigned char) text->bytes[text->at++];
}

/* Read a number in BASE and the character END behind it.  0, or -1.  */
static int read_digits (struct maps_text *text, unsigned base, int end, uint64_t *value) {
  *value = 0;
  for (int c; (c = next_of_maps (text)) != end;) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0 || (unsigned) digit >= base) return -1;
    *value = *value * base + (unsigned) digit;
  }
  return 0;
}

/* Read the rest of a line, which is spaces and a path.  */
static void read_path (struct maps_text *text, char path[PATH_SIZE]) {
  size_t len = 0;
  int c = next_of_maps (text);
  while (c == ' ') c = next_of_maps (text);
  for (; c >= 0 && c != '\n'; c = next_of_maps (text)) {
    if (len < PATH_SIZE) path[len] = (char) c;
    len++;
  }
  path[len < PATH_SIZE ? len : 0] = '\0';
}

/* Read a line.  0, or -1 at the end.  */
static int read_mapping (struct maps_text *text, struct file_mapping *mapping) {
  uint64_t start, bound, major, minor;
  if (read_digits (text, 16, '-', &start) != 0 || read_digits (text, 16, ' ', &bound) != 0)
    return -1;
  mapping->start = (uintptr_t) start;
  mapping->bound = (uintptr_t) bound;
  mapping->is_code = 0;
  for (int c; (c = next_of_maps (text)) != ' ';) { /* rwxp */
    if (c < 0) return -1;
    if (c == 'x') mapping->is_code = 1;
  }
  if (read_digits (text, 16, ' ', &mapping->offset) != 0 || read_digits (text, 16, ':', &major) != 0
      || read_digits (text, 16, ' ', &minor) != 0
      || read_digits (text, 10, ' ', &mapping->inode) != 0)
    return -1;
  mapping->device = makedev ((unsigned) major, (unsigned) minor);
  read_path (text, mapping->path);
  return 0;
}

/* Set *MAPPING to the one that contains ADDRESS.  0, or -1 if the system knows of none.  */
static int find_file_mapping (uintptr_t address, struct file_mapping *mapping) {
  struct maps_text text = {.fd = open ("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
  int res = -1;
  if (text.fd < 0) return -1;
  while (res != 0 && read_mapping (&text, mapping) == 0 && mapping->start <= address)
    if (address < mapping->bound) res = 0;
  close (text.fd);
  return res;
}

/*---------------- The file -----------------------------*/

/* Whether the open file FD is the one of MAPPING, which keeps its inode from being used again.  Some
   file systems (overlayfs, btrfs) give stat(2) another device than a mapping has; a page that is
   mapped, but never touched, tells then.  */
static int is_file_of (int fd, const struct file_mapping *mapping) {
  struct file_mapping ours;
  struct stat st;
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode)) return 0;
  if (st.st_dev == mapping->device && st.st_ino == mapping->inode) return 1;
  size_t len = mir_os_page_size ();
  void *page = mmap (NULL, len, PROT_NONE, MAP_PRIVATE, fd, 0);
  if (page == MAP_FAILED) return 0;
  int is_same = find_file_mapping ((uintptr_t) page, &ours) == 0 && ours.device == mapping->device
                && ours.inode == mapping->inode;
  munmap (page, len);
  return is_same;
}

/* Set `in_file` of the NUM LOOKUPS, which are in MAPPING.  0, or -1 if FILE has no code there.  */
static int set_in_file (struct mir_elf_file *file, const struct file_mapping *mapping,
                        struct mir_os_lookup *lookups, size_t num) {
  for (size_t i = 0; i < num; i++)
    if (mir_elf_address_of (file, lookups[i].address - mapping->start + mapping->offset,
                            &lookups[i].in_file)
        != 0)
      return -1;
  return 0;
}

/* Tell FUNC of the functions that were found.  */
static void tell_functions (struct mir_elf_file *file, const struct mir_os_lookup *lookups,
                            size_t num, mir_os_function_func_t func, void *user_data) {
  struct mir_os_function function;
  for (size_t i = 0; i < num; i++) {
    if (mir_elf_read_name (file, &lookups[i], &function) != 0) continue;
    function.start = lookups[i].start + (lookups[i].address - lookups[i].in_file);
    func (user_data, lookups[i].address, &function);
  }
}

/* Look for the NUM LOOKUPS, which are in MAPPING, in the file PATH.  0, or -1 if that is not the file
   of MAPPING.  */
static int look_in_file (const char *path, const struct file_mapping *mapping,
                         struct mir_os_lookup *lookups, size_t num, mir_os_function_func_t func,
                         void *user_data) {
  struct mir_elf_file file;
  int res = -1, fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -1;
  mir_elf_open (&file, fd);
  if (is_file_of (fd, mapping)) {
    res = 0;
    if (set_in_file (&file, mapping, lookups, num) == 0) {
      mir_elf_find_functions (&file, lookups, num);
      tell_functions (&file, lookups, num, func, user_data);
    }
  }
  close (fd);
  return res;
}

/*---------------- Functions -----------------------------*/

/* The program's file may have been removed, or be below another root: /proc/self/exe is it.  */
void mir_os_each_function (struct mir_os_lookup *lookups, size_t num, mir_os_function_func_t func,
                           void *user_data) {
  struct file_mapping mapping;
  int error = errno, held = mir_os_hold_cancel ();
  for (size_t i = 0, next; i < num; i = next) {
    next = i + 1;
    if (find_file_mapping (lookups[i].address, &mapping) != 0 || !mapping.is_code
        || mapping.path[0] != '/')
      continue;
    while (next < num && lookups[next].address < mapping.bound) next++;
    if (look_in_file (mapping.path, &mapping, lookups + i, next - i, func, user_data) != 0)
      (void) look_in_file ("/proc/self/exe", &mapping, lookups + i, next - i, func, user_data);
  }
  mir_os_let_cancel (held);
  errno = error;
}

static void copy_function (void *user_data, uintptr_t address,
                           const struct mir_os_function *function) {
  (void) address;
  *(struct mir_os_function *) user_data = *function;
}

int mir_os_function (const void *address, struct mir_os_function *function) {
  struct mir_os_lookup lookup = {.address = (uintptr_t) address};
  function->name[0] = '\0';
  mir_os_each_function (&lookup, 1, copy_function, function);
  return function->name[0] != '\0';
}
