/* Names of functions that are not exported: found in the right file, and in no other; and the reader
   of symbol tables, which nothing in a file leads astray.  */
#define _FILE_OFFSET_BITS 64
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os/symbols.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/elf-symtab.h"
#include "os/translations.h"
#include "support/child.h"
#include "support/tap.h"
#include "elf-image.h"
#include "symbols-module.h"

static char *module_file; /* the module as it was built */
static char folder[] = "/tmp/test-symbols-XXXXXX", path[100], other_path[100], deleted_path[120];

/*---------------- Loaded modules -----------------------------*/

static volatile int number;

__attribute__ ((noinline)) static void a_function (void) {
  number = number * 3 + 1; /* a few instructions */
}

/* The address of FUNC's first instruction, also where a pointer is to a descriptor or has a bit for
   the instruction set.  */
static uintptr_t start_of (void (*func) (void)) {
#if defined(__powerpc64__) && (!defined(_CALL_ELF) || _CALL_ELF != 2)
  return *(const uintptr_t *) (uintptr_t) func;
#elif defined(__arm__)
  return (uintptr_t) func & ~(uintptr_t) 1;
#else
  return (uintptr_t) func;
#endif
}

static int name_is (uintptr_t address, const char *name) {
  struct mir_os_function function;
  if (!mir_os_function ((const void *) address, &function)) {
    tap_note ("%s has no name", name);
    return 0;
  }
  if (strcmp (function.name, name) != 0) tap_note ("%s is called %s", name, function.name);
  return strcmp (function.name, name) == 0;
}

static int has_name (uintptr_t address) {
  struct mir_os_function function;
  return mir_os_function ((const void *) address, &function);
}

static void static_functions_have_names (void) {
  struct mir_os_function function;
  uintptr_t start = start_of (a_function);
  errno = ENOTTY;
  REQUIRE (mir_os_function ((const void *) start, &function));
  CHECK_INT (errno, ENOTTY);
  CHECK_STR (function.name, "a_function");
  CHECK_PTR ((void *) function.start, (void *) start);
  CHECK (name_is (start + 1, "a_function"));
  CHECK (!name_is (start - 1, "a_function"));
}

static void what_is_no_function_has_no_name (void) {
  static int variable;
  int local;
  void *block = malloc (100);
  CHECK (!has_name (0));
  CHECK (!has_name (UINTPTR_MAX));
  CHECK (!has_name ((uintptr_t) &variable));
  CHECK (!has_name ((uintptr_t) &local));
  CHECK (!has_name ((uintptr_t) block));
  free (block);
}

/* It has symbols, but its name is that of no file.  */
static void the_vdso_is_not_looked_for (void) {
  uintptr_t start = getauxval (AT_SYSINFO_EHDR);
  if (start == 0) tap_skip ("no vDSO");
  REQUIRE (chdir (folder) == 0);
  REQUIRE (symlink ("/proc/self/exe", "[vdso]") == 0);
  for (uintptr_t offset = 0; offset < 4096; offset += 64) CHECK (!has_name (start + offset));
  REQUIRE (unlink ("[vdso]") == 0);
}

static int count_descriptors (void) {
  DIR *entries = opendir ("/proc/self/fd");
  int num = 0;
  REQUIRE (entries != NULL);
  while (readdir (entries) != NULL) num++;
  closedir (entries);
  return num;
}

static void no_descriptor_is_left (void) {
  int before = count_descriptors ();
  for (int i = 0; i < 10; i++) {
    CHECK (name_is (start_of (a_function), "a_function"));
    CHECK (!has_name ((uintptr_t) &before));
  }
  CHECK_INT (count_descriptors (), before);
}

static int look_without_descriptors (void) {
  struct rlimit none = {0, 0};
  if (setrlimit (RLIMIT_NOFILE, &none) != 0 || open (".", O_RDONLY) >= 0) return 77;
  errno = ENOTTY;
  return has_name (start_of (a_function)) || errno != ENOTTY;
}

static int look_without_memory (void) {
  if (refuse_address_space () != 0) return 77;
  return !name_is (start_of (a_function), "a_function");
}

