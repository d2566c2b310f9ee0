// What a user does with a space, in every back end at every level of protection that this system has.
#ifndef MIR_TESTS_ADAPTERS_EVERY_BACKEND_HPP
#define MIR_TESTS_ADAPTERS_EVERY_BACKEND_HPP

#include "mir-code.h"
#include "support/tap.h"

// Call USE with a copy of OPTIONS for each combination; it returns false where there is no space.
template <typename Use>
void in_every_backend (MIR_code_options_t options, Use use) {
  int spaces = 0;
  for (unsigned bit = 1; bit <= MIR_CODE_RWX; bit <<= 1)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++) {
      options.backends = bit;
      options.protection = static_cast<MIR_code_protection_t> (level);
      spaces += use (options);
    }
  tap_note ("%d back ends and levels", spaces);
  CHECK (spaces > 0);
}

#endif  // MIR_TESTS_ADAPTERS_EVERY_BACKEND_HPP
