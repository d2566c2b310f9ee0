// A runtime for asmjit in place of JitRuntime: its code lives in code memory of mir-code-object.h.
//
//   mir::asmjit_runtime runtime{space};  // the space has a range: `reserve` in its options
//   asmjit::CodeHolder code;
//   code.init (runtime.environment ());
//   ... asmjit::x86::Assembler assembler (&code); ...
//   int (*func) (int);
//   if (runtime.add (&func, &code) == asmjit::kErrorOk) func (1);  // asmjit 1.18: Error::kOk
//   runtime.release (func);
//
// It is a JitRuntime, so functions that take one need no change.  The differences:
//
// - Only sections with kExecutable are executable.  The address table and sections with kReadOnly
//   are read-only, and all others are writable.  These three lie apart, so the address of a label
//   is code.baseAddress () + code.labelOffsetFromBase (label); the function's address is no base.
// - A section called ".eh_frame" is registered with the unwinder as long as the code lives.
// - A CodeHolder with an address table or with sections that lie apart can be added once, since
//   adding it writes distances into it.  One with a label that is used and not bound is refused,
//   with kErrorInvalidLabel.
// - allocator () and reset () are about memory that is not used here.  What is not released lives
//   until the space ends.
//
// asmjit 1.9, which Debian 12 has, to 1.21.
#ifndef MIR_ASMJIT_HPP
#define MIR_ASMJIT_HPP

/* Casts that some CPUs need and others do not; our tests see the warnings.  */
#if defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <asmjit/core.h>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "mir-code-object.h"
#include "mir-code.h"

// The names of asmjit: 1.17 renamed links, 1.18 uses snake_case and an enum class for errors.
#if ASMJIT_LIBRARY_VERSION >= 0x011200
#define MIR_ASMJIT_(OLD, NEW) NEW
#define MIR_ASMJIT_ERROR_(NAME) asmjit::Error::k##NAME
#define MIR_ASMJIT_RESOLVE_ resolve_cross_section_fixups
#define MIR_ASMJIT_UNRESOLVED_ has_unresolved_fixups
#else
#define MIR_ASMJIT_(OLD, NEW) OLD
#define MIR_ASMJIT_ERROR_(NAME) asmjit::Error (asmjit::kError##NAME)
#if ASMJIT_LIBRARY_VERSION >= 0x011100
#define MIR_ASMJIT_RESOLVE_ resolveCrossSectionFixups
#define MIR_ASMJIT_UNRESOLVED_ hasUnresolvedFixups
#else
#define MIR_ASMJIT_RESOLVE_ resolveUnresolvedLinks
#define MIR_ASMJIT_UNRESOLVED_ hasUnresolvedLinks
#endif
#endif

namespace mir {

// SPACE must outlive the runtime.  Any thread may call any function, as in a JitRuntime.
class asmjit_runtime : public asmjit::JitRuntime {
 public:
  explicit asmjit_runtime (MIR_code_space_t space) noexcept : space_{space} {}

  using JitRuntime::add;
  // As add (DST, CODE), with a NAME for debuggers and profilers.
  template <typename Func>
  asmjit::Error add (Func *dst, asmjit::CodeHolder *code, const char *name) noexcept {
    void *addr = nullptr;
    asmjit::Error error = place (&addr, *code, name);
    static_assert (sizeof (*dst) == sizeof (addr), "DST is a pointer");
    std::memcpy (dst, &addr, sizeof (addr));
    return error;
  }
  // As release (FUNC), at the end of the next grace period: threads may still run the code.
  template <typename Func>
  asmjit::Error retire (Func func) noexcept {
    void *addr;
    static_assert (sizeof (func) == sizeof (addr), "FUNC is a pointer");
    std::memcpy (&addr, &func, sizeof (addr));
    return give_back (addr, MIR_code_object_free);
  }

  asmjit::Error _add (void **dst, asmjit::CodeHolder *code) noexcept override {
    return place (dst, *code, nullptr);
  }
  asmjit::Error _release (void *addr) noexcept override {
    return give_back (addr, MIR_code_object_free_now);
  }

 private:
  static constexpr asmjit::Error ok = MIR_ASMJIT_ERROR_ (Ok);
  static constexpr std::size_t max_len = SIZE_MAX / 8;  // of a section and a segment
  static constexpr std::size_t code_alignment = 64;     // of JitRuntime

  // The parts of CODE by their access, which is their index.
  struct layout {
    MIR_code_segment_t segments[MIR_CODE_READ_WRITE + 1];
    std::size_t num;
    std::uint64_t base;
    const asmjit::Section *frames;
  };