static void a_refused_file_is_no_name (void) {
  struct child_end end = run_child (look_without_descriptors, NULL, 0);
  if (end.status == 77) tap_skip ("descriptors are not refused here");
  CHECK_INT (end.status, 0);
}

static void no_memory_is_needed (void) {
  struct child_end end = run_child (look_without_memory, NULL, 0);
  if (end.status == 77) tap_skip ("address space is not refused here");
  CHECK_INT (end.status, 0);
}

/* As overlayfs and btrfs: a file has another device than its mappings.  The linker calls this in
   place of fstat64, as fstat is called with large files.  */
int __wrap_fstat64 (int fd, struct stat *st);
static _Atomic int is_other_device, fstats;

int __wrap_fstat64 (int fd, struct stat *st) {
  int res = fstatat (fd, "", st, AT_EMPTY_PATH);
  if (is_other_device && res == 0) {
    st->st_dev += 1;
    fstats++;
  }
  return res;
}

static void files_are_known_on_layered_file_systems (void) {
  is_other_device = 1;
  int is_named = name_is (start_of (a_function), "a_function");
  is_other_device = 0;
  if (fstats == 0) tap_skip ("this C library has another fstat");
  CHECK (is_named);
}

/*---------------- Files that are replaced -----------------------------*/

/* Copy LEN bytes of the file FROM to the file TO, a new one.  */
static void copy_part (const char *from, const char *to, size_t len) {
  char bytes[4096];
  int in = open (from, O_RDONLY), out = open (to, O_WRONLY | O_CREAT | O_EXCL, 0700);
  REQUIRE (in >= 0 && out >= 0);
  while (len > 0) {
    ssize_t n = read (in, bytes, len < sizeof (bytes) ? len : sizeof (bytes));
    REQUIRE (n >= 0);
    if (n == 0) break;
    REQUIRE (write (out, bytes, (size_t) n) == n);
    len -= (size_t) n;
  }
  close (in);
  close (out);
}

/* Load a copy of the module.  Returns the address of its static function; *HANDLE is for dlclose.  */
static uintptr_t load_module (void **handle) {
  copy_part (module_file, path, SIZE_MAX);
  *handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (*handle == NULL) tap_note ("%s", dlerror ());
  REQUIRE (*handle != NULL);
  int (*(*get) (void) ) (void);
  *(void **) &get = dlsym (*handle, "get_function_of_module");
  REQUIRE (get != NULL);
  return start_of ((void (*) (void)) get ());
}

static void check_replaced_files (void) {
  void *handle;
  uintptr_t function = load_module (&handle);
  CHECK (name_is (function, "function_of_module"));
  REQUIRE (rename (path, other_path) == 0);
  copy_part (module_file, path, SIZE_MAX); /* not the loaded one, but maybe another build */
  CHECK (name_is (function, "function_of_module"));
  REQUIRE (rename (other_path, path) == 0 && unlink (path) == 0);
  CHECK (!has_name (function));
  copy_part (module_file, deleted_path, SIZE_MAX); /* as the system calls the one that is gone */
  CHECK (!has_name (function));
  REQUIRE (unlink (deleted_path) == 0);
  dlclose (handle);
}

static void only_the_loaded_file_is_believed (void) {
  check_replaced_files ();
  is_other_device = 1;
  check_replaced_files ();
  is_other_device = 0;
}

/* At the name by which the system calls a file that is gone.  */
static void what_is_no_file_is_not_opened (void) {
  void *handle;
  uintptr_t function = load_module (&handle);
  REQUIRE (unlink (path) == 0 && mkfifo (deleted_path, 0600) == 0);
  CHECK (!has_name (function)); /* and does not wait for a writer */
  REQUIRE (unlink (deleted_path) == 0 && mkdir (deleted_path, 0700) == 0);
  CHECK (!has_name (function));
  REQUIRE (rmdir (deleted_path) == 0 && symlink ("/dev/zero", deleted_path) == 0);
  CHECK (!has_name (function));
  REQUIRE (unlink (deleted_path) == 0);
  dlclose (handle);
}

