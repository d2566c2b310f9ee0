/* Plans an injection: a new section with the import table.

   The section is writable.  While Windows fills in addresses it makes only the import address
   directory writable, and that is a range elsewhere (ReactOS, dll/ntdll/ldr/ldrpe.c, LdrpSnapIAT;
   Detours makes its section writable too).  If an image has no such directory, the loader uses the
   section that contains the import table.  The table moves, so the plan adds a directory with the
   range that the loader used.  */
#include "inject/edit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "inject/edit/apart.h"
#include "inject/edit/appended.h"
#include "inject/edit/block.h"
#include "inject/edit/injected.h"
#include "inject/edit/plan.h"
#include "inject/edit/reorder.h"
#include "inject/edit/room.h"
#include "inject/edit/search.h"
#include "inject/pe/imports.h"
#include "inject/pe/kind.h"
#include "inject/pe/layout.h"

enum { DEBUG_MAX = 16, PAGE = 4096, SECTOR = 512 }; /* entries; bytes; bytes */

#define USE_RUN "start the program with 'mir-inject run'"

/* Whether directory entry AT, an offset, says anything.  */
static int is_set (const struct pe *pe, size_t at) {
  return pe_u64 (pe->bytes + at) != 0;
}

/* Check what the loader demands and what the plan relies on: alignments, at least one section, an
   import directory.  */
static int check (const struct pe *pe, struct pe_error *error) {
  if (pe->section_alignment < PAGE || pe->file_alignment < SECTOR)
    return pe_fail (error,
                    "the sections are smaller than a page: a driver, or a very small program");
  if (pe_check_layout (pe, error) != 0) return -1;
  if (pe->sections_num == PE_SECTIONS_MAX)
    return pe_fail (error,
                    "no room for a section: there are 96 already, and Windows loads no more");
  if (pe->directories_num <= PE_IMPORT)
    return pe_fail (error, "the headers have no import directory");
  return 0;
}

/* Cut the certificate out if it is in the tail, where it should be.  */
static void cut_certificate (struct plan *plan, const struct pe *pe) {
  size_t offset, size;
  if (pe_certificate (pe, &offset, &size) != 0 || size == 0 || offset < plan->sections_end) return;
  plan->certificate = offset;
  plan->certificate_size = size;
}

/* Keep the tail where it is: of the old file only the certificate, its last part, is behind what
   stays.  0, or -1 with the reason in ERROR.  */
static int keep_tail (struct plan *plan, struct edit *edit, const struct pe *pe,
                      const struct edit_appended *appended, struct pe_error *error) {
  size_t offset, size;
  if (pe_certificate (pe, &offset, &size) != 0 || size == 0 || offset < plan->sections_end)
    offset = pe->size, size = 0;
  if (offset + size != pe->size)
    return pe_fail (error, "%s must stay in place, but the signature comes first: " USE_RUN,
                    appended->name);
  plan->sections_end = offset;
  edit->notes |= EDIT_TAIL_STAYED;
  return 0;
}

/* The patch functions add patches to PLAN, and return 0, or not 0 if one does not fit.  */

static int patch_directory (struct plan *plan, const struct pe *pe, size_t at, uint32_t rva,
                            uint32_t size) {
  return plan_patch32 (plan, pe, at + PE_DIRECTORY_RVA, rva)
         | plan_patch32 (plan, pe, at + PE_DIRECTORY_SIZE, size);
}

/* The import table has SIZE bytes at RVA; bound imports and certificate are cleared.  */
static int patch_directories (struct plan *plan, struct edit *edit, const struct pe *pe,
                              uint32_t rva, uint32_t size) {
  struct pe_directory import = pe_directory (pe, PE_IMPORT);
  static const uint8_t zeros[PE_DIRECTORY];
  struct pe_section section;
  size_t at = pe_directory_offset (pe, PE_IMPORT);
  int status = patch_directory (plan, pe, at, rva, size);
  if ((at = pe_directory_offset (pe, PE_BOUND_IMPORT)) != 0) {
    if (is_set (pe, at)) edit->notes |= EDIT_BOUND_CLEARED;
    status |= plan_patch (plan, pe, at, zeros, PE_DIRECTORY);
  }
  if ((at = pe_directory_offset (pe, PE_CERTIFICATE)) != 0) {
    if (is_set (pe, at)) edit->notes |= EDIT_CERTIFICATE_DROPPED;
    status |= plan_patch (plan, pe, at, zeros, PE_DIRECTORY);
  }
  at = pe_directory_offset (pe, PE_IAT);
  if (at == 0 || pe_directory (pe, PE_IAT).rva != 0 || import.rva == 0
      || pe_section_of (pe, import.rva, &section) != 0)
    return status;
  uint32_t taken = section.virtual_size != 0 ? section.virtual_size : section.raw_size;
  return status | patch_directory (plan, pe, at, section.rva, taken);
}

