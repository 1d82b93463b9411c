// Reads a pickle (protocols 2 to 5) into plain values. Nothing is ever imported, called or
// executed: a global is its name, a call of one is a record of name and arguments. Knows nothing
// about tensors. Opcodes as in CPython's Lib/pickletools.py.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lathe::pickle {

enum class Kind : std::uint8_t {
  none,
  boolean,
  integer,
  huge_integer,  // more than 64 bits; its value is not kept
  real,
  text,
  bytes,
  list,
  tuple,
  set,
  dict,
  global,      // text: "torch._utils._rebuild_tensor_v2"
  persistent,  // first: the persistent id; a class may be one, too
  object,      // first: what was called, second: its arguments, third: the state given to it
};
std::string_view name(Kind kind);  // "tuple"

struct Object {
  Kind kind = Kind::none;
  std::int64_t integer = 0;  // also boolean
  double real = 0;
  std::string_view text;             // into the pickle, or into Pickle::names
  std::vector<const Object*> items;  // list, tuple, set, object's list part
  std::vector<std::pair<const Object*, const Object*>> pairs;  // dict, object's dict part
  const Object* first = nullptr;
  const Object* second = nullptr;
  const Object* third = nullptr;

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_text(std::string_view wanted) const { return kind == Kind::text && text == wanted; }
  bool is_global(std::string_view wanted) const { return kind == Kind::global && text == wanted; }
  // Value of a text key of a dict, or null.
  const Object* find(std::string_view key) const;
};

// Objects may refer to each other in any shape, also in circles; all live as long as this.
struct Pickle {
  std::deque<Object> objects;
  std::deque<std::string> names;
  const Object* result = nullptr;
  std::uint64_t size = 0;  // bytes from the first opcode to the last; more may follow in a file
};

// A damaged pickle, or one that needs what this reader lacks: the sentence and the byte.
class PickleError : public std::runtime_error {
 public:
  PickleError(const std::string& message, std::uint64_t offset)
      : std::runtime_error(message), offset_(offset) {}
  std::uint64_t offset() const { return offset_; }

 private:
  std::uint64_t offset_;
};

// REQUIRES: `bytes` outlive the result. Throws PickleError. Time and memory are proportional to the
// size of the pickle.
Pickle parse(std::span<const std::byte> bytes);

}  // namespace lathe::pickle
