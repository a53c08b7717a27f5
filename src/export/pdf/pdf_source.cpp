#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QUtil.hh>

#include "content_walk.hpp"
#include "findings.hpp"
#include "maker.hpp"
#include "metadata.hpp"
#include "page_layer.hpp"
#include "page_place.hpp"
#include "pdf_traits.hpp"
#include "pdfa.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "text_content.hpp"

namespace pecia::exporting::pdf {
namespace {

/// qpdf's own account of damage may be as long as the document, and quotes it.
constexpr std::size_t most_warning_bytes = 300;

/// False if the password is none of it.
bool process(QPDF& pdf, int fd, const std::string& password) {
  auto* file = ::fdopen(::dup(fd), "rb");
  if (file == nullptr) throw storage_error(errno, "cannot read", "the document");
  try {
    pdf.setSuppressWarnings(true);
    pdf.processFile(document_name, file, true, password.c_str());
    return true;
  } catch (const QPDFExc& error) {
    if (error.getErrorCode() == qpdf_e_password) return false;
    throw;
  }
}

/// The empty password goes first, then the one that is given, in each way in which it may have been written.
std::unique_ptr<QPDF> open_with(int fd, const std::string& password) {
  std::vector<std::string> passwords{""};
  if (!password.empty()) {
    for (auto& one : QUtil::possible_repaired_encodings(password)) passwords.push_back(std::move(one));
  }
  for (const auto& one : passwords) {
    auto pdf = std::make_unique<QPDF>();
    if (process(*pdf, fd, one)) return pdf;
  }
  throw Refusal{password.empty()
                    ? "the document needs a password: name the job file in place of the run, with the password in it (a run keeps none)"
                    : "the password that the job gives for this document is wrong"};
}

/// Kids of the page tree count as pages, whatever they are: one that libqpdf has given up reading, say, would be written as null.
void check_pages(const std::vector<QPDFPageObjectHelper>& pages) {
  for (std::size_t n = 0; n < pages.size(); ++n) {
    if (auto page = pages[n].getObjectHandle(); !page.isDictionary())
      throw Refusal{fmt::format("the document is damaged: libqpdf cannot read its page {}, and the copy would be without it", n + 1)};
  }
}

/// Readers count pages by what the root of their tree says: where it says something else, it gets all pages for its kids.
void mend_page_tree(QPDF& pdf, std::vector<QPDFPageObjectHelper>& pages) {
  auto root = pdf.getRoot().getKey("/Pages");
  const auto count = static_cast<long long>(pages.size());
  if (!root.isDictionary() || (root.getKey("/Count").isInteger() && root.getKey("/Count").getIntValue() == count)) return;
  pdf.pushInheritedAttributesToPage();
  auto kids = QPDFObjectHandle::newArray();
  for (auto& page : pages) {
    page.getObjectHandle().replaceKey("/Parent", root);
    kids.appendItem(page.getObjectHandle());
  }
  root.replaceKey("/Kids", kids);
  root.replaceKey("/Count", QPDFObjectHandle::newInteger(count));
}

class PdfSource final : public Maker {
 public:
  PdfSource(UniqueFd source, const PdfOrder& order)
      : source_{std::move(source)}, settings_{order.settings}, pdf_{open_with(source_.get(), order.password)} {
    check_signatures();
    pages_ = QPDFPageDocumentHelper{*pdf_}.getAllPages();
    if (pages_.size() != order.pages)
      throw Refusal{fmt::format(
          "the document is damaged: libqpdf finds {} in it, and the run has read {}. A PDF with text would put it on the wrong pages",
          plural(pages_.size(), "page"), order.pages)};
    check_pages(pages_);
    mend_page_tree(*pdf_, pages_);
    result_.pages = order.pages;
    if (pdf_->isEncrypted()) result_.warnings.emplace_back("the document is encrypted, the copy is not: its restrictions are gone");
    if (is_tagged(*pdf_)) result_.warnings.emplace_back("the document is tagged: the layer of text stands outside of its structure");
    if (settings_.pdfa) result_.not_pdfa = obstacle_of_catalog(*pdf_);
    earlier_gaps_ = note_gaps(*pdf_, order.gaps);
  }

  void add(const PdfPage& page) override {
    require(page.number >= 1 && page.number <= pages_.size(), "a page that the document does not have");
    auto& helper = pages_[page.number - 1];
    const bool wanted = page.act != PdfPage::Act::leave;
    const bool archival = settings_.pdfa && result_.not_pdfa.empty();
    if (archival) own_resources(helper);
    const bool look = wanted || archival;
    auto contents = look ? contents_of(helper, forms_, &findings_) : PageContents{};
    note_oddities(page.number, contents);
    const bool written = wanted && put_text(page, helper, contents);
    const bool replaced = written && contents.has_removable_text();
    if (page.keeps_text) ++result_.pages_kept;
    if (!archival) return;
    if (written) {  // the layer has closed what they leave open
      contents.unclosed = 0;
      contents.in_text = false;
    }
    const bool text_is_ours = !contents.invisible_text || (replaced && !contents.other_text_left);
    if (auto obstacle = page.failed ? may_be_damaged : obstacle_of_page(helper, contents, text_is_ours); !obstacle.empty())
      result_.not_pdfa = fmt::format("page {}: {}", page.number, obstacle);
  }

