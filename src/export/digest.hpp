#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "export_list.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/export/export.hpp"
#include "pecia/store/contents.hpp"

namespace pecia::exporting {

/// A hash of 64 bits over what something was made of, the same everywhere. For changes that happen, not for those that
/// somebody makes up.
class Digest {
 public:
  Digest& add(std::uint64_t value) noexcept;
  Digest& add(std::string_view text) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// What a document's files are made of, whatever the format.
struct Sources {
  Digest pages;         ///< their outcomes, and this pecia
  Digest dictionaries;  ///< those of the languages of its pages
};
[[nodiscard]] Sources sources_of(const corpus::Document& document, const store::Contents& contents, const merge::MergeSettings& merging);
/// Of a format of it ("jsonl" too): also of what the settings and the document's outline say, and of its file
/// where that is read.
[[nodiscard]] std::uint64_t digest_of_format(const Sources& sources, const corpus::Document& known, std::string_view format,
                                             const ExportSettings& settings);

/// The digest of a format that refers to others also counts which files of others there are; that of any other stays.
[[nodiscard]] std::uint64_t with_references(std::uint64_t digest, std::string_view format, const DocumentEntry& entry,
                                            const ExportSettings& settings);

/// The settings that decide about the text of documents, for export.json and its readers: a JSON object.
[[nodiscard]] std::string settings_json(const ExportSettings& settings);

/// What tells a run from any other: its id (`store::run_id`); of a run without one its first manifest segment, of which its
/// name, its size and the first MiB count: 16 hexadecimal digits.
[[nodiscard]] std::string identity_of(const store::RunPaths& run);

}  // namespace pecia::exporting