  static asmjit::Error error_of (MIR_code_status_t status) noexcept {
    switch (status) {
      case MIR_CODE_OK:
        return ok;
      case MIR_CODE_TOO_LARGE:
        return MIR_ASMJIT_ERROR_ (TooLarge);
      case MIR_CODE_NOT_OURS:
      case MIR_CODE_BAD_OPTION:
        return MIR_ASMJIT_ERROR_ (InvalidArgument);
      case MIR_CODE_NO_BACKEND:  // for frames
        return MIR_ASMJIT_ERROR_ (FeatureNotEnabled);
      case MIR_CODE_BAD_ORDER:
        return MIR_ASMJIT_ERROR_ (InvalidState);
      default:
        return MIR_ASMJIT_ERROR_ (OutOfMemory);
    }
  }

  static std::uint64_t size_of (const asmjit::Section &section) noexcept {
    return section.MIR_ASMJIT_ (realSize, real_size) ();
  }

  static MIR_code_access_t access_of (const asmjit::CodeHolder &code,
                                      const asmjit::Section &section) noexcept {
    auto has = [&] (asmjit::SectionFlags flag) {
      return section.MIR_ASMJIT_ (hasFlag, has_flag) (flag);
    };
    if (has (asmjit::SectionFlags::kExecutable)) return MIR_CODE_READ_EXEC;
    bool is_table = &section == code.MIR_ASMJIT_ (addressTableSection, address_table_section) ();
    return is_table || has (asmjit::SectionFlags::kReadOnly) ? MIR_CODE_READ_ONLY
                                                             : MIR_CODE_READ_WRITE;
  }

  // Whether CODE calls an address beyond the reach of a direct call from some place in the range.
  bool needs_table (const asmjit::CodeHolder &code) const noexcept {
    std::uint8_t *start;
    std::size_t len;
    MIR_code_range (space_, &start, &len);
    std::uint64_t first = reinterpret_cast<std::uintptr_t> (start);
    auto far = [] (std::uint64_t distance) { return distance + 0x80000000u > 0xffffffffu; };
    for (const asmjit::RelocEntry *entry : code.MIR_ASMJIT_ (relocEntries, reloc_entries) ()) {
      std::uint64_t target = entry->payload ();
      if (entry->MIR_ASMJIT_ (relocType, reloc_type) () == asmjit::RelocType::kX64AddressEntry
          && (far (target - first) || far (target - (first + len))))
        return true;
    }
    return false;
  }

  // Set PLAN to the segments that CODE needs, and the offsets of sections to those in them.
  asmjit::Error make_plan (asmjit::CodeHolder &code, layout *plan) const noexcept {
    const asmjit::Section *table = code.MIR_ASMJIT_ (addressTableSection, address_table_section) ();
    bool with_table = table != nullptr && needs_table (code);
    for (asmjit::Section *section : code.MIR_ASMJIT_ (sectionsByOrder, sections_by_order) ()) {
      MIR_code_access_t access = access_of (code, *section);
      MIR_code_segment_t &segment = plan->segments[access];
      std::size_t alignment = section->alignment ();
      std::uint64_t len = section == table && !with_table ? 0 : size_of (*section);
      if (len > max_len || segment.len > max_len) return MIR_ASMJIT_ERROR_ (TooLarge);
      if (len != 0 && alignment > segment.alignment) segment.alignment = alignment;
      if (len != 0 && alignment != 0)
        segment.len = (segment.len + alignment - 1) & ~(alignment - 1);
      section->MIR_ASMJIT_ (setOffset, set_offset) (segment.len);
      segment.len += std::size_t (len);
      if (std::strcmp (section->name (), ".eh_frame") == 0 && len != 0) plan->frames = section;
    }
    for (std::size_t i = 0; i <= MIR_CODE_READ_WRITE; i++)
      if (plan->segments[i].len != 0) plan->num = i + 1;
    std::size_t &len = plan->segments[MIR_CODE_READ_EXEC].len;
    if (len == 0) return MIR_ASMJIT_ERROR_ (NoCodeGenerated);
    len = (len + code_alignment - 1) & ~(code_alignment - 1);  // leave no short gap to the next
    bool is_spent = code.MIR_ASMJIT_ (hasBaseAddress, has_base_address) ();
    return is_spent && (table != nullptr || plan->num != 1) ? MIR_ASMJIT_ERROR_ (InvalidState) : ok;
  }

