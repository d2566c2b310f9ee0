/* The hooks for one CRT: included with CRT, its index.  Each hook has the CRT's own signature and
   only adds which CRT it is for.  For each there are also two hooks that count their calls: one for
   the function, one for its twin or debug form.  */

#define PASTE_(name, crt) name##_##crt
#define PASTE(name, crt) PASTE_ (name, crt)
#define HOOK(name) PASTE (name, CRT)
#define SELF (&ucrt_crts[CRT])

/* TYPE NAME PARAMETERS is the signature; RESULT is "return", or nothing for void; ARGUMENTS names
   the parameters; CALL is what the hook does.  A counting hook counts and calls the plain one.  */
#define ALONE(type, result, name, parameters, arguments, call) \
  static type __cdecl HOOK (hook_##name) parameters {          \
    result call;                                               \
  }                                                            \
  static type __cdecl HOOK (count_##name) parameters {         \
    count (CRT, AT_##name);                                    \
    result HOOK (hook_##name) arguments;                       \
  }

/* The same for a function that has a twin, or a debug form.  */
#define FUNCTION(type, result, name, parameters, arguments, call) \
  ALONE (type, result, name, parameters, arguments, call)         \
  static type __cdecl HOOK (count_o_##name) parameters {          \
    count (CRT, AT_o_##name);                                     \
    result HOOK (hook_##name) arguments;                          \
  }

FUNCTION (void *, return, malloc, (size_t n), (n), malloc_in (SELF, n))
FUNCTION (void *, return, calloc, (size_t count_, size_t size), (count_, size),
          calloc_in (SELF, count_, size))
FUNCTION (void *, return, realloc, (void *block, size_t n), (block, n), realloc_in (SELF, block, n))
FUNCTION (void, , free, (void *block), (block), free_in (SELF, block))
FUNCTION (size_t, return, _msize, (void *block), (block), ucrt_msize (SELF, block))
FUNCTION (void *, return, _expand, (void *block, size_t n), (block, n),
          ucrt_expand (SELF, block, n))
FUNCTION (void *, return, _recalloc, (void *block, size_t count_, size_t size),
          (block, count_, size), ucrt_recalloc (SELF, block, count_, size))
FUNCTION (void, , _free_base, (void *block), (block), free_in (SELF, block))
FUNCTION (void *, return, _realloc_base, (void *block, size_t n), (block, n),
          ucrt_realloc_base (SELF, block, n))
FUNCTION (int, return, _heapmin, (void), (), ucrt_heapmin (SELF))
FUNCTION (void *, return, _aligned_malloc, (size_t n, size_t alignment), (n, alignment),
          ucrt_aligned_malloc (SELF, n, alignment, 0))
FUNCTION (void *, return, _aligned_realloc, (void *block, size_t n, size_t alignment),
          (block, n, alignment), ucrt_aligned_realloc (SELF, block, n, alignment, 0))
FUNCTION (void *, return, _aligned_recalloc,
          (void *block, size_t count_, size_t size, size_t alignment),
          (block, count_, size, alignment),
          ucrt_aligned_recalloc (SELF, block, count_, size, alignment, 0))
FUNCTION (size_t, return, _aligned_msize, (void *block, size_t alignment, size_t offset),
          (block, alignment, offset), ucrt_aligned_msize (SELF, block, alignment, offset))
FUNCTION (void, , _aligned_free, (void *block), (block), aligned_free_in (SELF, block))
FUNCTION (void *, return, _aligned_offset_malloc, (size_t n, size_t alignment, size_t offset),
          (n, alignment, offset), ucrt_aligned_malloc (SELF, n, alignment, offset))
FUNCTION (void *, return, _aligned_offset_realloc,
          (void *block, size_t n, size_t alignment, size_t offset), (block, n, alignment, offset),
          ucrt_aligned_realloc (SELF, block, n, alignment, offset))
FUNCTION (void *, return, _aligned_offset_recalloc,
          (void *block, size_t count_, size_t size, size_t alignment, size_t offset),
          (block, count_, size, alignment, offset),
          ucrt_aligned_recalloc (SELF, block, count_, size, alignment, offset))

ALONE (int, return, _CrtIsValidHeapPointer, (const void *block), (block),
       ucrt_is_valid_heap_pointer (SELF, block))
ALONE (int, return, _CrtIsMemoryBlock,
       (const void *block, unsigned size, long *request_number, char **file, int *line),
       (block, size, request_number, file, line),
       ucrt_is_memory_block (SELF, block, size, request_number, file, line))
ALONE (int, return, _CrtReportBlockType, (const void *block), (block),
       ucrt_report_block_type (SELF, block))
ALONE (void, , _CrtSetDbgBlockType, (void *block, int type), (block, type),
       ucrt_set_block_type (SELF, block, type))

#undef FUNCTION
#undef ALONE
#undef SELF
#undef HOOK
#undef PASTE
#undef PASTE_
#undef CRT
