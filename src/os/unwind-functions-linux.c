/* Finds the unwinder on Linux: what the program has, else what can be loaded.

   1. What the program or one of its libraries is linked with, by weak references.  A program without a
      loader has no other.
   2. What the loader finds in libraries that were loaded for everybody since.
   3. What a plug-in has brought for itself; then libgcc_s, as glibc's backtrace () does, or LLVM's
      libunwind where there is no libgcc_s.  A C++ plug-in that is loaded later gets the same copy, since
      the loader knows it by its name, so the plug-in's exceptions pass through frames that were
      registered before.

   Loaded for this library alone (RTLD_LOCAL): were it for everybody, a plug-in with an unwinder of its
   own might get half of its functions from this one.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT */
#endif
#include "os/unwind-functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h> /* NULL */

#include "os/cancel.h"

/* No header declares these.  */
extern void __register_frame (void *fde);
extern void __deregister_frame (void *fde);
extern void __register_frame_info (const void *section, void *object);
extern void *__deregister_frame_info (const void *section);
extern const void *_Unwind_Find_FDE (void *pc, struct mir_unwind_bases *bases);
extern void __unw_add_dynamic_eh_frame_section (uintptr_t section);
extern void __unw_remove_dynamic_eh_frame_section (uintptr_t section);

#pragma weak _Unwind_Backtrace
#pragma weak _Unwind_GetIP
#pragma weak __register_frame
#pragma weak __deregister_frame
#pragma weak __register_frame_info
#pragma weak __deregister_frame_info
#pragma weak _Unwind_Find_FDE
#pragma weak __unw_add_dynamic_eh_frame_section
#pragma weak __unw_remove_dynamic_eh_frame_section
/* Weak as well: they would bring a loader into a static program.  */
#pragma weak dlsym
#pragma weak dlerror

enum {
  /* A refusal may be transient, but a process without an unwinder must not search for it at every
     stack.  */
  TRIES_TO_LOAD = 4,
  FROM_EVERYBODY = 1 /* for `unwinder_source`: no handle has this value */
};

static const struct mir_unwind_functions linked_functions = {
    .backtrace = _Unwind_Backtrace,
    .address = (mir_unwind_address_t *) _Unwind_GetIP,
    .add_frame = __register_frame,
    .remove_frame = __deregister_frame,
    .add_info = __register_frame_info,
    .remove_info = __deregister_frame_info,
    .find = _Unwind_Find_FDE,
    .add_section = __unw_add_dynamic_eh_frame_section,
    .remove_section = __unw_remove_dynamic_eh_frame_section};

/* All threads load the same functions.  The first of them stores them for all; one that is behind it has
   a copy of its own, which waits for nobody.  */
static struct mir_unwind_functions loaded_functions;
static _Thread_local struct mir_unwind_functions own_functions;
static atomic_int is_claimed,
    is_loaded; /* loaded_functions: a thread stores them; has stored them */
static atomic_int failed_tries;
static atomic_uintptr_t unwinder_source; /* the first handle found; 0: none yet */
static _Thread_local int is_searching;   /* this thread is in find_unwinder */

typedef void *load_library_t (const char *name, int mode);

/* The handle of an unwinder's library: one that is there already, else one that is loaded now, and
   never closed.  NULL: there is none.  dlopen is looked up, since the linker warns of each mention of it
   in a static program, which has none that could be found.  */
static void *load_unwinder (void) {
  static const char *const names[] = {"libgcc_s.so.1", "libunwind.so.1"};
  static const int modes[] = {RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD, RTLD_NOW | RTLD_LOCAL};
  load_library_t *load = (load_library_t *) (uintptr_t) dlsym (RTLD_DEFAULT, "dlopen");
  if (load == NULL) return NULL;
  for (size_t mode = 0; mode < sizeof (modes) / sizeof (modes[0]); mode++)
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
      void *handle = load (names[i], modes[mode]);
      if (handle != NULL) return handle;
    }
  return NULL;
}

/* Agree with other threads on where all functions are from.  0: there is no unwinder.  */
static uintptr_t choose_source (void) {
  uintptr_t chosen = atomic_load (&unwinder_source), none = 0;
  if (chosen != 0) return chosen;
  int is_for_everybody = dlsym (RTLD_DEFAULT, "_Unwind_Backtrace") != NULL
                         && dlsym (RTLD_DEFAULT, "_Unwind_GetIP") != NULL;
  chosen = is_for_everybody ? FROM_EVERYBODY : (uintptr_t) load_unwinder ();
  if (chosen == 0 || atomic_compare_exchange_strong (&unwinder_source, &none, chosen))
    return chosen;
  return none; /* another thread's */
}

static uintptr_t function_from (uintptr_t from, const char *name) {
  return (uintptr_t) dlsym (from == FROM_EVERYBODY ? RTLD_DEFAULT : (void *) from, name);
}

/* Set *TO.  0, or -1 if there is no unwinder.  */
static int load_functions (struct mir_unwind_functions *to) {
  uintptr_t from = choose_source ();
  if (from == 0) return -1;
  to->backtrace = (mir_unwind_backtrace_t *) function_from (from, "_Unwind_Backtrace");
  to->address = (mir_unwind_address_t *) function_from (from, "_Unwind_GetIP");
  to->add_frame = (mir_unwind_frame_t *) function_from (from, "__register_frame");
  to->remove_frame = (mir_unwind_frame_t *) function_from (from, "__deregister_frame");
  to->add_info = (mir_unwind_add_info_t *) function_from (from, "__register_frame_info");
  to->remove_info = (mir_unwind_remove_info_t *) function_from (from, "__deregister_frame_info");
  to->find = (mir_unwind_find_t *) function_from (from, "_Unwind_Find_FDE");
  to->add_section =
      (mir_unwind_section_t *) function_from (from, "__unw_add_dynamic_eh_frame_section");
  to->remove_section =
      (mir_unwind_section_t *) function_from (from, "__unw_remove_dynamic_eh_frame_section");
  return to->backtrace == NULL || to->address == NULL ? -1 : 0;
}

/* Store own_functions for all threads, if no thread has begun to.  */
static void share_functions (void) {
  int claimed = 0;
  if (!atomic_compare_exchange_strong (&is_claimed, &claimed, 1)) return;
  loaded_functions = own_functions;
  atomic_store_explicit (&is_loaded, 1, memory_order_release);
}

/* The program must not find our failures when it asks the loader for its own.  */
static const struct mir_unwind_functions *find_unwinder (void) {
  int saved = errno, held = mir_os_hold_cancel (); /* the loader reads files */
  is_searching = 1;
  int res = load_functions (&own_functions);
  if (dlerror != NULL) (void) dlerror ();
  is_searching = 0;
  mir_os_let_cancel (held);
  errno = saved;
  if (res == 0) {
    share_functions ();
    return &own_functions;
  }
  atomic_fetch_add (&failed_tries, 1);
  return NULL;
}

const struct mir_unwind_functions *mir_os_unwind_functions (void) {
  if (linked_functions.backtrace != NULL && linked_functions.address != NULL)
    return &linked_functions;
  if (atomic_load_explicit (&is_loaded, memory_order_acquire)) return &loaded_functions;
  if (dlsym == NULL || is_searching
      || atomic_load_explicit (&failed_tries, memory_order_relaxed) >= TRIES_TO_LOAD)
    return NULL;
  return find_unwinder ();
}
