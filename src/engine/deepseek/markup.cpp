#include "markup.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace pecia::engine::deepseek {
namespace {

constexpr std::size_t longest_label_bytes = 128;
constexpr int largest_coordinate = 999;
constexpr std::string_view white = " \t\n\r\v\f";

enum class Sign { ref_open, ref_close, det_open, det_close };
constexpr std::array<std::string_view, 4> signs{"<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>"};

/// One of the four signs that tags are made of.
struct Found {
  Sign sign = Sign::ref_open;
  Span at;
};

std::optional<Found> next_sign(std::string_view output, std::size_t from) {
  for (auto at = output.find("<|", from); at != std::string_view::npos;
       at = output.find("<|", at + 2)) {
    for (std::size_t n = 0; n < signs.size(); ++n) {
      if (output.substr(at, signs[n].size()) == signs[n])
        return Found{static_cast<Sign>(n), {at, at + signs[n].size()}};
    }
  }
  return std::nullopt;
}

struct Tag {
  Span all, label, boxes;
};

std::optional<Tag> tag_from(std::string_view output, const Found& opening) {
  const auto is = [](const std::optional<Found>& found, Sign sign) {
    return found && found->sign == sign;
  };
  if (opening.sign != Sign::ref_open) return std::nullopt;
  const auto label_end = next_sign(output, opening.at.end);
  if (!is(label_end, Sign::ref_close) || label_end->at.begin - opening.at.end > longest_label_bytes)
    return std::nullopt;
  const auto begin = label_end->at.end;
  const auto det = signs[static_cast<std::size_t>(Sign::det_open)];
  if (output.substr(begin, det.size()) != det) return std::nullopt;
  const auto end = next_sign(output, begin + det.size());
  if (!is(end, Sign::det_close)) return std::nullopt;
  return Tag{{opening.at.begin, end->at.end},
             {opening.at.end, label_end->at.begin},
             {begin + det.size(), end->at.begin}};
}

/// Reads `[[x0, y0, x1, y1], ...]` from the left.
class BoxReader {
 public:
  explicit BoxReader(std::string_view rest) : rest_{rest} {}

  /// Empty unless it is that and nothing else.
  [[nodiscard]] std::vector<MarkupBox> operator()() {
    std::vector<MarkupBox> boxes;
    if (!take('[')) return {};
    do {
      MarkupBox box{};
      if (!read(box)) return {};
      boxes.push_back(box);
    } while (take(','));
    if (!take(']') || !rest_.empty()) return {};
    return boxes;
  }

 private:
  /// Blanks may stand before any sign and number.
  bool take(char sign) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool read(MarkupBox& box) {
    if (!take('[')) return false;
    for (std::size_t n = 0; n < box.size(); ++n) {
      if ((n > 0 && !take(',')) || !read(box[n])) return false;
    }
    return take(']') && box[0] <= box[2] && box[1] <= box[3];
  }

  bool read(int& number) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    std::size_t digits = 0;
    number = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      number = 10 * number + (rest_[digits] - '0');
      if (number > largest_coordinate) return false;
    }
    rest_.remove_prefix(digits);
    return digits > 0;
  }

  std::string_view rest_;
};

/// The output without its tags, piece by piece.
class TextWriter {
 public:
  explicit TextWriter(bool tidies) : tidies_{tidies} {}

  /// Where it stands in the text, without white space at its ends.
  Span append(std::string_view piece) {
    Span span{text_.size(), text_.size()};
    bool begun = false;
    while (!piece.empty()) {
      const auto from = take(piece);
      if (white.find(text_.empty() ? ' ' : text_.back()) != std::string_view::npos) continue;
      if (!std::exchange(begun, true)) span.begin = from;
      span.end = text_.size();
    }
    if (!begun) span.end = span.begin;
    return span;
  }

  [[nodiscard]] std::string finish() {
    const auto last = text_.find_last_not_of(white);
    text_.erase(last == std::string::npos ? 0 : last + 1);
    return std::move(text_);
  }

 private:
  /// Writes one character, or what stands for several; returns where.
  std::size_t take(std::string_view& piece) {
    const auto from = text_.size();
    if (tidies_) {
      for (const auto& [command, sign] : {std::pair{"\\coloneqq", ":="}, {"\\eqqcolon", "=:"}}) {
        if (!piece.starts_with(command)) continue;
        piece.remove_prefix(std::string_view{command}.size());
        text_ += sign;
        return from;
      }
    }
    const char c = piece.front();
    piece.remove_prefix(1);
    const bool leads = text_.empty() && white.find(c) != std::string_view::npos;
    if (!leads && !(tidies_ && c == '\n' && text_.ends_with("\n\n"))) text_ += c;
    return from;
  }

  bool tidies_;
  std::string text_;
};

Span without_white_ends(std::string_view output, Span span) {
  const auto piece = output.substr(span.begin, span.end - span.begin);
  const auto first = piece.find_first_not_of(white);
  if (first == std::string_view::npos) return {span.begin, span.begin};
  return {span.begin + first, span.begin + piece.find_last_not_of(white) + 1};
}

struct Signs {
  std::vector<Tag> tags;
  std::vector<std::size_t> strays;  ///< where signs stand that belong to no tag
};

Signs find_tags(std::string_view output) {
  Signs found;
  for (auto sign = next_sign(output, 0); sign;) {
    std::size_t end = sign->at.end;
    if (const auto tag = tag_from(output, *sign)) {
      found.tags.push_back(*tag);
      end = tag->all.end;
    } else {
      found.strays.push_back(sign->at.begin);
    }
    sign = next_sign(output, end);
  }
  return found;
}

}  // namespace

Markup parse_markup(std::string_view output) {
  const auto found = find_tags(output);
  const auto& tags = found.tags;
  const auto& strays = found.strays;
  TextWriter text{!tags.empty()};
  Markup markup;
  auto stray = strays.begin();
  const auto add = [&](const Tag* tag, Span content) {
    const auto piece = output.substr(content.begin, content.end - content.begin);
    MarkupBlock block;
    block.text = text.append(piece);
    block.output = without_white_ends(output, content);
    for (; stray != strays.end() && *stray < content.end; ++stray) block.unparsed = true;
    if (tag) {
      if (block.output.empty()) block.output = tag->all;
      block.label = output.substr(tag->label.begin, tag->label.end - tag->label.begin);
      block.boxes = BoxReader{output.substr(tag->boxes.begin, tag->boxes.end - tag->boxes.begin)}();
      block.unparsed = block.unparsed || block.boxes.empty();
    }
    if (tag || !block.output.empty()) markup.blocks.push_back(std::move(block));
  };
  add(nullptr, {0, tags.empty() ? output.size() : tags.front().all.begin});
  for (std::size_t n = 0; n < tags.size(); ++n)
    add(&tags[n], {tags[n].all.end, n + 1 < tags.size() ? tags[n + 1].all.begin : output.size()});
  if (tags.empty() && strays.empty()) markup.blocks.clear();  // text alone, as it was asked for
  markup.text = text.finish();
  for (auto& block : markup.blocks) {
    block.text.begin = std::min(block.text.begin, markup.text.size());
    block.text.end = std::min(block.text.end, markup.text.size());
  }
  return markup;
}

}  // namespace pecia::engine::deepseek
