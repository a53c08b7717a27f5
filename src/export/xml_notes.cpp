#include "xml_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

template <class Value>
void add_once(std::vector<Value>& values, Value value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(std::move(value));
}

}  // namespace

std::string page_file(std::uint32_t number) { return fmt::format("/{:04}.xml", number); }

std::string_view state_of(const merge::Page& page) { return page.pending ? "pending" : name(page.outcome.state); }

std::string_view sentence_of(merge::Places places) {
  constexpr std::array<std::string_view, 4> sentences{
      "No places are known: lines are those of the text that the engine wrote.",
      "Places are known of blocks alone: lines are those of the text that the engine wrote, without places.",
      "Places are known of blocks and lines; words have none.",
      "Places are known of blocks, lines and words; what stands without one has none."};
  return sentences[static_cast<std::size_t>(places)];
}

std::string software() { return fmt::format("pecia {}", version()); }

std::string file_name_of(const merge::Book& book) {
  const auto& path = book.document->path;
  return printable(path.substr(path.rfind('/') + 1));
}

std::vector<Language> languages_of(const merge::Book& book) {
  std::vector<Language> languages;
  std::string_view last;
  for (const auto& page : book.pages) {
    if (page.languages == last) continue;
    last = page.languages;
    for (auto& language : languages_of(page.languages)) add_once(languages, std::move(language));
  }
  return languages;
}

std::vector<std::string> engines_of(const merge::Book& book) {
  std::vector<std::string> engines;
  for (const auto& page : book.document->pages) {
    const auto& outcome = page.outcome;
    if (outcome.engine.empty()) continue;
    add_once(engines, outcome.fingerprint.empty() ? outcome.engine : fmt::format("{} ({})", outcome.engine, outcome.fingerprint));
  }
  return engines;
}

}  // namespace pecia::exporting
