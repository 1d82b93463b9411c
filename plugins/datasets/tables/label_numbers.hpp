// Labels as words or numbers, and the classes that they are. Knows no file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

// Class numbers of label texts. Without given classes they are collected, and put in order at the
// end: numbers by value, words by letter.
class label_numbers {
 public:
  explicit label_numbers(std::vector<std::string> classes);

  // -1 if it is none of the given classes.
  std::int64_t of(std::string_view cell);

  const std::vector<std::string>& names() const { return names_; }
  // The first label that is written as a decimal, eg: "1.0", "3.7"; empty if there was none, or the
  // classes were given.
  const std::string& decimal() const { return decimal_; }
  bool fixed() const { return fixed_; }

  // Puts collected classes in order; labels already given out are renumbered.
  void finish(std::vector<std::int64_t>& labels);

 private:
  std::int64_t added(std::string name);
  std::vector<std::string> names_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::string decimal_;
  bool fixed_ = false;
};

}  // namespace datasets
