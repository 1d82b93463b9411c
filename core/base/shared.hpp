// A counted pointer whose owner can ask whether it is the only one, and then may write: what makes
// copies of values and graphs cheap. Pointers may be copied on several threads; one pointer belongs
// to one.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lathe {

template <typename T>
class Shared {
 public:
  Shared() = default;
  Shared(std::nullptr_t) {}
  template <typename... Arguments>
  static Shared make(Arguments&&... arguments) {
    Shared out;
    out.cell_ = new Cell{{1}, T(std::forward<Arguments>(arguments)...)};
    return out;
  }
  Shared(const Shared& other) noexcept : cell_(other.cell_) {
    if (cell_ != nullptr) cell_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Shared(Shared&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }
  ~Shared() {
    if (cell_ != nullptr && cell_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete cell_;
    }
  }

  const T& operator*() const { return cell_->value; }
  const T* operator->() const { return &cell_->value; }
  const T* get() const { return cell_ == nullptr ? nullptr : &cell_->value; }
  bool operator==(std::nullptr_t) const { return cell_ == nullptr; }

  // Nobody else has it, and what others read of it they have read.
  bool sole() const {
    return cell_ != nullptr && cell_->owners.load(std::memory_order_acquire) == 1;
  }
  // To write to: this one if nobody else has it, else a copy in its place. REQUIRES: not null.
  T& own() {
    if (!sole()) *this = make(std::as_const(cell_->value));
    return cell_->value;
  }

 private:
  struct Cell {
    std::atomic<std::uint32_t> owners;
    T value;
  };
  Cell* cell_ = nullptr;
};

// A list that copies share until one of them writes.
template <typename T>
class SharedList {
 public:
  SharedList() = default;
  SharedList(std::initializer_list<T> items) : SharedList(std::vector<T>(items)) {}
  SharedList(std::vector<T> items) {
    if (!items.empty()) items_ = Shared<std::vector<T>>::make(std::move(items));
  }
  std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  bool empty() const { return size() == 0; }
  const T* data() const { return items_ == nullptr ? nullptr : items_->data(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  const std::vector<T>& items() const {
    static const std::vector<T> none;
    return items_ == nullptr ? none : *items_;
  }
  const T& operator[](std::size_t i) const { return (*items_)[i]; }
  bool operator==(const SharedList& other) const {
    return data() == other.data() || std::equal(begin(), end(), other.begin(), other.end());
  }

  // To write to.
  T& own(std::size_t i) { return items_.own()[i]; }
  std::vector<T>& own() {
    if (items_ == nullptr) items_ = Shared<std::vector<T>>::make();
    return items_.own();
  }

 private:
  Shared<std::vector<T>> items_;
};

}  // namespace lathe
