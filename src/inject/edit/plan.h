/* Builds plans: pieces, patches, and the record.  edit.h has the words; one thread at a time.

   Offsets of patches are those of the old file, in its headers and sections.  int functions return
   0 or -1.  */

#ifndef MIR_INJECT_EDIT_PLAN_H
#define MIR_INJECT_EDIT_PLAN_H

#include "inject/edit/edit.h"

enum { PLAN_PATCHES_MAX = 320, PLAN_PATCH_MAX = 40 /* bytes */ };
/* An offset in the record; the digest is 0 until edit_write.  */
enum { RECORD_DIGEST = 56 };

/* EDIT_SECTION begins with this, then the offset and the size of the record.  */
#define RECORD_MAGIC "mirinj1\n"
/* Offsets in EDIT_SECTION; SECTION_HEAD is where the block begins.  */
enum { SECTION_RECORD = 8, SECTION_RECORD_SIZE = 12, SECTION_HEAD = 16 };

/* SIZE bytes at OFFSET of the old file, as they are and as they become.  */
struct plan_patch {
  uint32_t offset;
  uint32_t size;
  uint8_t before[PLAN_PATCH_MAX], after[PLAN_PATCH_MAX];
};

/* How the old file becomes the new one.  headers_end <= sections_end <= old_size.  */
struct plan {
  uint64_t old_size;
  uint64_t sections_end;     /* where what moves begins: the tail, or only the certificate */
  uint64_t headers_end;      /* where bytes are inserted if the headers need more space */
  uint32_t headers_inserted; /* bytes */
  uint32_t checksum;         /* of the old file */
  uint64_t digest;           /* digest of the old file, see plan_start_digest */
  uint64_t certificate;      /* offset of what is cut out of the tail */
  uint64_t certificate_size;
  uint64_t tail_moved; /* bytes by which the offset of the tail grows */
  unsigned patches_num;
  struct plan_patch patches[PLAN_PATCHES_MAX];
};

/* Append a piece; if OWN, a copy that the plan owns.  Otherwise BYTES, in the old file, must
   outlive the plan.  */
int edit_add (struct edit *edit, const uint8_t *bytes, size_t size, int own);
/* Overwrite N bytes of the result.  */
int edit_put (struct edit *edit, uint64_t offset, const uint8_t *bytes, size_t n);
/* Have edit_write put the checksum of the result at the offset FIELD.  */
int edit_put_checksum (struct edit *edit, size_t field);

/* Add a patch: 32 bits or N bytes at OFFSET.  */
int plan_patch32 (struct plan *plan, const struct pe *pe, size_t offset, uint32_t value);
int plan_patch (struct plan *plan, const struct pe *pe, size_t offset, const uint8_t *bytes,
                size_t n);
/* Where a byte of the old file goes: OFFSET is its offset there, outside of the certificate;
   returns its offset in the result.  */
uint64_t plan_moved (const struct plan *plan, uint64_t offset);
/* Begin the digest of the old file with the bytes that the new file may not contain: its HEADERS,
   the old bytes of the patches and the CERTIFICATE.  edit_write adds the rest while copying it, in
   the same order for inject and for eject.  */
void plan_start_digest (const struct plan *plan, struct edit *edit, const uint8_t *headers,
                        const uint8_t *certificate);

/* The record of PLAN followed by the certificate of PE.  malloc'ed, owned by the caller; NULL if
   there is no memory.  */
uint8_t *plan_record (const struct plan *plan, const struct pe *pe, size_t *size);
size_t plan_record_size (const struct plan *plan);
/* Read a record from SIZE untrusted bytes.  CERTIFICATE is the offset of the certificate in
   RECORD.  */
int plan_read_record (struct plan *plan, const uint8_t *record, size_t size, size_t *certificate);

#endif
