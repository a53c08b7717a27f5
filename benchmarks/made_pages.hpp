#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::bench {

/// Pages as engines read them from dense prints: about 300 words and 2 KB of text, in lines and
/// blocks with boxes. Words follow Zipf's law, so that they compress as text does.
class PageMaker {
 public:
  explicit PageMaker(std::uint64_t seed);
  [[nodiscard]] result::PageOutcome outcome();
  [[nodiscard]] corpus::PageEvidence evidence();

 private:
  [[nodiscard]] float confidence() { return std::uniform_real_distribution{0.6F, 0.97F}(random_); }
  [[nodiscard]] const std::string& word();
  /// Ends the words from `begin` on as one part of `parts`, beginning with the text at `text_begin`.
  template <class P>
  void close(const result::Reading& reading, std::vector<P>& parts, std::size_t begin);

  std::mt19937_64 random_;
  std::vector<std::string> words_;
  std::vector<double> up_to_;  ///< cumulated frequencies of `words_`
};

}  // namespace pecia::bench
