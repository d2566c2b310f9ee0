/* The pieces and the patches of a plan, and the record of an injection.  */
#include "inject/edit/plan.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 2 }; /* version of the record's layout */
/* Offsets in the head of the record, in addition to RECORD_DIGEST.  */
enum {
  RECORD_VERSION = 0,
  RECORD_PATCHES_NUM = 4,
  RECORD_OLD_SIZE = 8,
  RECORD_SECTIONS_END = 16,
  RECORD_HEADERS_END = 24,
  RECORD_HEADERS_INSERTED = 32,
  RECORD_CHECKSUM = 36,
  RECORD_CERTIFICATE = 40,
  RECORD_CERTIFICATE_SIZE = 48,
  RECORD_HEAD = 64
};
enum {
  PATCH_OFFSET = 0,
  PATCH_SIZE = 4,
  PATCH_BYTES = 8
}; /* of a patch; the bytes before and after follow */

int edit_add (struct edit *edit, const uint8_t *bytes, size_t size, int own) {
  if (size == 0) return 0;
  if (edit->pieces_num == EDIT_PIECES_MAX) return -1;
  uint8_t *copy = own ? malloc (size) : NULL;
  if (own && copy == NULL) return -1;
  if (own) bytes = memcpy (copy, bytes, size);
  edit->pieces[edit->pieces_num++] =
      (struct edit_piece) {.bytes = bytes, .size = size, .own = copy};
  edit->size += size;
  return 0;
}

void edit_free (struct edit *edit) {
  for (unsigned i = 0; i < edit->pieces_num; i++) free (edit->pieces[i].own);
  *edit = (struct edit) {0};
}

/* Split piece INDEX so that its PART bytes from offset IN on become a piece of their own, a copy
   that the plan owns; up to three pieces result.  Returns the index of that piece, or -1.  */
static int own_part (struct edit *edit, unsigned index, size_t in, size_t part) {
  struct edit_piece old = edit->pieces[index], parts[3];
  unsigned n = 0, changed;
  if (edit->pieces_num + 2 > EDIT_PIECES_MAX) return -1;
  uint8_t *copy = malloc (part);
  if (copy == NULL) return -1;
  memcpy (copy, old.bytes + in, part);
  if (in > 0) parts[n++] = (struct edit_piece) {old.bytes, in, NULL};
  changed = n;
  parts[n++] = (struct edit_piece) {copy, part, copy};
  if (in + part < old.size)
    parts[n++] = (struct edit_piece) {old.bytes + in + part, old.size - in - part, NULL};
  memmove (edit->pieces + index + n, edit->pieces + index + 1,
           (edit->pieces_num - index - 1) * sizeof (struct edit_piece));
  memcpy (edit->pieces + index, parts, n * sizeof (struct edit_piece));
  edit->pieces_num += n - 1;
  return (int) (index + changed);
}

int edit_put (struct edit *edit, uint64_t offset, const uint8_t *bytes, size_t n) {
  uint64_t begin = 0;
  for (unsigned i = 0; i < edit->pieces_num && n > 0; begin += edit->pieces[i++].size) {
    if (offset >= begin + edit->pieces[i].size) continue;
    size_t in = (size_t) (offset - begin), left = edit->pieces[i].size - in,
           part = left < n ? left : n;
    if (edit->pieces[i].own == NULL) {
      int changed = own_part (edit, i, in, part);
      if (changed < 0) return -1;
      if (in > 0) {
        begin += in;
        i++;
      }
      in = 0;
    }
    memcpy (edit->pieces[i].own + in, bytes, part);
    bytes += part;
    offset += part;
    n -= part;
  }
  return n == 0 ? 0 : -1;
}

int edit_put_checksum (struct edit *edit, size_t field) {
  static const uint8_t zeros[4];
  edit->checksum_at = field;
  return edit_put (edit, field, zeros, 4);
}

int plan_patch (struct plan *plan, const struct pe *pe, size_t offset, const uint8_t *bytes,
                size_t n) {
  if (plan->patches_num == PLAN_PATCHES_MAX || n > PLAN_PATCH_MAX || offset > plan->sections_end
      || n > plan->sections_end - offset || offset > UINT32_MAX)
    return -1;
  if (n == 0) return 0;
  struct plan_patch *patch = &plan->patches[plan->patches_num++];
  patch->offset = (uint32_t) offset;
  patch->size = (uint32_t) n;
  memcpy (patch->before, pe->bytes + offset, n);
  memcpy (patch->after, bytes, n);
  return 0;
}

int plan_patch32 (struct plan *plan, const struct pe *pe, size_t offset, uint32_t value) {
  uint8_t bytes[4];
  pe_put32 (bytes, value);
  return plan_patch (plan, pe, offset, bytes, 4);
}

