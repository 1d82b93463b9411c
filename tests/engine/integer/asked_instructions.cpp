// A run under instructions that this processor lacks would be one of another run again.
#include "core/engine/integer/onednn.hpp"
#include "tests/support/support.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>

namespace {

struct AskedInstructions {
  AskedInstructions() {
    static const std::map<std::string_view, std::string_view> names{
        {"SSE41", "SSE4.1"},
        {"AVX2", "AVX2"},
        {"AVX2_VNNI", "AVX2 VNNI"},
        {"AVX512_CORE", "AVX-512"},
        {"AVX512_CORE_VNNI", "AVX-512 VNNI"},
        {"AVX512_CORE_AMX", "AVX-512 with AMX"}};
    const char* asked = std::getenv("DNNL_MAX_CPU_ISA");
    if (asked == nullptr) return;
    const auto name = names.find(asked);
    const std::string_view here = lathe::engine::integer::instructions().name;
    if (name != names.end() && name->second != here)
      lathe_test::skip(fmt::format("this processor has {}, not {}", here, name->second));
  }
};

}  // namespace

BOOST_GLOBAL_FIXTURE(AskedInstructions);
