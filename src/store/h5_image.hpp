#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "h5.hpp"

namespace pecia::store::h5 {

/// A new HDF5 file that grows in memory. Its bytes are then written like any others: HDF5 itself
/// cannot close a file where a disk is full, cannot try again under the same name, and loses the
/// cause of what fails when it closes.
class NewFile {
 public:
  NewFile();
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  [[nodiscard]] hid_t id() const noexcept { return file_.get(); }
  /// The whole file; nothing more can be put in. Lives as long as this object.
  [[nodiscard]] std::span<const std::byte> close();

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;  ///< outlives the file, which HDF5 keeps in it
  Handle file_;
};

}  // namespace pecia::store::h5
