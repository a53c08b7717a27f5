#include "plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "format.hpp"
#include "names.hpp"
#include "out_folder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

namespace fs = std::filesystem;

constexpr auto pages_file = "pages.jsonl", documents_file = "documents.jsonl";

/// A file that is none of the documents (a note, a checksum list).
bool is_no_document(const corpus::Document& document, const store::Contents& contents) {
  if (document.outcomes() != 1) return false;
  const auto* row = contents.find({document.id, document.revision, document.first_page()});
  return (row != nullptr ? row->reason : document.problem) == Reason::not_a_document;
}

bool is_wanted(const corpus::Document& document, const ExportSettings& settings) {
  return settings.documents.empty() || is_asked_for(settings.documents, document.path);
}

/// Identity of a run that has neither an id nor a manifest.
constexpr std::string_view nobody = "0000000000000000";

/// Whether all files of a format are there as they were written.
bool is_there(const FormatEntry& entry, const fs::path& out) {
  std::uint64_t bytes = 0;
  for (const auto& file : entry.files) {
    std::error_code gone;
    const auto size = fs::file_size(out / file, gone);
    if (gone) return false;
    bytes += size;
  }
  return bytes == entry.bytes;
}

class Planner {
 public:
  Planner(Plan& plan, const store::Contents& contents, const ExportSettings& settings)
      : plan_{plan}, contents_{contents}, settings_{settings}, lines_{wants(settings, "jsonl")} {}

  void operator()() {
    find_renames();
    if (lines_) {
      std::error_code gone;
      lines_bytes_ = fs::file_size(settings_.out / lines_name(settings_), gone);
      if (gone) lines_bytes_ = 0;
      if (plan_.known && !gone) known_lines_ = plan_.known->lines_file(lines_name(settings_));
    }
    if (known_lines_ != nullptr) {
      for (const auto& entry : known_lines_->documents) by_id_.push_back(&entry);
      std::ranges::sort(by_id_, {}, [](const auto* entry) { return entry->id; });
    }
    // One without lines, of a run that had no documents yet, is not in the list.
    if (lines_ && lines_bytes_ > 0 && (!plan_.known || plan_.known->lines_file(lines_name(settings_)) == nullptr)) expect_free(lines_name(settings_), "jsonl");
    const auto& documents = plan_.manifest.documents();
    for (std::uint32_t n = 0; n < documents.size(); ++n) {
      if (is_wanted(documents[n], settings_))
        plan_.todos.push_back(todo_of(documents[n], n));
      else if (const auto* entry = lines_of(documents[n]); entry != nullptr)
        plan_.todos.push_back(kept(*entry, n));
    }
    plan_.lines_are_current = known_lines_ != nullptr && !may_be_unlisted("jsonl") && in_order_ == known_lines_->documents.size() &&
                              lines_end_ == lines_bytes_ && std::ranges::none_of(plan_.todos, &Todo::lines);
  }

 private:
  Todo todo_of(const corpus::Document& document, std::uint32_t n) {
    Todo todo;
    todo.document = n;
    todo.no_document = is_no_document(document, contents_);
    todo.sources = sources_of(document, contents_, settings_.merge);
    const auto entry = entry_of(document, contents_);
    const bool gaps = entry.pages[static_cast<std::size_t>(result::State::failed)] + entry.pages[DocumentEntry::pending] > 0;
    todo.skipped = settings_.complete_only && gaps && !todo.no_document;
    if (todo.skipped) return todo;
    if (lines_ && !(todo.no_document && settings_.lines_per_document)) find_lines(document, todo);
    if (!todo.no_document) choose_formats(document, todo);
    return todo;
  }

  /// Where the lines of a document stand in the file of jsonl; nullptr: nowhere.
  [[nodiscard]] const LinesEntry* lines_of(const corpus::Document& document) const {
    const auto found = std::ranges::lower_bound(by_id_, document.id, {}, [](const auto* entry) { return entry->id; });
    if (found == by_id_.end() || (*found)->id != document.id) return nullptr;
    const auto& entry = **found;
    return entry.bytes > lines_bytes_ || entry.offset > lines_bytes_ - entry.bytes ? nullptr : &entry;
  }

  /// A document that was not asked for, whose lines stay in the file.
  Todo kept(const LinesEntry& entry, std::uint32_t n) {
    Todo todo;
    todo.document = n;
    todo.kept = true;
    stay(entry, todo);
    return todo;
  }

