// What the values of a pickle are called: keys of dicts in the names of tensors, and whole values
// in sentences.
#pragma once

#include "core/checkpoint/torch/pickle/pickle.hpp"

#include <string>

namespace lathe {

// A key as a part of a name: texts as they are, 0, None, True, 0.5, the items of a tuple joined by
// dots; of an object what it was made of. `place` is for what has no such name, and for items of
// lists, whose key is null.
std::string key_name(const pickle::Object* key, std::size_t place);

// "a dict of 2 entries: 'epoch' (int), 'config' (what 'my.Config' would make)"
std::string described(const pickle::Object& value);

// The class or function that makes an object.
std::string maker_name(const pickle::Object& object);

}  // namespace lathe
