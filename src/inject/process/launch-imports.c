/* Injects the DLL into the mapped image of a program that has not begun to run.  */
#include "inject/process/launch-imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/pe/imports.h"
#include "inject/pe/kind.h"
#include "inject/process/tool.h"

/* The block is allocated in the target above the image of the program:

       [ our descriptor | those of the program | an empty one ]
       [ lookup thunk | 0 | address thunk | 0 ][ hint, name ][ path ]

   Detours' DetourUpdateProcessWithDll, which has run on every Windows, shows where such a table may
   lie and which headers must change with it.  */

#define PATH_MAX_IN_IMPORT 1024u /* bytes */
#define FILE_MAX 0x7fffffffu     /* bytes */
#define REACH 0x7fff0000u        /* bytes; bit 31 of a 32-bit thunk means an ordinal */
#define GRANULARITY 0x10000u     /* of the addresses of VirtualAlloc */

/* One injection.  The functions below return 0, or -1 with the reason in CAUSE if they have
   one.  */
struct injection {
  const struct remote *remote;
  struct remote_image image;
  char path[PATH_MAX_IN_IMPORT];        /* of the DLL; ASCII: no code page is defined for it */
  char function[PE_NAME_MAX];           /* one that the DLL exports */
  unsigned descriptors;                 /* number of those of the program */
  uint8_t *bytes;                       /* the block, before it is written to the target */
  uint32_t size, thunks, hint, path_at; /* bytes of the block; offsets in it */
  uint64_t address;                     /* of the block in the target */
};

/* Set CAUSE to TEXT.  -1.  */
static int refuse (char cause[REASON_MAX], const char *text) {
  snprintf (cause, REASON_MAX, "%s", text);
  return -1;
}

/* Copy WIDE to TO, which has PATH_MAX_IN_IMPORT bytes.  -1 if it is not ASCII or too long.  */
static int to_ascii (const wchar_t *wide, char *to) {
  size_t i;
  for (i = 0; wide[i] != 0; i++) {
    if (wide[i] > 0x7e || wide[i] < ' ' || i + 1 >= PATH_MAX_IN_IMPORT) return -1;
    to[i] = (char) wide[i];
  }
  to[i] = 0;
  return 0;
}

/* Take the path or, if that is not ASCII, its short form.  */
static int name_path (struct injection *edit, const wchar_t *path, char cause[REASON_MAX]) {
  wchar_t brief[PATH_MAX_IN_IMPORT];
  if (to_ascii (path, edit->path) == 0) return 0;
  DWORD n = GetShortPathNameW (path, brief, PATH_MAX_IN_IMPORT);
  if (n != 0 && n < PATH_MAX_IN_IMPORT && to_ascii (brief, edit->path) == 0) return 0;
  return refuse (cause,
                 "the path of the DLL is too long, or neither it nor its short form is ASCII");
}

/* Choose a function to import, because the loader may skip a descriptor without one: the status of
   mir-ucrt.dll, otherwise the first name that the DLL exports.  */
static int name_function (struct injection *edit, const wchar_t *path, char cause[REASON_MAX]) {
  struct pe pe;
  struct pe_error error;
  uint32_t rva;
  int result = -1;
  DWORD n;
  uint8_t *bytes = tool_read (path, FILE_MAX, &n);
  if (bytes == NULL) return refuse (cause, "the DLL cannot be read");
  if (pe_open (&pe, bytes, n, PE_FILE, &error) == 0) {
    snprintf (edit->function, sizeof (edit->function), "MIR_ucrt_status");
    result = pe_find_export (&pe, edit->function, &rva);
    if (result != 0) result = pe_first_export (&pe, edit->function, sizeof (edit->function));
  }
  free (bytes);
  return result == 0 ? 0 : refuse (cause, "the DLL exports no function by name");
}

