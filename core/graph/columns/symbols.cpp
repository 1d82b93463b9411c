#include "core/graph/columns/symbols.hpp"

#include <array>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace lathe {
namespace {

struct Table {
  std::shared_mutex mutex;
  std::deque<std::string> texts;  // addresses are stable
  std::unordered_map<std::string_view, std::uint32_t> numbers;
};

// Leaked on purpose: plugins may keep the texts for as long as the process lives.
Table& table() {
  static auto* const instance = new Table;
  return *instance;
}

struct Known {
  std::string_view text;
  std::uint32_t symbol = 0;
};

Known intern(std::string_view text) {
  Table& t = table();
  {
    const std::shared_lock lock(t.mutex);
    const auto found = t.numbers.find(text);
    if (found != t.numbers.end()) return {found->first, found->second};
  }
  const std::unique_lock lock(t.mutex);
  const auto found = t.numbers.find(text);
  if (found != t.numbers.end()) return {found->first, found->second};
  const auto symbol = static_cast<std::uint32_t>(t.texts.size());
  const std::string_view kept = t.texts.emplace_back(text);
  t.numbers.emplace(kept, symbol);
  return {kept, symbol};
}

const Known& known(std::string_view text) {
  // A view of 100,000 nodes asks for a handful of ops over and over: each thread keeps what it
  // asked for last, so that the lock is rarely taken.
  thread_local std::array<Known, 256> recent{};
  Known& slot = recent[std::hash<std::string_view>{}(text) % recent.size()];
  if (slot.text.data() == nullptr || slot.text != text) slot = intern(text);
  return slot;
}

}  // namespace

std::uint32_t symbol_of(std::string_view text) { return known(text).symbol; }

std::string_view interned(std::string_view text) { return known(text).text; }

std::string_view symbol_text(std::uint32_t symbol) {
  Table& t = table();
  const std::shared_lock lock(t.mutex);
  return symbol < t.texts.size() ? std::string_view(t.texts[symbol]) : std::string_view{};
}

}  // namespace lathe
