#include "core/graph/alike_parts.hpp"

#include "core/graph/inference.hpp"

#include <algorithm>

namespace lathe {

namespace {

// Formats are kept in this order, so that equal nodes hash alike.
std::size_t role_rank(std::string_view role) {
  constexpr std::array<std::string_view, 4> kRoles{"data_in", "weight", "bias", "data_out"};
  return static_cast<std::size_t>(std::ranges::find(kRoles, role) - kRoles.begin());
}

bool same_list(const AlikeParts::Formats& a, const AlikeParts::Formats& b) {
  return a.empty() ? b.empty() : a.data() == b.data();
}

}  // namespace

void AlikeParts::give(Shared<Attributes>& place, const OpRow& row, Value inferred) {
  Recent<Shared<Attributes>>& recent = attributes_[&row];
  for (const Shared<Attributes>& known : recent.items) {
    if (known == nullptr) break;
    if (known->values != inferred) continue;
    place = known;
    return;
  }
  if (place->values != inferred) place = Shared<Attributes>::make(std::move(inferred));
  recent.add(place);
}

bool AlikeParts::set_inert(NodeTable& nodes, NodeId id, std::string_view key, const Value& value) {
  Shared<Attributes>& place = nodes.own_attributes(id);
  for (const AttributeEdit& edit : attribute_edits_.items) {
    if (edit.before.get() == place.get() && edit.key == key && edit.given == value) {
      place = edit.after;
      return true;
    }
  }
  Value values = place->values;
  if (!set_inert_attribute(*nodes.find(id), values, key, value)) return false;
  auto after = Shared<Attributes>::make(std::move(values));
  attribute_edits_.add({std::string(key), value, place, after});
  place = std::move(after);
  return true;
}

bool AlikeParts::repeat(Formats& place, std::string_view role, const OperandFormat* given) const {
  for (const FormatEdit& edit : format_edits_.items) {
    if (edit.role != role || !same_list(edit.before, place)) continue;
    if (given == nullptr ? edit.given.has_value() : edit.given != *given) continue;
    place = edit.after;
    return true;
  }
  return false;
}

void AlikeParts::set_format(Formats& place, const OperandFormat& format) {
  if (repeat(place, format.role, &format)) return;
  FormatEdit& edit = format_edits_.add({format.role, format, place, {}});
  std::vector<OperandFormat> formats = place.items();
  const auto at = std::ranges::find_if(
      formats, [&](const OperandFormat& f) { return role_rank(f.role) >= role_rank(format.role); });
  if (at != formats.end() && at->role == format.role) {
    *at = format;
  } else {
    formats.insert(at, format);
  }
  edit.after = place = Formats(std::move(formats));
}

void AlikeParts::clear_format(Formats& place, std::string_view role) {
  if (repeat(place, role, nullptr)) return;
  FormatEdit& edit = format_edits_.add({std::string(role), std::nullopt, place, {}});
  std::vector<OperandFormat> formats = place.items();
  std::erase_if(formats, [&](const OperandFormat& f) { return f.role == role; });
  edit.after = place = Formats(std::move(formats));
}

}  // namespace lathe
