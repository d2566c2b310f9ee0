/* Compares the imports of a result with those of the old file.  */
#include "inject/edit/edit.h"

#include <string.h>

#include "inject/edit/block.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"

/* Read descriptor INDEX and its name, PE_NAME_MAX bytes.  0, or -1 if it is damaged.  */
static int read_import (const struct pe *pe, unsigned index, struct pe_descriptor *d, char *name) {
  return pe_descriptor (pe, index, d) == 1 && pe_string (pe, d->name, name, PE_NAME_MAX) == 0 ? 0
                                                                                              : -1;
}

/* Whether import I of A and import K of B have the same name and the same tables.  */
static int is_same (const struct pe *a, unsigned i, const struct pe *b, unsigned k) {
  struct pe_descriptor x, y;
  char x_name[PE_NAME_MAX], y_name[PE_NAME_MAX];
  if (read_import (a, i, &x, x_name) != 0 || read_import (b, k, &y, y_name) != 0) return 0;
  return x.address == y.address && x.lookup == y.lookup && strcmp (x_name, y_name) == 0;
}

/* The other DLLs must be in the requested order.  */
static int check_injected (const struct pe *before, const struct pe *after,
                           const struct edit_request *request, struct pe_error *error) {
  uint16_t from[PE_IMPORTS_MAX];
  int total = edit_order (before, request, from, error), new_total = pe_imports_num (after);
  int at = pe_find_import (after, request->dll), was = pe_find_import (before, request->dll);
  if (total < 0) return -1;
  if (at < 0 || new_total != total + (was < 0)) return -1;
  if (request->order_num == 0 && at != 0) return -1;
  for (int i = 0, k = 0; i < total; i++, k++) {
    if (was < 0 && k == at) k++;
    if (!is_same (before, from[i], after, (unsigned) k)) return -1;
  }
  struct pe_descriptor d;
  struct pe_function function;
  if (was >= 0) return 0;
  return pe_descriptor (after, (unsigned) at, &d) == 1
                 && pe_function (after, pe_lookup_table (after, &d), 0, &function) == 1
                 && (request->symbol == NULL
                         ? function.by_ordinal && function.ordinal == request->ordinal
                         : strcmp (function.name, request->symbol) == 0)
             ? 0
             : -1;
}

/* --order may have moved the other DLLs: each must still be there once.  */
static int check_ejected (const struct pe *before, const struct pe *after,
                          const struct edit_request *request) {
  int total = pe_imports_num (before), new_total = pe_imports_num (after), kept = 0, expected = 0;
  if (total < 0 || new_total < 0 || pe_find_import (after, request->dll) >= 0) return -1;
  for (int i = 0; i < total; i++) {
    struct pe_descriptor d;
    char name[PE_NAME_MAX];
    if (read_import (before, (unsigned) i, &d, name) != 0) return -1;
    if (pe_name_is (name, request->dll)) continue;
    expected++;
    int found = is_same (before, (unsigned) i, after, (unsigned) expected - 1); /* the usual case */
    for (int k = 0; k < new_total && !found; k++)
      found = is_same (before, (unsigned) i, after, (unsigned) k);
    kept += found;
  }
  return kept == expected && expected == new_total ? 0 : -1;
}

int edit_check (const struct pe *before, const struct pe *after, const struct edit_request *request,
                int ejected, struct pe_error *error) {
  int status = ejected ? check_ejected (before, after, request)
                       : check_injected (before, after, request, error);
  if (status != 0) pe_fail (error, "the result does not import what it should");
  if (status == 0 && !ejected && after->sections_num != before->sections_num)
    status = pe_check_layout (after, error);
  return status;
}
