/* Recognises appended data by what its makers document: the .NET host's bundle format, Inno Setup's
   offset table, NSIS's first header, pkg's placeholders, the end of a zip archive, and the
   signatures of other archives.  */
#include "inject/edit/appended.h"

#include <string.h>

#include "inject/edit/edit.h"
#include "inject/pe/layout.h"

/* A file that is being looked at; offsets.  The sections but EDIT_SECTION end at IMAGE_END; the
   appended data go from BEGIN to END.  */
struct looked_at {
  const struct pe *pe;
  size_t image_end, begin, end;
};

#define TEXT(NAME) ((const uint8_t *) (NAME)), sizeof (NAME) - 1

/* The offset of the N <= 255 bytes at WHAT between BEGIN and END; END if they are not there.  The
   byte that would be the last one tells how far the next place is, as in Horspool's search: an image
   may have 100 MB.  */
static size_t search (const struct pe *pe, size_t begin, size_t end, const uint8_t *what,
                      size_t n) {
  uint8_t skip[256];
  memset (skip, (int) n, sizeof (skip));
  for (size_t i = 0; i + 1 < n; i++) skip[what[i]] = (uint8_t) (n - 1 - i);
  while (begin < end && end - begin >= n) {
    const uint8_t *p = pe->bytes + begin;
    if (p[n - 1] == what[n - 1] && memcmp (p, what, n) == 0) return begin;
    begin += skip[p[n - 1]];
  }
  return end;
}

/* Whether the N bytes at WHAT are in the file at OFFSET.  */
static int is_at (const struct pe *pe, uint64_t offset, const uint8_t *what, size_t n) {
  return offset <= pe->size && n <= pe->size - offset
         && memcmp (pe->bytes + (size_t) offset, what, n) == 0;
}

static int is_in_head (const struct looked_at *at, size_t range, const uint8_t *what, size_t n) {
  size_t end = at->end - at->begin < range ? at->end : at->begin + range;
  return search (at->pe, at->begin, end, what, n) != end;
}

static int is_in_foot (const struct looked_at *at, size_t range, const uint8_t *what, size_t n) {
  size_t begin = at->end - at->begin < range ? at->begin : at->end - range;
  return search (at->pe, begin, at->end, what, n) != at->end;
}

/* Each format has a function: whether AT has it; then *FOUND may be set to 0.  */

/* The header of a bundle: two numbers for its version, the number of files, a name with its length,
   from version 2 on 40 bytes, then the files: offset, size ...  */
static int is_bundle_header (const struct looked_at *at, uint64_t offset) {
  enum { HEAD = 13, MORE = 40, FILE_HEAD = 16, VERSION_MAX = 255 };
  if (offset > at->pe->size || at->pe->size - offset < HEAD) return 0;
  const uint8_t *p = at->pe->bytes + (size_t) offset;
  uint64_t left = at->pe->size - offset, name = p[12], version = pe_u32 (p);
  uint64_t files = HEAD + name + (version > 1 ? MORE : 0);
  if (version == 0 || version > VERSION_MAX || pe_u32 (p + 8) == 0 || name == 0 || name > 127
      || left < files + FILE_HEAD)
    return 0;
  for (uint64_t i = 0; i < name; i++)
    if (p[HEAD + i] <= ' ' || p[HEAD + i] > '~') return 0;
  uint64_t file = pe_u64 (p + files), size = pe_u64 (p + files + 8);
  return file >= at->image_end && file <= at->pe->size && size <= at->pe->size - file;
}

/* The host has the offset of the header in front of a marker, the SHA-256 of ".net core bundle" and
   a newline; the offset is 0 in a host without a bundle.  */
static int is_bundle (const struct looked_at *at, int *found) {
  static const uint8_t marker[] = {0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93,
                                   0x02, 0x14, 0xd7, 0xa0, 0x32, 0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae,
                                   0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae};
  size_t place = search (at->pe, 8, at->image_end, marker, sizeof (marker));
  if (place >= at->image_end) return 0;
  uint64_t offset = pe_u64 (at->pe->bytes + place - 8);
  if (offset == 0) return 0;
  *found = is_bundle_header (at, offset);
  return 1;
}

