#include "pdf_destinations.hpp"

#include <set>

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;

// Names may be hostile: they nest without end, or are millions.
constexpr std::size_t most_name_nodes = 10'000;
constexpr std::size_t most_names = 100'000;
constexpr int most_hops = 8;  ///< from a name to its destination

}  // namespace

PdfObject* element_of(PdfObject& value, PoDoFo::PdfVecObjects& objects) {
  return value.IsReference() ? objects.GetObject(value.GetReference()) : &value;
}

Destinations::Destinations(PdfMemDocument& document, std::span<const PdfPageNode> pages)
    : document_{document} {
  for (std::size_t n = 0; n < pages.size(); ++n)
    numbers_.emplace(pages[n].object->Reference(), static_cast<std::uint32_t>(n + 1));
}

std::uint32_t Destinations::page_of(PdfObject& entry) {
  auto* target = entry.GetIndirectKey("Dest");
  if (!target) {
    auto* action = entry.GetIndirectKey("A");
    if (!action || !action->IsDictionary()) return 0;
    const auto* kind = action->GetIndirectKey("S");
    if (!kind || !kind->IsName() || kind->GetName().GetName() != "GoTo") return 0;
    target = action->GetIndirectKey("D");
  }
  for (int hop = 0; target && hop < most_hops; ++hop) {
    if (target->IsArray()) return page_in(*target);
    if (target->IsDictionary())
      target = entry_of(*target, "D", &document_.GetObjects());
    else if (target->IsName())
      target = named(target->GetName().GetName());
    else if (target->IsString() || target->IsHexString())
      target = named(target->GetString().GetStringUtf8());
    else
      return 0;
  }
  return 0;
}

std::uint32_t Destinations::page_in(PdfObject& destination) const {
  const auto& array = destination.GetArray();
  if (array.empty() || !array[0].IsReference()) return 0;
  const auto number = numbers_.find(array[0].GetReference());
  return number == numbers_.end() ? 0 : number->second;
}

PdfObject* Destinations::named(const std::string& name) {
  if (!names_read_) read_names();
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

/// The tree of PDF 1.2 and later, and the dictionary of PDF 1.1.
void Destinations::read_names() {
  names_read_ = true;
  auto* catalog = document_.GetCatalog();
  if (!catalog) return;
  if (auto* old = catalog->GetIndirectKey("Dests"); old && old->IsDictionary()) {
    for (const auto& [key, value] : old->GetDictionary().GetKeys()) {
      if (names_.size() >= most_names) break;
      if (value) names_.emplace(key.GetName(), element_of(*value, document_.GetObjects()));
    }
  }
  auto* names = catalog->GetIndirectKey("Names");
  auto* root = names && names->IsDictionary() ? names->GetIndirectKey("Dests") : nullptr;
  std::vector<PdfObject*> open{root};
  std::set<PdfObject*> seen;
  while (!open.empty() && seen.size() < most_name_nodes) {
    auto* node = open.back();
    open.pop_back();
    if (!node || !node->IsDictionary() || !seen.insert(node).second) continue;
    if (auto* kids = node->GetIndirectKey("Kids"); kids && kids->IsArray()) {
      for (auto& kid : kids->GetArray()) {
        if (open.size() < most_name_nodes) open.push_back(element_of(kid, document_.GetObjects()));
      }
    }
    if (auto* pairs = node->GetIndirectKey("Names"); pairs && pairs->IsArray()) read_pairs(*pairs);
  }
}

void Destinations::read_pairs(PdfObject& pairs) {
  auto& array = pairs.GetArray();
  for (std::size_t n = 0; n + 1 < array.size() && names_.size() < most_names; n += 2) {
    auto* key = element_of(array[n], document_.GetObjects());
    if (key && (key->IsString() || key->IsHexString()))
      names_.emplace(key->GetString().GetStringUtf8(),
                     element_of(array[n + 1], document_.GetObjects()));
  }
}

}  // namespace pecia::page
