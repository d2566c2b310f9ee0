/* A fuzz target for the reader of ELF symbol tables: any bytes give functions that contain what was
   asked for, with names that can be printed, or none; and the same ones for addresses together and
   one by one.  Linux.  */
#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/elf-symtab.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* In ascending order.  */
static const uintptr_t addresses[] = {0,      0x1000, 0x103f, 0x1040,          0x10ff,
                                      0x1208, 0x1400, 0x1508, UINTPTR_MAX / 2, UINTPTR_MAX};
enum { ADDRESSES = sizeof (addresses) / sizeof (addresses[0]) };

static void need (int condition, const char *what) {
  if (condition) return;
  fprintf (stderr, "fuzz-elf: broken: %s\n", what);
  abort ();
}

/* Set *FUNCTION to the one of LOOKUP, all 0 if it has none.  */
static void get_function (struct mir_elf_file *file, const struct mir_os_lookup *lookup,
                          struct mir_os_function *function) {
  memset (function, 0, sizeof (*function));
  if (mir_elf_read_name (file, lookup, function) != 0) {
    memset (function, 0, sizeof (*function));
    return;
  }
  function->start = lookup->start;
  need (lookup->start <= lookup->in_file, "a function begins behind what it contains");
  need (memchr (function->name, '\0', sizeof (function->name)) != NULL, "a name without an end");
  need (function->name[0] != '\0', "an empty name");
  for (const char *p = function->name; *p != '\0'; p++)
    need ((unsigned char) *p >= 0x20 && *p != 0x7f, "a control character");
}

static void look_up (struct mir_elf_file *file) {
  struct mir_os_lookup lookups[ADDRESSES];
  struct mir_os_function together[ADDRESSES], alone;
  memset (lookups, 0, sizeof (lookups));
  for (size_t i = 0; i < ADDRESSES; i++) lookups[i].in_file = addresses[i];
  mir_elf_find_functions (file, lookups, ADDRESSES);
  for (size_t i = 0; i < ADDRESSES; i++) get_function (file, &lookups[i], &together[i]);
  for (size_t i = 0; i < ADDRESSES; i++) {
    mir_elf_find_functions (file, &lookups[i], 1);
    get_function (file, &lookups[i], &alone);
    need (alone.start == together[i].start && strcmp (alone.name, together[i].name) == 0,
          "an address alone is in another function");
  }
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  static int fd = -1;
  struct mir_elf_file file;
  uintptr_t address;
  if (fd < 0) fd = memfd_create ("fuzz-elf", 0);
  need (fd >= 0 && ftruncate (fd, 0) == 0 && pwrite (fd, data, size, 0) == (ssize_t) size,
        "no file");
  mir_elf_open (&file, fd);
  for (size_t i = 0; i < ADDRESSES; i++) (void) mir_elf_address_of (&file, addresses[i], &address);
  /* Larger tables may have functions on each other, of which a few are found and many are not.  */
  if (size <= 4096) look_up (&file);
  return 0;
}
