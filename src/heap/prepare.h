/* What is done once, before the default heap is used.  */
#ifndef MIR_HEAP_PREPARE_H
#define MIR_HEAP_PREPARE_H

/* Any thread, any number of times.  Whatever fails leaves the heap as it would be without.  */
void mir_heap_prepare (void);

#endif /* MIR_HEAP_PREPARE_H */
