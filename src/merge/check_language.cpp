#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "check_parts.hpp"
#include "language.hpp"

namespace pecia::merge {
namespace {

constexpr std::size_t far_pages = 4;  ///< neighbours farther off say nothing of a page

/// Of the last page before `page`, or the next behind it, that is clear; empty: none near.
std::string_view neighbour(const std::vector<std::string_view>& languages, std::size_t page, bool before) {
  for (std::size_t n = 1; n <= far_pages; ++n) {
    if (before ? n > page : page + n >= languages.size()) break;
    const auto language = languages[before ? page - n : page + n];
    if (!language.empty()) return language;
  }
  return {};
}

/// One page among others; where a language comes again and again the document is in several.
void check_single_pages(const Book& book, const std::vector<std::string_view>& languages, Findings& findings) {
  std::map<std::string_view, std::size_t> pages;
  std::size_t known = 0;
  for (const auto language : languages) {
    if (language.empty()) continue;
    ++pages[language];
    ++known;
  }
  for (std::size_t n = 0; n < languages.size(); ++n) {
    const auto language = languages[n];
    if (language.empty() || pages[language] > std::max<std::size_t>(2, known / 20)) continue;
    const auto before = neighbour(languages, n, true), after = neighbour(languages, n, false);
    if (before.empty() || before != after || before == language) continue;
    findings.push_back({FindingKind::language_change, Severity::note, book.pages[n].number,
                        fmt::format("in {}, between pages in {}", english_name(language), english_name(before))});
  }
}

/// Pages that were read with models for other languages than theirs.
void check_models(const Book& book, const std::vector<std::string_view>& languages, Findings& findings) {
  std::vector<std::size_t> wrong;
  std::map<std::string_view, std::size_t> counts;
  std::size_t known = 0;
  for (std::size_t n = 0; n < languages.size(); ++n) {
    const auto& page = book.pages[n];
    if (languages[n].empty() || page.languages.empty() || page.engine == "text_layer") continue;
    ++known;
    if (is_covered(languages[n], page.languages)) continue;
    wrong.push_back(n);
    ++counts[languages[n]];
  }
  if (wrong.empty()) return;
  const auto detail = [&](std::string_view language, const std::string& models) {
    return fmt::format("in {}, but read with the models for {}: to read it better, name {} among the languages of a new run",
                       english_name(language), models, language);
  };
  if (wrong.size() >= 3 && wrong.size() * 2 > known) {
    const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
    findings.push_back({FindingKind::language_change, Severity::warning, 0,
                        fmt::format("{} of {} pages: {}", wrong.size(), known, detail(most->first, book.pages[wrong.front()].languages))});
    return;
  }
  for (const auto n : wrong) {
    findings.push_back(
        {FindingKind::language_change, Severity::warning, book.pages[n].number, detail(languages[n], book.pages[n].languages)});
  }
}

}  // namespace

void check_languages(const Book& book, const std::vector<std::string_view>& languages, Findings& findings) {
  check_single_pages(book, languages, findings);
  check_models(book, languages, findings);
}

}  // namespace pecia::merge
