/* Sections, relocations, imports of both tables, helpers, thread-local variables, the loader's
   list.  Offsets are those of Microsoft's "PE Format" and of winnt.h.  */

#include "ucrt/arm64ec/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "inject/pe/format.h"
#include "ucrt/arm64ec/system.h"

enum { MODULES_MAX = 4, FILE_MAX = 32 << 20, PAGE = 4096 };
enum { DIRECTORY_RELOCATIONS = 5, DIRECTORY_TLS = 9, DIR64 = 10 };
enum { META_MAP = 4, META_MAP_NUM = 8, META_AUXILIARY = 44 };
/* The thread environment block, the process's, the loader's data, and an entry in its list.  */
enum { THREAD_SELF = 0x30, THREAD_TLS = 0x58, THREAD_PROCESS = 0x60, THREAD_ERROR = 0x68 };
enum { PROCESS_LOADER = 0x18, LOADER_LIST = 0x10 };
enum { ENTRY_BASE = 0x30, ENTRY_SIZE = 0x40, ENTRY_FULL_NAME = 0x48, ENTRY_NAME = 0x58 };

uint8_t loader_environment[0x2000] __attribute__ ((aligned (16)));
uint8_t loader_process[0x1000] __attribute__ ((aligned (16)));
static uint8_t loader_data[0x100] __attribute__ ((aligned (16)));
static void *tls_blocks[MODULES_MAX];
static struct module modules[MODULES_MAX];
static unsigned modules_num;

void check_call (void);
void no_emulator (void);
void leave (void);
void loader_emulates (void);

static uint64_t get (const uint8_t *at, unsigned size) {
  uint64_t value = 0;
  memcpy (&value, at, size);
  return value;
}

static void put (uint8_t *at, uint64_t value, unsigned size) {
  memcpy (at, &value, size);
}

static void die (const char *what, const char *name) {
  fprintf (stderr, "%s: %s\n", name, what);
  exit (1);
}

void loader_emulates (void) {
  die ("x64 code would be emulated", "emulator");
}

uint32_t *loader_last_error (void) {
  return (uint32_t *) (loader_environment + THREAD_ERROR);
}

/*---------------- Reading images -----------------------------*/

static uint8_t *optional_of (uint8_t *image) {
  return image + get (image + PE_DOS_NT, 4) + PE_NT_OPTIONAL;
}

/* The offset and the size of the directory NUMBER.  */
static uint32_t directory (uint8_t *image, unsigned number, uint32_t *size) {
  uint8_t *at = optional_of (image) + PE_OPTIONAL_DIRECTORIES_PLUS + PE_DIRECTORY * number;
  *size = (uint32_t) get (at + PE_DIRECTORY_SIZE, 4);
  return (uint32_t) get (at, 4);
}

static uint8_t *metadata_of (const struct module *module) {
  uint32_t size, config = directory (module->base, PE_LOAD_CONFIG, &size);
  return (uint8_t *) get (module->base + config + PE_CONFIG_HYBRID_PLUS, 8);
}

int loader_is_image (uint64_t address) {
  for (unsigned i = 0; i < modules_num; i++)
    if (address - (uintptr_t) modules[i].base < modules[i].size) return 1;
  return 0;
}

int loader_is_code (uint64_t address) {
  for (unsigned i = 0; i < modules_num; i++) {
    uint64_t offset = address - (uintptr_t) modules[i].base;
    if (offset >= modules[i].size) continue;
    uint8_t *metadata = metadata_of (&modules[i]);
    uint8_t *range = modules[i].base + get (metadata + META_MAP, 4);
    for (uint64_t num = get (metadata + META_MAP_NUM, 4); num > 0; num--, range += 8)
      if ((range[0] & 3) == 1 && offset - (get (range, 4) & ~3u) < get (range + 4, 4)) return 1;
  }
  return 0;
}

uint64_t loader_target (uint64_t target) {
  static const uint8_t forward[] = {0x48, 0x8b, 0xc4, 0x48, 0x89, 0x58, 0x20, 0x55, 0x5d, 0xe9};
  if (loader_is_code (target) || system_is_code (target)) return target;
  const uint8_t *code = (const uint8_t *) target;
  if (target % 16 == 0 && memcmp (code, forward, sizeof (forward)) == 0) {
    uint64_t function = target + 14 + (uint64_t) (int64_t) (int32_t) get (code + 10, 4);
    if (loader_is_code (function)) return function;
  }
  loader_emulates ();
  return 0;
}

