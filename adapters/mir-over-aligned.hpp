// Blocks of any alignment from a MIR_alloc, whose own blocks are aligned for every object type
// only; and what the C++ adapters do when there is none.
#ifndef MIR_OVER_ALIGNED_HPP
#define MIR_OVER_ALIGNED_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "mir-alloc.h"

namespace mir {

// Allocate SIZE bytes at a multiple of ALIGNMENT, a power of two.  nullptr on failure.  If
// ALIGNMENT is more than a MIR_alloc gives, the word before the block has the address of the memory
// around it.
inline void *allocate_aligned (MIR_alloc_t alloc, std::size_t size,
                               std::size_t alignment) noexcept {
  if (alignment <= alignof (std::max_align_t)) return MIR_malloc (alloc, size == 0 ? 1 : size);
  std::size_t more = alignment + sizeof (void *);
  if (size > SIZE_MAX - more) return nullptr;
  char *memory = static_cast<char *> (MIR_malloc (alloc, size + more));
  if (memory == nullptr) return nullptr;
  std::uintptr_t first = reinterpret_cast<std::uintptr_t> (memory) + sizeof (void *);
  char *res = memory + sizeof (void *) + (alignment - first % alignment) % alignment;
  reinterpret_cast<void **> (res)[-1] = memory;
  return res;
}

// Report that memory was refused: throw EXCEPTION or, in a unit without exceptions, end the process
// with a line on standard error.  Compile all units of a program that use it alike.
#ifdef __cpp_exceptions
template <typename EXCEPTION>
[[noreturn]] inline void refuse () {
  throw EXCEPTION ();
}
#else
template <typename EXCEPTION>
[[noreturn]] inline void refuse () noexcept {
  std::fputs ("mir-alloc: out of memory in C++ code without exceptions\n", stderr);
  std::abort ();
}
#endif

// Free PTR, a block that allocate_aligned has made with the same ALIGNMENT, or nullptr.
inline void free_aligned (MIR_alloc_t alloc, void *ptr, std::size_t alignment) noexcept {
  if (ptr != nullptr && alignment > alignof (std::max_align_t))
    ptr = static_cast<void **> (ptr)[-1];
  MIR_free (alloc, ptr);
}

}  // namespace mir

#endif  // MIR_OVER_ALIGNED_HPP