  PdfResult finish(int out) override {
    tell_of_lost_text(result_, font_);
    if (result_.pages_with_text > 0) font_.finish();
    if (settings_.pdfa && result_.not_pdfa.empty()) result_.not_pdfa = obstacle_of_objects(*pdf_);
    result_.pdfa = settings_.pdfa && result_.not_pdfa.empty();
    tell(result_.pdfa ? make_pdfa(*pdf_, earlier_gaps_) : std::vector{drop_pdfa_claim(*pdf_)});
    // Object streams, which came with PDF 1.5, make small objects smaller; readers of an older document may not know them.
    const bool modern = pdf_->getPDFVersion() >= "1.5" || result_.pdfa;
    result_.bytes = write_pdf(*pdf_, {modern, false, settings_.linearize, result_.pdfa}, out);
    tell_of_damage();
    result_.status = PdfResult::Status::written;
    return result_;
  }

 private:
  void check_signatures() {
    if (!is_signed(*pdf_)) return;
    if (!settings_.break_signatures)
      throw Refusal{
          "the document is signed, and a layer of text would make its signature invalid: --break-signatures writes it all the same"};
    result_.warnings.emplace_back("the document is signed: its signature is invalid in the copy");
  }

  void tell(std::vector<std::string> warnings) {
    for (auto& one : warnings) {
      if (!one.empty()) result_.warnings.push_back(std::move(one));
    }
  }

  void note_oddities(std::uint32_t number, const PageContents& contents) {
    if (contents.oddities == 0) return;
    if (pages_with_oddities_++ == 0) first_with_oddities_ = number;
  }

  /// Whether text was put on the page.
  bool put_text(const PdfPage& page, QPDFPageObjectHelper& helper, const PageContents& contents) {
    if (page.act == PdfPage::Act::add && (contents.has_text() || !contents.readable)) {
      ++result_.pages_kept;
      if (!contents.has_text())
        result_.warnings.push_back(fmt::format(
            "page {}: its contents cannot be followed: it may have text of its own, so that what was read is not added", page.number));
      return false;
    }
    if (page.lines.empty()) {
      result_.pages_without_places += page.unplaced_lines > 0 ? 1 : 0;
      return false;
    }
    const auto place = place_of(page, view_of(helper), contents.image);
    if (!place) {
      ++result_.pages_without_places;
      result_.warnings.push_back(
          fmt::format("page {}: the run read it as {:.0f} x {:.0f} pixels at {:.0f} dpi, which is not its shape here: no text is placed",
                      page.number, page.width_px, page.height_px, page.dpi));
      return false;
    }
    if (contents.invisible_text && !contents.has_removable_text()) {
      ++result_.pages_kept;
      result_.warnings.push_back(
          fmt::format("page {}: its earlier invisible text cannot be removed, so that what was read is not added", page.number));
      return false;
    }
    if (!contents.readable)
      result_.warnings.push_back(fmt::format(
          "page {}: its contents cannot be followed: earlier invisible text, if it has any, stays beside what was read", page.number));
    PageLayers::clean_resources(helper, contents);
    const auto text = text_content(page, *place, layers_.font_name(helper), font_);
    layers_.set(helper, contents, text.operators);
    ++result_.pages_with_text;
    result_.words += text.words;
    result_.lines_without_places += page.unplaced_lines;
    result_.pages_replaced += contents.has_removable_text() ? 1 : 0;
    return true;
  }

  void tell_of_damage() {
    findings_.take();
    const auto quoted = [](const Findings::Account& account) {
      return fmt::format("({}): {}", plural(account.count, "finding"), printable(shortened(to_utf8(account.first), most_warning_bytes)));
    };
    if (pages_with_oddities_ > 0)
      result_.warnings.push_back(fmt::format("page {}{}: libqpdf finds the contents odd, which stay as they are {}", first_with_oddities_,
                                             pages_with_oddities_ > 1 ? " and " + plural(pages_with_oddities_ - 1, "other") : "",
                                             quoted(findings_.in_contents())));
    if (findings_.lost_objects() > 0)
      result_.warnings.push_back(fmt::format("libqpdf cannot read {} of the document: the copy is without what they hold",
                                             plural(findings_.lost_objects(), "object")));
    if (findings_.in_file().count > 0) result_.warnings.push_back("libqpdf repaired the document " + quoted(findings_.in_file()));
  }

  UniqueFd source_;
  PdfSettings settings_;
  std::unique_ptr<QPDF> pdf_;
  Findings findings_{*pdf_};
  std::vector<QPDFPageObjectHelper> pages_;
  GlyphlessFont font_{*pdf_};
  PageLayers layers_{*pdf_, font_};
  KnownForms forms_;
  PdfResult result_;
  std::string earlier_gaps_;
  std::uint32_t first_with_oddities_ = 0, pages_with_oddities_ = 0;
};

}  // namespace

std::unique_ptr<Maker> open_pdf(UniqueFd source, const PdfOrder& order) { return std::make_unique<PdfSource>(std::move(source), order); }

}  // namespace pecia::exporting::pdf
