// The whole SDK for C++17: include this one. A plugin is a plain type and one LATHE_ line:
//
//   struct CountRelu {
//     void run(lathe::graph g, lathe::report out) { ... }
//   };
//   LATHE_ANALYSIS(CountRelu, "count_relu", "1.0.0", "Counts the ReLU nodes.")
//
// Everything here is header-only and hidden, so that a plugin exports one symbol. Exceptions are
// for the inside of a plugin: thrown anywhere, they reach the host as a code with text and place.
#pragma once

#include <lathe/hpp/dataset.hpp>
#include <lathe/hpp/format.hpp>
#include <lathe/hpp/model.hpp>
#include <lathe/hpp/module.hpp>
#include <lathe/hpp/op.hpp>
#include <lathe/hpp/pass.hpp>
#include <lathe/hpp/sampler.hpp>
#include <lathe/hpp/service.hpp>

// Types of a plugin may hold and derive from the sugar's hidden ones: nobody else sees either.
#pragma GCC diagnostic ignored "-Wattributes"
