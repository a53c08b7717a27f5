#include "exporter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "format.hpp"
#include "gaps.hpp"
#include "out_folder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

using Json = nlohmann::ordered_json;

constexpr double first_bytes_per_page = 48 << 10;  ///< a dense page, until it is known better
constexpr double newest_share = .1;                ///< of the last document in the mean
constexpr std::chrono::milliseconds between_looks{100};

bool is_stopped() { return stop::requested() != stop::Request::none; }

}  // namespace

Exporter::Exporter(const store::RunPaths& run, const store::Contents& contents, const ExportSettings& settings, bool alone)
    : contents_{contents},
      settings_{settings},
      plan_{plan_export(run, contents, settings)},
      writer_{settings, report_},
      budget_{settings.memory_bytes},
      alone_{alone},
      writes_lines_{wants(settings, "jsonl") && !plan_.lines_are_current},
      bytes_per_page_{first_bytes_per_page} {
  for (const auto& todo : plan_.todos) {
    if (todo.kept) continue;
    ++all_documents_;
    all_pages_ += plan_.manifest.documents()[todo.document].outcomes();
  }
}

ExportReport Exporter::operator()() {
  mark_as_begun();
  clear_the_way();
  // Where it is gone, or closed to us, lines are made anew.
  if (writes_lines_) lines_that_are_there_.reset(::open((settings_.out / lines_name(settings_)).c_str(), O_RDONLY | O_CLOEXEC));
  output_ = std::make_unique<OrderedOutput>(settings_.out, writes_lines_ ? lines_name(settings_) : "",
                                            std::make_unique<ListWriter>(settings_.out, plan_.run_identity, settings_json(settings_)),
                                            [this](std::uint64_t weight) { budget_.give_back(weight); });
  try {
    Crew<Task> crew{settings_.jobs, [this](Task& task) {
                      auto finished = writer_(task);
                      finished.weight = task.weight;
                      pages_done_ += task.document.pages.size();
                      ++documents_done_;
                      output_->put(task.position, std::move(finished));
                    }};
    go_through_documents(crew);
    crew.finish([this] { tell_progress(); });
  } catch (...) {
    try {
      finish(End::failed);
    } catch (const Error&) {  // the same disk; what is there says that an export was begun
    }
    throw;
  }
  finish(report_.stopped ? End::stopped : End::whole);
  return std::move(report_);
}

/// Who is killed from now on leaves files that no list knows; the next export sees that they are its own.
void Exporter::mark_as_begun() {
  ListWriter list{settings_.out, plan_.run_identity, settings_json(settings_)};
  if (plan_.known) {
    for (const auto id : plan_.known->documents()) list.add(earlier_line(id, Files::as_they_were, true));
  }
  list.finish(plan_.known ? plan_.known->lines_files() : std::vector<LinesFile>{}, ListState::writing, unlisted_after(End::failed), "{}");
}

/// What earlier exports left that is of no use, or in the way.
void Exporter::clear_the_way() const {
  const bool was_killed = plan_.known && plan_.known->state() == ListState::writing;
  if (alone_) remove_parts(settings_.out, was_killed);
  for (const auto& [file, name] : plan_.renames) rename_earlier_file(settings_.out, file, name);
}

std::string Exporter::earlier_line(DocumentId id, Files files, bool begun) const {
  const auto* todo = begun ? plan_.todo_of(id) : nullptr;
  begun = todo != nullptr && todo->formats != 0;
  const auto document = plan_.manifest.find(id);
  const bool renamed = files == Files::renamed && document >= 0 && !plan_.renames.empty();
  auto entry = begun || renamed ? plan_.known->find(id) : std::nullopt;
  if (!entry) return plan_.known->line_of(id);
  if (renamed) apply(plan_.renames, plan_.names[static_cast<std::size_t>(document)], *entry);
  if (begun) forget_digests(*todo, settings_, *entry);
  return to_json(*entry);
}

