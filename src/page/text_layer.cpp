#include "pecia/page/text_layer.hpp"

#include <fmt/format.h>

#include <cmath>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::page {
namespace {

// Of a born-digital page that is to be taken at its word. Shares are of what the evidence counts.
constexpr double most_hidden = 0.2;
constexpr double most_unknown = 0.05;
/// Text in fonts that do not name their characters may still be right, and then it reads very well.
constexpr double most_unmapped = 0.1, like_words_though_unmapped = 0.85;
constexpr double most_mojibake = 0.02;
constexpr double most_single = 0.5, least_like_words = 0.6;
constexpr double least_vowels = 0.22, most_vowels = 0.7;  ///< languages written in Latin letters have 30 to 55 %
constexpr double most_scattered = 0.3;
constexpr double most_overlapping = 0.2, most_unseen = 0.2, most_outside = 0.5;
constexpr double most_elsewhere = 0.5;
// Below these counts a share says nothing.
constexpr std::uint32_t few_words = 20, few_judged = 10, few_letters = 100, few_pairs = 3, few_shapes = 150;
/// Over an image of the page a stamp or a number is all the text that there is, and the page's own, which may be but a
/// title, is in the image: there more shapes than specks leave decide.
constexpr double most_elsewhere_in_image = 0.05;
constexpr std::uint32_t few_shapes_in_image = 10;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}
int percent(std::uint64_t part, std::uint64_t whole) { return static_cast<int>(std::lround(100 * share(part, whole))); }

std::string why_not_as_text(const TextEvidence& is) {
  if (share(is.unknown, is.characters) > most_unknown)
    return fmt::format("{} % of its characters are unknown", percent(is.unknown, is.characters));
  const double like_words = share(is.like_words, is.judged);
  if (share(is.signs.unmapped_bytes, is.signs.bytes()) > most_unmapped &&
      (is.judged < few_words || like_words < like_words_though_unmapped))
    return "its fonts do not say which characters they show";
  if (is.mojibake >= few_pairs && share(is.mojibake, is.words) > most_mojibake) return "its characters were taken for those of another encoding";
  if (is.lettered >= few_words && share(is.single, is.lettered) > most_single) return "its words have come apart into letters";
  if (is.judged >= few_judged && like_words < least_like_words)
    return fmt::format("{} % of its words look like none", percent(is.judged - is.like_words, is.judged));
  const double vowels = share(is.vowels, is.latin);
  if (is.latin >= few_letters && (vowels < least_vowels || vowels > most_vowels))
    return fmt::format("{} % of its letters are vowels, as in no language", percent(is.vowels, is.latin));
  if (is.letters >= few_letters && share(is.scattered, is.letters) > most_scattered) return "its letters are of many scripts";
  return {};
}

std::string why_not_as_seen(const TextEvidence& is) {
  if (share(is.overlapping, is.words) > most_overlapping)
    return fmt::format("{} % of its words lie on others", percent(is.overlapping, is.words));
  if (share(is.outside, is.words + is.outside) > most_outside) return "most of it lies outside of the page";
  if (!is.seen) return {};
  if (share(is.unseen, is.words) > most_unseen)
    return fmt::format("{} % of its words cannot be seen", percent(is.unseen, is.words));
  const double elsewhere = share(is.shapes_elsewhere, is.shapes);
  if (is.signs.over_image && is.shapes_elsewhere > few_shapes_in_image && elsewhere > most_elsewhere_in_image)
    return fmt::format("it lies on an image of the page that has text of its own: {} of {} shapes of the size of letters are in the image alone",
                       is.shapes_elsewhere, is.shapes);
  if (is.shapes_elsewhere >= few_shapes && elsewhere > most_elsewhere)
    return fmt::format("most of the page is not in it: {} of {} shapes of the size of letters lie elsewhere", is.shapes_elsewhere, is.shapes);
  return {};
}

// ---- messages

bool is_length(double value) { return std::isfinite(value) && value >= 0; }

void put(ByteWriter& out, const std::vector<TextPart>& parts) {
  out.put(static_cast<std::uint32_t>(parts.size()));
  for (const auto& part : parts)
    out.put(part.x0).put(part.y0).put(part.x1).put(part.y1).put(part.text_begin).put(part.text_end).put(part.confidence);
}

std::vector<TextPart> get_parts(ByteReader& in, std::size_t text_bytes) {
  std::vector<TextPart> parts(in.get_count(sizeof(TextPart)));
  require(parts.size() <= most_layer_words, "a text layer of too many parts");
  std::uint32_t last = 0;
  for (auto& part : parts) {
    for (auto* value : {&part.x0, &part.y0, &part.x1, &part.y1}) {
      *value = in.get<float>();
      require(std::isfinite(*value), "a part of a text layer without a place");
    }
    part.text_begin = in.get<std::uint32_t>();
    part.text_end = in.get<std::uint32_t>();
    part.confidence = in.get<float>();
    require(part.x0 <= part.x1 && part.y0 <= part.y1, "a part of a text layer that is inside out");
    require(part.text_begin >= last && part.text_begin <= part.text_end && part.text_end <= text_bytes, "a part outside of its text layer");
    require(part.confidence >= 0 && part.confidence <= 1, "a part of a text layer with an impossible confidence");
    last = part.text_begin;
  }
  return parts;
}

