#include "pdf_open.hpp"

#include <fmt/format.h>

#include <new>
#include <string_view>
#include <utility>

#include "pecia/base/text.hpp"

namespace pecia::page {
namespace {

/// Arrays and dictionaries within each other; readers of PDFs stop between 100 and 500.
constexpr int deepest_nesting = 256;

PageError locked(const std::string& password) {
  return {Reason::encrypted, password.empty()
                                 ? "the document needs a password. Give it in the job file: "
                                   "passwords, or rules: [{match: ..., password: ...}]"
                                 : "the password that the job gives for this document is wrong"};
}

/// "after a repair by qpdf 11.3.0: ..."
std::string account_of(const RepairedPdf& repaired) {
  auto text = repaired.encryption.empty()
                  ? fmt::format("after a repair by {}", repairer())
                  : fmt::format("after {} decrypted it ({})", repairer(), repaired.encryption);
  if (!repaired.found.empty()) text += ": " + repaired.found;
  return text;
}

}  // namespace

OpenedPdf::OpenedPdf(std::span<const std::byte> bytes, std::string password)
    : bytes_{bytes}, password_{std::move(password)} {
  PoDoFo::PdfParser::SetMaxObjectCount(static_cast<long>(most_pdf_objects));
  PoDoFo::PdfTokenizer::RecursionGuard::SetMaxRecursionDepth(deepest_nesting);
  if (open_with_podofo(bytes_, password_)) refuse_wrappings();
  if (tree_.is_sound() && !tree_.pages.empty()) return;
  repair_and_open();
  if (tree_.pages.empty()) open_poppler_alone();
}

std::uint32_t OpenedPdf::page_count() {
  return tree_.pages.empty() ? poppler().pages() : static_cast<std::uint32_t>(tree_.pages.size());
}

bool OpenedPdf::open_with_podofo(std::span<const std::byte> bytes, const std::string& password) {
  try {
    auto document = std::make_unique<PoDoFo::PdfMemDocument>();
    try {
      document->LoadFromBuffer(reinterpret_cast<const char*>(bytes.data()),
                               static_cast<long>(bytes.size()));
    } catch (const PoDoFo::PdfError& error) {
      if (error.GetError() != PoDoFo::ePdfError_InvalidPassword || password.empty()) throw;
      document->SetPassword(password);  // goes on loading
    }
    tree_ = collect_pages(*document);
    document_ = std::move(document);
    refusal_.clear();
    return true;
  } catch (const PoDoFo::PdfError& error) {
    refusal_ = reason_of(error);
  } catch (const std::exception& error) {  // no memory for what the file claims to hold
    refusal_ = error.what();
  }
  return false;
}

void OpenedPdf::refuse_wrappings() {
  try {
    if (auto more = refuse_wrapping(*document_, tree_.pages); !more.empty()) note(std::move(more));
  } catch (const PoDoFo::PdfError&) {
    // what is damaged about it says of no wrapping, and the pages may be sound
  }
}

/// PoDoFo once more, with what qpdf makes of the file; what it had found before stays if that is
/// more.
void OpenedPdf::repair_and_open() {
  const auto why = refusal_.empty()
                       ? fmt::format("its page tree is not sound ({})",
                                     tree_.pages.empty() ? "it has no page" : tree_.faults())
                       : fmt::format("PoDoFo cannot open it ({})", refusal_);
  try {
    repaired_ = repair_pdf(bytes_, password_);
  } catch (const PageError& error) {
    if (error.reason == Reason::too_large) throw;
    unrepaired_ = error;
    if (!tree_.pages.empty())
      note(fmt::format("{}; what was found of it is read, since qpdf cannot repair it ({})", why,
                       error.what()));
    return;
  }
  auto before = std::move(document_);
  auto tree_before = std::exchange(tree_, {});
  steps_.clear();
  if (open_with_podofo(repaired_->bytes, "") && tree_.pages.size() >= tree_before.pages.size() &&
      !tree_.pages.empty()) {
    note(fmt::format("{}; opened {}", why, account_of(*repaired_)));
    if (repaired_->pages_by_type)
      note(fmt::format("no page tree leads to its {}: found by their type",
                       plural(repaired_->pages, "page")));
    refuse_wrappings();
    return;
  }
  document_ = std::move(before);
  tree_ = std::move(tree_before);
  if (tree_.pages.empty()) return;
  note(fmt::format("{}; what was found of it is read", why));
  repaired_.reset();
}

void OpenedPdf::open_poppler_alone() {
  std::optional<PageError> refusal;
  const auto try_with = [&](std::span<const std::byte> bytes, const std::string& password) {
    try {
      poppler_.emplace(bytes, password);
      if (poppler_->pages() > 0) return true;
      poppler_.reset();
    } catch (const PageError& error) {
      if (!refusal) refusal = error;
    }
    return false;
  };
  if (!try_with(bytes_, password_) && !(repaired_ && try_with(repaired_->bytes, "")))
    fail(refusal.value_or(PageError{Reason::page_tree,
                                    "the page tree of the PDF leads to no page that can be read"}));
  note(fmt::format("PoDoFo cannot open it ({}), {}; Poppler alone rasterises it",
                   refusal_.empty() ? "it finds no page" : refusal_,
                   unrepaired_ ? fmt::format("and qpdf cannot repair it ({})", unrepaired_->what())
                               : "also after qpdf's repair"));
}

void OpenedPdf::fail(const PageError& of_poppler) const {
  if (unrepaired_ && unrepaired_->reason == Reason::unsupported) throw PageError{*unrepaired_};
  const auto is = [&](Reason reason) {
    return of_poppler.reason == reason || (unrepaired_ && unrepaired_->reason == reason);
  };
  if (is(Reason::encrypted)) throw locked(password_);
  if (unrepaired_ && unrepaired_->reason != Reason::unreadable) throw PageError{*unrepaired_};
  if (of_poppler.reason != Reason::unreadable) throw PageError{of_poppler};
  throw PageError{Reason::unreadable,
                  fmt::format("the PDF is damaged or cut off: PoDoFo ({}) and Poppler cannot open "
                              "it, and qpdf cannot repair it{}",
                              refusal_.empty() ? "no page found" : refusal_,
                              unrepaired_ ? fmt::format(" ({})", unrepaired_->what()) : "")};
}

PopplerPdf& OpenedPdf::poppler() {
  if (no_poppler_) throw PageError{*no_poppler_};
  if (poppler_) return *poppler_;
  try {
    if (repaired_)
      poppler_.emplace(repaired_->bytes, "");
    else
      open_poppler_as_podofo();
  } catch (const PageError& error) {
    poppler_.reset();
    no_poppler_ = error;
    throw;
  }
  return *poppler_;
}

/// Poppler rasterises by number: where it counts other pages than PoDoFo, or opens nothing, it gets
/// a repaired copy, or nothing: a page must not get the text of another.
void OpenedPdf::open_poppler_as_podofo() {
  std::optional<PageError> refusal;
  try {
    poppler_.emplace(bytes_, password_);
  } catch (const PageError& error) {
    refusal = error;
  }
  const auto found = refusal ? 0 : poppler_->claimed_pages();
  const bool agrees = !refusal && found == tree_.pages.size();
  if (agrees && !tree_.crops_apart) return;
  try {
    rasterise_repaired(refusal   ? "cannot open it"
                       : !agrees ? fmt::format("finds {} in it", plural(found, "page"))
                                 : "takes a crop box that lies apart from its page for no page");
  } catch (const PageError& error) {
    if (refusal) throw PageError{*refusal};
    if (agrees) {  // the page that lies apart fails by itself
      if (!poppler_) poppler_.emplace(bytes_, password_);
      return;
    }
    throw PageError{Reason::page_tree,
                    fmt::format("Poppler, which would rasterise the page, finds {} in the PDF, and PoDoFo {}: it cannot be told "
                                "which one this is, since no repair helps ({})",
                                plural(found, "page"), tree_.pages.size(), error.what())};
  }
}

/// Throws PageError.
void OpenedPdf::rasterise_repaired(const std::string& why) {
  auto repaired = repair_pdf(bytes_, password_);
  if (repaired.pages != tree_.pages.size())
    throw PageError{Reason::page_tree, fmt::format("qpdf finds {}", plural(repaired.pages, "page"))};
  repaired_ = std::move(repaired);
  try {
    poppler_.emplace(repaired_->bytes, "");
  } catch (const PageError&) {
    repaired_.reset();
    throw;
  }
  poppler_steps_.push_back({"pdf", fmt::format("Poppler {}; it rasterises it {}", why, account_of(*repaired_))});
}

}  // namespace pecia::page
