/* The functions that all subjects publish: of 64 to 1024 bytes, uniform, the same in each run.  */
#ifndef MIR_BENCH_CODE_JOB_H
#define MIR_BENCH_CODE_JOB_H

#include "ways.h"

enum { JOB_MAX_LEN = 1024, JOB_MAX_PIECES = 100000 };

extern uint8_t job_code[JOB_MAX_LEN];

/* A generator of a fixed sequence; STATE begins above 0.  */
struct job_random {
  uint64_t state;
};
/* Below BOUND > 0.  */
static inline uint32_t job_random (struct job_random *random, uint32_t bound) {
  random->state = random->state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
  return (uint32_t) ((random->state >> 32) * bound >> 32);
}
static inline uint32_t job_next_len (struct job_random *random) {
  return 64 + job_random (random, JOB_MAX_LEN - 63);
}

/* A store with a hand of this thread, and the code blocks in it.  */
struct job {
  const struct way *way;
  void *store, *hand;
  uint8_t **pieces;
  uint32_t *lens; /* of each block, in bytes */
  size_t num;     /* live blocks */
  size_t max;
};

/* Open a store of WAY for MAX code blocks: job_new makes the arrays, job_open_store opens the
   store, job_open does both.  */
void job_open (struct job *job, const struct way *way, size_t max);
void job_new (struct job *job, const struct way *way, size_t max);
void job_open_store (struct job *job);
void job_close (struct job *job);
/* Publish NUM more blocks, with the next lengths.  */
void job_publish (struct job *job, size_t num);
/* Shuffle the blocks.  */
void job_shuffle (struct job *job, struct job_random *random);
/* Free all blocks in their order.  */
void job_free (struct job *job);
/* OPS times: free a random block and publish another in its place.  */
void job_replace (struct job *job, struct job_random *random, size_t ops);
/* End the program unless the published code is there.  */
void job_check (const struct job *job);
/* The bytes of all live blocks, without any rounding.  */
size_t job_bytes (const struct job *job);

#endif /* MIR_BENCH_CODE_JOB_H */