/* The loader of a .NET assembly, precompiled or not, ignores the import table.  */
static int is_assembly (struct injection *edit) {
  uint32_t flags;
  struct pe_directory clr = pe_directory (&edit->image.pe, PE_CLR);
  if (clr.rva == 0) return 0;
  remote_image_fetch (edit->remote, &edit->image, clr.rva, PE_CLR_FLAGS + 4);
  return pe_read32 (&edit->image.pe, (uint64_t) clr.rva + PE_CLR_FLAGS, &flags) != 0
         || pe_is_assembly (&edit->image.pe);
}

/* Count the descriptors of the program, and check that its loader uses them.  */
static int read_imports (struct injection *edit, char cause[REASON_MAX]) {
  const struct pe *pe = &edit->image.pe;
  struct pe_directory imports = pe_directory (pe, PE_IMPORT);
  if (pe_directory_offset (pe, PE_IMPORT) == 0)
    return refuse (cause, "its headers have no import directory");
  if (is_assembly (edit)) return refuse (cause, "it is a .NET program");
  if (imports.rva == 0) return 0;
  remote_image_fetch (edit->remote, &edit->image, imports.rva,
                      (PE_IMPORTS_MAX + 1) * PE_DESCRIPTOR);
  int n = pe_imports_num (pe);
  if (n < 0) return refuse (cause, "its import table is damaged");
  edit->descriptors = (unsigned) n;
  return 0;
}

/* Make the block, except for the RVAs, which depend on its address.  */
static int make_block (struct injection *edit, char cause[REASON_MAX]) {
  uint32_t thunk = pe_thunk_size (&edit->image.pe), path_size = (uint32_t) strlen (edit->path) + 1;
  uint32_t name_size = (uint32_t) strlen (edit->function) + 1;
  edit->thunks = (uint32_t) pe_round_up ((edit->descriptors + 2ull) * PE_DESCRIPTOR, 8);
  edit->hint = edit->thunks + 4 * thunk;
  edit->path_at = (uint32_t) pe_round_up (edit->hint + PE_HINT + name_size, 2);
  edit->size = edit->path_at + path_size;
  edit->bytes = calloc (1, edit->size);
  if (edit->bytes == NULL) return refuse (cause, "out of memory");
  if (edit->descriptors != 0
      && pe_read (&edit->image.pe, pe_directory (&edit->image.pe, PE_IMPORT).rva,
                  edit->bytes + PE_DESCRIPTOR, (size_t) edit->descriptors * PE_DESCRIPTOR)
             != 0)
    return refuse (cause, "its import table cannot be read");
  memcpy (edit->bytes + edit->hint + PE_HINT, edit->function, name_size);
  memcpy (edit->bytes + edit->path_at, edit->path, path_size);
  return 0;
}

