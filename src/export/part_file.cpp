#include "pecia/export/part_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t buffer_bytes = 1 << 18;

}  // namespace

PartFile::PartFile(const std::filesystem::path& file) : file_{file} {
  const auto folder = file.parent_path();
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure)
    throw storage_error(failure.value(), "cannot make the folder", printable(folder.native()));
  // A name of its own: that of the file, with anything added, may be too long.
  for (int n = 0; !fd_; ++n) {
    part_ = folder / fmt::format(".{}.{}.part", getpid(), n);
    fd_.reset(::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd_ && errno != EEXIST)
      throw storage_error(errno, "cannot create", printable(part_.native()));
  }
}

PartFile::~PartFile() {
  if (!fd_) return;
  fd_.reset();
  ::unlink(part_.c_str());
}

void PartFile::append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes) flush();
}

void PartFile::flush() {
  write_all(fd_.get(), std::as_bytes(std::span{buffer_}), part_);
  buffer_.clear();
}

void PartFile::finish() {
  flush();
  // NFS and quotas tell of a full disk only here.
  if (::close(fd_.release()) != 0) {
    const int error = errno;
    ::unlink(part_.c_str());
    throw storage_error(error, "cannot write", printable(file_.native()));
  }
  if (std::rename(part_.c_str(), file_.c_str()) != 0) {
    const int error = errno;
    ::unlink(part_.c_str());
    throw storage_error(error, "cannot rename into place", printable(file_.native()));
  }
}

}  // namespace pecia::exporting
