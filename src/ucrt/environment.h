/* The options: environment variables, read once, before anything else runs; constant from then on,
   so any thread may read them.  */

#ifndef MIR_UCRT_ENVIRONMENT_H
#define MIR_UCRT_ENVIRONMENT_H

struct ucrt_options {
  int disable;     /* MIR_UCRT_DISABLE, MIMALLOC_DISABLE_REDIRECT, MIMALLOC_DISABLE_OVERRIDE */
  int verbose;     /* MIR_UCRT_VERBOSE=0..3, MIMALLOC_VERBOSE */
  int refuse_late; /* MIR_UCRT_LATE=refuse; default: migrate */
  int counting;    /* MIR_UCRT_COUNT */
  int guard;       /* MIR_UCRT_GUARD: see guard.h */
  /* MIR_UCRT_CRTS: names between commas or blanks, lower case; default: "ucrtbase,ucrtbased" */
  char crts[128];
};

extern struct ucrt_options ucrt_options;

/* Fill ucrt_options.  Unset and unknown values give the defaults.  */
void ucrt_read_options (void);

#endif