/* Patch a field that is an offset in the file, if its target moves.  The number of patches must not
   depend on how far the tail moves, because that depends on the size of the record.  */
static int patch_offset (struct plan *plan, const struct pe *pe, size_t field) {
  uint32_t offset = pe_u32 (pe->bytes + field);
  if (offset < plan->headers_end || offset > pe->size) return 0;
  if (offset < plan->sections_end && plan->headers_inserted == 0) return 0;
  return plan_patch32 (plan, pe, field, (uint32_t) plan_moved (plan, offset));
}

/* Patch every field that has an offset in the file.  */
static int patch_offsets (struct plan *plan, const struct pe *pe) {
  int status = patch_offset (plan, pe, pe->nt + PE_NT_SYMBOLS);
  for (unsigned i = 0; i < pe->sections_num; i++) {
    size_t header = pe_section_header (pe, i);
    status |= patch_offset (plan, pe, header + PE_SECTION_RAW);
    status |= patch_offset (plan, pe, header + PE_SECTION_RELOCATIONS);
    status |= patch_offset (plan, pe, header + PE_SECTION_LINES);
  }
  struct pe_directory debug = pe_directory (pe, PE_DEBUG);
  for (uint32_t i = 0; debug.rva != 0 && i < debug.size / PE_DEBUG_ENTRY && i < DEBUG_MAX; i++) {
    size_t entry;
    if (pe_offset (pe, debug.rva + (uint64_t) i * PE_DEBUG_ENTRY, PE_DEBUG_ENTRY, &entry) != 0
        || entry < plan->headers_end || entry + PE_DEBUG_ENTRY > plan->sections_end)
      break;
    status |= patch_offset (plan, pe, entry + PE_DEBUG_RAW);
  }
  return status;
}

/* Add the pieces of the result in their order; the bytes of SECTION will be at offset RAW.  The last
   argument of edit_add: 1 makes a copy that the plan owns, which patches may change; 0 refers to
   the old file.  */
static int compose (struct edit *edit, const struct plan *plan, const struct pe *pe, size_t raw,
                    const uint8_t *section, size_t section_size) {
  const uint8_t *old = pe->bytes;
  size_t headers = (size_t) plan->headers_end, end = (size_t) plan->sections_end;
  size_t certificate = (size_t) plan->certificate,
         behind = certificate + (size_t) plan->certificate_size;
  if (plan->certificate_size == 0) certificate = behind = end;
  size_t gap = raw - (end + plan->headers_inserted);
  uint8_t *zeros = calloc (1, plan->headers_inserted + gap + 1);
  int status = zeros == NULL || edit_add (edit, old, headers, 1) != 0
               || edit_add (edit, zeros, plan->headers_inserted, 1) != 0
               || edit_add (edit, old + headers, end - headers, 0) != 0
               || edit_add (edit, zeros, gap, 1) != 0
               || edit_add (edit, section, section_size, 1) != 0
               || edit_add (edit, old + end, certificate - end, 0) != 0
               || edit_add (edit, old + behind, pe->size - behind, 0) != 0;
  free (zeros);
  for (unsigned i = 0; status == 0 && i < plan->patches_num; i++)
    status = edit_put (edit, plan_moved (plan, plan->patches[i].offset), plan->patches[i].after,
                       plan->patches[i].size);
  return status;
}

/* The bytes of EDIT_SECTION: [ head | block ] are mapped, [ record ] is not.  */
static uint8_t *section_bytes (const struct plan *plan, const struct pe *pe,
                               const struct edit_block *block, size_t record_at, size_t raw_size) {
  size_t record_size;
  uint8_t *record = plan_record (plan, pe, &record_size), *bytes = calloc (1, raw_size);
  if (record != NULL && bytes != NULL) {
    memcpy (bytes, RECORD_MAGIC, SECTION_RECORD);
    pe_put32 (bytes + SECTION_RECORD, (uint32_t) record_at);
    pe_put32 (bytes + SECTION_RECORD_SIZE, (uint32_t) record_size);
    memcpy (bytes + SECTION_HEAD, block->bytes, block->size);
    memcpy (bytes + record_at, record, record_size);
  } else {
    free (bytes);
    bytes = NULL;
  }
  free (record);
  return bytes;
}

/* Where EDIT_SECTION goes; MAPPED and RAW_SIZE are sizes in bytes, RECORD_AT is an offset in
   it.  */
struct place {
  uint32_t rva, mapped, headers_size;
  uint64_t raw, raw_size, record_at;
};

