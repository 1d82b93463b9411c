// Reads `name<option=value,...>`. Knows nothing about components.
#include "core/options/text/component_text.hpp"

#include "core/options/text/word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lathe {
namespace {

constexpr int kDeepest = 64;  // nested lists and tables

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_char(char c) {
  return is_key_char(c) || c == '.' || c == '/' || c == '+' || c == '@' || c == ':';
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
    bare_ = {};
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
    bare_ = {from, at_};
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
        fail(fmt::format("expected ',' or '{}'", close), quotes_hint(close));
      }
    }
    if (at_end()) {
      fail(fmt::format("'{}' is missing", close),
           close == '>' ? "; a shell splits words at blanks and takes < and > for itself, so quote "
                          "the whole: 'NAME<...>'"
                        : "");
    }
    ++at_;
  }

  void assignment(Value& table, int depth) {
    Value* into = &table;
    const Bare before = bare_;
    bare_ = {};
    while (true) {
      if (++depth > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
      const std::size_t from = at_;
      if (!at_end() && !begins_key(text_[at_])) {
        fail("expected the name of an option", comma_hint(before));
      }
      const std::string key = segment();
      const Position where = position(from);
      skip_space();
      Value* known = into->find_to_write(key);
      if (!at_end() && text_[at_] == '.') {
        ++at_;
        skip_space();
        if (known == nullptr) {
          known = &into->set(key, Value(Value::Map{}).at(where));
        } else if (!known->is_map()) {
          refuse(fmt::format("'{}' has a value already; it is no table", key), from);
        }
        into = known;
        continue;
      }
      if (at_end() || text_[at_] != '=') {
        fail(fmt::format("expected '=' after '{}'", key), comma_hint(before));
      }
      ++at_;
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
      if (text_[at_] != ',') fail("expected ',' or ']'", quotes_hint(']'));
      ++at_;
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

  // A value without quotes: where it stands in the text; end 0: there is none.
  struct Bare {
    std::size_t from = 0, end = 0;
  };

  static bool begins_key(char c) { return is_key_char(c) || c == '"' || c == '\''; }

  static std::string in_quotes(std::string_view text) {
    const char quote = text.find('"') == std::string_view::npos ? '"' : '\'';
    return fmt::format("{}{}{}", quote, text, quote);
  }

  // Up to the next comma or `close`, without blanks at its end.
  std::string_view text_from(std::size_t from, char close) const {
    std::size_t end = std::min(text_.find_first_of(std::string{',', close}, at_), text_.size());
    while (end > from && is_space(text_[end - 1])) --end;
    return text_.substr(from, end - from);
  }

  // What to say where something stands behind a value without quotes that may belong to it: a blank
  // or a character that ends such a value. "a=1 b=2" lacks a comma instead.
  std::string quotes_hint(char close) const {
    if (bare_.end == 0) return "";
    const bool blank = bare_.end != at_;
    const std::string_view whole = text_from(bare_.from, close);
    if (blank && whole.find('=') != std::string_view::npos) return "";
    return fmt::format("; a text with {} needs quotes: {}",
                       blank ? std::string("a blank") : fmt::format("'{}'", text_[bare_.end]),
                       in_quotes(whole));
  }

  // The same where a comma may belong to the value before it.
  std::string comma_hint(const Bare& before) const {
    if (before.end == 0) return "";
    const std::string_view whole = text_from(before.from, '>');
    return fmt::format("; if the comma belongs to the text, that needs quotes: {}; a list is [{}]",
                       in_quotes(whole), whole);
  }

  [[noreturn]] void fail(std::string_view what, std::string_view hint = "") const {
    const std::string found =
        at_end() ? std::string("the text ends") : fmt::format("found '{}'", text_[at_]);
    refuse(fmt::format("{}, but {}{}", what, found, hint), at_);
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
  Bare bare_;  // the value that was read last
};

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

std::string text_of(const ComponentText& component) {
  const std::string text = assignments_text(component.options.as_map());
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
