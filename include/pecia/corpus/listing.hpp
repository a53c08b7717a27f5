#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/ids.hpp"
#include "pecia/corpus/priority.hpp"

namespace pecia::corpus {

/// Where the documents of a job are.
struct CorpusSpec {
  std::filesystem::path root;  ///< a directory, a file, or a BagIt bag; empty with `list`
  std::filesystem::path list;  ///< a text file with a path a line, relative to the list's own folder
                               ///< (or to `root` if that is given too); '#' starts a comment line.
                               ///< A tab and urgent, normal or low may follow a path. With a NUL byte
                               ///< in it, NUL separates (`find -print0`): no comments, no priorities
  std::vector<std::string> include{"**/*"};  ///< globs on the path relative to the root
  std::vector<std::string> exclude;          ///< win over `include`
};

/// A digest that the corpus itself gives (BagIt payload manifest).
struct Checksum {
  std::string algorithm;  ///< "md5", "sha1", "sha256", "sha512"
  std::string hex;        ///< lower case
};

/// A file that belongs to the corpus.
struct FoundFile {
  DocumentId id;
  std::string path;              ///< relative to `Listing::root`, any bytes
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  bool exists = true;            ///< false: named by a list, a bag or a link, and not there
  std::optional<Checksum> checksum;
  std::optional<Priority> priority;  ///< as the list says
};

struct Listing {
  std::filesystem::path root;       ///< absolute; a FoundFile's file is root / path
  std::vector<FoundFile> files;     ///< sorted by path bytes, each path once
  std::vector<std::string> warnings;  ///< for the log: unreadable folders, files beside a bag's manifest, ...
};

/// Lists the corpus. Hidden files and folders (".x") are listed only if a pattern or a list names
/// them; links to files are followed, links to folders are not (loops) and give a warning. Patterns
/// do not apply to a root that is a file. A listed file that is not below the root keeps its absolute
/// path. Throws `UsageError` if the root does not exist, cannot be read, or holds no file that the
/// patterns let in, and for a list with a word after a tab that is no priority.
[[nodiscard]] Listing list_corpus(const CorpusSpec& spec);
/// `Listing::root` alone, without a look into folders. What is not there is taken for a folder.
[[nodiscard]] std::filesystem::path root_of(const CorpusSpec& spec);

[[nodiscard]] DocumentId document_id(std::string_view relative_path);

/// Whether the file has the digest; throws `Error` if it cannot be read or the algorithm is unknown.
[[nodiscard]] bool matches(const std::filesystem::path& file, const Checksum& checksum);

}  // namespace pecia::corpus
