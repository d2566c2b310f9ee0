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
static int find_mapping (uintptr_t address, struct file_mapping *mapping) {
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
  int is_same = find_mapping ((uintptr_t) page, &ours) == 0 && ours.device == mapping->device
                && ours.inode == mapping->inode;
  munmap (page, len);
  return is_same;
}

/* Find the function at ADDRESS in the file PATH.  1, or 0 if that is not the file of MAPPING or does
   not tell.  */
static int look_in_file (const char *path, const struct file_mapping *mapping, uintptr_t address,
                         struct mir_os_function *function) {
  struct mir_elf_file file;
  uintptr_t in_file; /* ADDRESS as the linker knows it */
  int res = 0, fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return 0;
  mir_elf_open (&file, fd);
  if (is_file_of (fd, mapping)
      && mir_elf_address_of (&file, address - mapping->start + mapping->offset, &in_file) == 0)
    res = mir_elf_find_function (&file, in_file, function);
  close (fd);
  if (res) function->start += address - in_file;
  return res;
}

/* The program's file may have been removed, or be below another root: /proc/self/exe is it.  */
int mir_os_function (const void *address, struct mir_os_function *function) {
  struct file_mapping mapping;
  uintptr_t at = (uintptr_t) address;
  int error = errno, held = mir_os_hold_cancel (), res = 0;
  if (find_mapping (at, &mapping) == 0 && mapping.is_code && mapping.path[0] == '/')
    res = look_in_file (mapping.path, &mapping, at, function)
          || look_in_file ("/proc/self/exe", &mapping, at, function);
  mir_os_let_cancel (held);
  errno = error;
  return res;
}
