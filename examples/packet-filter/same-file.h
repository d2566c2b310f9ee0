/* Whether two paths name one file.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_SAME_FILE_H
#define MIR_EXAMPLES_PACKET_FILTER_SAME_FILE_H

/* Whether A and B, links followed, are one file that exists.  */
int is_same_file (const char *a, const char *b);

#endif /* MIR_EXAMPLES_PACKET_FILTER_SAME_FILE_H */
