#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "office.hpp"
#include "pecia/child/sandbox.hpp"

namespace pecia::page {

/// What LibreOffice may read and run, wherever it was installed, and write.
[[nodiscard]] child::ProgramSandbox libreoffice_sandbox(const std::filesystem::path& program,
                                                        const std::filesystem::path& folder);

/// LibreOffice and what it starts, ended with this object, all of them: for a subreaper.
class Converter {
 public:
  /// Throws `Error`. The PDF will be `out/document.pdf` below `folder`.
  Converter(const office::Order& order, const std::filesystem::path& folder,
            const std::filesystem::path& document);
  ~Converter();
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  /// Its wait status once it has ended.
  [[nodiscard]] std::optional<int> ended() const;
  /// As child::Confinement::missing.
  [[nodiscard]] const std::vector<std::string>& not_confined() const noexcept {
    return not_confined_;
  }

 private:
  pid_t pid_ = -1;
  std::vector<std::string> not_confined_;
};

}  // namespace pecia::page
