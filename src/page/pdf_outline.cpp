#include <algorithm>
#include <map>
#include <set>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;

// An outline is a help, and may be hostile: loops, a million entries, names that nest without end.
constexpr std::size_t most_entries = 10'000;
constexpr std::size_t most_name_nodes = 10'000;
constexpr std::size_t most_names = 100'000;
constexpr int most_hops = 8;  ///< from a name to its destination

/// Finds the page that an entry of the outline leads to.
class Destinations {
 public:
  Destinations(PdfMemDocument& document, std::span<const PdfPageNode> pages) : document_{document} {
    for (std::size_t n = 0; n < pages.size(); ++n)
      numbers_.emplace(pages[n].object->Reference(), static_cast<std::uint32_t>(n + 1));
  }

  /// 0 if it leads nowhere in the document.
  [[nodiscard]] std::uint32_t page_of(PdfObject& entry) {
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
        target = target->GetIndirectKey("D");
      else if (target->IsName())
        target = named(target->GetName().GetName());
      else if (target->IsString() || target->IsHexString())
        target = named(target->GetString().GetStringUtf8());
      else
        return 0;
    }
    return 0;
  }

 private:
  std::uint32_t page_in(PdfObject& destination) const {
    const auto& array = destination.GetArray();
    if (array.empty() || !array[0].IsReference()) return 0;
    const auto number = numbers_.find(array[0].GetReference());
    return number == numbers_.end() ? 0 : number->second;
  }

  PdfObject* named(const std::string& name) {
    if (!names_read_) read_names();
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : found->second;
  }

  /// An element of an array does not know its document.
  PdfObject* element(PdfObject& value) {
    return value.IsReference() ? document_.GetObjects().GetObject(value.GetReference()) : &value;
  }

  /// The tree of PDF 1.2 and later, and the dictionary of PDF 1.1.
  void read_names() {
    names_read_ = true;
    auto* catalog = document_.GetCatalog();
    if (!catalog) return;
    if (auto* old = catalog->GetIndirectKey("Dests"); old && old->IsDictionary()) {
      for (const auto& [key, value] : old->GetDictionary().GetKeys()) {
        if (names_.size() >= most_names) break;
        if (value) names_.emplace(key.GetName(), element(*value));
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
          if (open.size() < most_name_nodes) open.push_back(element(kid));
        }
      }
      if (auto* pairs = node->GetIndirectKey("Names"); pairs && pairs->IsArray())
        read_pairs(*pairs);
    }
  }

  void read_pairs(PdfObject& pairs) {
    auto& array = pairs.GetArray();
    for (std::size_t n = 0; n + 1 < array.size() && names_.size() < most_names; n += 2) {
      auto* key = element(array[n]);
      if (key && (key->IsString() || key->IsHexString()))
        names_.emplace(key->GetString().GetStringUtf8(), element(array[n + 1]));
    }
  }

  PdfMemDocument& document_;
  std::map<PoDoFo::PdfReference, std::uint32_t> numbers_;  ///< of a page listed twice: its first
  std::map<std::string, PdfObject*> names_;
  bool names_read_ = false;
};

}  // namespace

std::vector<std::uint32_t> chapters_of(PdfMemDocument& document,
                                       std::span<const PdfPageNode> pages) {
  std::vector<std::uint32_t> chapters;
  auto* catalog = document.GetCatalog();
  auto* outline = catalog ? catalog->GetIndirectKey("Outlines") : nullptr;
  if (!outline || !outline->IsDictionary()) return chapters;
  Destinations destinations{document, pages};
  std::set<PdfObject*> seen;
  for (auto* entry = outline->GetIndirectKey("First");
       entry && entry->IsDictionary() && seen.size() < most_entries;
       entry = entry->GetIndirectKey("Next")) {
    if (!seen.insert(entry).second) break;
    if (const auto page = destinations.page_of(*entry); page > 0) chapters.push_back(page);
  }
  std::ranges::sort(chapters);
  chapters.erase(std::unique(chapters.begin(), chapters.end()), chapters.end());
  return chapters;
}

}  // namespace pecia::page
