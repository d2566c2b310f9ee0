/* A loaded PE image, read by offsets: Microsoft's "PE Format", "x64 exception handling" and "ARM64
   exception handling".  */

#include "ucrt/crt-image.h"

#include <string.h> /* memcmp, memcpy, memset, strlen */

#include "inject/pe/format.h"

enum {
  CHAINED = 4,      /* UNW_FLAG_CHAININFO */
  XFG = 0x00800000, /* IMAGE_GUARD_XFG_ENABLED: 8 bytes before a function are a hash of its type */
  GUESS_MAX = 4096  /* bytes of a function of unknown size */
};

/* An unwind entry begins with the function's offset; on ARM64 a length or a record follows.  */
enum { UNWIND_END = 4, UNWIND_INFO = 8, UNWIND_SIZE = 12, UNWIND_SIZE_ARM64 = 8 };

/* The unwind information of x86-64 begins with version and flags; the low four bits of INFO_FRAME
   are the frame register.  */
enum { INFO_CODES_NUM = 2, INFO_FRAME = 3, INFO_CODES = 4 };

/*---------------- Reading -----------------------------*/

/* The value of SIZE bytes at OFFSET; 0 outside of the image, because an offset of 0 means nothing
   in every table here.  */
static uint32_t read (const struct ucrt_image *image, uint64_t offset, unsigned size) {
  uint32_t value = 0;
  if (offset > image->size || size > image->size - offset) return 0;
  for (unsigned i = 0; i < size; i++) value |= (uint32_t) image->base[offset + i] << (8 * i);
  return value;
}

static uint32_t u16 (const struct ucrt_image *image, uint64_t offset) {
  return read (image, offset, 2);
}

static uint32_t u32 (const struct ucrt_image *image, uint64_t offset) {
  return read (image, offset, 4);
}

/* Whether the SIZE bytes at OFFSET are in the image.  */
static int fits (const struct ucrt_image *image, uint64_t offset, uint64_t size) {
  return offset <= image->size && size <= image->size - offset;
}

/* The offsets of the PE header, which is checked first, and of the optional header.  */
static uint64_t headers (const struct ucrt_image *image) {
  return u32 (image, PE_DOS_NT);
}

static uint64_t optional_header (const struct ucrt_image *image) {
  return headers (image) + PE_NT_OPTIONAL;
}

/* Where the data directory NUMBER is described; 0 if there are fewer.  */
static uint64_t directory_entry (const struct ucrt_image *image, unsigned number) {
  uint64_t count = optional_header (image)
                   + (image->wide ? PE_OPTIONAL_DIRECTORIES_NUM_PLUS : PE_OPTIONAL_DIRECTORIES_NUM);
  return number < u32 (image, count) ? count + 4 + PE_DIRECTORY * (uint64_t) number : 0;
}

/* The data directory NUMBER: its offset and size, both 0 if there is none.  */
static uint32_t directory (const struct ucrt_image *image, unsigned number, uint32_t *size) {
  uint64_t entry = directory_entry (image, number);
  *size = 0;
  if (entry == 0) return 0;
  uint32_t offset = u32 (image, entry), len = u32 (image, entry + 4);
  if (offset == 0 || len == 0 || !fits (image, offset, len)) return 0;
  *size = len;
  return offset;
}

/* Set the members about exports; what does not fit into the image counts as missing.  */
static void open_exports (struct ucrt_image *image) {
  uint64_t at = image->exports = directory (image, PE_EXPORT, &image->exports_size);
  if (at == 0 || image->exports_size < PE_EXPORT_TABLE) {
    image->exports = 0;
    return;
  }
  image->functions_num = u32 (image, at + PE_EXPORT_FUNCTIONS_NUM);
  image->names_num = u32 (image, at + PE_EXPORT_NAMES_NUM);
  image->functions = u32 (image, at + PE_EXPORT_FUNCTIONS);
  image->names = u32 (image, at + PE_EXPORT_NAMES);
  image->ordinals = u32 (image, at + PE_EXPORT_ORDINALS);
  if (!fits (image, image->functions, 4 * (uint64_t) image->functions_num))
    image->functions_num = 0;
  if (!fits (image, image->names, 4 * (uint64_t) image->names_num)
      || !fits (image, image->ordinals, 2 * (uint64_t) image->names_num))
    image->names_num = 0;
}

