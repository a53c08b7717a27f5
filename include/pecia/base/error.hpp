#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pecia {

/// The call site, as std::source_location would give it. Clang 14, which we lint with, lacks that.
struct Here {
  const char* file;
  unsigned line;

  static constexpr Here now(const char* file = __builtin_FILE(),
                            unsigned line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

/// A failure that ends the run: a library call that must not fail, or a state that must not be.
///
/// `what()` reads "<problem> (<why it matters>). <suggestion>". The call site is kept beside it.
/// A page that cannot be read is not an Error; it has a `Reason` and travels as data.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, Here where = Here::now());
  [[nodiscard]] Here where() const noexcept { return where_; }

 private:
  Here where_;
};

/// What the user asked for cannot be done as asked: command line, job file, corpus, run directory.
/// The program exits with 2; the message needs no call site.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message, Here where = Here::now());
};

/// A file could not be made, opened, read, written, committed or renamed: the disk is full, read-only, faulty or
/// gone. It says nothing of the program, and may pass.
class StorageError : public Error {
 public:
  StorageError(int error_number, const std::string& message, std::string path, Here where = Here::now());
  [[nodiscard]] int error_number() const noexcept { return error_number_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Of bytes or of files, on the file system or in a quota.
  [[nodiscard]] bool out_of_room() const noexcept;
  /// So that the same may work later: no room, a fault, a mount that is gone or read-only.
  [[nodiscard]] bool may_pass() const noexcept;

 private:
  int error_number_;
  std::string path_;
};

/// Asked to stop before anything could begin: the program exits with 75, for "run it again".
class Stopped : public Error {
 public:
  explicit Stopped(const std::string& message, Here where = Here::now());
};

/// Throws `Error` unless `condition` holds; always on. For what users and machines hand us.
inline void require(bool condition, std::string_view message, Here where = Here::now()) {
  if (!condition) [[unlikely]]
    throw Error{std::string{message}, where};
}

/// `Error` from errno: "<what> '<path>': <strerror>", and what to do if that is known.
[[nodiscard]] Error system_error(int error_number, std::string_view what, std::string_view path,
                                 Here where = Here::now());
/// The same for what a file system refused.
[[nodiscard]] StorageError storage_error(int error_number, std::string_view what, std::string_view path,
                                         Here where = Here::now());

}  // namespace pecia
