#include "pecia/merge/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "balance.hpp"
#include "check_parts.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

using result::State;

/// Pages that the document lacks, and characters that no text may have.
void check_states(const Book& book, Findings& findings) {
  for (std::size_t n = 0; n < book.pages.size(); ++n) {
    const auto number = book.pages[n].number;
    if (const auto mended = book.pages[n].mended; mended > 0) {
      findings.push_back(
          {FindingKind::mended_text, Severity::note, number,
           plural(mended, "character") + " of the reading may stand in no text (control characters, invalid UTF-8); replaced by U+FFFD"});
    }
    if (book.pages[n].edges_kept) {
      findings.push_back({FindingKind::running_heads_kept, Severity::warning, number,
                          "too much of the page looks like running heads and page numbers: nothing of it was taken out of the text"});
    }
    if (book.document == nullptr || n >= book.document->pages.size()) continue;
    const auto& page = book.document->pages[n];
    const auto& outcome = page.outcome;
    if (page.pending) {
      findings.push_back(
          {FindingKind::pending_page, Severity::error, number, "not read yet: the document has a gap here; run the job again to read it"});
    } else if (page.damaged) {
      findings.push_back({FindingKind::failed_page, Severity::error, number, printable(outcome.detail)});
    } else if (outcome.state == State::failed) {
      findings.push_back({FindingKind::failed_page, Severity::error, number,
                          fmt::format("could not be read ({}): the document has a gap here; {}", name(outcome.reason),
                                      outcome.detail.empty() ? "see docs/errors.md" : printable(outcome.detail))});
    } else if (outcome.state == State::skipped) {
      findings.push_back({FindingKind::failed_page, Severity::warning, number,
                          fmt::format("was skipped ({}): its text is not in the document", name(outcome.reason))});
    }
  }
}

void check_balance(Book& book, Findings& findings) {
  book.balance = balance_of(book);
  const auto lost = book.balance.unexplained;
  if (lost == 0) return;
  findings.push_back(
      {FindingKind::unexplained_text, Severity::error, 0,
       fmt::format(
           "{} of {} on its pages are neither in the document nor said to be removed: a fault of pecia, please report it; the pages "
           "have the whole text (--format jsonl)",
           lost, plural(book.balance.characters, "character"))});
}

/// Within the limit, the worst first; then by pages.
Findings bounded(Findings findings) {
  const auto worse = [](const Finding& a, const Finding& b) { return a.severity > b.severity; };
  if (findings.size() > most_findings) {
    std::ranges::stable_sort(findings, worse);
    const auto more = findings.size() - most_findings;
    auto last = findings[most_findings];
    findings.resize(most_findings);
    last.page = 0;
    last.repaired = false;
    last.detail = fmt::format("and {} more findings of this severity or a lesser one", more);
    std::ranges::stable_sort(findings, {}, &Finding::page);
    findings.push_back(std::move(last));
    return findings;
  }
  std::ranges::stable_sort(findings, worse);
  std::ranges::stable_sort(findings, {}, &Finding::page);
  return findings;
}

}  // namespace

void check(Book& book, const MergeSettings& settings) {
  Findings findings;
  check_states(book, findings);
  check_page_numbers(book, findings);
  check_heading_numbers(book, findings);
  check_words(book, settings.repair, findings);
  check_format(book, settings.repair, findings);
  std::ranges::stable_sort(book.changes, {}, &Change::page);
  check_balance(book, findings);
  book.findings = bounded(std::move(findings));
}

}  // namespace pecia::merge
