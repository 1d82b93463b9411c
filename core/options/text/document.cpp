// TOML files as trees with positions. The only file that includes toml11 (3.7 or 4.x, whose
// messages differ but whose places agree).
#include "core/options/text/document.hpp"

#include "core/base/file.hpp"
#include "core/base/words/near_path.hpp"
#include "core/options/text/component_text.hpp"
#include "core/options/text/toml_source.hpp"

#include <fmt/format.h>
#include <toml.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

namespace lathe {
namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;

// toml11 4 renamed these two.
template <typename Location>
std::pair<int, int> place_of(const Location& location) {
  if constexpr (requires { location.first_line_number(); }) {
    return {static_cast<int>(location.first_line_number()),
            static_cast<int>(location.first_column_number())};
  } else {
    return {static_cast<int>(location.line()), static_cast<int>(location.column())};
  }
}

// toml11 3.7 wraps strings; 4 does not.
template <typename Text>
std::string plain_text(const Text& text) {
  if constexpr (requires { text.str; }) {
    return text.str;
  } else {
    return text;
  }
}

// An entry of a table until it is sorted by where it first appears.
struct Child {
  std::size_t first = 0;  // offset of its first mention
  std::string key;
  Value value;
};

struct Converted {
  Value value;
  std::size_t first = 0;
};

class Converter {
 public:
  explicit Converter(const TomlSource& source) : source_(source) {}

  // `depth`: named tables around it; `dotted`: how many of the innermost were made by a dotted key.
  Converted table(const toml::value& node, std::size_t depth, std::size_t dotted) {
    std::vector<Child> children;
    for (const auto& [key, child] : node.as_table()) {
      Converted done = entry(child, depth, dotted);
      children.push_back({done.first, key, std::move(done.value)});
    }
    std::sort(children.begin(), children.end(),
              [](const Child& a, const Child& b) { return a.first < b.first; });
    Converted result;
    Value::Map map;
    for (Child& child : children) map.emplace_back(std::move(child.key), std::move(child.value));
    result.value = Value(std::move(map));
    result.first = children.empty() ? std::string::npos : children.front().first;
    return result;
  }

 private:
  std::size_t offset_of(const toml::value& node) const {
    const auto [line, column] = place_of(node.location());
    return source_.offset(line, column);
  }

  // The value of a key, at the place of the key.
  Converted entry(const toml::value& node, std::size_t depth, std::size_t dotted) {
    const std::size_t at = offset_of(node);
    const bool by_header = source_.at(at) == '[' && source_.keys_before(at).empty();
    const bool by_dots = node.is_table() && source_.at(at) != '{' && source_.at(at) != '[';
    Converted result;
    std::vector<std::size_t> keys;
    std::size_t index = 0;
    if (by_header) {
      keys = source_.keys_from(at);
      index = depth;
    } else if (by_dots) {
      keys = source_.keys_from(at);
      index = dotted;
    } else {
      keys = source_.keys_before(at);
      index = keys.empty() ? 0 : keys.size() - 1;
    }
    const std::size_t key = index < keys.size() ? keys[index] : at;
    if (node.is_table()) {
      result = table(node, depth + 1, by_dots ? dotted + 1 : 0);
    } else {
      result.value = node.is_array() ? list(node, depth + 1) : scalar(node, at);
      result.first = key;
    }
    result.value.at(source_.position(key));
    result.first = std::min(result.first, key);
    return result;
  }

  Value list(const toml::value& node, std::size_t depth) {
    Value::List items;
    for (const toml::value& item : node.as_array()) {
      const std::size_t at = offset_of(item);
      Value value = item.is_table()   ? table(item, depth, 0).value
                    : item.is_array() ? list(item, depth)
                                      : scalar(item, at);
      items.push_back(value.at(source_.position(at)));
    }
    return Value(std::move(items));
  }

  Value scalar(const toml::value& node, std::size_t at) {
    if (node.is_boolean()) return Value(node.as_boolean());
    if (node.is_string()) {
      const std::string text = plain_text(node.as_string());
      return text == "NA" ? Value() : Value(text);
    }
    if (node.is_integer() || node.is_floating()) {
      // toml11 3.7 takes a number that does not fit for the largest one that does.
      return parse_value(source_.token(at), source_.position(at));
    }
    throw usage_error("dates mean nothing here; write a text, in quotes", source_.position(at));
  }

