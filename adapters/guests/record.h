/* The recorder: an allocator below no other, in the shapes in which libraries take their callbacks,
   that counts what a library really asks of it.  The adapters are not between: what they hide, such
   as free of NULL, counts here.

   Every block has guard bytes behind it, is filled when it is new and when it is freed, and moves
   at each realloc.  One recorder a process.  Any thread; takes a lock.

   around    what the process allocates from the C library meanwhile: what the library, and all
             below it, does not pass to the callbacks  */
#ifndef MIR_ADAPTERS_GUESTS_RECORD_H
#define MIR_ADAPTERS_GUESTS_RECORD_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the recorder treats its caller.  All zero: it gives what is asked for.  */
struct record_rules {
  int is_off_by_8;     /* addresses are 8 modulo 16 */
  int refuses_shrinks; /* each realloc to fewer bytes fails */
  uint64_t refused;    /* the number of the one call that fails, from 1; 0: none */
};

struct record {
  uint64_t mallocs, callocs, reallocs, frees; /* calls with something to do */
  uint64_t null_frees, empty;                 /* free (NULL); requests for 0 bytes */
  uint64_t null_reallocs,
      empty_reallocs;                /* realloc (NULL, n), counted as a malloc; (p, 0) as a free */
  uint64_t shrinks, same;            /* of the reallocs: to fewer bytes, to as many */
  uint64_t right_sizes, wrong_sizes; /* old sizes that were passed */
  uint64_t bytes;                    /* of all blocks */
  uint64_t live, live_bytes, peak_bytes, largest;
  uint64_t damaged, foreign; /* guards overwritten; pointers that are no block */
  uint64_t elsewhere;        /* calls by other threads than the first caller's */
  uint64_t requests, failed; /* calls that the rules can refuse, and did */
  uint64_t around, around_bytes;
};

/* Begin anew with RULES.  No block may be live.  */
void record_begin (const struct record_rules *rules);
/* What was counted since.  Also looks at the guards of live blocks.  */
struct record record_end (void);

/* As the C library's; malloc and calloc give a block for size 0, and realloc to 0 frees.  */
void *record_malloc (size_t size);
void *record_calloc (size_t num, size_t size);
void *record_realloc (void *ptr, size_t size);
void record_free (void *ptr);
/* The same for callers that know the old size.  */
void *record_resize (void *ptr, size_t old_size, size_t size);
void record_free_sized (void *ptr, size_t size);

/* The size of the live block at PTR as it was requested; 0 for others.  */
size_t record_size (const void *ptr);

/* With user data, which is not used, in front or behind.  */
void *record_opaque_malloc (void *opaque, size_t size);
void *record_opaque_array (void *opaque, size_t num, size_t size);
void *record_opaque_calloc (void *opaque, size_t num, size_t size);
void *record_opaque_realloc (void *opaque, void *ptr, size_t size);
void record_opaque_free (void *opaque, void *ptr);
void *record_last_malloc (size_t size, void *user_data);
void *record_last_calloc (size_t num, size_t size, void *user_data);
void *record_last_realloc (void *ptr, size_t size, void *user_data);
void record_last_free (void *ptr, void *user_data);

/* The part that sees what goes around: around-glibc.c, or around-none.c, which sees nothing.  It
   counts while it is on.  */
void around_set (int on);
void around_get (uint64_t *calls, uint64_t *bytes);

#ifdef __cplusplus
}
#endif

#endif /* MIR_ADAPTERS_GUESTS_RECORD_H */
