/* An adapter that gives SDL 3 the memory of a MIR_alloc: SDL_SetMemoryFunctions.

   SDL 3.2.10 reallocates from NULL and frees no NULL.  It does not survive every refused allocation.
   What it loads goes around: udev, which reads the machine's devices, dbus, the loader's own.  After
   SDL_Quit nothing is live.  (2026-12)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_SDL3_H
#define MIR_SDL3_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <SDL3/SDL_stdinc.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_sdl3)

/* Make SDL take all of its memory from ALLOC, which must outlive SDL_Quit and all that SDL has made.
   Call this before any other function of SDL.  As SDL_SetMemoryFunctions returns: true if it was
   set.  Every thread that uses SDL allocates.  */
static inline bool MIR_sdl3_use (MIR_alloc_t alloc) {
  mir_sdl3_alloc = alloc;
  return SDL_SetMemoryFunctions (mir_sdl3_malloc, mir_sdl3_calloc, mir_sdl3_realloc, mir_sdl3_free);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_SDL3_H */
