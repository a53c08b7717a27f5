#include <algorithm>
#include <optional>
#include <set>

#include "pdf_destinations.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;

// A number tree may be hostile: it loops, nests without end, or has millions of nodes.
constexpr std::size_t most_label_nodes = 100'000;

/// The ranges of a number tree as they stand in it.
class LabelTree {
 public:
  LabelTree(PoDoFo::PdfVecObjects& objects, std::size_t pages) : objects_{objects}, pages_{pages} {}

  /// Nothing: there is more than is taken, and of a part of it nobody knows how the others go on.
  [[nodiscard]] std::optional<std::vector<corpus::LabelRange>> read(PdfObject* root) {
    std::vector<PdfObject*> open{root};
    std::set<PdfObject*> seen;
    while (!open.empty()) {
      auto* node = open.back();
      open.pop_back();
      if (!node || !node->IsDictionary() || !seen.insert(node).second) continue;
      if (seen.size() > most_label_nodes) return std::nullopt;
      if (auto* kids = entry_of(*node, "Kids", &objects_); kids && kids->IsArray()) {
        auto& array = kids->GetArray();
        if (open.size() + array.size() > most_label_nodes) return std::nullopt;
        for (auto kid = array.rbegin(); kid != array.rend(); ++kid)
          open.push_back(element_of(*kid, objects_));
      }
      if (auto* numbers = entry_of(*node, "Nums", &objects_); numbers && numbers->IsArray())
        add(*numbers);
      if (ranges_.size() > corpus::most_label_ranges) return std::nullopt;
    }
    return std::move(ranges_);
  }

 private:
  void add(PdfObject& numbers) {
    auto& array = numbers.GetArray();
    for (std::size_t n = 0; n + 1 < array.size() && ranges_.size() <= corpus::most_label_ranges;
         n += 2) {
      const auto page = number_of(element_of(array[n], objects_), -1);
      auto* label = element_of(array[n + 1], objects_);
      if (!(page >= 0 && page < static_cast<double>(pages_)) || !label || !label->IsDictionary())
        continue;
      ranges_.push_back(range(static_cast<std::uint32_t>(page) + 1, *label));
    }
  }

  corpus::LabelRange range(std::uint32_t first_page, PdfObject& label) {
    corpus::LabelRange range;
    range.first_page = first_page;
    if (auto* style = entry_of(label, "S", &objects_); style && style->IsName())
      range.style =
          corpus::parse_label_style(style->GetName().GetName()).value_or(corpus::LabelStyle::none);
    range.prefix = corpus::clean_prefix(utf8_of(entry_of(label, "P", &objects_)));
    if (auto* start = entry_of(label, "St", &objects_)) {
      const auto number = int_of(number_of(start, 1));
      range.start = number >= 0 ? static_cast<std::uint32_t>(number) : 1;
    }
    return range;
  }

  PoDoFo::PdfVecObjects& objects_;
  std::size_t pages_;
  std::vector<corpus::LabelRange> ranges_;
};

}  // namespace

std::vector<corpus::LabelRange> page_labels_of(PdfMemDocument& document, std::size_t pages) {
  auto* catalog = document.GetCatalog();
  auto* root = catalog ? catalog->GetIndirectKey("PageLabels") : nullptr;
  auto ranges = LabelTree{document.GetObjects(), pages}.read(root);
  if (!ranges) return {};
  std::ranges::stable_sort(*ranges, {}, &corpus::LabelRange::first_page);
  const auto same_page = [](const corpus::LabelRange& one, const corpus::LabelRange& other) { return one.first_page == other.first_page; };
  ranges->erase(std::unique(ranges->begin(), ranges->end(), same_page), ranges->end());
  if (corpus::are_page_numbers(*ranges)) return {};
  return std::move(*ranges);
}

}  // namespace pecia::page
