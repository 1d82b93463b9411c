// Numbers of names, for graphs of many: no allocation a name.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace analysis {

// Names are borrowed.
class NameIndex {
 public:
  explicit NameIndex(std::size_t most) : slots_(16) {
    while (slots_.size() < 2 * most) slots_.resize(2 * slots_.size());
    names_.reserve(most);
  }

  bool has(std::string_view name) { return slot_of(name, hash_of(name)).number != 0; }

  // The number of a name, 0, 1, ... as they came, and whether it is new.
  std::pair<std::uint32_t, bool> add(std::string_view name) {
    if (2 * (names_.size() + 1) > slots_.size()) grow();
    const std::uint32_t hash = hash_of(name);
    Slot& slot = slot_of(name, hash);
    if (slot.number != 0) return {slot.number - 1, false};
    names_.push_back(name);
    slot = {hash, static_cast<std::uint32_t>(names_.size())};
    return {slot.number - 1, true};
  }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  // one more than the name's; 0: free
  };

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }

  Slot& slot_of(std::string_view name, std::uint32_t hash) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      Slot& slot = slots_[at];
      if (slot.number == 0 || (slot.hash == hash && names_[slot.number - 1] == name)) return slot;
    }
  }

  void grow() {
    const std::vector<Slot> before = std::move(slots_);
    slots_.assign(2 * before.size(), {});
    for (const Slot& slot : before) {
      if (slot.number != 0) slot_of(names_[slot.number - 1], slot.hash) = slot;
    }
  }

  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace analysis
