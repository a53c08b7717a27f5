#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/page/image.hpp"
#include "pecia/page/reader.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::engine {

using result::Rung;

/// Per page: what the job and its rules say of the page's document, and what the retry rules add.
struct ReadOptions {
  std::vector<std::string> languages;  ///< as the engine names them, most likely first
  std::string prompt;                  ///< for a model; empty: as the engine's own settings say
  Rung rung = Rung::normal;
  int reading = 0;                     ///< 0: as usual; n: the n-th other way to read a page that was read poorly
  bool by_rows = false;                ///< a table: in the usual way, with lines that go across the page; `reading` says nothing
  double time_scale = 1;               ///< times the usual limit of time
  bool alone = false;                  ///< nothing else is to be read beside it: it may need all the memory there is
  bool split = false;                  ///< two-up scans are read as two pages, borders left out (`page.split: auto`)
  bool find_blank = true;              ///< a page without anything to read is Blank before it is read (`page.blank: detect`)
  bool mend_old_letters = true;        ///< the long s and Fraktur's ligatures that models misread are put right (`page.old_letters: mend`)
  double replay_seconds = 0;           ///< of the `replay` engine: how long the page takes
};

/// What an engine is. `fingerprint` changes whenever the text it gives could change (version, models).
struct Description {
  std::string name;
  std::string version;
  std::string fingerprint;
};

/// A page made ready for `submit` by `prepare`, in the engine's own form.
struct Prepared {
  page::Image image;
  ReadOptions options;
  std::size_t bytes = 0;  ///< what it weighs while it waits
  std::shared_ptr<const void> form = {};  ///< the engine's own, beside or instead of the image's pixels
};

/// How much `submit` would take now. `pages` 0 means: `step` first.
struct Room {
  int pages = 0;
  std::size_t bytes = 0;
};

/// Why a page has no reading from this engine.
struct PageFailure {
  Reason reason = Reason::engine_failed;
  std::string detail;
  std::optional<result::Reading> reading = {};  ///< what it had read until then, where that is something
};

/// The page has nothing to read. `reading`: without text; how a model came to its end.
struct Blank {
  result::Reading reading = {};
};

/// A page that left the engine.
struct Completion {
  std::uint64_t ticket = 0;
  std::variant<result::Reading, Blank, PageFailure> result;
  double seconds = 0;  ///< from when work on the page began
};

/// An engine is lost, and a new one would be, too: its maker has tried often enough.
class LostForGood : public Error {
 public:
  using Error::Error;
};

/// Reads page images as text, as a continuous process: pages go in while there is room, and come
/// out as they finish, in any order. Page times differ by 30x; no page waits for a slower one.
///
/// All calls but `wants` and `prepare` are made by one thread; those two by many at once. It knows
/// nothing of files, queues or ranks.
class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual page::ImageRequest wants(const page::PageInfo& page,
                                                 const ReadOptions& options) const = 0;
  [[nodiscard]] virtual Prepared prepare(const page::Image& image, const ReadOptions& options) const = 0;

  [[nodiscard]] virtual Room room() const = 0;
  /// Takes one page. Requires `room().pages > 0`. Tickets in flight are distinct.
  virtual void submit(std::uint64_t ticket, Prepared page) = 0;
  /// Returns when a page finished, or after `max_wait`, with all that finished so far.
  ///
  /// A page that cannot be read is a `PageFailure`. `Error` means the engine is lost; `LostForGood`, that another is not worth a try.
  [[nodiscard]] virtual std::vector<Completion> step(std::chrono::milliseconds max_wait) = 0;
  /// Forgets a page, at once: it will not come out of `step`. Unknown tickets are ignored.
  virtual void cancel(std::uint64_t ticket) = 0;

  [[nodiscard]] virtual Description description() const = 0;
};

}  // namespace pecia::engine
