#include <fmt/format.h>
#include <podofo/podofo.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

#include "density.hpp"
#include "document.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/sandbox.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"
#include "stack_guard.hpp"
#include "warm_up.hpp"

namespace {

using namespace pecia;
using namespace pecia::page;

constexpr std::size_t head_bytes = 1024;

/// A document's bytes, mapped. If its file is cut off meanwhile this process gets SIGBUS, and the
/// page fails: that is what it is a process of its own for.
class MappedFile {
 public:
  explicit MappedFile(UniqueFd fd) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw PageError{Reason::not_a_document, "not a regular file"};
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ == 0) throw PageError{Reason::unreadable, "the file is empty (0 bytes)"};
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (address_ == MAP_FAILED && errno == ENOMEM)
      throw PageError{Reason::out_of_memory, fmt::format("the file has {} MB, more than pecia-page's memory limit holds", size_ / 1'000'000)};
    if (address_ == MAP_FAILED) throw PageError{Reason::io_error, fmt::format("the file cannot be mapped: {}", std::strerror(errno))};
  }
  ~MappedFile() { ::munmap(address_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  [[nodiscard]] std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

void send(child::Parent& parent, protocol::Answer answer, std::span<const int> fds = {}) {
  protocol::make_legible(answer);
  parent.send(protocol::encode(answer), fds);
}

std::string damage_of(const PoDoFo::PdfError& error) { return fmt::format("damaged PDF: {}", PoDoFo::PdfError::ErrorName(error.GetError())); }

/// Answers the requests of a rank about one document after the other.
class Session {
 public:
  void serve(child::Parent& parent) {
    while (auto packet = parent.receive()) {
      const auto request = protocol::decode_request(packet->bytes);
      require(!request.opens || packet->fds.size() == 1, "a document came without its descriptor");
      std::optional<child::SharedMemory> pixels;
      const auto answer = answer_to(request, packet->fds, pixels);
      const int fd = pixels ? pixels->fd() : -1;
      send(parent, answer, pixels ? std::span{&fd, 1} : std::span<const int>{});
    }
  }

 private:
  protocol::Answer answer_to(const protocol::Request& request, std::vector<UniqueFd>& fds, std::optional<child::SharedMemory>& pixels) {
    try {
      if (request.opens) open(request, fds);
      if (problem_) return failure(*problem_);
      if (corpus::is_office(format_)) return protocol::Office{format_};
      switch (request.verb) {
        case protocol::Verb::probe: return probed();
        case protocol::Verb::info: return document_->info(request.page);
        case protocol::Verb::count: return Probe{format_, Reason::none, "", document_->pages_without_evidence(), {}, {}};
        case protocol::Verb::measure: return measured(request);
        case protocol::Verb::text_layer: return document_->text_layer(request.page, request.look, request.max_pixels);
        case protocol::Verb::render: break;
      }
      return render(request, pixels);
    } catch (const PageError& error) {
      return failure(error);
    } catch (const std::bad_alloc&) {
      return Failure{Reason::out_of_memory, "the page needs more memory than pecia-page may take"};
    } catch (const PoDoFo::PdfError& error) {
      return Failure{Reason::unreadable, damage_of(error)};
    } catch (const std::exception& error) {
      return Failure{Reason::unreadable, fmt::format("the page cannot be read: {}", error.what())};
    }
  }

  static Failure failure(const PageError& error) { return {error.reason, error.what()}; }

  /// What is wrong with the document is remembered, for every request about it.
  void open(const protocol::Request& request, std::vector<UniqueFd>& fds) {
    document_.reset();
    file_.reset();
    problem_.reset();
    format_ = corpus::Format::unknown;
    try {
      file_.emplace(std::move(fds[0]));
      const auto bytes = file_->bytes();
      format_ = corpus::detect_format(bytes.first(std::min(bytes.size(), head_bytes)));
      if (format_ == corpus::Format::unknown) format_ = corpus::detect_office(bytes);
      if (corpus::is_office(format_)) return;  // to be converted
      document_ = open_format(bytes, request.password);
    } catch (const PageError& error) {
      problem_ = error;
    } catch (const std::bad_alloc&) {
      problem_.emplace(Reason::out_of_memory, "the document needs more memory than pecia-page may take");
    } catch (const PoDoFo::PdfError& error) {
      problem_.emplace(Reason::unreadable, damage_of(error));
    } catch (const std::exception& error) {
      problem_.emplace(Reason::unreadable, fmt::format("the document cannot be opened: {}", error.what()));
    }
  }

  std::unique_ptr<Document> open_format(std::span<const std::byte> bytes, const std::string& password) const {
    switch (format_) {
      case corpus::Format::pdf: return open_pdf(bytes, password);
      case corpus::Format::tiff: return open_tiff(bytes);
      case corpus::Format::jpeg: return open_jpeg(bytes);
      case corpus::Format::png: return open_png(bytes);
      case corpus::Format::jpeg2000: return open_jpeg2000(bytes);
      case corpus::Format::docx:
      case corpus::Format::odt:
      case corpus::Format::unknown: break;
    }
    if (corpus::is_encrypted_office(bytes))
      throw PageError{Reason::encrypted, "it is an Office document (a DOCX, or a spreadsheet or slides) that is locked by a password. pecia has no way "
                                         "to open it with one: save it without, then run again with --retry encrypted"};
    throw PageError{Reason::not_a_document, "by its contents it is none of PDF, TIFF, JPEG, PNG, JPEG 2000, DOCX, ODT"};
  }

  Probe probed() {
    auto pages = document_->evidence();
    auto parts = document_->parts();
    return {format_, Reason::none, "", std::move(pages), std::move(parts.chapters), std::move(parts.outline)};
  }

  Density measured(const protocol::Request& request) {
    ImageRequest image;
    image.exact = false;
    return measure(document_->render(request.page, image, request.max_pixels).raster);
  }

  protocol::Answer render(const protocol::Request& request, std::optional<child::SharedMemory>& pixels) {
    auto made = document_->render(request.page, request.image, request.max_pixels);
    const auto& raster = made.raster;
    Image image;
    image.width_px = raster.width_px;
    image.height_px = raster.height_px;
    image.format = raster.format;
    image.stride_bytes = raster.stride();
    image.dpi = std::min(raster.dpi, most_dpi);
    image.page_width_px = static_cast<int>(std::lround(made.page_width_px));
    image.page_height_px = static_cast<int>(std::lround(made.page_height_px));
    image.page_dpi = std::min(made.page_dpi, most_dpi);
    image.embedded = made.embedded;
    image.steps = std::move(made.steps);
    image.to_page.m = {made.page_width_px / raster.width_px, 0, 0, made.page_height_px / raster.height_px, 0, 0};
    pixels = made.raster.pixels.release();
    return protocol::Rendered{image};
  }

  std::optional<MappedFile> file_;
  std::unique_ptr<Document> document_;  ///< reads from `file_`
  corpus::Format format_ = corpus::Format::unknown;
  std::optional<PageError> problem_;
};

}  // namespace

/// Parses and decodes documents for the rank that started it. Arguments: none; or --version, --sandbox FILE...
/// for a person.
int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const std::string asked = arguments.empty() ? "" : arguments.front();
    if (asked == "--version") {
      fmt::print("pecia-page {}\n", version());
      return 0;
    }
    guard_stack();
    PoDoFo::PdfError::EnableLogging(false);
    PoDoFo::PdfError::EnableDebug(false);
    std::optional<child::Parent> parent;
    if (asked != "--sandbox") parent.emplace();
    const WarmUp warm_up;
    const auto confinement = child::confine({WarmUp::readable()});
    if (!parent) return child::tell_of(confinement, std::span{arguments}.subspan(1));
    send(*parent, protocol::Hello{confinement.missing});
    Session{}.serve(*parent);
    return 0;
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-page: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-page: {}\n", error.what());
    return 1;
  }
}
