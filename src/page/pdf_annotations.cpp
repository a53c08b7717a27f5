// Stamps, form fields and notes that lie over the contents of a page.
#include <set>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfName;
using PoDoFo::PdfObject;

/// An entry of a field of a form, which may stand with its parent (ISO 32000-1, 12.7.3).
PdfObject* field_entry(PdfObject* field, const char* key, PoDoFo::PdfVecObjects* objects) {
  constexpr int most_parents = 32;
  for (int n = 0; field && field->IsDictionary() && n < most_parents; ++n, field = entry_of(*field, "Parent", objects)) {
    if (auto* value = entry_of(*field, key, objects)) return value;
  }
  return nullptr;
}

/// Whether a viewer makes an appearance for an annotation that brings none.
bool is_drawn_by_viewers(PdfObject& annotation, const PdfName& kind, PoDoFo::PdfVecObjects* objects) {
  static const std::set<PdfName> drawn{"FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline",
                                       "Squiggly", "StrikeOut", "Ink", "Text", "FileAttachment"};
  if (kind != PdfName{"Widget"}) return drawn.contains(kind);
  auto* type = field_entry(&annotation, "FT", objects);
  if (!type || !type->IsName() || type->GetName() == PdfName{"Sig"}) return false;
  auto* value = field_entry(&annotation, "V", objects);
  if (value && (value->IsString() || value->IsHexString())) return value->GetString().GetLength() > 0;
  return value != nullptr || entry_of(annotation, "MK", objects);
}

}  // namespace

bool shows_annotations(const PdfPageNode& page) {
  constexpr int hidden = 2, no_view = 32;
  auto* objects = page.object->GetOwner();
  auto* annotations = page.object->GetIndirectKey("Annots");
  if (!annotations || !annotations->IsArray()) return false;
  for (auto& listed : annotations->GetArray()) {
    auto* annotation = listed.IsReference() ? objects->GetObject(listed.GetReference()) : &listed;
    if (!annotation || !annotation->IsDictionary()) continue;
    const auto entry = [&](const char* key) { return entry_of(*annotation, key, objects); };
    auto* subtype = entry("Subtype");
    const auto kind = subtype && subtype->IsName() ? subtype->GetName() : PdfName{};
    const int flags = int_of(number_of(entry("F"), 0));
    if (kind == PdfName{"Popup"} || kind == PdfName{"Link"} || (flags & (hidden | no_view)) != 0) continue;
    auto* place = entry("Rect");
    const bool has_place = place && place->IsArray() && place->GetArray().GetSize() >= 4;
    const auto side = [&](std::size_t n) { return has_place ? number_of(&place->GetArray()[n], 0) : 0; };
    if (side(0) == side(2) || side(1) == side(3)) continue;  // a signature that is not seen
    if (entry("AP") || is_drawn_by_viewers(*annotation, kind, objects)) return true;
  }
  return false;
}

}  // namespace pecia::page
