// What cannot be tested under a sanitizer.
#pragma once

#include "tests/support/support.hpp"

namespace lathe_test {

// For a test of what AddressSanitizer takes for a fault, or cannot work with.
inline void skip_under_address_sanitizer([[maybe_unused]] const std::string& why) {
#ifdef __SANITIZE_ADDRESS__
  skip(why);
#endif
}

}  // namespace lathe_test
