/* Changes the import table of a program: first a plan, then the bytes of the result.

   inject   import a DLL before all others
   eject    undo that
   plan     the result as a list of pieces; nothing is written yet
   piece    a run of bytes of the result, which the old file or the plan owns
   block    the new import table and everything it refers to
   record   what EDIT_SECTION keeps in the file so that eject can restore every byte
   patch    a few bytes of the old file that are replaced; the record has both versions

   The sections stay where they were.  A new section with block and record follows, then the tail:

     old  [ headers | sections ................ | tail: symbols, certificate, appended data ]
     new  [ headers | sections ................ | block | record | tail without the certificate ]

   Appended data whose place something in the image knows stay where they are:

     new  [ headers | sections ................ | tail without the certificate | block | record ]

   The old file is never written.  int functions return 0, or -1 with the reason in ERROR if they
   have one.  One thread at a time.  */

#ifndef MIR_INJECT_EDIT_EDIT_H
#define MIR_INJECT_EDIT_EDIT_H

#include <stddef.h>
#include <stdint.h>

#include "inject/pe/digest.h"
#include "inject/pe/pe.h"

/* The name of the section that inject adds.  */
#define EDIT_SECTION ".mirimp"

enum { EDIT_PIECES_MAX = 192, EDIT_ORDER_MAX = 64 }; /* pieces of a plan; names of --order */
/* Bytes read at a time; they stay in the cache until they are written.  */
enum { EDIT_BLOCK = 128 * 1024 };

/* What the user wants; the texts are the caller's and outlive the plan.  */
struct edit_request {
  const char *dll;    /* the DLL to inject or to eject */
  const char *symbol; /* the function to import from it; NULL: the one with ORDINAL */
  uint16_t ordinal;
  /* DLLs to come first, in this order; DLL goes before them unless it is one of them.  */
  const char *order[EDIT_ORDER_MAX];
  unsigned order_num;
  int distrust; /* eject: ignore the record */
  int force;    /* eject: even if the DLL was not injected */
};

/* What the user should know about the result.  */
enum {
  EDIT_CERTIFICATE_DROPPED = 1,  /* the file was signed, the result is not */
  EDIT_CERTIFICATE_RESTORED = 2, /* eject: the signature that inject removed is back */
  EDIT_BOUND_CLEARED = 4,    /* there were bound imports: addresses for one version of the DLLs */
  EDIT_TAIL_MOVED = 8,       /* the tail has another offset */
  EDIT_HEADERS_GREW = 16,    /* everything behind the headers has another offset */
  EDIT_SAME_AS_BEFORE = 32,  /* eject, after edit_write: every byte is as before inject */
  EDIT_SECTION_LEFT = 64,    /* eject: the import table is restored, but EDIT_SECTION had to stay */
  EDIT_ADDED = 128,          /* inject: the DLL was not imported before */
  EDIT_TAIL_STAYED = 256,    /* EDIT_SECTION lies behind the appended data, see appended.h */
  EDIT_SEARCH_WIDENED = 512, /* DLLs were not taken from the program's folder, see search.h */
  EDIT_INTEGRITY_CLEARED = 1024 /* Windows was to refuse the file without a valid signature */
};

/* A piece of a plan, which the old file must outlive.  */
struct edit_piece {
  const uint8_t *bytes;
  size_t size;
  uint8_t *own; /* == BYTES if the plan owns them; NULL: they are in the old file */
};

/* A plan.  */
struct edit {
  struct edit_piece pieces[EDIT_PIECES_MAX];
  unsigned pieces_num;
  uint64_t size;  /* bytes of all pieces */
  int changed;    /* 0: the pieces are the old file */
  unsigned notes; /* EDIT_... */
  /* inject, static texts: what moves or stays behind the image, and how it is found; see
     appended.h.  NULL: nothing.  */
  const char *appended, *appended_why;

  /* What depends on all bytes of the result.  edit_write computes it and writes it last.  */
  uint64_t checksum_at; /* offset of the checksum, which is 0 until then; 0: compute nothing */
  uint64_t digest_at;   /* inject: offset of the digest of the old file; 0: none */
  struct digest digest; /* begun by the plan; edit_write adds the pieces of the old file */
  /* eject: a result whose digest is OLD_DIGEST is the file from before inject, and gets back its
     OLD_CHECKSUM, which may have been wrong.  */
  int undoes;
  uint64_t old_digest;
  uint32_t old_checksum;
};

/* Where edit_write gets old bytes and puts the result.  */
struct edit_output {
  /* Read the N bytes of the old file at BYTES: return BYTES or a copy, valid until the next call.
     NULL on failure.  The member may be NULL: then the bytes are used in place.  */
  const uint8_t *(*read) (void *self, const uint8_t *bytes, size_t n);
  /* Write N bytes at OFFSET.  Returns 0 or -1.  The calls cover the result from its beginning to
     its end, then overwrite a few bytes.  */
  int (*write) (void *self, uint64_t offset, const uint8_t *bytes, size_t n);
};

/* Plan to import REQUEST->dll first.  PE is a view of a file.  Returns 0, or -1 with the reason in
   ERROR.  The caller frees the plan with edit_free, also on failure.  */
int edit_inject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                 struct pe_error *error);
/* Plan to eject REQUEST->dll; otherwise like edit_inject.  The plan follows the record, which may
   be forged: if edit_check refuses the result, plan again with REQUEST->distrust.  */
int edit_eject (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                struct pe_error *error);
void edit_free (struct edit *edit);
/* Check that AFTER, the result, imports what BEFORE does, with the DLL first or, if EJECTED,
   without it.  Returns 0, or -1 with the reason in ERROR.  */
int edit_check (const struct pe *before, const struct pe *after, const struct edit_request *request,
                int ejected, struct pe_error *error);
/* Write the result, at most EDIT_BLOCK bytes at a time; old bytes are read once.  SELF goes to the
   functions of OUTPUT.  -1 as soon as one of them fails.  */
int edit_write (struct edit *edit, const struct edit_output *output, void *self);
/* The result in one malloc'ed array, which the caller frees; NULL if there is no memory.  */
uint8_t *edit_flatten (struct edit *edit);

#endif
