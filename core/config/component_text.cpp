// Reads and prints `name<option=value,...>`. A value is a TOML value whose quotes may be left out
// for plain words and paths. Knows nothing about components.
#include "core/config/component_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace lathe {
namespace {

constexpr int kDeepest = 64;  // nested lists and tables

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_key_char(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }
bool is_name_char(char c) {
  return is_key_char(c) || c == '.' || c == '/' || c == '+' || c == '@' || c == ':';
}
bool is_word_char(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
         std::string_view(",<>[]{}=\"'").find(c) == std::string_view::npos;
}

// TOML's underscores between digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      result += text[i];
    } else if (i == 0 || i + 1 == text.size() ||
               !std::isxdigit(static_cast<unsigned char>(text[i - 1])) ||
               !std::isxdigit(static_cast<unsigned char>(text[i + 1]))) {
      return std::nullopt;
    }
  }
  return result;
}

bool starts_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  return !text.empty() && is_digit(text[0]);
}

// Digits, perhaps a fraction, perhaps an exponent; no leading zeros: TOML's decimal numbers.
bool is_decimal(std::string_view text, bool& is_float) {
  std::size_t i = text[0] == '+' || text[0] == '-' ? 1 : 0;
  const std::size_t first = i;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  is_float = false;
  if (i < text.size() && text[i] == '.') {
    is_float = true;
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    is_float = true;
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// What an unquoted word is. Throws for a number that does not fit.
Value word_value(std::string_view word) {
  if (word == "true") return Value(true);
  if (word == "false") return Value(false);
  if (word == "NA") return Value();
  std::string_view unsigned_word = word;
  if (word[0] == '+' || word[0] == '-') unsigned_word.remove_prefix(1);
  if (unsigned_word == "inf") {
    const double inf = std::numeric_limits<double>::infinity();
    return Value(word[0] == '-' ? -inf : inf);
  }
  if (unsigned_word == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
  if (!starts_like_number(word)) return Value(word);
  const auto plain = without_underscores(word);
  if (!plain) return Value(word);
  const char* begin = plain->data() + ((*plain)[0] == '+' ? 1 : 0);
  const char* end = plain->data() + plain->size();
  bool is_float = false;
  if (is_decimal(*plain, is_float)) {
    if (is_float) {
      double x = 0;
      if (std::from_chars(begin, end, x).ec != std::errc{}) {
        throw usage_error(fmt::format("'{}' does not fit a number of 64 bits", word));
      }
      return Value(x);
    }
    std::int64_t i = 0;
    if (std::from_chars(begin, end, i).ec != std::errc{}) {
      throw usage_error(fmt::format("'{}' does not fit an integer of 64 bits", word));
    }
    return Value(i);
  }
  if (plain->size() > 2 && (*plain)[0] == '0') {
    const char kind = (*plain)[1];
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    std::int64_t i = 0;
    if (base != 0) {
      const auto [stop, error] = std::from_chars(begin + 2, end, i, base);
      if (error == std::errc{} && stop == end && begin[2] != '-') return Value(i);
    }
  }
  return Value(word);
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

class Parser {
 public:
  enum class Places { each, one };  // of the text's characters: their own, or that of the start

  Parser(std::string_view text, Position start, Places places = Places::each)
      : text_(text), start_(std::move(start)), places_(places) {}

  std::vector<ComponentText> components() {
    std::vector<ComponentText> result;
    skip_space();
    while (!at_end()) {
      result.push_back(component());
      skip_space();
      if (at_end()) break;
      expect(',', "a comma between components");
      skip_space();
      if (at_end()) fail("expected a name after the last comma");
    }
    return result;
  }

  ComponentText component() {
    skip_space();
    ComponentText result;
    const std::size_t from = at_;
    while (!at_end() && is_name_char(text_[at_])) ++at_;
    if (at_ == from) fail("expected a name");
    result.name = text_.substr(from, at_ - from);
    result.position = position(from);
    result.options.at(result.position);
    skip_space();
    if (!at_end() && text_[at_] == '<') {
      ++at_;
      assignments(result.options, '>', 0);
    }
    return result;
  }

  Value value(int depth = 0) {
    skip_space();
    if (at_end()) fail("expected a value");
    if (depth > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
    const std::size_t from = at_;
    const Position where = position(from);
    const char c = text_[at_];
    if (c == '"' || c == '\'') {
      std::string text = quoted();
      // As in a TOML file: "NA" is none.
      return (text == "NA" ? Value() : Value(std::move(text))).at(where);
    }
    if (c == '[') return list(depth).at(where);
    if (c == '{') {
      ++at_;
      Value table{Value::Map{}};
      assignments(table, '}', depth + 1);
      return table.at(where);
    }
    while (!at_end() && is_word_char(text_[at_])) ++at_;
    if (at_ == from) fail("expected a value");
    try {
      return word_value(text_.substr(from, at_ - from)).at(where);
    } catch (const Error& error) {
      refuse(error.message(), from);
    }
  }

  void end() {
    skip_space();
    if (!at_end()) fail("expected the end; a text with spaces or commas needs quotes");
  }

 private:
  // key.path = value, ... up to `close`.
  void assignments(Value& table, char close, int depth) {
    skip_space();
    while (!at_end() && text_[at_] != close) {
      assignment(table, depth);
      skip_space();
      if (at_end()) break;
      if (text_[at_] == ',') {
        ++at_;
        skip_space();
        if (!at_end() && text_[at_] == close) fail("expected an option after the comma");
      } else if (text_[at_] != close) {
        fail(fmt::format("expected ',' or '{}'", close));
      }
    }
    if (at_end()) fail(fmt::format("'{}' is missing", close));
    ++at_;
  }

  void assignment(Value& table, int depth) {
    Value* into = &table;
    while (true) {
      if (++depth > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
      const std::size_t from = at_;
      const std::string key = segment();
      const Position where = position(from);
      skip_space();
      Value* known = into->find(key);
      if (!at_end() && text_[at_] == '.') {
        ++at_;
        skip_space();
        if (known == nullptr) {
          into->set(key, Value(Value::Map{}).at(where));
          known = into->find(key);
        } else if (!known->is_map()) {
          refuse(fmt::format("'{}' has a value already; it is no table", key), from);
        }
        into = known;
        continue;
      }
      expect('=', fmt::format("'=' after '{}'", key));
      if (known != nullptr) refuse(fmt::format("'{}' is given twice", key), from);
      // The key's place: errors about an option point to its name.
      into->set(key, value(depth).at(where));
      return;
    }
  }

  std::string segment() {
    if (!at_end() && (text_[at_] == '"' || text_[at_] == '\'')) return quoted();
    const std::size_t from = at_;
    while (!at_end() && is_key_char(text_[at_])) ++at_;
    if (at_ == from) fail("expected the name of an option");
    return std::string(text_.substr(from, at_ - from));
  }

  Value list(int depth) {
    ++at_;
    Value::List items;
    skip_space();
    while (!at_end() && text_[at_] != ']') {
      items.push_back(value(depth + 1));
      skip_space();
      if (at_end() || text_[at_] == ']') break;
      expect(',', "',' or ']'");
      skip_space();
    }
    if (at_end()) fail("']' is missing");
    ++at_;
    return Value(std::move(items));
  }

  std::string quoted() {
    const char quote = text_[at_];
    const std::size_t from = at_++;
    std::string result;
    while (!at_end() && text_[at_] != quote) {
      if (quote == '"' && text_[at_] == '\\') {
        escape(result);
      } else {
        result += text_[at_++];
      }
    }
    if (at_end()) {
      refuse(fmt::format("the closing {} is missing", quote), from);
    }
    ++at_;
    return result;
  }

  void escape(std::string& result) {
    const std::size_t from = at_++;
    const char c = at_end() ? '\0' : text_[at_++];
    constexpr std::string_view kLetters = "btnfr\"\\e", kMeanings = "\b\t\n\f\r\"\\\x1b";
    const std::size_t simple = kLetters.find(c);
    if (c != '\0' && simple != std::string_view::npos) {
      result += kMeanings[simple];
      return;
    }
    const std::size_t length = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    std::uint32_t code = 0;
    if (length == 0 || at_ + length > text_.size()) {
      refuse("unknown escape; write \\\\ for a backslash or use '...'", from);
    }
    const char* begin = text_.data() + at_;
    const auto [stop, error] = std::from_chars(begin, begin + length, code, 16);
    if (error != std::errc{} || stop != begin + length || code > 0x10FFFF ||
        (code >= 0xD800 && code < 0xE000)) {
      refuse("an escape that is no character", from);
    }
    at_ += length;
    append_utf8(result, code);
  }

  bool at_end() const { return at_ >= text_.size(); }
  void skip_space() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  void expect(char c, std::string_view what) {
    if (at_end() || text_[at_] != c) fail(fmt::format("expected {}", what));
    ++at_;
  }

  [[noreturn]] void fail(std::string_view what) const {
    const std::string found =
        at_end() ? std::string("the text ends") : fmt::format("found '{}'", text_[at_]);
    refuse(fmt::format("{}, but {}", what, found), at_);
  }

  [[noreturn]] void refuse(const std::string& message, std::size_t at) const {
    if (places_ == Places::each) throw usage_error(message, position(at));
    throw usage_error(fmt::format("in '{}' at character {}: {}", text_, at + 1, message), start_);
  }

  Position position(std::size_t at) const {
    if (places_ == Places::one) return start_;
    const std::string_view before = text_.substr(0, at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t last = before.rfind('\n');
    Position result = start_;
    result.line += static_cast<int>(lines);
    result.column = last == std::string_view::npos ? start_.column + static_cast<int>(at)
                                                   : static_cast<int>(at - last);
    return result;
  }

  std::string_view text_;
  Position start_;
  Places places_;
  std::size_t at_ = 0;
};

bool is_plain_word(const std::string& text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_word_char)) return false;
  try {
    return word_value(text).is_string();
  } catch (const Error&) {
    return false;
  }
}

std::string quoted_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), is_key_char);
  return bare ? key : quoted_text(key);
}

std::string float_text(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", x);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// Nested tables become dotted keys; an empty one has nothing to dot.
void append_assignments(std::string& text, const std::string& prefix, const Value::Map& map) {
  for (const auto& [key, value] : map) {
    const std::string path = prefix + key_text(key);
    if (value.is_map() && !value.as_map().empty()) {
      append_assignments(text, path + ".", value.as_map());
      continue;
    }
    if (!text.empty()) text += ',';
    text += path + "=" + text_of(value);
  }
}

}  // namespace

ComponentText parse_component(std::string_view text, const std::string& origin) {
  Parser parser(text, Position{origin, 1, 1});
  ComponentText result = parser.component();
  parser.end();
  return result;
}

ComponentText parse_component(const Value& text) {
  // A value knows the place of its key only, so everything in it is there.
  Parser parser(text.as_string(), text.position(), Parser::Places::one);
  ComponentText result = parser.component();
  parser.end();
  return result;
}

std::vector<ComponentText> parse_components(std::string_view text, const std::string& origin) {
  return Parser(text, Position{origin, 1, 1}).components();
}

Value parse_value(std::string_view text, const std::string& origin) {
  return parse_value(text, Position{origin, 1, 1});
}

Value parse_value(std::string_view text, const Position& start) {
  Parser parser(text, start);
  Value result = parser.value();
  parser.end();
  return result;
}

std::string text_of(const Value& value) {
  if (value.is_none()) return "NA";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_float()) return float_text(value.as_float());
  if (value.is_string()) {
    return is_plain_word(value.as_string()) ? value.as_string() : quoted_text(value.as_string());
  }
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      if (!text.empty()) text += ", ";
      text += text_of(item);
    }
    return "[" + text + "]";
  }
  append_assignments(text, "", value.as_map());
  return "{" + text + "}";
}

std::string text_of(const ComponentText& component) {
  std::string text;
  append_assignments(text, "", component.options.as_map());
  return text.empty() ? component.name : component.name + "<" + text + ">";
}

std::string text_of(const std::vector<ComponentText>& components) {
  std::string text;
  for (const ComponentText& component : components) {
    if (!text.empty()) text += ',';
    text += text_of(component);
  }
  return text;
}

}  // namespace lathe
