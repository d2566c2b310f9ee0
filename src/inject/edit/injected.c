/* Finds the descriptor that inject added: no other one has its thunks in EDIT_SECTION.  */
#include "inject/edit/injected.h"

#include <string.h>

#include "inject/edit/edit.h"

int edit_injected (const struct pe *pe, char name[PE_NAME_MAX]) {
  struct pe_descriptor d;
  struct pe_section section;
  for (unsigned i = 0; pe_import (pe, i, &d, name) == 1; i++) {
    if (pe_section_of (pe, d.address, &section) != 0 || strcmp (section.name, EDIT_SECTION) != 0)
      continue;
    for (char *p = name; *p != 0; p++)
      if (*p < ' ' || *p > '~') *p = '?';
    return 0;
  }
  name[0] = 0;
  return -1;
}
