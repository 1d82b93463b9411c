// A column of a table that only grows, in blocks that copies share until one of them writes:
// copying it costs nothing, and changing an entry of a copy costs its block.
#pragma once

#include "core/base/shared.hpp"

#include <array>

namespace lathe {

template <typename T>
class SharedColumn {
 public:
  std::size_t size() const { return size_; }
  const T& operator[](std::size_t i) const { return (*(*blocks_)[i / kBlock])[i % kBlock]; }

  void append(T entry) {
    if (size_ % kBlock == 0) blocks_.own().push_back(Shared<Block>::make());
    own(size_++) = std::move(entry);
  }
  // To write to.
  T& own(std::size_t i) { return blocks_.own()[i / kBlock].own()[i % kBlock]; }

 private:
  static constexpr std::size_t kBlock = 256;
  using Block = std::array<T, kBlock>;

  Shared<std::vector<Shared<Block>>> blocks_ = Shared<std::vector<Shared<Block>>>::make();
  std::size_t size_ = 0;
};

}  // namespace lathe
