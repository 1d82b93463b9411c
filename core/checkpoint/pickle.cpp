#include "core/checkpoint/pickle.hpp"

#include <bit>
#include <cstring>
#include <unordered_map>

namespace lathe::pickle {

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::none:
      return "None";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
    case Kind::huge_integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::text:
      return "str";
    case Kind::bytes:
      return "bytes";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::set:
      return "set";
    case Kind::dict:
      return "dict";
    case Kind::global:
      return "class or function";
    case Kind::persistent:
      return "storage";
    case Kind::object:
      return "object";
  }
  return "value";
}

const Object* Object::find(std::string_view key) const {
  const Object* found = nullptr;  // as in Python, the last of two equal keys counts
  for (const auto& [k, v] : pairs)
    if (k->is_text(key)) found = v;
  return found;
}

namespace {

// Opcodes by their bytes.
enum Opcode : std::uint8_t {
  MARK = '(',
  STOP = '.',
  POP = '0',
  POP_MARK = '1',
  DUP = '2',
  BINBYTES = 'B',
  SHORT_BINBYTES = 'C',
  BINFLOAT = 'G',
  BININT = 'J',
  BININT1 = 'K',
  BININT2 = 'M',
  NONE = 'N',
  BINPERSID = 'Q',
  REDUCE = 'R',
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  BINUNICODE = 'X',
  EMPTY_LIST = ']',
  APPEND = 'a',
  BUILD = 'b',
  GLOBAL = 'c',
  DICT = 'd',
  APPENDS = 'e',
  BINGET = 'h',
  INST = 'i',
  LONG_BINGET = 'j',
  LIST = 'l',
  OBJ = 'o',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  SETITEM = 's',
  TUPLE = 't',
  SETITEMS = 'u',
  EMPTY_DICT = '}',
  EMPTY_TUPLE = ')',
  PROTO = 0x80,
  NEWOBJ = 0x81,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8a,
  LONG4 = 0x8b,
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  BINBYTES8 = 0x8e,
  EMPTY_SET = 0x8f,
  ADDITEMS = 0x90,
  FROZENSET = 0x91,
  NEWOBJ_EX = 0x92,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
  BYTEARRAY8 = 0x96,
};

constexpr std::uint8_t kOldestProtocol = 2, kNewestProtocol = 5;

// The pickle machine: a stack, marks into it, and a memo.
class Machine {
 public:
  explicit Machine(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Pickle run() {
    while (!stopped_) {
      start_ = at_;
      step(number<std::uint8_t>());
    }
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw PickleError(message, start_); }

  // Reading.
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) fail("the pickle ends too early");
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
    if (end == std::string_view::npos) fail("the pickle ends too early");
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
    Object& object = pickle_.objects.emplace_back();
    object.kind = kind;
    return &object;
  }
  void push_integer(std::int64_t value, Kind kind = Kind::integer) {
    Object* object = make(kind);
    object->integer = value;
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
  void push_items(Kind kind, std::vector<const Object*> items) {
    Object* object = make(kind);
    object->items = std::move(items);
    push(object);
  }
  void push_tuple(std::size_t size) {
    std::vector<const Object*> items(size);
    for (std::size_t i = size; i-- > 0;) items[i] = pop();
    push_items(Kind::tuple, std::move(items));
  }
  Object* global(std::string_view module, std::string_view attribute) {
    Object* object = make(Kind::global);
    object->text = pickle_.names.emplace_back(std::string(module) + "." + std::string(attribute));
    return object;
  }
  void push_object(const Object* callee, const Object* arguments) {
    if (!callee->is(Kind::global) && !callee->is(Kind::object))
      fail("the pickle calls a " + std::string(name(callee->kind)));
    Object* object = make(Kind::object);
    object->first = callee;
    object->second = arguments;
    // An OrderedDict is filled by SETITEMS or from a list of pairs; either way it is a dict.
    if (callee->is_global("collections.OrderedDict") ||
        callee->is_global("collections.defaultdict") || callee->is_global("builtins.dict"))
      become_dict(*object);
    push(object);
  }
  void become_dict(Object& object) {
    object.kind = Kind::dict;
    if (object.second == nullptr) return;
    for (const Object* argument : object.second->items) {
      if (!argument->is(Kind::dict) && !argument->is(Kind::list)) continue;
      // A memoized argument costs two bytes however long it is.
      copied_ += argument->pairs.size() + argument->items.size();
      if (copied_ > bytes_.size()) fail("the pickle copies its dictionaries over and over");
      if (argument->is(Kind::dict)) object.pairs = argument->pairs;
      for (const Object* pair : argument->items)
        if (pair->items.size() == 2) object.pairs.emplace_back(pair->items[0], pair->items[1]);
    }
  }

  void append(Object* to, std::span<const Object* const> items) {
    if (!to->is(Kind::list) && !to->is(Kind::set) && !to->is(Kind::object))
      fail("the pickle appends to a " + std::string(name(to->kind)));
    to->items.insert(to->items.end(), items.begin(), items.end());
  }
  void set_items(Object* to, std::span<const Object* const> items) {
    if (!to->is(Kind::dict) && !to->is(Kind::object))
      fail("the pickle sets keys of a " + std::string(name(to->kind)));
    if (items.size() % 2 != 0) fail("the pickle sets a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
      to->pairs.emplace_back(items[i], items[i + 1]);
  }
  void push_dict(std::span<const Object* const> items) {
    Object* object = make(Kind::dict);
    set_items(object, items);
    push(object);
  }

  void memoize(std::uint64_t key) { memo_[key] = top(); }
  void recall(std::uint64_t key) {
    const auto it = memo_.find(key);
    if (it == memo_.end()) fail("the pickle recalls what it never stored");
    push(it->second);
  }

  void step(std::uint8_t opcode);

  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  std::uint64_t start_ = 0;  // of the current opcode
  bool stopped_ = false;
  std::uint64_t copied_ = 0;  // entries, by become_dict
  std::vector<Object*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Object*> memo_;
  Pickle pickle_;
};

void Machine::step(std::uint8_t opcode) {
  switch (opcode) {
    case PROTO: {
      const auto protocol = number<std::uint8_t>();
      if (protocol < kOldestProtocol || protocol > kNewestProtocol)
        fail("pickle protocol " + std::to_string(protocol) + " is not among those read, 2 to 5");
      return;
    }
    case FRAME:
      take(sizeof(std::uint64_t));
      return;
    case STOP:
      pickle_.result = pop();
      stopped_ = true;
      return;

    case MARK:
      marks_.push_back(stack_.size());
      return;
    case POP:
      if (!marks_.empty() && marks_.back() == stack_.size())
        marks_.pop_back();
      else
        pop();
      return;
    case POP_MARK:
      pop_to_mark();
      return;
    case DUP:
      push(top());
      return;

    case NONE:
      push(make(Kind::none));
      return;
    case NEWTRUE:
      push_integer(1, Kind::boolean);
      return;
    case NEWFALSE:
      push_integer(0, Kind::boolean);
      return;
    case BININT:
      push_integer(number<std::int32_t>());
      return;
    case BININT1:
      push_integer(number<std::uint8_t>());
      return;
    case BININT2:
      push_integer(number<std::uint16_t>());
      return;
    case LONG1:
      push_long(number<std::uint8_t>());
      return;
    case LONG4:
      push_long(number<std::uint32_t>());
      return;
    case BINFLOAT: {
      Object* object = make(Kind::real);
      object->real = std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>()));
      push(object);
      return;
    }
    case BINSTRING:
      push_text(Kind::text, number<std::uint32_t>());
      return;
    case SHORT_BINSTRING:
      push_text(Kind::text, number<std::uint8_t>());
      return;
    case BINUNICODE:
      push_text(Kind::text, number<std::uint32_t>());
      return;
    case SHORT_BINUNICODE:
      push_text(Kind::text, number<std::uint8_t>());
      return;
    case BINUNICODE8:
      push_text(Kind::text, number<std::uint64_t>());
      return;
    case BINBYTES:
      push_text(Kind::bytes, number<std::uint32_t>());
      return;
    case SHORT_BINBYTES:
      push_text(Kind::bytes, number<std::uint8_t>());
      return;
    case BINBYTES8:
    case BYTEARRAY8:
      push_text(Kind::bytes, number<std::uint64_t>());
      return;

    case EMPTY_LIST:
      push(make(Kind::list));
      return;
    case LIST:
      push_items(Kind::list, pop_to_mark());
      return;
    case APPEND: {
      const Object* item = pop();
      append(top(), {&item, 1});
      return;
    }
    case ADDITEMS:
    case APPENDS: {
      const auto items = pop_to_mark();
      append(top(), items);
      return;
    }
    case EMPTY_SET:
      push(make(Kind::set));
      return;
    case FROZENSET:
      push_items(Kind::set, pop_to_mark());
      return;
    case EMPTY_TUPLE:
      push(make(Kind::tuple));
      return;
    case TUPLE:
      push_items(Kind::tuple, pop_to_mark());
      return;
    case TUPLE1:
      push_tuple(1);
      return;
    case TUPLE2:
      push_tuple(2);
      return;
    case TUPLE3:
      push_tuple(3);
      return;
    case EMPTY_DICT:
      push(make(Kind::dict));
      return;
    case DICT:
      push_dict(pop_to_mark());
      return;
    case SETITEM: {
      const Object* value = pop();
      const Object* items[] = {pop(), value};
      set_items(top(), items);
      return;
    }
    case SETITEMS: {
      const auto items = pop_to_mark();
      set_items(top(), items);
      return;
    }

    case BINGET:
      recall(number<std::uint8_t>());
      return;
    case LONG_BINGET:
      recall(number<std::uint32_t>());
      return;
    case BINPUT:
      memoize(number<std::uint8_t>());
      return;
    case LONG_BINPUT:
      memoize(number<std::uint32_t>());
      return;
    case MEMOIZE:
      memoize(memo_.size());
      return;

    case GLOBAL: {
      const auto module = line();
      push(global(module, line()));
      return;
    }
    case STACK_GLOBAL: {
      const Object* attribute = pop();
      const Object* module = pop();
      if (!attribute->is(Kind::text) || !module->is(Kind::text))
        fail("the pickle names a global by something that is no text");
      push(global(module->text, attribute->text));
      return;
    }
    case NEWOBJ:
    case REDUCE: {
      const Object* arguments = pop();
      if (!arguments->is(Kind::tuple))
        fail("the pickle calls something with a " + std::string(name(arguments->kind)) +
             " in place of a tuple of arguments");
      push_object(pop(), arguments);
      return;
    }
    case NEWOBJ_EX: {
      pop();  // keyword arguments
      const Object* arguments = pop();
      push_object(pop(), arguments);
      return;
    }
    case OBJ: {
      auto items = pop_to_mark();
      if (items.empty()) fail("the pickle makes an object of nothing");
      const Object* callee = items.front();
      items.erase(items.begin());
      Object* arguments = make(Kind::tuple);
      arguments->items = std::move(items);
      push_object(callee, arguments);
      return;
    }
    case INST: {
      const auto module = line();
      const Object* callee = global(module, line());
      Object* arguments = make(Kind::tuple);
      arguments->items = pop_to_mark();
      push_object(callee, arguments);
      return;
    }
    case BUILD: {
      const Object* state = pop();
      top()->third = state;
      return;
    }
    case BINPERSID: {
      Object* object = make(Kind::persistent);
      object->first = pop();
      push(object);
      return;
    }
    default: {
      static constexpr char kDigits[] = "0123456789abcdef";
      fail(std::string("byte 0x") + kDigits[opcode >> 4] + kDigits[opcode & 15] +
           " is no opcode of pickle protocols 2 to 5");
    }
  }
}

}  // namespace

Pickle parse(std::span<const std::byte> bytes) { return Machine(bytes).run(); }

}  // namespace lathe::pickle
