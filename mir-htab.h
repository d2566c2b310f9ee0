/* Typed hash tables over a MIR_alloc_t.

   DEF_HTAB (T)   defines the type HTAB (T) and its functions; T is one token: int, size_t, node_t
   element        one T, with its key inside; copied as bytes, as an element of VARR (T) is
   hash, eq       the user's functions on elements; equal elements have equal hashes
   position       of an element: its place in the order of insertion
   hole           the position of a deleted element, until the next rebuild
   index          finds the position by the hash:

     els    [ a | hole | b | c | free ... ]     insertion order, els_bound positions in use
     index  [ - | 3 | - | 1 | 2 | - | 4 | - ]   position + 1, or 0: a free entry ends a search

   The table hashes the element of each operation once and asks eq only about elements of the same
   hash.  It keeps the hashes, so a rebuild calls neither.  Memory is proportional to the largest
   number of live elements, whatever was inserted and deleted since; nothing depends on addresses.

   Failure: a table that cannot get memory, or would have more than 2^31 elements, is left as it
   was, and MIR_HTAB_ERROR (message) is called, if it is defined where this header is included
   first; else the message is printed and the program exits with status 1.  The hook may leave by
   longjmp, and so may the allocator.  Should the hook return, HTAB_DO returns FALSE and has had no
   effect: the result is untouched, the element still the caller's.  Only HTAB_CREATE can fail, and
   INSERT or REPLACE of an element which is not in the table when there is no hole to take.

   Callbacks: all of them may use other tables and may FIND in their own one; the function of
   FOREACH_ELEM may also DELETE from it.  An element is given to free_func after it left the table.

   Checks: a NULL table prints a line and aborts.  They are compiled in when HTAB_ENABLE_CHECKING is
   defined, which it is unless NDEBUG is; without them their conditions are not evaluated.

   Threads: one thread at a time for each table; FIND too counts collisions.  Lifetime: the
   allocator must outlive the table.

   Source-compatible with the MIR JIT (vnmakarov/mir): the macros, the types and the order of the
   actions are a contract; the fields of HTAB (T) are not.  */
#ifndef MIR_HTAB_H
#define MIR_HTAB_H

#include <stddef.h> /* size_t, NULL */
#include <stdint.h> /* SIZE_MAX */
#include <stdio.h>  /* fprintf */
#include <stdlib.h> /* abort, exit */
#include <string.h> /* memset */

#include "mir-alloc.h"
#include "mir-varr.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FALSE 0
#define TRUE 1

#if !defined(HTAB_ENABLE_CHECKING) && !defined(NDEBUG)
#define HTAB_ENABLE_CHECKING
#endif

/* MIR_HTAB_SLOW: a file-local function to be kept out of its callers, and no warning if unused.  */
#ifdef __GNUC__
#define MIR_HTAB_UNUSED __attribute__ ((unused))
#define MIR_HTAB_NO_RETURN __attribute__ ((noreturn))
#define MIR_HTAB_SLOW static __attribute__ ((unused, noinline))
#else
#define MIR_HTAB_UNUSED
#define MIR_HTAB_NO_RETURN
#define MIR_HTAB_SLOW static inline
#endif

#ifdef HTAB_ENABLE_CHECKING
MIR_HTAB_SLOW MIR_HTAB_NO_RETURN void mir_htab_assert_fail (const char *op, const char *type) {
  fprintf (stderr, "wrong %s for HTAB (%s)\n", op, type);
  abort ();
}
#define HTAB_ASSERT(EXPR, OP, T) ((EXPR) ? (void) 0 : mir_htab_assert_fail (OP, #T))
#else
#define HTAB_ASSERT(EXPR, OP, T) ((void) sizeof ((EXPR) ? 1 : 0))
#endif

#ifdef MIR_HTAB_ERROR
MIR_HTAB_SLOW void mir_htab_error (const char *message) {
  MIR_HTAB_ERROR (message);
}
#else
MIR_HTAB_SLOW MIR_HTAB_NO_RETURN void mir_htab_error (const char *message) {
  fprintf (stderr, "%s\n", message);
  exit (1);
}
#endif

typedef unsigned htab_ind_t;
typedef unsigned htab_size_t;
typedef unsigned htab_hash_t;

DEF_VARR (htab_ind_t)

enum htab_action { HTAB_FIND, HTAB_INSERT, HTAB_REPLACE, HTAB_DELETE };

