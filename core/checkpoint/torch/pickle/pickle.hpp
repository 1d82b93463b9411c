// Reads a pickle (protocols 0 to 5) into plain values. Nothing is ever imported, called or
// executed: a global is its name, a call of one is a record of name and arguments. Knows nothing
// about tensors. Opcodes as in CPython's Lib/pickletools.py.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
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
  persistent,  // a persistent id: what lies outside the pickle, eg: a storage, or a class
  object,      // the record of a call
};
std::string_view name(Kind kind);  // "tuple"

// For whoever walks values that may refer to each other in circles.
enum class Mark : std::uint8_t { fresh, open, barren, leads };

// Small, because a byte of a pickle can make one.
struct Object {
  Kind kind = Kind::none;
  mutable Mark mark = Mark::fresh;
  std::int64_t integer = 0;  // also boolean; the bits of a real; of a global: the module's length
  std::string_view text;     // into the pickle, or into Pickle::names
  // list, tuple, set: the items. dict: key, value, key, value, ... persistent: the id. object: what
  // was called, its arguments, the state given to it or null, then as a dict; the key of an item
  // that was appended to it is null.
  std::vector<const Object*> parts;

  bool is(Kind wanted) const { return kind == wanted; }
  bool is_text(std::string_view wanted) const { return kind == Kind::text && text == wanted; }
  bool is_global(std::string_view wanted) const { return kind == Kind::global && text == wanted; }

  // Of a list, a tuple or a set; nothing of all others.
  std::span<const Object* const> items() const;
  // Of a dict, or those set on an object.
  std::size_t pairs() const { return (parts.size() - first_key()) / 2; }
  const Object* key(std::size_t i) const { return parts[first_key() + 2 * i]; }
  const Object* value(std::size_t i) const { return parts[first_key() + 2 * i + 1]; }
  // Value of a text key of a dict or an object, or null.
  const Object* find(std::string_view wanted) const;

  // REQUIRES: an object.
  const Object* callee() const { return parts[0]; }
  // The class or function that was called, also where it comes with its source; null if another
  // call returned it.
  const Object* maker() const;
  std::span<const Object* const> arguments() const { return parts[1]->items(); }
  const Object* state() const { return parts[2]; }

 private:
  std::size_t first_key() const {
    return kind == Kind::dict ? 0 : kind == Kind::object ? 3 : parts.size();
  }
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
  PickleError(const std::string& message, std::uint64_t offset, bool ended = false)
      : std::runtime_error(message), offset_(offset), ended_(ended) {}
  std::uint64_t offset() const { return offset_; }
  // Whether the bytes ended before the pickle did, so that more of them may help.
  bool ended() const { return ended_; }

 private:
  std::uint64_t offset_;
  bool ended_;
};

// REQUIRES: `bytes` outlive the result. Throws PickleError. Time and memory are proportional to the
// size of the pickle, whatever it says.
Pickle parse(std::span<const std::byte> bytes);

}  // namespace lathe::pickle
