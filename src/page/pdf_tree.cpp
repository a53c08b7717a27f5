#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfMemDocument;
using PoDoFo::PdfObject;
using PoDoFo::PdfReference;

constexpr int most_references = 64;  ///< from one to the next until there is a value
constexpr std::size_t most_repeats = 10'000;  ///< of pages that are listed more than once
constexpr PdfBox letter_box{0, 0, 612, 792};

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

/// The part of the crop box within the media box (ISO 32000-1, 14.11.2); nothing if they lie apart.
std::optional<PdfBox> crop_of(const PdfBox& media, const PdfBox& crop) {
  const PdfBox both{std::max(media.x0, crop.x0), std::max(media.y0, crop.y0), std::min(media.x1, crop.x1), std::min(media.y1, crop.y1)};
  return both.width() > 0 && both.height() > 0 ? std::optional{both} : std::nullopt;
}

/// 0, 90, 180 or 270; a turn that is none of them is no turn, as with Poppler.
int turn_of(double degrees) {
  if (!std::isfinite(degrees) || std::abs(degrees) > 1e6) return 0;
  const auto whole = std::lround(degrees) % 360;
  return whole % 90 == 0 ? static_cast<int>((whole + 360) % 360) : 0;
}

class TreeWalk {
 public:
  explicit TreeWalk(PdfMemDocument& document) : most_{document.GetObjects().GetSize() + most_repeats} {}

  void visit_root(PdfObject& root) {
    tree_.exists = true;
    if (root.GetIndirectKey("Count")) tree_.claimed = number_of(root.GetIndirectKey("Count"), NAN);
    visit(&root, {}, 0);
  }
  PdfPageTree take() { return std::move(tree_); }

 private:
  void visit(PdfObject* node, Inherited inherited, int depth) {
    node = resolved(node);
    if (!node || !node->IsDictionary()) {
      ++tree_.missing;
      return;
    }
    if (depth > deepest_page_tree || tree_.pages.size() >= most_) {
      tree_.too_deep = true;
      return;
    }
    for (const auto& [key, place] : {std::pair{"Resources", &inherited.resources}, std::pair{"MediaBox", &inherited.media},
                                     std::pair{"CropBox", &inherited.crop}, std::pair{"Rotate", &inherited.rotate}}) {
      if (auto* own = node->GetIndirectKey(key)) *place = own;
    }
    auto* kids = node->GetIndirectKey("Kids");
    if (kids && kids->IsArray()) {
      if (!visited_.insert(node).second) {  // a page may be listed twice and is then two
        tree_.loops = true;
        return;
      }
      for (auto& kid : kids->GetArray()) visit_kid(*node, kid, inherited, depth);
      return;
    }
    PdfPageNode page;
    page.object = node;
    page.resources = inherited.resources;
    const auto media = box_of(inherited.media, letter_box);
    const auto crop = crop_of(media, box_of(inherited.crop, media));
    page.crop = crop.value_or(media);
    tree_.crops_apart = tree_.crops_apart || !crop;
    page.rotate = turn_of(number_of(inherited.rotate, 0));
    page.user_unit = std::clamp(number_of(node->GetIndirectKey("UserUnit"), 1), 0.01, 1000.0);
    tree_.pages.push_back(page);
  }

  /// An element of an array does not know its document; the node that owns the array does.
  void visit_kid(PdfObject& parent, PdfObject& kid, const Inherited& inherited, int depth) {
    auto* target = &kid;
    if (kid.IsReference()) target = parent.GetOwner() ? parent.GetOwner()->GetObject(kid.GetReference()) : nullptr;
    visit(target, inherited, depth + 1);
  }

  std::size_t most_;
  std::set<PdfObject*> visited_;
  PdfPageTree tree_;
};

}  // namespace

PdfObject* resolved(PdfObject* value) {
  for (int n = 0; value && value->IsReference() && n < most_references; ++n)
    value = value->GetOwner() ? value->GetOwner()->GetObject(value->GetReference()) : nullptr;
  return value && value->IsReference() ? nullptr : value;
}

PdfObject* entry_of(PdfObject& dictionary, const char* key, PoDoFo::PdfVecObjects* objects) {
  auto* value = dictionary.GetDictionary().GetKey(key);
  for (int n = 0; value && value->IsReference() && n < most_references; ++n)
    value = objects ? objects->GetObject(value->GetReference()) : nullptr;
  return value && value->IsReference() ? nullptr : value;
}

int int_of(double value) {
  if (std::isnan(value)) return 0;
  constexpr std::numeric_limits<int> limits;
  return static_cast<int>(std::clamp(value, static_cast<double>(limits.min()), static_cast<double>(limits.max())));
}

double number_of(PdfObject* value, double otherwise) {
  value = resolved(value);
  return value && (value->IsNumber() || value->IsReal()) ? value->GetReal() : otherwise;
}

std::string reason_of(const PoDoFo::PdfError& error) {
  const std::string_view name = PoDoFo::PdfError::ErrorName(error.GetError()), prefix = "ePdfError_";
  return std::string{name.substr(name.starts_with(prefix) ? prefix.size() : 0)};
}

bool PdfPageTree::is_sound() const {
  return exists && !loops && !too_deep && missing == 0 && claimed && *claimed == static_cast<double>(pages.size());
}

std::string PdfPageTree::faults() const {
  std::vector<std::string> found;
  if (!exists) found.emplace_back("there is none");
  if (loops) found.emplace_back("it loops");
  if (too_deep) found.push_back(fmt::format("it has more than {} levels, or more pages than the file has objects", deepest_page_tree));
  if (missing > 0) found.push_back(fmt::format("{} of its nodes {} not in the file", missing, missing == 1 ? "is" : "are"));
  if (exists && !claimed) found.emplace_back("it does not say how many pages it has");
  if (claimed && *claimed != static_cast<double>(pages.size()))
    found.push_back(fmt::format("it says that it has {:.0f} pages, and {} {} found", *claimed, pages.size(), pages.size() == 1 ? "was" : "were"));
  return fmt::format("{}", fmt::join(found, ", "));
}

PdfPageTree collect_pages(PdfMemDocument& document) {
  TreeWalk walk{document};
  auto* catalog = document.GetCatalog();
  auto* root = catalog ? catalog->GetIndirectKey("Pages") : nullptr;
  if (root && root->IsDictionary()) walk.visit_root(*root);
  return walk.take();
}

}  // namespace pecia::page
