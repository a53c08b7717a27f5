#include "pecia/corpus/listing.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "bagit.hpp"
#include "filter.hpp"
#include "list_file.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {
namespace {

namespace fs = std::filesystem;

std::string shown(const fs::path& path) { return printable(path.native()); }

FoundFile found(std::string path, const struct stat& status) {
  FoundFile file;
  file.id = document_id(path);
  file.path = std::move(path);
  file.size_bytes = static_cast<std::uint64_t>(status.st_size);
  file.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return file;
}

FoundFile missing(std::string path) {
  FoundFile file;
  file.id = document_id(path);
  file.path = std::move(path);
  file.exists = false;
  return file;
}

/// Walks a folder by descriptors: one stat per file, names of any bytes, any depth of path.
class Walk {
 public:
  Walk(const Filter& filter, Listing& listing) : filter_{filter}, listing_{listing} {}

  void operator()(const fs::path& root) {
    UniqueFd fd{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd)
      throw UsageError{
          system_error(errno, "the corpus cannot be read: folder", shown(root)).what()};
    visit(std::move(fd), "");
  }
  [[nodiscard]] std::size_t seen() const noexcept { return seen_; }

 private:
  struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };

  /// What one folder holds besides files.
  struct Found {
    std::vector<std::string> folders;
    std::size_t refused = 0;
    int refusal = 0;
  };

  static std::string shown(const std::string& prefix) {
    return prefix.empty() ? "." : printable(prefix);
  }

  /// The next entry. A folder that breaks off half-way (a sick file system) is no shorter folder.
  const dirent* next(DIR* dir, const std::string& prefix) {
    errno = 0;
    const auto* entry = ::readdir(dir);
    if (!entry && errno != 0)
      listing_.warnings.push_back(fmt::format(
          "folder {} cannot be listed to its end ({}); what is left of it is not in the "
          "corpus",
          shown(prefix), std::strerror(errno)));
    return entry;
  }

