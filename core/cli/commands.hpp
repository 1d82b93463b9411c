// The commands that run a pipeline, one function and one file each. A command checks all it can
// before it starts, works, and delivers its results; failures are thrown.
#pragma once

#include "core/cli/output.hpp"
#include "core/cli/session.hpp"

namespace lathe {

void run_train(Session& session, const Output& output);
void run_test(Session& session, const Output& output);
void run_transform(Session& session, const Output& output);
void run_search(Session& session, const Output& output);

// Model and data-set tables: `lathe --info [all|model|dataset]`.
void print_info(const std::string& what, const Output& output);

}  // namespace lathe
