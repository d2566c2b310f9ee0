/* Mutates PE images for the fuzz target.  */
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

#include "inject/edit/edit.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "image.h"

struct target {
  uint8_t *data;
  size_t size, max_size;
  struct pe pe;
  uint64_t random;
};

static uint32_t next (struct target *t, uint32_t n) { /* below N */
  t->random = t->random * 6364136223846793005u + 1442695040888963407u;
  return n == 0 ? 0 : (uint32_t) (t->random >> 33) % n;
}

/* A value that is likely to matter: an edge case, or near the value of another field.  */
static uint32_t value (struct target *t, uint32_t old) {
  static const uint32_t edges[] = {0,          1,          2,          4,         16,
                                   0x200,      0x1000,     0xffff,     0x7fff,    0x8000,
                                   0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000};
  switch (next (t, 8)) {
    case 0:
      return edges[next (t, sizeof (edges) / sizeof (edges[0]))];
    case 1:
      return (uint32_t) t->size - next (t, 64);
    case 2:
      return old + (1u << next (t, 32));
    case 3:
      return old - (1u << next (t, 32));
    case 4:
      return old + next (t, 32) - 16;
    case 5:
      return t->pe.sections_num > 0 ? pe_section (&t->pe, next (t, t->pe.sections_num)).rva : 0;
    case 6:
      return pe_directory (&t->pe, next (t, 16)).rva + next (t, 48);
    default:
      return next (t, UINT32_MAX);
  }
}

static void change32 (struct target *t, size_t at) {
  if (at <= t->size && t->size - at >= 4) pe_put32 (t->data + at, value (t, pe_u32 (t->data + at)));
}

static void change16 (struct target *t, size_t at) {
  if (at <= t->size && t->size - at >= 2)
    pe_put16 (t->data + at, (uint16_t) value (t, pe_u16 (t->data + at)));
}

static void change_header (struct target *t) {
  static const uint8_t of_file[] = {8, 12, 16}, of_optional[] = {8, 16, 28, 32, 36, 56, 60, 64, 68};
  switch (next (t, 6)) {
    case 0:
      change16 (t, t->pe.nt + (next (t, 2) != 0 ? 4 : 6));
      return;
    case 1:
      change16 (t, t->pe.nt + 20);
      return;
    case 2:
      change32 (t, t->pe.nt + of_file[next (t, sizeof (of_file))]);
      return;
    case 3:
      change32 (t, 0x3c);
      return;
    default:
      change32 (t, t->pe.optional + of_optional[next (t, sizeof (of_optional))]);
      return;
  }
}

static void change_section (struct target *t) {
  if (t->pe.sections_num == 0) return;
  size_t header = t->pe.sections + next (t, t->pe.sections_num) * (size_t) PE_SECTION_HEADER;
  if (next (t, 8) == 0 && header + 8 <= t->size)
    memcpy (t->data + header, EDIT_SECTION "\0", 8);
  else
    change32 (t, header + 8 + 4 * (size_t) next (t, 8));
}

/* Change a word behind what the directory INDEX points to.  */
static void change_behind (struct target *t, unsigned index, uint32_t range) {
  size_t at;
  struct pe_directory directory = pe_directory (&t->pe, index);
  if (directory.rva != 0 && pe_offset (&t->pe, directory.rva, 4, &at) == 0)
    change32 (t, at + 4 * (size_t) next (t, range / 4));
}

static void change_name (struct target *t) {
  static const char *const names[] = {"mir-ucrt.dll", "KERNEL32.dll", "user32.dll", ""};
  struct pe_descriptor d;
  size_t at;
  int num = pe_imports_num (&t->pe);
  if (num <= 0 || pe_descriptor (&t->pe, next (t, (uint32_t) num), &d) != 1) return;
  const char *name = names[next (t, 4)];
  size_t n = strlen (name) + 1;
  if (pe_offset (&t->pe, d.name, n, &at) == 0) memcpy (t->data + at, name, n);
}

/* Put the signature of a format of appended data at the end, or somewhere in the tail.  The numbers
   behind it lead to the tail, often to another signature, or are small.  */
