#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t longest_name = 255;  ///< NAME_MAX of every file system in use
constexpr std::size_t longest_path =
    3000;  ///< PATH_MAX is 4096; the export folder needs some of it
constexpr std::size_t longest_suffix = 16;

/// At most `size` bytes, not cut within a UTF-8 character.
std::string_view shortened(std::string_view name, std::size_t size) {
  if (name.size() <= size) return name;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
  return name.substr(0, size);
}

/// A name that a file system takes, `room` bytes long at most; `mark` makes up for what is cut off.
std::string fitting(std::string_view name, std::size_t room, const std::string& mark) {
  if (name.size() <= room) return std::string{name};
  return fmt::format("{}~{}", shortened(name, room - mark.size() - 1), mark);
}

/// The folders of a document's path, each a name that stays where it is put.
std::vector<std::string> folders_of(std::string_view path) {
  std::vector<std::string> folders;
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const auto name = path.substr(0, slash);
    path.remove_prefix(slash + 1);
    if (name.empty() || name == ".") continue;
    folders.push_back(
        name == ".." ? "__" : fitting(name, longest_name, fmt::format("{:08x}", crc32c(name))));
  }
  return folders;
}

struct Place {
  std::string folder;  ///< with a slash at its end, or empty
  std::string name;
};

Place place_of_document(const corpus::Document& document, const std::vector<std::string>& reserved) {
  Place place;
  auto folders = folders_of(document.path);
  if (!folders.empty() && std::ranges::find(reserved, folders[0]) != reserved.end())
    folders[0] += '~';
  for (const auto& folder : folders) place.folder += folder + "/";
  auto name = std::string_view{document.path};
  name.remove_prefix(name.rfind('/') + 1);
  if (name == "." || name == "..") name = "__";
  const auto id = to_string(document.id);
  place.name = fitting(name, longest_name - longest_suffix, id);
  if (place.folder.size() > longest_path) place = {"long-paths/", id};
  return place;
}

std::unordered_set<std::string> all_folders(const std::vector<Place>& places) {
  std::unordered_set<std::string> folders;
  for (const auto& [folder, name] : places) {
    for (auto slash = folder.find('/'); slash != std::string::npos;
         slash = folder.find('/', slash + 1))
      folders.insert(folder.substr(0, slash));
  }
  return folders;
}

}  // namespace

std::vector<std::string> export_names(const corpus::Manifest& manifest,
                                      const std::vector<std::string>& suffixes,
                                      const std::vector<std::string>& reserved) {
  std::vector<Place> places;
  std::unordered_map<std::string, int> wanted_by;
  for (const auto& document : manifest.documents()) {
    places.push_back(place_of_document(document, reserved));
    ++wanted_by[places.back().folder + places.back().name];
  }
  const auto folders = all_folders(places);
  const auto is_taken = [&](const std::string& path) {
    return wanted_by[path] > 1 || std::ranges::any_of(suffixes, [&](const std::string& suffix) {
             return folders.contains(path + suffix);
           });
  };
  std::vector<std::string> names;
  for (std::size_t n = 0; n < places.size(); ++n) {
    const auto& [folder, name] = places[n];
    const auto mark = "~" + to_string(manifest.documents()[n].id);
    auto path = folder + name;
    // All that want one path get a mark, so that none changes its name when a new one joins them.
    for (std::string end = mark; is_taken(path); end += '~') {
      path = fmt::format("{}{}{}", folder,
                         shortened(name, longest_name - longest_suffix - end.size()), end);
      ++wanted_by[path];
    }
    names.push_back(std::move(path));
  }
  return names;
}

}  // namespace pecia::exporting
