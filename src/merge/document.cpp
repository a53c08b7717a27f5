#include "pecia/merge/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace pecia::merge {
namespace {

using result::State;

Page load_page(const store::Contents& contents, const store::PageKey& key) {
  Page page;
  page.number = key.page;
  const auto* row = contents.find(key);
  if (!row) {
    page.pending = true;
    return page;
  }
  try {
    page.outcome = contents.load(*row);
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

void for_each_document(const corpus::Manifest& manifest, const store::Contents& contents,
                       const std::function<void(const Document&)>& use) {
  for (const auto& known : manifest.documents()) {
    Document document;
    document.id = known.id;
    document.path = known.path;
    document.pages.reserve(known.outcomes());
    for (std::uint32_t n = 0; n < known.outcomes(); ++n)
      document.pages.push_back(
          load_page(contents, {known.id, known.revision, known.first_page() + n}));
    use(document);
  }
}

}  // namespace pecia::merge
