/* Builds the ELF object that tells GDB about one mapping: in the layout of ELF, for this CPU.  */
#include "tools/gdb-elf.h"

#include <link.h> /* ElfW */
#include <stddef.h>
#include <string.h>

#include "tools/eh-frame.h"

/* The sections by number; 0 is ELF's empty one.  */
enum { TEXT = 1, EH_FRAME, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char section_names[] = "\0.text\0.eh_frame\0.symtab\0.strtab\0.shstrtab";
/* Where the name of each section begins in `section_names`.  */
static const uint8_t name_offsets[SECTIONS] = {
    [TEXT] = 1, [EH_FRAME] = 7, [SYMTAB] = 17, [STRTAB] = 25, [SHSTRTAB] = 33};

/* The object.  More symbols follow, then the strings.  */
struct object {
  ElfW (Ehdr) header;
  ElfW (Shdr) sections[SECTIONS];
  struct mir_eh_frame eh_frame;
  char section_names[sizeof (section_names)];
  ElfW (Sym) symbols[1]; /* the first one is empty */
};

static void fill_header (ElfW (Ehdr) * header) {
  const uint16_t one = 1;
  memcpy (header->e_ident, ELFMAG, SELFMAG);
  header->e_ident[EI_CLASS] = sizeof (void *) == 8 ? ELFCLASS64 : ELFCLASS32;
  header->e_ident[EI_DATA] = *(const uint8_t *) &one == 1 ? ELFDATA2LSB : ELFDATA2MSB;
  header->e_ident[EI_VERSION] = EV_CURRENT;
  header->e_type = ET_EXEC; /* symbols hold addresses, not offsets */
  header->e_machine = mir_target.elf_machine;
  header->e_version = EV_CURRENT;
  header->e_ehsize = sizeof (*header);
  header->e_shoff = offsetof (struct object, sections);
  header->e_shentsize = sizeof (ElfW (Shdr));
  header->e_shnum = SECTIONS;
  header->e_shstrndx = SHSTRTAB;
}

/* Section WHICH is the SIZE bytes at OFFSET in the object.  */
static void fill_section (struct object *object, int which, unsigned type, size_t offset,
                          size_t size) {
  ElfW (Shdr) *section = &object->sections[which];
  section->sh_name = name_offsets[which];
  section->sh_type = type;
  section->sh_offset = offset;
  section->sh_size = size;
  section->sh_addralign = which == TEXT ? 32 : sizeof (void *);
}

/* Describe the sections of OBJECT: the LEN bytes at START, symbols, and strings behind them.  */
static void fill_sections (struct object *object, const uint8_t *start, size_t len,
                           size_t symbols_num, size_t strings_size, int with_frames) {
  ElfW (Shdr) *sections = object->sections;
  size_t symtab_size = (symbols_num + 1) * sizeof (ElfW (Sym));
  size_t symtab = offsetof (struct object, symbols);
  /* The object does not contain the code, only its address.  */
  fill_section (object, TEXT, SHT_NOBITS, 0, len);
  sections[TEXT].sh_addr = (uintptr_t) start;
  sections[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  /* Without frames GDB analyses the instructions, which also works for functions without a
     record.  */
  if (with_frames) {
    fill_section (object, EH_FRAME, SHT_PROGBITS, offsetof (struct object, eh_frame),
                  sizeof (object->eh_frame));
    sections[EH_FRAME].sh_addr = (uintptr_t) &object->eh_frame;
    sections[EH_FRAME].sh_flags = SHF_ALLOC;
  }
  fill_section (object, SYMTAB, SHT_SYMTAB, symtab, symtab_size);
  sections[SYMTAB].sh_link = STRTAB;
  sections[SYMTAB].sh_info = 1; /* the first symbol that is not local */
  sections[SYMTAB].sh_entsize = sizeof (ElfW (Sym));
  fill_section (object, STRTAB, SHT_STRTAB, symtab + symtab_size, strings_size);
  fill_section (object, SHSTRTAB, SHT_STRTAB, offsetof (struct object, section_names),
                sizeof (section_names));
}

uint8_t *mir_gdb_elf (MIR_alloc_t alloc, const uint8_t *start, size_t len,
                      const struct mir_gdb_symbol *symbols, size_t symbols_num, int with_frames,
                      size_t *size) {
  size_t strings_size = 1; /* the first string is empty */
  /* These sums cannot overflow: the names and the elements of SYMBOLS are all in memory already,
     and a symbol of ELF is no larger than an element.  */
  for (size_t i = 0; i < symbols_num; i++) strings_size += symbols[i].name_size;
  *size = sizeof (struct object) + symbols_num * sizeof (ElfW (Sym)) + strings_size;
  struct object *object = (struct object *) MIR_calloc (alloc, 1, *size);
  if (object == NULL) return NULL;
  fill_header (&object->header);
  fill_sections (object, start, len, symbols_num, strings_size, with_frames);
  mir_eh_frame_fill (&object->eh_frame, start, len);
  memcpy (object->section_names, section_names, sizeof (section_names));
  ElfW (Sym) *symbol =
      (ElfW (Sym) *) (void *) ((char *) object + offsetof (struct object, symbols));
  char *strings = (char *) (symbol + 1 + symbols_num);
  strings_size = 1;
  for (size_t i = 0; i < symbols_num; i++) {
    symbol++; /* the first time, past the empty symbol */
    symbol->st_name = (ElfW (Word)) strings_size;
    symbol->st_value = (uintptr_t) symbols[i].start;
    symbol->st_size = symbols[i].size;
    symbol->st_info = ELF64_ST_INFO (STB_GLOBAL, STT_FUNC); /* equal to ELF32_ST_INFO */
    symbol->st_shndx = TEXT;
    memcpy (strings + strings_size, symbols[i].name, symbols[i].name_size);
    strings_size += symbols[i].name_size;
  }
  return (uint8_t *) object;
}
