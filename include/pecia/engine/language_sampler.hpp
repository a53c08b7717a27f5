#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/page/image.hpp"

namespace pecia::engine {

/// What stands for the languages of a document that are to be found out: `languages: auto`.
constexpr std::string_view auto_language = "auto";

/// How well one language's model reads a page's sample.
struct LanguageScore {
  std::string language;
  float confidence = 0;  ///< 0 to 1, of its words, weighted by their length
  float known = 0;       ///< 0 to 1: share of letters in words of its dictionary, of three letters at least
  float common = 0;           ///< 0 to 1: share of its words that are the commonest of the language
  std::uint32_t letters = 0;  ///< that it read
};

/// Some lines of a page, read in every language.
struct LanguageSample {
  std::string script;                 ///< as Tesseract names it; empty: not known
  std::vector<LanguageScore> scores;  ///< empty: there is nothing to read on the page
  std::string usual;                  ///< of the candidates: in which to read what says nothing of its language
  double cpu_s = 0;                   ///< that looking took, as the sampler has seen it
};

/// The languages of a document, and why.
struct LanguageChoice {
  std::vector<std::string> languages;  ///< the most frequent first; empty: the samples say nothing
  std::string evidence;                ///< "fra of deu eng fra: ...", for a person
};

/// The language whose model reads the samples best, the usual one where they are as good in it, and another one only
/// where a sample is plainly in that.
[[nodiscard]] LanguageChoice choose_languages(std::span<const LanguageSample> samples);

/// Reads samples of pages in Tesseract's languages, in processes of its own, each of which is replaced when it dies or
/// hangs, and ended when nothing was asked of it for some time: its models take memory. Used by any threads, as many at
/// once as there are processes; others wait. What is seen of a page does not depend on which of them looks.
class LanguageSampler {
 public:
  /// `cancelled`: set, from any thread, when nobody waits for it any more. It outlives the sampler.
  /// `processes`: at most, each started when all others have a page.
  explicit LanguageSampler(const std::atomic<bool>& cancelled, int processes = 1,
                           std::chrono::milliseconds most_idle = std::chrono::seconds{10});
  ~LanguageSampler();
  LanguageSampler(const LanguageSampler&) = delete;
  LanguageSampler& operator=(const LanguageSampler&) = delete;

  /// `candidates`: empty: all that are installed. A page that kills the process twice, or takes more
  /// than `most_cpu_s`, has no scores. Throws `Stopped` when it is cancelled, `Error` when no process
  /// can be started.
  [[nodiscard]] LanguageSample look(const page::Image& page, const std::vector<std::string>& candidates,
                                    double most_cpu_s = 300);

  [[nodiscard]] std::vector<pid_t> child_pids() const;  ///< of those that there are now

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::engine
