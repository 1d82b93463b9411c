// The state of a pickle being read: stack, marks, memo, and what opcodes do with them. Which opcode
// does what is in pickle.cpp.
#pragma once

#include "core/checkpoint/torch/pickle/pickle.hpp"
#include "core/checkpoint/torch/pickle/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

namespace lathe::pickle {

constexpr std::size_t kFewObjects = 4096;

// The pickle machine: a stack, marks into it, and a memo.
class Machine {
 public:
  explicit Machine(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Pickle run() {
    while (!stopped_) {
      start_ = at_;
      step(number<std::uint8_t>());
    }
    pickle_.size = at_;
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw PickleError(message, start_); }

  [[noreturn]] void ends_early() const {
    throw PickleError("the pickle ends too early", start_, true);
  }

  // Reading.
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) ends_early();
    const auto taken = bytes_.subspan(at_, size);
    at_ += size;
    return taken;
  }
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view text(std::uint64_t size) {
    const auto taken = take(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_,
                                bytes_.size() - at_);
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) ends_early();
    at_ += end + 1;
    return rest.substr(0, end);
  }

  // The stack.
  void push(Object* object) { stack_.push_back(object); }
  Object* pop() {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) fail("the pickle takes more from its stack than it put there");
    Object* top = stack_.back();
    stack_.pop_back();
    return top;
  }
  Object* top() {
    Object* object = pop();
    push(object);
    return object;
  }
  std::vector<const Object*> pop_to_mark() {
    if (marks_.empty()) fail("the pickle lacks a mark");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<const Object*> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  // Making objects.
  Object* make(Kind kind) {
    // Pickles of Python spend more bytes on a value: on a key, an item, a place in the memo.
    if (pickle_.objects.size() > kFewObjects + bytes_.size() / 2)
      fail("the pickle makes more values than one of its size can need");
    Object& object = pickle_.objects.emplace_back();
    object.kind = kind;
    return &object;
  }
  // What nothing can change is made once.
  Object* constant(Kind kind, std::int64_t value = 0) {
    Object*& known = constants_[{kind, value}];
    if (known == nullptr) {
      known = make(kind);
      known->integer = value;
    }
    return known;
  }
  void push_integer(std::int64_t value) {
    if (value >= 0 && value <= UINT8_MAX) return push(constant(Kind::integer, value));
    Object* object = make(Kind::integer);
    object->integer = value;
    push(object);
  }
  // As text: "42", "42L", and of "00" and "01" what Python 2 has for False and True.
  void push_decimal(std::string_view digits) {
    if (digits == "00" || digits == "01")
      return push(constant(Kind::boolean, digits == "01" ? 1 : 0));
    const auto value = decimal_of(digits);
    if (!value) fail("the pickle has '" + std::string(digits.substr(0, 32)) + "' for a number");
    if (value->huge) return push(make(Kind::huge_integer));
    push_integer(value->value);
  }
  void push_real(std::optional<double> value) {
    if (!value) fail("the pickle has text that is no number for one");
    Object* object = make(Kind::real);
    object->integer = std::bit_cast<std::int64_t>(*value);
    push(object);
  }
  // Text that is not in the pickle as it is.
  void push_name(Kind kind, std::optional<std::string> name) {
    if (!name) fail("the pickle has a text that is not written as one");
    Object* object = make(kind);
    object->text = pickle_.names.emplace_back(std::move(*name));
    push(object);
  }
  void push_text(Kind kind, std::uint64_t size) {
    Object* object = make(kind);
    object->text = text(size);
    push(object);
  }
  // Two's complement, little-endian, as long as it needs to be.
  void push_long(std::uint64_t size) {
    const auto digits = take(size);
    if (size > 8) return push(make(Kind::huge_integer));
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < size; ++i)
      value |= std::to_integer<std::uint64_t>(digits[i]) << (8 * i);
    if (size > 0 && size < 8 && (digits[size - 1] & std::byte{0x80}) != std::byte{0})
      value |= ~std::uint64_t{0} << (8 * size);
    push_integer(static_cast<std::int64_t>(value));
  }
  void push_parts(Kind kind, std::vector<const Object*> parts) {
    Object* object = make(kind);
    object->parts = std::move(parts);
    push(object);
  }
  void push_tuple(std::size_t size) {
    std::vector<const Object*> items(size);
    for (std::size_t i = size; i-- > 0;) items[i] = pop();
    push_parts(Kind::tuple, std::move(items));
  }
  Object* global(std::string_view module, std::string_view attribute) {
    Object* object = make(Kind::global);
    object->text = pickle_.names.emplace_back(std::string(module) + "." + std::string(attribute));
    object->integer = static_cast<std::int64_t>(module.size());
    return object;
  }
  void push_object(const Object* callee, const Object* arguments) {
    if (!callee->is(Kind::global) && !callee->is(Kind::object) && !callee->is(Kind::persistent))
      fail("the pickle calls a " + std::string(name(callee->kind)));
    // An OrderedDict is filled by SETITEMS or from a list of pairs; either way it is a dict.
    for (const char* dict : {"collections.OrderedDict", "collections.defaultdict", "builtins.dict",
                             "__builtin__.dict"})
      if (callee->is_global(dict)) return push_dict_of(arguments->items());
    push_parts(Kind::object, {callee, arguments, nullptr});
  }
  void push_dict_of(std::span<const Object* const> arguments) {
    Object* object = make(Kind::dict);
    for (const Object* argument : arguments) {
      if (!argument->is(Kind::dict) && !argument->is(Kind::list)) continue;
      // A memoized argument costs two bytes however long it is.
      copied_ += argument->parts.size();
      if (copied_ > bytes_.size()) fail("the pickle copies its dictionaries over and over");
      if (argument->is(Kind::dict)) object->parts = argument->parts;
      for (const Object* pair : argument->items())
        if (const auto both = pair->items(); both.size() == 2)
          object->parts.insert(object->parts.end(), both.begin(), both.end());
    }
    push(object);
  }
  const Object* tuple(const Object* arguments) {
    if (!arguments->is(Kind::tuple))
      fail("the pickle calls something with a " + std::string(name(arguments->kind)) +
           " in place of a tuple of arguments");
    return arguments;
  }

  void append(Object* to, std::span<const Object* const> items) {
    if (to->is(Kind::object)) {  // the list part of an object of an unknown class
      if (items.size() > to->parts.size()) to->parts.reserve(to->parts.size() + 2 * items.size());
      for (const Object* item : items) to->parts.insert(to->parts.end(), {nullptr, item});
      return;
    }
    if (!to->is(Kind::list) && !to->is(Kind::set))
      fail("the pickle appends to a " + std::string(name(to->kind)));
    to->parts.insert(to->parts.end(), items.begin(), items.end());
  }
  void set_items(Object* to, std::span<const Object* const> items) {
    if (!to->is(Kind::dict) && !to->is(Kind::object))
      fail("the pickle sets keys of a " + std::string(name(to->kind)));
    if (items.size() % 2 != 0) fail("the pickle sets a key without a value");
    to->parts.insert(to->parts.end(), items.begin(), items.end());
  }
  void push_dict(std::span<const Object* const> items) {
    Object* object = make(Kind::dict);
    set_items(object, items);
    push(object);
  }

  // What only a registry of the writer's knows (copyreg.add_extension).
  void push_extension(std::uint32_t code) {
    push(global("copyreg", "extension" + std::to_string(code)));
  }

  // A persistent id of protocol 0, which has it as Python prints it: ('storage', <class 'a.B'>, 6).
  const Object* from_repr(std::string_view text) {
    std::string_view rest = text;
    const Object* value = text.starts_with('(') ? repr_tuple(rest) : nullptr;
    if (value != nullptr && rest.empty()) return value;
    Object* object = make(Kind::text);
    object->text = text;
    return object;
  }
  // Null: it is written otherwise.
  const Object* repr_tuple(std::string_view& rest, int depth = 0) {
    constexpr int kDeepest = 2;  // a storage's id holds a tuple that tells its part
    rest.remove_prefix(1);
    std::vector<const Object*> items;
    while (!rest.starts_with(')')) {
      const Object* item = nullptr;
      if (rest.starts_with('('))
        item = depth < kDeepest ? repr_tuple(rest, depth + 1) : nullptr;
      else
        item = repr_atom(rest);
      if (item == nullptr) return nullptr;
      items.push_back(item);
      if (rest.starts_with(',')) rest.remove_prefix(1);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
      if (rest.empty()) return nullptr;
    }
    rest.remove_prefix(1);
    Object* tuple = make(Kind::tuple);
    tuple->parts = std::move(items);
    return tuple;
  }
  const Object* repr_atom(std::string_view& rest) {
    const auto upto = [&rest](std::size_t begin, std::string_view end) {
      const auto at = rest.find(end, begin);
      const std::string_view found = rest.substr(begin, at - begin);
      rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + end.size());
      return found;
    };
    constexpr std::string_view kClass = "<class '";
    if (rest.starts_with(kClass)) {
      const std::string_view name = upto(kClass.size(), "'>");
      const auto dot = std::min(name.rfind('.'), name.size());
      return global(name.substr(0, dot), name.substr(std::min(dot + 1, name.size())));
    }
    if (rest.starts_with("u'")) rest.remove_prefix(1);
    if (rest.starts_with('\'')) {
      Object* object = make(Kind::text);
      object->text = upto(1, "'");
      return object;
    }
    const std::string_view word = rest.substr(0, rest.find_first_of(",)"));
    rest.remove_prefix(word.size());
    if (word == "None") return constant(Kind::none);
    const auto value = decimal_of(word);
    if (!value || value->huge) return nullptr;
    Object* object = make(Kind::integer);
    object->integer = value->value;
    return object;
  }

  // The number of a place in the memo, as text.
  std::uint64_t place(std::string_view digits) const {
    const auto value = decimal_of(digits);
    if (!value || value->huge || value->value < 0)
      fail("the pickle has no number for a place in its memory");
    return static_cast<std::uint64_t>(value->value);
  }

  void memoize(std::uint64_t key) {
    // Picklers count, so no key reaches the number of bytes.
    if (key >= bytes_.size()) fail("the pickle stores a value under a number that is out of range");
    if (key >= memo_.size()) memo_.resize(std::max<std::size_t>(key + 1, memo_.size() * 2));
    if (memo_[key] == nullptr) ++memoized_;
    memo_[key] = top();
  }
  void recall(std::uint64_t key) {
    if (key >= memo_.size() || memo_[key] == nullptr)
      fail("the pickle recalls what it never stored");
    push(memo_[key]);
  }

  void step(std::uint8_t opcode);

  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  std::uint64_t start_ = 0;  // of the current opcode
  bool stopped_ = false;
  std::uint64_t copied_ = 0;  // parts, by push_dict_of
  std::vector<Object*> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Object*> memo_;  // by key; null: nothing stored
  std::uint64_t memoized_ = 0;
  std::map<std::pair<Kind, std::int64_t>, Object*> constants_;
  Pickle pickle_;
};

}  // namespace lathe::pickle
