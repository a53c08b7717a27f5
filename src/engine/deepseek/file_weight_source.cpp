#include "file_weight_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

namespace fs = std::filesystem;
using Index = std::unordered_map<std::string, std::string>;  // tensor -> file name

constexpr std::string_view single_name = "model.safetensors";
constexpr std::string_view index_name = "model.safetensors.index.json";

std::string shown(const fs::path& path) { return printable(path.native()); }

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// In the order of their names.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error))
    entries.push_back(at->path());
  if (error) throw storage_error(error.value(), "cannot list", shown(folder));
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// The snapshot in a cache folder models--ORG--NAME.
fs::path snapshot_of(const fs::path& cache) {
  if (const auto ref = cache / "refs" / "main"; is_there(ref)) {
    auto revision = read_file(ref);
    while (!revision.empty() && (revision.back() == '\n' || revision.back() == ' '))
      revision.pop_back();
    if (!revision.empty() && revision.find('/') == std::string::npos && revision != "..")
      if (auto folder = cache / "snapshots" / revision; is_folder(folder)) return folder;
  }
  auto snapshots = entries_of(cache / "snapshots");
  std::erase_if(snapshots, [](const auto& path) { return !is_folder(path); });
  if (snapshots.size() != 1)
    throw UsageError{
        fmt::format("'{}': a cache folder with {} and no refs/main that names one. Give the "
                    "snapshot's own folder",
                    shown(cache), plural(snapshots.size(), "snapshot"))};
  return snapshots.front();
}

Index read_index(const fs::path& path) {
  Index index;
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    for (const auto& [name, file] : json.at("weight_map").items()) {
      const auto& file_name = file.get_ref<const std::string&>();
      require(!file_name.empty() && file_name.find('/') == std::string::npos,
              "a file in weight_map is not in the same folder");
      index.emplace(name, file_name);
    }
  } catch (const StorageError&) {
    throw;
  } catch (const std::exception& error) {
    throw Error{fmt::format("'{}': {}. Fetch the file again (docs/deepseek.md)", shown(path),
                            to_utf8(error.what()))};
  }
  // total_size in it is wrong in the published file; the shards' own headers are checked.
  return index;
}

std::vector<fs::path> shards_in(const fs::path& folder) {
  auto shards = entries_of(folder);
  std::erase_if(shards, [](const auto& path) {
    const auto name = path.filename().string();
    return !name.starts_with("model-") || !name.ends_with(".safetensors");
  });
  return shards;
}

std::vector<fs::path> files_of(const fs::path& folder, const Index& index) {
  if (index.empty()) {
    if (is_there(folder / single_name)) return {folder / single_name};
    return shards_in(folder);
  }
  std::set<std::string> names;
  for (const auto& [tensor, file] : index) names.insert(file);
  std::vector<fs::path> files;
  std::string missing;
  for (const auto& name : names) {
    files.push_back(folder / name);
    if (!is_there(files.back())) missing += (missing.empty() ? "" : ", ") + printable(name);
  }
  if (!missing.empty())
    throw UsageError{
        fmt::format("'{}': {} lists files that are not there: {}. Fetch them "
                    "(docs/deepseek.md)",
                    shown(folder), index_name, missing)};
  return files;
}

}  // namespace

fs::path model_folder(const fs::path& given) {
  if (!is_folder(given))
    throw UsageError{
        fmt::format("weights: '{}' is no folder. Give the folder that config.json and "
                    "model*.safetensors are in (docs/deepseek.md says how to fetch them)",
                    shown(given))};
  const auto folder = !is_there(given / "config.json") && is_there(given / "snapshots")
                          ? snapshot_of(given)
                          : given;
  if (!is_there(folder / "config.json"))
    throw UsageError{
        fmt::format("weights: no config.json in '{}'. Give the folder of a downloaded "
                    "DeepSeek-OCR-2 (docs/deepseek.md says how to fetch it)",
                    shown(folder))};
  return folder;
}

FileWeights::FileWeights(const fs::path& place) {
  if (place.extension() == ".safetensors" && !is_folder(place)) {
    add_file(place);
    return;
  }
  const auto folder = model_folder(place);
  Index index;
  if (is_there(folder / index_name)) index = read_index(folder / index_name);
  for (const auto& file : files_of(folder, index)) add_file(file);
  if (paths_.empty())
    throw UsageError{
        fmt::format("weights: no model*.safetensors in '{}'. Fetch the weights "
                    "(docs/deepseek.md)",
                    shown(folder))};
  check_index(index);
}

void FileWeights::add_file(const fs::path& path) {
  auto file = open_for_reading(path);
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  for (auto& stored : read_safetensors_header(file.get(), path)) {
    const auto [at, fresh] =
        places_.emplace(stored.name, Place{files_.size(), stored.begin, stored.end});
    if (!fresh)
      throw Error{
          fmt::format("tensor '{}' is in '{}' and in '{}'. Remove what does not belong to the "
                      "model from the folder, or fetch it again",
                      printable(stored.name), shown(paths_[at->second.file]), shown(path))};
    if (const auto type = tensor_type(stored.dtype))
      tensors_.push_back({stored.name, *type, stored.shape});
    else
      foreign_.push_back(std::move(stored));
  }
  paths_.push_back(path);
  files_.push_back(std::move(file));
}

void FileWeights::check_index(const Index& index) const {
  for (const auto& [name, file] : index) {
    const auto at = places_.find(name);
    if (at == places_.end())
      throw Error{
          fmt::format("'{}': tensor '{}' is missing, which {} places there. Fetch the file again",
                      printable(file), printable(name), index_name)};
    const auto is_in = paths_[at->second.file].filename().string();
    if (is_in != file)
      throw Error{
          fmt::format("tensor '{}' is in '{}', while {} places it in '{}': are the shards "
                      "swapped, or of two models? Fetch them again",
                      printable(name), printable(is_in), index_name, printable(file))};
  }
}

void FileWeights::read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) {
  const auto at = places_.find(std::string{name});
  if (at == places_.end())
    throw Error{fmt::format("no tensor '{}' in the weights", printable(name))};
  const auto& place = at->second;
  if (offset > place.end - place.begin || into.size() > place.end - place.begin - offset)
    throw Error{fmt::format("bytes {} to {} of tensor '{}' are asked for, which has {}", offset,
                            offset + into.size(), printable(name), place.end - place.begin)};
  read_at(files_[place.file].get(), place.begin + offset, into, paths_[place.file]);
}

void FileWeights::leave_out(const std::set<std::string>& names) {
  std::erase_if(tensors_, [&](const auto& tensor) { return names.contains(tensor.name); });
}

}  // namespace pecia::engine::deepseek
