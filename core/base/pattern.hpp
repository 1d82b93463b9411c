// Patterns of names: regular expressions as Python and Perl write them, by PCRE2.
// Knows nothing about what is named.
#pragma once

#include "core/base/error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace lathe {

// Not for two threads at once. The time of a match is bounded: a pattern that needs more steps on a
// name is a usage error that names both.
class Pattern {
 public:
  // Throws a usage error at `position` that says where in the text it stops being an expression.
  Pattern(std::string text, Position position);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // The whole name, as Python's re.fullmatch.
  bool matches(std::string_view name) const;
  // A part of it, as re.search.
  bool occurs_in(std::string_view name) const;

 private:
  struct Compiled;

  bool match(std::string_view name, unsigned options) const;

  std::string text_;
  Position position_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace lathe
