#include "pecia/merge/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace pecia::merge {
namespace {

using result::State;

Page load_page(std::uint32_t number, const LoadPage& load) {
  Page page;
  page.number = number;
  try {
    auto outcome = load(number);
    page.pending = !outcome.has_value();
    if (outcome) page.outcome = *std::move(outcome);
  } catch (const std::exception& error) {  // not Error alone: damaged sizes may ask for any memory
    page.damaged = true;
    page.outcome.state = State::failed;
    page.outcome.reason = Reason::io_error;
    page.outcome.detail = fmt::format("its record is damaged ({}); run pecia verify", error.what());
  }
  return page;
}

}  // namespace

bool Document::complete() const noexcept {
  return std::ranges::all_of(pages, [](const Page& page) {
    const auto state = page.outcome.state;
    return !page.pending &&
           (state == State::ok || state == State::ok_fallback || state == State::blank);
  });
}

Document load_document(DocumentId id, std::string_view path, std::size_t pages, const LoadPage& load) {
  Document document{id, std::string{path}, {}};
  if (pages == 0) document.pages.push_back(load_page(0, load));
  document.pages.reserve(pages);
  for (std::uint32_t number = 1; number <= pages; ++number) document.pages.push_back(load_page(number, load));
  return document;
}

Document load_document(const corpus::Document& known, const store::Contents& contents) {
  return load_document(known.id, known.path, known.pages.size(), [&](std::uint32_t page) -> std::optional<result::PageOutcome> {
    const auto* row = contents.find({known.id, known.revision, page});
    if (row == nullptr) return std::nullopt;
    return contents.load(*row);
  });
}

void for_each_document(const corpus::Manifest& manifest, const store::Contents& contents,
                       const std::function<void(const Document&)>& use) {
  for (const auto& known : manifest.documents()) use(load_document(known, contents));
}

}  // namespace pecia::merge
