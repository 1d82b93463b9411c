// Rows of an option table, written as sentences and built at compile time:
//   static constexpr lathe_option options[] = {
//       lathe::int_option("width", "Bits of a value.").by_default("8").within("1..64").in("bits"),
//   };
#pragma once

#include <lathe/module.h>

#pragma GCC visibility push(hidden)

namespace lathe {

// A lathe_option with a setter for each part; each returns a changed copy.
struct option : lathe_option {
  constexpr option(const char* key, lathe_option_type type, const char* doc)
      : lathe_option{key,     type, 0,       nullptr, nullptr, nullptr,
                     nullptr, doc,  nullptr, 0,       nullptr, nullptr} {}

  // As a user would write it: "8", "adam", "[1, 2]", "true".
  constexpr option by_default(const char* text) const {
    option o = *this;
    o.default_value = text;
    return o;
  }
  // "1..64", "0..", "0<..1".
  constexpr option within(const char* text) const {
    option o = *this;
    o.lathe_option::range = text;
    return o;
  }
  // "adam|adamw|sgd".
  constexpr option one_of(const char* text) const {
    option o = *this;
    o.choices = text;
    return o;
  }
  constexpr option in(const char* text) const {
    option o = *this;
    o.unit = text;
    return o;
  }
  constexpr option required() const { return with(LATHE_OPTION_FLAG_REQUIRED); }
  constexpr option nullable() const { return with(LATHE_OPTION_FLAG_NULLABLE); }
  constexpr option tunable() const { return with(LATHE_OPTION_FLAG_TUNABLE); }
  constexpr option deprecated() const { return with(LATHE_OPTION_FLAG_DEPRECATED); }
  // Numbers: searched on a logarithmic scale.
  constexpr option logarithmic() const { return with(LATHE_OPTION_FLAG_LOG); }
  // Items of node maps: may stand beside another transform's `name`, or alone.
  constexpr option beside() const { return with(LATHE_OPTION_FLAG_BESIDE); }
  // Tables: their keys. Node maps: what an entry may say, which kind `name` chooses, the operands
  // that it is chosen for.
  template <unsigned long Count>
  constexpr option with_items(const lathe_option (&list)[Count], const char* kind = nullptr,
                              const char* roles = nullptr) const {
    option o = *this;
    o.items = list;
    o.item_count = Count;
    o.item_kind = kind;
    o.item_roles = roles;
    return o;
  }

 private:
  constexpr option with(lathe_option_flags flag) const {
    option o = *this;
    o.flags |= flag;
    return o;
  }
};

constexpr option bool_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_BOOL, doc};
}
constexpr option int_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_INT, doc};
}
constexpr option float_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_FLOAT, doc};
}
constexpr option string_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_STRING, doc};
}
constexpr option choice_option(const char* key, const char* choices, const char* doc) {
  return option(key, LATHE_OPTION_CHOICE, doc).one_of(choices);
}
constexpr option path_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_PATH, doc};
}
constexpr option int_list_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_INT_LIST, doc};
}
constexpr option string_list_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_STRING_LIST, doc};
}
constexpr option float_list_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_FLOAT_LIST, doc};
}
// Their keys are those of with_items(); without, any.
constexpr option table_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_TABLE, doc};
}
constexpr option table_list_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_TABLE_LIST, doc};
}
constexpr option any_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_ANY, doc};
}
constexpr option node_map_option(const char* key, const char* doc) {
  return {key, LATHE_OPTION_NODE_MAP, doc};
}

}  // namespace lathe

#pragma GCC visibility pop