/* In a child, which ends without a call of the module: its memory is the file's.  */
static int cut_the_file (void) {
  struct stat st;
  void *handle;
  uintptr_t function = load_module (&handle);
  REQUIRE (stat (path, &st) == 0);
  size_t whole = (size_t) st.st_size, named = 0;
  int fd = open (path, O_RDWR);
  void *bytes = malloc (whole);
  REQUIRE (fd >= 0 && bytes != NULL && pread (fd, bytes, whole, 0) == st.st_size);
  for (size_t i = 0, cuts = tap_scaled (200); i < cuts; i++) {
    REQUIRE (ftruncate (fd, (off_t) (whole / 2 * i / cuts)) == 0);
    named += has_name (function) != 0; /* the section headers are at the end */
  }
  REQUIRE (pwrite (fd, bytes, whole, 0) == st.st_size);
  free (bytes);
  return named != 0 || !name_is (function, "function_of_module");
}

static void a_file_that_ends_early_gives_no_name (void) {
  CHECK_INT (run_child (cut_the_file, NULL, 0).status, 0);
  REQUIRE (unlink (path) == 0);
}

static void a_module_that_is_gone_gives_no_name (void) {
  void *handle;
  uintptr_t function = load_module (&handle);
  dlclose (handle);
  if (dlopen (path, RTLD_NOLOAD | RTLD_NOW) == NULL) CHECK (!has_name (function));
  REQUIRE (unlink (path) == 0);
}

/* Runs in a process of its own, from a copy at PROGRAM.  */
static int look_without_file (const char *program) {
  if (unlink (program) != 0) return 1;
  return !name_is (start_of (a_function), "a_function");
}

static int run_a_copy (void) {
  copy_part ("/proc/self/exe", path, SIZE_MAX);
  execl (path, path, "look-without-file", (char *) NULL);
  unlink (path);
  return 77;
}

static void a_program_that_was_removed_has_names (void) {
  struct child_end end = run_child (run_a_copy, NULL, 0);
  if (end.status == 77) tap_skip ("a copy of this program does not run");
  CHECK_INT (end.status, 0);
}

/*---------------- Threads and forks -----------------------------*/

enum { LOOKING = 3 };
static _Atomic int is_over;
static _Atomic size_t looks, misses;

static void *look_all_the_time (void *arg) {
  (void) arg;
  while (!is_over) {
    misses += !name_is (start_of (a_function), "a_function");
    looks++;
  }
  return NULL;
}

/* Under valgrind a child would be told of what this thread had allocated.  */
static void *load_all_the_time (void *arg) {
  while (!mir_os_is_translated () && !is_over) {
    void *handle = dlopen ((const char *) arg, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL) dlclose (handle);
  }
  return NULL;
}

static int look_in_child (void) {
  alarm (20);
  return !name_is (start_of (a_function), "a_function");
}

#ifdef IS_EMULATED
enum { CAN_FORK = 0 };
#else
enum { CAN_FORK = 1 };
#endif

static void children_find_names_while_threads_look_and_load (void) {
  pthread_t threads[LOOKING + 1];
  if (!CAN_FORK) tap_skip ("an emulator does not survive forks of threads");
  is_over = 0;
  copy_part (module_file, path, SIZE_MAX);
  for (int i = 0; i < LOOKING; i++)
    REQUIRE (pthread_create (&threads[i], NULL, look_all_the_time, NULL) == 0);
  REQUIRE (pthread_create (&threads[LOOKING], NULL, load_all_the_time, path) == 0);
  for (size_t i = 0; i < tap_scaled (100); i++)
    CHECK_INT (run_child (look_in_child, NULL, 0).status, 0);
  is_over = 1;
  for (int i = 0; i <= LOOKING; i++) pthread_join (threads[i], NULL);
  CHECK (looks > 0);
  CHECK_INT (misses, 0);
  REQUIRE (unlink (path) == 0);
}

/*---------------- The reader -----------------------------*/

/* A nameless file with the LEN bytes at BYTES.  */
static int file_of (const void *bytes, size_t len) {
  FILE *stream = tmpfile ();
  REQUIRE (stream != NULL);
  int fd = dup (fileno (stream));
  fclose (stream);
  REQUIRE (fd >= 0 && write (fd, bytes, len) == (ssize_t) len);
  return fd;
}

