/* Typed arrays of variable length over a MIR_alloc_t.

   DEF_VARR (T)   defines the type VARR (T) and its functions; T is one token: int, size_t, node_t
   element        one T; elements are moved as bytes, so in C++ T must be trivially copyable; T needs
                  no stricter alignment than the allocator gives, that of max_align_t
   length         the number of elements
   capacity       the number of elements that fit before the array must grow

     DEF_VARR (int)
     VARR (int) *v;
     VARR_CREATE (int, v, alloc, 0);
     VARR_PUSH (int, v, 42);
     VARR_DESTROY (int, v);

   Failure: if memory runs out, or the size in bytes would overflow, the array is left unchanged and
   MIR_VARR_ERROR (message) is called, if that macro is defined where this header is first included;
   otherwise the message is printed and the program exits with status 1.  The hook may leave by
   longjmp, and so may the allocator.  If the hook returns, the operation has had no effect.

   Checks: wrong arguments (an index out of range, POP of an empty array) print a line and abort.
   The checks are compiled in if VARR_ENABLE_CHECKING is defined, which it is unless NDEBUG is; when
   they are off, their conditions are not evaluated.

   Threads: one thread at a time for each array.  Lifetime: the allocator must outlive the array.

   Source-compatible with the MIR JIT (vnmakarov/mir): the macros, the four fields of VARR (T) and
   their order are a contract.  */
#ifndef MIR_VARR_H
#define MIR_VARR_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <stddef.h> /* size_t, NULL */
#include <stdint.h> /* SIZE_MAX, uint64_t, uintptr_t */
#include <stdio.h>  /* fprintf */
#include <stdlib.h> /* abort, exit */
#include <string.h> /* memcpy, memmove */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/*---------------- Internal: what the macros use -----------------------------*/

#if !defined(VARR_ENABLE_CHECKING) && !defined(NDEBUG)
#define VARR_ENABLE_CHECKING
#endif

/* MIR_VARR_SLOW: a file-local function that is never inlined, without a warning if unused.  */
#ifdef __GNUC__
#define MIR_VARR_UNUSED __attribute__ ((unused))
#define MIR_VARR_NO_RETURN __attribute__ ((noreturn))
#define MIR_VARR_SLOW static __attribute__ ((unused, noinline, cold))
#else
#define MIR_VARR_UNUSED
#define MIR_VARR_NO_RETURN
#ifdef __MIRC__ /* MIR's compiler inlines every inline function */
#define MIR_VARR_SLOW static
#else
#define MIR_VARR_SLOW static inline
#endif
#endif

#ifdef VARR_ENABLE_CHECKING
MIR_VARR_SLOW MIR_VARR_NO_RETURN void mir_varr_assert_fail (const char *op, const char *type) {
  fprintf (stderr, "wrong %s for VARR (%s)\n", op, type);
  abort ();
}
#define VARR_ASSERT(EXPR, OP, T) ((EXPR) ? (void) 0 : mir_varr_assert_fail (OP, #T))
#else
#define VARR_ASSERT(EXPR, OP, T) ((void) sizeof ((EXPR) ? 1 : 0))
#endif

#ifdef MIR_VARR_ERROR
MIR_VARR_SLOW void mir_varr_error (const char *message) {
  (void) message;
  MIR_VARR_ERROR (message);
}
#else
MIR_VARR_SLOW MIR_VARR_NO_RETURN void mir_varr_error (const char *message) {
  fprintf (stderr, "%s\n", message);
  exit (1);
}
#endif

#define MIR_VARR_MAX_BYTES (SIZE_MAX / 2) /* objects cannot be larger */
#define MIR_VARR_OUTSIDE SIZE_MAX

/* The new capacity for an array of ELS_NUM elements that needs room for MORE additional ones:
   doubled, so that pushing is cheap; 1.5 times what is needed if that is larger; exactly what is
   needed if either would be too large.  0 if even that is too large.  */
static inline size_t mir_varr_grown_size_ (size_t els_num, size_t more, size_t el_size) {
  size_t max = MIR_VARR_MAX_BYTES / el_size, needed, extra;
  if (more > max - els_num) return 0;
  needed = els_num + more;
  extra = more < els_num ? els_num - more : needed / 2;
  return extra > max - needed ? needed : needed + extra;
}

/* Resize the block ELS from SIZE to NEW_SIZE elements.  ELS is NULL if SIZE is 0; realloc is never
   called with either.  NULL, with ELS unchanged, if NEW_SIZE is 0 or too large, or on failure of
   the allocator.  */
