// The commands that run a pipeline, one function and one file each. A command checks all it can
// before it starts, works, and delivers its results; failures are thrown.
#pragma once

#include "core/cli/session.hpp"

namespace lathe {

void run_train(Session& session);
void run_test(Session& session);
void run_transform(Session& session);
void run_search(Session& session);

// The passes there are: --list-passes.
void print_passes(const Settings& settings);

// Model and data-set tables: `lathe --info [all|model|dataset]`.
void print_info(const std::string& what);

}  // namespace lathe
