// A standard allocator over a MIR_alloc: std::vector<int, mir::allocator<int>> v{&arena->alloc};
#ifndef MIR_STD_HPP
#define MIR_STD_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "mir-alloc.h"
#include "mir-over-aligned.hpp"

namespace mir {

// The MIR_alloc must outlive all containers that use it.  Throws std::bad_alloc on failure; in
// units without exceptions it ends the process with a line instead.  Any thread may use it if the
// MIR_alloc allows it.  Two are equal if they have the same MIR_alloc.  A container takes its
// allocator along when it is moved, assigned or swapped.
template <typename T>
class allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  allocator (MIR_alloc_t alloc) noexcept : alloc_{alloc} {}
  template <typename U>
  allocator (const allocator<U> &other) noexcept : alloc_{other.get_alloc ()} {}

  T *allocate (std::size_t num) {
    if (num > SIZE_MAX / sizeof (T)) refuse<std::bad_array_new_length> ();
    void *res = allocate_aligned (alloc_, num * sizeof (T), alignof (T));
    if (res == nullptr) refuse<std::bad_alloc> ();
    return static_cast<T *> (res);
  }

  void deallocate (T *ptr, std::size_t) noexcept { free_aligned (alloc_, ptr, alignof (T)); }

  MIR_alloc_t get_alloc () const noexcept { return alloc_; }

 private:
  MIR_alloc_t alloc_;
};

template <typename T, typename U>
bool operator== (const allocator<T> &a, const allocator<U> &b) noexcept {
  return a.get_alloc () == b.get_alloc ();
}

template <typename T, typename U>
bool operator!= (const allocator<T> &a, const allocator<U> &b) noexcept {
  return !(a == b);
}

}  // namespace mir

#endif  // MIR_STD_HPP
