#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/base/reason.hpp"

namespace pecia::result {

/// How a page ended. The numbers are written to files.
enum class State : std::uint8_t { ok = 0, ok_fallback = 1, blank = 2, skipped = 3, failed = 4 };
[[nodiscard]] std::string_view name(State state) noexcept;
[[nodiscard]] std::optional<State> parse_state(std::string_view name) noexcept;

/// How the generation of a page's text ended. The numbers are written to files.
enum class FinishReason : std::uint8_t {
  none = 0,      ///< the engine does not generate
  stop = 1,      ///< by the end-of-text token
  length = 2,    ///< at max_new_tokens, or at the model's last position
  repeats = 3,   ///< by loop detection
  watchdog = 4,  ///< by the limit in seconds: not reproducible
};
[[nodiscard]] std::string_view name(FinishReason reason) noexcept;
[[nodiscard]] std::optional<FinishReason> parse_finish_reason(std::string_view name) noexcept;

/// In page coordinates (pixels), x to the right, y down; x0 <= x1, y0 <= y1.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

/// A part of the page: block, line or word; [text_begin, text_end) are bytes of `Reading::text`.
struct Part {
  Box box;
  std::uint32_t text_begin = 0;
  std::uint32_t text_end = 0;
  float confidence = 0;  ///< 0 to 1
};

/// What was read from a page: UTF-8 text in reading order, blocks separated by an empty line, and
/// where its parts stand. Lines lie within blocks, words within lines, by their text ranges.
struct Reading {
  std::string text;
  float confidence = 0;  ///< 0 to 1, mean over the words weighted by their length
  std::vector<Part> blocks, lines, words;
  FinishReason finish_reason = FinishReason::none;
  std::string raw = {};              ///< a model's own output with its tags; not kept in a run
  std::vector<std::int32_t> ids = {};  ///< and its tokens; not kept in a run
};

/// Page coordinates and the raster that was read.
struct Geometry {
  float page_width_px = 0, page_height_px = 0, page_dpi = 0;
  std::uint32_t raster_width_px = 0, raster_height_px = 0;
  float raster_dpi = 0;
  double to_page[6] = {1, 0, 0, 1, 0, 0};  ///< as page::Affine
  bool embedded = false;                   ///< the page's own image, not rasterised
};

/// One try at a page that did not end it.
struct Attempt {
  std::string engine;  ///< empty: the page did not get as far as an engine
  Reason reason = Reason::none;
  std::string detail;
  float seconds = 0;
};

/// The recorded end of one page.
struct PageOutcome {
  State state = State::failed;
  Reason reason = Reason::none;  ///< of failed and skipped
  std::string detail;            ///< for a person: what failed and what to do
  std::string engine;            ///< that decided the state; empty if none did
  std::string languages;         ///< joined by '+'
  float seconds = 0;             ///< of the last attempt: decode and reading
  std::vector<Attempt> attempts; ///< earlier tries, oldest first
  Geometry geometry;
  Reading reading;
};

void encode(ByteWriter& out, const PageOutcome& outcome);
/// Throws `Error` on anything `encode` does not write (bad enum, range outside the text, ...).
[[nodiscard]] PageOutcome decode_outcome(ByteReader& in);
void encode(ByteWriter& out, const Reading& reading);
[[nodiscard]] Reading decode_reading(ByteReader& in);

/// Checks what came from another process: UTF-8, ranges inside the text and ordered, boxes finite,
/// confidences in 0..1. Empty, or what is wrong.
[[nodiscard]] std::string problem_of(const Reading& reading);

}  // namespace pecia::result
