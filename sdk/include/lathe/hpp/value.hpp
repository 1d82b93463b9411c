// Values of the ABI from both sides: `value` makes one, `value_view` reads a borrowed one, and
// `options` reads the checked options of a component by name.
#pragma once

#include <lathe/hpp/span.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// A node of a graph by number, where only the number is needed.
struct node_id {
  std::uint32_t index = LATHE_NONE_ID;
  explicit operator bool() const { return index != LATHE_NONE_ID; }
  bool operator==(node_id other) const { return index == other.index; }
  bool operator!=(node_id other) const { return index != other.index; }
};

class value_view;

// An owning tree. `value(8)`, `value("adam")`, `value::list({1, 2})`,
// `value::map({{"width", 8}, {"name", "integer"}})`, `value()` for none.
class value {
 public:
  using entry = std::pair<std::string, value>;

  value() = default;
  value(std::nullptr_t) {}
  value(bool b) : kind_(LATHE_VALUE_BOOL), integer_(b ? 1 : 0) {}
  template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
  value(Integer i) : kind_(LATHE_VALUE_INT), integer_(static_cast<std::int64_t>(i)) {}
  value(double d) : kind_(LATHE_VALUE_FLOAT), real_(d) {}
  value(float f) : value(static_cast<double>(f)) {}
  value(const char* text) : value(std::string_view(text)) {}
  value(std::string_view text) : kind_(LATHE_VALUE_STRING), text_(to_string(text)) {}
  value(std::string text) : kind_(LATHE_VALUE_STRING), text_(std::move(text)) {}
  value(node_id node) : kind_(LATHE_VALUE_NODE), integer_(node.index) {}
  template <class Node, class = decltype(node_id(std::declval<const Node&>().id()))>
  value(const Node& node) : value(node_id(node.id())) {}
  explicit value(value_view borrowed);  // a copy

  static value list(std::vector<value> items) {
    value v;
    v.kind_ = LATHE_VALUE_LIST;
    v.items_ = std::move(items);
    return v;
  }
  template <class T>
  static value list_of(const T& numbers) {
    std::vector<value> items;
    for (const auto& number : numbers) items.emplace_back(number);
    return list(std::move(items));
  }
  static value map(std::vector<entry> entries = {}) {
    value v;
    v.kind_ = LATHE_VALUE_MAP;
    for (entry& e : entries) v.set(std::move(e.first), std::move(e.second));
    return v;
  }
  bool empty() const { return items_.empty(); }  // of a list or map
  void push_back(value item) { items_.push_back(std::move(item)); }
  void set(std::string key, value item) {
    keys_.push_back(std::move(key));
    items_.push_back(std::move(item));
  }

  // Arrays of the C form; it lives as long as this and the value do.
  struct storage {
    std::vector<std::vector<lathe_value>> lists;
    std::vector<std::vector<lathe_entry>> maps;
  };
  lathe_value c_value(storage& arrays) const;

 private:
  lathe_value_kind kind_ = LATHE_VALUE_NONE;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  std::vector<std::string> keys_;
  std::vector<value> items_;
};

inline lathe_value value::c_value(storage& arrays) const {
  lathe_value c = {};
  c.kind = kind_;
  if (kind_ == LATHE_VALUE_FLOAT) {
    c.as.real = real_;
  } else if (kind_ == LATHE_VALUE_STRING) {
    c.size = text_.size();
    c.as.text = text_.data();
  } else if (kind_ == LATHE_VALUE_LIST) {
    std::vector<lathe_value> list;
    for (const value& item : items_) list.push_back(item.c_value(arrays));
    c.size = list.size();
    c.as.list = list.data();
    arrays.lists.push_back(std::move(list));
  } else if (kind_ == LATHE_VALUE_MAP) {
    std::vector<lathe_entry> map;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      map.push_back({to_str(keys_[i]), items_[i].c_value(arrays)});
    }
    c.size = map.size();
    c.as.map = map.data();
    arrays.maps.push_back(std::move(map));
  } else {
    c.as.integer = integer_;
  }
  return c;
}

// A borrowed value. A wrong kind throws; an integer passes for a float.
class value_view {
 public:
  value_view() = default;
  value_view(const lathe_value* v) : v_(v) {}

  lathe_value_kind kind() const { return v_ == nullptr ? LATHE_VALUE_NONE : v_->kind; }
  bool is_none() const { return kind() == LATHE_VALUE_NONE; }
  explicit operator bool() const { return !is_none(); }
  const lathe_value* raw() const { return v_; }

  bool boolean() const { return of(LATHE_VALUE_BOOL, "a boolean").as.integer != 0; }
  std::int64_t integer() const { return of(LATHE_VALUE_INT, "an integer").as.integer; }
  double real() const {
    if (kind() == LATHE_VALUE_INT) return static_cast<double>(v_->as.integer);
    return of(LATHE_VALUE_FLOAT, "a number").as.real;
  }
  std::string_view text() const {
    const lathe_value& v = of(LATHE_VALUE_STRING, "a text");
    return {v.as.text, v.size};
  }

