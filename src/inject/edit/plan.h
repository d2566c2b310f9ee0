/* What the two kinds of edit make their plans with.

   patch  a few bytes of the old file that become others: kept in the record, undone by eject.
   Offsets are those of the old file, in its headers and sections.  */

#ifndef MIR_INJECT_EDIT_PLAN_H
#define MIR_INJECT_EDIT_PLAN_H

#include "inject/edit/edit.h"

enum { PLAN_PATCHES_MAX = 320, PLAN_PATCH_MAX = 40 };
/* Offset in the record; 0 until the file is written.  */
enum { RECORD_DIGEST = 56 };

/* Our section begins with this; then the offset and the size of the record in it.  */
#define RECORD_MAGIC "mirinj1\n"
enum { SECTION_RECORD = 8, SECTION_RECORD_SIZE = 12, SECTION_HEAD = 16 };

struct plan_patch {
  uint32_t offset;
  uint32_t size;
  uint8_t before[PLAN_PATCH_MAX], after[PLAN_PATCH_MAX];
};

/* How the old file becomes the new one.  headers_end <= sections_end <= size of the old file.  */
struct plan {
  uint64_t old_size;
  uint64_t sections_end;     /* the tail begins here */
  uint64_t headers_end;      /* if the headers need more room it is made here */
  uint32_t headers_inserted; /* bytes */
  uint32_t checksum;         /* of the old file */
  uint64_t digest;           /* of all its bytes, see plan_start_digest */
  uint64_t certificate;      /* cut out of the tail */
  uint64_t certificate_size;
  uint64_t tail_moved; /* bytes by which the tail is farther from the beginning */
  unsigned patches_num;
  struct plan_patch patches[PLAN_PATCHES_MAX];
};

/* Add a piece; OWN: a copy of it.  */
int edit_add (struct edit *edit, const uint8_t *bytes, size_t size, int own);
/* Take a piece over which malloc has made, also if that fails.  */
int edit_add_own (struct edit *edit, uint8_t *bytes, size_t size);
/* Overwrite N bytes of the result.  */
int edit_put (struct edit *edit, uint64_t offset, const uint8_t *bytes, size_t n);
/* Have edit_write give the result the checksum it should have; FIELD is where it goes.  */
int edit_put_checksum (struct edit *edit, size_t field);

/* Change old bytes to 32 or 16 bits, or to N bytes.  */
int plan_patch32 (struct plan *plan, const struct pe *pe, size_t offset, uint32_t value);
int plan_patch16 (struct plan *plan, const struct pe *pe, size_t offset, uint16_t value);
int plan_patch (struct plan *plan, const struct pe *pe, size_t offset, const uint8_t *bytes,
                size_t n);
/* Where the byte at OFFSET of the old file comes to be; nothing of the certificate.  */
uint64_t plan_moved (const struct plan *plan, uint64_t offset);
/* Begin the digest of the old file with its HEADERS, the patches and its CERTIFICATE: all that it
   may not share with the new one.  The rest is added by edit_write as it is copied, in the same
   order whether from the old file or from the new one.  */
void plan_start_digest (const struct plan *plan, struct edit *edit, const uint8_t *headers,
                        const uint8_t *certificate);

/* The record of PLAN, and the bytes of the certificate of PE behind it: malloc'ed, NULL if there is
   no memory.  */
uint8_t *plan_record (const struct plan *plan, const struct pe *pe, size_t *size);
size_t plan_record_size (const struct plan *plan);
/* Read it back from SIZE bytes which may be anything; CERTIFICATE is where its bytes are in RECORD.  */
int plan_read_record (struct plan *plan, const uint8_t *record, size_t size, size_t *certificate);

#endif
