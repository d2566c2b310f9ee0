/* Makes small PE images of every kind.  */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/pe/layout.h"

enum { FILE_ALIGNMENT = 512, PAGE = 4096, NT = 0x80, TEXT_RVA = PAGE, MODULES_MAX = 200 };
/* Imported from each module: one by name, one by ordinal; from the first both by name.  */
enum { FUNCTIONS = 2 };

/* A section that is being filled.  */
struct part {
  uint8_t *bytes;
  uint32_t rva, size, room;
};

const char *image_module (unsigned index) {
  static const char *const names[] = {"KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll",
                                      "USER32.dll"};
  static char name[32];
  if (index < sizeof (names) / sizeof (names[0])) return names[index];
  snprintf (name, sizeof (name), "module-%u.dll", index);
  return name;
}

static uint32_t add (struct part *part, const void *bytes, uint32_t n, uint32_t alignment) {
  part->size = (uint32_t) pe_round_up (part->size, alignment);
  uint32_t at = part->size;
  if (n > part->room - at) abort ();
  if (bytes != NULL) memcpy (part->bytes + at, bytes, n);
  part->size += n;
  return part->rva + at;
}

static void put_thunk (struct part *part, uint32_t rva, int plus, uint64_t value) {
  uint8_t *p = part->bytes + (rva - part->rva);
  if (plus)
    pe_put64 (p, value);
  else
    pe_put32 (p, (uint32_t) value);
}

static uint32_t add_hint (struct part *part, const char *function) {
  uint8_t bytes[64] = {0};
  size_t n = strlen (function) + 3;
  memcpy (bytes + 2, function, n - 2);
  return add (part, bytes, (uint32_t) n, 2);
}

static void put_directory (uint8_t *optional, int plus, unsigned index, uint32_t rva,
                           uint32_t size) {
  pe_put32 (optional + (plus ? 112 : 96) + 8 * index, rva);
  pe_put32 (optional + (plus ? 112 : 96) + 8 * index + 4, size);
}

/* Put the address tables first, as linkers do: they are the import address directory.  */
static void add_imports (struct part *part, const struct image_spec *spec, unsigned modules,
                         uint8_t *optional) {
  int plus = (spec->flags & IMAGE_PLUS) != 0;
  uint32_t thunk = plus ? 8 : 4, table = (FUNCTIONS + 1) * thunk;
  uint64_t by_ordinal = 1ull << (plus ? 63 : 31);
  uint32_t addresses = add (part, NULL, modules * table, 16);
  uint32_t lookups = add (part, NULL, modules * table, 16);
  uint32_t descriptors = add (part, NULL, (modules + 1) * PE_DESCRIPTOR, 4);
  for (unsigned i = 0; i < modules; i++) {
    const char *const functions[][2] = {{"ExitProcess", "GetLastError"}, {"malloc", "free"}};
    const char *module = image_module (i);
    uint32_t address = addresses + i * table, lookup = lookups + i * table;
    uint32_t name = add (part, module, (uint32_t) strlen (module) + 1, 2);
    for (unsigned k = 0; k < FUNCTIONS; k++) {
      uint64_t value =
          i > 1 && k > 0 ? by_ordinal | (i + 3) : add_hint (part, functions[i == 1][k]);
      put_thunk (part, lookup + k * thunk, plus, value);
      put_thunk (part, address + k * thunk, plus,
                 (spec->flags & IMAGE_BOUND) != 0 ? 0x77001000 + i : value);
    }
    uint8_t *p = part->bytes + (descriptors - part->rva) + i * PE_DESCRIPTOR;
    pe_put32 (p, (spec->flags & IMAGE_NO_LOOKUP) != 0 ? 0 : lookup);
    if ((spec->flags & IMAGE_BOUND) != 0) {
      pe_put32 (p + PE_DESCRIPTOR_TIME_STAMP, UINT32_MAX);
      pe_put32 (p + PE_DESCRIPTOR_FORWARDER, UINT32_MAX);
    }
    pe_put32 (p + PE_DESCRIPTOR_NAME, name);
    pe_put32 (p + PE_DESCRIPTOR_ADDRESS, address);
  }
  put_directory (optional, plus, PE_IMPORT, descriptors, (modules + 1) * PE_DESCRIPTOR);
  if ((spec->flags & IMAGE_NO_IAT) == 0)
    put_directory (optional, plus, PE_IAT, addresses, modules * table);
}