/// The counts of the evidence, in the order of messages.
template <class Evidence, class Do>
void for_counts(Evidence& is, Do act) {
  for (auto* count : {&is.words, &is.characters, &is.unknown, &is.letters, &is.scattered, &is.latin, &is.vowels, &is.lettered, &is.single,
                      &is.judged, &is.like_words, &is.mojibake, &is.overlapping, &is.outside, &is.unseen, &is.shapes, &is.shapes_elsewhere})
    act(*count);
}

}  // namespace

std::string why_not_born_digital(const TextSigns& signs) {
  if (!signs.known) return "it cannot be told whether it can be seen";
  if (share(signs.hidden_bytes, signs.bytes()) <= most_hidden) return {};
  return signs.over_image ? "it is a layer under a scan" : "it cannot be seen";
}

std::string why_unsound(const TextEvidence& is) {
  if (is.words == 0) return "there are no words in it";
  if (is.cut_short) return "it is too long for a page";
  if (auto why = why_not_born_digital(is.signs); !why.empty()) return why;
  if (auto why = why_not_as_text(is); !why.empty()) return why;
  return why_not_as_seen(is);
}

std::string summary(const TextEvidence& is) {
  auto text = fmt::format("{}, {:.1f} % of the characters known", plural(is.words, "word"), 100 * (1 - share(is.unknown, is.characters)));
  if (is.judged > 0) text += fmt::format(", {} % of the words like words", percent(is.like_words, is.judged));
  text += fmt::format("; {}", summary(is.signs));
  if (is.overlapping > 0) text += fmt::format(", {} on others", plural(is.overlapping, "word"));
  if (is.outside > 0) text += fmt::format(", {} outside of the page left out", plural(is.outside, "word"));
  if (is.seen)
    text += fmt::format("; on the page {} cannot be seen, and {} of {} shapes of the size of letters lie elsewhere",
                        plural(is.unseen, "word"), is.shapes_elsewhere, is.shapes);
  return text;
}

std::string summary(const TextSigns& signs) {
  if (!signs.known) return "it is not known what can be seen";
  auto text = signs.hidden_bytes == 0  ? std::string{"visible"}
              : signs.shown_bytes == 0 ? std::string{"invisible"}
                                       : fmt::format("{} % invisible", percent(signs.hidden_bytes, signs.bytes()));
  if (signs.over_image) text += ", with an image of the whole page";
  return text;
}

void encode(ByteWriter& out, const TextSigns& signs) {
  out.put(signs.known).put(signs.shown_bytes).put(signs.hidden_bytes).put(signs.unmapped_bytes).put(signs.over_image);
}

TextSigns decode_signs(ByteReader& in) {
  TextSigns signs;
  signs.known = in.get<bool>();
  signs.shown_bytes = in.get<std::uint64_t>();
  signs.hidden_bytes = in.get<std::uint64_t>();
  signs.unmapped_bytes = in.get<std::uint64_t>();
  signs.over_image = in.get<bool>();
  constexpr auto most = std::uint64_t{1} << 48;
  require(signs.shown_bytes < most && signs.hidden_bytes < most && signs.unmapped_bytes < most, "a page of impossibly much text");
  return signs;
}

void encode(ByteWriter& out, const TextLayer& layer) {
  out.put_text(layer.text);
  put(out, layer.blocks);
  put(out, layer.lines);
  put(out, layer.words);
  encode(out, layer.evidence.signs);
  for_counts(layer.evidence, [&](const std::uint32_t& count) { out.put(count); });
  out.put(layer.evidence.cut_short).put(layer.evidence.seen).put_text(layer.made_by);
  out.put(layer.page_width_px).put(layer.page_height_px).put(layer.page_dpi).put(layer.embedded);
  pecia::encode(out, layer.steps);
}

TextLayer decode_text_layer(ByteReader& in) {
  TextLayer layer;
  layer.text = in.get_text();
  require(layer.text.size() <= most_layer_bytes, "a text layer that is too long");
  require(is_utf8(layer.text), "a text layer that is not UTF-8");
  layer.blocks = get_parts(in, layer.text.size());
  layer.lines = get_parts(in, layer.text.size());
  layer.words = get_parts(in, layer.text.size());
  layer.evidence.signs = decode_signs(in);
  for_counts(layer.evidence, [&](std::uint32_t& count) { count = in.get<std::uint32_t>(); });
  layer.evidence.cut_short = in.get<bool>();
  layer.evidence.seen = in.get<bool>();
  layer.made_by = in.get_text();
  require(is_utf8(layer.made_by), "a text layer of an unknown program");
  layer.page_width_px = in.get<double>();
  layer.page_height_px = in.get<double>();
  layer.page_dpi = in.get<double>();
  layer.embedded = in.get<bool>();
  require(is_length(layer.page_width_px) && is_length(layer.page_height_px) && is_length(layer.page_dpi), "a page of impossible size");
  layer.steps = decode_steps(in);
  return layer;
}

}  // namespace pecia::page
