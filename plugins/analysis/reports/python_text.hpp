// Values as Python prints them: repr(), and pprint.pformat() with sorted keys. Texts are UTF-8;
// lengths are in characters. Values have no tuples: a list prints in brackets.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace python {

inline bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// Characters.
inline std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += continues(c) ? 0 : 1;
  return count;
}

struct Character {
  std::uint32_t code;
  std::size_t bytes;
  bool valid;
};

// The one at `at`; what is no UTF-8 is a byte of its own.
inline Character character(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0;
  std::uint32_t code = bytes == 0 ? 0 : first & ((1U << (7 - bytes)) - 1U);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (at + i >= text.size() || !continues(text[at + i])) return {first, 1, false};
    code = code << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  }
  if (bytes == 0) return {first, 1, false};
  return {code, bytes, true};
}

// str.isspace() and what ends a line for str.splitlines().
inline bool is_space(std::uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}
inline bool ends_line(std::uint32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}
// What repr() shows as it is: neither a control, a separator other than a space, nor a format
// character, surrogate or private use. Code points that Unicode has not assigned are not known
// here.
inline bool is_printable(std::uint32_t c) {
  if (c == ' ') return true;
  if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || is_space(c)) return false;
  return c != 0xAD && !(c >= 0x200B && c <= 0x200F) && !(c >= 0x202A && c <= 0x202E) &&
         !(c >= 0x2060 && c <= 0x206F) && c != 0xFEFF && !(c >= 0xD800 && c <= 0xF8FF);
}

inline std::string escaped(std::uint32_t code) {
  char text[12];
  const char* const form = code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::snprintf(text, sizeof text, form, code);
  return text;
}

// 'text', or "it's" where that needs no backslash.
inline std::string repr(std::string_view text) {
  const bool double_quotes =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character(text, at);
    if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\r') {
      out += "\\r";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (c.code == '\\' || c.code == static_cast<unsigned char>(quote)) {
      out += '\\';
      out += static_cast<char>(c.code);
    } else if (c.valid && is_printable(c.code)) {
      out.append(text.data() + at, c.bytes);
    } else {
      out += escaped(c.code);
    }
    at += c.bytes;
  }
  return out + quote;
}