static void add_delayed (struct part *part, int plus, uint8_t *optional) {
  uint32_t thunk = plus ? 8 : 4;
  uint32_t table = add (part, NULL, 64, 4), name = add (part, "delayed.dll", 12, 2);
  uint32_t function = add_hint (part, "LateCall"), lookup = add (part, NULL, 2 * thunk, 8);
  uint32_t address = add (part, NULL, 2 * thunk, 8), handle = add (part, NULL, 8, 8);
  uint8_t *p = part->bytes + (table - part->rva);
  put_thunk (part, lookup, plus, function);
  put_thunk (part, address, plus, TEXT_RVA);
  pe_put32 (p, 1);
  pe_put32 (p + 4, name);
  pe_put32 (p + 8, handle);
  pe_put32 (p + 12, address);
  pe_put32 (p + 16, lookup);
  put_directory (optional, plus, PE_DELAY_IMPORT, table, 64);
}

static void add_load_config (struct part *part, unsigned flags, uint8_t *optional) {
  int plus = (flags & IMAGE_PLUS) != 0;
  uint32_t config = add (part, NULL, 0x100, 8);
  uint8_t *p = part->bytes + (config - part->rva);
  pe_put32 (p, 0x100);
  if ((flags & IMAGE_HYBRID) != 0) pe_put32 (p + (plus ? 0xc8 : 0x7c), part->rva);
  if ((flags & IMAGE_SYSTEM32) != 0) pe_put16 (p + (plus ? 0x4e : 0x36), 0x800);
  put_directory (optional, plus, PE_LOAD_CONFIG, config, 0x100);
}

static void add_exports (struct part *part, unsigned flags, uint8_t *optional) {
  uint32_t table = add (part, NULL, PE_EXPORT_TABLE, 4), names = add (part, NULL, 4, 4);
  uint32_t functions = add (part, NULL, 4, 4), ordinals = add (part, NULL, 2, 2);
  uint8_t *p = part->bytes + (table - part->rva);
  pe_put32 (p + PE_EXPORT_NAME, add (part, "mir-ucrt.dll", 13, 1));
  pe_put32 (p + 16, 1); /* the first ordinal */
  pe_put32 (p + PE_EXPORT_FUNCTIONS_NUM, 1);
  pe_put32 (p + PE_EXPORT_NAMES_NUM, 1);
  pe_put32 (p + PE_EXPORT_FUNCTIONS, functions);
  pe_put32 (p + PE_EXPORT_NAMES, names);
  pe_put32 (p + PE_EXPORT_ORDINALS, ordinals);
  pe_put32 (part->bytes + (names - part->rva), add (part, "mi_version", 11, 1));
  pe_put32 (part->bytes + (functions - part->rva), TEXT_RVA);
  put_directory (optional, (flags & IMAGE_PLUS) != 0, PE_EXPORT, table, PE_EXPORT_TABLE);
}

static void add_net_header (struct part *part, unsigned flags, uint8_t *optional) {
  uint32_t header = add (part, NULL, PE_CLR_HEADER, 4);
  uint8_t *p = part->bytes + (header - part->rva);
  pe_put32 (p, PE_CLR_HEADER);
  pe_put32 (p + PE_CLR_FLAGS, PE_CLR_IL_ONLY);
  put_directory (optional, (flags & IMAGE_PLUS) != 0, PE_CLR, header, PE_CLR_HEADER);
}