#define MIR_HTAB_HOLE_HASH 0u            /* a hash of the user's which is 0 is kept as 1 */
#define MIR_HTAB_SMALLEST_SIZE 8u        /* elements */
#define MIR_HTAB_LARGEST_SIZE (1u << 31) /* elements; positions + 1 fit htab_ind_t */

/* The size, a power of two, for ELS_NUM elements and some more; at least MIN_SIZE.  A third is left
   free, so that a rebuild pays for itself.  0 if not one more is possible.  */
static inline htab_size_t mir_htab_size_ (htab_size_t els_num, htab_size_t min_size) {
  htab_size_t size = MIR_HTAB_SMALLEST_SIZE, wanted = els_num + els_num / 2 + 1;
  if (els_num >= MIR_HTAB_LARGEST_SIZE) return 0;
  if (wanted < min_size) wanted = min_size;
  while (size < wanted && size < MIR_HTAB_LARGEST_SIZE) size *= 2;
  return size;
}

/* A block for SIZE elements of EL_SIZE bytes and, behind them, 2 * SIZE index entries.  NULL when
   it would be too large and without memory.  */
static inline void *mir_htab_block_ (MIR_alloc_t alloc, htab_size_t size, size_t el_size) {
  size_t unit = el_size + 2 * sizeof (htab_ind_t);
  return size > SIZE_MAX / 2 / unit ? NULL : MIR_malloc (alloc, size * unit);
}

/* One step of a search: the next index entry to look at.  *PERTURB, at first the hash, brings in
   its upper bits; once they are used up, the steps visit every entry.  */
static inline htab_size_t mir_htab_next_ (htab_size_t i, htab_hash_t *perturb, htab_size_t mask) {
  *perturb >>= 11;
  return (5 * i + *perturb + 1) & mask;
}

/* The free index entry where the search for HASH ends.  */
static inline htab_ind_t *mir_htab_free_entry_ (htab_ind_t *index, htab_size_t mask,
                                                htab_hash_t hash) {
  htab_hash_t perturb = hash;
  htab_size_t i = hash & mask;
  while (index[i] != 0) i = mir_htab_next_ (i, &perturb, mask);
  return &index[i];
}

#define HTAB(T) HTAB_##T
#define HTAB_OP(T, OP) HTAB_##T##_##OP
#define HTAB_OP_DEF(T, OP) MIR_HTAB_UNUSED HTAB_OP (T, OP)
#define HTAB_EL(T) HTAB_EL_##T

/* els_num <= els_bound <= els_size.  At most els_bound entries of the index are in use, by the live
   elements and some holes, so there is always a free one.  els_size is 0 and els NULL until the
   first insertion; else els and index are one block, els_size is a power of two and mask is 2 *
   els_size - 1.  */
#define HTAB_T(T)                                                                           \
  typedef struct HTAB_EL (T) {                                                              \
    htab_hash_t hash; /* MIR_HTAB_HOLE_HASH: a hole */                                      \
    T el;                                                                                   \
  } HTAB_EL (T);                                                                            \
  typedef struct HTAB (T) {                                                                 \
    htab_size_t els_num;   /* live elements */                                              \
    htab_size_t els_bound; /* positions in use */                                           \
    htab_size_t els_size;  /* positions there are */                                        \
    htab_size_t mask;      /* of the index */                                               \
    HTAB_EL (T) *els;                                                                       \
    htab_ind_t *index;                                                                      \
    htab_ind_t no_index; /* what index points to while there is no block: one free entry */ \
    htab_size_t min_size;                                                                   \
    htab_size_t collisions;                                                                 \
    void *arg;                                                                              \
    htab_hash_t (*hash_func) (T el, void *arg);                                             \
    int (*eq_func) (T el1, T el2, void *arg);                                               \
    void (*free_func) (T el, void *arg);                                                    \
    MIR_alloc_t alloc;                                                                      \
  } HTAB (T);

