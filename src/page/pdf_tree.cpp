#include <algorithm>
#include <cmath>
#include <set>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;
using PoDoFo::PdfReference;

constexpr int deepest = 64;
constexpr std::size_t most_repeats = 10'000;  ///< of pages that are listed more than once
constexpr PdfBox letter{0, 0, 612, 792};

struct Inherited {
  PdfObject* resources = nullptr;
  PdfObject* media = nullptr;
  PdfObject* crop = nullptr;
  PdfObject* rotate = nullptr;
};

PdfBox box_of(PdfObject* value, const PdfBox& otherwise) {
  value = resolved(value);
  if (!value || !value->IsArray() || value->GetArray().GetSize() < 4) return otherwise;
  double side[4];
  for (int n = 0; n < 4; ++n) side[n] = number_of(&value->GetArray()[static_cast<std::size_t>(n)], NAN);
  const PdfBox box{std::min(side[0], side[2]), std::min(side[1], side[3]), std::max(side[0], side[2]), std::max(side[1], side[3])};
  return box.width() > 0 && box.height() > 0 && std::isfinite(box.width() * box.height()) ? box : otherwise;
}

PdfBox crop_of(const Inherited& inherited) {
  const auto media = box_of(inherited.media, letter);
  const auto crop = box_of(inherited.crop, media);
  const PdfBox both{std::max(media.x0, crop.x0), std::max(media.y0, crop.y0), std::min(media.x1, crop.x1), std::min(media.y1, crop.y1)};
  return both.width() > 0 && both.height() > 0 ? both : media;
}

class TreeWalk {
 public:
  explicit TreeWalk(PdfMemDocument& document) : most_{document.GetObjects().GetSize() + most_repeats} {}

  void visit(PdfObject* node, Inherited inherited, int depth) {
    node = resolved(node);
    if (!node || !node->IsDictionary() || depth > deepest || pages_.size() >= most_) return;
    for (const auto& [key, place] : {std::pair{"Resources", &inherited.resources}, std::pair{"MediaBox", &inherited.media},
                                     std::pair{"CropBox", &inherited.crop}, std::pair{"Rotate", &inherited.rotate}}) {
      if (auto* own = node->GetIndirectKey(key)) *place = own;
    }
    auto* kids = node->GetIndirectKey("Kids");
    if (kids && kids->IsArray()) {
      if (!visited_.insert(node).second) return;  // a loop; a page may be listed twice and is then two
      for (auto& kid : kids->GetArray()) visit_kid(*node, kid, inherited, depth);
      return;
    }
    PdfPageNode page;
    page.object = node;
    page.resources = inherited.resources;
    page.crop = crop_of(inherited);
    const auto turns = std::lround(number_of(inherited.rotate, 0) / 90.0) % 4;
    page.rotate = static_cast<int>((turns + 4) % 4) * 90;
    page.user_unit = std::clamp(number_of(node->GetIndirectKey("UserUnit"), 1), 0.01, 1000.0);
    pages_.push_back(page);
  }
  std::vector<PdfPageNode> take() { return std::move(pages_); }

 private:
  /// An element of an array does not know its document; the node that owns the array does.
  void visit_kid(PdfObject& parent, PdfObject& kid, const Inherited& inherited, int depth) {
    auto* target = &kid;
    if (kid.IsReference()) target = parent.GetOwner() ? parent.GetOwner()->GetObject(kid.GetReference()) : nullptr;
    visit(target, inherited, depth + 1);
  }

  std::size_t most_;
  std::set<PdfObject*> visited_;
  std::vector<PdfPageNode> pages_;
};

}  // namespace

PdfObject* resolved(PdfObject* value) {
  for (int n = 0; value && value->IsReference() && n < deepest; ++n)
    value = value->GetOwner() ? value->GetOwner()->GetObject(value->GetReference()) : nullptr;
  return value && value->IsReference() ? nullptr : value;
}

double number_of(PdfObject* value, double otherwise) {
  value = resolved(value);
  return value && (value->IsNumber() || value->IsReal()) ? value->GetReal() : otherwise;
}

std::vector<PdfPageNode> collect_pages(PdfMemDocument& document) {
  TreeWalk walk{document};
  if (auto* catalog = document.GetCatalog()) walk.visit(catalog->GetIndirectKey("Pages"), {}, 0);
  return walk.take();
}

}  // namespace pecia::page
