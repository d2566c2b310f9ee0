/* Reads the symbol tables of ELF files, which are not trusted.  */
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE /* pread */
#include "os/elf-symtab.h"

#include <errno.h>
#include <link.h> /* ElfW */
#include <string.h>
#include <unistd.h>

/* More than any program has, and few enough to read in a second.  */
enum { MAX_SECTIONS = 1 << 16, MAX_SYMBOLS = 1 << 24 };

/* The sections of a file with functions: the symbols, and their names.  */
struct elf_tables {
  ElfW (Shdr) symbols, names;
  uintptr_t code_mask; /* the bits of a symbol's value that are an address */
};

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
      || header.e_phoff > INT64_MAX / 2)
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
  if (offset > INT64_MAX / 2) return -1;
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

/* 0, or -1 if there are no symbols, or they make no sense.  */
static int find_tables (struct mir_elf_file *file, struct elf_tables *tables) {
  ElfW (Ehdr) header;
  if (read_elf_header (file, &header) != 0) return -1;
  size_t num = count_sections (file, &header), i = 0;
  do {
    if (i == num || read_section (file, &header, i++, &tables->symbols) != 0) return -1;
  } while (tables->symbols.sh_type != SHT_SYMTAB);
  if (tables->symbols.sh_entsize != sizeof (ElfW (Sym)) || tables->symbols.sh_link >= num
      || tables->symbols.sh_offset > INT64_MAX / 2
      || tables->symbols.sh_size / sizeof (ElfW (Sym)) > MAX_SYMBOLS)
    return -1;
  if (read_section (file, &header, tables->symbols.sh_link, &tables->names) != 0
      || tables->names.sh_type != SHT_STRTAB || tables->names.sh_offset > INT64_MAX / 2)
    return -1;
  /* Bit 0 tells the instruction set: ELF for the Arm Architecture, 5.5.3.  */
  tables->code_mask = header.e_machine == EM_ARM ? ~(uintptr_t) 1 : UINTPTR_MAX;
  return 0;
}

/*---------------- Symbols -----------------------------*/

/* Whether SYMBOL is a function that contains ADDRESS.  One without a size, as assembler may make
   it, contains nothing.  */
static int contains (const struct elf_tables *tables, const ElfW (Sym) * symbol,
                     uintptr_t address) {
  unsigned type = symbol->st_info & 15;
  uintptr_t start = (uintptr_t) symbol->st_value & tables->code_mask;
  if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol->st_shndx == SHN_UNDEF) return 0;
  return address >= start && address - start < symbol->st_size;
}

/* Whether A names an address in both better than B: it begins later, or at the same address and is
   not local.  */
static int is_better (const ElfW (Sym) * a, const ElfW (Sym) * b) {
  if (a->st_value != b->st_value) return a->st_value > b->st_value;
  return a->st_info >> 4 != STB_LOCAL && b->st_info >> 4 == STB_LOCAL;
}

/* Set *BEST, whose size is 0, to the symbol of the function at ADDRESS.  0, or -1.  */
static int find_symbol (struct mir_elf_file *file, const struct elf_tables *tables,
                        uintptr_t address, ElfW (Sym) * best) {
  size_t num = (size_t) (tables->symbols.sh_size / sizeof (*best));
  for (size_t i = 0; i < num; i++) {
    ElfW (Sym) symbol;
    uint64_t offset = tables->symbols.sh_offset + i * sizeof (symbol);
    if (read_bytes (file, offset, &symbol, sizeof (symbol)) != 0) return -1;
    if (contains (tables, &symbol, address) && (best->st_size == 0 || is_better (&symbol, best)))
      *best = symbol;
  }
  return best->st_size != 0 ? 0 : -1;
}

/* Whether NAME is not empty and can be printed.  */
static int is_clean (const char *name) {
  for (const char *p = name; *p != '\0'; p++)
    if ((unsigned char) *p < 0x20 || *p == 0x7f) return 0;
  return *name != '\0';
}

/* Set NAME to the text at OFFSET of the names.  0, or -1.  */
static int read_name (struct mir_elf_file *file, const ElfW (Shdr) * names, uint64_t offset,
                      char name[MIR_OS_NAME_SIZE]) {
  if (offset >= names->sh_size) return -1;
  uint64_t room = names->sh_size - offset;
  for (size_t len = 0; len < MIR_OS_NAME_SIZE - 1; len++) {
    if (len == room || read_bytes (file, names->sh_offset + offset + len, name + len, 1) != 0)
      return -1;
    if (name[len] == '\0') return is_clean (name) ? 0 : -1;
  }
  name[MIR_OS_NAME_SIZE - 1] = '\0';
  return is_clean (name) ? 0 : -1;
}

int mir_elf_find_function (struct mir_elf_file *file, uintptr_t address,
                           struct mir_os_function *function) {
  struct elf_tables tables;
  ElfW (Sym) symbol = {.st_size = 0};
  if (find_tables (file, &tables) != 0 || find_symbol (file, &tables, address, &symbol) != 0
      || read_name (file, &tables.names, symbol.st_name, function->name) != 0)
    return 0;
  function->start = (uintptr_t) symbol.st_value & tables.code_mask;
  return 1;
}
