/* C++ new and delete from mimalloc in mir-ucrt.dll.

   Include this in one source file of a program or DLL that links mir-ucrt.dll.  Every form of new
   and delete in that module then calls mimalloc directly, even if the override is switched off or
   was refused.  Without this header they call malloc and free of the C runtime, and reach mimalloc
   if the C runtime is overridden.  Needs mimalloc.h, and C++17 for the aligned forms.

   Delete takes any block: one that another module has made with the C runtime's malloc goes back to
   the C runtime.  Any thread.  In a unit without exceptions, a new that may throw ends the process
   instead when there is no memory.  */

#ifndef MIR_NEW_DELETE_HPP
#define MIR_NEW_DELETE_HPP

#include <cstddef>
#include <cstdlib>
#include <new>
#include <malloc.h>

#ifndef MI_SHARED_LIB
#define MI_SHARED_LIB
#endif
#include <mimalloc.h>

namespace mir_new_delete {

/* Call ALLOCATE until it gives a block or there is no new handler.  NULL on failure; a handler may
   also throw.  */
template <typename Allocate>
inline void *ask (Allocate allocate) {
  for (;;) {
    void *block = allocate ();
    if (block != nullptr) return block;
    std::new_handler handler = std::get_new_handler ();
    if (handler == nullptr) return nullptr;
    handler ();
  }
}

#ifdef __cpp_exceptions
inline void *need (void *block) {
  if (block == nullptr) throw std::bad_alloc ();
  return block;
}

/* The result of ALLOCATE, or NULL if it throws, which a new handler may do.  */
template <typename Allocate>
inline void *nothrow (Allocate allocate) noexcept {
  try {
    return allocate ();
  } catch (...) {
    return nullptr;
  }
}
#else
inline void *need (void *block) {
  if (block == nullptr) std::abort ();
  return block;
}

template <typename Allocate>
inline void *nothrow (Allocate allocate) noexcept {
  return allocate ();
}
#endif

inline void *plain (std::size_t n) {
  void *block = mi_malloc (n);
  return block != nullptr ? block : ask ([n] { return mi_malloc (n); });
}

inline void *plain_nothrow (std::size_t n) noexcept {
  return nothrow ([n] { return plain (n); });
}

inline void release (void *block) noexcept {
  if (block != nullptr && !mi_is_in_heap_region (block))
    std::free (block);
  else
    mi_free (block);
}

#ifdef __cpp_aligned_new
inline void *aligned (std::size_t n, std::align_val_t alignment) {
  std::size_t to = static_cast<std::size_t> (alignment);
  return ask ([n, to] { return mi_malloc_aligned (n, to); });
}

inline void *aligned_nothrow (std::size_t n, std::align_val_t alignment) noexcept {
  return nothrow ([n, alignment] { return aligned (n, alignment); });
}

/* The C runtime's aligned new calls _aligned_malloc.  */
inline void release_aligned (void *block) noexcept {
  if (block != nullptr && !mi_is_in_heap_region (block))
    _aligned_free (block);
  else
    mi_free (block);
}
#endif

}  // namespace mir_new_delete

void *operator new (std::size_t n) {
  return mir_new_delete::need (mir_new_delete::plain (n));
}
void *operator new[] (std::size_t n) {
  return mir_new_delete::need (mir_new_delete::plain (n));
}
void *operator new (std::size_t n, const std::nothrow_t &) noexcept {
  return mir_new_delete::plain_nothrow (n);
}
void *operator new[] (std::size_t n, const std::nothrow_t &) noexcept {
  return mir_new_delete::plain_nothrow (n);
}

void operator delete (void *block) noexcept {
  mir_new_delete::release (block);
}
void operator delete[] (void *block) noexcept {
  mir_new_delete::release (block);
}
void operator delete (void *block, const std::nothrow_t &) noexcept {
  mir_new_delete::release (block);
}
void operator delete[] (void *block, const std::nothrow_t &) noexcept {
  mir_new_delete::release (block);
}
void operator delete (void *block, std::size_t) noexcept {
  mir_new_delete::release (block);
}
void operator delete[] (void *block, std::size_t) noexcept {
  mir_new_delete::release (block);
}

#ifdef __cpp_aligned_new
void *operator new (std::size_t n, std::align_val_t to) {
  return mir_new_delete::need (mir_new_delete::aligned (n, to));
}
void *operator new[] (std::size_t n, std::align_val_t to) {
  return mir_new_delete::need (mir_new_delete::aligned (n, to));
}
void *operator new (std::size_t n, std::align_val_t to, const std::nothrow_t &) noexcept {
  return mir_new_delete::aligned_nothrow (n, to);
}
void *operator new[] (std::size_t n, std::align_val_t to, const std::nothrow_t &) noexcept {
  return mir_new_delete::aligned_nothrow (n, to);
}

void operator delete (void *block, std::align_val_t) noexcept {
  mir_new_delete::release_aligned (block);
}
void operator delete[] (void *block, std::align_val_t) noexcept {
  mir_new_delete::release_aligned (block);
}
void operator delete (void *block, std::align_val_t, const std::nothrow_t &) noexcept {
  mir_new_delete::release_aligned (block);
}
void operator delete[] (void *block, std::align_val_t, const std::nothrow_t &) noexcept {
  mir_new_delete::release_aligned (block);
}
void operator delete (void *block, std::size_t, std::align_val_t) noexcept {
  mir_new_delete::release_aligned (block);
}
void operator delete[] (void *block, std::size_t, std::align_val_t) noexcept {
  mir_new_delete::release_aligned (block);
}
#endif

#endif
