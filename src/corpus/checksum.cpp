#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

Context start_digest(const EVP_MD* algorithm) {
  Context context{EVP_MD_CTX_new()};
  require(context && algorithm && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1,
          "OpenSSL offers no such digest");
  return context;
}

std::vector<unsigned char> finish(const Context& context) {
  std::vector<unsigned char> digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1,
          "OpenSSL could not finish a digest");
  digest.resize(size);
  return digest;
}

}  // namespace

DocumentId document_id(std::string_view relative_path) {
  const auto context = start_digest(EVP_sha256());
  EVP_DigestUpdate(context.get(), relative_path.data(), relative_path.size());
  const auto digest = finish(context);
  DocumentId id;
  for (std::size_t n = 0; n < 8; ++n) id.value = id.value << 8 | digest[n];
  return id;
}

bool matches(const std::filesystem::path& file, const Checksum& checksum) {
  const auto* algorithm = EVP_get_digestbyname(checksum.algorithm.c_str());
  if (!algorithm)
    throw Error{
        fmt::format("'{}' is no checksum algorithm that is known here", checksum.algorithm)};
  const auto context = start_digest(algorithm);
  const auto fd = open_for_reading(file);
  std::array<char, 1 << 16> buffer;
  while (true) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(errno, "cannot read", printable(file.native()));
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(got));
  }
  std::string hex;
  for (const auto byte : finish(context)) hex += fmt::format("{:02x}", byte);
  return hex == checksum.hex;
}

}  // namespace pecia::corpus
