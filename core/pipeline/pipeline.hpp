// An ordered list of passes with their options, and the hooks around each. Printing, timing and
// verifying are hooks; no pass contains them.
#pragma once

#include "core/host/instances/instances.hpp"
#include "core/options/text/component_text.hpp"

namespace lathe {

// One step, resolved against the registry and checked: everything that can be refused without a
// graph has been.
struct Step {
  const Component* component;
  Value options;
  Position position;
};

struct Pipeline {
  std::vector<Step> steps;
};

// Sets an option of the step's pass that was left NA. No effect on a pass that has no such option.
void set_where_unsaid(Step& step, std::string_view key, const Value& value);

// The id of the pass that a word means: itself if there is such a pass, else what MASE's word is
// here, if there is that; else the word.
std::string pass_id(const std::string& word, const Registry& registry);

// From [passes.NAME] tables, in file order. NAME may be a word of MASE's (mase/words.hpp), or any
// label if the table says `pass = "flops"`: so a pass can stand in a file twice.
Pipeline pipeline_from_config(const Value& passes, const Registry& registry);
// From --passes.
Pipeline pipeline_from_text(std::string_view text, const Registry& registry);
std::string text_of(const Pipeline& pipeline);  // round-trips
Value config_of(const Pipeline& pipeline);      // the [passes] table

}  // namespace lathe