static void put_section_header (uint8_t *header, const struct place *place) {
  memset (header, 0, PE_SECTION_HEADER);
  memcpy (header + PE_SECTION_NAME, EDIT_SECTION, sizeof (EDIT_SECTION) - 1);
  pe_put32 (header + PE_SECTION_VIRTUAL_SIZE, place->mapped);
  pe_put32 (header + PE_SECTION_RVA, place->rva);
  pe_put32 (header + PE_SECTION_RAW_SIZE, (uint32_t) place->raw_size);
  pe_put32 (header + PE_SECTION_RAW, (uint32_t) place->raw);
  pe_put32 (header + PE_SECTION_FLAGS, PE_SCN_DATA | PE_SCN_READ | PE_SCN_WRITE);
}

/* Patch what a new section changes in the headers.  */
static int patch_headers (struct plan *plan, const struct pe *pe, const struct place *place) {
  uint8_t header[PE_SECTION_HEADER], num[2];
  size_t slot = pe_section_header (pe, pe->sections_num);
  size_t in_old = slot < plan->headers_end ? (size_t) plan->headers_end - slot : 0;
  uint32_t data = pe_u32 (pe->bytes + pe->optional + PE_OPTIONAL_DATA_SIZE);
  uint64_t end = pe_round_up ((uint64_t) place->rva + place->mapped, pe->section_alignment);
  if (end < pe->image_size) end = pe->image_size; /* an image may be larger than its sections */
  put_section_header (header, place);
  if (in_old > sizeof (header)) in_old = sizeof (header); /* the rest lies in the inserted bytes */
  pe_put16 (num, (uint16_t) (pe->sections_num + 1));
  return plan_patch (plan, pe, pe->nt + PE_NT_SECTIONS_NUM, num, sizeof (num))
         | plan_patch32 (plan, pe, pe->optional + PE_OPTIONAL_DATA_SIZE,
                         data + (uint32_t) place->raw_size)
         | plan_patch32 (plan, pe, pe->optional + PE_OPTIONAL_IMAGE_SIZE, (uint32_t) end)
         | plan_patch32 (plan, pe, pe->optional + PE_OPTIONAL_HEADERS_SIZE, place->headers_size)
         | plan_patch (plan, pe, slot, header, in_old);
}

static int patch_load_flags (struct plan *plan, struct edit *edit, const struct pe *pe) {
  int patched = edit_widen_search (plan, pe);
  if (patched > 0) edit->notes |= EDIT_SEARCH_WIDENED;
  return patched < 0;
}

/* A file that demands a signature would not be loaded without one.  */
static int patch_dll_flags (struct plan *plan, struct edit *edit, const struct pe *pe) {
  uint8_t bytes[2];
  if ((pe->dll_flags & PE_DLL_FORCE_INTEGRITY) == 0) return 0;
  edit->notes |= EDIT_INTEGRITY_CLEARED;
  pe_put16 (bytes, (uint16_t) (pe->dll_flags & ~PE_DLL_FORCE_INTEGRITY));
  return plan_patch (plan, pe, pe->optional + PE_OPTIONAL_DLL_FLAGS, bytes, sizeof (bytes));
}

/* Make all patches anew, for the present values of PLAN and PLACE.  */
static int make_patches (struct plan *plan, struct edit *edit, const struct pe *pe,
                         const struct place *place, const struct edit_block *block) {
  plan->patches_num = 0;
  return patch_headers (plan, pe, place)
         | patch_directories (plan, edit, pe, place->rva + SECTION_HEAD, block->table_size)
         | patch_load_flags (plan, edit, pe) | patch_dll_flags (plan, edit, pe)
         | patch_offsets (plan, pe);
}

/* Two rounds: the first gives the size of the record, and so how far the tail moves.  */
static int make_plan (struct plan *plan, struct place *place, struct edit *edit,
                      const struct pe *pe, const struct edit_block *block, struct pe_error *error) {
  uint64_t end = plan->sections_end + plan->headers_inserted;
  place->mapped = (uint32_t) (SECTION_HEAD + block->size);
  place->record_at = pe_round_up (place->mapped, 16);
  place->raw = pe_round_up (end, pe->file_alignment);
  if (make_patches (plan, edit, pe, place, block) != 0)
    return pe_fail (error, "damaged headers: an offset points to the wrong place");
  place->raw_size = pe_round_up (place->record_at + plan_record_size (plan), pe->file_alignment);
  plan->tail_moved = place->raw + place->raw_size - plan->sections_end;
  if (place->raw + place->raw_size + (pe->size - plan->sections_end) > UINT32_MAX)
    return pe_fail (error, "the file would be too large");
  if (pe_round_up (place->rva + place->raw_size, pe->section_alignment) > PE_IMAGE_MAX)
    return pe_fail (error, "the image would be too large");
  return make_patches (plan, edit, pe, place, block);
}

