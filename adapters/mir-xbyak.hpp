// An Allocator for Xbyak, and a way to publish its code in code memory of mir-code.h.
//
//   mir::xbyak_allocator allocator{writer};
//   struct add : Xbyak::CodeGenerator {
//     add (Xbyak::Allocator *a) : CodeGenerator (4096, nullptr, a) { ... }
//   } code{&allocator};
//   uint8_t *addr;
//   if (allocator.publish (code, nullptr, &addr) == MIR_CODE_OK) ...
//
// Xbyak writes to a buffer and then makes that buffer executable.  Here the buffer stays data, and
// a copy of it is published elsewhere, so that W^X holds: no memory is ever writable and
// executable.  Therefore the code must be position-independent.  Xbyak's jumps and calls to labels
// and its rip-relative operands are; call what is outside through a register or memory, and do not
// use `mov (reg, label)` and `putL`.  publish () calls ready () for AutoGrow.
#ifndef MIR_XBYAK_HPP
#define MIR_XBYAK_HPP

#include <cstddef>
#include <cstdint>
#include <xbyak/xbyak.h>

#include "mir-code.h"
#include "mir-over-aligned.hpp"

namespace mir {

// Buffers come from ALLOC, code memory from WRITER.  Both must outlive the allocator, which must
// outlive all generators that use it.  One thread at a time, as for WRITER.
class xbyak_allocator : public Xbyak::Allocator {
 public:
  xbyak_allocator (MIR_code_writer_t writer, MIR_alloc_t alloc) noexcept
      : writer_{writer}, alloc_{alloc} {}
  xbyak_allocator (const xbyak_allocator &) = delete;
  xbyak_allocator &operator= (const xbyak_allocator &) = delete;

  uint8_t *alloc (size_t size) override {
    return static_cast<uint8_t *> (allocate_aligned (alloc_, size, alignment));
  }
  void free (uint8_t *ptr) override { free_aligned (alloc_, ptr, alignment); }
  bool useProtect () const override { return false; }

  // Publish what CODE has generated and store its address in ADDR; INFO may be NULL.  The space
  // owns the copy, which MIR_code_free gives back; CODE may be destroyed, or reset () and used
  // again.
  MIR_code_status_t publish (Xbyak::CodeGenerator &code, const MIR_code_info_t *info,
                             uint8_t **addr) {
    code.ready (Xbyak::CodeArray::PROTECT_RW);
    return MIR_code_publish (writer_, code.getCode (), code.getSize (), info, addr);
  }

 private:
  // Published code has the same alignment, so that align () holds there too.
  static constexpr std::size_t alignment = 32;

  MIR_code_writer_t writer_;
  MIR_alloc_t alloc_;
};

}  // namespace mir

#endif  // MIR_XBYAK_HPP