/* The address of the code at OFFSET of IMAGE; 0: there is none.  */
static uintptr_t address_of (const struct elf_image *image, uint64_t offset) {
  struct mir_elf_file file;
  uintptr_t address = 0;
  int fd = file_of (image, sizeof (*image));
  mir_elf_open (&file, fd);
  if (mir_elf_address_of (&file, offset, &address) != 0) address = 0;
  close (fd);
  return address;
}

static void segments_say_where_code_is (void) {
  struct elf_image image;
  ElfW (Phdr) *code = &image.segments[ELF_CODE_SEGMENT];
  elf_image_init (&image);
  CHECK_INT (address_of (&image, 0x3ff), 0); /* data */
  CHECK_INT (address_of (&image, 0x400), 0x1000);
  CHECK_INT (address_of (&image, 0x9ff), 0x15ff);
  CHECK_INT (address_of (&image, 0xa00), 0); /* memory that is not in the file */
  CHECK_INT (address_of (&image, UINT64_MAX), 0);
  code->p_flags = PF_R;
  CHECK_INT (address_of (&image, 0x400), 0);
  code->p_flags = PF_X;
  memset (&code->p_filesz, 0xff, sizeof (code->p_filesz));
  CHECK_INT (address_of (&image, 0x400), 0x1000);
  memset (&code->p_vaddr, 0xff, sizeof (code->p_vaddr));
  CHECK (address_of (&image, 0x400) == UINTPTR_MAX);
  image.header.e_phnum = UINT16_MAX; /* to the end of the file, after the right one */
  CHECK (address_of (&image, 0x400) == UINTPTR_MAX);
  CHECK_INT (address_of (&image, 0x300), 0);
  image.header.e_phnum = 1;
  CHECK_INT (address_of (&image, 0x400), 0);
  image.header.e_phnum = ELF_SEGMENTS;
  image.header.e_phentsize++;
  CHECK_INT (address_of (&image, 0x400), 0);
  image.header.e_phentsize--;
  memset (&image.header.e_phoff, 0xff, sizeof (image.header.e_phoff));
  CHECK_INT (address_of (&image, 0x400), 0);
  image.header.e_phoff = sizeof (image) - 8;
  CHECK_INT (address_of (&image, 0x400), 0);
}

/* The name at ADDRESS in a file with the LEN bytes at BYTES; "": none.  Valid until the next
   call.  */
static const char *name_in (const void *bytes, size_t len, uintptr_t address) {
  static struct mir_os_function function;
  struct mir_os_lookup lookup = {.in_file = address};
  struct mir_elf_file file;
  int fd = file_of (bytes, len);
  mir_elf_open (&file, fd);
  mir_elf_find_functions (&file, &lookup, 1);
  int found = mir_elf_read_name (&file, &lookup, &function) == 0;
  close (fd);
  return found ? function.name : "";
}

static void the_right_symbol_is_found (void) {
  static const struct {
    uintptr_t address;
    const char *name;
  } cases[] = {
      {0xfff, ""},           {0x1000, "outer"}, {0x103f, "outer"}, {0x1040, "inner"},
      {0x105f, "inner"},     {0x1060, "outer"}, {0x10ff, "outer"}, {0x1100, ""},
      {0x1208, "exported"},  {0x1308, ""}, /* data */
      {0x1400, ""},                        /* no size */
      {0x1508, ""},                        /* undefined */
      {UINTPTR_MAX, "last"}, {0, ""},
  };
  struct elf_image image;
  elf_image_init (&image);
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
    CHECK_STR (name_in (&image, sizeof (image), cases[i].address), cases[i].name);
}

static void many_addresses_are_found_in_one_reading (void) {
  enum { NUM = 0x600 };
  static struct mir_os_lookup lookups[NUM];
  struct mir_elf_file file;
  struct elf_image image;
  elf_image_init (&image);
  int fd = file_of (&image, sizeof (image));
  for (size_t i = 0; i < NUM; i++) lookups[i].in_file = 0x1000 + i;
  mir_elf_open (&file, fd);
  mir_elf_find_functions (&file, lookups, NUM);
  for (size_t i = 0; i < NUM; i++) {
    struct mir_os_function function = {.name = ""};
    (void) mir_elf_read_name (&file, &lookups[i], &function);
    CHECK_INT (lookups[i].rank != 0, i < 0x100 || (i >= 0x200 && i < 0x210));
    CHECK_STR (function.name, i >= 0x40 && i < 0x60  ? "inner"
                              : i < 0x100            ? "outer"
                              : lookups[i].rank != 0 ? "exported"
                                                     : "");
  }
  close (fd);
}