#define DEF_HTAB(T)                                                                                \
  HTAB_T (T)                                                                                       \
                                                                                                   \
  static inline void HTAB_OP_DEF (T, release_block) (HTAB (T) *htab) {                             \
    HTAB_EL (T) *els = htab->els;                                                                  \
    htab->els_bound = htab->els_size = htab->mask = 0;                                             \
    htab->els = NULL;                                                                              \
    htab->index = &htab->no_index;                                                                 \
    MIR_free (htab->alloc, els);                                                                   \
  }                                                                                                \
                                                                                                   \
  static inline void HTAB_OP_DEF (T, create) (                                                     \
      HTAB (T) * * htab, MIR_alloc_t alloc, htab_size_t min_size,                                  \
      htab_hash_t (*hash_func) (T el, void *arg), int (*eq_func) (T el1, T el2, void *arg),        \
      void (*free_func) (T el, void *arg), void *arg) {                                            \
    HTAB (T) *ht;                                                                                  \
    *htab = NULL;                                                                                  \
    if (min_size > MIR_HTAB_LARGEST_SIZE) {                                                        \
      mir_htab_error ("htab: too many elements");                                                  \
      return;                                                                                      \
    }                                                                                              \
    ht = (HTAB (T) *) MIR_malloc (alloc, sizeof (HTAB (T)));                                       \
    if (ht == NULL) {                                                                              \
      mir_htab_error ("htab: no memory");                                                          \
      return;                                                                                      \
    }                                                                                              \
    ht->els_num = ht->els_bound = ht->els_size = ht->mask = ht->collisions = 0;                    \
    ht->els = NULL;                                                                                \
    ht->no_index = 0;                                                                              \
    ht->index = &ht->no_index;                                                                     \
    ht->min_size = min_size;                                                                       \
    ht->arg = arg;                                                                                 \
    ht->hash_func = hash_func;                                                                     \
    ht->eq_func = eq_func;                                                                         \
    ht->free_func = free_func;                                                                     \
    ht->alloc = alloc;                                                                             \
    *htab = ht;                                                                                    \
  }                                                                                                \
                                                                                                   \
  /* Keep the block for the next elements unless far fewer were there this time.  */               \
  static inline void HTAB_OP_DEF (T, clear) (HTAB (T) *htab) {                                     \
    htab_size_t i;                                                                                 \
    HTAB_ASSERT (htab != NULL, "clear", T);                                                        \
    for (i = 0; htab->free_func != NULL && i < htab->els_bound; i++)                               \
      if (htab->els[i].hash != MIR_HTAB_HOLE_HASH) {                                               \
        htab->els[i].hash = MIR_HTAB_HOLE_HASH;                                                    \
        htab->els_num--;                                                                           \
        htab->free_func (htab->els[i].el, htab->arg);                                              \
      }                                                                                            \
    if (htab->els_bound < htab->els_size / 8 && htab->min_size < htab->els_size / 8)               \
      HTAB_OP (T, release_block) (htab);                                                           \
    else if (htab->els_bound != 0)                                                                 \
      memset (htab->index, 0, ((size_t) htab->mask + 1) * sizeof (htab_ind_t));                    \
    htab->els_num = htab->els_bound = 0;                                                           \
  }                                                                                                \
                                                                                                   \
  static inline void HTAB_OP_DEF (T, destroy) (HTAB (T) * * htab) {                                \
    HTAB (T) *ht = *htab;                                                                          \
    MIR_alloc_t alloc;                                                                             \
    HTAB_ASSERT (ht != NULL, "destroy", T);                                                        \
    if (ht->free_func != NULL) HTAB_OP (T, clear) (ht);                                            \
    alloc = ht->alloc;                                                                             \
    *htab = NULL;                                                                                  \
    MIR_free (alloc, ht->els);                                                                     \
    MIR_free (alloc, ht);                                                                          \
  }                                                                                                \
                                                                                                   \
  /* Close the holes and make room for at least one more element; FALSE, and the table as it was,  \
     without memory.  Where the block has the right size, or there is no other but holes to close, \
     it is done in place.  */                                                                      \
  MIR_HTAB_SLOW int HTAB_OP (T, rebuild) (HTAB (T) *htab) {                                        \
    htab_size_t i, n = 0, mask, size = mir_htab_size_ (htab->els_num, htab->min_size);             \
    HTAB_EL (T) *old = htab->els, *els = old;                                                      \
    htab_ind_t *index;                                                                             \
    if (size == 0) {                                                                               \
      mir_htab_error ("htab: too many elements");                                                  \
      return FALSE;                                                                                \
    }                                                                                              \
    if (size != htab->els_size)                                                                    \
      els = (HTAB_EL (T) *) mir_htab_block_ (htab->alloc, size, sizeof (HTAB_EL (T)));             \
    if (els == NULL && htab->els_num < htab->els_bound) els = old, size = htab->els_size;          \
    if (els == NULL) {                                                                             \
      mir_htab_error ("htab: no memory");                                                          \
      return FALSE;                                                                                \
    }                                                                                              \
    mask = 2 * size - 1;                                                                           \
    index = (htab_ind_t *) (void *) (els + size);                                                  \
    memset (index, 0, ((size_t) mask + 1) * sizeof (htab_ind_t));                                  \
    for (i = 0; i < htab->els_bound; i++)                                                          \
      if (old[i].hash != MIR_HTAB_HOLE_HASH) {                                                     \
        els[n] = old[i];                                                                           \
        *mir_htab_free_entry_ (index, mask, els[n].hash) = n + 1;                                  \
        n++;                                                                                       \
      }                                                                                            \
    htab->els = els;                                                                               \
    htab->index = index;                                                                           \
    htab->els_bound = n;                                                                           \
    htab->els_size = size;                                                                         \
    htab->mask = mask;                                                                             \
    if (els != old) MIR_free (htab->alloc, old);                                                   \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* The element equal to EL, or NULL.  */                                                         \
  static inline HTAB_EL (T) *HTAB_OP_DEF (T, search) (HTAB (T) *htab, T el, htab_hash_t hash) {    \
    HTAB_EL (T) *els = htab->els;                                                                  \
    const htab_ind_t *index = htab->index;                                                         \
    htab_hash_t perturb = hash;                                                                    \
    htab_size_t mask = htab->mask, i = hash & mask;                                                \
    while (index[i] != 0) {                                                                        \
      HTAB_EL (T) *found = &els[index[i] - 1];                                                     \
      if (found->hash == hash && htab->eq_func (found->el, el, htab->arg)) return found;           \
      htab->collisions++;                                                                          \
      i = mir_htab_next_ (i, &perturb, mask);                                                      \
    }                                                                                              \
    return NULL;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* Put EL, which is not in the table, behind the last element; FALSE as HTAB_DO says of it.      \
     An index entry which leads to a hole is used again: else a key which comes and goes would     \
     lengthen its own search.  */                                                                  \
  static inline int HTAB_OP_DEF (T, append) (HTAB (T) *htab, T el, htab_hash_t hash, T * res) {    \
    HTAB_EL (T) *els;                                                                              \
    htab_hash_t perturb = hash;                                                                    \
    htab_size_t i;                                                                                 \
    if (htab->els_bound == htab->els_size && !HTAB_OP (T, rebuild) (htab)) return FALSE;           \
    els = htab->els;                                                                               \
    i = hash & htab->mask;                                                                         \
    while (htab->index[i] != 0 && els[htab->index[i] - 1].hash != MIR_HTAB_HOLE_HASH)              \
      i = mir_htab_next_ (i, &perturb, htab->mask);                                                \
    els[htab->els_bound].hash = hash;                                                              \
    els[htab->els_bound].el = el;                                                                  \
    htab->index[i] = ++htab->els_bound;                                                            \
    htab->els_num++;                                                                               \
    *res = el;                                                                                     \
    return FALSE;                                                                                  \
  }                                                                                                \
                                                                                                   \
  static inline htab_hash_t HTAB_OP_DEF (T, hash) (const HTAB (T) *htab, T el) {                   \
    htab_hash_t hash = htab->hash_func (el, htab->arg);                                            \
    return hash == MIR_HTAB_HOLE_HASH ? 1 : hash;                                                  \
  }                                                                                                \
                                                                                                   \
  static inline int HTAB_OP_DEF (T, find) (HTAB (T) *htab, T el, T * res) {                        \
    HTAB_EL (T) *found = HTAB_OP (T, search) (htab, el, HTAB_OP (T, hash) (htab, el));             \
    if (found == NULL) return FALSE;                                                               \
    *res = found->el;                                                                              \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  static inline int HTAB_OP_DEF (T, insert) (HTAB (T) *htab, T el, T * res) {                      \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, el);                                               \
    HTAB_EL (T) *found = HTAB_OP (T, search) (htab, el, hash);                                     \
    if (found == NULL) return HTAB_OP (T, append) (htab, el, hash, res);                           \
    *res = found->el;                                                                              \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  static inline int HTAB_OP_DEF (T, replace) (HTAB (T) *htab, T el, T * res) {                     \
    htab_hash_t hash = HTAB_OP (T, hash) (htab, el);                                               \
    HTAB_EL (T) *found = HTAB_OP (T, search) (htab, el, hash);                                     \
    if (found == NULL) return HTAB_OP (T, append) (htab, el, hash, res);                           \
    T old = found->el;                                                                             \
    *res = found->el = el;                                                                         \
    if (htab->free_func != NULL) htab->free_func (old, htab->arg);                                 \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  static inline int HTAB_OP_DEF (T, delete) (HTAB (T) *htab, T el) {                               \
    HTAB_EL (T) *found = HTAB_OP (T, search) (htab, el, HTAB_OP (T, hash) (htab, el));             \
    if (found == NULL) return FALSE;                                                               \
    found->hash = MIR_HTAB_HOLE_HASH;                                                              \
    htab->els_num--;                                                                               \
    if (htab->free_func != NULL) htab->free_func (found->el, htab->arg);                           \
    return TRUE;                                                                                   \
  }                                                                                                \
                                                                                                   \
  /* The action is a constant where this is called, so one direct call is left of it.  */          \
  static inline int HTAB_OP_DEF (T, do) (HTAB (T) *htab, T el, enum htab_action action, T * res) { \
    HTAB_ASSERT (htab != NULL, "do", T);                                                           \
    switch (action) {                                                                              \
      case HTAB_FIND:                                                                              \
        return HTAB_OP (T, find) (htab, el, res);                                                  \
      case HTAB_INSERT:                                                                            \
        return HTAB_OP (T, insert) (htab, el, res);                                                \
      case HTAB_REPLACE:                                                                           \
        return HTAB_OP (T, replace) (htab, el, res);                                               \
      default:                                                                                     \
        return HTAB_OP (T, delete) (htab, el);                                                     \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  static inline htab_size_t HTAB_OP_DEF (T, els_num) (HTAB (T) *htab) {                            \
    HTAB_ASSERT (htab != NULL, "els_num", T);                                                      \
    return htab->els_num;                                                                          \
  }                                                                                                \
                                                                                                   \
  static inline htab_size_t HTAB_OP_DEF (T, collisions) (HTAB (T) *htab) {                         \
    HTAB_ASSERT (htab != NULL, "collisions", T);                                                   \
    return htab->collisions;                                                                       \
  }                                                                                                \
                                                                                                   \
  static inline void HTAB_OP_DEF (T, foreach_elem) (HTAB (T) *htab,                                \
                                                    void (*func) (T el, void *arg), void *arg) {   \
    htab_size_t i;                                                                                 \
    HTAB_ASSERT (htab != NULL, "foreach_elem", T);                                                 \
    for (i = 0; i < htab->els_bound; i++)                                                          \
      if (htab->els[i].hash != MIR_HTAB_HOLE_HASH) func (htab->els[i].el, arg);                    \
  }

/* Below T is the element type and V a HTAB (T) *; only CREATE and DESTROY change V itself.  */

/* Make V an empty table over the allocator M for at least S elements, whose memory the first
   insertion takes.  H (el, A) is the hash, EQ (el1, el2, A) is not 0 when the elements are equal.
   V is NULL on failure.  */
#define HTAB_CREATE(T, V, M, S, H, EQ, A) (HTAB_OP (T, create) (&(V), M, S, H, EQ, NULL, A))
/* The same, and F (el, A) is called for every element which DELETE, REPLACE, CLEAR or DESTROY
   removes.  */
#define HTAB_CREATE_WITH_FREE_FUNC(T, V, M, S, H, EQ, F, A) \
  (HTAB_OP (T, create) (&(V), M, S, H, EQ, F, A))
/* Remove all elements.  */
#define HTAB_CLEAR(T, V) (HTAB_OP (T, clear) (V))
/* Remove all elements, give all memory back and set V to NULL.  */
#define HTAB_DESTROY(T, V) (HTAB_OP (T, destroy) (&(V)))
/* TRUE if an element equal to EL was in the table.  The lvalue RES, which may be EL itself, is set:
     HTAB_FIND      to the element found, else not at all
     HTAB_INSERT    to the element found, else to EL, which is now the last element
     HTAB_REPLACE   to EL, now in the place of the element found, else the last element
     HTAB_DELETE    never  */
#define HTAB_DO(T, V, EL, A, RES) (HTAB_OP (T, do) (V, EL, A, &(RES)))
#define HTAB_ELS_NUM(T, V) (HTAB_OP (T, els_num) (V))
/* How often a search has passed an element which was not the one wanted.  */
#define HTAB_COLLISIONS(T, V) (HTAB_OP (T, collisions) (V))
/* Call F (el, A) for all elements in the order of their insertion.  */
#define HTAB_FOREACH_ELEM(T, V, F, A) (HTAB_OP (T, foreach_elem) (V, F, A))

#ifdef __cplusplus
}
#endif

#endif /* MIR_HTAB_H */