/* Allocate memory for the block above the image, where an RVA can reach it.  */
static int place_block (struct injection *edit, char cause[REASON_MAX]) {
  uint64_t base = edit->image.base, end = base + REACH - edit->size;
  uint64_t at = pe_round_up (base + edit->image.pe.image_size, GRANULARITY);
  MEMORY_BASIC_INFORMATION info;
  if (edit->remote->bits == 32 && end > UINT32_MAX - GRANULARITY) end = UINT32_MAX - GRANULARITY;
  while (at < end
         && VirtualQueryEx (edit->remote->process, (void *) (uintptr_t) at, &info, sizeof (info))
                != 0) {
    uint64_t next = (uintptr_t) info.BaseAddress + (uint64_t) info.RegionSize;
    if (next <= at) break;
    if (info.State == MEM_FREE && next - at >= edit->size) {
      void *memory = VirtualAllocEx (edit->remote->process, (void *) (uintptr_t) at, edit->size,
                                     MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
      edit->address = (uintptr_t) memory;
      if (memory != NULL) return 0;
    }
    at = pe_round_up (next, GRANULARITY);
  }
  return refuse (cause, "there is no free address within 2 GiB above its program");
}

/* Write directory INDEX of the program in the target, unless the headers have no such
   directory.  */
static int write_directory (const struct injection *edit, unsigned index, uint32_t rva,
                            uint32_t size) {
  uint8_t entry[PE_DIRECTORY];
  size_t at = pe_directory_offset (&edit->image.pe, index);
  if (at == 0) return 0;
  pe_put32 (entry + PE_DIRECTORY_RVA, rva);
  pe_put32 (entry + PE_DIRECTORY_SIZE, size);
  return remote_write (edit->remote, edit->image.base + at, entry, sizeof (entry));
}

/* Write directory INDEX as it was.  */
static int put_back (const struct injection *edit, unsigned index) {
  struct pe_directory before = pe_directory (&edit->image.pe, index);
  return write_directory (edit, index, before.rva, before.size);
}

/* Clear the bound imports, which the loader would use instead of the table.  The import address
   directory tells the loader what to make writable; without that directory it takes the section
   that contains the table, and the block is in none.  The table itself is changed last.  */
static int write_headers (const struct injection *edit, uint32_t rva) {
  struct pe_directory addresses = pe_directory (&edit->image.pe, PE_IAT);
  struct pe_directory imports = pe_directory (&edit->image.pe, PE_IMPORT);
  if (addresses.rva == 0) {
    struct pe_section section;
    addresses = (struct pe_directory) {rva, edit->size};
    if (imports.rva != 0 && pe_section_of (&edit->image.pe, imports.rva, &section) == 0)
      addresses = (struct pe_directory) {
          section.rva, section.virtual_size != 0 ? section.virtual_size : section.raw_size};
    if (write_directory (edit, PE_IAT, addresses.rva, addresses.size) != 0) return -1;
  }
  if (write_directory (edit, PE_BOUND_IMPORT, 0, 0) == 0
      && write_directory (edit, PE_IMPORT, rva, (edit->descriptors + 2) * PE_DESCRIPTOR) == 0)
    return 0;
  put_back (edit, PE_IMPORT);
  put_back (edit, PE_BOUND_IMPORT);
  put_back (edit, PE_IAT);
  return -1;
}

/* Complete the block, write it, and make the headers refer to it; on failure free it.  */
static int write_block (struct injection *edit, char cause[REASON_MAX]) {
  uint32_t rva = (uint32_t) (edit->address - edit->image.base),
           thunk = pe_thunk_size (&edit->image.pe);
  /* The upper halves of 64-bit thunks are 0 already.  */
  pe_put32 (edit->bytes + edit->thunks, rva + edit->hint);
  pe_put32 (edit->bytes + edit->thunks + 2 * thunk, rva + edit->hint);
  pe_put32 (edit->bytes + PE_DESCRIPTOR_LOOKUP, rva + edit->thunks);
  pe_put32 (edit->bytes + PE_DESCRIPTOR_NAME, rva + edit->path_at);
  pe_put32 (edit->bytes + PE_DESCRIPTOR_ADDRESS, rva + edit->thunks + 2 * thunk);
  if (remote_write (edit->remote, edit->address, edit->bytes, edit->size) == 0
      && write_headers (edit, rva) == 0)
    return 0;
  snprintf (cause, REASON_MAX, "its headers cannot be changed (error %lu)", GetLastError ());
  VirtualFreeEx (edit->remote->process, (void *) (uintptr_t) edit->address, 0, MEM_RELEASE);
  return -1;
}

int launch_import (const struct remote *remote, const wchar_t *path, uint64_t *slot,
                   uint64_t *empty, char cause[REASON_MAX]) {
  struct injection *edit = calloc (1, sizeof (*edit));
  if (edit == NULL) return refuse (cause, "out of memory");
  edit->remote = remote;
  int result = -1;
  if (remote_image (remote, remote->program, &edit->image) != 0)
    refuse (cause, "its headers cannot be read");
  else if (name_path (edit, path, cause) == 0 && name_function (edit, path, cause) == 0
           && read_imports (edit, cause) == 0 && make_block (edit, cause) == 0
           && place_block (edit, cause) == 0)
    result = write_block (edit, cause);
  if (result == 0) {
    uint32_t thunk = pe_thunk_size (&edit->image.pe);
    *slot = edit->address + edit->thunks + 2 * thunk;
    *empty = pe_u32 (edit->bytes + edit->thunks);
  }
  free (edit->bytes);
  remote_image_close (&edit->image);
  free (edit);
  return result;
}