/* The number that pkg has put into the program in the place of "// NAME //", as decimal digits; 0 if
   there is none.  TEXT ends with the quote before it.  */
static uint64_t placed (const struct looked_at *at, const uint8_t *text, size_t n) {
  uint64_t value = 0;
  size_t place = search (at->pe, 0, at->image_end, text, n);
  if (place >= at->image_end) return 0;
  for (place += n; place < at->image_end && value < UINT32_MAX; place++) {
    uint8_t digit = at->pe->bytes[place];
    if (digit < '0' || digit > '9') break;
    value = 10 * value + digit - '0';
  }
  return value;
}

/* Of the two parts only one, the prelude, has a known beginning.  */
static int is_pkg (const struct looked_at *at, int *found) {
  uint64_t prelude = placed (at, TEXT ("PRELUDE_POSITION = '"));
  if (placed (at, TEXT ("PAYLOAD_POSITION = '")) == 0 || prelude == 0) return 0;
  *found = is_at (at->pe, prelude, TEXT ("(function"));
  return 1;
}

/* Whether one of the offsets in the table at TABLE is that of the setup data.  */
static int leads_to_setup (const struct pe *pe, size_t table) {
  enum { ID = 12, WORDS = 20 };
  for (unsigned i = 0; i < WORDS; i++) {
    uint64_t word = (uint64_t) table + ID + 4 * (uint64_t) i;
    if (word + 4 > pe->size) return 0;
    if (is_at (pe, pe_u32 (pe->bytes + (size_t) word), TEXT ("Inno Setup Setup Data ("))) return 1;
  }
  return 0;
}

/* Find the bytes of the section with the resources; nothing if there are none.  */
static void find_resources (const struct looked_at *at, size_t *begin, size_t *end) {
  struct pe_directory directory = pe_directory (at->pe, PE_RESOURCE);
  struct pe_section section;
  *begin = *end = 0;
  if (directory.rva == 0 || pe_section_of (at->pe, directory.rva, &section) != 0) return;
  uint64_t section_end = (uint64_t) section.raw + section.raw_size;
  *end = section_end < at->image_end ? (size_t) section_end : at->image_end;
  *begin = section.raw < *end ? section.raw : *end;
}

/* The table of offsets is a resource; before Inno Setup 4.1 the DOS header pointed to it.  */
static int is_inno (const struct looked_at *at, int *found) {
  enum { POINTER = 0x30 };
  const struct pe *pe = at->pe;
  const uint8_t *dos = pe->bytes + POINTER;
  int is_old = is_at (pe, POINTER, TEXT ("Inno")) && pe_u32 (dos + 4) == ~pe_u32 (dos + 8);
  size_t begin, end;
  find_resources (at, &begin, &end);
  size_t place = search (pe, begin, end, TEXT ("rDlPtS"));
  if (place == end && !is_old) return 0;
  *found = is_old && leads_to_setup (pe, pe_u32 (dos + 4));
  for (; place < end; place = search (pe, place + 1, end, TEXT ("rDlPtS")))
    *found |= leads_to_setup (pe, place);
  return 1;
}

/* "IMsg" and the offset of the messages end the file.  */
static int is_inno_uninstaller (const struct looked_at *at, int *found) {
  enum { FOOT = 8 };
  if (at->end - at->begin < FOOT || !is_at (at->pe, at->end - FOOT, TEXT ("IMsg"))) return 0;
  *found = is_at (at->pe, pe_u32 (at->pe->bytes + at->end - 4), TEXT ("Inno Setup Messages ("));
  return 1;
}

/* The CRC-32 of zip.  */
static uint32_t crc32_of (const uint8_t *bytes, size_t n) {
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < n; i++) {
    crc = table[(crc ^ bytes[i]) & 15] ^ crc >> 4;
    crc = table[(crc ^ bytes[i] >> 4) & 15] ^ crc >> 4;
  }
  return ~crc;
}

