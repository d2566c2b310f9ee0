/* The data of the page's flame graph: kept nodes and the matrix of slices (types.h), as JSON.

   An object:

     "stacks":{
       "slices":64,"slice":NS,             slice I is the time from I * NS to (I + 1) * NS
       "names":["",...],                   each text once
       "nodes":[[PARENT,NAME,KIND],...],   indices of nodes and names, enum node_kind; parents come
                                           first; 0 is the root, whose parent is -1
       "merged":N,                         stacks that are in nodes with HTML_STACKS_FAR
       "mergedBytes":BYTES,"mergedBlocks":BLOCKS,     what these allocated
       "moves":[[BORN,ENDED,BLOCKS,BYTES,...],...],   of each node; ENDED is "slices": left
       "temporary":[[BORN,BLOCKS,BYTES,...],...],     of each node
       "peak":[[BLOCKS,BYTES],...]         of each node, live at the peak; [] is nothing
     }

   A node's numbers are its own, without those of the nodes below it; their sums are the totals of the
   picture.  KIND has the bit HTML_STACKS_FAR for a leaf that stands for several stacks (kept.h),
   whose frames between its parent and the innermost are left out: NAME is that one's, or "(others)"
   with the kind NODE_ROOT where that is left out too.  */
#ifndef MIR_REPORT_HTML_STACKS_H
#define MIR_REPORT_HTML_STACKS_H

#include <stdio.h> /* FILE */

#include "report/types.h"

enum { HTML_STACKS_FAR = 4 };

/* Write a comma and the object, at most MOST bytes, with as many nodes and slices as these allow;
   MOST is at least 10000.  */
void html_write_stacks (FILE *out, const struct picture *picture, size_t most);
/* The same for the older trace of a comparison, key "old", with more members: "numbers" (stats.h),
   "width" and "live" of its timeline, and "title", which is NAME if the trace has none.  */
void html_write_old (FILE *out, const struct picture *old, const char *name, size_t most);

#endif /* MIR_REPORT_HTML_STACKS_H */
