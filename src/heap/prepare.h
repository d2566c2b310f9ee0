/* What is done once before the default heap is used: its address space, and huge pages.  The build
   picks the file.  */
#ifndef MIR_HEAP_PREPARE_H
#define MIR_HEAP_PREPARE_H

/* Any thread, any number of times.  If a step fails, the heap works as it would without it.  */
void mir_heap_prepare (void);

#endif /* MIR_HEAP_PREPARE_H */