// The fewest digits that give the same number again, with a point or an exponent: 1.0, 1e-05.
inline std::string repr(double x) {
  if (x != x) return "nan";
  if (x - x != 0) return x < 0 ? "-inf" : "inf";
  char text[40];
  for (int digits = 0; digits <= 16; ++digits) {
    std::snprintf(text, sizeof text, "%.*e", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  std::string digits(text);
  const std::size_t e = digits.find('e');
  const int exponent = std::atoi(digits.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) return digits;
  const std::string sign = digits[0] == '-' ? "-" : "";
  digits = digits.substr(sign.size(), e - sign.size());
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto point = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= point) return sign + digits + std::string(point - digits.size(), '0') + ".0";
  return sign + digits.substr(0, point) + "." + digits.substr(point);
}

// Entries of a map by key, as bytes of UTF-8 sort: by code point.
inline std::vector<const lathe_entry*> sorted(lathe::value_view map) {
  std::vector<const lathe_entry*> out;
  for (const lathe_entry& entry : map.entries()) out.push_back(&entry);
  std::sort(out.begin(), out.end(), [](const lathe_entry* a, const lathe_entry* b) {
    return lathe::to_view(a->key) < lathe::to_view(b->key);
  });
  return out;
}

// A torch.dtype is a text here; Python prints it bare: 'torch_dtype': torch.float32.
inline bool is_bare(std::string_view key, std::string_view text) {
  return key == "torch_dtype" && text.substr(0, 6) == "torch.";
}

// `key` is that of the map the value stands in.
inline std::string repr(lathe::value_view v, std::string_view key = {}) {
  switch (v.kind()) {
    case LATHE_VALUE_NONE:
      return "None";
    case LATHE_VALUE_BOOL:
      return v.boolean() ? "True" : "False";
    case LATHE_VALUE_FLOAT:
      return repr(v.real());
    case LATHE_VALUE_STRING:
      return is_bare(key, v.text()) ? lathe::to_string(v.text()) : repr(v.text());
    case LATHE_VALUE_LIST: {
      std::string all;
      for (std::uint64_t i = 0; i < v.size(); ++i) all += (i == 0 ? "" : ", ") + repr(v[i]);
      return "[" + all + "]";
    }
    case LATHE_VALUE_MAP: {
      std::string all;
      for (const lathe_entry* entry : sorted(v)) {
        const std::string_view name = lathe::to_view(entry->key);
        all += (all.empty() ? "" : ", ") + repr(name) + ": " + repr(&entry->value, name);
      }
      return "{" + all + "}";
    }
    default:
      return lathe::to_string(v.raw()->as.integer);
  }
}

// pprint's rules: what does not fit the rest of the line is broken at the items of its outermost
// list or map, and a text at its lines and words.
class PrettyPrinter {
 public:
  explicit PrettyPrinter(std::size_t width) : width_(static_cast<std::ptrdiff_t>(width)) {}

  std::string of(lathe::value_view v) {
    format(v, {}, 0, 0, 1);
    return std::move(out_);
  }

 private:
  // `allowance` characters follow on the last line; the outermost value has level 1.
  void format(lathe::value_view v, std::string_view key, std::ptrdiff_t indent,
              std::ptrdiff_t allowance, int level) {
    const std::string whole = repr(v, key);
    const bool fits = static_cast<std::ptrdiff_t>(length(whole)) <= width_ - indent - allowance;
    if (!fits && v.kind() == LATHE_VALUE_MAP) {
      format_map(v, indent, allowance + 1, level + 1);
    } else if (!fits && v.kind() == LATHE_VALUE_LIST) {
      format_list(v, indent, allowance + 1, level + 1);
    } else if (!fits && v.kind() == LATHE_VALUE_STRING && !is_bare(key, v.text())) {
      format_text(v.text(), indent, allowance, level);
    } else {
      out_ += whole;
    }
  }

  void next_line(std::ptrdiff_t indent) {
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent), ' ');
  }

  void format_map(lathe::value_view v, std::ptrdiff_t indent, std::ptrdiff_t allowance, int level) {
    const auto entries = sorted(v);
    out_ += '{';
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool last = i + 1 == entries.size();
      const std::string_view key = lathe::to_view(entries[i]->key);
      const std::string name = repr(key);
      out_ += name + ": ";
      format(&entries[i]->value, key, indent + 3 + static_cast<std::ptrdiff_t>(length(name)),
             last ? allowance : 1, level);
      if (last) break;
      out_ += ',';
      next_line(indent + 1);
    }
    out_ += '}';
  }

  void format_list(lathe::value_view v, std::ptrdiff_t indent, std::ptrdiff_t allowance,
                   int level) {
    out_ += '[';
    for (std::uint64_t i = 0; i < v.size(); ++i) {
      const bool last = i + 1 == v.size();
      format(v[i], {}, indent + 1, last ? allowance : 1, level);
      if (last) break;
      out_ += ',';
      next_line(indent + 1);
    }
    out_ += ']';
  }

  // str.splitlines(True).
  static std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
      const Character c = character(text, at);
      at += c.bytes;
      if (!c.valid || !ends_line(c.code)) continue;
      if (c.code == '\r' && at < text.size() && text[at] == '\n') ++at;
      lines.push_back(text.substr(begin, at - begin));
      begin = at;
    }
    if (begin < text.size()) lines.push_back(text.substr(begin));
    return lines;
  }

  // Words with the white space behind each.
  static std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t begin = 0;
    bool in_space = false;
    for (std::size_t at = 0; at < line.size();) {
      const Character c = character(line, at);
      const bool space = c.valid && is_space(c.code);
      if (in_space && !space) {
        words.push_back(line.substr(begin, at - begin));
        begin = at;
      }
      in_space = space;
      at += c.bytes;
    }
    words.push_back(line.substr(begin));
    return words;
  }

  // Adds the parts of a line that does not fit.
  static void break_line(std::string_view line, std::ptrdiff_t width, std::ptrdiff_t last_width,
                         std::vector<std::string>& parts) {
    const std::vector<std::string_view> words = words_of(line);
    std::string_view current = line.substr(0, 0);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view longer(current.data(), current.size() + words[i].size());
      const bool last = i + 1 == words.size();
      if (static_cast<std::ptrdiff_t>(length(repr(longer))) <= (last ? last_width : width)) {
        current = longer;
        continue;
      }
      if (!current.empty()) parts.push_back(repr(current));
      current = words[i];
    }
    if (!current.empty()) parts.push_back(repr(current));
  }

  void format_text(std::string_view text, std::ptrdiff_t indent, std::ptrdiff_t allowance,
                   int level) {
    const bool in_brackets = level == 1;
    if (in_brackets) ++indent, ++allowance;
    const std::ptrdiff_t width = width_ - indent;
    const auto lines = lines_of(text);
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::ptrdiff_t last_width = i + 1 == lines.size() ? width - allowance : width;
      std::string whole = repr(lines[i]);
      if (static_cast<std::ptrdiff_t>(length(whole)) <= last_width) {
        parts.push_back(std::move(whole));
      } else {
        break_line(lines[i], width, last_width, parts);
      }
    }
    const bool bracketed = in_brackets && parts.size() > 1;
    if (bracketed) out_ += '(';
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) next_line(indent);
      out_ += parts[i];
    }
    if (bracketed) out_ += ')';
  }

  std::ptrdiff_t width_;
  std::string out_;
};

inline std::string pformat(lathe::value_view v, std::size_t width = 80) {
  return PrettyPrinter(width).of(v);
}

}  // namespace python
