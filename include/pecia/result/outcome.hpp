#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/base/step.hpp"

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

/// The ladder: how a page is read again that made a model repeat itself, or of which it found no end. The numbers
/// are written to files.
enum class Rung : std::uint8_t {
  normal = 0,          ///< as the job says
  stronger_guard = 1,  ///< against repetitions
  plain_prompt = 2,    ///< text alone, without the layout
  rotated = 3,         ///< the page turned by a quarter; boxes are turned back
  fallback = 4,        ///< by the job's other engine
};
[[nodiscard]] std::string_view name(Rung rung) noexcept;

/// What a block of a page is. The numbers are written to files.
enum class BlockKind : std::uint8_t { text = 0, table = 1, formula = 2, image = 3 };
[[nodiscard]] std::string_view name(BlockKind kind) noexcept;

/// In page coordinates (pixels), x to the right, y down; x0 <= x1, y0 <= y1.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

/// A part of the page: line or word, or what a block has of them; [text_begin, text_end) are bytes of `Reading::text`.
struct Part {
  Box box;
  std::uint32_t text_begin = 0;
  std::uint32_t text_end = 0;
  float confidence = 0;  ///< 0 to 1
  std::uint32_t language = 0;  ///< of a word: its place in the page's `languages`, from 1; 0, or more than there are: not told
};

/// A region of the page that the engine takes for one thing. Its text may be empty (an image).
struct Block : Part {
  std::string label = {};  ///< as the engine names it; empty if it names none
  BlockKind kind = BlockKind::text;
  bool unparsed = false;         ///< markup in it or before it made no sense: it is kept as text, of unknown place
  std::vector<Box> boxes = {};   ///< where it has several, which `box` surrounds; else empty
  /// False: its place is not known, and `box` says nothing.
  [[nodiscard]] bool placed() const noexcept { return !unparsed || box.x0 < box.x1 || box.y0 < box.y1; }
};

/// What was read from a page: UTF-8 text in reading order, blocks separated by an empty line, and
/// where its parts stand. Lines lie within blocks, words within lines, by their text ranges.
struct Reading {
  std::string text;
  float confidence = 0;  ///< 0 to 1, mean over the words (the blocks, without words) weighted by their length
  std::vector<Block> blocks;
  std::vector<Part> lines, words;
  FinishReason finish_reason = FinishReason::none;
  Steps steps = {};                  ///< of the engine; in an outcome they stand in `PageOutcome::steps`
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
  Rung rung = Rung::normal;
  FinishReason finish_reason = FinishReason::none;
};

/// The recorded end of one page.
struct PageOutcome {
  State state = State::failed;
  Reason reason = Reason::none;  ///< of failed and skipped
  std::string detail;            ///< for a person: what failed and what to do
  std::string engine;            ///< that decided the state; empty if none did
  std::string fingerprint;       ///< of that engine: changes whenever its text could (version, models, weights)
  Rung rung = Rung::normal;      ///< of the last attempt
  std::string languages;         ///< joined by '+'
  float seconds = 0;             ///< of the last attempt: decode and reading
  std::vector<Attempt> attempts; ///< earlier tries, oldest first
  Steps steps = {};              ///< of document, image and engine, in the last attempt
  Geometry geometry;
  Reading reading;               ///< of a failed page: what the first attempt had of it, perhaps
};

/// For files: without `Reading::raw` and `ids`. What earlier releases could write is written as they did, byte by byte.
void encode(ByteWriter& out, const PageOutcome& outcome);
/// Throws `Error` on anything `encode` does not write (bad enum, range outside the text, ...).
[[nodiscard]] PageOutcome decode_outcome(ByteReader& in);
/// For messages between processes: all of it.
void encode(ByteWriter& out, const Reading& reading);
/// Throws `Error` on what `encode` does not write, but for what `problem_of` finds.
[[nodiscard]] Reading decode_reading(ByteReader& in);

/// Checks what came from another process: UTF-8, ranges inside the text and ordered, boxes finite,
/// confidences in 0..1. Empty, or what is wrong.
[[nodiscard]] std::string problem_of(const Reading& reading);

}  // namespace pecia::result