uint64_t loader_export (const struct module *module, const char *name) {
  uint32_t size;
  uint8_t *base = module->base, *table = base + directory (base, PE_EXPORT, &size);
  uint8_t *names = base + get (table + PE_EXPORT_NAMES, 4),
          *numbers = base + get (table + PE_EXPORT_ORDINALS, 4),
          *functions = base + get (table + PE_EXPORT_FUNCTIONS, 4);
  for (uint64_t i = 0; i < get (table + PE_EXPORT_NAMES_NUM, 4); i++)
    if (strcmp ((char *) base + get (names + 4 * i, 4), name) == 0)
      return (uintptr_t) base + get (functions + 4 * get (numbers + 2 * i, 2), 4);
  die ("there is no such export", name);
  return 0;
}

uint64_t loader_entry (const struct module *module) {
  return (uintptr_t) module->base + get (optional_of (module->base) + PE_OPTIONAL_ENTRY, 4);
}

/*---------------- Loading -----------------------------*/

static uint8_t *contents (const char *name) {
  FILE *stream = fopen (name, "rb");
  uint8_t *bytes = malloc (FILE_MAX);
  if (stream == NULL || bytes == NULL || fread (bytes, 1, FILE_MAX, stream) == 0)
    die ("cannot be read", name);
  fclose (stream);
  return bytes;
}

/* The section header NUMBER of IMAGE, or NULL behind the last.  */
static uint8_t *section (uint8_t *image, unsigned number) {
  uint8_t *headers = image + get (image + PE_DOS_NT, 4);
  if (number >= get (headers + PE_NT_SECTIONS_NUM, 2)) return NULL;
  return headers + PE_NT_OPTIONAL + get (headers + PE_NT_OPTIONAL_SIZE, 2)
         + (size_t) number * PE_SECTION_HEADER;
}

static void map_sections (struct module *module, uint8_t *file) {
  memcpy (module->base, file, get (optional_of (file) + PE_OPTIONAL_HEADERS_SIZE, 4));
  uint8_t *header;
  for (unsigned i = 0; (header = section (file, i)) != NULL; i++) {
    uint64_t raw = get (header + PE_SECTION_RAW_SIZE, 4),
             own = get (header + PE_SECTION_VIRTUAL_SIZE, 4);
    memcpy (module->base + get (header + PE_SECTION_RVA, 4),
            file + get (header + PE_SECTION_RAW, 4), raw < own ? raw : own);
  }
}

/* The headers still have the address that the linker chose.  */
static void relocate (struct module *module) {
  uint32_t size, at = directory (module->base, DIRECTORY_RELOCATIONS, &size), end = at + size;
  uint64_t delta =
      (uintptr_t) module->base - get (optional_of (module->base) + PE_OPTIONAL_BASE_PLUS, 8);
  while (at < end) {
    uint8_t *block = module->base + at;
    for (uint32_t i = 8; i < get (block + 4, 4); i += 2) {
      uint64_t item = get (block + i, 2);
      uint8_t *place = module->base + get (block, 4) + (item & 0xfff);
      if (item >> 12 == DIR64) put (place, get (place, 8) + delta, 8);
    }
    at += (uint32_t) get (block + 4, 4);
  }
}