  // Relocate CODE to the reserved segments of PLAN, and copy it to their buffers.
  static asmjit::Error write (asmjit::CodeHolder &code, layout *plan) noexcept {
    auto addr_of = [&] (std::size_t i) {
      return std::uint64_t (reinterpret_cast<std::uintptr_t> (plan->segments[i].addr));
    };
    plan->base = addr_of (0);
    for (std::size_t i = 1; i < plan->num; i++)
      if (plan->segments[i].len != 0 && addr_of (i) < plan->base) plan->base = addr_of (i);
    std::uint64_t distances[MIR_CODE_READ_WRITE + 1] = {};
    for (std::size_t i = 0; i < plan->num; i++)
      if (plan->segments[i].len != 0) distances[i] = addr_of (i) - plan->base;
    const auto &sections = code.MIR_ASMJIT_ (sectionsByOrder, sections_by_order) ();
    for (asmjit::Section *section : sections)
      section->MIR_ASMJIT_ (
          setOffset, set_offset) (section->offset () + distances[access_of (code, *section)]);
    asmjit::Error error = code.MIR_ASMJIT_RESOLVE_ ();
    if (error == ok && code.MIR_ASMJIT_UNRESOLVED_ ()) error = MIR_ASMJIT_ERROR_ (InvalidLabel);
    if (error == ok) error = code.MIR_ASMJIT_ (relocateToBase, relocate_to_base) (plan->base);
    if (error != ok) return error;
    for (asmjit::Section *section : sections) {
      std::size_t len = section->MIR_ASMJIT_ (bufferSize, buffer_size) ();
      MIR_code_access_t access = access_of (code, *section);
      std::uint64_t offset = section->offset () - distances[access];
      if (len != 0) std::memcpy (plan->segments[access].buffer + offset, section->data (), len);
    }
    return ok;
  }

  // The tag of the code block is its object, for release.
  asmjit::Error place (void **dst, asmjit::CodeHolder &code, const char *name) noexcept {
    *dst = nullptr;
    layout plan = {};
    for (std::size_t i = 0; i <= MIR_CODE_READ_WRITE; i++) {
      plan.segments[i].size = sizeof (MIR_code_segment_t);
      plan.segments[i].access = static_cast<MIR_code_access_t> (i);
    }
    plan.segments[MIR_CODE_READ_EXEC].alignment = code_alignment;
    asmjit::Error error = make_plan (code, &plan);
    if (error != ok) return error;
    MIR_code_object_t object;
    MIR_code_status_t status = MIR_code_object_reserve (space_, plan.segments, plan.num, &object);
    if (status != MIR_CODE_OK) return error_of (status);
    error = write (code, &plan);
    MIR_code_info_t info = {sizeof (info), name, reinterpret_cast<std::uintptr_t> (object)};
    if (error == ok) error = error_of (MIR_code_object_commit (space_, object, &info));
    if (error != ok) {
      MIR_code_object_abort (space_, object);
      return error;
    }
    const std::uint8_t *addr = plan.segments[MIR_CODE_READ_EXEC].addr;
    if (plan.frames != nullptr) error = add_frames (plan, addr);
    if (error == ok)
      *dst = plan.segments[MIR_CODE_READ_EXEC].addr;
    else
      MIR_code_object_free_now (space_, object);
    return error;
  }

  asmjit::Error add_frames (const layout &plan, const std::uint8_t *addr) noexcept {
    std::uintptr_t start = std::uintptr_t (plan.base + plan.frames->offset ());
    return error_of (MIR_code_add_frames (space_, addr, reinterpret_cast<const void *> (start),
                                          plan.frames->MIR_ASMJIT_ (bufferSize, buffer_size) ()));
  }

  asmjit::Error give_back (void *addr, MIR_code_status_t (*free) (MIR_code_space_t,
                                                                  MIR_code_object_t)) noexcept {
    MIR_code_piece_t piece = {};
    piece.size = sizeof (piece);
    if (MIR_code_query (space_, addr, &piece) != MIR_CODE_OK || piece.start != addr || piece.freed)
      return MIR_ASMJIT_ERROR_ (InvalidArgument);
    auto object = reinterpret_cast<MIR_code_object_t> (std::uintptr_t (piece.tag));
    return error_of (free (space_, object));
  }

  MIR_code_space_t space_;
};

}  // namespace mir

#undef MIR_ASMJIT_
#undef MIR_ASMJIT_ERROR_
#undef MIR_ASMJIT_RESOLVE_
#undef MIR_ASMJIT_UNRESOLVED_

#endif  // MIR_ASMJIT_HPP
