#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <qpdf/QPDF.hh>
#include <string>
#include <vector>

#include "pecia/base/file.hpp"

namespace pecia::exporting::pdf {

/// A file that is read by place, so that it is never in memory as a whole.
class SourceFile {
 public:
  explicit SourceFile(UniqueFd fd);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Fewer bytes where the file ends. Throws `StorageError`.
  [[nodiscard]] std::string read(std::uint64_t offset, std::size_t size) const;
  /// The same; throws `std::runtime_error` unless all of them are there.
  [[nodiscard]] std::string read_whole(std::uint64_t offset, std::size_t size) const;

 private:
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

/// Bytes, or where they stand in the source.
struct Part {
  std::string bytes;
  std::uint64_t offset = 0, size = 0;
  bool reversed_bits = false;  ///< within each byte
};

/// A stream whose data, coded as `dictionary` says, are these parts one after the other, read when the PDF is written.
[[nodiscard]] QPDFObjectHandle stream_of_parts(QPDF& pdf, std::shared_ptr<const SourceFile> file, std::vector<Part> parts,
                                               const std::string& dictionary);

/// A stream whose data are made when the PDF is written, and each time anew.
using MakeData = std::function<void(Pipeline& to)>;
[[nodiscard]] QPDFObjectHandle stream_by(QPDF& pdf, MakeData make, const std::string& dictionary);

}  // namespace pecia::exporting::pdf
