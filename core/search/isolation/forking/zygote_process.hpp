// The zygote's own side of zygote.hpp.
#pragma once

#include "core/search/isolation/forking/zygote.hpp"

namespace lathe {

// Forks helpers as `control` asks, reaps them, and ends when the other end of `control` is gone, or
// `host`, which forked this process.
[[noreturn]] void run_zygote(pid_t host, Descriptor control, const Zygote::Work& work);

}  // namespace lathe
