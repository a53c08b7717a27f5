#include "source_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <qpdf/Pipeline.hh>
#include <stdexcept>

#include "pecia/base/error.hpp"

namespace pecia::exporting::pdf {
namespace {

constexpr std::size_t copy_piece_bytes = std::size_t{1} << 20;

std::string with_reversed_bits(std::string bytes) {
  for (auto& one : bytes) {
    auto value = static_cast<unsigned char>(one);
    unsigned reversed = 0;
    for (int n = 0; n < 8; ++n, value = static_cast<unsigned char>(value >> 1)) reversed = reversed << 1 | (value & 1U);
    one = static_cast<char>(reversed);
  }
  return bytes;
}

class Provider final : public QPDFObjectHandle::StreamDataProvider {
 public:
  explicit Provider(MakeData make) : make_{std::move(make)} {}
  void provideStreamData(QPDFObjGen const&, Pipeline* to) override {
    make_(*to);
    to->finish();
  }

 private:
  MakeData make_;
};

void put(Pipeline& to, const std::string& bytes) { to.write(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()); }

}  // namespace

SourceFile::SourceFile(UniqueFd fd) : fd_{std::move(fd)} {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw storage_error(errno, "cannot read", "the document");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::string SourceFile::read(std::uint64_t offset, std::size_t size) const {
  if (offset >= size_) return {};
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset)), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto got = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw storage_error(errno, "cannot read", "the document");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

std::string SourceFile::read_whole(std::uint64_t offset, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) throw std::runtime_error{"the file is cut off"};
  auto bytes = read(offset, size);
  if (bytes.size() < size) throw std::runtime_error{"the file is cut off"};
  return bytes;
}

QPDFObjectHandle stream_by(QPDF& pdf, MakeData make, const std::string& dictionary) {
  auto keys = QPDFObjectHandle::parse("<<" + dictionary + ">>");
  auto stream = QPDFObjectHandle::newStream(&pdf);
  auto filter = keys.getKey("/Filter"), parameters = keys.getKey("/DecodeParms");
  stream.replaceDict(keys);
  stream.replaceStreamData(std::make_shared<Provider>(std::move(make)), filter, parameters);
  return stream;
}

QPDFObjectHandle stream_of_parts(QPDF& pdf, std::shared_ptr<const SourceFile> file, std::vector<Part> parts,
                                 const std::string& dictionary) {
  const auto make = [file = std::move(file), parts = std::move(parts)](Pipeline& to) {
    for (const auto& part : parts) {
      put(to, part.bytes);
      for (std::uint64_t at = 0; at < part.size; at += copy_piece_bytes) {
        auto piece = file->read_whole(part.offset + at,
                                      static_cast<std::size_t>(std::min<std::uint64_t>(copy_piece_bytes, part.size - at)));
        put(to, part.reversed_bits ? with_reversed_bits(std::move(piece)) : piece);
      }
    }
  };
  return stream_by(pdf, make, dictionary);
}

}  // namespace pecia::exporting::pdf
