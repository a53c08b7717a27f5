#include <string>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfName;
using PoDoFo::PdfObject;

/// Adobe's collections of characters, whose numbers stand for known ones.
bool is_known_collection(PdfObject& font) {
  auto* descendants = font.GetIndirectKey("DescendantFonts");
  if (!descendants || !descendants->IsArray() || descendants->GetArray().empty()) return false;
  auto* descendant = resolved(&descendants->GetArray()[0]);
  auto* info = descendant && descendant->IsDictionary()
                   ? descendant->GetIndirectKey("CIDSystemInfo")
                   : nullptr;
  auto* ordering = info && info->IsDictionary() ? info->GetIndirectKey("Ordering") : nullptr;
  if (!ordering || !ordering->IsString()) return false;
  const std::string name = ordering->GetString().GetStringUtf8();
  return name == "Japan1" || name == "GB1" || name == "CNS1" || name == "Korea1" || name == "KR";
}

bool has_known_encoding(PdfObject& font) {
  const auto kind = font.GetIndirectKeyAsName("Subtype");
  if (kind == PdfName{"Type3"}) return false;  // its names are often made up
  if (kind != PdfName{"Type0"}) return true;
  const auto encoding = font.GetIndirectKeyAsName("Encoding");
  const bool identity = encoding == PdfName{"Identity-H"} || encoding == PdfName{"Identity-V"} ||
                        encoding == PdfName{};
  return !identity || is_known_collection(font);
}

}  // namespace

bool maps_to_characters(PdfObject& font) {
  return font.GetIndirectKey("ToUnicode") || has_known_encoding(font);
}

}  // namespace pecia::page
