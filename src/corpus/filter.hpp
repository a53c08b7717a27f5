#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {

/// Whether a path or a pattern has a hidden name in it.
inline bool has_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

/// Which relative paths belong to the corpus.
class Filter {
 public:
  explicit Filter(const CorpusSpec& spec)
      : spec_{spec}, names_hidden_{std::ranges::any_of(spec.include, has_hidden)} {}

  /// For a path that a list names: hidden or not, it was asked for.
  [[nodiscard]] bool lets_in(std::string_view path) const {
    const auto matches = [&](const std::string& glob) { return glob_match(glob, path); };
    return std::ranges::any_of(spec_.include, matches) &&
           std::ranges::none_of(spec_.exclude, matches);
  }
  /// For a path that was met in a folder: a hidden one needs a pattern that names what is hidden,
  /// so that ".extra/*.pdf" beside "**/*" does not let ".git" in.
  [[nodiscard]] bool lets_in_found(std::string_view path) const {
    if (!has_hidden(path)) return lets_in(path);
    return lets_in(path) && std::ranges::any_of(spec_.include, [&](const std::string& glob) {
             return has_hidden(glob) && glob_match(glob, path);
           });
  }
  /// Hidden names are looked at only if a pattern names one.
  [[nodiscard]] bool sees(std::string_view name) const {
    return names_hidden_ || !name.starts_with('.');
  }

 private:
  const CorpusSpec& spec_;
  bool names_hidden_ = false;
};

}  // namespace pecia::corpus
