/* The import tables and the export table of an image.  pe.h has the words and the rules: results,
   checks, threads.  */

#ifndef MIR_INJECT_PE_IMPORTS_H
#define MIR_INJECT_PE_IMPORTS_H

#include "inject/pe/pe.h"

enum {
  PE_NAME_MAX = 512, /* bytes of the name of a DLL or function with its 0; a longer one is damage */
  /* Functions of all DLLs together.  DLLs may share a table, so without a limit a small file could
     take hours.  */
  PE_FUNCTIONS_MAX = 1 << 18,
  PE_IMPORTS_MAX = 4096 /* DLLs; more are damage */
};

/* One imported DLL.  */
struct pe_descriptor {
  uint32_t lookup; /* RVA of the thunks that name the functions; may be 0, see pe_lookup_table */
  uint32_t time_stamp; /* not 0: bound imports, ADDRESS has addresses for one version of the DLL */
  uint32_t forwarder;  /* of bound imports */
  uint32_t name;       /* RVA */
  uint32_t address;    /* RVA of the thunks that the loader replaces by addresses */
};

struct pe_function {
  int by_ordinal;
  uint16_t ordinal;       /* of a function imported by name: the hint */
  char name[PE_NAME_MAX]; /* by ordinal: "" */
};

/* Read descriptor INDEX of the import table.  Returns 1, 0 at the end of the table, -1 if it is
   damaged.  */
int pe_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *descriptor);
/* The same, with the name of the DLL; -1 also if the name is damaged.  */
int pe_import (const struct pe *pe, unsigned index, struct pe_descriptor *descriptor,
               char name[PE_NAME_MAX]);
/* The number of imported DLLs; -1 if the table is damaged.  */
int pe_imports_num (const struct pe *pe);
/* The RVA of the thunks that tell the loader which functions to look up.  */
uint32_t pe_lookup_table (const struct pe *pe, const struct pe_descriptor *descriptor);
/* Read function INDEX of the thunks at RVA.  Returns 1, 0 at their end, -1 if they are damaged.  */
int pe_function (const struct pe *pe, uint32_t rva, unsigned index, struct pe_function *function);
/* The number of thunks at RVA, without looking at the names; -1 if they are damaged.  */
long pe_functions_num (const struct pe *pe, uint32_t rva);
/* The index of the descriptor of the DLL NAME, ignoring case; -1 if NAME is not imported.  */
int pe_find_import (const struct pe *pe, const char *name);
/* Like pe_descriptor, for the DLLs that are loaded when they are first used.  The result has RVAs
   even if an old image has addresses there.  */
int pe_delay_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *descriptor);
/* Whether two names of DLLs are equal.  As Windows compares them: the case of ASCII letters does
   not matter.  */
int pe_name_is (const char *a, const char *b);

/* Find the RVA of the exported function NAME.  */
int pe_find_export (const struct pe *pe, const char *name, uint32_t *rva);
/* Copy the name that the export table gives the DLL itself.  */
int pe_export_name (const struct pe *pe, char *name, size_t size);
/* Copy the first name of the export table.  */
int pe_first_export (const struct pe *pe, char *name, size_t size);

#endif
