#include "core/checkpoint/torch/pickle/pickle.hpp"

#include "core/checkpoint/torch/pickle/machine.hpp"
#include "core/checkpoint/torch/pickle/opcodes.hpp"
#include "core/checkpoint/torch/pickle/text.hpp"

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

std::span<const Object* const> Object::items() const {
  if (kind == Kind::list || kind == Kind::tuple || kind == Kind::set) return parts;
  return {};
}

const Object* Object::maker() const {
  if (callee()->is(Kind::global)) return callee();
  if (callee()->is(Kind::persistent))
    for (const Object* part : callee()->parts[0]->items())
      if (part->is(Kind::global)) return part;
  return nullptr;
}

const Object* Object::find(std::string_view wanted) const {
  const Object* found = nullptr;  // as in Python, the last of two equal keys counts
  for (std::size_t i = 0; i < pairs(); ++i)
    if (key(i) != nullptr && key(i)->is_text(wanted)) found = value(i);
  return found;
}

namespace {

constexpr std::uint8_t kNewestProtocol = 5;

}  // namespace

void Machine::step(std::uint8_t opcode) {
  switch (opcode) {
    case PROTO: {
      const auto protocol = number<std::uint8_t>();
      if (protocol > kNewestProtocol)
        fail("pickle protocol " + std::to_string(protocol) + " is not among those read, 0 to 5");
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
      push(constant(Kind::none));
      return;
    case NEWTRUE:
      push(constant(Kind::boolean, 1));
      return;
    case NEWFALSE:
      push(constant(Kind::boolean, 0));
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
    case INT:
    case LONG:
      push_decimal(line());
      return;
    case FLOAT:
      push_real(real_of(line()));
      return;
    case BINFLOAT:
      push_real(from_big_endian(number<std::uint64_t>()));
      return;
    case STRING:
      push_name(Kind::text, unquoted(line()));
      return;
    case UNICODE:
      push_name(Kind::text, from_unicode_escapes(line()));
      return;
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
      push_parts(Kind::list, pop_to_mark());
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
      push_parts(Kind::set, pop_to_mark());
      return;
    case EMPTY_TUPLE:
      push(constant(Kind::tuple));
      return;
    case TUPLE:
      push_parts(Kind::tuple, pop_to_mark());
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

    case GET:
      recall(place(line()));
      return;
    case PUT:
      memoize(place(line()));
      return;
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
      memoize(memoized_);
      return;

    case GLOBAL: {
      const auto module = line();
      push(global(module, line()));
      return;
    }
    case EXT1:
      push_extension(number<std::uint8_t>());
      return;
    case EXT2:
      push_extension(number<std::uint16_t>());
      return;
    case EXT4:
      push_extension(number<std::uint32_t>());
      return;
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
      push_object(pop(), tuple(arguments));
      return;
    }
    case NEWOBJ_EX: {
      pop();  // keyword arguments
      const Object* arguments = pop();
      push_object(pop(), tuple(arguments));
      return;
    }
    case OBJ: {
      auto items = pop_to_mark();
      if (items.empty()) fail("the pickle makes an object of nothing");
      const Object* callee = items.front();
      items.erase(items.begin());
      Object* arguments = make(Kind::tuple);
      arguments->parts = std::move(items);
      push_object(callee, arguments);
      return;
    }
    case INST: {
      const auto module = line();
      const Object* callee = global(module, line());
      Object* arguments = make(Kind::tuple);
      arguments->parts = pop_to_mark();
      push_object(callee, arguments);
      return;
    }
    case BUILD: {
      const Object* state = pop();
      if (Object* object = top(); object->is(Kind::object)) object->parts[2] = state;
      return;
    }
    case PERSID: {
      const std::string_view id = line();
      Object* object = make(Kind::persistent);
      object->parts = {from_repr(id)};
      push(object);
      return;
    }
    case BINPERSID: {
      Object* object = make(Kind::persistent);
      object->parts = {pop()};
      push(object);
      return;
    }
    default: {
      static constexpr char kDigits[] = "0123456789abcdef";
      fail(std::string("byte 0x") + kDigits[opcode >> 4] + kDigits[opcode & 15] +
           " is no opcode of pickle protocols 0 to 5");
    }
  }
}

Pickle parse(std::span<const std::byte> bytes) { return Machine(bytes).run(); }

}  // namespace lathe::pickle