  /// The lines that the document would get may stand in the file of jsonl already.
  void find_lines(const corpus::Document& document, Todo& todo) {
    todo.lines = true;
    const auto* entry = lines_of(document);
    if (entry == nullptr || settings_.force || entry->digest != digest_of_format(todo.sources, document, "jsonl", settings_)) return;
    todo.lines = false;
    stay(*entry, todo);
  }

  void stay(const LinesEntry& entry, Todo& todo) {
    todo.lines_at = static_cast<std::uint32_t>(&entry - known_lines_->documents.data());
    if (entry.offset != lines_end_) return;
    ++in_order_;
    lines_end_ += entry.bytes;
  }

  void choose_formats(const corpus::Document& document, Todo& todo) {
    const auto& name = plan_.names[todo.document];
    const auto before = plan_.known ? plan_.known->find(document.id) : std::nullopt;
    auto entry = before;
    if (entry) apply(plan_.renames, name, *entry);
    const auto* figures = entry ? entry->find("figures") : nullptr;
    const bool figures_are_there = !settings_.crop || (figures != nullptr && figures->digest != 0 && is_there(*figures, settings_.out));
    for (std::size_t at = 0; at < settings_.formats.size(); ++at) {
      const auto& format = settings_.formats[at];
      if (format == "jsonl") continue;
      const auto* known = entry ? entry->find(format) : nullptr;
      const bool current = known != nullptr && !settings_.force && figures_are_there &&
                           known->digest == expected(todo.sources, document, format, *entry) &&
                           (is_there(*known, settings_.out) || is_there(*before->find(format), settings_.out));
      if (current) continue;
      if (!has_files_named(known, name)) expect_free(name + std::string{suffix_of(format)}, format);
      todo.formats |= 1U << at;
    }
    if (todo.formats == 0) return;
    expect_folders(name, document.path);
    if (settings_.crop && !has_files_named(figures, name)) expect_free(name + std::string{figures_suffix}, "figures");
    for (std::size_t at = 0; at < settings_.formats.size(); ++at) {
      const auto* found = find_format(settings_.formats[at]);
      if (found != nullptr && found->refers_to_others) todo.formats |= 1U << at;
    }
    todo.stale_links = entry && has_stale_links(document, todo, *entry);
  }

  [[nodiscard]] bool has_stale_links(const corpus::Document& document, const Todo& todo, const DocumentEntry& entry) const {
    return std::ranges::any_of(entry.formats, [&](const FormatEntry& format) {
      const auto* found = find_format(format.format);
      if (found == nullptr || !found->links_to_figures || format.files.empty()) return false;
      const auto at = static_cast<std::size_t>(std::ranges::find(settings_.formats, format.format) - settings_.formats.begin());
      if (at < settings_.formats.size() && (todo.formats >> at & 1U) != 0) return false;
      return format.digest != expected(todo.sources, document, format.format, entry);
    });
  }

  /// The digest that a format would get which is written now.
  [[nodiscard]] std::uint64_t expected(const Sources& sources, const corpus::Document& document, std::string_view format,
                                       const DocumentEntry& entry) const {
    return with_references(digest_of_format(sources, document, format, settings_), format, entry, settings_);
  }

  /// Before anything is asked of the folder: files that have another name could stand where a folder must be.
  void find_renames() {
    if (!plan_.known) return;
    const auto& documents = plan_.manifest.documents();
    for (std::size_t n = 0; n < documents.size(); ++n) {
      const auto id = documents[n].id;
      if (!plan_.known->knows(id) || has_its_name(plan_.known->line_of(id), plan_.names[n])) continue;
      if (const auto entry = plan_.known->find(id)) add_renames(*entry, plan_.names[n], settings_.out, plan_.renames);
    }
    for (const auto& [file, name] : plan_.renames) {
      if (earlier_file(settings_.out, file)) expect_free(name, {});
    }
  }

  /// Whether a file of the format may be one that an export wrote which was killed.
  [[nodiscard]] bool may_be_unlisted(std::string_view format) const {
    return plan_.known && std::ranges::find(plan_.known->unlisted(), format) != plan_.known->unlisted().end();
  }

