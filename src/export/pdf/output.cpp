#include <optional>
#include <qpdf/Buffer.hh>
#include <qpdf/Pipeline.hh>
#include <qpdf/Pl_Buffer.hh>
#include <qpdf/Pl_Flate.hh>
#include <qpdf/QPDFWriter.hh>
#include <span>

#include "maker.hpp"
#include "pecia/base/error.hpp"

namespace pecia::exporting::pdf {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

/// A descriptor as the end of a pipeline. libqpdf's own, on a FILE, is silent about a disk that is full when it is closed; and
/// since libqpdf ends pipelines in destructors, nothing is thrown before `close`.
class ToDescriptor final : public Pipeline {
 public:
  explicit ToDescriptor(int fd) : Pipeline{"output", nullptr}, fd_{fd} {}
  void write(unsigned char const* data, std::size_t size) override {
    total_ += size;
    if (failure_) return;
    buffer_.append(reinterpret_cast<const char*>(data), size);
    if (buffer_.size() >= buffer_bytes) flush();
  }
  void finish() override {}
  /// Throws what went wrong.
  void close() {
    flush();
    if (failure_) throw *failure_;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  void flush() {
    try {
      if (!failure_) write_all(fd_, std::as_bytes(std::span{buffer_}), "the PDF");
    } catch (const StorageError& error) {
      failure_.emplace(error);
    }
    buffer_.clear();
  }
  int fd_;
  std::string buffer_;
  std::uint64_t total_ = 0;
  std::optional<OutputError> failure_;
};

}  // namespace

std::uint64_t write_pdf(QPDF& pdf, const Output& output, int fd) {
  ToDescriptor to{fd};
  QPDFWriter writer{pdf};
  writer.setOutputPipeline(&to);
  writer.setPreserveEncryption(false);  // its random numbers would make every copy another one
  writer.setDecodeLevel(qpdf_dl_none);
  writer.setObjectStreamMode(output.generate_object_streams ? qpdf_o_generate : qpdf_o_preserve);
  writer.setDeterministicID(true);
  writer.setLinearization(output.linearize);
  if (output.made) writer.setMinimumPDFVersion("1.7");
  if (output.pdfa) writer.forcePDFVersion("1.7");  // for a source of PDF 2.0, too, which PDF/A-2 does not know
  writer.setNewlineBeforeEndstream(true);          // as all writers should, and as those of PDF/A must
  writer.write();
  to.close();
  return to.total();
}

std::shared_ptr<Buffer> compressed(const std::string& bytes) {
  Pl_Buffer buffer{"compressed"};
  Pl_Flate flate{"flate", &buffer, Pl_Flate::a_deflate};
  flate.write(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  flate.finish();
  return buffer.getBufferSharedPointer();
}

QPDFObjectHandle compressed_stream(QPDF& pdf, const std::string& bytes) {
  auto stream = QPDFObjectHandle::newStream(&pdf);
  stream.replaceStreamData(compressed(bytes), QPDFObjectHandle::newName("/FlateDecode"), QPDFObjectHandle::newNull());
  return stream;
}

}  // namespace pecia::exporting::pdf