static void functions_on_each_other_are_refused (void) {
  enum { NUM = 1000 };
  static struct {
    struct elf_image image;
    ElfW (Sym) symbols[NUM];
  } large;
  elf_image_init (&large.image);
  for (size_t i = 0; i < NUM; i++) large.symbols[i] = large.image.symbols[ELF_INNER];
  large.image.sections[ELF_SYMTAB].sh_offset = offsetof (__typeof__ (large), symbols);
  large.image.sections[ELF_SYMTAB].sh_size = 200 * sizeof (large.symbols[0]);
  CHECK_STR (name_in (&large, sizeof (large), 0x1040), "inner");
  large.image.sections[ELF_SYMTAB].sh_size = sizeof (large.symbols);
  CHECK_STR (name_in (&large, sizeof (large), 0x1040), "");
}

static void a_cut_image_gives_no_wrong_name (void) {
  struct elf_image image;
  size_t named = 0;
  elf_image_init (&image);
  size_t end =
      offsetof (struct elf_image, names) + image.symbols[ELF_INNER].st_name + sizeof ("inner");
  for (size_t len = 0; len <= sizeof (image); len++) {
    const char *name = name_in (&image, len, 0x1040);
    CHECK (len < end ? *name == '\0' : strcmp (name, "inner") == 0);
    named += *name != '\0';
  }
  CHECK_INT (named, sizeof (image) - end + 1);
}

/* An image that CHANGE has changed gives no name at 0x1040, where "inner" is.  */
#define CHECK_REFUSED(CHANGE)                                 \
  do {                                                        \
    elf_image_init (&image);                                  \
    CHANGE;                                                   \
    CHECK_STR (name_in (&image, sizeof (image), 0x1040), ""); \
  } while (0)

static void headers_that_make_no_sense_are_refused (void) {
  struct elf_image image;
  CHECK_REFUSED (image.header.e_ident[1] = 'F');
  CHECK_REFUSED (image.header.e_ident[EI_CLASS] ^= 3);
  CHECK_REFUSED (image.header.e_ident[EI_DATA] ^= 3);
  CHECK_REFUSED (image.header.e_type = ET_REL);
  CHECK_REFUSED (image.header.e_shoff = 0);
  CHECK_REFUSED (image.header.e_shoff = sizeof (image));
  CHECK_REFUSED (memset (&image.header.e_shoff, 0xff, sizeof (image.header.e_shoff)));
  CHECK_REFUSED (image.header.e_shoff = INT64_MAX & ~(uintptr_t) 63);
  CHECK_REFUSED (image.header.e_shentsize--);
  CHECK_REFUSED (image.header.e_shnum = 1);
  CHECK_REFUSED (image.header.e_shnum = 2); /* without the names */
  CHECK_REFUSED (image.header.e_shnum = 0); /* section 0 says 0 */
  CHECK_REFUSED (image.header.e_shnum = 0;
                 memset (&image.sections[0].sh_size, 0xff, sizeof (image.sections[0].sh_size)));
}