static void put_section (uint8_t *header, const char *name, const uint32_t fields[5]) {
  memcpy (header, name, strlen (name));
  for (int i = 0; i < 4; i++) pe_put32 (header + 8 + 4 * i, fields[i]);
  pe_put32 (header + 36, fields[4]);
}

/* Put something other than zeros behind the section table.  */
static void add_behind_table (uint8_t *headers, size_t end, const struct image_spec *spec,
                              uint8_t *optional) {
  if ((spec->flags & IMAGE_USED) != 0) memcpy (headers + end, "somebody's own data", 20);
  if ((spec->flags & IMAGE_UPX) != 0) memcpy (headers + end, "3.94\0UPX!\x0d\x09\x08\x07", 13);
  if ((spec->flags & IMAGE_STALE) != 0) {
    pe_put32 (headers + end + 12, pe_u32 (headers + NT + 24 + 56));
    pe_put32 (headers + end + 20, 0x200);
    pe_put32 (headers + end + 36, 0x40000040);
  }
  if ((spec->flags & IMAGE_BOUND)
      != 0) { /* stamp, offset of the name, no forwarders; an empty one */
    pe_put32 (headers + end, 0x12345678);
    pe_put16 (headers + end + 4, 16);
    memcpy (headers + end + 16, "KERNEL32.dll", 13);
    put_directory (optional, (spec->flags & IMAGE_PLUS) != 0, PE_BOUND_IMPORT, (uint32_t) end, 29);
  }
}

/* The marker goes to .text, in front of it the offset of the header.  Returns the new end.  */
static size_t add_bundle (uint8_t *file, size_t at, const struct image_spec *spec) {
  static const uint8_t marker[] = {0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93,
                                   0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae,
                                   0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae};
  enum { FILE_SIZE = 64, BUNDLE = 13 + 4 + 40 + 16 + 8 + 8 };
  size_t table = NT + 24 + ((spec->flags & IMAGE_PLUS) != 0 ? 240 : 224);
  uint8_t *text = file + pe_u32 (file + table + PE_SECTION_RAW) + 128, *p = file + at + FILE_SIZE;
  memset (file + at, 'F', FILE_SIZE);
  pe_put32 (p, 6);
  pe_put32 (p + 8, 1);
  p[12] = 4;
  memcpy (p + 13, "name", 4);
  pe_put64 (p + 57, at);
  pe_put64 (p + 65, FILE_SIZE);
  memcpy (p + 81, "\1\6a.dll", 8);
  pe_put64 (text, at + FILE_SIZE);
  memcpy (text + 8, marker, sizeof (marker));
  return at + FILE_SIZE + BUNDLE;
}

static size_t add_tail (uint8_t *file, size_t at, const struct image_spec *spec,
                        uint8_t *rdata_debug) {
  size_t extra = (spec->flags & IMAGE_ODD) != 0;
  uint8_t *optional = file + NT + 24;
  if ((spec->flags & IMAGE_SYMBOLS) != 0) {
    pe_put32 (file + NT + 12, (uint32_t) at);
    pe_put32 (file + NT + 16, 1);
    memcpy (file + at, "main\0\0\0\0\0\0\0\0\1\0\x20\0\2", 18);
    pe_put32 (file + at + 18, 4 + 12);
    memcpy (file + at + 22, "long_symbol", 12);
    at += 34;
  }
  if (rdata_debug != NULL) pe_put32 (rdata_debug + 24, (uint32_t) at);
  if ((spec->flags & (IMAGE_OVERLAY | IMAGE_DEBUG)) != 0) {
    for (size_t i = 0; i < 300 + extra; i++) file[at + i] = (uint8_t) (i * 7 + 1);
    at += 300 + extra;
  }
  if ((spec->flags & IMAGE_BUNDLE) != 0) at = add_bundle (file, at, spec);
  if ((spec->flags & IMAGE_SIGNED) != 0) {
    if (!extra) at = pe_round_up (at, 8);
    uint32_t size = (uint32_t) (96 + extra);
    pe_put32 (file + at, size);
    pe_put32 (file + at + 4, 0x00020200);
    for (size_t i = 8; i < size; i++) file[at + i] = (uint8_t) (255 - i);
    put_directory (optional, (spec->flags & IMAGE_PLUS) != 0, PE_CERTIFICATE, (uint32_t) at, size);
    at += size;
  }
  return at;
}