void Exporter::go_through_documents(Crew<Task>& crew) {
  for (std::size_t position = 0; position < plan_.todos.size(); ++position) {
    tell_progress();
    if (crew.failed()) return;
    if (is_stopped()) {
      report_.stopped = true;
      return;
    }
    auto& todo = plan_.todos[position];
    const auto& document = plan_.manifest.documents()[todo.document];
    std::optional<std::string> lines;
    if (writes_lines_ && todo.lines_at != Todo::nowhere) {
      // Of one that is loaded anyway they are made anew.
      if (todo.formats == 0) lines = known_lines(todo);
      todo.lines = !lines.has_value();
    }
    if (lines && !take(lines->size(), crew)) return;
    if (todo.kept)
      keep(position, std::move(lines));
    else if (todo.formats == 0 && !todo.lines)
      pass_by(position, known_entry(position), std::move(lines));
    else
      load(position, document, crew);
  }
}

void Exporter::keep(std::size_t position, std::optional<std::string> lines) {
  const auto& todo = plan_.todos[position];
  const auto& document = plan_.manifest.documents()[todo.document];
  Finished finished{document.id, {}, {}, 0, 0};
  if (lines) {
    finished.lines_digest = plan_.known->lines_file(lines_name(settings_))->documents[todo.lines_at].digest;
    finished.weight = lines->size();
    finished.lines = std::move(lines);
  } else if (writes_lines_) {
    log::warning("{}: {} does not hold what was written there; its lines are left out until it is exported again",
                 printable(document.path), lines_name(settings_));
  }
  output_->put(position, std::move(finished));
}

DocumentEntry Exporter::known_entry(std::size_t position) const {
  const auto& todo = plan_.todos[position];
  const auto& document = plan_.manifest.documents()[todo.document];
  auto entry = entry_of(document, contents_);
  if (plan_.known) {
    if (auto known = plan_.known->find(document.id)) {
      apply(plan_.renames, plan_.names[todo.document], *known);
      entry.formats = std::move(known->formats);
      entry.findings = known->findings;
    }
  }
  return entry;
}

void Exporter::pass_by(std::size_t position, DocumentEntry entry, std::optional<std::string> lines) {
  const auto& todo = plan_.todos[position];
  const auto& document = plan_.manifest.documents()[todo.document];
  set_state(entry);
  if (todo.skipped || todo.no_document) entry.state = "skipped";
  if (todo.no_document) entry.reason = name(Reason::not_a_document);
  if (todo.skipped) {
    entry.reason = "it has gaps, and only complete documents were wanted";
    entry.findings = {};
    if (!entry.formats.empty()) report_.left.push_back(printable(document.path));
  }
  if (!todo.no_document) {
    writer_.count(entry);
    if (!todo.skipped) ++report_.unchanged;
  }
  ++documents_done_;
  pages_done_ += document.outcomes();
  Finished finished{document.id, to_json(entry), {}, 0, 0};
  if (lines) {
    finished.lines_digest = digest_of_format(todo.sources, document, "jsonl", settings_);
    finished.weight = lines->size();
    finished.lines = std::move(lines);
  }
  output_->put(position, std::move(finished));
}

std::uint64_t Exporter::expected_bytes(const corpus::Document& document) const {
  return static_cast<std::uint64_t>(bytes_per_page_ * document.outcomes());
}

/// Waits for room; false: somebody failed.
bool Exporter::take(std::uint64_t bytes, const Crew<Task>& crew) {
  while (!budget_.take(bytes, between_looks)) {
    if (crew.failed()) return false;
    tell_progress();
  }
  return true;
}

void Exporter::load(std::size_t position, const corpus::Document& document, Crew<Task>& crew) {
  Task task;
  task.position = position;
  task.todo = &plan_.todos[position];
  task.known = &document;
  task.name = plan_.names[task.todo->document];
  task.weight = expected_bytes(document);
  if (!take(task.weight, crew)) return;
  task.document = merge::load_document(document, contents_);
  const auto bytes = memory_of(task.document);
  budget_.change(task.weight, bytes);
  task.weight = bytes;
  bytes_per_page_ += newest_share * (static_cast<double>(bytes) / document.outcomes() - bytes_per_page_);
  const auto damaged = std::ranges::count(task.document.pages, true, &merge::Page::damaged);
  if (damaged > 0)
    log::warning("{}: {} damaged: run pecia verify", printable(document.path), plural(static_cast<unsigned long long>(damaged), "record"));
  task.entry = known_entry(position);
  if (settings_.complete_only && !task.todo->no_document && has_gaps(task.document)) {
    budget_.give_back(task.weight);
    plan_.todos[position].skipped = true;  // by their rows its pages were there
    set_states(task.entry, task.document);
    return pass_by(position, std::move(task.entry), {});
  }
  writer_.write_figures(task);
  crew.hand_on(std::move(task));
}

