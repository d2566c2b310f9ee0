/* What this program knows of a library that it embeds.

   Each guest has a file; a library that was not there when the program was built has missing.in
   instead, with nothing but its name.  */
#ifndef MIR_EXAMPLES_HOST_GUEST_H
#define MIR_EXAMPLES_HOST_GUEST_H

#include "memory.h"

enum guest_result {
  GUEST_DONE,
  GUEST_REFUSED, /* the library's own error for want of memory, in the memory's WHY; it can go on */
  GUEST_STOPPED, /* this program did not let it come to a refusal */
  GUEST_WRONG    /* anything else */
};

/* The functions are called in the scope of the guest, and start before all others.  The guest's state
   is its file's: there is one of each.  */
struct guest {
  const char *name;
  const char *version; /* of its headers; NULL: the library is left out of this build */
  /* A guest that does not survive every refusal is only called while so many bytes are free, more
     than any one step of its work takes: it never meets the limit.  0: it may be refused anything,
     at any time.  */
  size_t margin;
  enum guest_result (*start) (struct memory *memory);
  /* Some ordinary work, and look at its result.  */
  enum guest_result (*work) (struct memory *memory);
  /* Take memory until there is no more, and keep it until stop or drop.  Never GUEST_DONE.  */
  enum guest_result (*hoard) (struct memory *memory);
  /* Give back what was hoarded.  NULL: the guest is stopped and started again, with new memory.  */
  void (*drop) (struct memory *memory);
  /* End the library, whatever has failed before; then nothing is live.  */
  void (*stop) (struct memory *memory);
};

extern const struct guest lua_guest, quickjs_guest, sqlite_guest, zstd_guest, openssl_guest;

/* Put down WHY, which may be NULL, and return RESULT.  */
enum guest_result guest_says (struct memory *memory, enum guest_result result, const char *why);

#endif /* MIR_EXAMPLES_HOST_GUEST_H */