static inline void *mir_varr_resize_ (MIR_alloc_t alloc, void *els, size_t size, size_t new_size,
                                      size_t el_size) {
  if (new_size == 0 || new_size > MIR_VARR_MAX_BYTES / el_size) return NULL;
  if (els == NULL) return MIR_malloc (alloc, new_size * el_size);
  return MIR_realloc (alloc, els, size * el_size, new_size * el_size);
}

/* The elements of an array, and its capacity.  */
struct mir_varr_block_ {
  void *els;
  size_t size;
};

/* BLOCK with room for MORE elements after its first ELS_NUM; BLOCK itself on failure, after the
   error.  */
MIR_VARR_SLOW struct mir_varr_block_ mir_varr_grow_ (MIR_alloc_t alloc,
                                                     struct mir_varr_block_ block, size_t els_num,
                                                     size_t more, size_t el_size) {
  size_t size = mir_varr_grown_size_ (els_num, more, el_size);
  void *els = mir_varr_resize_ (alloc, block.els, block.size, size, el_size);
  if (els == NULL) {
    mir_varr_error ("varr: no memory");
    return block;
  }
  block.els = els;
  block.size = size;
  return block;
}

/* The index of OBJ among the SIZE elements at ELS, or MIR_VARR_OUTSIDE.  */
static inline size_t mir_varr_index_of_ (const void *els, size_t size, const void *obj,
                                         size_t el_size) {
  size_t distance = (size_t) ((uintptr_t) obj - (uintptr_t) els);
  return distance < size * el_size ? distance / el_size : MIR_VARR_OUTSIDE;
}

/* Copy LEN > 0 bytes as memmove does.  For a few bytes the call costs more than the copy: up to 32
   bytes are read as two overlapping parts and then written, inline.  */
static inline void mir_varr_copy_bytes_ (void *to, const void *from, size_t len) {
#ifdef __GNUC__ /* elsewhere memcpy may itself be a call */
  struct {
    uint64_t words[2];
  } first, last;
  char *dest = (char *) to;
  const char *src = (const char *) from;
  if (len > 32) {
    memmove (to, from, len);
  } else if (len >= 16) {
    memcpy (&first, src, 16);
    memcpy (&last, src + len - 16, 16);
    memcpy (dest, &first, 16);
    memcpy (dest + len - 16, &last, 16);
  } else if (len >= 8) {
    memcpy (&first, src, 8);
    memcpy (&last, src + len - 8, 8);
    memcpy (dest, &first, 8);
    memcpy (dest + len - 8, &last, 8);
  } else if (len >= 4) {
    memcpy (&first, src, 4);
    memcpy (&last, src + len - 4, 4);
    memcpy (dest, &first, 4);
    memcpy (dest + len - 4, &last, 4);
  } else {
    char middle = src[len / 2], end = src[len - 1];
    dest[0] = src[0];
    dest[len / 2] = middle;
    dest[len - 1] = end;
  }
#else
  memmove (to, from, len);
#endif
}

#define VARR_CONCAT2(A, B) A##B
#define VARR_CONCAT3(A, B, C) A##B##C
#define VARR_OP(T, OP) VARR_CONCAT3 (VARR_, T, OP)
#define VARR_OP_DEF(T, OP) MIR_VARR_UNUSED VARR_OP (T, OP)

/* els_num <= size; varr is NULL if and only if size is 0, and only TAILOR (0) makes it 0.  */
#define VARR_T(T)                                        \
  typedef struct VARR (T) {                              \
    size_t els_num; /* the length, elements */           \
    size_t size;    /* the capacity, elements */         \
    T *varr;        /* exactly size elements of alloc */ \
    MIR_alloc_t alloc;                                   \
  } VARR (T)

/*---------------- Types -----------------------------*/

/* The type of arrays of T, a structure: `els_num` and `size`, the length and the capacity in elements;
   `varr`, the address of the elements; `alloc`, the allocator.  */
#define VARR(T) VARR_CONCAT2 (VARR_, T)

#define VARR_DEFAULT_SIZE 64 /* elements, the capacity that VARR_CREATE takes for 0 */

