#include "core/graph/alike_attributes.hpp"

#include "core/graph/inference.hpp"

namespace lathe {

void AlikeAttributes::share(Node& node) {
  Value& last = last_[node.row];
  if (last == node.attributes) {
    node.attributes = last;
  } else {
    last = node.attributes;
  }
}

bool AlikeAttributes::set_inert(Node& node, std::string_view key, const Value& value) {
  for (const Edit& edit : edits_) {
    if (edit.row == node.row && edit.before.shares(node.attributes) && edit.key == key &&
        edit.given == value) {
      node.attributes = edit.after;
      return true;
    }
  }
  Value before = node.attributes;
  if (!set_inert_attribute(node, *node.row, key, value)) return false;
  edits_[next_edit_++ % edits_.size()] = {node.row, std::string(key), value, std::move(before),
                                          node.attributes};
  return true;
}

}  // namespace lathe