/* A stub that leaves for FUNCTION of Linux: ldr x16; ldr x17; br x17.  */
static uint64_t stub_of (void *function) {
  static uint8_t *next;
  const uint32_t code[] = {0x58000090, 0x580000b1, 0xd61f0220, 0xd503201f};
  if (next == NULL)
    next = mmap (NULL, 16 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
  uint8_t *stub = next;
  memcpy (stub, code, sizeof (code));
  put (stub + 16, (uintptr_t) function, 8);
  put (stub + 24, (uintptr_t) leave, 8);
  __builtin___clear_cache ((char *) stub, (char *) stub + 32);
  next += 32;
  return (uintptr_t) stub;
}

uint64_t system_stub (const char *name) {
  void *function = system_function (name);
  return function != NULL ? stub_of (function) : 0;
}

/* Fill the import table, for x64 code, and the auxiliary one, for ARM64 code.  */
static void import (struct module *module) {
  uint32_t size, at = directory (module->base, PE_IMPORT, &size);
  uint32_t table = directory (module->base, PE_IAT, &size),
           auxiliary = (uint32_t) get (metadata_of (module) + META_AUXILIARY, 4);
  for (uint8_t *dll = module->base + at; get (dll + PE_DESCRIPTOR_NAME, 4) != 0;
       dll += PE_DESCRIPTOR) {
    uint8_t *names = module->base + get (dll, 4);
    uint32_t slot = (uint32_t) get (dll + PE_DESCRIPTOR_ADDRESS, 4);
    for (; get (names, 8) != 0; names += 8, slot += 8) {
      const char *name = (const char *) module->base + get (names, 8) + PE_HINT;
      uint64_t stub = system_stub (name);
      if (stub == 0) stub = stub_of ((void *) system_lacks);
      put (module->base + slot, stub, 8);
      put (module->base + auxiliary + (slot - table), stub, 8);
    }
  }
}

/* The places in the metadata that have the addresses of pointers to helpers.  */
static void set_helpers (struct module *module) {
  static const uint8_t emulating[] = {20, 24, 28, 72}, checking[] = {32, 36};
  uint8_t *metadata = metadata_of (module);
  for (size_t i = 0; i < sizeof (emulating); i++)
    put (module->base + get (metadata + emulating[i], 4), (uintptr_t) no_emulator, 8);
  for (size_t i = 0; i < sizeof (checking); i++)
    put (module->base + get (metadata + checking[i], 4), (uintptr_t) check_call, 8);
}

static void set_tls (struct module *module) {
  uint32_t size, at = directory (module->base, DIRECTORY_TLS, &size);
  if (at == 0) return;
  uint8_t *table = module->base + at;
  uint64_t begin = get (table, 8), end = get (table + 8, 8);
  uint8_t *block = calloc (1, end - begin + get (table + 32, 4) + 16);
  if (block == NULL) die ("no memory", "tls");
  memcpy (block, (void *) begin, end - begin);
  put ((uint8_t *) get (table + 16, 8), modules_num, 4);
  tls_blocks[modules_num] = block;
}

static void protect (struct module *module) {
  uint8_t *header;
  for (unsigned i = 0; (header = section (module->base, i)) != NULL; i++) {
    uint64_t flags = get (header + PE_SECTION_FLAGS, 4);
    int writable = flags & PE_SCN_WRITE ? PROT_WRITE : 0,
        executable = flags & 0x20000000 ? PROT_EXEC : 0;
    mprotect (module->base + get (header + PE_SECTION_RVA, 4),
              (get (header + PE_SECTION_VIRTUAL_SIZE, 4) + PAGE - 1) & ~(uint64_t) (PAGE - 1),
              PROT_READ | writable | executable);
  }
}

/* Add MODULE at the end of the loader's list, under NAME.  */
static void enlist (struct module *module, const char *name) {
  size_t length = strlen (name);
  uint8_t *entry = module->entry = calloc (1, 0x100), *list = loader_data + LOADER_LIST;
  uint16_t *wide = calloc (length + 1, sizeof (*wide));
  if (entry == NULL || wide == NULL) die ("no memory", name);
  for (size_t i = 0; i < length; i++) wide[i] = (uint16_t) name[i];
  put (entry + ENTRY_BASE, (uintptr_t) module->base, 8);
  put (entry + ENTRY_SIZE, module->size, 4);
  put (entry + ENTRY_FULL_NAME, 2 * length, 2);
  put (entry + ENTRY_FULL_NAME + 8, (uintptr_t) wide, 8);
  put (entry + ENTRY_NAME, 2 * length, 2);
  put (entry + ENTRY_NAME + 8, (uintptr_t) wide, 8);
  uint8_t *last = (uint8_t *) get (list + 8, 8);
  put (last, (uintptr_t) entry, 8);
  put (entry, (uintptr_t) list, 8);
  put (entry + 8, (uintptr_t) last, 8);
  put (list + 8, (uintptr_t) entry, 8);
}

static void begin (void) {
  uint8_t *list = loader_data + LOADER_LIST;
  put (loader_environment + THREAD_SELF, (uintptr_t) loader_environment, 8);
  put (loader_environment + THREAD_TLS, (uintptr_t) tls_blocks, 8);
  put (loader_environment + THREAD_PROCESS, (uintptr_t) loader_process, 8);
  put (loader_process + PROCESS_LOADER, (uintptr_t) loader_data, 8);
  put (list, (uintptr_t) list, 8);
  put (list + 8, (uintptr_t) list, 8);
}

struct module *loader_load (const char *file, const char *name, uintptr_t address) {
  if (modules_num == 0) begin ();
  if (modules_num == MODULES_MAX) die ("too many DLLs", name);
  uint8_t *bytes = contents (file);
  struct module *module = &modules[modules_num];
  module->size = (uint32_t) get (optional_of (bytes) + PE_OPTIONAL_IMAGE_SIZE, 4);
  module->base = mmap ((void *) address, module->size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (module->base != (uint8_t *) address) die ("cannot be mapped", name);
  map_sections (module, bytes);
  free (bytes);
  relocate (module);
  import (module);
  set_helpers (module);
  set_tls (module);
  protect (module);
  enlist (module, name);
  modules_num++;
  return module;
}
