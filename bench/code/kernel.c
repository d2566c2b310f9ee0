/* Counts the system calls of each way and the memory that it really takes, as the kernel sees them.

   Each way works in a new process: this program, started again with the number of the way.  The
   parent traces it (ptrace(2)) and counts system calls between two marks.  Memory is what belongs
   to the process (proc_pid_smaps(5)), less what did before the store was opened.  So it includes
   metadata, and pages that are mapped twice count once.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"
#include "bench.h"
#include "job.h"

enum { PATCHES = 1000 };

static const struct way *const ways[] = {
    &way_memcpy,  &way_slots,       &way_rwx,          &way_flip_page, &way_flip_mapping,
    &way_asmjit,  &way_asmjit_dual, &way_asmjit_pools, &way_vtable,    &way_mir,
    &way_publish, &way_batch,       &way_reserve,      &way_reclaim};

enum { WAYS = sizeof (ways) / sizeof (ways[0]) };

/* The figures that a worker finds out about itself; the tracer counts the others.  */
struct figures {
  double fresh, churned; /* bytes for each byte of live code */
  double page_tables;    /* the same for page tables, which FRESH does not include */
};

/* The number behind NAME in the file FILE of /proc/self, in bytes.  */
static double proc_bytes (const char *file, const char *name) {
  char line[200];
  double kib = -1;
  FILE *stream = fopen (file, "r");
  if (stream == NULL) bench_fail (file);
  while (fgets (line, sizeof (line), stream) != NULL)
    if (strncmp (line, name, strlen (name)) == 0) kib = strtod (line + strlen (name), NULL);
  fclose (stream);
  if (kib < 0) bench_fail (name);
  return kib * 1024;
}

/* Each page counts by this process's share of its mappings, so a page that is mapped twice counts
   once. Pages of files are the program's and do not count.  */
static double memory_now (void) {
  return proc_bytes ("/proc/self/smaps_rollup", "Pss_Anon:")
         + proc_bytes ("/proc/self/smaps_rollup", "Pss_Shmem:");
}

static double page_tables_now (void) {
  return proc_bytes ("/proc/self/status", "VmPTE:");
}

/* Shared pages count where they are mapped, so map them all, as if all code had run once.  */
static void touch_all (const struct job *job) {
  for (size_t i = 0; i < job->num; i++)
    for (uint32_t at = 0; at < job->lens[i]; at += 32)
      (void) *(volatile const uint8_t *) (job->pieces[i] + at);
}

static void patch_some (struct job *job) {
  for (size_t i = 0; i < PATCHES; i++) job->way->patch (job->hand, job->pieces[i] + 8, i);
}

/* Work with WAY and write the figures to OUT.  On failure the exit status tells the parent.  */
static void work (const struct way *way, size_t live, int out) {
  struct figures figures = {0, 0, 0};
  struct job_random random = {5};
  struct job job;
  double before, tables;
  job_new (&job, way, live);
  (void) memory_now (); /* the first calls need memory themselves */
  (void) page_tables_now ();
  before = memory_now ();
  tables = page_tables_now ();
  job_open_store (&job);
  trace_mark (TRACE_PUBLISH);
  job_publish (&job, live);
  trace_mark (TRACE_END);
  touch_all (&job);
  figures.fresh = (memory_now () - before) / (double) job_bytes (&job);
  figures.page_tables = (page_tables_now () - tables) / (double) job_bytes (&job);
  if (way->patch != NULL) {
    trace_mark (TRACE_PATCH);
    patch_some (&job);
    trace_mark (TRACE_END);
  }
  trace_mark (TRACE_NO_MORE);
  if (way->free != NULL) {
    job_replace (&job, &random, 4 * live);
    touch_all (&job);
    figures.churned = (memory_now () - before) / (double) job_bytes (&job);
  }
  if (write (out, &figures, sizeof (figures)) != sizeof (figures)) bench_fail ("write");
  job_close (&job);
}

/* Run the way number I in a new process.  */
static void start (size_t i, size_t live, struct figures *figures, struct trace_counts *counts) {
  char number[20], pieces[20], descriptor[20];
  int ends[2];
  if (pipe (ends) != 0) bench_fail ("pipe");
  snprintf (number, sizeof (number), "%zu", i);
  snprintf (pieces, sizeof (pieces), "%zu", live);
  snprintf (descriptor, sizeof (descriptor), "%d", ends[1]);
  char *const args[] = {(char *) (uintptr_t) "worker", number, pieces, descriptor, NULL};
  trace_self (args, counts);
  if (read (ends[0], figures, sizeof (*figures)) != sizeof (*figures)) bench_fail ("no figures");
  close (ends[0]);
  close (ends[1]);
}

static void report (const char *subject, double *values, const char *unit) {
  printf ("%s\n", subject);
  for (size_t i = 0; i < WAYS; i++)
    if (values[i] >= 0) bench_count (subject, ways[i]->name, unit, values[i]);
}

static void count (size_t live, int small) {
  static double calls[WAYS], patches[WAYS], fresh[WAYS], churned[WAYS], tables[WAYS],
      populates[WAYS];
  for (size_t i = 0; i < WAYS; i++) {
    struct trace_counts counts;
    struct figures figures;
    if (small && ways[i]->free == NULL) {
      churned[i] = -1;
      continue;
    }
    start (i, live, &figures, &counts);
    calls[i] = (double) counts.calls[TRACE_PUBLISH] / (double) live;
    populates[i] = (double) counts.populates / (double) live;
    patches[i] = ways[i]->patch == NULL ? -1 : (double) counts.calls[TRACE_PATCH] / PATCHES;
    fresh[i] = figures.fresh;
    tables[i] = figures.page_tables;
    churned[i] = ways[i]->free == NULL ? -1 : figures.churned;
  }
  if (!small) {
    report ("system calls for each publication", calls, "calls");
    report ("of these, to populate memory ahead", populates, "calls");
    report ("system calls for each patch", patches, "calls");
    report ("memory for each byte of code, fresh", fresh, "bytes");
    report ("page tables for each byte of code, fresh", tables, "bytes");
  }
  report (small ? "memory for each live byte, 10000 live" : "memory for each live byte, 50000 live",
          churned, "bytes");
}

int main (int argc, char **argv) {
  if (argc == 4 && strcmp (argv[0], "worker") == 0) {
    size_t i = strtoul (argv[1], NULL, 10);
    if (i < WAYS) work (ways[i], strtoul (argv[2], NULL, 10), atoi (argv[3]));
    return 0;
  }
  bench_start (argc, argv);
  count (50000, 0);
  count (10000, 1);
  return 0;
}