static void sections_that_make_no_sense_are_refused (void) {
  struct elf_image image;
  ElfW (Shdr) *symbols = &image.sections[ELF_SYMTAB], *names = &image.sections[ELF_STRTAB];
  CHECK_REFUSED (symbols->sh_type = SHT_NOBITS); /* stripped */
  CHECK_REFUSED (symbols->sh_entsize = 0);
  CHECK_REFUSED (symbols->sh_entsize *= 2);
  CHECK_REFUSED (symbols->sh_size = 0);
  CHECK_REFUSED (symbols->sh_size = sizeof (image));
  CHECK_REFUSED (memset (&symbols->sh_size, 0xff, sizeof (symbols->sh_size)));
  CHECK_REFUSED (memset (&symbols->sh_offset, 0xff, sizeof (symbols->sh_offset)));
  CHECK_REFUSED (symbols->sh_offset = sizeof (image) - 1);
  CHECK_REFUSED (symbols->sh_offset += 1); /* in the middle of symbols */
  CHECK_REFUSED (symbols->sh_link = ELF_SECTIONS);
  CHECK_REFUSED (symbols->sh_link = UINT32_MAX);
  CHECK_REFUSED (symbols->sh_link = ELF_SYMTAB);
  CHECK_REFUSED (symbols->sh_link = 0);
  CHECK_REFUSED (names->sh_type = SHT_PROGBITS);
  CHECK_REFUSED (names->sh_size = image.symbols[ELF_INNER].st_name - 1);
  CHECK_REFUSED (names->sh_size = image.symbols[ELF_INNER].st_name);
  CHECK_REFUSED (names->sh_size = image.symbols[ELF_INNER].st_name + 5); /* no 0 within */
  CHECK_REFUSED (memset (&names->sh_offset, 0xff, sizeof (names->sh_offset)));
  CHECK_REFUSED (names->sh_offset = sizeof (image));
  /* The largest sizes that add up to less than 2^64: the end of the file is met.  */
  CHECK_REFUSED (symbols->sh_offset = INT32_MAX; symbols->sh_size = INT32_MAX);
}

static void names_that_make_no_sense_are_refused (void) {
  struct elf_image image;
  ElfW (Sym) *inner = &image.symbols[ELF_INNER];
  CHECK_REFUSED (inner->st_name = 0);
  CHECK_REFUSED (inner->st_name = ELF_NAMES_SIZE);
  CHECK_REFUSED (inner->st_name = UINT32_MAX);
  CHECK_REFUSED (image.names[inner->st_name + 2] = '\n');
  CHECK_REFUSED (image.names[inner->st_name + 2] = '\033');
  CHECK_REFUSED (image.names[inner->st_name + 2] = 0x7f);
  CHECK_REFUSED (memset (image.names + inner->st_name, 'x', ELF_NAMES_SIZE - inner->st_name));
  elf_image_init (&image);
  memset (&inner->st_size, 0xff, sizeof (inner->st_size));
  CHECK_STR (name_in (&image, sizeof (image), 0x1040), "inner");
  CHECK_STR (name_in (&image, sizeof (image), UINTPTR_MAX - 0x10), "inner");
}

static void sections_may_be_counted_in_the_first_one (void) {
  struct elf_image image;
  elf_image_init (&image);
  image.header.e_shnum = 0;
  image.sections[0].sh_size = ELF_SECTIONS;
  CHECK_STR (name_in (&image, sizeof (image), 0x1040), "inner");
}

static void sections_may_overlap (void) {
  struct elf_image image;
  elf_image_init (&image);
  image.sections[ELF_STRTAB].sh_offset = 0;
  image.sections[ELF_STRTAB].sh_size = sizeof (image);
  image.symbols[ELF_INNER].st_name += offsetof (struct elf_image, names);
  CHECK_STR (name_in (&image, sizeof (image), 0x1040), "inner");
  image.symbols[ELF_INNER].st_name = 1; /* the header's magic number */
  CHECK_STR (name_in (&image, sizeof (image), 0x1040), "");
}

static void a_long_name_is_cut (void) {
  struct {
    struct elf_image image;
    char names[5000];
  } large;
  memset (&large, 0, sizeof (large));
  elf_image_init (&large.image);
  memset (large.names, 'n', sizeof (large.names) - 1);
  large.image.sections[ELF_STRTAB].sh_size += sizeof (large.names);
  large.image.symbols[ELF_INNER].st_name = ELF_NAMES_SIZE;
  const char *name = name_in (&large, sizeof (large), 0x1040);
  CHECK_INT (strlen (name), MIR_OS_NAME_SIZE - 1);
  CHECK_INT (strspn (name, "n"), MIR_OS_NAME_SIZE - 1);
  large.image.symbols[ELF_INNER].st_name += sizeof (large.names) - 10;
  CHECK_STR (name_in (&large, sizeof (large), 0x1040), "nnnnnnnnn");
}

