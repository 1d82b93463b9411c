// PCRE2 reads what Python's re reads, (?P<name>...), \A, \Z, lookbehind and inline flags included;
// what it reads differently is refused here.
#include "core/base/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lathe {
namespace {

// Of one match: some ten milliseconds.
constexpr std::uint32_t kMostSteps = 1'000'000;
constexpr std::uint32_t kMostMemoryKib = 64 * 1024;
constexpr std::size_t kLongestQuote = 60;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using Code = std::unique_ptr<pcre2_code, Free<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Free<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Free<pcre2_match_context_free>>;

// PCRE2's sentence for one of its codes.
std::string words_of(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  const int size = pcre2_get_error_message(code, buffer.data(), buffer.size());
  return size < 0 ? fmt::format("PCRE2's error {}", code)
                  : std::string(buffer.begin(), buffer.begin() + size);
}

std::string quoted(std::string_view text) {
  return text.size() <= kLongestQuote
             ? fmt::format("'{}'", text)
             : fmt::format("'{}...' ({} characters)", text.substr(0, kLongestQuote), text.size());
}

// Where the reading stopped: what was read by then ends in front of it.
std::string place_in(std::string_view text, std::size_t offset) {
  if (offset == 0) return "at its start";
  if (offset >= text.size()) return "at its end";
  const std::size_t shown = std::min<std::size_t>(offset, 20);
  return fmt::format("after character {}, '{}{}'", offset, shown < offset ? "..." : "",
                     text.substr(offset - shown, shown));
}

Error no_expression(std::string_view text, const std::string& why, const Position& position) {
  return usage_error(fmt::format("{} is no regular expression: {}", quoted(text), why), position);
}

// "{,3}" repeats for Python and stands for itself in Perl. Escapes and classes are passed over.
void refuse_open_bound(const std::string& text, const Position& position) {
  bool in_class = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '[' && !in_class) {
      in_class = true;
      if (i + 1 < text.size() && text[i + 1] == '^') ++i;
      if (i + 1 < text.size() && text[i + 1] == ']') ++i;  // a class may hold it in front
    } else if (text[i] == ']') {
      in_class = false;
    } else if (!in_class && text.compare(i, 2, "{,") == 0) {
      const std::size_t end = text.find_first_not_of("0123456789", i + 2);
      if (end == std::string::npos || text[end] != '}') continue;
      const std::string bound = text.substr(i + 2, end - i - 2);
      throw no_expression(
          text, fmt::format("'{{,{0}}}' lacks its lower bound; write {{0,{0}}}", bound), position);
    }
  }
}

}  // namespace

struct Pattern::Compiled {
  Code code;
  MatchData data;
  MatchContext context;
};

Pattern::Pattern(std::string text, Position position)
    : text_(std::move(text)), position_(std::move(position)) {
  refuse_open_bound(text_, position_);
  int error = 0;
  std::size_t offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), 0, &error,
                          &offset, nullptr));
  if (!code) {
    throw no_expression(text_, fmt::format("{}, {}", words_of(error), place_in(text_, offset)),
                        position_);
  }
  MatchData data(pcre2_match_data_create_from_pattern(code.get(), nullptr));
  MatchContext context(pcre2_match_context_create(nullptr));
  if (!data || !context) throw std::bad_alloc();
  pcre2_set_match_limit(context.get(), kMostSteps);
  pcre2_set_heap_limit(context.get(), kMostMemoryKib);
  compiled_ =
      std::make_unique<Compiled>(Compiled{std::move(code), std::move(data), std::move(context)});
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::matches(std::string_view name) const {
  return match(name, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

bool Pattern::occurs_in(std::string_view name) const { return match(name, 0); }

bool Pattern::match(std::string_view name, unsigned options) const {
  const int result =
      pcre2_match(compiled_->code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0,
                  options, compiled_->data.get(), compiled_->context.get());
  if (result >= 0) return true;
  if (result == PCRE2_ERROR_NOMATCH) return false;
  if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT) {
    throw usage_error(
        fmt::format("{} takes more than {} steps on the name {}; leave out repeats of repeats, "
                    "such as (a+)+",
                    quoted(text_), kMostSteps, quoted(name)),
        position_);
  }
  throw usage_error(fmt::format("{} does not work on the name {}: {}", quoted(text_), quoted(name),
                                words_of(result)),
                    position_);
}

}  // namespace lathe
