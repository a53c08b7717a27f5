#include "pecia/result/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::result {
namespace {

constexpr std::array<std::string_view, 5> state_names{"ok", "ok_fallback", "blank", "skipped", "failed"};
constexpr std::array<std::string_view, 5> finish_names{"none", "stop", "length", "repeats", "watchdog"};
constexpr std::array<std::string_view, 5> rung_names{"normal", "stronger_guard", "plain_prompt", "rotated", "fallback"};
constexpr std::array<std::string_view, 4> kind_names{"text", "table", "formula", "image"};
constexpr std::size_t box_bytes = 4 * sizeof(float);
constexpr std::size_t part_bytes = box_bytes + 2 * sizeof(std::uint32_t) + sizeof(float);
/// Beside the state: the fields that earlier releases did not know follow the others.
constexpr std::uint8_t extended = 0x80;
/// And behind those, if there are, the steps.
constexpr std::uint8_t has_steps = 0x40;
/// And last, if they are told, the languages of the words.
constexpr std::uint8_t has_word_languages = 0x20;

void encode(ByteWriter& out, const Box& box) { out.put(box.x0).put(box.y0).put(box.x1).put(box.y1); }

Box decode_box(ByteReader& in) {
  Box box;
  for (float* value : {&box.x0, &box.y0, &box.x1, &box.y1}) *value = in.get<float>();
  return box;
}

template <class P>
void encode_parts(ByteWriter& out, const std::vector<P>& parts) {
  out.put(static_cast<std::uint32_t>(parts.size()));
  for (const auto& part : parts) {
    encode(out, part.box);
    out.put(part.text_begin).put(part.text_end).put(part.confidence);
  }
}

template <class P>
std::vector<P> decode_parts(ByteReader& in) {
  std::vector<P> parts(in.get_count(part_bytes));
  for (auto& part : parts) {
    part.box = decode_box(in);
    part.text_begin = in.get<std::uint32_t>();
    part.text_end = in.get<std::uint32_t>();
    part.confidence = in.get<float>();
  }
  return parts;
}

template <class Enum, std::size_t count>
Enum decode_enum(ByteReader& in, const std::array<std::string_view, count>&, const char* what) {
  const auto value = in.get<Enum>();
  if (static_cast<std::size_t>(value) >= count) throw Error{fmt::format("there is no such {}", what)};
  return value;
}

template <class Enum, std::size_t count>
std::string_view name_of(Enum value, const std::array<std::string_view, count>& names) noexcept {
  const auto n = static_cast<std::size_t>(value);
  return n < count ? names[n] : "unknown";
}

/// What a block has beside a part.
void encode_layout(ByteWriter& out, const std::vector<Block>& blocks) {
  for (const auto& block : blocks) {
    out.put(block.kind).put(block.unparsed).put_text(block.label);
    out.put(static_cast<std::uint32_t>(block.boxes.size()));
    for (const auto& box : block.boxes) encode(out, box);
  }
}

void decode_layout(ByteReader& in, std::vector<Block>& blocks) {
  for (auto& block : blocks) {
    block.kind = decode_enum<BlockKind>(in, kind_names, "kind of block");
    block.unparsed = in.get<bool>();
    block.label = in.get_text();
    block.boxes.resize(in.get_count(box_bytes));
    for (auto& box : block.boxes) box = decode_box(in);
  }
}

void encode_text_and_parts(ByteWriter& out, const Reading& reading) {
  out.put_text(reading.text).put(reading.confidence);
  encode_parts(out, reading.blocks);
  encode_parts(out, reading.lines);
  encode_parts(out, reading.words);
}

Reading decode_text_and_parts(ByteReader& in) {
  Reading reading;
  reading.text = in.get_text();
  reading.confidence = in.get<float>();
  reading.blocks = decode_parts<Block>(in);
  reading.lines = decode_parts<Part>(in);
  reading.words = decode_parts<Part>(in);
  return reading;
}

bool is_plain(const Block& block) {
  return block.kind == BlockKind::text && !block.unparsed && block.label.empty() && block.boxes.empty();
}

bool is_plain(const Attempt& attempt) {
  return attempt.rung == Rung::normal && attempt.finish_reason == FinishReason::none;
}

/// Whether earlier releases could write it.
bool is_plain(const PageOutcome& outcome) {
  return outcome.fingerprint.empty() && outcome.rung == Rung::normal &&
         outcome.reading.finish_reason == FinishReason::none &&
         std::ranges::all_of(outcome.attempts, [](const Attempt& one) { return is_plain(one); }) &&
         std::ranges::all_of(outcome.reading.blocks, [](const Block& one) { return is_plain(one); });
}

void encode_extension(ByteWriter& out, const PageOutcome& outcome) {
  out.put(outcome.rung).put(outcome.reading.finish_reason).put_text(outcome.fingerprint);
  for (const auto& attempt : outcome.attempts) out.put(attempt.rung).put(attempt.finish_reason);
  encode_layout(out, outcome.reading.blocks);
}

void decode_extension(ByteReader& in, PageOutcome& outcome) {
  outcome.rung = decode_enum<Rung>(in, rung_names, "rung");
  outcome.reading.finish_reason = decode_enum<FinishReason>(in, finish_names, "finish reason");
  outcome.fingerprint = in.get_text();
  for (auto& attempt : outcome.attempts) {
    attempt.rung = decode_enum<Rung>(in, rung_names, "rung");
    attempt.finish_reason = decode_enum<FinishReason>(in, finish_names, "finish reason");
  }
  decode_layout(in, outcome.reading.blocks);
}

/// Of more than 255 languages, in which nobody reads a page, the others are not told.
std::uint8_t language_byte(const Part& word) { return static_cast<std::uint8_t>(word.language <= 0xFF ? word.language : 0); }

bool has_languages(const std::vector<Part>& words) {
  return std::ranges::any_of(words, [](const Part& word) { return language_byte(word) != 0; });
}

void encode_languages(ByteWriter& out, const std::vector<Part>& words) {
  for (const auto& word : words) out.put(language_byte(word));
}

void decode_languages(ByteReader& in, std::vector<Part>& words) {
  for (auto& word : words) word.language = in.get<std::uint8_t>();
}

Reason decode_reason(ByteReader& in) {
  const auto reason = in.get<Reason>();
  if (static_cast<std::size_t>(reason) > all_reasons().size()) throw Error{"outcome: there is no such reason"};
  return reason;
}

void encode(ByteWriter& out, const Geometry& geometry) {
  out.put(geometry.page_width_px).put(geometry.page_height_px).put(geometry.page_dpi);
  out.put(geometry.raster_width_px).put(geometry.raster_height_px).put(geometry.raster_dpi);
  for (const double value : geometry.to_page) out.put(value);
  out.put(geometry.embedded);
}

Geometry decode_geometry(ByteReader& in) {
  Geometry geometry;
  geometry.page_width_px = in.get<float>();
  geometry.page_height_px = in.get<float>();
  geometry.page_dpi = in.get<float>();
  geometry.raster_width_px = in.get<std::uint32_t>();
  geometry.raster_height_px = in.get<std::uint32_t>();
  geometry.raster_dpi = in.get<float>();
  for (double& value : geometry.to_page) value = in.get<double>();
  geometry.embedded = in.get<std::uint8_t>() != 0;
  return geometry;
}

bool is_fraction(float value) { return value >= 0 && value <= 1; }  // false for NaN

std::string problem_of_box(const Box& box, std::string_view kind) {
  for (const float value : {box.x0, box.y0, box.x1, box.y1}) {
    if (!std::isfinite(value)) return fmt::format("a {}'s box is not finite", kind);
  }
  return box.x0 > box.x1 || box.y0 > box.y1 ? fmt::format("a {}'s box is inside out", kind) : std::string{};
}

template <class P>
std::string problem_of_parts(const std::vector<P>& parts, std::string_view kind, std::size_t text_size) {
  std::uint32_t last_begin = 0;
  for (const auto& part : parts) {
    if (auto problem = problem_of_box(part.box, kind); !problem.empty()) return problem;
    if (part.text_begin > part.text_end || part.text_end > text_size)
      return fmt::format("a {}'s text range lies outside the text", kind);
    if (part.text_begin < last_begin) return fmt::format("{}s are not in the order of the text", kind);
    if (!is_fraction(part.confidence)) return fmt::format("a {}'s confidence is not within 0 and 1", kind);
    last_begin = part.text_begin;
  }
  return {};
}

std::string problem_of_layout(const std::vector<Block>& blocks) {
  for (const auto& block : blocks) {
    if (!is_utf8(block.label)) return "a block's label is not UTF-8";
    for (const auto& box : block.boxes) {
      if (auto problem = problem_of_box(box, "block"); !problem.empty()) return problem;
    }
  }
  return {};
}

}  // namespace

