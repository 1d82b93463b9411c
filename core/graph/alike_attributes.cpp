#include "core/graph/alike_attributes.hpp"

#include "core/graph/inference.hpp"

namespace lathe {

void AlikeAttributes::give(Shared<Attributes>& place, const OpRow& row, Value inferred) {
  Shared<Attributes>& last = last_[&row];
  if (last == nullptr || last->values != inferred) {
    last = place->values == inferred ? place : Shared<Attributes>::make(std::move(inferred));
  }
  place = last;
}

bool AlikeAttributes::set_inert(NodeTable& nodes, NodeId id, std::string_view key,
                                const Value& value) {
  Shared<Attributes>& place = nodes.own_attributes(id);
  for (const Edit& edit : edits_) {
    if (edit.before.get() == place.get() && edit.key == key && edit.given == value) {
      place = edit.after;
      return true;
    }
  }
  Value values = place->values;
  if (!set_inert_attribute(*nodes.find(id), values, key, value)) return false;
  auto after = Shared<Attributes>::make(std::move(values));
  edits_[next_edit_++ % edits_.size()] = {std::string(key), value, place, after};
  place = std::move(after);
  return true;
}

}  // namespace lathe
