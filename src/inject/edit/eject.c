/* Plans an ejection.  If the record is valid and the file is still as inject left it, every byte is
   restored, including a certificate.  Otherwise only the descriptor is removed, and EDIT_SECTION
   stays.  */
#include "inject/edit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "inject/edit/injected.h"
#include "inject/edit/plan.h"
#include "inject/edit/reorder.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"

/* EDIT_SECTION and its record.  */
struct ours {
  struct pe_section section;
  struct plan plan;
  const uint8_t *certificate; /* the bytes that inject cut out */
};

/* Find EDIT_SECTION, the last one, and read its record.  0, or -1 if either is not valid.  */
static int find_record (struct ours *ours, const struct pe *pe) {
  if (pe->sections_num < 2) return -1;
  ours->section = pe_section (pe, pe->sections_num - 1);
  const struct pe_section *section = &ours->section;
  uint64_t end = (uint64_t) section->raw + section->raw_size;
  if (strcmp (section->name, EDIT_SECTION) != 0 || section->raw_size < SECTION_HEAD
      || end != pe_sections_end (pe) || end > pe->size)
    return -1;
  const uint8_t *bytes = pe->bytes + section->raw;
  uint32_t at = pe_u32 (bytes + SECTION_RECORD), size = pe_u32 (bytes + SECTION_RECORD_SIZE);
  size_t certificate;
  if (memcmp (bytes, RECORD_MAGIC, SECTION_RECORD) != 0 || at > section->raw_size
      || size > section->raw_size - at
      || plan_read_record (&ours->plan, bytes + at, size, &certificate) != 0)
    return -1;
  struct plan *plan = &ours->plan;
  ours->certificate = bytes + at + certificate;
  plan->tail_moved = end - plan->sections_end;
  return plan->headers_end <= plan->sections_end && plan->sections_end <= section->raw
                 && plan->headers_inserted <= section->raw - plan->sections_end
                 && pe->sections < plan->headers_end
                 && (plan->certificate_size == 0 || plan->certificate >= plan->sections_end)
             ? 0
             : -1;
}

/* Whether everything that inject changed is as it left it.  The file may have been signed
   since.  */
static int is_untouched (const struct ours *ours, const struct pe *pe) {
  const struct plan *plan = &ours->plan;
  size_t certificate = pe_directory_offset (pe, PE_CERTIFICATE);
  for (unsigned i = 0; i < plan->patches_num; i++) {
    const struct plan_patch *patch = &plan->patches[i];
    if (patch->offset > plan->sections_end || patch->size > plan->sections_end - patch->offset)
      return 0;
    uint64_t at = plan_moved (plan, patch->offset);
    if (certificate != 0 && at == certificate) continue;
    if (at > pe->size || patch->size > pe->size - at
        || memcmp (pe->bytes + at, patch->after, patch->size) != 0)
      return 0;
  }
  return 1;
}

/* Add the tail of the file as it was before the injection: with the certificate it had then,
   without one that was added later.  */
static int add_tail (struct edit *edit, const struct ours *ours, const struct pe *pe) {
  const struct plan *plan = &ours->plan;
  size_t begin = ours->section.raw + ours->section.raw_size, end = pe->size, offset, size;
  if (pe_certificate (pe, &offset, &size) == 0 && size != 0 && offset >= begin) {
    if (offset + size != end) return -1;
    edit->notes |= EDIT_CERTIFICATE_DROPPED;
    end = offset;
  }
  if (plan->certificate_size == 0) return edit_add (edit, pe->bytes + begin, end - begin, 0);
  uint64_t before = plan->certificate - plan->sections_end;
  if (before > end - begin) return -1;
  edit->notes |= EDIT_CERTIFICATE_RESTORED;
  edit->notes &= ~(unsigned) EDIT_CERTIFICATE_DROPPED;
  return edit_add (edit, pe->bytes + begin, (size_t) before, 0) != 0
                 || edit_add (edit, ours->certificate, (size_t) plan->certificate_size, 1) != 0
                 || edit_add (edit, pe->bytes + begin + before, end - begin - (size_t) before, 0)
                        != 0
             ? -1
             : 0;
}