std::string_view name(State state) noexcept { return name_of(state, state_names); }

std::optional<State> parse_state(std::string_view name) noexcept {
  const auto* found = std::ranges::find(state_names, name);
  if (found == state_names.end()) return std::nullopt;
  return static_cast<State>(found - state_names.begin());
}

std::string_view name(Rung rung) noexcept { return name_of(rung, rung_names); }
std::string_view name(BlockKind kind) noexcept { return name_of(kind, kind_names); }
std::string_view name(FinishReason reason) noexcept { return name_of(reason, finish_names); }

std::optional<FinishReason> parse_finish_reason(std::string_view name) noexcept {
  const auto* found = std::ranges::find(finish_names, name);
  if (found == finish_names.end()) return std::nullopt;
  return static_cast<FinishReason>(found - finish_names.begin());
}

void encode(ByteWriter& out, const Reading& reading) {
  encode_text_and_parts(out, reading);
  encode_layout(out, reading.blocks);
  encode_languages(out, reading.words);
  pecia::encode(out, reading.steps);
  out.put(reading.finish_reason).put_text(reading.raw).put(static_cast<std::uint32_t>(reading.ids.size()));
  out.put_raw(std::as_bytes(std::span{reading.ids}));
}

Reading decode_reading(ByteReader& in) {
  auto reading = decode_text_and_parts(in);
  decode_layout(in, reading.blocks);
  decode_languages(in, reading.words);
  reading.steps = decode_steps(in);
  reading.finish_reason = decode_enum<FinishReason>(in, finish_names, "finish reason");
  reading.raw = in.get_text();
  reading.ids.resize(in.get_count(sizeof(std::int32_t)));
  for (auto& id : reading.ids) id = in.get<std::int32_t>();
  return reading;
}

