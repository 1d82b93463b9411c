// Edit distance with transpositions (optimal string alignment), and the sentence made from it.
// Knows nothing about what the words mean.
#include "core/base/suggest.hpp"

#include <algorithm>
#include <cctype>

namespace lathe {
namespace {

// Case and -/_ are what people mix up most: they cost nothing.
char folded(char c) {
  return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
          folded(a[i - 2]) == folded(b[j - 1])) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestWord = 200;  // longer ones are no typing errors
constexpr std::size_t kMostListed = 12;

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  // A third of the word may be wrong; beyond that a suggestion is a guess.
  const std::size_t allowed = std::max<std::size_t>(1, std::min<std::size_t>(4, word.size() / 3));
  std::optional<std::string> best;
  std::size_t best_distance = allowed + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > word.size() + allowed) continue;
    if (word.size() > candidate.size() + allowed) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best_distance && d < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const auto near = nearest(word, known)) return "; did you mean '" + *near + "'?";
  if (known.empty()) return "";
  std::string text = "; known: ";
  for (std::size_t i = 0; i < known.size() && i < kMostListed; ++i) {
    if (i > 0) text += ", ";
    text += known[i];
  }
  if (known.size() > kMostListed) {
    text += ", and " + std::to_string(known.size() - kMostListed) + " more";
  }
  return text;
}

}  // namespace lathe
