#include "pecia/base/error.hpp"

#include <cerrno>
#include <cstring>

namespace pecia {
namespace {

std::string_view hint(int error_number) {
  switch (error_number) {
    case ENOSPC: return ". The file system is full: make room and run again";
    case EDQUOT: return ". Your quota (bytes or number of files) is used up: make room and run again";
    case EROFS: return ". The file system is mounted read-only";
    case EACCES:
    case EPERM: return ". Check the permissions of the file and of the folders above it";
    case EMFILE: return ". Raise the limit on open files: ulimit -n 4096";
    default: return "";
  }
}

}  // namespace

Error::Error(const std::string& message, Here where) : std::runtime_error{message}, where_{where} {}

UsageError::UsageError(const std::string& message, Here where) : Error{message, where} {}
Stopped::Stopped(const std::string& message, Here where) : Error{message, where} {}

Error system_error(int error_number, std::string_view what, std::string_view path, Here where) {
  std::string message{what};
  if (!path.empty()) message.append(" '").append(path).append("'");
  message.append(": ").append(std::strerror(error_number)).append(hint(error_number));
  return Error{message, where};
}

}  // namespace pecia
