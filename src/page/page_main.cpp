#include <fmt/format.h>
#include <openssl/provider.h>
#include <podofo/podofo.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"
#include "protocol.hpp"

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

/// Answers the requests of a rank about one document after the other.
class Session {
 public:
  void serve(child::Parent& parent) {
    while (auto packet = parent.receive()) {
      const auto request = protocol::decode_request(packet->bytes);
      std::optional<child::SharedMemory> pixels;
      const auto answer = answer_to(request, packet->fds, pixels);
      const int fd = pixels ? pixels->fd() : -1;
      parent.send(protocol::encode(answer), pixels ? std::span{&fd, 1} : std::span<const int>{});
    }
  }

 private:
  protocol::Answer answer_to(const protocol::Request& request, std::vector<UniqueFd>& fds, std::optional<child::SharedMemory>& pixels) {
    try {
      if (request.opens) open(request, fds);
      if (problem_) return failure(*problem_);
      switch (request.verb) {
        case protocol::Verb::probe: return Probe{format_, Reason::none, "", document_->evidence(), document_->chapters()};
        case protocol::Verb::info: return document_->info(request.page);
        case protocol::Verb::count: return Probe{format_, Reason::none, "", document_->pages_without_evidence(), {}};
        case protocol::Verb::measure: return measured(request);
        case protocol::Verb::render: break;
      }
      return render(request, pixels);
    } catch (const PageError& error) {
      return failure(error);
    } catch (const std::bad_alloc&) {
      return Failure{Reason::out_of_memory, "the page needs more memory than pecia-page may take"};
    } catch (const PoDoFo::PdfError& error) {
      return Failure{Reason::unreadable, fmt::format("damaged PDF: {}", PoDoFo::PdfError::ErrorName(error.GetError()))};
    }
  }

  static Failure failure(const PageError& error) { return {error.reason, to_utf8(error.what())}; }

  /// What is wrong with the document is remembered, for every request about it.
  void open(const protocol::Request& request, std::vector<UniqueFd>& fds) {
    document_.reset();
    file_.reset();
    problem_.reset();
    require(fds.size() == 1, "a document came without its descriptor");
    try {
      file_.emplace(std::move(fds[0]));
      const auto bytes = file_->bytes();
      format_ = corpus::detect_format(bytes.first(std::min(bytes.size(), head_bytes)));
      document_ = open_format(bytes, request.password);
    } catch (const PageError& error) {
      problem_ = error;
    } catch (const std::bad_alloc&) {
      problem_.emplace(Reason::out_of_memory, "the document needs more memory than pecia-page may take");
    }
  }

  std::unique_ptr<Document> open_format(std::span<const std::byte> bytes, const std::string& password) const {
    switch (format_) {
      case corpus::Format::pdf: return open_pdf(bytes, password);
      case corpus::Format::tiff: return open_tiff(bytes);
      case corpus::Format::jpeg: return open_jpeg(bytes);
      case corpus::Format::png: return open_png(bytes);
      case corpus::Format::jpeg2000: return open_jpeg2000(bytes);
      case corpus::Format::unknown: break;
    }
    throw PageError{Reason::not_a_document, "by its first bytes it is none of PDF, TIFF, JPEG, PNG, JPEG 2000"};
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
    image.dpi = raster.dpi;
    image.page_width_px = static_cast<int>(std::lround(made.page_width_px));
    image.page_height_px = static_cast<int>(std::lround(made.page_height_px));
    image.page_dpi = made.page_dpi;
    image.embedded = made.embedded;
    image.to_page.m = {made.page_width_px / raster.width_px, 0, 0, made.page_height_px / raster.height_px, 0, 0};
    pixels = child::SharedMemory::create(raster.pixels.size());
    std::memcpy(pixels->writable().data(), raster.pixels.data(), raster.pixels.size());
    pixels->seal();
    return protocol::Rendered{image};
  }

  std::optional<MappedFile> file_;
  std::unique_ptr<Document> document_;  ///< reads from `file_`
  corpus::Format format_ = corpus::Format::unknown;
  std::optional<PageError> problem_;
};

}  // namespace

/// Parses and decodes documents for the rank that started it.
int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view{argv[1]} == "--version") {
      fmt::print("pecia-page {}\n", version());
      return 0;
    }
    child::Parent parent;
    // PoDoFo opens RC4 and AES-128 documents only with OpenSSL's old ciphers loaded.
    OSSL_PROVIDER_load(nullptr, "legacy");
    OSSL_PROVIDER_load(nullptr, "default");
    PoDoFo::PdfError::EnableLogging(false);
    PoDoFo::PdfError::EnableDebug(false);
    Session{}.serve(parent);
    return 0;
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-page: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-page: {}\n", error.what());
    return 1;
  }
}