int ucrt_open_image (struct ucrt_image *image, const uint8_t *base, size_t size) {
  memset (image, 0, sizeof (*image));
  image->base = base;
  image->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t) size;
  uint64_t header = headers (image);
  if (u16 (image, 0) != PE_DOS_MAGIC || header == 0 || !fits (image, header, PE_NT_OPTIONAL)
      || u32 (image, header) != PE_SIGNATURE)
    return -1;
  image->machine = (uint16_t) u16 (image, header + PE_NT_MACHINE);
  image->wide = u16 (image, optional_header (image)) == PE_MAGIC_PLUS;
  open_exports (image);
  image->unwind = directory (image, PE_UNWIND, &image->unwind_size);
  image->config = directory (image, PE_LOAD_CONFIG, &image->config_size);
  /* The directory always says 64 bytes, for the loader of Windows XP; the table states its real
     size.  */
  uint32_t own = u32 (image, image->config);
  if (image->config != 0 && fits (image, image->config, own)) image->config_size = own;
  return 0;
}

/* The directory's size is not needed: a descriptor without a name ends the list.  */
uint32_t ucrt_import_addresses (const struct ucrt_image *image, unsigned number) {
  uint64_t entry = directory_entry (image, PE_IMPORT);
  uint64_t first = entry != 0 ? u32 (image, entry) : 0,
           at = first + (uint64_t) number * PE_DESCRIPTOR;
  if (first == 0 || u32 (image, at + PE_DESCRIPTOR_NAME) == 0) return 0;
  return u32 (image, at + PE_DESCRIPTOR_ADDRESS);
}

/* Less than, equal to or greater than 0, as NAME compares with the name at OFFSET; an unterminated
   name is greater than any.  */
static int compare_name (const struct ucrt_image *image, const char *name, uint32_t offset) {
  for (;; name++, offset++) {
    if (offset >= image->size) return -1;
    int difference = (uint8_t) *name - image->base[offset];
    if (difference != 0 || *name == 0) return difference;
  }
}

/* A binary search: linkers sort the names, as the loader demands.  */
uint32_t ucrt_find_export (const struct ucrt_image *image, const char *name) {
  uint32_t low = 0, high = image->names_num;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = compare_name (image, name, u32 (image, image->names + 4 * (uint64_t) middle));
    if (order == 0) {
      uint32_t number = u16 (image, image->ordinals + 2 * (uint64_t) middle);
      if (number >= image->functions_num) return 0;
      uint32_t offset = u32 (image, image->functions + 4 * (uint64_t) number);
      return offset < image->size ? offset : 0;
    }
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return 0;
}

int ucrt_is_forwarder (const struct ucrt_image *image, uint32_t offset) {
  return offset - image->exports < image->exports_size;
}

/* The lowest export above OFFSET, or the image's end.  *IS: whether there is an export at
   OFFSET.  */
static uint32_t next_export (const struct ucrt_image *image, uint32_t offset, int *is) {
  uint32_t next = image->size;
  *is = 0;
  for (uint32_t i = 0; i < image->functions_num; i++) {
    uint32_t other = u32 (image, image->functions + 4 * (uint64_t) i);
    if (other == offset) *is = 1;
    if (other > offset && other < next) next = other;
  }
  return next;
}

int ucrt_is_exported (const struct ucrt_image *image, uint32_t offset) {
  int is;
  next_export (image, offset, &is);
  return is;
}

