// What a command found out, once for people and once for machines.
#pragma once

#include "core/cli/run/session.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lathe {

struct Results {
  std::vector<PassReport> passes;
  std::vector<std::pair<std::string, Value>> metrics;
  std::vector<ReportTable> tables;  // of the command itself: classes, sweep, trials
  // Further parts of the JSON object, in order: "best", "space", "pipeline", ...
  std::vector<std::pair<std::string, Json>> parts;
  // Further text for people, after the tables.
  std::vector<std::string> texts;
  // Added to the provenance block: CPU seconds and the like.
  std::vector<std::pair<std::string, Json>> measured;
};

// {"command", "model", "dataset", "synthetic_data", "passes", "metrics", "tables", parts,
//  "provenance"}: those that apply.
Json json_of(const Results& results, Session& session);

// Writes report.json into `folder` (if any), and the results to the output as --json says.
void deliver(const Results& results, Session& session, const std::filesystem::path& folder);

}  // namespace lathe
