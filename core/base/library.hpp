// Parts of the program that are opened on first use: shared libraries beside the core. Knows
// nothing about what they do.
#pragma once

#include <filesystem>
#include <string>

namespace lathe {

// The shared object this code is in: liblathe_core.so.
std::filesystem::path host_library();

// The address of `symbol` in the library `file` beside the core. Opened once in a process and never
// closed: LibTorch does not survive that, and OpenSSL keeps state for the life of the process. Its
// symbols meet no plugin's. Throws run_error that names the library.
void* symbol_beside(const std::string& file, const char* symbol);

// The same as a function of C linkage, eg:
// function_beside<OpenEngine>("liblathe_engine.so", "lathe_open_engine").
template <typename Function>
Function* function_beside(const std::string& file, const char* symbol) {
  return reinterpret_cast<Function*>(symbol_beside(file, symbol));
}

}  // namespace lathe
