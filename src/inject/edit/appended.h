/* What lies behind the image in a file, and what an edit does to it.  edit.h has the words.

   appended data  the tail without symbols and certificate: a program's own archive, installer or
                  code, which it finds by an offset in the file, by searching, or from the file's
                  end

   Reads only; any thread.  */

#ifndef MIR_INJECT_EDIT_APPENDED_H
#define MIR_INJECT_EDIT_APPENDED_H

#include "inject/pe/pe.h"

enum edit_effect {
  EDIT_MOVES,  /* stays the last thing in the file, at a higher offset */
  EDIT_STAYS,  /* keeps its offset: EDIT_SECTION goes behind it */
  EDIT_REFUSES /* would not work either way */
};

struct edit_appended {
  const char *name; /* static text, such as "a zip archive"; NULL: no appended data */
  const char *why;  /* static text, a clause: how the program finds it, or why it is refused */
  enum edit_effect effect;
  /* Whether it is where the program looks for it and, if the program checks itself, unchanged.  1
     also where nobody can say.  */
  int is_found;
};

/* Look at the file PE, also at one that was injected into.  */
struct edit_appended edit_find_appended (const struct pe *pe);

#endif
