#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pecia/engine/engine.hpp"

namespace pecia::engine {

/// Tesseract in this process, one page at a time; `pecia-tesseract` serves it to a rank.
///
/// Blank pages are found before they are read. Others are made level, their binarisation is chosen by the evenness of
/// their paper, and what the models are known to misread in old prints is put right. Models stay loaded
/// (`ApiCache`).
class TesseractEngine final : public Engine {
 public:
  /// `languages`: all that pages may ask for; they make up the fingerprint. `auto`: any that is installed.
  explicit TesseractEngine(std::vector<std::string> languages);
  ~TesseractEngine() override;

  [[nodiscard]] page::ImageRequest wants(const page::PageInfo& page, const ReadOptions& options) const override;
  [[nodiscard]] Prepared prepare(const page::Image& image, const ReadOptions& options) const override;
  [[nodiscard]] Room room() const override;
  void submit(std::uint64_t ticket, Prepared page) override;
  [[nodiscard]] std::vector<Completion> step(std::chrono::milliseconds max_wait) override;
  void cancel(std::uint64_t ticket) override;
  [[nodiscard]] Description description() const override;

  /// What the user must install for `languages`, naming packages; empty if nothing is missing.
  [[nodiscard]] std::string missing_languages() const;
  [[nodiscard]] std::vector<std::string> installed_languages() const;
  /// Where its models are; those of languages that pages have not asked for yet are still to be read there.
  [[nodiscard]] std::filesystem::path models_folder() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