  const TomlSource& source_;
};

// "[error] toml::parse_array: missing separator" -> "missing separator".
std::string plain_reason(std::string_view report) {
  std::string_view reason = report.substr(0, report.find('\n'));
  if (reason.substr(0, 8) == "[error] ") reason.remove_prefix(8);
  if (reason.substr(0, 6) == "toml::") {
    const std::size_t colon = reason.find(": ");
    reason.remove_prefix(colon == std::string_view::npos ? reason.size() : colon + 2);
  }
  while (!reason.empty() && (reason.back() == '.' || reason.back() == ' ')) reason.remove_suffix(1);
  return std::string(reason);
}

// A parser's report shows lines as " 12 | text" with carets under the place; the one furthest down
// the file is the offending one, others are where its like was before.
Error syntax_error(const std::string& report, const TomlSource& source) {
  int line = 0, column = 0, shown = 0;
  std::string remark;
  std::istringstream in(report);
  for (std::string text; std::getline(in, text);) {
    const std::size_t bar = text.find('|');
    if (bar == std::string::npos) continue;
    const std::string margin = text.substr(0, bar);
    if (margin.find_first_of("0123456789") != std::string::npos &&
        margin.find_first_not_of(" 0123456789") == std::string::npos) {
      shown = std::atoi(margin.c_str());
      continue;
    }
    const std::size_t mark = text.find_first_of("^~", bar + 1);
    if (mark == std::string::npos || text.find_first_not_of(' ', bar + 1) != mark) continue;
    if (shown < line) continue;
    line = shown;
    column = static_cast<int>(mark - bar) - 1;
    const std::size_t words = text.find_first_not_of("^~- ", mark);
    remark = words == std::string::npos ? "" : text.substr(words);
  }
  while (!remark.empty() && remark.back() == '.') remark.pop_back();
  std::string message = plain_reason(report);
  if (message.empty()) message = std::exchange(remark, "");
  if (!remark.empty() && remark != "here") message += " (" + remark + ")";
  message = "this is no TOML: " + message;
  if (line == 0) return usage_error(message, source.whole_file());
  const std::size_t place = source.offset(line, column);
  // Not every version of the parser says which key or word it is.
  const std::string_view word = source.token(place);
  if (!word.empty() && message.find(word) == std::string::npos) {
    message += fmt::format(": '{}'", word);
  }
  return usage_error(message, source.position(place));
}

}  // namespace

Value parse_toml(std::string_view text, const std::string& name) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const TomlSource source(text, name);
  source.check();
  toml::value document;
  try {
    std::istringstream in{std::string(text)};
    document = toml::parse(in, name);
  } catch (const std::exception& error) {
    throw syntax_error(error.what(), source);
  }
  Value result = Converter(source).table(document, 0, 0).value;
  return result.at(source.whole_file());
}

std::string read_config(const std::filesystem::path& path, std::string_view form) {
  const std::string name = path.string();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw usage_error(fmt::format("there is no file '{}'{}", name, near_path(path)));
  }
  if (status.type() == std::filesystem::file_type::none) {
    throw usage_error(read_failure(path, error.value()).message());
  }
  if (std::filesystem::is_directory(status)) {
    throw usage_error(fmt::format("'{}' is a folder; a {} file is expected", name, form));
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  std::vector<char> block(std::size_t{1} << 16);
  while (in && text.size() <= kLargestFile) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof() && text.size() <= kLargestFile) {
    throw usage_error(read_failure(path, errno == 0 ? EIO : errno).message());
  }
  if (text.size() > kLargestFile) {
    throw usage_error(fmt::format("'{}' is larger than {} MiB; that is no config file", name,
                                  kLargestFile >> 20));
  }
  return text;
}

Value read_toml(const std::filesystem::path& path) {
  return parse_toml(read_config(path), path.string());
}

}  // namespace lathe
