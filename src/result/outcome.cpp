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
constexpr std::size_t part_bytes = 4 * sizeof(float) + 2 * sizeof(std::uint32_t) + sizeof(float);

void encode_parts(ByteWriter& out, const std::vector<Part>& parts) {
  out.put(static_cast<std::uint32_t>(parts.size()));
  for (const auto& part : parts) {
    out.put(part.box.x0).put(part.box.y0).put(part.box.x1).put(part.box.y1);
    out.put(part.text_begin).put(part.text_end).put(part.confidence);
  }
}

std::vector<Part> decode_parts(ByteReader& in) {
  std::vector<Part> parts(in.get_count(part_bytes));
  for (auto& part : parts) {
    part.box.x0 = in.get<float>();
    part.box.y0 = in.get<float>();
    part.box.x1 = in.get<float>();
    part.box.y1 = in.get<float>();
    part.text_begin = in.get<std::uint32_t>();
    part.text_end = in.get<std::uint32_t>();
    part.confidence = in.get<float>();
  }
  return parts;
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

std::string problem_of_parts(const std::vector<Part>& parts, std::string_view kind, std::size_t text_size) {
  std::uint32_t last_begin = 0;
  for (const auto& part : parts) {
    const auto& box = part.box;
    for (const float value : {box.x0, box.y0, box.x1, box.y1}) {
      if (!std::isfinite(value)) return fmt::format("a {}'s box is not finite", kind);
    }
    if (box.x0 > box.x1 || box.y0 > box.y1) return fmt::format("a {}'s box is inside out", kind);
    if (part.text_begin > part.text_end || part.text_end > text_size)
      return fmt::format("a {}'s text range lies outside the text", kind);
    if (part.text_begin < last_begin) return fmt::format("{}s are not in the order of the text", kind);
    if (!is_fraction(part.confidence)) return fmt::format("a {}'s confidence is not within 0 and 1", kind);
    last_begin = part.text_begin;
  }
  return {};
}

}  // namespace

std::string_view name(State state) noexcept {
  const auto n = static_cast<std::size_t>(state);
  return n < state_names.size() ? state_names[n] : "unknown";
}

std::optional<State> parse_state(std::string_view name) noexcept {
  const auto* found = std::ranges::find(state_names, name);
  if (found == state_names.end()) return std::nullopt;
  return static_cast<State>(found - state_names.begin());
}

std::string_view name(FinishReason reason) noexcept {
  const auto n = static_cast<std::size_t>(reason);
  return n < finish_names.size() ? finish_names[n] : "unknown";
}

std::optional<FinishReason> parse_finish_reason(std::string_view name) noexcept {
  const auto* found = std::ranges::find(finish_names, name);
  if (found == finish_names.end()) return std::nullopt;
  return static_cast<FinishReason>(found - finish_names.begin());
}

void encode(ByteWriter& out, const Reading& reading) {
  out.put_text(reading.text).put(reading.confidence);
  encode_parts(out, reading.blocks);
  encode_parts(out, reading.lines);
  encode_parts(out, reading.words);
}

Reading decode_reading(ByteReader& in) {
  Reading reading;
  reading.text = in.get_text();
  reading.confidence = in.get<float>();
  reading.blocks = decode_parts(in);
  reading.lines = decode_parts(in);
  reading.words = decode_parts(in);
  return reading;
}

std::string problem_of(const Reading& reading) {
  if (!is_utf8(reading.text)) return "the text is not UTF-8";
  if (!is_fraction(reading.confidence)) return "the confidence is not within 0 and 1";
  for (const auto& [parts, kind] : {std::pair{&reading.blocks, "block"}, std::pair{&reading.lines, "line"},
                                    std::pair{&reading.words, "word"}}) {
    if (auto problem = problem_of_parts(*parts, kind, reading.text.size()); !problem.empty()) return problem;
  }
  return {};
}

void encode(ByteWriter& out, const PageOutcome& outcome) {
  out.put(outcome.state).put(outcome.reason);
  out.put_text(outcome.detail).put_text(outcome.engine).put_text(outcome.languages).put(outcome.seconds);
  out.put(static_cast<std::uint32_t>(outcome.attempts.size()));
  for (const auto& attempt : outcome.attempts)
    out.put_text(attempt.engine).put(attempt.reason).put_text(attempt.detail).put(attempt.seconds);
  encode(out, outcome.geometry);
  encode(out, outcome.reading);
}

PageOutcome decode_outcome(ByteReader& in) {
  PageOutcome outcome;
  outcome.state = in.get<State>();
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
  outcome.reading = decode_reading(in);
  if (auto problem = problem_of(outcome.reading); !problem.empty()) throw Error{"outcome: " + problem};
  return outcome;
}

}  // namespace pecia::result
