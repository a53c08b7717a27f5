#include <algorithm>
#include <qpdf/QUtil.hh>
#include <set>

#include "pdf_destinations.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;

PdfObject* first_entry(PdfMemDocument& document) {
  auto* catalog = document.GetCatalog();
  auto* outline = catalog ? catalog->GetIndirectKey("Outlines") : nullptr;
  return outline && outline->IsDictionary() ? outline->GetIndirectKey("First") : nullptr;
}

/// All entries, those that lead nowhere with page 0.
std::vector<corpus::OutlineEntry> walk(PdfObject* first, Destinations& destinations) {
  std::vector<corpus::OutlineEntry> entries;
  std::vector<std::pair<PdfObject*, int>> open{{first, 1}};
  std::set<PdfObject*> seen;
  while (!open.empty() && seen.size() < corpus::most_outline_entries) {
    const auto [entry, level] = open.back();
    open.pop_back();
    if (!entry || !entry->IsDictionary() || !seen.insert(entry).second) continue;
    entries.push_back({destinations.page_of(*entry), level,
                       corpus::clean_title(utf8_of(entry->GetIndirectKey("Title")))});
    open.emplace_back(entry->GetIndirectKey("Next"), level);
    if (level < corpus::most_outline_levels)
      open.emplace_back(entry->GetIndirectKey("First"), level + 1);
  }
  return entries;
}

}  // namespace

std::string utf8_of(PdfObject* value) {
  if (!value || !(value->IsString() || value->IsHexString())) return {};
  const auto& text = value->GetString();
  if (!text.IsValid()) return {};
  std::string bytes{text.GetString(), static_cast<std::size_t>(text.GetLength())};
  if (text.IsUnicode())
    bytes.insert(0, "\xFE\xFF");  // PoDoFo takes the mark off, and not the order of bytes
  if (QUtil::is_utf16(bytes)) return QUtil::utf16_to_utf8(bytes);
  if (bytes.starts_with("\xEF\xBB\xBF")) return bytes.substr(3);
  return QUtil::pdf_doc_to_utf8(bytes);
}

std::vector<std::uint32_t> chapters_of(PdfMemDocument& document, Destinations& destinations) {
  std::vector<std::uint32_t> chapters;
  std::set<PdfObject*> seen;
  for (auto* entry = first_entry(document);
       entry && entry->IsDictionary() && seen.size() < corpus::most_outline_entries;
       entry = entry->GetIndirectKey("Next")) {
    if (!seen.insert(entry).second) break;
    if (const auto page = destinations.page_of(*entry); page > 0) chapters.push_back(page);
  }
  std::ranges::sort(chapters);
  chapters.erase(std::unique(chapters.begin(), chapters.end()), chapters.end());
  return chapters;
}

std::vector<corpus::OutlineEntry> outline_of(PdfMemDocument& document, Destinations& destinations) {
  auto entries = walk(first_entry(document), destinations);
  std::vector<corpus::OutlineEntry> kept;  // from the last to the first
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->page == 0 && !kept.empty() && kept.back().level > entry->level)
      entry->page = kept.back().page;
    if (entry->page > 0 && !entry->title.empty()) kept.push_back(std::move(*entry));
  }
  std::ranges::reverse(kept);
  return kept;
}

}  // namespace pecia::page
