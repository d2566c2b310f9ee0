/* Reads the symbol tables of ELF files, which are not trusted.  */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE /* pread */
#include "os/elf-symtab.h"

#include <errno.h>
#include <link.h> /* ElfW */
#include <string.h>
#include <unistd.h>

/* More than any program has, and few enough to read in a second.  No address is in more functions
   than MAX_DEPTH: names of one function, and functions in functions.  */
enum { MAX_SECTIONS = 1 << 16, MAX_SYMBOLS = 1 << 24, MAX_DEPTH = 256 };

/*---------------- Bytes -----------------------------*/

void mir_elf_open (struct mir_elf_file *file, int fd) {
  file->fd = fd;
  file->offset = 0;
  file->len = 0;
}

/* Read what is at OFFSET, as much as there is room for.  */
static void fill_bytes (struct mir_elf_file *file, uint64_t offset) {
  file->offset = offset;
  file->len = 0;
  while (file->len < sizeof (file->bytes)) {
    ssize_t n = pread (file->fd, file->bytes + file->len, sizeof (file->bytes) - file->len,
                       (off_t) (offset + file->len));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    file->len += (size_t) n;
  }
}

/* Whether LEN bytes from OFFSET on are in `bytes`.  */
static int has_bytes (const struct mir_elf_file *file, uint64_t offset, size_t len) {
  return offset >= file->offset && offset - file->offset <= file->len
         && len <= file->len - (size_t) (offset - file->offset);
}

/* Set LEN bytes at OUT, no more than `bytes` has, to those at OFFSET.  0, or -1: the file does not
   have them.  */
static int read_bytes (struct mir_elf_file *file, uint64_t offset, void *out, size_t len) {
  if (offset > INT64_MAX - sizeof (file->bytes) || len > sizeof (file->bytes)) return -1;
  if (!has_bytes (file, offset, len)) fill_bytes (file, offset);
  if (!has_bytes (file, offset, len)) return -1;
  memcpy (out, file->bytes + (offset - file->offset), len);
  return 0;
}

/* Whether what is at OFFSET can be read with an offset of at most as much added.  A function, since
   in a 32-bit file each offset is small, and compilers warn of comparisons that say so.  */
static int is_offset (uint64_t offset) {
  return offset <= INT64_MAX / 2;
}

/*---------------- Segments -----------------------------*/

/* Set *HEADER.  0, or -1 if the file is no program and no library for this CPU's class and byte
   order.  */
static int read_elf_header (struct mir_elf_file *file, ElfW (Ehdr) * header) {
  const uint16_t one = 1;
  uint8_t data = *(const uint8_t *) &one == 1 ? ELFDATA2LSB : ELFDATA2MSB;
  if (read_bytes (file, 0, header, sizeof (*header)) != 0) return -1;
  if (memcmp (header->e_ident, ELFMAG, SELFMAG) != 0) return -1;
  if (header->e_ident[EI_CLASS] != (sizeof (void *) == 8 ? ELFCLASS64 : ELFCLASS32)) return -1;
  if (header->e_ident[EI_DATA] != data || header->e_ident[EI_VERSION] != EV_CURRENT) return -1;
  return header->e_type == ET_EXEC || header->e_type == ET_DYN ? 0 : -1;
}

int mir_elf_address_of (struct mir_elf_file *file, uint64_t offset, uintptr_t *address) {
  ElfW (Ehdr) header;
  ElfW (Phdr) segment;
  if (read_elf_header (file, &header) != 0 || header.e_phentsize != sizeof (segment)
      || !is_offset (header.e_phoff))
    return -1;
  for (size_t i = 0; i < header.e_phnum; i++) {
    if (read_bytes (file, header.e_phoff + i * sizeof (segment), &segment, sizeof (segment)) != 0)
      return -1;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && offset >= segment.p_offset
        && offset - segment.p_offset < segment.p_filesz) {
      *address = (uintptr_t) (segment.p_vaddr + (offset - segment.p_offset));
      return 0;
    }
  }
  return -1;
}

/*---------------- Sections -----------------------------*/

/* Set *SECTION to the INDEXth.  0, or -1.  */
static int read_section (struct mir_elf_file *file, const ElfW (Ehdr) * header, size_t index,
                         ElfW (Shdr) * section) {
  uint64_t offset = header->e_shoff;
  if (!is_offset (offset)) return -1;
  return read_bytes (file, offset + index * sizeof (*section), section, sizeof (*section));
}

/* The number of sections; 0: none that can be read.  Too many for the header's member: it is in
   section 0.  */
static size_t count_sections (struct mir_elf_file *file, const ElfW (Ehdr) * header) {
  ElfW (Shdr) first;
  if (header->e_shoff == 0 || header->e_shentsize != sizeof (first)) return 0;
  if (header->e_shnum != 0) return header->e_shnum;
  if (read_section (file, header, 0, &first) != 0 || first.sh_size > MAX_SECTIONS) return 0;
  return (size_t) first.sh_size;
}

