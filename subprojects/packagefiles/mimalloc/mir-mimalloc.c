/* mimalloc as one unit, for every build: its settings, then its source.  */
#define MI_STATIC_LIB
#define MI_BUILD_RELEASE
#define MI_DEBUG 0 /* the default without NDEBUG checks mimalloc's invariants at every call */
#define MI_NO_THP \
  1 /* request no huge pages; the run-time option would disable them for the whole process */
#ifndef MI_SECURE
#define MI_SECURE 0
#endif
#ifndef MI_GUARDED     /* whose sampling is set by the environment */
#define MI_NO_GETENV 1 /* MIMALLOC_... are for the program's own mimalloc */
#endif

/* After 3.4.3 free finds a block's page by alignment, unless this is set: arenas would begin at multiples of 256 MiB,
   but the library's ranges of memory begin where there is room.  Then, as before, free looks the page up.  */
#ifdef __linux__
#define MI_FREE_USE_PAGEMAP 1
#endif

/* By default mimalloc learns of a thread's end through a section that only Microsoft's compiler fills; with mingw it
   would never know, and leak the memory of each thread that ends.  */
#ifdef __MINGW32__
#define MI_WIN_INIT_USE_FLS 1
#endif

/* Its locks go through fork-order.c, which keeps forks out of them.  */
#ifndef _WIN32
#define pthread_mutex_lock mir_mimalloc_lock
#define pthread_mutex_trylock mir_mimalloc_trylock
#define pthread_mutex_unlock mir_mimalloc_unlock
#endif

#include "src/static.c"
