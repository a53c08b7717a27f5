#pragma once

#include <tesseract/publictypes.h>

#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace tesseract {
class TessBaseAPI;
}

namespace pecia::engine {

/// Tesseract with its models loaded: one API object for each set of languages, those that were used last.
class ApiCache {
 public:
  /// `models`: Tesseract's folder of them. `most`: API objects; one of a small model has about 15 MB.
  ApiCache(std::filesystem::path models, tesseract::OcrEngineMode mode, std::size_t most);
  ~ApiCache();

  /// Where the model of a language is, below the folder: those of scripts may be named without theirs.
  [[nodiscard]] std::optional<std::string> model_of(const std::string& language) const;
  /// `models`: as `model_of` has them, joined by +. The reference holds until another is asked for. Throws `Error` when
  /// they cannot be loaded.
  [[nodiscard]] tesseract::TessBaseAPI& of(const std::string& models);
  void clear();

 private:
  struct Entry {
    std::string models;
    std::unique_ptr<tesseract::TessBaseAPI> api;
  };

  std::filesystem::path folder_;
  tesseract::OcrEngineMode mode_;
  std::size_t most_;
  std::list<Entry> entries_;  ///< last used first
};

/// One that writes nothing to the terminal.
[[nodiscard]] std::unique_ptr<tesseract::TessBaseAPI> quiet_api();

}  // namespace pecia::engine
