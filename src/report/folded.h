/* Folded stacks, the input of flame graphs, made of the tree of a picture (types.h).  */
#ifndef MIR_REPORT_FOLDED_H
#define MIR_REPORT_FOLDED_H

#include <stdio.h> /* FILE */

#include "report/types.h"

/* Write a line "scope;scope;function BYTES" for each node that made blocks.  */
void folded_write (FILE *out, const struct picture *picture);

#endif /* MIR_REPORT_FOLDED_H */
