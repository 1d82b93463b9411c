// The one symbol of the library that downloads.
#pragma once

#include "core/fetch/fetch.hpp"

#include <lathe/abi.h>

// C linkage so that its name is plain.
extern "C" LATHE_EXPORT void lathe_fetch_set(const lathe::KnownSet* set,
                                             const lathe::FetchRequest* request,
                                             const std::atomic<bool>* cancelled);