  void visit(UniqueFd fd, const std::string& prefix) {
    const int folder_fd = fd.get();
    const std::unique_ptr<DIR, CloseDir> dir{::fdopendir(folder_fd)};
    if (!dir) throw system_error(errno, "cannot list folder", printable(prefix));
    (void)fd.release();  // the DIR owns it
    Found here;
    while (const auto* entry = next(dir.get(), prefix)) {
      const std::string_view name{entry->d_name};
      if (name == "." || name == ".." || !filter_.sees(name)) continue;
      look_at(folder_fd, prefix, name, here);
    }
    // Listed but not searchable: without this line its files would be missing in silence.
    if (here.refused > 0)
      listing_.warnings.push_back(
          fmt::format("{} names in folder {} cannot be looked at ({}); they are not in the corpus",
                      here.refused, shown(prefix), std::strerror(here.refusal)));
    for (const auto& name : here.folders) {
      UniqueFd below{
          ::openat(folder_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
      if (below)
        visit(std::move(below), prefix + name + "/");
      else
        listing_.warnings.push_back(
            fmt::format("folder {}{} cannot be read ({}); what is in it is not in the corpus",
                        printable(prefix), printable(name), std::strerror(errno)));
    }
  }

  void look_at(int folder_fd, const std::string& prefix, std::string_view name, Found& here) {
    const std::string owned{name};
    struct stat status {};
    if (::fstatat(folder_fd, owned.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;  // gone meanwhile
      here.refusal = errno;
      ++here.refused;
      return;
    }
    if (S_ISDIR(status.st_mode)) {
      here.folders.push_back(owned);
      return;
    }
    if (S_ISLNK(status.st_mode)) {
      if (::fstatat(folder_fd, owned.c_str(), &status, 0) != 0) {
        ++seen_;
        if (filter_.lets_in_found(prefix + owned))
          listing_.files.push_back(missing(prefix + owned));
        return;
      }
      if (S_ISDIR(status.st_mode))
        listing_.warnings.push_back(fmt::format(
            "{} is a link to a folder and is not followed; what is in it is not in the corpus",
            printable(prefix + owned)));
    }
    if (!S_ISREG(status.st_mode)) return;  // links to folders, sockets, devices
    ++seen_;
    if (filter_.lets_in_found(prefix + owned))
      listing_.files.push_back(found(prefix + owned, status));
  }

  const Filter& filter_;
  Listing& listing_;
  std::size_t seen_ = 0;
};

void sort_by_path(Listing& listing) { std::ranges::sort(listing.files, {}, &FoundFile::path); }

FoundFile look_up(const fs::path& root, std::string path) {
  struct stat status {};
  if (::stat((root / path).c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return missing(std::move(path));
  return found(std::move(path), status);
}

void honour_bag(const std::map<std::string, Checksum>& payload, const Filter& filter,
                Listing& listing) {
  std::erase_if(listing.files,
                [](const FoundFile& file) { return !file.path.starts_with("data/"); });
  std::set<std::string_view> there;
  for (auto& file : listing.files) {
    there.insert(file.path);
    const auto entry = payload.find(file.path);
    if (entry != payload.end())
      file.checksum = entry->second;
    else
      listing.warnings.push_back(
          fmt::format("{} is not in the bag's payload manifest; it is read without a check",
                      printable(file.path)));
  }
  std::vector<FoundFile> absent;
  for (const auto& [path, sum] : payload) {
    // Not met on the walk: gone, or behind a link to a folder.
    if (there.contains(path) || !filter.lets_in_found(path)) continue;
    absent.push_back(look_up(listing.root, path));
    absent.back().checksum = sum;
  }
  std::ranges::move(absent, std::back_inserter(listing.files));
}

/// A listed path below the root becomes relative to it; another stays absolute.
std::string listed_path(const fs::path& root, const std::string& line) {
  const fs::path path{line};
  if (!path.is_absolute()) return path.lexically_normal().native();
  const auto relative = path.lexically_normal().lexically_relative(root);
  const bool below = !relative.empty() && *relative.begin() != "..";
  return below ? relative.native() : path.lexically_normal().native();
}

Listing from_list(const CorpusSpec& spec, const Filter& filter) {
  Listing listing;
  const auto list = fs::absolute(spec.list).lexically_normal();
  listing.root = root_of(spec);
  std::set<std::string> seen;
  std::vector<ListEntry> entries;
  try {
    entries = read_list(list);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw UsageError{fmt::format("the list of the corpus cannot be read: {}", error.what())};
  }
  for (const auto& entry : entries) {
    auto path = listed_path(listing.root, entry.path);
    if (!filter.lets_in(path)) continue;
    if (!seen.insert(path).second) {
      listing.warnings.push_back(
          fmt::format("{} stands twice in {}", printable(path), shown(list)));
      continue;
    }
    listing.files.push_back(look_up(listing.root, std::move(path)));
    listing.files.back().priority = entry.priority;
  }
  if (listing.files.empty())
    throw UsageError{
        fmt::format("the list {} names no file that include and exclude let in ({} "
                    "lines). Check corpus.list, corpus.include and corpus.exclude",
                    shown(list), entries.size())};
  return listing;
}

Listing from_folder(const fs::path& root, const Filter& filter) {
  Listing listing;
  listing.root = root;
  const auto bag = read_bag(root);
  Walk walk{filter, listing};
  walk(root);
  if (bag) honour_bag(*bag, filter, listing);
  if (listing.files.empty())
    throw UsageError{
        walk.seen() == 0
            ? fmt::format("the corpus {} holds no files. Check corpus.root in the job file",
                          shown(root))
            : fmt::format(
                  "the corpus {} is empty: {} files were seen, and include and exclude let in "
                  "none. Check corpus.include and corpus.exclude in the job file",
                  shown(root), walk.seen())};
  return listing;
}

}  // namespace

fs::path root_of(const CorpusSpec& spec) {
  if (spec.root.empty() && spec.list.empty()) return {};
  if (spec.root.empty()) return fs::absolute(spec.list).lexically_normal().parent_path();
  const auto root = fs::absolute(spec.root).lexically_normal();
  std::error_code ignored;
  return spec.list.empty() && fs::is_regular_file(root, ignored) ? root.parent_path() : root;
}

Listing list_corpus(const CorpusSpec& spec) {
  if (spec.root.empty() && spec.list.empty())
    throw UsageError{
        "the job names no documents. Set corpus.root to a folder, a file or a bag, or "
        "corpus.list to a list of paths"};
  const Filter filter{spec};
  Listing listing;
  if (!spec.list.empty()) {
    listing = from_list(spec, filter);
  } else {
    const auto root = fs::absolute(spec.root).lexically_normal();
    struct stat status {};
    if (::stat(root.c_str(), &status) != 0)
      throw UsageError{fmt::format(
          "the corpus {} does not exist or cannot be reached ({}). Check corpus.root in the "
          "job file, which is relative to that file",
          shown(root), std::strerror(errno))};
    if (S_ISDIR(status.st_mode)) {
      listing = from_folder(root, filter);
    } else if (S_ISREG(status.st_mode)) {
      listing.root = root_of(spec);
      listing.files.push_back(found(root.filename().native(), status));
    } else {
      throw UsageError{fmt::format("the corpus {} is neither a folder nor a file", shown(root))};
    }
  }
  sort_by_path(listing);
  return listing;
}

}  // namespace pecia::corpus