std::string problem_of(const Reading& reading) {
  if (!is_utf8(reading.text)) return "the text is not UTF-8";
  if (!is_utf8(reading.raw)) return "the text with tags is not UTF-8";
  if (!is_fraction(reading.confidence)) return "the confidence is not within 0 and 1";
  const auto size = reading.text.size();
  if (auto problem = problem_of_parts(reading.blocks, "block", size); !problem.empty()) return problem;
  if (auto problem = problem_of_parts(reading.lines, "line", size); !problem.empty()) return problem;
  if (auto problem = problem_of_parts(reading.words, "word", size); !problem.empty()) return problem;
  return problem_of_layout(reading.blocks);
}

void encode(ByteWriter& out, const PageOutcome& outcome) {
  const bool extends = !is_plain(outcome);
  const bool steps = !outcome.steps.empty(), languages = has_languages(outcome.reading.words);
  out.put(static_cast<std::uint8_t>(static_cast<std::uint8_t>(outcome.state) | (extends ? extended : 0) | (steps ? has_steps : 0) |
                                    (languages ? has_word_languages : 0)));
  out.put(outcome.reason);
  out.put_text(outcome.detail).put_text(outcome.engine).put_text(outcome.languages).put(outcome.seconds);
  out.put(static_cast<std::uint32_t>(outcome.attempts.size()));
  for (const auto& attempt : outcome.attempts)
    out.put_text(attempt.engine).put(attempt.reason).put_text(attempt.detail).put(attempt.seconds);
  encode(out, outcome.geometry);
  encode_text_and_parts(out, outcome.reading);
  if (extends) encode_extension(out, outcome);
  if (steps) pecia::encode(out, outcome.steps);
  if (languages) encode_languages(out, outcome.reading.words);
}

PageOutcome decode_outcome(ByteReader& in) {
  PageOutcome outcome;
  const auto state = in.get<std::uint8_t>();
  outcome.state = static_cast<State>(state & ~(extended | has_steps | has_word_languages));
  if (static_cast<std::size_t>(outcome.state) >= state_names.size()) throw Error{"outcome: there is no such state"};
  outcome.reason = decode_reason(in);
  outcome.detail = in.get_text();
  outcome.engine = in.get_text();
  outcome.languages = in.get_text();
  outcome.seconds = in.get<float>();
  outcome.attempts.resize(in.get_count(13));
  for (auto& attempt : outcome.attempts) {
    attempt.engine = in.get_text();
    attempt.reason = decode_reason(in);
    attempt.detail = in.get_text();
    attempt.seconds = in.get<float>();
  }
  outcome.geometry = decode_geometry(in);
  outcome.reading = decode_text_and_parts(in);
  if ((state & extended) != 0) {
    decode_extension(in, outcome);
    if (is_plain(outcome)) throw Error{"outcome: it says that there is more to it than there is"};
  }
  if ((state & has_steps) != 0) {
    outcome.steps = decode_steps(in);
    if (outcome.steps.empty()) throw Error{"outcome: it says that it has steps, and there are none"};
  }
  if ((state & has_word_languages) != 0) {
    decode_languages(in, outcome.reading.words);
    if (!has_languages(outcome.reading.words)) throw Error{"outcome: it says that it has languages of words, and there are none"};
  }
  if (auto problem = problem_of(outcome.reading); !problem.empty()) throw Error{"outcome: " + problem};
  return outcome;
}

}  // namespace pecia::result