  /// Files that nobody knows are not written over. One that was killed does not know all of its own.
  void expect_free(const std::string& file, std::string_view format) const {
    if (settings_.force || may_be_unlisted(format)) return;
    if (plan_.renames.contains(file)) return;
    std::error_code none;
    const auto path = settings_.out / file;
    if (!fs::exists(fs::symlink_status(path, none))) return;
    throw UsageError{
        fmt::format("{} is there already, and no earlier export of this run wrote it. Choose another folder (--out DIR), or "
                    "write over it: --force",
                    printable(path.native()))};
  }

  /// A file in the place of a folder would stop the whole export, and not only that of the document.
  void expect_folders(const std::string& name, const std::string& document) {
    for (auto folder = fs::path{name}.parent_path(); !folder.empty() && folders_.insert(folder).second; folder = folder.parent_path()) {
      std::error_code none;
      const auto path = settings_.out / folder;
      const auto status = fs::status(path, none);
      if (!fs::exists(status) || fs::is_directory(status) || plan_.renames.contains(folder.native())) continue;
      throw UsageError{fmt::format("{} is a file, where the export of {} needs a folder. Move it away, or choose another folder: --out DIR",
                                   printable(path.native()), printable(document))};
    }
  }

  Plan& plan_;
  const store::Contents& contents_;
  const ExportSettings& settings_;
  bool lines_;
  const LinesFile* known_lines_ = nullptr;
  std::vector<const LinesEntry*> by_id_;
  std::uint64_t lines_bytes_ = 0, lines_end_ = 0;
  std::set<fs::path> folders_;  ///< in whose place no file stands
  std::size_t in_order_ = 0;    ///< documents whose lines stand where they would be written
};

std::optional<KnownExport> known_export(const ExportSettings& settings, const std::string& run_identity) {
  std::optional<KnownExport> known;
  try {
    known = KnownExport::load(settings.out);
  } catch (const UsageError&) {
    if (!settings.force) throw;
  }
  if (!known || known->run() == run_identity) return known;
  // It may be of this run before that had a manifest.
  if (known->run() == nobody && known->documents().empty()) return std::nullopt;
  if (!settings.force)
    throw UsageError{fmt::format("{} holds the export of another run. Choose another folder (--out DIR), or write over it: --force",
                                 printable(settings.out.native()))};
  return std::nullopt;
}

}  // namespace

std::string lines_name(const ExportSettings& settings) { return settings.lines_per_document ? documents_file : pages_file; }

bool wants(const ExportSettings& settings, std::string_view format) {
  return std::ranges::find(settings.formats, format) != settings.formats.end();
}

void forget_digests(const Todo& todo, const ExportSettings& settings, DocumentEntry& entry) {
  for (auto& format : entry.formats) {
    const auto at = static_cast<std::size_t>(std::ranges::find(settings.formats, format.format) - settings.formats.begin());
    const bool begun = at < settings.formats.size() ? (todo.formats >> at & 1U) != 0 : settings.crop && format.format == "figures";
    if (begun) format.digest = 0;
  }
}

const Todo* Plan::todo_of(DocumentId id) const {
  const auto document = manifest.find(id);
  const auto found = std::ranges::lower_bound(todos, document, {}, [](const Todo& todo) { return std::int64_t{todo.document}; });
  return document >= 0 && found != todos.end() && found->document == document ? &*found : nullptr;
}

DocumentEntry entry_of(const corpus::Document& document, const store::Contents& contents) {
  DocumentEntry entry;
  entry.id = document.id;
  entry.path = document.path;
  for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
    const auto* row = contents.find({document.id, document.revision, document.first_page() + n});
    ++entry.pages[row == nullptr ? DocumentEntry::pending : static_cast<std::size_t>(row->order.state)];
  }
  return entry;
}

Plan plan_export(const store::RunPaths& run, const store::Contents& contents, const ExportSettings& settings) {
  Plan plan;
  plan.manifest = corpus::load_manifest(run.manifest());
  plan.run_identity = identity_of(run);
  plan.names = export_names(plan.manifest, all_suffixes(), {pages_file, documents_file, list_file});
  plan.known = known_export(settings, plan.run_identity);
  Planner{plan, contents, settings}();
  if (std::ranges::all_of(plan.todos, &Todo::kept) && !settings.documents.empty())
    throw UsageError{fmt::format("no document of the run matches {}", printable(fmt::format("{}", fmt::join(settings.documents, ", "))))};
  return plan;
}

}  // namespace pecia::exporting
