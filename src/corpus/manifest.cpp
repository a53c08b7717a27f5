#include "pecia/corpus/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {

Manifest::Manifest(std::vector<Document> documents) : documents_{std::move(documents)} {
  std::ranges::sort(documents_, {}, &Document::path);
  first_index_.push_back(0);
  for (std::uint32_t n = 0; n < documents_.size(); ++n) {
    first_index_.push_back(first_index_.back() + documents_[n].outcomes());
    by_id_.emplace_back(documents_[n].id, n);
  }
  std::ranges::sort(by_id_);
  const auto same =
      std::ranges::adjacent_find(by_id_, {}, [](const auto& entry) { return entry.first; });
  if (same != by_id_.end())
    throw Error{fmt::format("the documents {} and {} have the same id {}. Rename one of them",
                            printable(documents_[same->second].path),
                            printable(documents_[(same + 1)->second].path),
                            to_string(same->first))};
}

std::uint64_t Manifest::index(PageRef page) const {
  const auto& document = documents_.at(page.document);
  const auto offset = page.page - document.first_page();
  if (offset >= document.outcomes())
    throw Error{fmt::format("{} has no page {}", printable(document.path), page.page)};
  return first_index_[page.document] + offset;
}

PageRef Manifest::at(std::uint64_t index) const {
  require(index < pages(), "there is no such page in the manifest");
  const auto behind = std::ranges::upper_bound(first_index_, index);
  const auto document = static_cast<std::uint32_t>(behind - first_index_.begin() - 1);
  return {document, documents_[document].first_page() +
                        static_cast<std::uint32_t>(index - first_index_[document])};
}

std::int64_t Manifest::find(DocumentId id) const noexcept {
  const auto found =
      std::ranges::lower_bound(by_id_, id, {}, [](const auto& entry) { return entry.first; });
  return found != by_id_.end() && found->first == id ? std::int64_t{found->second} : -1;
}

std::optional<PageRef> Manifest::find(DocumentId id, std::uint32_t revision, std::uint32_t page) const noexcept {
  const auto at = find(id);
  if (at < 0) return std::nullopt;
  const auto& document = documents_[static_cast<std::size_t>(at)];
  // A page before the first is a huge number.
  if (document.revision != revision || page - document.first_page() >= document.outcomes()) return std::nullopt;
  return PageRef{static_cast<std::uint32_t>(at), page};
}

Difference compare(const Manifest& known, const Listing& found, bool redo_changed) {
  Difference difference;
  std::unordered_set<DocumentId> there;
  for (std::size_t n = 0; n < found.files.size(); ++n) {
    const auto& file = found.files[n];
    const auto at = known.find(file.id);
    if (at < 0) {
      difference.to_probe.push_back(n);
      if (file.exists) there.insert(file.id);
      continue;
    }
    if (!file.exists) continue;
    there.insert(file.id);
    const auto& document = known.documents()[static_cast<std::size_t>(at)];
    if (document.size_bytes == file.size_bytes && document.modified_ns == file.modified_ns)
      continue;
    difference.changed.push_back(n);
    if (redo_changed) difference.to_probe.push_back(n);
  }
  for (const auto& document : known.documents()) {
    if (!there.contains(document.id) && document.problem != Reason::vanished)
      difference.vanished.push_back(document.id);
  }
  return difference;
}

}  // namespace pecia::corpus
