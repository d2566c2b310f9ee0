/* The import tables and the export table of an image.  */

#ifndef MIR_INJECT_PE_IMPORTS_H
#define MIR_INJECT_PE_IMPORTS_H

#include "inject/pe/pe.h"

enum {
  PE_NAME_MAX = 512, /* bytes of a name of a DLL or function, with its 0; longer ones are damage */
  PE_FUNCTIONS_MAX = 1 << 18, /* of all DLLs together; they may share tables, so that a small file
                                 could keep us busy for hours */
  PE_IMPORTS_MAX = 4096       /* DLLs; more are damage */
};

struct pe_descriptor {
  uint32_t
      lookup; /* RVA of the thunks that say which functions; 0: only ADDRESS, see pe_lookup_table */
  uint32_t time_stamp;
  uint32_t forwarder;
  uint32_t name;    /* RVA */
  uint32_t address; /* RVA of the thunks that the loader overwrites with addresses */
};

struct pe_function {
  int by_ordinal;
  uint16_t ordinal;       /* or the hint */
  char name[PE_NAME_MAX]; /* "" if by ordinal */
};

/* The descriptor INDEX of the import table: 1; 0: the table ends here; -1: it is damaged.  */
int pe_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *descriptor);
/* How many DLLs are imported; -1: the table is damaged.  */
int pe_imports_num (const struct pe *pe);
/* The RVA of the thunks by which the loader finds the functions.  */
uint32_t pe_lookup_table (const struct pe *pe, const struct pe_descriptor *descriptor);
/* Function INDEX of the thunks at RVA: 1; 0: they end here; -1: damaged.  */
int pe_function (const struct pe *pe, uint32_t rva, unsigned index, struct pe_function *function);
/* How many there are, their names not looked at; -1: damaged.  */
long pe_functions_num (const struct pe *pe, uint32_t rva);
/* The index of the descriptor of the DLL called NAME, case ignored; -1: none.  */
int pe_find_import (const struct pe *pe, const char *name);
/* DLL INDEX of those which are loaded when they are needed, as pe_descriptor.  RVAs only, also
   where an old image has addresses.  */
int pe_delay_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *descriptor);
int pe_name_is (const char *a, const char *b); /* case ignored as file names are: ASCII */

/* Its exported function called NAME: its RVA.  */
int pe_find_export (const struct pe *pe, const char *name, uint32_t *rva);
/* The first name of its export table.  */
int pe_first_export (const struct pe *pe, char *name, size_t size);

#endif
