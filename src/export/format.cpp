#include "format.hpp"

#include <algorithm>
#include <array>

#include "gaps.hpp"
#include "markdown_escape.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

void write_markdown(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  if (!context.as_read) return files.write(".md", to_markdown(book, context.figures));
  const auto gaps = gaps_notice(*book.document);
  const auto pages = to_markdown(*book.document, context.figures);
  files.write(".md", gaps.empty() ? pages : markdown_notice(gaps) + '\n' + pages);
}

void write_plain_text(const merge::Book& book, const WriteContext& context, DocumentFiles& files) {
  if (!context.as_read) return files.write(".txt", to_plain_text(book));
  const auto gaps = gaps_notice(*book.document);
  const auto pages = to_plain_text(*book.document);
  files.write(".txt", gaps.empty() ? pages : '[' + gaps + "]\n\n" + pages);
}

constexpr std::array all_formats{
    Format{"md", ".md", write_markdown, false, true},
    Format{"txt", ".txt", write_plain_text},
    Format{"html", html_suffix, write_html, false, true},
    Format{"hocr", hocr_suffix, write_hocr},
    Format{"alto", alto_suffix, write_alto},
    Format{"page", page_suffix, write_page_xml},
    Format{"mets", mets_suffix, write_mets, true, true},
};

}  // namespace

std::span<const Format> formats() { return all_formats; }

const Format* find_format(std::string_view name) {
  const auto* found = std::ranges::find(all_formats, name, &Format::name);
  return found == all_formats.end() ? nullptr : found;
}

std::string_view suffix_of(std::string_view format) {
  if (format == "pdf") return ".pdf";
  if (format == "figures") return figures_suffix;
  const auto* found = find_format(format);
  return found == nullptr ? std::string_view{} : found->suffix;
}

std::vector<std::string> all_suffixes() {
  std::vector<std::string> suffixes{".pdf", std::string{figures_suffix}};
  for (const auto& format : all_formats) suffixes.emplace_back(format.suffix);
  return suffixes;
}

}  // namespace pecia::exporting
