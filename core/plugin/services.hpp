// The services this host offers and how long their tables are: what a plugin's needs[] are held
// against, before any of its components runs. Knows nothing about how services work.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lathe {

struct KnownService {
  std::string_view id;
  std::uint64_t struct_size;
};

std::span<const KnownService> known_services();

}  // namespace lathe
