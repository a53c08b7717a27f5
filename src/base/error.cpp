#include "pecia/base/error.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace pecia {
namespace {

std::string_view hint(int error_number) {
  switch (error_number) {
    case ENOSPC: return ". The file system is full: make room and run again";
    case EDQUOT: return ". Your quota (bytes or number of files) is used up: make room and run again";
    case EFBIG: return ". A limit on the size of files is reached: ulimit -f unlimited";
    case EROFS: return ". The file system is mounted read-only: after a fault of the disk it may be mounted so by itself";
    case EIO: return ". The disk or its server failed: look at the system's log";
    case ESTALE:
    case ENOTCONN: return ". The file system is gone from this host: it must be mounted again";
    case EACCES:
    case EPERM: return ". Check the permissions of the file and of the folders above it";
    case EMFILE: return ". Raise the limit on open files: ulimit -n 4096";
    default: return "";
  }
}

std::string message_of(int error_number, std::string_view what, std::string_view path) {
  std::string message{what};
  if (!path.empty()) message.append(" '").append(path).append("'");
  return message.append(": ").append(std::strerror(error_number)).append(hint(error_number));
}

}  // namespace

Error::Error(const std::string& message, Here where) : std::runtime_error{message}, where_{where} {}

UsageError::UsageError(const std::string& message, Here where) : Error{message, where} {}
Stopped::Stopped(const std::string& message, Here where) : Error{message, where} {}

StorageError::StorageError(int error_number, const std::string& message, std::string path, Here where)
    : Error{message, where}, error_number_{error_number}, path_{std::move(path)} {}

bool StorageError::out_of_room() const noexcept {
  return error_number_ == ENOSPC || error_number_ == EDQUOT || error_number_ == EFBIG;
}

bool StorageError::may_pass() const noexcept {
  switch (error_number_) {
    case EIO:
    case EROFS:
    case ESTALE:
    case ENOTCONN:
    case ETIMEDOUT:
    case EHOSTDOWN: return true;
    default: return out_of_room();
  }
}

Error system_error(int error_number, std::string_view what, std::string_view path, Here where) {
  return Error{message_of(error_number, what, path), where};
}

StorageError storage_error(int error_number, std::string_view what, std::string_view path, Here where) {
  return {error_number, message_of(error_number, what, path), std::string{path}, where};
}

}  // namespace pecia
