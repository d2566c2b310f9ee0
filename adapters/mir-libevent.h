/* An adapter that gives libevent the memory of a MIR_alloc: event_set_mem_functions.

   libevent 2.1.13 reallocates from NULL.  It does not survive every refused
   allocation.  Nothing goes around, and after event_base_free nothing is live.  (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_LIBEVENT_H
#define MIR_LIBEVENT_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <event2/event.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_libevent)

/* Make libevent take all of its memory from ALLOC, which must outlive all that libevent makes, and
   libevent_global_shutdown.  Call this before any other function of libevent.  Every thread that
   uses libevent allocates.  */
static inline void MIR_libevent_use (MIR_alloc_t alloc) {
  mir_libevent_alloc = alloc;
  event_set_mem_functions (mir_libevent_malloc, mir_libevent_realloc, mir_libevent_free);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LIBEVENT_H */