/* Check that nothing that will be overwritten is needed: the headers and the patches.  */
static int check_apart (const struct plan *plan, const struct pe *pe, struct pe_error *error) {
  struct edit_range ranges[PLAN_PATCHES_MAX + 1] = {{0, (size_t) plan->headers_end}};
  unsigned num = 1;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    const struct plan_patch *patch = &plan->patches[i];
    if (patch->offset >= plan->headers_end)
      ranges[num++] = (struct edit_range) {patch->offset, patch->offset + patch->size};
  }
  return edit_check_apart (pe, ranges, num, error);
}

/* Plan the new section and all that follows from it.  0, or -1 with the reason in ERROR.  */
static int add_section (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                        const struct edit_appended *appended, struct plan *plan,
                        struct pe_error *error) {
  struct place place = {0};
  struct edit_block block = {0};
  uint8_t header[PE_SECTION_HEADER], *section = NULL;
  struct pe_section last = pe_section (pe, pe->sections_num - 1);
  size_t slot = pe_section_header (pe, pe->sections_num);
  uint64_t rva = last.rva + pe_section_extent (pe, &last);
  *plan = (struct plan) {
      .old_size = pe->size, .sections_end = pe_sections_end (pe), .checksum = pe->checksum};
  if (edit_make_room (plan, pe, &place.headers_size, error) != 0) return -1;
  if (appended->effect == EDIT_STAYS) {
    if (plan->headers_inserted != 0)
      return pe_fail (error, "%s must stay in place, but the headers have no room: " USE_RUN,
                      appended->name);
    if (keep_tail (plan, edit, pe, appended, error) != 0) return -1;
  }
  if (rva > PE_IMAGE_MAX) return pe_fail (error, "the image would be too large");
  place.rva = (uint32_t) rva;
  cut_certificate (plan, pe);
  if (edit_block (&block, pe, place.rva + SECTION_HEAD, request, error) != 0) return -1;
  int status = make_plan (plan, &place, edit, pe, &block, error);
  if (status == 0) status = check_apart (plan, pe, error);
  if (status == 0) {
    plan_start_digest (plan, edit, pe->bytes, pe->bytes + plan->certificate);
    edit->digest_at = place.raw + place.record_at + RECORD_DIGEST;
    section = section_bytes (plan, pe, &block, (size_t) place.record_at, (size_t) place.raw_size);
    put_section_header (header, &place);
    if (section == NULL
        || compose (edit, plan, pe, (size_t) place.raw, section, (size_t) place.raw_size) != 0
        || edit_put (edit, slot, header, sizeof (header)) != 0
        || edit_put_checksum (edit, pe->optional + PE_OPTIONAL_CHECKSUM) != 0)
      status = pe_fail (error, "out of memory");
  }
  free (section);
  free (block.bytes);
  return status;
}

int edit_inject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                 struct pe_error *error) {
  *edit = (struct edit) {0};
  *error = (struct pe_error) {0};
  const char *stranger = pe_stranger (pe);
  if (stranger != NULL)
    return pe_fail (error, "%s, not a Windows program for x86, x64 or arm64", stranger);
  if (pe_find_import (pe, request->dll) >= 0) return edit_reorder (edit, pe, request, error);
  if (pe_is_assembly (pe))
    return pe_fail (error,
                    "a .NET assembly, which .NET refuses when it imports other DLLs: " USE_RUN);
  if (check (pe, error) != 0) return -1;
  struct pe_section before;
  char name[PE_NAME_MAX];
  if (edit_injected (pe, name) == 0)
    return pe_fail (error, "another DLL was injected before, '%.100s': eject it first", name);
  if (pe_section_named (pe, EDIT_SECTION, &before) == 0)
    return pe_fail (error, "the section of an earlier injection is left: use the original file");
  struct edit_appended appended = edit_find_appended (pe);
  if (appended.name != NULL && appended.effect == EDIT_REFUSES)
    return pe_fail (error, "%s (%s): " USE_RUN, appended.name, appended.why);
  struct plan *plan = malloc (sizeof (*plan));
  if (plan == NULL) return pe_fail (error, "out of memory");
  int status = add_section (edit, pe, request, &appended, plan, error);
  size_t symbols = 0, symbols_size = 0;
  (void) pe_symbols (pe, &symbols, &symbols_size);
  if (status == 0) {
    edit->changed = 1;
    edit->notes |= EDIT_ADDED;
    edit->appended = appended.name;
    edit->appended_why = appended.why;
    if (plan->headers_inserted != 0) edit->notes |= EDIT_HEADERS_GREW;
    if (appended.name != NULL
        && pe->size - plan->sections_end > plan->certificate_size + symbols_size + 8)
      edit->notes |= EDIT_TAIL_MOVED;
  }
  free (plan);
  return status;
}
