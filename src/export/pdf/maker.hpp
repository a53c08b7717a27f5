#pragma once

#include <memory>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <stdexcept>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting::pdf {

/// A document of which no PDF is to be made: why, and what to do.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The PDF cannot be written, whatever is in the document: the disk is full, say.
class OutputError : public StorageError {
 public:
  explicit OutputError(const StorageError& error) : StorageError{error} {}
};

/// A document on its way to a searchable PDF. Pages come in their order, all of them; then `finish`.
///
/// Throws `Refusal`, `OutputError`, `StorageError` of the source, and what libqpdf and the codecs throw of one that is damaged.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual void add(const PdfPage& page) = 0;
  /// Writes it to `out` and completes the account of it.
  virtual PdfResult finish(int out) = 0;
};

/// `source` is open for reading.
[[nodiscard]] std::unique_ptr<Maker> open_pdf(UniqueFd source, const PdfOrder& order);
/// JPEG, JPEG 2000, PNG, TIFF: pages without loss.
[[nodiscard]] std::unique_ptr<Maker> open_image(UniqueFd source, const PdfOrder& order);

struct Output {
  bool generate_object_streams = false;  ///< else the source's stay as they are
  bool made = false;                     ///< of images: a document of our own
  bool linearize = false;
  bool pdfa = false;
};
/// The same bytes for the same document, and no date of its own. Returns their number.
std::uint64_t write_pdf(QPDF& pdf, const Output& output, int fd);

/// By Flate.
[[nodiscard]] std::shared_ptr<Buffer> compressed(const std::string& bytes);
/// A stream that is compressed at once, and kept so.
[[nodiscard]] QPDFObjectHandle compressed_stream(QPDF& pdf, const std::string& bytes);

}  // namespace pecia::exporting::pdf
