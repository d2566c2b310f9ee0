/* Publishes, frees and replaces functions by any way.  */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "bench.h"

uint8_t job_code[JOB_MAX_LEN];

/* All pages are written to, so that none is new while the clock runs or memory is counted.  */
static void *new_array (size_t num, size_t size) {
  void *array = calloc (num, size);
  if (array == NULL) bench_fail ("no memory");
  memset (array, 1, num * size);
  return array;
}

static void make_code (void) {
  struct job_random random = {1};
  for (size_t i = 0; i < JOB_MAX_LEN; i++) job_code[i] = (uint8_t) job_random (&random, 256);
}

void job_new (struct job *job, const struct way *way, size_t max) {
  struct job_random random = {2};
  if (job_code[1] == 0) make_code ();
  job->way = way;
  job->num = 0;
  job->max = max;
  job->pieces = (uint8_t **) new_array (max, sizeof (job->pieces[0]));
  job->lens = (uint32_t *) new_array (max, sizeof (job->lens[0]));
  for (size_t i = 0; i < max; i++) job->lens[i] = job_next_len (&random);
}

void job_open_store (struct job *job) {
  size_t bytes = 0;
  for (size_t i = 0; i < job->max; i++) bytes += (job->lens[i] + 63u) / 64 * 64;
  job->store = job->way->open (bytes);
  job->hand = way_enter (job->way, job->store);
}

void job_open (struct job *job, const struct way *way, size_t max) {
  job_new (job, way, max);
  job_open_store (job);
}

void job_close (struct job *job) {
  way_leave (job->way, job->hand);
  job->way->close (job->store);
  free (job->pieces);
  free (job->lens);
}

void job_publish (struct job *job, size_t num) {
  uint8_t *(*publish) (void *, const uint8_t *, size_t) = job->way->publish;
  for (size_t i = job->num; i < job->num + num; i++)
    job->pieces[i] = publish (job->hand, job_code, job->lens[i]);
  way_settle (job->way, job->hand);
  job->num += num;
}

void job_shuffle (struct job *job, struct job_random *random) {
  for (size_t i = job->num; i > 1; i--) {
    uint32_t other = job_random (random, (uint32_t) i), len = job->lens[i - 1];
    uint8_t *piece = job->pieces[i - 1];
    job->pieces[i - 1] = job->pieces[other];
    job->lens[i - 1] = job->lens[other];
    job->pieces[other] = piece;
    job->lens[other] = len;
  }
}

void job_free (struct job *job) {
  void (*release) (void *, uint8_t *) = job->way->free;
  if (release == NULL)
    job->way->rewind (job->hand);
  else
    for (size_t i = 0; i < job->num; i++) release (job->hand, job->pieces[i]);
  way_settle (job->way, job->hand);
  job->num = 0;
}

void job_replace (struct job *job, struct job_random *random, size_t ops) {
  for (size_t i = 0; i < ops; i++) {
    uint32_t victim = job_random (random, (uint32_t) job->num);
    job->way->free (job->hand, job->pieces[victim]);
    job->lens[victim] = job_next_len (random);
    job->pieces[victim] = job->way->publish (job->hand, job_code, job->lens[victim]);
  }
  way_settle (job->way, job->hand);
}

void job_check (const struct job *job) {
  for (size_t i = 0; i < job->num; i += 101)
    if (memcmp (job->pieces[i], job_code, job->lens[i]) != 0)
      bench_fail ("published code is missing");
}

size_t job_bytes (const struct job *job) {
  size_t bytes = 0;
  for (size_t i = 0; i < job->num; i++) bytes += job->lens[i];
  return bytes;
}