/* The bytes of an unwind entry, and the number of entries; 0 on CPUs without them.  */
static uint32_t unwind_entry_size (const struct ucrt_image *image) {
  return image->machine == PE_NUMBER_ARM64 ? UNWIND_SIZE_ARM64 : UNWIND_SIZE;
}

static uint32_t unwind_num (const struct ucrt_image *image) {
  if (image->machine != PE_NUMBER_X64 && image->machine != PE_NUMBER_ARM64) return 0;
  return image->unwind_size / unwind_entry_size (image);
}

/* The code that the unwind entry I describes.  */
static struct ucrt_extent unwind_extent (const struct ucrt_image *image, uint32_t i) {
  uint64_t entry = image->unwind + (uint64_t) i * unwind_entry_size (image);
  uint32_t begin = u32 (image, entry), second = u32 (image, entry + UNWIND_END);
  if (image->machine == PE_NUMBER_X64) return (struct ucrt_extent) {.begin = begin, .end = second};
  uint32_t insns = second & 3 ? second >> 2 & 0x7ff : u32 (image, second) & 0x3ffff;
  return (struct ucrt_extent) {.begin = begin, .end = begin + 4 * insns};
}

/* The index of the first unwind entry that begins at OFFSET or above.  */
static uint32_t unwind_from (const struct ucrt_image *image, uint32_t offset) {
  uint32_t low = 0, high = unwind_num (image);
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (unwind_extent (image, middle).begin < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int ucrt_begins_function (const struct ucrt_image *image, uint32_t offset) {
  uint32_t i = unwind_from (image, offset);
  return i < unwind_num (image) && unwind_extent (image, i).begin == offset;
}

uint32_t ucrt_unwind_entry (const struct ucrt_image *image, uint32_t offset) {
  uint32_t i = unwind_from (image, offset + 1);
  if (i == 0) return 0;
  struct ucrt_extent extent = unwind_extent (image, i - 1);
  return offset - extent.begin < extent.end - extent.begin
             ? image->unwind + (i - 1) * unwind_entry_size (image)
             : 0;
}

int ucrt_unwind_frame (const struct ucrt_image *image, uint32_t entry) {
  uint64_t info = u32 (image, entry + (uint64_t) UNWIND_INFO);
  if ((info & 1) != 0 || !fits (image, info, INFO_CODES)) return -1;
  uint64_t codes = image->base[info + INFO_CODES_NUM];
  return fits (image, info, INFO_CODES + 2 * codes) ? image->base[info + INFO_FRAME] & 15 : -1;
}

/* Where the next known function begins.  */
static uint32_t next_function (const struct ucrt_image *image, uint32_t offset) {
  int is;
  uint32_t next = next_export (image, offset, &is), i = unwind_from (image, offset + 1);
  if (i < unwind_num (image)) {
    uint32_t begin = unwind_extent (image, i).begin;
    if (begin > offset && begin < next) next = begin;
  }
  return next;
}

/* The end of the int3 bytes that follow the function at BEGIN; END if there are none before it.  */
static uint32_t before_padding (const struct ucrt_image *image, uint32_t begin, uint32_t end) {
  for (uint32_t at = (begin & ~15u) + 16; at <= end; at += 16)
    if (at - begin > 2 && image->base[at - 1] == 0xcc && image->base[at - 2] == 0xcc) return at;
  return end;
}

struct ucrt_extent ucrt_function_at (const struct ucrt_image *image, uint32_t offset) {
  uint32_t i = unwind_from (image, offset);
  if (i < unwind_num (image)) {
    struct ucrt_extent extent = unwind_extent (image, i);
    if (extent.begin == offset && extent.end > offset && extent.end <= image->size) return extent;
  }
  uint32_t end = next_function (image, offset);
  if (end - offset > GUESS_MAX) end = offset + GUESS_MAX;
  return (struct ucrt_extent) {.begin = offset, .end = before_padding (image, offset, end)};
}

/* Whether 8 bytes before a function may be a hash of its type (XFG).  */
static int has_type_hashes (const struct ucrt_image *image) {
  uint32_t flags = image->wide ? PE_CONFIG_GUARD_FLAGS_PLUS : PE_CONFIG_GUARD_FLAGS;
  return image->config_size >= flags + 4
         && (u32 (image, image->config + (uint64_t) flags) & XFG) != 0;
}

/* A thunk of one jump owns all bytes up to the next function, also those of a type hash.  */
uint32_t ucrt_room_at (const struct ucrt_image *image, uint32_t offset) {
  uint32_t room = next_function (image, offset) - offset;
  if (ucrt_begins_function (image, offset)) {
    uint32_t own = ucrt_function_at (image, offset).end - offset;
    return own < room ? own : room;
  }
  int is_jump = image->machine != PE_NUMBER_ARM64 && read (image, offset, 1) == 0xe9;
  if (!has_type_hashes (image) || is_jump) return room;
  return room > 8 ? room - 8 : 0;
}

/* The beginning of the whole function that the unwind entry at ENTRY is a part of; the entry's own
   beginning if it is the whole.  */
static uint32_t begin_of_whole (const struct ucrt_image *image, uint64_t entry) {
  uint32_t begin = u32 (image, entry);
  for (int depth = 0; depth < 8; depth++) { /* a longer chain is taken for a circle */
    uint32_t info = u32 (image, entry + UNWIND_INFO);
    if (info & 1) { /* the entry of the whole, not unwind codes */
      entry = info & ~1u;
    } else {
      if ((read (image, info, 1) >> 3 & CHAINED) == 0) break;
      uint32_t codes = read (image, info + (uint64_t) INFO_CODES_NUM, 1);
      entry = info + INFO_CODES + 2 * (uint64_t) ((codes + 1) & ~1u);
    }
    begin = u32 (image, entry);
  }
  return begin;
}

int ucrt_next_far_part (const struct ucrt_image *image, const uint32_t *begins, unsigned begins_num,
                        uint32_t *at, struct ucrt_extent *part) {
  if (image->machine != PE_NUMBER_X64) return 0;
  while (*at < unwind_num (image)) {
    *part = unwind_extent (image, *at);
    uint32_t whole = begin_of_whole (image, image->unwind + (uint64_t) (*at)++ * UNWIND_SIZE);
    for (unsigned i = 0; whole != part->begin && i < begins_num; i++)
      if (begins[i] == whole) return 1;
  }
  return 0;
}

int ucrt_is_hybrid (const struct ucrt_image *image) {
  uint32_t field = image->wide ? PE_CONFIG_HYBRID_PLUS : PE_CONFIG_HYBRID,
           size = image->wide ? 8 : 4;
  if (image->config_size < field + size) return 0;
  return u32 (image, image->config + (uint64_t) field) != 0
         || (image->wide && u32 (image, image->config + (uint64_t) field + 4) != 0);
}

struct ucrt_extent ucrt_section (const struct ucrt_image *image, const char *name) {
  uint32_t num = u16 (image, headers (image) + PE_NT_SECTIONS_NUM);
  uint64_t at = optional_header (image) + u16 (image, headers (image) + PE_NT_OPTIONAL_SIZE);
  for (uint32_t i = 0; i < num && fits (image, at, PE_SECTION_HEADER);
       i++, at += PE_SECTION_HEADER) {
    char own[PE_SECTION_NAME_MAX + 1] = {0};
    memcpy (own, image->base + at, PE_SECTION_NAME_MAX);
    if (strlen (name) > PE_SECTION_NAME_MAX || memcmp (own, name, strlen (name) + 1) != 0) continue;
    uint32_t size = u32 (image, at + PE_SECTION_VIRTUAL_SIZE),
             offset = u32 (image, at + PE_SECTION_RVA);
    if (fits (image, offset, size))
      return (struct ucrt_extent) {.begin = offset, .end = offset + size};
  }
  return (struct ucrt_extent) {.begin = 0};
}
