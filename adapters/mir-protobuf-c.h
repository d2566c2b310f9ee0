/* An adapter that gives protobuf-c the memory of a MIR_alloc: ProtobufCAllocator.

   protobuf-c 1.5.1 resizes nothing and frees no NULL.  After a refused allocation unpacking returns
   NULL and loses nothing.  Nothing goes around.  (2026-11)  */
#ifndef MIR_PROTOBUF_C_H
#define MIR_PROTOBUF_C_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <protobuf-c/protobuf-c.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For protobuf_c_message_unpack and the functions over it, and for freeing what they made with the
   same one.  ALLOC must outlive those messages.  */
static inline ProtobufCAllocator MIR_protobuf_c_allocator (MIR_alloc_t alloc) {
  ProtobufCAllocator res;
  res.alloc = MIR_opaque_malloc;
  res.free = MIR_opaque_free;
  res.allocator_data = alloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_PROTOBUF_C_H */
