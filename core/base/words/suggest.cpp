// Edit distance with transpositions (optimal string alignment), families of names, and the sentence
// made from them. Knows nothing about what the words mean.
#include "core/base/words/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <unordered_set>

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
constexpr std::size_t kShortestStem = 3;
constexpr std::size_t kMostRelated = 6;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// A name as its family sees it: "resnet34" is the 34th "resnet".
struct Member {
  std::string stem;            // the letters that it begins with, folded
  std::string_view rest;       // what follows them
  std::optional<long> number;  // the rest, if it is one; a dash before it does not count
};

Member member_of(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));  // of an option
  Member member;
  std::size_t i = 0;
  for (; i < word.size() && is_letter(word[i]); ++i) member.stem += folded(word[i]);
  member.rest = word.substr(i);
  std::string_view digits = member.rest;
  if (!digits.empty() && folded(digits.front()) == '_') digits.remove_prefix(1);
  long number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (!digits.empty() && error == std::errc{} && stop == end) member.number = number;
  return member;
}

// Names of the word's family that differ from it by a number, the nearest number first.
std::vector<std::string> numbered_relatives(const Member& word,
                                            const std::vector<std::string>& known) {
  std::vector<std::pair<long, std::string>> ranked;
  for (const std::string& candidate : known) {
    const Member other = member_of(candidate);
    if (other.stem != word.stem || !other.number) continue;
    ranked.emplace_back(word.number ? std::labs(*other.number - *word.number) : 0, candidate);
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<long, std::string>::first);
  std::vector<std::string> words;
  for (auto& [distance, candidate] : ranked) words.push_back(std::move(candidate));
  return words;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return folded(x) == folded(y); };
  return static_cast<std::size_t>(std::ranges::mismatch(a, b, same).in1 - a.begin());
}

// Names that begin with the same letters, those that go on alike first: "jsc-tiny" and "jsc-toy"
// for "jsc", "toy_convnet" and "toy_tiny" for "toy_conv".
std::vector<std::string> relatives(std::string_view word, const std::vector<std::string>& known) {
  const std::string stem = member_of(word).stem;
  std::vector<std::string> words;
  for (const std::string& candidate : known) {
    if (member_of(candidate).stem == stem) words.push_back(candidate);
  }
  std::ranges::stable_sort(words, std::greater{}, [&](const std::string& candidate) {
    return common_prefix(word, candidate);
  });
  return words;
}

// "'a'", "'a' or 'b'", "'a', 'b' or 'c'"
std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    text += (i == 0 ? "'" : last ? " or '" : ", '") + words[i] + "'";
  }
  return text;
}

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

std::vector<std::string> near_words(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kLongestWord) return {};
  const Member member = member_of(word);
  const bool has_family = member.stem.size() >= kShortestStem;
  std::vector<std::string> words;
  if (has_family && (member.number || member.rest.empty())) {
    words = numbered_relatives(member, known);
  }
  if (words.empty()) {
    if (auto near = nearest(word, known)) return {*std::move(near)};
    if (has_family) words = relatives(word, known);
  }
  if (words.size() > kMostRelated) words.resize(kMostRelated);
  return words;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const auto near = near_words(word, known); !near.empty()) {
    return "; did you mean " + either(near) + "?";
  }
  std::vector<std::string_view> each;  // once, in the given order
  std::unordered_set<std::string_view> met;
  for (const std::string& candidate : known) {
    if (met.insert(candidate).second) each.emplace_back(candidate);
  }
  if (each.empty()) return "";
  std::string text = "; known: ";
  for (std::size_t i = 0; i < each.size() && i < kMostListed; ++i) {
    if (i > 0) text += ", ";
    text += each[i];
  }
  if (each.size() > kMostListed) {
    text += ", and " + std::to_string(each.size() - kMostListed) + " more";
  }
  return text;
}

}  // namespace lathe
