#include "digest.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "format.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/store/run_id.hpp"

namespace pecia::exporting {
namespace {

constexpr std::size_t identity_bytes = 1 << 20;

merge::Kind kind_of(const ExportSettings& settings, std::string_view path) {
  return settings.kind_of ? settings.kind_of(path) : settings.merge.kind;
}

void add_outline(const corpus::Outline& outline, Digest& digest) {
  if (outline.empty()) return;
  digest.add(outline.entries.size());
  for (const auto& entry : outline.entries) digest.add(entry.page).add(static_cast<std::uint64_t>(entry.level)).add(entry.title);
  for (const auto& range : outline.labels)
    digest.add(range.first_page).add(static_cast<std::uint64_t>(range.style)).add(range.prefix).add(range.start);
}

}  // namespace

Digest& Digest::add(std::uint64_t value) noexcept {
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014) over what was there and what comes.
  auto mixed = value_ * 0x9E3779B97F4A7C15 + value + 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  value_ = mixed ^ (mixed >> 31);
  return *this;
}

Digest& Digest::add(std::string_view text) noexcept {
  add(text.size());
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    for (const char c : text.substr(at, 8)) word = word << 8 | static_cast<unsigned char>(c);
    add(word);
  }
  return *this;
}

Sources sources_of(const corpus::Document& document, const store::Contents& contents, const merge::MergeSettings& merging) {
  Sources sources;
  auto& digest = sources.pages;
  std::set<std::string_view> languages;
  digest.add(version()).add(document.id.value).add(document.revision).add(document.outcomes());
  for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
    const auto* row = contents.find({document.id, document.revision, document.first_page() + n});
    if (row == nullptr) {
      digest.add(0);
      continue;
    }
    const auto& order = row->order;
    digest.add(row->checksum).add(order.generation).add(order.epoch).add(order.rank).add(order.sequence);
    if (!row->languages.empty()) languages.insert(row->languages);
  }
  for (const auto of_page : languages) sources.dictionaries.add(merging.opened_dictionaries->fingerprint(merging.dictionaries, of_page));
  return sources;
}

std::uint64_t digest_of_format(const Sources& sources, const corpus::Document& known, std::string_view format,
                               const ExportSettings& settings) {
  auto document = sources.pages;
  document.add(format);
  if (format == "jsonl") {
    document.add(settings.lines_per_document ? 1 : 0);
    if (!settings.lines_per_document) return document.value();
  }
  // They are asked about hyphens alone.
  if (!settings.as_read && settings.merge.join_hyphens) document.add(sources.dictionaries.value());
  document.add(settings_json(settings)).add(static_cast<std::uint64_t>(kind_of(settings, known.path)));
  if (settings.crop || format == "pdf") document.add(known.size_bytes).add(static_cast<std::uint64_t>(known.modified_ns));
  if (format == "pdf") {
    const auto& pdf = settings.pdf;
    document.add(static_cast<std::uint64_t>(pdf.text_layers))
        .add(pdf.pdfa ? 1 : 0)
        .add(pdf.linearize ? 1 : 0)
        .add(pdf.break_signatures ? 1 : 0);
  }
  add_outline(known.outline, document);
  const auto* found = find_format(format);
  if (found != nullptr && found->refers_to_others) {
    for (const auto& other : settings.formats) document.add(other);
  }
  return document.value();
}

std::string settings_json(const ExportSettings& settings) {
  const auto& merging = settings.merge;
  const nlohmann::ordered_json json{{"merged", !settings.as_read},
                                    {"kind", std::string{name(merging.kind)}},
                                    {"join_hyphens", merging.join_hyphens},
                                    {"join_paragraphs", merging.join_paragraphs},
                                    {"join_tables", merging.join_tables},
                                    {"remove_running_heads", merging.remove_running_heads},
                                    {"order_columns", merging.order_columns},
                                    {"repair", merging.repair},
                                    {"figures", static_cast<bool>(settings.crop)}};
  return json.dump();
}

std::uint64_t with_references(std::uint64_t digest, std::string_view format, const DocumentEntry& entry, const ExportSettings& settings) {
  const auto* found = find_format(format);
  if (digest == 0 || found == nullptr || !found->refers_to_others) return digest;
  Digest with;
  with.add(digest);
  for (const auto& other : entry.formats) {
    const bool asked_for = other.format == "figures" ? static_cast<bool>(settings.crop)
                                                     : std::ranges::find(settings.formats, other.format) != settings.formats.end();
    if (!asked_for || other.format == format || other.files.empty()) continue;
    Digest of_other;  // summed up: the order in which formats came to the document does not count
    of_other.add(other.format);
    for (const auto& file : other.files) of_other.add(file);
    digest += of_other.value();
  }
  return with.add(digest).value();
}

std::string identity_of(const store::RunPaths& run) {
  if (auto id = store::run_id(run); !id.empty()) return id;
  std::vector<std::filesystem::path> segments;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{run.manifest(), none}) {
    if (entry.path().extension() == ".jsonl") segments.push_back(entry.path());
  }
  if (segments.empty()) return fmt::format("{:016x}", 0);
  const auto first = std::ranges::min(segments);
  const auto file = open_for_reading(first);
  std::string bytes(identity_bytes, '\0');
  std::size_t got = 0;
  for (ssize_t count = 1; count > 0 && got < bytes.size(); got += static_cast<std::size_t>(std::max<ssize_t>(count, 0)))
    count = ::pread(file.get(), bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
  bytes.resize(got);
  Digest digest;
  digest.add(first.filename().native()).add(std::filesystem::file_size(first)).add(bytes);
  return fmt::format("{:016x}", digest.value());
}

}  // namespace pecia::exporting
