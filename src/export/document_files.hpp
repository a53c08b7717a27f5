#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/export/part_file.hpp"

namespace pecia::exporting {

/// Where the files of one document go, and which were written: "book.pdf" + ".hocr", "book.pdf" + ".alto/0001.xml".
class DocumentFiles {
 public:
  /// `name`: of `export_names`, below `out`.
  DocumentFiles(std::filesystem::path out, std::string name) : out_{std::move(out)}, name_{std::move(name)} {}

  /// A file to be written in pieces; it is there once it is finished. Throws `Error`.
  [[nodiscard]] std::unique_ptr<PartFile> open(std::string_view suffix) {
    written_.push_back(name_ + std::string{suffix});
    return std::make_unique<PartFile>(out_ / written_.back());
  }
  void write(std::string_view suffix, std::string_view bytes) {
    const auto file = open(suffix);
    file->append(bytes);
    file->finish();
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::filesystem::path& out() const noexcept { return out_; }
  /// Below `out`, in the order in which they were opened.
  [[nodiscard]] const std::vector<std::string>& written() const noexcept { return written_; }

 private:
  std::filesystem::path out_;
  std::string name_;
  std::vector<std::string> written_;
};

}  // namespace pecia::exporting