/* More symbols than one reading has, and the one that counts is the last.  */
static void large_tables_are_read_to_the_end (void) {
  enum { NUM = 5000 };
  static ElfW (Sym) symbols[NUM];
  static char bytes[sizeof (struct elf_image) + sizeof (symbols)];
  struct elf_image image;
  elf_image_init (&image);
  symbols[NUM - 1] = image.symbols[ELF_INNER];
  image.sections[ELF_SYMTAB].sh_offset = sizeof (image);
  image.sections[ELF_SYMTAB].sh_size = sizeof (symbols);
  memcpy (bytes, &image, sizeof (image));
  memcpy (bytes + sizeof (image), symbols, sizeof (symbols));
  CHECK_STR (name_in (bytes, sizeof (bytes), 0x1040), "inner");
}

/* More than any program has: not read for minutes.  */
static void endless_tables_are_refused (void) {
  const off_t num = (1 << 24) + 1;
  struct mir_os_lookup lookup = {.in_file = 0x1040};
  struct mir_elf_file file;
  struct elf_image image;
  elf_image_init (&image);
  image.sections[ELF_SYMTAB].sh_size = (size_t) num * sizeof (ElfW (Sym));
  int fd = file_of (&image, sizeof (image));
  int res = ftruncate (fd, (off_t) sizeof (image) + num * (off_t) sizeof (ElfW (Sym)));
  mir_elf_open (&file, fd);
  if (res == 0) {
    mir_elf_find_functions (&file, &lookup, 1);
    CHECK_INT (lookup.rank, 0);
  }
  close (fd);
  if (res != 0) tap_skip ("no file can be that large");
}

static void changed_images_give_clean_names (void) {
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    struct elf_image image;
    unsigned char *bytes = (unsigned char *) &image;
    elf_image_init (&image);
    for (uint64_t changes = tap_random () % 8; changes > 0; changes--)
      bytes[tap_random () % sizeof (image)] = (unsigned char) (tap_random () >> 8);
    const char *name = name_in (&image, sizeof (image), 0x1000 + tap_random () % 0x600);
    for (; *name != '\0'; name++) REQUIRE ((unsigned char) *name >= 0x20 && *name != 0x7f);
  }
}

int main (int argc, char **argv) {
  if (argc == 2 && strcmp (argv[1], "look-without-file") == 0) return look_without_file (argv[0]);
  if (argc != 2 || mkdtemp (folder) == NULL) return 1;
  module_file = realpath (argv[1], NULL);
  if (module_file == NULL) return 1;
  snprintf (path, sizeof (path), "%s/module.so", folder);
  snprintf (other_path, sizeof (other_path), "%s/other.so", folder);
  snprintf (deleted_path, sizeof (deleted_path), "%s (deleted)", path);
  TEST_RUN (static_functions_have_names);
  TEST_RUN (what_is_no_function_has_no_name);
  TEST_RUN (no_descriptor_is_left);
  TEST_RUN (a_refused_file_is_no_name);
  TEST_RUN (no_memory_is_needed);
  TEST_RUN (files_are_known_on_layered_file_systems);
  TEST_RUN (only_the_loaded_file_is_believed);
  TEST_RUN (what_is_no_file_is_not_opened);
  TEST_RUN (a_file_that_ends_early_gives_no_name);
  TEST_RUN (a_module_that_is_gone_gives_no_name);
  TEST_RUN (a_program_that_was_removed_has_names);
  TEST_RUN (children_find_names_while_threads_look_and_load);
  TEST_RUN (the_right_symbol_is_found);
  TEST_RUN (many_addresses_are_found_in_one_reading);
  TEST_RUN (functions_on_each_other_are_refused);
  TEST_RUN (segments_say_where_code_is);
  TEST_RUN (a_cut_image_gives_no_wrong_name);
  TEST_RUN (headers_that_make_no_sense_are_refused);
  TEST_RUN (sections_that_make_no_sense_are_refused);
  TEST_RUN (names_that_make_no_sense_are_refused);
  TEST_RUN (sections_may_be_counted_in_the_first_one);
  TEST_RUN (sections_may_overlap);
  TEST_RUN (a_long_name_is_cut);
  TEST_RUN (large_tables_are_read_to_the_end);
  TEST_RUN (endless_tables_are_refused);
  TEST_RUN (changed_images_give_clean_names);
  TEST_RUN (the_vdso_is_not_looked_for); /* changes the directory */
  remove (path);
  remove (other_path);
  free (module_file);
  if (rmdir (folder) != 0) return 1;
  return tap_done ();
}