static void put_headers (uint8_t *file, const struct image_spec *spec, unsigned sections,
                         uint32_t headers, uint32_t image) {
  int plus = (spec->flags & IMAGE_PLUS) != 0;
  uint8_t *nt = file + NT, *optional = nt + 24;
  memcpy (file, "MZ", 2);
  pe_put32 (file + 0x3c, NT);
  memcpy (nt, "PE", 3);
  pe_put16 (nt + 4, spec->machine);
  pe_put16 (nt + 6, (uint16_t) sections);
  pe_put16 (nt + 20, plus ? 240 : 224);
  pe_put16 (nt + 22, plus ? 0x22 : 0x102);
  pe_put16 (optional, plus ? 0x20b : 0x10b);
  pe_put32 (optional + 16, TEXT_RVA);
  pe_put32 (optional + 20, TEXT_RVA);
  if (plus)
    pe_put64 (optional + 24, 0x140000000);
  else
    pe_put32 (optional + 28, 0x400000);
  pe_put32 (optional + 32, PAGE);
  pe_put32 (optional + 36, FILE_ALIGNMENT);
  pe_put16 (optional + 40, 6);
  pe_put16 (optional + 48, 6);
  pe_put32 (optional + 56, image);
  pe_put32 (optional + 60, headers);
  pe_put16 (optional + 68, (spec->flags & IMAGE_NATIVE) != 0 ? 1 : 3);
  pe_put16 (optional + 70, 0x100);
  for (int i = 0; i < 4; i++) /* stack and heap, reserved and committed */
    if (plus)
      pe_put64 (optional + 72 + 8 * i, 1 << (i % 2 == 0 ? 20 : 12));
    else
      pe_put32 (optional + 72 + 4 * i, 1 << (i % 2 == 0 ? 20 : 12));
  pe_put32 (optional + (plus ? 108 : 92), 16);
}

/* The number of sections; HEADERS is the size of the headers in the file.  */
static unsigned count_sections (const struct image_spec *spec, uint32_t *headers) {
  size_t table = NT + 24 + ((spec->flags & IMAGE_PLUS) != 0 ? 240 : 224);
  unsigned sections = 3;
  *headers = FILE_ALIGNMENT * ((spec->flags & IMAGE_UPX) != 0 ? 1 : 2);
  if ((spec->flags & IMAGE_NO_ROOM) != 0)
    sections = (unsigned) ((*headers - table) / PE_SECTION_HEADER);
  if ((spec->flags & IMAGE_NO_SPACE) != 0) {
    *headers = PAGE;
    sections = (unsigned) ((*headers - table) / PE_SECTION_HEADER);
  }
  return sections;
}