/* Set *SECTION to the table of symbols, and return the number of sections; 0: there is none.  */
static size_t find_symbols (struct mir_elf_file *file, const ElfW (Ehdr) * header,
                            ElfW (Shdr) * section) {
  size_t num = count_sections (file, header);
  for (size_t i = 0; i < num; i++) {
    if (read_section (file, header, i, section) != 0) return 0;
    if (section->sh_type == SHT_SYMTAB) return num;
  }
  return 0;
}

/* 0, or -1 if there are no symbols, or they make no sense.  */
static int find_tables (struct mir_elf_file *file) {
  ElfW (Ehdr) header;
  ElfW (Shdr) symbols, names;
  if (read_elf_header (file, &header) != 0) return -1;
  size_t num = find_symbols (file, &header, &symbols);
  if (num == 0 || symbols.sh_entsize != sizeof (ElfW (Sym)) || symbols.sh_link >= num
      || !is_offset (symbols.sh_offset) || symbols.sh_size / sizeof (ElfW (Sym)) > MAX_SYMBOLS)
    return -1;
  if (read_section (file, &header, symbols.sh_link, &names) != 0 || names.sh_type != SHT_STRTAB
      || !is_offset (names.sh_offset))
    return -1;
  file->symbols = symbols.sh_offset;
  file->symbols_num = (size_t) (symbols.sh_size / sizeof (ElfW (Sym)));
  file->names = names.sh_offset;
  file->names_size = names.sh_size;
  /* Bit 0 tells the instruction set: ELF for the Arm Architecture, 5.5.3.  */
  file->code_mask = header.e_machine == EM_ARM ? ~(uintptr_t) 1 : UINTPTR_MAX;
  return 0;
}

/*---------------- Symbols -----------------------------*/

/* Whether SYMBOL is a function of this file.  One without a size, as assembler may make it,
   contains nothing.  */
static int is_function (const ElfW (Sym) * symbol) {
  unsigned type = symbol->st_info & 15;
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF
         && symbol->st_size != 0;
}

/* The first of the NUM LOOKUPS that is not below ADDRESS; NUM if all are.  */
static size_t first_lookup (const struct mir_os_lookup *lookups, size_t num, uintptr_t address) {
  size_t low = 0;
  while (low < num) {
    size_t middle = low + (num - low) / 2;
    if (lookups[middle].in_file < address)
      low = middle + 1;
    else
      num = middle;
  }
  return low;
}

/* Note the function SYMBOL for those of LOOKUPS which it contains, unless one is known that begins
   later, or at the same address and is exported.  Returns how many it contains.  */
static size_t note_function (const struct mir_elf_file *file, const ElfW (Sym) * symbol,
                             struct mir_os_lookup *lookups, size_t num) {
  uintptr_t start = (uintptr_t) symbol->st_value & file->code_mask;
  uint8_t rank = symbol->st_info >> 4 == STB_LOCAL ? 1 : 2;
  size_t first = first_lookup (lookups, num, start), i = first;
  for (; i < num && lookups[i].in_file - start < symbol->st_size; i++) {
    struct mir_os_lookup *lookup = &lookups[i];
    if (lookup->rank != 0
        && (start != lookup->start ? start < lookup->start : rank <= lookup->rank))
      continue;
    lookup->start = start;
    lookup->name = symbol->st_name;
    lookup->rank = rank;
  }
  return i - first;
}

/* 0, or -1 if the file ends before its symbols or they make no sense.  */
static int note_functions (struct mir_elf_file *file, struct mir_os_lookup *lookups, size_t num) {
  size_t noted = 0;
  for (size_t i = 0; i < file->symbols_num; i++) {
    ElfW (Sym) symbol;
    if (read_bytes (file, file->symbols + i * sizeof (symbol), &symbol, sizeof (symbol)) != 0)
      return -1;
    if (!is_function (&symbol)) continue;
    noted += note_function (file, &symbol, lookups, num);
    if (noted / MAX_DEPTH > num) return -1;
  }
  return 0;
}

static void forget_functions (struct mir_os_lookup *lookups, size_t num) {
  for (size_t i = 0; i < num; i++) lookups[i].rank = 0;
}

void mir_elf_find_functions (struct mir_elf_file *file, struct mir_os_lookup *lookups, size_t num) {
  forget_functions (lookups, num);
  if (find_tables (file) != 0 || note_functions (file, lookups, num) != 0)
    forget_functions (lookups, num);
}

/*---------------- Names -----------------------------*/

/* Whether NAME is not empty and can be printed.  */
static int is_clean (const char *name) {
  for (const char *p = name; *p != '\0'; p++)
    if ((unsigned char) *p < 0x20 || *p == 0x7f) return 0;
  return *name != '\0';
}

int mir_elf_read_name (struct mir_elf_file *file, const struct mir_os_lookup *lookup,
                       struct mir_os_function *function) {
  char *name = function->name;
  if (lookup->rank == 0 || lookup->name >= file->names_size) return -1;
  uint64_t start = file->names + lookup->name, room = file->names_size - lookup->name;
  for (size_t len = 0; len < MIR_OS_NAME_SIZE - 1; len++) {
    if (len == room || read_bytes (file, start + len, name + len, 1) != 0) return -1;
    if (name[len] == '\0') return is_clean (name) ? 0 : -1;
  }
  name[MIR_OS_NAME_SIZE - 1] = '\0';
  return is_clean (name) ? 0 : -1;
}