/* A header at a multiple of 512: flags, two signatures, sizes.  The data end with the CRC-32 of all
   but the first 512 bytes.  */
static int is_nsis (const struct looked_at *at, int *found) {
  enum { STEP = 512, MAGIC = 4, ALL = 24, HEAD = 28, FLAGS = 15, NO_CRC = 4, FORCE_CRC = 8 };
  const struct pe *pe = at->pe;
  for (uint64_t i = pe_round_up (at->begin, STEP); i + HEAD <= at->end; i += STEP) {
    const uint8_t *p = pe->bytes + (size_t) i;
    if (memcmp (p + MAGIC, "\xef\xbe\xad\xdeNullsoftInst", 16) != 0 || pe_u32 (p) > FLAGS) continue;
    uint32_t all = pe_u32 (p + ALL);
    *found = all >= HEAD && all <= pe->size - i;
    if (*found && (pe_u32 (p) & (NO_CRC | FORCE_CRC)) != NO_CRC) {
      size_t end = (size_t) i + all - 4;
      *found = crc32_of (pe->bytes + STEP, end - STEP) == pe_u32 (pe->bytes + end);
    }
    return 1;
  }
  return 0;
}

/* Whether the offsets in a zip archive count from the file's beginning, as those of one that was
   made in its place do.  The end of its directory, a header with the size and the offset of the
   directory, may have a comment of 64 KiB.  */
static int is_absolute_zip (const struct looked_at *at, int *found) {
  enum { HEAD = 22, RANGE = HEAD + 65535, SIZE = 12, OFFSET = 16 };
  const struct pe *pe = at->pe;
  size_t place = at->end - at->begin < RANGE ? at->begin : at->end - RANGE;
  (void) found;
  for (;; place++) {
    place = search (pe, place, at->end, TEXT ("PK\5\6"));
    if (at->end - place < HEAD) return 0;
    uint64_t directory = pe_u32 (pe->bytes + place + OFFSET);
    if (directory + pe_u32 (pe->bytes + place + SIZE) == place
        && is_at (pe, directory, TEXT ("PK\1\2")))
      return 1;
  }
}

static int is_burn (const struct looked_at *at, int *found) {
  struct pe_section section;
  (void) found;
  return pe_section_named (at->pe, ".wixburn", &section) == 0;
}

static int is_anything (const struct looked_at *at, int *found) {
  (void) found;
  return at->end > at->begin;
}

/* Whether the bytes fill the file up to its alignment, as lld's behind the symbols.  */
static int is_filling (const struct pe *pe, uint64_t begin, uint64_t end) {
  if (end - begin >= pe->file_alignment) return 0;
  while (begin < end && pe->bytes[(size_t) begin] == 0) begin++;
  return begin == end;
}

/* Set the ends of AT.  A section of ours may lie in front of the appended data or behind them.  */
static void find_ends (struct looked_at *at, const struct pe *pe) {
  enum { PADDING = 8 }; /* bytes in front of a certificate */
  size_t offset, size;
  uint64_t image_end = pe_section_header (pe, pe->sections_num), begin, end = pe->size;
  struct pe_section ours = {.raw = 0};
  for (unsigned i = 0; i < pe->sections_num; i++) {
    struct pe_section section = pe_section (pe, i);
    uint64_t section_end = (uint64_t) section.raw + section.raw_size;
    if (strcmp (section.name, EDIT_SECTION) == 0)
      ours = section;
    else if (section.raw_size != 0 && section_end > image_end)
      image_end = section_end;
  }
  if (pe_certificate (pe, &offset, &size) == 0 && size != 0 && offset + size == end) end = offset;
  begin = image_end;
  if (ours.raw != 0 && ours.raw >= begin) {
    uint64_t ours_end = (uint64_t) ours.raw + ours.raw_size;
    if (pe_round_up (begin, pe->file_alignment) >= ours.raw)
      begin = ours_end;
    else if (ours.raw < end)
      end = ours.raw;
  }
  if (pe_symbols (pe, &offset, &size) == 0 && size != 0 && offset == begin) begin += size;
  if (image_end > pe->size) image_end = pe->size;
  if (begin > end || end - begin < PADDING || is_filling (pe, begin, end)) begin = end;
  *at = (struct looked_at) {pe, (size_t) image_end, (size_t) begin, (size_t) end};
}

