/* A small ELF file with symbols, for tests of the reader: as sound as a linker's, but for what a test
   changes.

     [ header | segments: data, code | sections: 0, .symtab, .strtab | symbols | names ]  */
#ifndef MIR_TESTS_OS_ELF_IMAGE_H
#define MIR_TESTS_OS_ELF_IMAGE_H

#include <link.h> /* ElfW */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ELF_SYMTAB = 1, ELF_STRTAB, ELF_SECTIONS };
enum { ELF_DATA_SEGMENT, ELF_CODE_SEGMENT, ELF_SEGMENTS };
enum { ELF_SYMBOLS = 9, ELF_NAMES_SIZE = 64 };

/* The symbols by number; 0 is ELF's empty one.  */
enum {
  ELF_OUTER = 1,
  ELF_INNER,
  ELF_ALIAS,
  ELF_EXPORTED,
  ELF_DATA,
  ELF_NO_SIZE,
  ELF_ELSEWHERE,
  ELF_LAST
};

struct elf_image {
  ElfW (Ehdr) header;
  ElfW (Phdr) segments[ELF_SEGMENTS];
  ElfW (Shdr) sections[ELF_SECTIONS];
  ElfW (Sym) symbols[ELF_SYMBOLS];
  char names[ELF_NAMES_SIZE];
};

/* Symbol WHICH is called NAME, which is put at the end of the names, *USED bytes so far.  */
static inline void elf_image_symbol (struct elf_image *image, int which, const char *name,
                                     unsigned info, uintptr_t value, size_t size, size_t *used) {
  ElfW (Sym) *symbol = &image->symbols[which];
  symbol->st_name = (uint32_t) *used;
  symbol->st_info = (unsigned char) info;
  symbol->st_shndx = 1;
  symbol->st_value = value;
  symbol->st_size = size;
  strcpy (image->names + *used, name);
  *used += strlen (name) + 1;
}

static inline void elf_image_header (ElfW (Ehdr) * header) {
  const uint16_t one = 1;
  memcpy (header->e_ident, ELFMAG, SELFMAG);
  header->e_ident[EI_CLASS] = sizeof (void *) == 8 ? ELFCLASS64 : ELFCLASS32;
  header->e_ident[EI_DATA] = *(const uint8_t *) &one == 1 ? ELFDATA2LSB : ELFDATA2MSB;
  header->e_ident[EI_VERSION] = EV_CURRENT;
  header->e_type = ET_DYN;
  header->e_version = EV_CURRENT;
  header->e_ehsize = sizeof (*header);
  header->e_phoff = offsetof (struct elf_image, segments);
  header->e_phentsize = sizeof (ElfW (Phdr));
  header->e_phnum = ELF_SEGMENTS;
  header->e_shoff = offsetof (struct elf_image, sections);
  header->e_shentsize = sizeof (ElfW (Shdr));
  header->e_shnum = ELF_SECTIONS;
}

static inline void elf_image_init (struct elf_image *image) {
  const unsigned local = STB_LOCAL << 4 | STT_FUNC, global = STB_GLOBAL << 4 | STT_FUNC;
  size_t used = 1;
  memset (image, 0, sizeof (*image));
  elf_image_header (&image->header);
  image->segments[ELF_DATA_SEGMENT] = (ElfW (Phdr)) {
      .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = 0, .p_filesz = 0x2000, .p_memsz = 0x2000};
  image->segments[ELF_CODE_SEGMENT] = (ElfW (Phdr)) {.p_type = PT_LOAD,
                                                     .p_flags = PF_R | PF_X,
                                                     .p_offset = 0x400,
                                                     .p_vaddr = 0x1000,
                                                     .p_filesz = 0x600,
                                                     .p_memsz = 0x700};
  image->sections[ELF_SYMTAB].sh_type = SHT_SYMTAB;
  image->sections[ELF_SYMTAB].sh_offset = offsetof (struct elf_image, symbols);
  image->sections[ELF_SYMTAB].sh_size = sizeof (image->symbols);
  image->sections[ELF_SYMTAB].sh_entsize = sizeof (ElfW (Sym));
  image->sections[ELF_SYMTAB].sh_link = ELF_STRTAB;
  image->sections[ELF_STRTAB].sh_type = SHT_STRTAB;
  image->sections[ELF_STRTAB].sh_offset = offsetof (struct elf_image, names);
  image->sections[ELF_STRTAB].sh_size = sizeof (image->names);
  elf_image_symbol (image, ELF_OUTER, "outer", local, 0x1000, 0x100, &used);
  elf_image_symbol (image, ELF_INNER, "inner", local, 0x1040, 0x20, &used);
  elf_image_symbol (image, ELF_ALIAS, "alias", local, 0x1200, 0x10, &used);
  elf_image_symbol (image, ELF_EXPORTED, "exported", global, 0x1200, 0x10, &used);
  elf_image_symbol (image, ELF_DATA, "data", STB_LOCAL << 4 | STT_OBJECT, 0x1300, 0x10, &used);
  elf_image_symbol (image, ELF_NO_SIZE, "label", local, 0x1400, 0, &used);
  elf_image_symbol (image, ELF_ELSEWHERE, "undefined", global, 0x1500, 0x10, &used);
  image->symbols[ELF_ELSEWHERE].st_shndx = SHN_UNDEF;
  elf_image_symbol (image, ELF_LAST, "last", local, UINTPTR_MAX - 0xf, 0x10, &used);
}

#endif /* MIR_TESTS_OS_ELF_IMAGE_H */
