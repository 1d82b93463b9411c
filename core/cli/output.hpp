// The real standard output, which plugins and libraries cannot reach: results for people, or one
// JSON object. Knows nothing about what a result is.
#pragma once

#include <string_view>

namespace lathe {

class Output {
 public:
  // Writes to a descriptor that stays open as long as the object lives.
  explicit Output(int descriptor) : descriptor_(descriptor) {}

  // Throws run_error when nobody takes it (a full disk, a closed pipe).
  void write(std::string_view text) const;

 private:
  int descriptor_;
};

}  // namespace lathe
