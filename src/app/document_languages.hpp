#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "page_work.hpp"
#include "pecia/engine/language_sampler.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {

/// The languages that documents with `languages: auto` are in, found out once each, while decoders go on with pages of
/// others. Used by all decoders of a rank. Those of the documents that were decided last are kept: a page that comes later,
/// as for another attempt, has them found out anew.
///
/// What is chosen depends on the document alone: every rank that reads of it, and every resume,
/// chooses the same.
class DocumentLanguages {
 public:
  using Work = std::shared_ptr<PageWork>;
  /// Nothing: they could not be found out. Throws nothing.
  using Choose = std::function<std::optional<engine::LanguageChoice>(page::Reader&)>;
  using Look = std::function<void(page::Reader&)>;

  /// `again`: reads a page once more, of a document whose languages are known now, or were tried. `begin`: has a look
  /// done by a thread that has a reader, sooner or later; false: none will do so.
  DocumentLanguages(std::function<void(const Work&)> again, std::function<bool(Look)> begin, std::size_t most_kept = 2000)
      : again_{std::move(again)}, begin_{std::move(begin)}, most_kept_{most_kept} {}

  /// Nothing: they are being found out, by `choose` if this page is the first to ask; `work` is read again after that.
  /// `said`: the job's languages for it.
  [[nodiscard]] std::optional<engine::LanguageChoice> of(const Work& work,
                                                         const std::vector<std::string>& said,
                                                         const Choose& choose);

 private:
  struct Entry {
    std::optional<engine::LanguageChoice> choice;
    std::vector<Work> waiting;
  };
  using Key = std::pair<std::uint32_t, std::vector<std::string>>;

  void keep(const Key& key, const engine::LanguageChoice& choice);
  void found(const Key& key, const std::optional<engine::LanguageChoice>& choice);

  std::function<void(const Work&)> again_;
  std::function<bool(Look)> begin_;
  std::size_t most_kept_;
  std::mutex mutex_;
  std::map<Key, Entry> documents_;
  std::deque<Key> decided_;  ///< of these, in the order in which they were
};

/// Whether the job wants them to be found out.
[[nodiscard]] bool is_auto(const std::vector<std::string>& languages);

/// What was seen of a page, and what that took.
struct PageLook {
  std::optional<engine::LanguageSample> sample;  ///< nothing: the page cannot be had
  double cost_s = 0;                             ///< of CPU time, or a bound of it
};
/// Looks at a page of a document, for `most_s` at most.
using LookAt = std::function<PageLook(std::uint32_t page, double most_s)>;

/// Through a decoder's reader. `said`: as below. Throws `Stopped` when `cancelled` or when the sampler is.
[[nodiscard]] LookAt look_through(page::Reader& reader, engine::LanguageSampler& sampler, const page::Source& source,
                                  const std::vector<std::string>& said, const std::atomic<bool>& cancelled);

/// Finds them out, from a few pages spread over the document, in a bounded time: from what was seen until
/// then. `said`: `auto`, and those to choose from; alone: all that are installed.
[[nodiscard]] engine::LanguageChoice choose_languages(const LookAt& look_at, const corpus::Document& document,
                                                      const std::vector<std::string>& said);

/// The pages to look at, one after the other, until enough of them say something. Ascending from 1,
/// each once.
[[nodiscard]] std::vector<std::uint32_t> sample_pages(std::uint32_t first_page,
                                                      std::uint32_t pages);

}  // namespace pecia::app