uint8_t *image_make (const struct image_spec *spec, size_t *size) {
  unsigned modules = spec->modules != 0 ? spec->modules : 3;
  int plus = (spec->flags & IMAGE_PLUS) != 0;
  static uint8_t rdata_bytes[48 * 1024];
  uint32_t headers,
      text = spec->large != 0 ? (uint32_t) pe_round_up (spec->large, FILE_ALIGNMENT) : 512;
  unsigned sections = count_sections (spec, &headers);
  uint32_t rdata_rva = (uint32_t) pe_round_up (TEXT_RVA + text, PAGE);
  uint8_t *file = calloc (1, headers + text + sizeof (rdata_bytes) + 2048);
  if (file == NULL || modules > MODULES_MAX) return NULL;
  uint8_t *optional = file + NT + 24, *debug = NULL;
  struct part rdata = {rdata_bytes, rdata_rva, 0, sizeof (rdata_bytes)};
  memset (rdata_bytes, 0, sizeof (rdata_bytes));
  if ((spec->flags & IMAGE_NO_IMPORTS) == 0) add_imports (&rdata, spec, modules, optional);
  if ((spec->flags & IMAGE_DELAY) != 0) add_delayed (&rdata, plus, optional);
  if ((spec->flags & (IMAGE_HYBRID | IMAGE_SYSTEM32)) != 0)
    add_load_config (&rdata, spec->flags, optional);
  if ((spec->flags & IMAGE_ASSEMBLY) != 0) add_net_header (&rdata, spec->flags, optional);
  if ((spec->flags & IMAGE_EXPORTS) != 0) add_exports (&rdata, spec->flags, optional);
  if ((spec->flags & IMAGE_DEBUG) != 0) {
    uint32_t rva = add (&rdata, NULL, 28, 4);
    debug = rdata_bytes + (rva - rdata.rva);
    pe_put32 (debug + 12, 4);
    pe_put32 (debug + 16, 40); /* of the kind MISC: 40 bytes */
    put_directory (optional, plus, PE_DEBUG, rva, 28);
  }
  if (rdata.size == 0) rdata.size = 4;
  uint32_t rdata_raw = (uint32_t) pe_round_up (rdata.size, FILE_ALIGNMENT);
  uint32_t rva = (uint32_t) pe_round_up (rdata_rva + rdata.size, PAGE);
  size_t table = NT + 24 + (plus ? 240 : 224), at = headers + text + rdata_raw;
  put_section (file + table, ".text", (uint32_t[]) {text, TEXT_RVA, text, headers, 0x60000020});
  put_section (file + table + 40, ".rdata",
               (uint32_t[]) {rdata.size, rdata_rva, rdata_raw, headers + text, 0x40000040});
  for (unsigned i = 2; i < sections; i++, rva += PAGE) /* without bytes in the file */
    put_section (file + table + 40 * i, ".data", (uint32_t[]) {64, rva, 0, 0, 0xc0000080});
  size_t table_end = table + (size_t) sections * PE_SECTION_HEADER;
  uint32_t said = headers;
  if ((spec->flags & IMAGE_GAP) != 0) said = (uint32_t) table_end;
  if ((spec->flags & IMAGE_UPX) != 0) said = PAGE;
  put_headers (file, spec, sections, said, rva);
  add_behind_table (file, table_end, spec, optional);
  static const uint8_t x86[] = {0x31, 0xc0, 0xc3}, arm[] = {0, 0, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6};
  memcpy (file + headers, spec->machine == 0xaa64 ? arm : x86, spec->machine == 0xaa64 ? 8 : 3);
  for (uint32_t i = 64; i < text; i++) file[headers + i] = (uint8_t) ((i * 2654435761u) >> 24);
  *size = add_tail (file, at, spec, debug);
  memcpy (file + headers + text, rdata_bytes, rdata.size);
  struct pe pe;
  struct pe_error error;
  if (pe_open (&pe, file, *size, PE_FILE, &error) == 0)
    pe_put32 (optional + 64, (spec->flags & IMAGE_BAD_CHECKSUM) != 0 ? 0x1234 : pe_checksum (&pe));
  return file;
}

