#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/corpus/document.hpp"

namespace pecia::corpus {

/// How well pages were predicted: said of finished pages, by what was known before each of them.
struct CostQuality {
  struct Worst {
    std::string path;  ///< relative to the root of the corpus, any bytes
    double predicted_s = 0;
    double taken_s = 0;
    std::uint64_t pages = 0;
  };
  std::uint64_t pages = 0;
  double rank_correlation = 0;     ///< Spearman's, over a sample of at most 4,096 pages
  double mean_error_s = 0;         ///< absolute
  double mean_relative_error = 0;  ///< absolute, as a share of the seconds taken
  std::vector<Worst> worst;        ///< documents by their error in seconds, the greatest first
};

/// Predicts how long a page takes on a rank of speed 1: rates that are not negative times features
/// of its evidence, times a factor of its document.
///
/// The rates begin with what is shipped (or loaded) and are learned from finished pages. Memory is
/// bounded, whatever the number of pages; the same calls give the same model. Not for several
/// threads at once.
class CostModel {
 public:
  CostModel();  ///< as shipped; engines that it does not know start like Tesseract
  ~CostModel();
  CostModel(CostModel&&) noexcept;
  CostModel& operator=(CostModel&&) noexcept;

  /// Seconds for a page of which nothing but its evidence is known; finite, between `shortest_s`
  /// and `longest_s`, whatever the evidence says.
  [[nodiscard]] double estimate_s(std::string_view engine, const PageEvidence& page) const;
  /// Seconds for each page (one for a document whose pages could not be counted). Pages that were
  /// not measured are taken to be like the measured ones near them.
  [[nodiscard]] std::vector<float> estimate_s(std::string_view engine,
                                              const Document& document) const;

  /// Takes in a finished page: `page_position` counts from 0, `seconds` are those of a rank of
  /// speed 1. Takes about a microsecond; changes the document's factor at once, the rates with the
  /// next `refit`. For pages that were read or found blank, not for those that failed.
  void learn(std::string_view engine, const Document& document, std::uint32_t page_position,
             double seconds);
  /// New rates from what was learned, about 10 ms.
  void refit(std::string_view engine);

  /// Names of the engines that it holds rates or finished pages for.
  [[nodiscard]] std::vector<std::string> engines() const;
  /// Of the pages learned in this process; before the first, of the job that saved the model.
  [[nodiscard]] CostQuality quality(std::string_view engine) const;
  /// Pages learned over all jobs.
  [[nodiscard]] std::uint64_t pages_learned(std::string_view engine) const;
  /// Seconds per unit of each feature, in the order of `cost_feature_names()`.
  [[nodiscard]] std::vector<double> rates(std::string_view engine) const;

  /// About what it occupies; at most some megabytes for each engine.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  static constexpr double shortest_s = 0.005;
  static constexpr double longest_s = 600;

 private:
  friend CostModel read_cost_model(const std::string& text, const std::string& name);
  struct Engine;
  [[nodiscard]] const Engine& engine(std::string_view name) const;
  [[nodiscard]] Engine& own_engine(std::string_view name);

  std::map<std::string, std::unique_ptr<Engine>, std::less<>> engines_;
};

/// What a model as shipped estimates: for decisions before a run has its own.
[[nodiscard]] double shipped_estimate_s(std::string_view engine, const PageEvidence& page) noexcept;

/// Spearman's coefficient: ties have the mean of their ranks; 0 where one of them is all the same.
[[nodiscard]] double rank_correlation(std::vector<double> one, std::vector<double> other);

/// What the rates of a cost model are multiplied with: docs/formats.md, "cost_model.json".
[[nodiscard]] std::vector<std::string_view> cost_feature_names();

/// Reads a file that `save_cost_model` wrote or a person edited. Throws `UsageError` with file and
/// line for anything else.
[[nodiscard]] CostModel load_cost_model(const std::filesystem::path& file);
/// `name`: of the file, for messages.
[[nodiscard]] CostModel read_cost_model(const std::string& text, const std::string& name);
[[nodiscard]] std::string to_json(const CostModel& model);
/// Whole and renamed.
void save_cost_model(const std::filesystem::path& file, const CostModel& model);

}  // namespace pecia::corpus
