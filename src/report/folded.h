/* Folded stacks, the input of flame graphs, made of the tree of a picture (types.h).  */
#ifndef MIR_REPORT_FOLDED_H
#define MIR_REPORT_FOLDED_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write a line "scope;scope;function BYTES" for each stack that made blocks.  Stacks are the same if
   all their frames have the same names.  */
void folded_write (FILE *out, const struct picture *picture);

/* Write a line "scope;scope;function OLD NEW" for each stack that made blocks in OLD or in PICTURE,
   as difffolded.pl does.  */
void folded_compare (FILE *out, const struct picture *picture, const struct picture *old);

#endif /* MIR_REPORT_FOLDED_H */
