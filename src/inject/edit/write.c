/* Writes the result of a plan in one pass: copy, checksum and digest use a byte while it is in the
   cache.  */
#include "inject/edit/edit.h"

#include <stdlib.h>
#include <string.h>

#include "inject/pe/layout.h"

/* A result that is being written.  */
struct progress {
  struct edit *edit;
  const struct edit_output *output;
  void *self;
  struct pe_checksum checksum;
  struct digest digest;
};

/* Write in blocks that end at multiples of EDIT_BLOCK, so that no page is written in two parts.  */
static int write_piece (struct progress *p, const struct edit_piece *piece) {
  const uint8_t *bytes = piece->bytes;
  int is_old = piece->own == NULL;
  size_t n;
  for (size_t left = piece->size; left > 0; bytes += n, left -= n) {
    uint64_t at = p->checksum.size;
    n = EDIT_BLOCK - (size_t) (at % EDIT_BLOCK);
    if (n > left) n = left;
    const uint8_t *block =
        is_old && p->output->read != NULL ? p->output->read (p->self, bytes, n) : bytes;
    if (block == NULL) return -1;
    pe_checksum_add (&p->checksum, block, n);
    if (is_old) digest_add (&p->digest, block, n);
    if (p->output->write (p->self, at, block, n) != 0) return -1;
  }
  return 0;
}

/* Write the digest of the old file, 0 so far, and correct the checksum for it.  0, or -1.  */
static int write_digest (struct progress *p, uint64_t digest) {
  uint8_t bytes[8];
  /* The members in their order: sum, size.  */
  struct pe_checksum with_it = {p->checksum.sum, p->edit->digest_at};
  pe_put64 (bytes, digest);
  pe_checksum_add (&with_it, bytes, 8);
  p->checksum.sum = with_it.sum;
  return p->output->write (p->self, p->edit->digest_at, bytes, 8);
}

/* Write the checksum last; if DIGEST shows that inject is undone, the one from before it.  0, or
   -1.  */
static int write_checksum (struct progress *p, uint64_t digest) {
  uint8_t bytes[4];
  uint32_t checksum = pe_checksum_end (&p->checksum);
  if (p->edit->undoes && digest == p->edit->old_digest) {
    checksum = p->edit->old_checksum;
    p->edit->notes |= EDIT_SAME_AS_BEFORE;
  }
  pe_put32 (bytes, checksum);
  return p->output->write (p->self, p->edit->checksum_at, bytes, 4);
}

int edit_write (struct edit *edit, const struct edit_output *output, void *self) {
  struct progress p = {.edit = edit, .output = output, .self = self, .digest = edit->digest};
  for (unsigned i = 0; i < edit->pieces_num; i++)
    if (write_piece (&p, &edit->pieces[i]) != 0) return -1;
  if (edit->checksum_at == 0) return 0;
  uint64_t digest = digest_end (&p.digest);
  if (edit->digest_at != 0 && write_digest (&p, digest) != 0) return -1;
  return write_checksum (&p, digest);
}

/* `write` of edit_flatten: SELF is the array.  */
static int write_to_block (void *self, uint64_t offset, const uint8_t *bytes, size_t n) {
  memcpy ((uint8_t *) self + (size_t) offset, bytes, n);
  return 0;
}

uint8_t *edit_flatten (struct edit *edit) {
  static const struct edit_output to_block = {.write = write_to_block};
  uint8_t *all = edit->size <= SIZE_MAX ? malloc (edit->size > 0 ? (size_t) edit->size : 1) : NULL;
  if (all != NULL) (void) edit_write (edit, &to_block, all);
  return all;
}
