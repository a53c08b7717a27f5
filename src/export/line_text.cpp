#include "line_text.hpp"

#include <algorithm>
#include <optional>

#include "pecia/merge/marked_text.hpp"
#include "pecia/merge/markup.hpp"

namespace pecia::exporting {
namespace {

/// Adds what stands at the beginning of a text of a model; returns how many bytes that is.
std::size_t add_next(merge::MarkedTextBuilder& out, std::string_view text) {
  std::string sign;
  const auto size = text.front() == '&' ? merge::take_entity(text, sign) : 0;
  if (size > 0) return out.add(sign), size;
  const auto tag = text.front() == '<' ? merge::html_tag(text) : std::nullopt;
  if (!tag) return out.add(text.substr(0, 1)), 1;
  if (const auto what = merge::inline_of(tag->name); what && *what != merge::Inline::line_break)
    tag->closes ? out.close(*what) : out.open(*what);
  else if (!merge::is_within_words(tag->name))
    out.add(" ");
  return tag->size;
}

}  // namespace

LineText::LineText(const merge::PageModel& page, const merge::Block& block, const merge::Line& line)
    : begin_{line.text.begin}, plain_{page.markup && block.role == merge::Role::table} {
  const auto text = text_of(page, line.text);
  if (plain_) {
    take_apart(text);
    return;
  }
  text_ = text;
  if (!page.markup || block.role != merge::Role::heading || begin_ != block.text.begin) return;
  const auto before_words = line.words_begin < line.words_end ? page.words[line.words_begin].text.begin - begin_ : text.size();
  const auto marks = std::min({text.find_first_not_of('#'), before_words, text.size()});
  std::fill_n(text_.begin(), marks, ' ');
}

std::string_view LineText::operator()(merge::Span span) const {
  const auto begin = place_of(span.begin), end = std::max(begin, place_of(span.end));
  return std::string_view{text_}.substr(begin, end - begin);
}

void LineText::take_apart(std::string_view text) {
  merge::MarkedTextBuilder builder;
  std::vector<std::uint32_t> from;
  for (std::size_t at = 0; at < text.size();) {
    const auto size = add_next(builder, text.substr(at));
    from.resize(builder.size(), begin_ + static_cast<std::uint32_t>(at));
    at += size;
  }
  const auto marked = builder.take();
  const auto append = [&](std::string_view sign, std::uint32_t place) {
    text_ += sign;
    from_.resize(text_.size(), place);
  };
  visit(marked, {[&](std::uint32_t begin, std::uint32_t end) {
                   for (auto n = begin; n < end; ++n) append({&marked.text[n], 1}, from[n]);
                 },
                 [&](std::size_t mark, bool opens) {
                   append(plain_sign(marked, mark, opens), opens ? from[marked.marks[mark].begin] : from[marked.marks[mark].end - 1]);
                 }});
}

std::size_t LineText::place_of(std::uint32_t at) const {
  if (!plain_) return std::min<std::size_t>(std::max(at, begin_) - begin_, text_.size());
  return static_cast<std::size_t>(std::ranges::lower_bound(from_, at) - from_.begin());
}

}  // namespace pecia::exporting
