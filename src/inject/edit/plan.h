/* What the two kinds of edit make their plans with.

   patch  a few bytes of the old file that become others: kept in the record, undone by eject.
   Offsets are those of the old file, in its headers and sections.  */

#ifndef MIR_INJECT_EDIT_PLAN_H
#define MIR_INJECT_EDIT_PLAN_H

#include "inject/edit/edit.h"

enum { PLAN_PATCHES_MAX = 320, PLAN_PATCH_MAX = 40 };
enum { RECORD_HEAD = 64, RECORD_PATCH = 8, RECORD_VERSION = 2, SECTION_HEAD = 16 };
enum { RECORD_DIGEST = 56 }; /* in the head; 0 until the file is written */

#define RECORD_MAGIC \
  "mirinj1\n" /* begins our section; then the offset and the size of the record in it */

typedef struct {
  uint32_t offset;
  uint32_t size;
  uint8_t before[PLAN_PATCH_MAX], after[PLAN_PATCH_MAX];
} plan_patch_t;

/* How the old file becomes the new one.  headers_end <= sections_end <= size of the old file.  */
typedef struct {
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
  plan_patch_t patches[PLAN_PATCHES_MAX];
} plan_t;

/* Add a piece; OWN: a copy of it.  */
int edit_add (edit_t *edit, const uint8_t *bytes, size_t size, int own);
/* Take a piece over which malloc has made, also if that fails.  */
int edit_add_own (edit_t *edit, uint8_t *bytes, size_t size);
/* Overwrite or read N bytes of the result.  */
int edit_put (edit_t *edit, uint64_t offset, const uint8_t *bytes, size_t n);
int edit_get (const edit_t *edit, uint64_t offset, uint8_t *bytes, size_t n);
/* Have edit_write give the result the checksum it should have; FIELD is where it goes.  */
int edit_put_checksum (edit_t *edit, size_t field);

/* Bytes of the old file.  */
typedef struct {
  size_t begin, end;
} edit_range_t;

/* Whether the import table and everything it leads to lies outside of RANGES, which are about to be
   written over. In a file that nobody made to deceive it does.  */
int edit_check_apart (const pe_t *pe, const edit_range_t *ranges, unsigned num, pe_error_t *error);

/* Write the descriptors FROM[0..NUM) of the old table over it, and an empty one behind them if
   there were more; bound imports are cleared.  No section is added.  */
int edit_rewrite_table (edit_t *edit, const pe_t *pe, const uint16_t *from, int num, int old_num,
                        pe_error_t *error);
/* Have the DLL, which is imported, come first as REQUEST says.  */
int edit_reorder (edit_t *edit, const pe_t *pe, const edit_request_t *request, pe_error_t *error);

/* Change old bytes to 32 or 16 bits, or to N bytes.  */
int plan_patch32 (plan_t *plan, const pe_t *pe, size_t offset, uint32_t value);
int plan_patch16 (plan_t *plan, const pe_t *pe, size_t offset, uint16_t value);
int plan_patch (plan_t *plan, const pe_t *pe, size_t offset, const uint8_t *bytes, size_t n);
/* Where the byte at OFFSET of the old file comes to be; nothing of the certificate.  */
uint64_t plan_moved (const plan_t *plan, uint64_t offset);
/* Begin the digest of the old file with its HEADERS, the patches and its CERTIFICATE: all that it
   may not share with the new one.  The rest is added by edit_write as it is copied, in the same
   order whether from the old file or from the new one.  */
void plan_start_digest (const plan_t *plan, edit_t *edit, const uint8_t *headers,
                        const uint8_t *certificate);

/* The record of PLAN, and the bytes of the certificate of PE behind it: malloc'ed, NULL if there is
 * no memory.  */
uint8_t *plan_record (const plan_t *plan, const pe_t *pe, size_t *size);
size_t plan_record_size (const plan_t *plan);
/* Read it back from SIZE bytes which may be anything; CERTIFICATE is where its bytes are in RECORD.
 */
int plan_read_record (plan_t *plan, const uint8_t *record, size_t size, size_t *certificate);

#endif
