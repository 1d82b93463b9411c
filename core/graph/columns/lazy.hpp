// Columns made when somebody first looks, once for all graphs that share them. Thread-safe.
#pragma once

#include "core/graph/node.hpp"

#include <span>

namespace lathe {

template <typename T>
class Lazy {
 public:
  Lazy() = default;
  explicit Lazy(std::shared_ptr<const T> made) : value_(std::move(made)) {}

  template <typename Make>
  std::shared_ptr<const T> get(const Make& make) const {
    const std::lock_guard lock(mutex_);
    if (!value_) value_ = std::make_shared<const T>(make());
    return value_;
  }
  std::shared_ptr<const T> made() const {  // null: nobody has looked
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const T> value_;
};

// The same for columns of which an edit leaves most rows as they are: knows those that somebody
// looked at last, and which rows were edited since.
template <typename T>
class LazyRows {
 public:
  LazyRows() = default;
  // Of a graph with `rows` nodes of which `edited` are others than those that `before` is for.
  LazyRows(const LazyRows& before, std::span<const NodeId> edited, std::size_t rows) {
    const std::lock_guard lock(before.mutex_);
    earlier_ = before.value_ ? before.value_ : before.earlier_;
    if (!earlier_) return;
    if (!before.value_) edited_ = before.edited_;
    edited_.insert(edited_.end(), edited.begin(), edited.end());
    // From here on it is cheaper to make them all than to carry the list along.
    if (8 * edited_.size() <= rows + 64) return;
    earlier_ = nullptr;
    edited_ = {};
  }

  // `make(earlier, edited)`: a null `earlier` asks for all rows.
  template <typename Make>
  std::shared_ptr<const T> get(const Make& make) const {
    const std::lock_guard lock(mutex_);
    if (!value_) {
      value_ = std::make_shared<const T>(make(earlier_.get(), std::span<const NodeId>(edited_)));
      earlier_ = nullptr;
      edited_ = {};
    }
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const T> value_, earlier_;
  mutable std::vector<NodeId> edited_;
};

}  // namespace lathe