uint64_t plan_moved (const struct plan *plan, uint64_t offset) {
  if (offset < plan->headers_end) return offset;
  if (offset < plan->sections_end) return offset + plan->headers_inserted;
  if (offset >= plan->certificate + plan->certificate_size) offset -= plan->certificate_size;
  return offset + plan->tail_moved;
}

void plan_start_digest (const struct plan *plan, struct edit *edit, const uint8_t *headers,
                        const uint8_t *certificate) {
  struct digest *digest = &edit->digest;
  digest_start (digest);
  digest_add (digest, headers, (size_t) plan->headers_end);
  for (unsigned i = 0; i < plan->patches_num; i++)
    digest_add (digest, plan->patches[i].before, plan->patches[i].size);
  digest_add (digest, certificate, (size_t) plan->certificate_size);
}

size_t plan_record_size (const struct plan *plan) {
  size_t size = RECORD_HEAD + (size_t) plan->certificate_size;
  for (unsigned i = 0; i < plan->patches_num; i++)
    size += PATCH_BYTES + 2 * (size_t) plan->patches[i].size;
  return size;
}

uint8_t *plan_record (const struct plan *plan, const struct pe *pe, size_t *size) {
  *size = plan_record_size (plan);
  uint8_t *record = calloc (1, *size), *p = record;
  if (record == NULL) return NULL;
  pe_put32 (p + RECORD_VERSION, VERSION);
  pe_put32 (p + RECORD_PATCHES_NUM, plan->patches_num);
  pe_put64 (p + RECORD_OLD_SIZE, plan->old_size);
  pe_put64 (p + RECORD_SECTIONS_END, plan->sections_end);
  pe_put64 (p + RECORD_HEADERS_END, plan->headers_end);
  pe_put32 (p + RECORD_HEADERS_INSERTED, plan->headers_inserted);
  pe_put32 (p + RECORD_CHECKSUM, plan->checksum);
  pe_put64 (p + RECORD_CERTIFICATE, plan->certificate);
  pe_put64 (p + RECORD_CERTIFICATE_SIZE, plan->certificate_size);
  p += RECORD_HEAD;
  for (unsigned i = 0; i < plan->patches_num; i++) {
    const struct plan_patch *patch = &plan->patches[i];
    pe_put32 (p + PATCH_OFFSET, patch->offset);
    pe_put32 (p + PATCH_SIZE, patch->size);
    memcpy (p + PATCH_BYTES, patch->before, patch->size);
    memcpy (p + PATCH_BYTES + patch->size, patch->after, patch->size);
    p += PATCH_BYTES + 2 * (size_t) patch->size;
  }
  if (plan->certificate_size > 0)
    memcpy (p, pe->bytes + plan->certificate, (size_t) plan->certificate_size);
  return record;
}

int plan_read_record (struct plan *plan, const uint8_t *record, size_t size, size_t *certificate) {
  *plan = (struct plan) {0};
  if (size < RECORD_HEAD || pe_u32 (record + RECORD_VERSION) != VERSION) return -1;
  const uint8_t *p = record + RECORD_HEAD, *end = record + size;
  unsigned num = pe_u32 (record + RECORD_PATCHES_NUM);
  plan->old_size = pe_u64 (record + RECORD_OLD_SIZE);
  plan->sections_end = pe_u64 (record + RECORD_SECTIONS_END);
  plan->headers_end = pe_u64 (record + RECORD_HEADERS_END);
  plan->headers_inserted = pe_u32 (record + RECORD_HEADERS_INSERTED);
  plan->checksum = pe_u32 (record + RECORD_CHECKSUM);
  plan->certificate = pe_u64 (record + RECORD_CERTIFICATE);
  plan->certificate_size = pe_u64 (record + RECORD_CERTIFICATE_SIZE);
  plan->digest = pe_u64 (record + RECORD_DIGEST);
  if (num > PLAN_PATCHES_MAX) return -1;
  for (; plan->patches_num < num; plan->patches_num++) {
    struct plan_patch *patch = &plan->patches[plan->patches_num];
    if (end - p < PATCH_BYTES) return -1;
    patch->offset = pe_u32 (p + PATCH_OFFSET);
    patch->size = pe_u32 (p + PATCH_SIZE);
    p += PATCH_BYTES;
    if (patch->size > PLAN_PATCH_MAX || (size_t) (end - p) < 2 * (size_t) patch->size) return -1;
    memcpy (patch->before, p, patch->size);
    memcpy (patch->after, p + patch->size, patch->size);
    p += 2 * (size_t) patch->size;
  }
  *certificate = (size_t) (p - record);
  return plan->certificate_size == (uint64_t) (end - p) ? 0 : -1;
}
