/* What is printed must arrive: a table that nobody got is no success.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_OUTPUT_H
#define MIR_EXAMPLES_PACKET_FILTER_OUTPUT_H

/* Fail unless standard output and standard error are open.  Before any file is opened: the file would
   take the place of a closed one, and get what is printed.  */
void output_begin (void);
/* Fail unless all that was printed has been written.  */
void output_end (void);

#endif /* MIR_EXAMPLES_PACKET_FILTER_OUTPUT_H */