int image_kind (unsigned index, struct image_spec *spec, const char **name) {
  static const struct {
    const char *name;
    struct image_spec spec;
  } kinds[] = {
      {"PE32, x86", {0x14c, 0, 0, 0}},
      {"PE32+, x64", {0x8664, IMAGE_PLUS, 0, 0}},
      {"arm64", {0xaa64, IMAGE_PLUS, 0, 0}},
      {"arm64ec", {0x8664, IMAGE_PLUS | IMAGE_HYBRID, 0, 0}},
      {"arm64x", {0xaa64, IMAGE_PLUS | IMAGE_HYBRID, 0, 0}},
      {"headers full", {0x8664, IMAGE_PLUS | IMAGE_NO_ROOM, 0, 0}},
      {"headers full, with all kinds of tails",
       {0x8664,
        IMAGE_PLUS | IMAGE_NO_ROOM | IMAGE_SYMBOLS | IMAGE_OVERLAY | IMAGE_SIGNED | IMAGE_DEBUG, 0,
        0}},
      {"headers with a gap behind them", {0x8664, IMAGE_PLUS | IMAGE_GAP, 0, 0}},
      {"appended data", {0x14c, IMAGE_OVERLAY, 0, 0}},
      {"a certificate", {0x8664, IMAGE_PLUS | IMAGE_SIGNED, 0, 0}},
      {"a certificate behind appended data, at odd offsets",
       {0x8664, IMAGE_PLUS | IMAGE_SIGNED | IMAGE_OVERLAY | IMAGE_ODD | IMAGE_SYMBOLS, 0, 0}},
      {"symbols", {0x8664, IMAGE_PLUS | IMAGE_SYMBOLS, 0, 0}},
      {"bound imports", {0x14c, IMAGE_BOUND, 0, 0}},
      {"delayed imports", {0x8664, IMAGE_PLUS | IMAGE_DELAY, 0, 0}},
      {"no import address directory", {0x8664, IMAGE_PLUS | IMAGE_NO_IAT, 0, 0}},
      {"no lookup tables", {0x14c, IMAGE_NO_LOOKUP, 0, 0}},
      {"debug data behind the image", {0x14c, IMAGE_DEBUG, 0, 0}},
      {"no imports", {0x8664, IMAGE_PLUS | IMAGE_NO_IMPORTS, 0, 0}},
      {"a wrong checksum", {0x14c, IMAGE_BAD_CHECKSUM | IMAGE_OVERLAY, 0, 0}},
      {"many modules", {0x8664, IMAGE_PLUS, 40, 0}},
      {"DLLs from the system only", {0x8664, IMAGE_PLUS | IMAGE_SYSTEM32, 0, 0}},
      {"a page of headers",
       {0x8664, IMAGE_PLUS | IMAGE_NO_SPACE, 0, 0}}, /* these cannot be injected into: */
      {"data behind the section table", {0x14c, IMAGE_USED, 0, 0}},
      {"bound imports without names", {0x14c, IMAGE_BOUND | IMAGE_NO_LOOKUP, 0, 0}},
      {"a driver", {0x8664, IMAGE_PLUS | IMAGE_NATIVE, 0, 0}},
      {"packed by UPX, x86", {0x14c, IMAGE_UPX, 0, 6000}},
      {"packed by UPX, x64, with a certificate",
       {0x8664, IMAGE_PLUS | IMAGE_UPX | IMAGE_SIGNED, 0, 6000}},
      {"a stale header behind the section table", {0x14c, IMAGE_STALE, 0, 0}},
      {"a .NET bundle", {0x8664, IMAGE_PLUS | IMAGE_BUNDLE, 0, 0}},
      {"a .NET bundle between symbols and a certificate, at odd offsets",
       {0x8664, IMAGE_PLUS | IMAGE_BUNDLE | IMAGE_SYMBOLS | IMAGE_SIGNED | IMAGE_ODD, 0, 0}},
      {"a .NET bundle and no room in the headers", /* refused */
       {0x8664, IMAGE_PLUS | IMAGE_BUNDLE | IMAGE_NO_ROOM, 0, 0}},
      {"a .NET assembly", {0x14c, IMAGE_ASSEMBLY, 0, 0}}, /* refused */
      {"PE32, DLLs from the system only, signed",
       {0x14c, IMAGE_SYSTEM32 | IMAGE_NO_ROOM | IMAGE_SIGNED, 0, 0}},
      {"exports of mir-ucrt.dll", {0x8664, IMAGE_PLUS | IMAGE_EXPORTS, 0, 0}},
  };
  if (index >= sizeof (kinds) / sizeof (kinds[0])) return 0;
  *spec = kinds[index].spec;
  *name = kinds[index].name;
  return 1;
}
