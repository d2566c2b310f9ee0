/* An adapter that gives a Vulkan loader and its drivers the memory of a MIR_alloc:
   VkAllocationCallbacks, with any alignment, and counts by scope.

   With the loader of 1.4.309 and Lavapipe of Mesa 25.0.7 most blocks are the loader's, all are
   aligned to 8 bytes, none is of 0 bytes, no NULL is freed, and some are made smaller.  Nearly every
   refused allocation is VK_ERROR_OUT_OF_HOST_MEMORY, and nothing is lost; but Lavapipe does not
   survive some while it makes a pipeline layout, records commands or runs them (Mesa 22.3.6 neither),
   so a limit must be one that is never met.  A refused shrink is an error; the functions here refuse
   none.  Around them go 99 % of the bytes: the compiler's, LLVM.  The notifications of internal
   allocations never come.  (2026-12)

   [ ... | head | block ... ]  The head has the block's size, and where its memory begins.  */
#ifndef MIR_VULKAN_H
#define MIR_VULKAN_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <string.h> /* memcpy */
#include <vulkan/vulkan_core.h>

#include "mir-alloc.h"
#include "mir-size-header.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MIR_VULKAN_SCOPES = VK_SYSTEM_ALLOCATION_SCOPE_INSTANCE + 1 };

/* Must outlive what is made with its callbacks.  Several threads may use it if they may use ALLOC;
   the counts are then not exact.  */
typedef struct MIR_vulkan {
  MIR_alloc_t alloc;
  size_t made[MIR_VULKAN_SCOPES]; /* blocks by VkSystemAllocationScope, resized ones again */
} MIR_vulkan_t;

typedef struct mir_vulkan_head {
  size_t size;   /* of the block, in bytes */
  size_t offset; /* of the block, from where its memory begins */
} mir_vulkan_head_t;

static inline mir_vulkan_head_t *mir_vulkan_head_of (void *block) {
  return (mir_vulkan_head_t *) block - 1;
}

/* SIZE is not 0, and ALIGNMENT a power of two.  */
static inline void *mir_vulkan_make (MIR_vulkan_t *vulkan, size_t size, size_t alignment) {
  size_t pad = sizeof (mir_vulkan_head_t) + (alignment > MIR_SIZE_HEADER ? alignment : 0);
  if (size > PTRDIFF_MAX - MIR_SIZE_HEADER || pad > PTRDIFF_MAX - size) return NULL;
  char *memory = (char *) MIR_malloc (vulkan->alloc, size + pad);
  if (memory == NULL) return NULL;
  size_t offset = sizeof (mir_vulkan_head_t);
  if (alignment > MIR_SIZE_HEADER)
    offset += (size_t) (0 - ((uintptr_t) memory + offset)) & (alignment - 1);
  void *block = memory + offset;
  mir_vulkan_head_of (block)->size = size;
  mir_vulkan_head_of (block)->offset = offset;
  return block;
}

static inline VKAPI_ATTR void *VKAPI_CALL mir_vulkan_alloc (void *user, size_t size,
                                                            size_t alignment,
                                                            VkSystemAllocationScope scope) {
  MIR_vulkan_t *vulkan = (MIR_vulkan_t *) user;
  if (size == 0) return NULL;
  if ((unsigned) scope < MIR_VULKAN_SCOPES) vulkan->made[scope]++;
  return mir_vulkan_make (vulkan, size, alignment);
}

static inline VKAPI_ATTR void VKAPI_CALL mir_vulkan_free (void *user, void *block) {
  if (block == NULL) return;
  MIR_free (((MIR_vulkan_t *) user)->alloc, (char *) block - mir_vulkan_head_of (block)->offset);
}

/* The same block with SIZE bytes, where its memory begins with the head.  */
static inline void *mir_vulkan_resize (MIR_vulkan_t *vulkan, void *block, size_t size) {
  mir_vulkan_head_t *head = mir_vulkan_head_of (block);
  if (size > PTRDIFF_MAX - sizeof (*head)) return NULL;
  head = (mir_vulkan_head_t *) MIR_realloc (vulkan->alloc, head, head->size + sizeof (*head),
                                            size + sizeof (*head));
  if (head == NULL) return NULL;
  head->size = size;
  return head + 1;
}

static inline VKAPI_ATTR void *VKAPI_CALL mir_vulkan_realloc (void *user, void *block, size_t size,
                                                              size_t alignment,
                                                              VkSystemAllocationScope scope) {
  if (block == NULL) return mir_vulkan_alloc (user, size, alignment, scope);
  if (size == 0) {
    mir_vulkan_free (user, block);
    return NULL;
  }
  size_t old_size = mir_vulkan_head_of (block)->size;
  void *res;
  if (alignment <= MIR_SIZE_HEADER
      && mir_vulkan_head_of (block)->offset == sizeof (mir_vulkan_head_t)) {
    res = mir_vulkan_resize ((MIR_vulkan_t *) user, block, size);
  } else {
    res = mir_vulkan_make ((MIR_vulkan_t *) user, size, alignment);
    if (res != NULL) {
      memcpy (res, block, size < old_size ? size : old_size);
      mir_vulkan_free (user, block);
    }
  }
  if (res == NULL) return size <= old_size ? block : NULL;
  if ((unsigned) scope < MIR_VULKAN_SCOPES) ((MIR_vulkan_t *) user)->made[scope]++;
  return res;
}

/* The callbacks over VULKAN, whose ALLOC is set; for every call that makes, and the one that destroys,
   an object.  */
static inline VkAllocationCallbacks MIR_vulkan_callbacks (MIR_vulkan_t *vulkan) {
  VkAllocationCallbacks res;
  res.pUserData = vulkan;
  res.pfnAllocation = mir_vulkan_alloc;
  res.pfnReallocation = mir_vulkan_realloc;
  res.pfnFree = mir_vulkan_free;
  res.pfnInternalAllocation = NULL;
  res.pfnInternalFree = NULL;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_VULKAN_H */
