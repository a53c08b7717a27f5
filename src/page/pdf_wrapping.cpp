// PDFs whose contents are something else than their pages.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "pdf_open.hpp"
#include "pecia/base/text.hpp"

namespace pecia::page {
namespace {

using PoDoFo::PdfObject;

constexpr std::size_t most_attachment_nodes = 1'000;  ///< of the tree of attached files
constexpr std::size_t shown_names = 3, shown_name_bytes = 100;

struct Attachments {
  std::size_t count = 0;
  std::vector<std::string> names;  ///< of the first ones
};

/// An element of an array does not know its document.
PdfObject* element(PoDoFo::PdfMemDocument& document, PdfObject& value) {
  return value.IsReference() ? document.GetObjects().GetObject(value.GetReference()) : &value;
}

std::string name_of(PdfObject* file) {
  if (!file || !file->IsDictionary()) return {};
  for (const auto* key : {"UF", "F"}) {
    auto* name = file->GetIndirectKey(key);
    if (name && (name->IsString() || name->IsHexString())) return name->GetString().GetStringUtf8();
  }
  return {};
}

/// The name tree /Names /EmbeddedFiles (ISO 32000-1, 7.11.4).
Attachments attachments_of(PoDoFo::PdfMemDocument& document) {
  Attachments found;
  auto* names = document.GetCatalog()->GetIndirectKey("Names");
  std::vector<PdfObject*> open{
      names && names->IsDictionary() ? names->GetIndirectKey("EmbeddedFiles") : nullptr};
  std::set<PdfObject*> seen;
  while (!open.empty() && seen.size() < most_attachment_nodes) {
    auto* node = open.back();
    open.pop_back();
    if (!node || !node->IsDictionary() || !seen.insert(node).second) continue;
    if (auto* kids = node->GetIndirectKey("Kids"); kids && kids->IsArray()) {
      for (auto& kid : kids->GetArray()) open.push_back(element(document, kid));
    }
    auto* pairs = node->GetIndirectKey("Names");
    if (!pairs || !pairs->IsArray()) continue;
    auto& array = pairs->GetArray();
    found.count += array.size() / 2;
    for (std::size_t n = 1; n < array.size() && found.names.size() < shown_names; n += 2) {
      if (auto name = name_of(element(document, array[n])); !name.empty())
        found.names.push_back(shortened(name, shown_name_bytes));
    }
  }
  return found;
}

bool has_fields_on(const PdfPageNode& page) {
  auto* annotations = page.object->GetIndirectKey("Annots");
  if (!annotations || !annotations->IsArray()) return false;
  for (auto& entry : annotations->GetArray()) {
    auto* annotation =
        entry.IsReference() ? page.object->GetOwner()->GetObject(entry.GetReference()) : &entry;
    if (!annotation || !annotation->IsDictionary()) continue;
    auto* kind = entry_of(*annotation, "Subtype", page.object->GetOwner());
    if (kind && kind->IsName() && kind->GetName() == PoDoFo::PdfName{"Widget"}) return true;
  }
  return false;
}

bool is_true(PdfObject* value) { return value && value->IsBool() && value->GetBool(); }

/// A form that a viewer of XFA makes the pages of: the one page that is there says "Please
/// wait...". The catalog asks for that
/// (/NeedsRendering, ISO 32000-1, 7.7.2), or the form has no fields; pages that were made when the
/// form was saved (static XFA) have theirs.
bool is_dynamic_xfa(PoDoFo::PdfMemDocument& document, const std::vector<PdfPageNode>& pages) {
  if (pages.size() > 1 || (!pages.empty() && has_fields_on(pages.front()))) return false;
  auto* catalog = document.GetCatalog();
  if (is_true(catalog->GetIndirectKey("NeedsRendering"))) return true;
  auto* form = catalog->GetIndirectKey("AcroForm");
  if (!form || !form->IsDictionary()) return false;
  auto* xfa = form->GetIndirectKey("XFA");
  if (!xfa || !(xfa->IsArray() || xfa->HasStream())) return false;
  auto* fields = form->GetIndirectKey("Fields");
  return !fields || !fields->IsArray() || fields->GetArray().empty();
}

}  // namespace

std::string refuse_wrapping(PoDoFo::PdfMemDocument& document,
                            const std::vector<PdfPageNode>& pages) {
  auto* catalog = document.GetCatalog();
  if (!catalog) return {};
  if (is_dynamic_xfa(document, pages))
    throw PageError{Reason::xfa_form,
                    "the PDF is a dynamic XFA form: its pages are made by Adobe's viewer when it "
                    "is opened, and "
                    "the page in the file only says so"};
  auto* collection = catalog->GetIndirectKey("Collection");
  if (!collection || !collection->IsDictionary()) return {};
  const auto files = attachments_of(document);
  if (files.count == 0 && !pages.empty()) return {};
  const auto contents =
      fmt::format("{} ({}{})", plural(files.count, "attached file"), fmt::join(files.names, ", "),
                  files.count > files.names.size() ? ", ..." : "");
  if (pages.size() <= 1)
    throw PageError{
        Reason::portfolio,
        fmt::format("the PDF is a portfolio: its contents are {}, and not its pages", contents)};
  return fmt::format("it is a portfolio: of its {} pages the text is read, of its {} not",
                     pages.size(), contents);
}

}  // namespace pecia::page