/* Define the type VARR (T) and its functions, all of them static: once in each unit.  */
#define DEF_VARR(T)                                                                                  \
  VARR_T (T);                                                                                        \
                                                                                                     \
  /* *varr owns the array before its elements are allocated, so nothing leaks if the allocator     \
     leaves by longjmp.  */ \
  static inline void VARR_OP_DEF (T, create) (VARR (T) * * varr, MIR_alloc_t alloc, size_t size) {   \
    VARR (T) *va;                                                                                    \
    if (size == 0) size = VARR_DEFAULT_SIZE;                                                         \
    *varr = NULL;                                                                                    \
    va = (VARR (T) *) MIR_malloc (alloc, sizeof (VARR (T)));                                         \
    if (va != NULL) {                                                                                \
      va->els_num = va->size = 0;                                                                    \
      va->varr = NULL;                                                                               \
      va->alloc = alloc;                                                                             \
      *varr = va;                                                                                    \
      va->varr = (T *) mir_varr_resize_ (alloc, NULL, 0, size, sizeof (T));                          \
      if (va->varr != NULL) {                                                                        \
        va->size = size;                                                                             \
        return;                                                                                      \
      }                                                                                              \
      *varr = NULL;                                                                                  \
      MIR_free (alloc, va);                                                                          \
    }                                                                                                \
    mir_varr_error ("varr: no memory");                                                              \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, destroy) (VARR (T) * * varr) {                                  \
    VARR (T) *va = *varr;                                                                            \
    MIR_alloc_t alloc;                                                                               \
    VARR_ASSERT (va != NULL, "destroy", T);                                                          \
    alloc = va->alloc;                                                                               \
    *varr = NULL;                                                                                    \
    MIR_free (alloc, va->varr);                                                                      \
    MIR_free (alloc, va);                                                                            \
  }                                                                                                  \
                                                                                                     \
  static inline size_t VARR_OP_DEF (T, length) (const VARR (T) *varr) {                              \
    VARR_ASSERT (varr != NULL, "length", T);                                                         \
    return varr->els_num;                                                                            \
  }                                                                                                  \
                                                                                                     \
  static inline size_t VARR_OP_DEF (T, capacity) (const VARR (T) *varr) {                            \
    VARR_ASSERT (varr != NULL, "capacity", T);                                                       \
    return varr->size;                                                                               \
  }                                                                                                  \
                                                                                                     \
  static inline T *VARR_OP_DEF (T, addr) (const VARR (T) *varr) {                                    \
    VARR_ASSERT (varr != NULL, "addr", T);                                                           \
    return varr->varr;                                                                               \
  }                                                                                                  \
                                                                                                     \
  static inline T VARR_OP_DEF (T, last) (const VARR (T) *varr) {                                     \
    VARR_ASSERT (varr != NULL && varr->els_num != 0, "last", T);                                     \
    return varr->varr[varr->els_num - 1];                                                            \
  }                                                                                                  \
                                                                                                     \
  static inline T VARR_OP_DEF (T, get) (const VARR (T) *varr, size_t ix) {                           \
    VARR_ASSERT (varr != NULL && ix < varr->els_num, "get", T);                                      \
    return varr->varr[ix];                                                                           \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, set) (const VARR (T) *varr, size_t ix, T obj) {                 \
    VARR_ASSERT (varr != NULL && ix < varr->els_num, "set", T);                                      \
    varr->varr[ix] = obj;                                                                            \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, trunc) (VARR (T) *varr, size_t size) {                          \
    VARR_ASSERT (varr != NULL && size <= varr->els_num, "trunc", T);                                 \
    varr->els_num = size;                                                                            \
  }                                                                                                  \
                                                                                                     \
  /* Make room for MORE elements after the last one; 1 on success, 0 on failure.  */                 \
  /* All members are stored, also the unchanged length: after the call the */                        \
  /* compiler knows them, and a loop that pushes keeps them in registers.  */                        \
  static inline int VARR_OP_DEF (T, grow) (VARR (T) *varr, size_t more) {                            \
    size_t els_num = varr->els_num;                                                                  \
    struct mir_varr_block_ block;                                                                    \
    block.els = varr->varr;                                                                          \
    block.size = varr->size;                                                                         \
    block = mir_varr_grow_ (varr->alloc, block, els_num, more, sizeof (T));                          \
    varr->els_num = els_num;                                                                         \
    varr->varr = (T *) block.els;                                                                    \
    varr->size = block.size;                                                                         \
    return more <= block.size - els_num;                                                             \
  }                                                                                                  \
                                                                                                     \
  static inline int VARR_OP_DEF (T, expand) (VARR (T) *varr, size_t size) {                          \
    VARR_ASSERT (varr != NULL, "expand", T);                                                         \
    return varr->size < size && VARR_OP (T, grow) (varr, size - varr->els_num);                      \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, tailor) (VARR (T) *varr, size_t size) {                         \
    VARR_ASSERT (varr != NULL, "tailor", T);                                                         \
    if (size == 0) {                                                                                 \
      T *els = varr->varr;                                                                           \
      varr->varr = NULL;                                                                             \
      MIR_free (varr->alloc, els);                                                                   \
    } else if (size != varr->size) {                                                                 \
      T *els = (T *) mir_varr_resize_ (varr->alloc, varr->varr, varr->size, size, sizeof (T));       \
      if (els == NULL) {                                                                             \
        mir_varr_error ("varr: no memory");                                                          \
        return;                                                                                      \
      }                                                                                              \
      varr->varr = els;                                                                              \
    }                                                                                                \
    varr->els_num = varr->size = size;                                                               \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, push) (VARR (T) *varr, T obj) {                                 \
    size_t els_num;                                                                                  \
    VARR_ASSERT (varr != NULL, "push", T);                                                           \
    els_num = varr->els_num;                                                                         \
    if (els_num == varr->size && !VARR_OP (T, grow) (varr, 1)) return;                               \
    varr->varr[els_num] = obj;                                                                       \
    varr->els_num = els_num + 1;                                                                     \
  }                                                                                                  \
                                                                                                     \
  static inline void VARR_OP_DEF (T, push_arr) (VARR (T) *varr, const T *objs, size_t len) {         \
    VARR_ASSERT (varr != NULL && (objs != NULL || len == 0), "push_arr", T);                         \
    if (len == 0) return;                                                                            \
    if (len > varr->size - varr->els_num) {                                                          \
      size_t own = mir_varr_index_of_ (varr->varr, varr->size, objs, sizeof (T));                    \
      if (!VARR_OP (T, grow) (varr, len)) return;                                                    \
      if (own != MIR_VARR_OUTSIDE) objs = varr->varr + own;                                          \
    }                                                                                                \
    if (sizeof (T) == 1)                                                                             \
      mir_varr_copy_bytes_ ((void *) (varr->varr + varr->els_num), (const void *) objs, len);        \
    else                                                                                             \
      memmove ((void *) (varr->varr + varr->els_num), (const void *) objs, len * sizeof (T));        \
    varr->els_num += len;                                                                            \
  }                                                                                                  \
                                                                                                     \
  static inline T VARR_OP_DEF (T, pop) (VARR (T) *varr) {                                            \
    VARR_ASSERT (varr != NULL && varr->els_num != 0, "pop", T);                                      \
    return varr->varr[--varr->els_num];                                                              \
  }