/* A format has a function, or a signature in the first or the last RANGE bytes.  */
struct format {
  const char *name, *why;
  enum edit_effect effect;
  int (*is) (const struct looked_at *at, int *found);
  int (*is_near) (const struct looked_at *at, size_t range, const uint8_t *what, size_t n);
  size_t range;
  const uint8_t *what;
  size_t n;
};

static int has_format (const struct looked_at *at, const struct format *format, int *found) {
  if (format->is != NULL) return format->is (at, found);
  return format->is_near (at, format->range, format->what, format->n);
}

struct edit_appended edit_find_appended (const struct pe *pe) {
  static const char offset[] = "the program has its offset",
                    offsets[] = "the program has their offsets";
  static const char both[] = "the place is known both from the file's beginning and from its end";
  static const char end[] = "it is found from the file's end",
                    searched[] = "the program searches for it";
  static const struct format formats[] = {
      {"a .NET single-file bundle", offset, EDIT_STAYS, .is = is_bundle},
      {"a node program packed by pkg", offset, EDIT_STAYS, .is = is_pkg},
      {"Inno Setup's data", offsets, EDIT_STAYS, .is = is_inno},
      {"messages of Inno Setup's uninstaller", both, EDIT_REFUSES, .is = is_inno_uninstaller},
      {"an NSIS installer", "it checks its own bytes and makes its uninstaller of them",
       EDIT_REFUSES, .is = is_nsis},
      {"a WiX Burn installer", "it checks and copies parts of its own file", EDIT_REFUSES,
       .is = is_burn},
      {"a program packed by deno", both, EDIT_REFUSES, NULL, is_in_foot, 64, TEXT ("d3n0l4nd")},
      {"a Perl program packed by PAR", both, EDIT_REFUSES, NULL, is_in_foot, 64,
       TEXT ("\nPAR.pm\n")},
      {"a zip archive whose offsets count from the file's beginning",
       "the archive itself is found from the file's end", EDIT_REFUSES, .is = is_absolute_zip},
      {"a program compiled by bun", end, EDIT_MOVES, NULL, is_in_foot, 64,
       TEXT ("\n---- Bun! ----\n")},
      {"a node program packed by caxa", searched, EDIT_MOVES, NULL, is_in_head, 65536,
       TEXT ("\nCAXACAXACAXA\n")},
      {"a node program packed by nexe", end, EDIT_MOVES, NULL, is_in_foot, 64,
       TEXT ("<nexe~~sentinel>")},
      {"a PyInstaller archive", end, EDIT_MOVES, NULL, is_in_foot, 8192,
       TEXT ("MEI\014\013\012\013\016")},
      /* The end of the central directory, and a comment of at most 64 KiB.  */
      {"a zip archive", end, EDIT_MOVES, NULL, is_in_foot, 22 + 65535, TEXT ("PK\5\6")},
      {"a 7z archive", searched, EDIT_MOVES, NULL, is_in_head, 65536, TEXT ("7z\xbc\xaf\x27\x1c")},
      {"a rar archive", searched, EDIT_MOVES, NULL, is_in_head, 65536, TEXT ("Rar!\x1a\x07")},
      {"unknown data", "a program that has their offset would not find them", EDIT_MOVES,
       .is = is_anything}};
  struct looked_at at;
  find_ends (&at, pe);
  for (size_t i = 0; at.end > at.begin && i < sizeof (formats) / sizeof (formats[0]); i++) {
    int found = 1;
    if (has_format (&at, &formats[i], &found))
      return (struct edit_appended) {formats[i].name, formats[i].why, formats[i].effect, found};
  }
  return (struct edit_appended) {.is_found = 1};
}