  // A node among a node's arguments.
  bool is_node() const { return kind() == LATHE_VALUE_NODE; }
  node_id node() const {
    return {static_cast<std::uint32_t>(of(LATHE_VALUE_NODE, "a node").as.integer)};
  }

  // Elements of a list or entries of a map.
  std::uint64_t size() const {
    return kind() == LATHE_VALUE_LIST || kind() == LATHE_VALUE_MAP ? v_->size : 0;
  }
  value_view operator[](std::uint64_t i) const {
    const lathe_value& v = of(LATHE_VALUE_LIST, "a list");
    if (i >= v.size) throw error(LATHE_OUT_OF_RANGE, "a list is shorter than expected");
    return &v.as.list[i];
  }
  std::vector<std::int64_t> integers() const {
    std::vector<std::int64_t> all;
    for (std::uint64_t i = 0; i < list_size(); ++i) all.push_back((*this)[i].integer());
    return all;
  }
  std::vector<double> reals() const {
    std::vector<double> all;
    for (std::uint64_t i = 0; i < list_size(); ++i) all.push_back((*this)[i].real());
    return all;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (std::uint64_t i = 0; i < list_size(); ++i) all.push_back(to_string((*this)[i].text()));
    return all;
  }
  span<const lathe_entry> entries() const {
    const lathe_value& v = of(LATHE_VALUE_MAP, "a map");
    return {v.as.map, v.size};
  }
  // The entry of that key; none if there is none, also on a value that is no map.
  value_view find(std::string_view key) const {
    if (kind() != LATHE_VALUE_MAP) return {};
    for (std::uint64_t i = 0; i < v_->size; ++i) {
      if (to_view(v_->as.map[i].key) == key) return &v_->as.map[i].value;
    }
    return {};
  }

 private:
  std::uint64_t list_size() const { return of(LATHE_VALUE_LIST, "a list").size; }
  const lathe_value& of(lathe_value_kind kind, const char* expected) const {
    if (this->kind() != kind) throw invalid_argument(join({expected, " was expected"}));
    return *v_;
  }
  const lathe_value* v_ = nullptr;
};

inline value::value(value_view borrowed) : kind_(borrowed.kind()) {
  if (kind_ == LATHE_VALUE_LIST) {
    for (std::uint64_t i = 0; i < borrowed.size(); ++i) push_back(value(borrowed[i]));
  } else if (kind_ == LATHE_VALUE_MAP) {
    for (const lathe_entry& e : borrowed.entries()) {
      set(to_string(to_view(e.key)), value(value_view(&e.value)));
    }
  } else if (kind_ == LATHE_VALUE_STRING) {
    text_ = to_string(borrowed.text());
  } else if (kind_ == LATHE_VALUE_FLOAT) {
    real_ = borrowed.real();
  } else if (kind_ != LATHE_VALUE_NONE) {
    integer_ = borrowed.raw()->as.integer;
  }
}

// The options a component was created with: checked by the host, defaults filled in. Valid in the
// constructor only: copy what is needed.
class options {
 public:
  options() = default;
  explicit options(value_view map) : map_(map) {}

  bool has(std::string_view key) const { return !map_.find(key).is_none(); }
  value_view operator[](std::string_view key) const { return map_.find(key); }
  bool boolean(std::string_view key) const {
    return read(key, [](value_view v) { return v.boolean(); });
  }
  std::int64_t integer(std::string_view key) const {
    return read(key, [](value_view v) { return v.integer(); });
  }
  double real(std::string_view key) const {
    return read(key, [](value_view v) { return v.real(); });
  }
  std::string text(std::string_view key) const {
    return read(key, [](value_view v) { return to_string(v.text()); });
  }
  std::vector<std::int64_t> integers(std::string_view key) const {
    return read(key, [](value_view v) { return v.integers(); });
  }
  std::vector<std::string> texts(std::string_view key) const {
    return read(key, [](value_view v) { return v.texts(); });
  }
  // For options that may be NA or absent.
  std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const {
    return has(key) ? integer(key) : otherwise;
  }
  double real_or(std::string_view key, double otherwise) const {
    return has(key) ? real(key) : otherwise;
  }
  std::string text_or(std::string_view key, std::string_view otherwise) const {
    return has(key) ? text(key) : to_string(otherwise);
  }
  bool boolean_or(std::string_view key, bool otherwise) const {
    return has(key) ? boolean(key) : otherwise;
  }
  value_view all() const { return map_; }

 private:
  template <class Read>
  auto read(std::string_view key, Read get) const -> decltype(get(value_view())) {
    const value_view v = map_.find(key);
    if (v.is_none()) {
      throw invalid_argument(join({"option '", key, "' is missing"})).at_option(key);
    }
    try {
      return get(v);
    } catch (const error& e) {
      throw error(e.code(), join({"option '", key, "': ", e.what()})).at_option(key);
    }
  }
  value_view map_;
};

}  // namespace lathe

#pragma GCC visibility pop