static void append_format (struct target *t) {
  static const struct {
    const char *bytes;
    uint8_t n, numbers; /* words of 32 bits behind the signature, offsets or sizes */
    const char *leads_to;
  } formats[] = {{"PK\5\6\0\0\0\0\1\0\1\0", 12, 3, "PK\1\2"},
                 {"\nPAR.pm\n", 8, 0, ""},
                 {"\n---- Bun! ----\n", 16, 0, ""},
                 {"\nCAXACAXACAXA\n", 14, 0, ""},
                 {"d3n0l4nd", 8, 4, ""},
                 {"<nexe~~sentinel>", 16, 4, ""},
                 {"MEI\014\013\012\013\016", 8, 4, ""},
                 {"7z\xbc\xaf\x27\x1c", 6, 4, ""},
                 {"Rar!\x1a\x07", 6, 0, ""},
                 {"IMsg", 4, 1, "Inno Setup Messages ("},
                 {"rDlPtS\xcd\xe6\xd7\x7b\x0b\x2a", 12, 20, "Inno Setup Setup Data ("},
                 {"\0\0\0\0\xef\xbe\xad\xdeNullsoftInst", 20, 3, ""}};
  uint32_t k = next (t, sizeof (formats) / sizeof (formats[0])), n = formats[k].n;
  size_t size = n + 4 * (size_t) formats[k].numbers, begin = pe_sections_end (&t->pe);
  if (t->max_size - t->size < size) return;
  size_t at = next (t, 2) == 0 ? t->size : begin + next (t, (uint32_t) (t->size - begin) + 1);
  if (next (t, 2) == 0) at = pe_round_up (at, 512);
  if (at > t->max_size - size) return;
  if (at > t->size) memset (t->data + t->size, 0, at - t->size);
  uint32_t place = (uint32_t) (begin + next (t, (uint32_t) (at - begin) + 1));
  size_t length = strlen (formats[k].leads_to);
  if (at - place >= length) memcpy (t->data + place, formats[k].leads_to, length);
  memcpy (t->data + at, formats[k].bytes, n);
  for (size_t i = 0; i < formats[k].numbers; i++) {
    const uint32_t numbers[] = {place, (uint32_t) at - place, next (t, 600)};
    pe_put32 (t->data + at + n + 4 * i, numbers[next (t, 3)]);
  }
  if (at + size > t->size) t->size = at + size;
}

static void change_tail (struct target *t) {
  uint32_t n = next (t, 200) + 1;
  if (next (t, 3) == 0) {
    append_format (t);
  } else if (next (t, 2) == 0) {
    t->size -= n < t->size ? n : t->size;
  } else if (t->max_size - t->size >= n) {
    memset (t->data + t->size, (int) next (t, 256), n);
    t->size += n;
  }
}

/* Inject into the image, so that eject gets it after more changes.  */
static void inject (struct target *t) {
  struct edit_request request = {.dll = "mir-ucrt.dll", .symbol = "mi_version"};
  struct edit edit;
  struct pe_error error;
  if (edit_inject (&edit, &t->pe, &request, &error) == 0 && edit.size <= t->max_size) {
    uint8_t *bytes = edit_flatten (&edit);
    if (bytes != NULL) memcpy (t->data, bytes, t->size = (size_t) edit.size);
    free (bytes);
  }
  edit_free (&edit);
}

static void make (struct target *t) {
  struct image_spec spec;
  const char *name;
  unsigned kinds = 0;
  size_t size;
  while (image_kind (kinds, &spec, &name)) kinds++;
  image_kind (next (t, kinds), &spec, &name);
  if (next (t, 2) == 0) spec.flags ^= 1u << next (t, 23);
  uint8_t *image = image_make (&spec, &size);
  if (image != NULL && size <= t->max_size) {
    memcpy (t->data, image, t->size = size);
    t->data[2] = (uint8_t) next (t, 64);
  }
  free (image);
}

static void change (struct target *t) {
  switch (next (t, 16)) {
    case 0:
    case 1:
      change_header (t);
      return;
    case 2:
    case 3:
      change_section (t);
      return;
    case 4: /* a directory entry itself */
    case 5:
      change32 (t, t->pe.directories + 4 * (size_t) next (t, 32));
      return;
    case 6:
    case 7:
      change_behind (t, PE_IMPORT, 4 * PE_DESCRIPTOR);
      return;
    case 8:
      change_behind (t, PE_IAT, 64);
      return;
    case 9:
      change_behind (t, next (t, 2) != 0 ? PE_DELAY_IMPORT : PE_DEBUG, 64);
      return;
    case 10:
      change_behind (t, next (t, 2) != 0 ? PE_LOAD_CONFIG : PE_EXPORT, 256);
      return;
    case 11:
      change_name (t);
      return;
    case 12:
      change_tail (t);
      return;
    case 13:
      inject (t);
      return;
    case 14:
      t->data[2] = (uint8_t) next (t, 64);
      return;
    default: /* the record of the injected section, or the end of the last one */
      change32 (t, t->size - next (t, t->size < 700 ? (uint32_t) t->size : 700));
      return;
  }
}

size_t mutate_image (uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  struct target t = {.data = data, .size = size, .max_size = max_size, .random = seed};
  struct pe_error error;
  unsigned times = 1 + next (&t, 4);
  if (next (&t, 200) == 0 || pe_open (&t.pe, data, size, PE_FILE, &error) != 0) make (&t);
  for (unsigned i = 0; i < times && pe_open (&t.pe, data, t.size, PE_FILE, &error) == 0; i++)
    change (&t);
  return t.size;
}