/// The lines of an earlier export, if they are what it wrote.
std::optional<std::string> Exporter::known_lines(const Todo& todo) const {
  const auto& entry = plan_.known->lines_file(lines_name(settings_))->documents[todo.lines_at];
  std::string lines(entry.bytes, '\0');
  for (std::size_t got = 0; got < lines.size();) {
    const auto count = ::pread(lines_that_are_there_.get(), lines.data() + got, lines.size() - got, static_cast<off_t>(entry.offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    got += static_cast<std::size_t>(count);
  }
  if (crc32c(lines) != entry.crc32c) return std::nullopt;
  return lines;
}

std::vector<LinesFile> Exporter::lines_files(bool whole) {
  std::vector<LinesFile> files;
  const bool replaced = whole && writes_lines_;
  if (plan_.known) {
    for (const auto& file : plan_.known->lines_files()) {
      if (!replaced || file.name != lines_name(settings_)) files.push_back(file);
    }
  }
  if (replaced) files.push_back(output_->finish_lines());
  return files;
}

/// Documents that an earlier export wrote and that the run no longer has.
void Exporter::note_left(const std::vector<DocumentId>& listed, End end) {
  if (!plan_.known) return;
  for (const auto id : plan_.known->documents()) {
    if (std::ranges::binary_search(listed, id)) continue;
    output_->list().add(earlier_line(id, Files::renamed, end == End::failed));
    if (plan_.manifest.find(id) >= 0) continue;
    if (const auto entry = plan_.known->find(id)) report_.left.push_back(printable(entry->path));
  }
}

/// One that ends by itself, or by a signal, lists all that it wrote. One over all documents writes over what nobody listed.
std::vector<std::string> Exporter::unlisted_after(End end) const {
  auto formats = plan_.known ? plan_.known->unlisted() : std::vector<std::string>{};
  auto mine = settings_.formats;
  if (settings_.crop) mine.emplace_back("figures");
  const auto is_mine = [&](const std::string& format) { return std::ranges::find(mine, format) != mine.end(); };
  const bool all_documents = settings_.documents.empty() && !settings_.complete_only;
  if (end == End::failed || (end == End::whole && all_documents)) std::erase_if(formats, is_mine);
  if (end == End::failed) formats.insert(formats.end(), mine.begin(), mine.end());
  return formats;
}

void Exporter::finish(End end) {
  const bool whole = end == End::whole;
  if (!whole) output_->give_up();
  auto files = lines_files(whole);
  if (whole && writes_lines_) report_.written["jsonl"] = {1, output_->lines_bytes()};
  note_left(output_->listed(), end);
  std::ranges::sort(report_.incomplete);
  std::ranges::sort(report_.not_written);
  std::ranges::sort(report_.remarks);
  output_->list().finish(files, whole ? ListState::finished : ListState::stopped, unlisted_after(end), summary_json());
}

std::string Exporter::summary_json() const {
  Json json{{"documents", report_.documents},       {"complete", report_.complete},          {"with_gaps", report_.with_gaps},
            {"skipped", report_.skipped},           {"unchanged", report_.unchanged},        {"pages", report_.pages},
            {"failed_pages", report_.failed_pages}, {"pending_pages", report_.pending_pages}};
  json["written"] = Json::object();
  for (const auto& [format, count] : report_.written) json["written"][format] = {{"files", count.files}, {"bytes", count.bytes}};
  json["findings"] = Json::object();
  for (std::size_t n = 0; n < report_.findings.size(); ++n)
    json["findings"][std::string{name(static_cast<merge::Severity>(n))}] = report_.findings[n];
  json["not_written"] = report_.not_written;
  json["remarks"] = report_.remarks;
  json["left"] = report_.left;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Exporter::tell_progress() {
  if (settings_.progress) settings_.progress({documents_done_, pages_done_, all_documents_, all_pages_});
}

}  // namespace pecia::exporting
