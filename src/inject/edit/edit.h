/* Changing the import table of a program: a plan first, then the bytes.

   block    what we add to an image: the new import table and what it refers to
   piece    a run of bytes of the result: of the old file, or the plan's own
   record   what the section EDIT_SECTION keeps in the file so that --eject can undo everything

   The result has the sections where they were, ours behind them, then the tail:

     old  [ headers | sections ................ | tail: symbols, certificate, appended data ]
     new  [ headers | sections ................ | block | record | tail without the certificate ]

   One thread at a time.  */

#ifndef MIR_INJECT_EDIT_EDIT_H
#define MIR_INJECT_EDIT_EDIT_H

#include <stddef.h>
#include <stdint.h>
#include "inject/pe/digest.h"
#include "inject/pe/pe.h"

#define EDIT_SECTION ".mirimp"

enum { EDIT_PIECES_MAX = 192, EDIT_ORDER_MAX = 64 };
enum { EDIT_BLOCK = 128 * 1024 }; /* bytes: what is read stays in the cache until it is written */

struct edit_request {
  const char *dll;    /* to be imported first, or to be taken out */
  const char *symbol; /* a function which it exports; NULL: its ordinal ORDINAL */
  uint16_t ordinal;
  const char *
      order[EDIT_ORDER_MAX]; /* DLLs to come first, in this order; DLL goes before them unless it */
  unsigned order_num;        /* is one of them */
  int distrust;              /* eject: do not believe the record */
  int force;                 /* take DLL out even if it was not us who put it there */
};

/* What the user should know of the result.  */
enum {
  EDIT_CERTIFICATE_DROPPED = 1,  /* the file was signed and is so no longer */
  EDIT_CERTIFICATE_RESTORED = 2, /* the signature which inject took away is back */
  EDIT_BOUND_CLEARED = 4,        /* it had bound imports: addresses for DLLs of one version */
  EDIT_TAIL_MOVED = 8,      /* data behind the image is farther from the beginning than it was */
  EDIT_HEADERS_GREW = 16,   /* everything behind the headers is */
  EDIT_SAME_AS_BEFORE = 32, /* eject, once written: each byte is what it was before inject */
  EDIT_SECTION_LEFT = 64,   /* eject: the table is as it was, but our section had to stay */
  EDIT_ADDED = 128          /* the DLL was not imported before */
};

struct edit_piece {
  const uint8_t *bytes;
  size_t size;
  uint8_t
      *own; /* == bytes, freed with the plan; NULL: of the old file, which must outlive the plan */
};

struct edit {
  struct edit_piece pieces[EDIT_PIECES_MAX];
  unsigned pieces_num;
  uint64_t size;  /* of all pieces, bytes */
  int changed;    /* 0: there is nothing to do, the pieces are the old file */
  unsigned notes; /* EDIT_... */

  /* What only all the bytes tell, and edit_write puts in its place at the end.  */
  uint64_t checksum_at;  /* the result's checksum, 0 until then; 0: none of all this */
  uint64_t digest_at;    /* inject: the digest of the old file, 0 until then; 0: nowhere */
  struct digest digest;  /* begun by the plan; then the pieces of the old file, in their order */
  int undoes;            /* eject: */
  uint64_t old_digest;   /* with this digest the result is the file from before inject, */
  uint32_t old_checksum; /* whatever checksum that had */
};

/* Where a result goes.  int functions: 0 or -1.  */
struct edit_output {
  /* The N bytes at BYTES, which are of the old file: in place, or a copy until the next call. NULL:
     they cannot be read.  The member may be NULL: always in place.  */
  const uint8_t *(*read) (void *self, const uint8_t *bytes, size_t n);
  /* Put N bytes at OFFSET: the result from its beginning to its end, then some over again.  */
  int (*write) (void *self, uint64_t offset, const uint8_t *bytes, size_t n);
};

/* Plan to have REQUEST->dll imported first.  0, or -1 with the reason.  The plan must be freed in
   either case.  PE is a file.  */
int edit_inject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                 struct pe_error *error);
/* Plan to take REQUEST->dll out again.  If our section has a record the result is only as good as
   that: where edit_check does not like it, plan again with REQUEST->distrust.  */
int edit_eject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                struct pe_error *error);
void edit_free (struct edit *edit);
/* Whether AFTER, the result, imports what it should: what BEFORE does, with the DLL first or
   without it.  0, or -1 with what is wrong.  */
int edit_check (const struct pe *before, const struct pe *after, const struct edit_request *request,
                int ejected, struct pe_error *error);
/* Read every byte once and write it once, not more than EDIT_BLOCK at a time.  -1 as soon as OUTPUT
   says so.  */
int edit_write (struct edit *edit, const struct edit_output *output, void *self);
/* The result in one block, which the caller frees; NULL if there is no memory.  */
uint8_t *edit_flatten (struct edit *edit);

#endif
