#include "named_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr std::size_t most_paths_named = 10;

using Paths = std::vector<const std::string*>;

Paths those_that(std::span<const std::string> paths, const std::function<bool(const std::string&)>& holds) {
  Paths found;
  for (const auto& path : paths) {
    if (holds(path)) found.push_back(&path);
  }
  return found;
}

std::string listed(const Paths& paths) {
  std::string list;
  for (std::size_t n = 0; n < paths.size() && n < most_paths_named; ++n) list += "\n  " + printable(*paths[n]);
  if (paths.size() > most_paths_named) list += fmt::format("\n  and {} more", paths.size() - most_paths_named);
  return list;
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// What somebody who misspelled it may have meant.
Paths near_to(std::span<const std::string> paths, const std::string& named) {
  auto near = those_that(paths, [&](const std::string& path) { return path.find(named) != std::string::npos; });
  if (!near.empty()) return near;
  std::vector<std::string_view> names;
  for (const auto& path : paths) names.push_back(last_name(path));
  const auto name = nearest(last_name(named), names.data(), names.data() + names.size());
  if (name.empty()) return {};
  return those_that(paths, [&](const std::string& path) { return last_name(path) == name; });
}

}  // namespace

std::string named_document(std::span<const std::string> paths, std::string_view named) {
  const auto meant = unprintable(named);
  const std::vector<std::function<bool(const std::string&)>> ways{
      [&](const std::string& path) { return path == named || path == meant; },
      [&](const std::string& path) { return path.ends_with("/" + meant); },
      [&](const std::string& path) { return path.ends_with(meant); },
      [&](const std::string& path) { return glob_match(named, path); },
  };
  for (const auto& way : ways) {
    const auto found = those_that(paths, way);
    if (found.size() == 1) return *found.front();
    if (found.size() > 1)
      throw UsageError{fmt::format("'{}' may be any of {} documents; name one:{}", printable(named), found.size(), listed(found))};
  }
  const auto near = near_to(paths, meant);
  throw UsageError{
      fmt::format("no document of the run is named '{}'{}", printable(named),
                  near.empty() ? fmt::format(" (it has {})", plural(paths.size(), "document")) : ". Did you mean:" + listed(near))};
}

}  // namespace pecia::app
