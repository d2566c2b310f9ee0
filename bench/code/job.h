/* The functions that all subjects publish: 64 to 1024 bytes, uniform, always the same.  */
#ifndef BENCH_CODE_JOB_H
#define BENCH_CODE_JOB_H

#include "ways.h"

enum { JOB_MAX_LEN = 1024, JOB_MAX_PIECES = 100000 };

extern uint8_t job_code[JOB_MAX_LEN];

/* A generator of a fixed sequence; SEED > 0.  */
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

/* A store with a hand of this thread, and the pieces in it.  */
struct job {
  const struct way *way;
  void *store, *hand;
  uint8_t **pieces;
  uint32_t *lens; /* of each piece, in bytes */
  size_t num;     /* of pieces, live */
  size_t max;
};

/* Room for MAX pieces by WAY, none of them there yet.  The same in two steps: the arrays, the
 * store.
 */
void job_open (struct job *job, const struct way *way, size_t max);
void job_new (struct job *job, const struct way *way, size_t max);
void job_open_store (struct job *job);
void job_close (struct job *job);
/* Publish NUM pieces behind the live ones, of the lengths of a sequence which begins with them.  */
void job_publish (struct job *job, size_t num);
/* Put the pieces in any order.  */
void job_shuffle (struct job *job, struct job_random *random);
/* Give back all pieces, in the order in which they are.  */
void job_free (struct job *job);
/* OPS times: give back any piece, publish another in its stead.  */
void job_replace (struct job *job, struct job_random *random, size_t ops);
/* End the program unless what was published is there.  */
void job_check (const struct job *job);
/* Bytes of all live pieces, as they were asked for.  */
size_t job_bytes (const struct job *job);

#endif /* BENCH_CODE_JOB_H */
