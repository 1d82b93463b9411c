// Warnings that a search would repeat a thousand times are shown once.
#pragma once

#include <string>

namespace lathe {

// To the log, unless the same sentence was there before. Thread-safe.
void warn_once(const std::string& message);

}  // namespace lathe