/* Plan to restore every byte from the record.  0, or -1 if it does not fit the file.  The last
   argument of edit_add: 1 makes a copy that the plan owns; 0 refers to the old file.  */
static int undo (struct edit *edit, const struct ours *ours, const struct pe *pe) {
  const struct plan *plan = &ours->plan;
  size_t headers = (size_t) plan->headers_end, inserted = plan->headers_inserted;
  size_t field = pe->optional + PE_OPTIONAL_CHECKSUM,
         directory = pe_directory_offset (pe, PE_CERTIFICATE);
  uint8_t checksum[4] = {0}, none[PE_DIRECTORY] = {0};
  if (field + 4 > headers || edit_add (edit, pe->bytes, headers, 1) != 0
      || edit_add (edit, pe->bytes + headers + inserted, (size_t) plan->sections_end - headers, 0)
             != 0
      || add_tail (edit, ours, pe) != 0)
    return -1;
  for (unsigned i = 0; i < plan->patches_num; i++)
    if (edit_put (edit, plan->patches[i].offset, plan->patches[i].before, plan->patches[i].size)
        != 0)
      return -1;
  if (plan->certificate_size == 0 && directory != 0 && directory + PE_DIRECTORY <= headers
      && (edit->notes & EDIT_CERTIFICATE_DROPPED) != 0
      && edit_put (edit, directory, none, PE_DIRECTORY) != 0)
    return -1;
  edit->changed = 1;
  pe_put32 (checksum, plan->checksum);
  if (edit_put (edit, field, checksum, 4) != 0) return -1;
  plan_start_digest (plan, edit, edit->pieces[0].bytes, ours->certificate);
  edit->undoes = edit->size == plan->old_size;
  edit->old_digest = plan->digest;
  edit->old_checksum = plan->checksum;
  return edit_put_checksum (edit, field);
}

/* Plan to remove the descriptor alone.  0, or -1 with the reason in ERROR.  */
static int take_out (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                     struct pe_error *error) {
  uint16_t from[PE_IMPORTS_MAX];
  char name[PE_NAME_MAX];
  struct pe_section section;
  int total = pe_imports_num (pe), num = 0, foreign = 0;
  for (int i = 0; i < total; i++) {
    struct pe_descriptor d;
    if (pe_import (pe, (unsigned) i, &d, name) != 1) return pe_fail (error, "damaged import table");
    if (!pe_name_is (name, request->dll)) {
      from[num++] = (uint16_t) i;
      continue;
    }
    if (pe_section_of (pe, d.address, &section) != 0 || strcmp (section.name, EDIT_SECTION) != 0)
      foreign = 1;
  }
  if (foreign && !request->force)
    return pe_fail (
        error,
        "module '%.100s' was not injected by this tool: the program may call it (use --force)",
        request->dll);
  if (pe_section_named (pe, EDIT_SECTION, &section) == 0) edit->notes |= EDIT_SECTION_LEFT;
  return edit_rewrite_table (edit, pe, from, num, total, error);
}

int edit_eject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                struct pe_error *error) {
  *edit = (struct edit) {0};
  *error = (struct pe_error) {0};
  int total = pe_imports_num (pe);
  if (total < 0 || total >= PE_IMPORTS_MAX) return pe_fail (error, "damaged import table");
  if (pe_find_import (pe, request->dll) < 0) {
    char name[PE_NAME_MAX];
    if (edit_injected (pe, name) == 0)
      return pe_fail (error,
                      "'%.100s' is not imported, but '%.100s' was injected: use --dll=%.100s",
                      request->dll, name, name);
    if (edit_add (edit, pe->bytes, pe->size, 0) == 0) return 0;
    return pe_fail (error, "out of memory");
  }
  struct ours *ours = malloc (sizeof (*ours));
  if (ours == NULL) return pe_fail (error, "out of memory");
  int undone = !request->distrust && find_record (ours, pe) == 0 && is_untouched (ours, pe)
               && undo (edit, ours, pe) == 0;
  free (ours);
  if (undone) return 0;
  edit_free (edit);
  return take_out (edit, pe, request, error);
}
