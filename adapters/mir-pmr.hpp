// An adapter in both directions between MIR_alloc and std::pmr::memory_resource.
#ifndef MIR_PMR_HPP
#define MIR_PMR_HPP

#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <new>

#include "mir-alloc.h"
#include "mir-over-aligned.hpp"
#include "mir-size-header.h"

namespace mir {

// A memory resource over a MIR_alloc, which must outlive it.  It gives any alignment and throws
// std::bad_alloc on failure; in units without exceptions it ends the process with a line instead.
// Any thread may use it if the MIR_alloc allows it.  Two are equal if they have the same MIR_alloc;
// in units without RTTI each equals only itself, which the standard allows: a container then moves
// its elements, where it would have moved all at once.
class memory_resource : public std::pmr::memory_resource {
 public:
  explicit memory_resource (MIR_alloc_t alloc) noexcept : alloc_{alloc} {}
  MIR_alloc_t get_alloc () const noexcept { return alloc_; }

 private:
  void *do_allocate (std::size_t size, std::size_t alignment) override {
    void *res = allocate_aligned (alloc_, size, alignment);
    if (res == nullptr) refuse<std::bad_alloc> ();
    return res;
  }

  void do_deallocate (void *ptr, std::size_t, std::size_t alignment) override {
    free_aligned (alloc_, ptr, alignment);
  }

  bool do_is_equal (const std::pmr::memory_resource &other) const noexcept override {
    const memory_resource *ours = this_class (other);
    return ours != nullptr && ours->alloc_ == alloc_;
  }

  // OTHER, if it is known to be of this class.
#ifdef __cpp_rtti
  const memory_resource *this_class (const std::pmr::memory_resource &other) const noexcept {
    return dynamic_cast<const memory_resource *> (&other);
  }
#else
  const memory_resource *this_class (const std::pmr::memory_resource &other) const noexcept {
    return &other == this ? this : nullptr;
  }
#endif

  MIR_alloc_t alloc_;
};

// A MIR_alloc over a memory resource, which must outlive it: pass get ().  The resource gets the
// right sizes when it frees.  Its exceptions become NULL and never pass through C; in units without
// exceptions, one ends the process.  Any thread may use it if the resource allows it.
class alloc_on_resource {
 public:
  explicit alloc_on_resource (std::pmr::memory_resource *resource) noexcept
      : alloc_{&do_malloc, &do_calloc, &do_realloc, &do_free, this}, resource_{resource} {}
  alloc_on_resource (const alloc_on_resource &) = delete;  // get () gives its address away
  alloc_on_resource &operator= (const alloc_on_resource &) = delete;

  MIR_alloc_t get () noexcept { return &alloc_; }

 private:
  static std::pmr::memory_resource *resource_of (void *user_data) noexcept {
    return static_cast<alloc_on_resource *> (user_data)->resource_;
  }

  static void *do_malloc (std::size_t size, void *user_data) noexcept {
    std::size_t len = mir_with_header (size);
    if (len == 0) return nullptr;
    return mir_set_size_header (allocate_or_null (resource_of (user_data), len), size);
  }

#ifdef __cpp_exceptions
  static void *allocate_or_null (std::pmr::memory_resource *resource, std::size_t len) noexcept {
    try {
      return resource->allocate (len);
    } catch (...) {
      return nullptr;
    }
  }
#else
  static void *allocate_or_null (std::pmr::memory_resource *resource, std::size_t len) noexcept {
    return resource->allocate (len);
  }
#endif

  static void *do_calloc (std::size_t num, std::size_t size, void *user_data) noexcept {
    std::size_t len;
    if (mir_product_overflows (num, size, &len)) return nullptr;
    void *res = do_malloc (len, user_data);
    if (res != nullptr) std::memset (res, 0, len);
    return res;
  }

  static void *do_realloc (void *ptr, std::size_t old_size, std::size_t new_size,
                           void *user_data) noexcept {
    void *res = do_malloc (new_size, user_data);
    if (ptr == nullptr) return res;
    if (res == nullptr)
      return new_size <= mir_size_in_header (ptr) ? ptr : nullptr;  // a shrink stays
    std::memcpy (res, ptr, old_size < new_size ? old_size : new_size);
    do_free (ptr, user_data);
    return res;
  }

  static void do_free (void *ptr, void *user_data) noexcept {
    if (ptr == nullptr) return;
    std::size_t size = mir_size_in_header (ptr);
    resource_of (user_data)->deallocate (mir_size_header_of (ptr), mir_with_header (size));
  }

  struct MIR_alloc alloc_;
  std::pmr::memory_resource *resource_;
};

}  // namespace mir

#endif  // MIR_PMR_HPP
