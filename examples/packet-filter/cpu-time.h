/* The CPU time of a thread, which leaves out what other programs take of a busy machine.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_CPU_TIME_H
#define MIR_EXAMPLES_PACKET_FILTER_CPU_TIME_H

/* The CPU time that the calling thread has used so far, in seconds; only differences mean something.
   Steps are far below a millisecond.  Where the system does not tell it that exactly, the time
   of a clock instead.  Any thread.  */
double cpu_time (void);

/* What a second of cpu_time is here.  */
const char *cpu_time_unit (void);

#endif /* MIR_EXAMPLES_PACKET_FILTER_CPU_TIME_H */