/*---------------- Operations -----------------------------*/

/* T is the element type and V a VARR (T) *; only CREATE and DESTROY change V itself.  V is not NULL,
   but for CREATE.  Only FOREACH_ELEM evaluates an argument more than once.  */

/* Make V an empty array over the allocator A, with room for L elements (0: a default number).  V is
   NULL on failure; if the allocator leaves by longjmp, V is NULL or an empty array that the caller
   must destroy.  */
#define VARR_CREATE(T, V, A, L) (VARR_OP (T, create) (&(V), A, L))
/* Free all memory and set V to NULL.  */
#define VARR_DESTROY(T, V) (VARR_OP (T, destroy) (&(V)))
/* The number of elements.  */
#define VARR_LENGTH(T, V) (VARR_OP (T, length) (V))
/* The number of elements for which there is room.  */
#define VARR_CAPACITY(T, V) (VARR_OP (T, capacity) (V))
/* The address of the first of the CAPACITY elements, NULL if the capacity is 0; valid until the
   array grows or is tailored.  */
#define VARR_ADDR(T, V) (VARR_OP (T, addr) (V))
/* The last element, of an array that is not empty.  */
#define VARR_LAST(T, V) (VARR_OP (T, last) (V))
/* The element at the index I, below the length.  */
#define VARR_GET(T, V, I) (VARR_OP (T, get) (V, I))
/* Store O at the index I, below the length.  */
#define VARR_SET(T, V, I, O) (VARR_OP (T, set) (V, I, O))
/* Keep the first S elements and the capacity.  */
#define VARR_TRUNC(T, V, S) (VARR_OP (T, trunc) (V, S))
/* Make the capacity at least S elements; 1 if it has grown, else 0.  */
#define VARR_EXPAND(T, V, S) (VARR_OP (T, expand) (V, S))
/* Make both length and capacity exactly S; elements beyond the old length are undefined.  S 0 frees
   the memory of the elements and cannot fail.  */
#define VARR_TAILOR(T, V, S) (VARR_OP (T, tailor) (V, S))
/* Append O.  */
#define VARR_PUSH(T, V, O) (VARR_OP (T, push) (V, O))
/* Push the L elements at A, which may be elements of V.  */
#define VARR_PUSH_ARR(T, V, A, L) (VARR_OP (T, push_arr) (V, A, L))
/* Remove the last element, of an array that is not empty; the result is that element.  */
#define VARR_POP(T, V) (VARR_OP (T, pop) (V))
/* for (I = 0; I < length; I++) with EL = element I.  */
#define VARR_FOREACH_ELEM(T, V, I, EL) \
  for ((I) = 0; (I) >= VARR_LENGTH (T, V) ? 0 : ((EL) = VARR_GET (T, V, I), 1); (I)++)

#ifdef __cplusplus
}
#endif

#endif /* MIR_VARR_H */
