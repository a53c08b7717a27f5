#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pecia/base/reason.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/page/image.hpp"
#include "pecia/page/text_layer.hpp"

namespace pecia::page {

/// What an engine wants a page to look like.
struct ImageRequest {
  enum class Pixels : std::uint8_t {
    any,   ///< as it is stored: bilevel stays bilevel, gray gray, colour colour
    gray,  ///< gray1 or gray8
    rgb,   ///< rgb8
  };
  Pixels pixels = Pixels::any;
  double dpi = 300;            ///< at which pages without an image of their own are rasterised
  int longest_side_px = 0;     ///< > 0: larger rasters are scaled down to this
  std::uint64_t most_pixels = 0;  ///< > 0: a larger raster is made smaller, and that is recorded as a step "pixels"
  bool exact = true;           ///< false: half the size, in gray, will do where that is cheaper to make
};

/// A document to read from.
struct Source {
  std::filesystem::path file;  ///< opened read-only by the rank; the child gets the descriptor
  corpus::Format format = corpus::Format::unknown;
  std::string password;        ///< tried after the empty one
};

/// Why a page could not be had. `retriable`: the child died or ran out of time, or storage failed, which may be chance.
struct Failure {
  Reason reason = Reason::unreadable;
  std::string detail;
  bool retriable = false;
};

/// What a probe finds: format, pages with evidence, or a problem.
struct Probe {
  corpus::Format format = corpus::Format::unknown;
  Reason problem = Reason::none;
  std::string problem_detail;
  std::vector<corpus::PageEvidence> pages;
  std::vector<std::uint32_t> chapters;  ///< as in corpus::Document
  corpus::Outline outline;              ///< likewise
  bool retriable = false;  ///< as in Failure
};

struct PageInfo {
  double width_px = 0;  ///< in page coordinates
  double height_px = 0;
  double page_dpi = 0;
  corpus::Coding coding = corpus::Coding::unknown;
  bool embedded = false;  ///< the page is one image that can be handed straight on
  TextSigns text;         ///< of a PDF page
};

/// How much there is to read on a page, by its looks: as in corpus::PageEvidence.
struct Density {
  float transitions = 0;
  float components = 0;
  float coverage = 0;
};

struct Limits {
  double cpu_s = 60;    ///< per request, of the child's CPU time: a busy machine makes no timeout
  double wall_s = 600;  ///< per request, for a child that sleeps for ever
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;
  std::uint64_t pixels = 150'000'000;  ///< of one raster: A0 at 300 dpi. A larger page is made smaller
  double office_cpu_s = 300;    ///< of LibreOffice, for a whole document
  double office_wall_s = 1200;
};

/// LibreOffice, which makes PDFs of DOCX and ODT: `PECIA_SOFFICE` in the environment, or soffice or libreoffice on
/// PATH. Nothing where it is not installed.
[[nodiscard]] std::optional<std::filesystem::path> find_libreoffice();

/// Documents to images, through one `pecia-page` child that is replaced when it dies, hangs or lies. Where
/// many pages are read another one waits, warmed up, to replace it. DOCX and ODT are converted to PDF first: once
/// for all Readers of a process while it is one of the last few, in a process of its own without network (`pecia-office`).
/// Used by one thread, which must live as long as the Reader (the child dies with it).
class Reader {
 public:
  explicit Reader(Limits limits = {});
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Never throws for what is in a document; throws `Error` if no child can be started at all.
  /// `scale_limits`, here and below: this attempt may take so many times the time and the memory.
  [[nodiscard]] Probe probe(const Source& source, double scale_limits = 1);
  /// As `probe`, without evidence of a PDF's pages: what one of them does to the child then costs
  /// that page, when it is read, and not the document.
  [[nodiscard]] Probe count_pages(const Source& source);
  [[nodiscard]] std::variant<PageInfo, Failure> info(const Source& source, std::uint32_t page,
                                                     double scale_limits = 1);
  /// `page` counts from 1.
  [[nodiscard]] std::variant<Image, Failure> render(const Source& source, std::uint32_t page,
                                                    const ImageRequest& request, double scale_limits = 1);
  /// Counts on the page's image as it is embedded, or rasterised where there is none, at half the
  /// size at which it is read: some milliseconds, or tens of them (docs/performance.md).
  [[nodiscard]] std::variant<Density, Failure> measure(const Source& source, std::uint32_t page,
                                                       double scale_limits = 1);
  /// The text that the page of a PDF brings along; of anything else, and where there is none, without words.
  /// `look`: it is compared with the page's pixels, which takes some 20 ms (docs/performance.md).
  [[nodiscard]] std::variant<TextLayer, Failure> text_layer(const Source& source, std::uint32_t page, bool look,
                                                            double scale_limits = 1);
  /// From any thread: the request under way, and every later one, soon (0.1 s) returns
  /// Failure{Reason::timeout, "interrupted"}; where LibreOffice is at work on a document for it, once that
  /// has ended and its folder is removed (15 s at most). For the end of a run.
  void interrupt() noexcept;
  /// Process id of the child, -1 if none runs; for tests that kill it.
  [[nodiscard]] pid_t child_pid() const noexcept;
  /// The same of the child that waits to replace it.
  [[nodiscard]] pid_t spare_pid() const noexcept;
  /// What of its sandbox the child, or LibreOffice, could not get, as child::Confinement::missing; known once it has answered.
  [[nodiscard]] std::vector<std::string> not_confined() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::page
