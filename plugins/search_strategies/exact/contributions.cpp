#include "contributions.hpp"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace search_strategies {

namespace {

constexpr const char* kForm =
    "; a file of contributions is {\"objective\": {\"parameter\": [a number per choice]}}, as the "
    "pass 'sensitivity' writes it";

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  ContributionsFile file() {
    ContributionsFile result;
    object("objectives", [&](const std::string& objective) {
      Contributions& rows = result.objectives[objective];
      object("the parameters of '" + objective + "'", [&](const std::string& parameter) {
        skip_spaces();
        Row& row = rows[parameter];
        row.place = place();
        row.values = numbers("the values of '" + parameter + "'");
      });
    });
    skip_spaces();
    if (at_ < text_.size()) fail("something follows the end");
    if (result.objectives.empty()) fail("there is no objective");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument(place() + ": " + what + kForm);
  }

  std::string place() const {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < at_; ++i) {
      const bool ends = text_[i] == '\n';
      line += ends;
      column = ends ? 1 : column + 1;
    }
    return name_ + ":" + std::to_string(line) + ":" + std::to_string(column);
  }

  char next() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void skip_spaces() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr &&
           text_[at_] != '\0') {
      ++at_;
    }
  }
  void take(char wanted, const std::string& of) {
    if (next() != wanted) fail("here " + of + " should have '" + std::string(1, wanted) + "'");
    ++at_;
  }

  // entry(key) reads the value of each.
  template <class Entry>
  void object(const std::string& what, const Entry& entry) {
    take('{', what);
    std::map<std::string, bool> seen;
    for (bool first = true; next() != '}'; first = false) {
      if (!first) take(',', what);
      skip_spaces();
      const std::string key = string(what);
      if (!seen.emplace(key, true).second) fail("'" + key + "' is there twice");
      take(':', what);
      entry(key);
    }
    ++at_;
  }

  std::string string(const std::string& of) {
    take('"', of);
    std::string result;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (c != '\\') {
        result += c;
        continue;
      }
      const char escaped = at_ < text_.size() ? text_[at_++] : '\0';
      static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
      const std::size_t known = kFrom.find(escaped);
      if (escaped == 'u') {
        result += code_point();
      } else if (escaped != '\0' && known != std::string_view::npos) {
        result += kTo[known];
      } else {
        fail("there is no such escape in JSON");
      }
    }
    take('"', of);
    return result;
  }

  // Of four hexadecimal digits, as UTF-8; of a pair of surrogates each by itself is refused.
  std::string code_point() {
    unsigned code = 0;
    const char* end = text_.data() + std::min(text_.size(), at_ + 4);
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, code, 16);
    if (error != std::errc() || stop != text_.data() + at_ + 4 || (code >= 0xD800 && code < 0xE000))
      fail("\\u takes four hexadecimal digits of a character");
    at_ += 4;
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) {
      return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    }
    return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
            static_cast<char>(0x80 | (code & 0x3F))};
  }

  std::vector<double> numbers(const std::string& what) {
    take('[', what);
    std::vector<double> values;
    while (next() != ']') {
      if (!values.empty()) take(',', what);
      skip_spaces();
      values.push_back(number(what));
    }
    ++at_;
    return values;
  }

  double number(const std::string& of) {
    const std::size_t begin = at_;
    const std::size_t end = std::min(text_.find_first_of(",]}\n\r\t ", begin), text_.size());
    double value = 0;
    const auto [stop, error] = std::from_chars(text_.data() + begin, text_.data() + end, value);
    if (error != std::errc() || stop != text_.data() + end || !std::isfinite(value)) {
      fail(of + " have '" + std::string(text_.substr(begin, end - begin)) +
           "', which is no finite number");
    }
    at_ = end;
    return value;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

}  // namespace

ContributionsFile read_contributions(std::string_view text, const std::string& name) {
  return Reader(text, name).file();
}

ContributionsFile load_contributions(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  // A folder opens, but cannot be read.
  if (!in || !(text << in.rdbuf())) {
    throw std::invalid_argument(path + ": cannot be read: " + std::strerror(errno) +
                                "; the pass 'sensitivity' writes such a file");
  }
  return read_contributions(text.str(), path);
}

}  // namespace search_strategies
