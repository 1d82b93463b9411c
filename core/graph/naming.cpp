#include "core/graph/naming.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace lathe {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// keyword.kwlist and the functions and types of builtins, and the names torch.fx keeps for itself.
constexpr std::array kReserved = {
    "False",      "None",         "True",      "abs",       "aiter",      "all",
    "and",        "anext",        "any",       "as",        "ascii",      "assert",
    "async",      "await",        "bin",       "bool",      "break",      "breakpoint",
    "bytearray",  "bytes",        "callable",  "chr",       "class",      "classmethod",
    "compile",    "complex",      "continue",  "copyright", "credits",    "def",
    "del",        "delattr",      "device",    "dict",      "dir",        "divmod",
    "elif",       "else",         "enumerate", "eval",      "except",     "exec",
    "exit",       "filter",       "finally",   "float",     "for",        "format",
    "from",       "frozenset",    "fx_pytree", "getattr",   "global",     "globals",
    "hasattr",    "hash",         "help",      "hex",       "id",         "if",
    "import",     "in",           "inf",       "input",     "int",        "is",
    "isinstance", "issubclass",   "iter",      "lambda",    "len",        "license",
    "list",       "locals",       "map",       "max",       "memoryview", "min",
    "nan",        "next",         "nonlocal",  "not",       "object",     "oct",
    "open",       "or",           "ord",       "pass",      "pow",        "print",
    "property",   "pytree",       "quit",      "raise",     "range",      "repr",
    "return",     "reversed",     "round",     "set",       "setattr",    "slice",
    "sorted",     "staticmethod", "str",       "sum",       "super",      "torch",
    "try",        "tuple",        "type",      "vars",      "while",      "with",
    "yield",      "zip"};

}  // namespace

std::string snake_case(std::string_view target) {
  std::string out;
  bool previous_lower = false;
  for (char c : target) {
    if (previous_lower && is_upper(c)) out += '_';
    out += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    previous_lower = is_lower(c);
  }
  return out;
}

std::string legal_name(std::string_view candidate) {
  std::string out(candidate);
  for (char& c : out) {
    if (!is_upper(c) && !is_lower(c) && !is_digit(c) && c != '_') c = '_';
  }
  if (out.empty()) return "_unnamed";
  return is_digit(out[0]) ? "_" + out : out;
}

bool is_legal_name(std::string_view name) { return !name.empty() && legal_name(name) == name; }

bool is_reserved(std::string_view name) {
  static const std::unordered_set<std::string_view> reserved(kReserved.begin(), kReserved.end());
  return reserved.contains(name);
}

NumberedName numbered(const std::string& name) {
  std::size_t digits = name.size();
  while (digits > 0 && is_digit(name[digits - 1])) --digits;
  // Beyond 18 digits it is no counter but a part of the name.
  const std::size_t count = name.size() - digits;
  if (count == 0 || count > 18 || digits < 2 || name[digits - 1] != '_') return {name, 0};
  return {name.substr(0, digits - 1), std::stoull(name.substr(digits))};
}

}  // namespace lathe
