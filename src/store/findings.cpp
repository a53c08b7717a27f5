#include "findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "record_files.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator{folder, absent}) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

class Look {
 public:
  Look(const RunPaths& run, const VerifyOptions& options) : run_{run}, options_{options} {}

  Findings operator()() {
    look_at_ledgers();
    look_at_manifest();
    look_at_records();
    look_at_promises();
    look_for_strays();
    look_at_index();
    look_at_others();
    return std::move(found_);
  }

 private:
  void look_at_ledgers() {
    found_.ledger = newest_ledger(run_);
    for (const auto& folder : files_in(run_.epochs())) {
      const auto file = folder / "ledger.json";
      const auto epoch = static_cast<std::uint32_t>(std::strtoul(folder.filename().c_str(), nullptr, 10));
      try {
        (void)read_ledger(run_, epoch);
      } catch (const Error& error) {
        found_.bad.push_back({file, error.what()});
      }
    }
  }

  void look_at_manifest() {
    std::vector<corpus::DamagedSegment> damaged;
    found_.manifest = corpus::load_sound_manifest(run_.manifest(), damaged);
    for (const auto& segment : damaged) found_.bad.push_back({run_.manifest() / segment.name, segment.problem});
    found_.manifest_damaged = !damaged.empty();
    if (!found_.ledger) return;
    const auto there = list_manifest(run_);
    for (const auto& promised : found_.ledger->manifest) {
      const auto now = std::ranges::find(there, promised.name, &LedgerFile::name);
      if (now == there.end()) {
        found_.lost.push_back(fmt::format("the manifest segment {} is missing: the next job looks into its documents again", promised.name));
        found_.manifest_damaged = true;
      } else if (now->bytes != promised.bytes && std::ranges::find(damaged, promised.name, &corpus::DamagedSegment::name) == damaged.end()) {
        found_.bad.push_back({run_.manifest() / promised.name, fmt::format("it has {} bytes where it had {}: it is another one", now->bytes, promised.bytes)});
        found_.manifest_damaged = true;
      }
    }
  }

  void look_at_records() {
    for (const auto& name : list_segments(run_)) read(run_.journal() / name, false);
    for (const auto& name : list_shards(run_)) read(run_.shards() / name, true);
    std::ranges::sort(found_.entries, [](const Entry& one, const Entry& other) {
      return one.key != other.key ? one.key < other.key : wins(one.order, other.order);
    });
  }

  void read(const fs::path& path, bool sealed) {
    const auto at = static_cast<std::uint32_t>(found_.files.size());
    const LedgerFile* promised = nullptr;
    if (found_.ledger) {
      const auto& list = sealed ? found_.ledger->shards : found_.ledger->segments;
      const auto known = std::ranges::find(list, path.filename().string(), &LedgerFile::name);
      if (known != list.end() && known->rows > 0) promised = &*known;
    }
    found_.files.push_back(look_at_file(path, sealed, promised, options_.deep, [&](Entry entry) {
      entry.file = at;
      found_.entries.push_back(entry);
    }));
  }

  /// What the newest ledger lists is there, or was sealed into something that is.
  void look_at_promises() {
    if (!found_.ledger) return;
    std::set<std::string> known;
    for (const auto& file : found_.files) {
      known.insert(file.name());
      known.insert(file.made_of.begin(), file.made_of.end());
    }
    for (const auto& name : superseded_shards(run_)) known.insert(name);
    const auto check = [&](const LedgerFile& promised, const fs::path& folder, std::string_view what) {
      const auto set_aside = folder / (promised.name + ".damaged");  // by a job, which said so
      if (promised.rows == 0 || known.contains(promised.name) || fs::exists(set_aside)) return;
      found_.lost.push_back(fmt::format("the {} {} is missing, and with it {}, which are read again unless another file has them", what,
                                        promised.name, plural(promised.rows, "page")));
    };
    for (const auto& promised : found_.ledger->shards) check(promised, run_.shards(), "shard");
    for (const auto& promised : found_.ledger->segments) check(promised, run_.journal(), "journal segment");
  }

  void look_for_strays() {
    for (const auto& path : files_in(run_.shards())) {
      const auto name = path.filename().string();
      const auto shard = fs::path{path}.replace_extension();
      // What NFS keeps for readers of files that were deleted.
      if (path.extension() == ".h5" || name == "superseded.txt" || name.starts_with(".nfs")) continue;
      if (path.extension() == ".sum" && fs::exists(shard)) continue;
      if (path.extension() == ".part" || (path.extension() == ".sum" && fs::exists(shard.string() + ".part")))
        left_over(path);
      else if (path.extension() == ".sum")
        found_.bad.push_back({path, "the shard that it is the checksum of is missing"});
      else
        found_.bad.push_back({path, "it is none of pecia's files"});
    }
    for (const auto& path : files_in(run_.journal())) {
      if (path.extension() == ".seg" || path.filename().string().starts_with(".nfs")) continue;
      if (path.extension() == ".damaged")
        found_.notes.push_back(fmt::format("{}: damaged, and set aside by an earlier job; nobody reads it", path.filename().string()));
      else if (path.extension() == ".part")
        left_over(path);
      else
        found_.bad.push_back({path, "it is none of pecia's files"});
    }
    const auto count = files_in(quarantine(run_)).size();
    if (count > 0)
      found_.notes.push_back(fmt::format("quarantine/ holds what {} set aside; delete it when you need it no more", plural(count, "repair")));
  }

  void left_over(const fs::path& path) {
    found_.notes.push_back(fmt::format("{}: left over from writing that did not end; the next job removes it", path.filename().string()));
  }

  void look_at_index() {
    if (!fs::exists(run_.corpus_index())) return;
    found_.index_problem = problem_of_index(run_, found_.entries, options_.deep, found_.indexed);
  }

  void look_at_others() {
    for (const auto& check : options_.checks) {
      std::error_code absent;
      if (!fs::exists(check.file, absent)) continue;
      try {
        check.parse(read_file(check.file));
      } catch (const std::exception& error) {
        found_.bad.push_back({check.file, error.what()});
      }
    }
    std::error_code absent;
    if (const auto holder = read_holder(run_))
      found_.notes.push_back(fmt::format("the run is held by {}, unless that has ended", holder->description()));
    else if (fs::exists(run_.lock(), absent))
      found_.bad.push_back({run_.lock(), "it does not say who holds the run"});
  }

  RunPaths run_;
  const VerifyOptions& options_;
  Findings found_;
};

}  // namespace

bool Findings::is_page(const PageKey& key) const {
  return manifest.find(key.document, key.revision, key.page).has_value();
}

bool Findings::is_of_earlier_revision(const PageKey& key) const {
  const auto at = manifest.find(key.document);
  return at >= 0 && key.revision < manifest.documents()[static_cast<std::size_t>(at)].revision;
}

std::vector<PageList> Findings::pending_pages() const {
  std::vector<PageList> pending;
  for (const auto& document : manifest.documents()) {
    PageList list{printable(document.path), {}};
    for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
      const PageKey key{document.id, document.revision, document.first_page() + n};
      const auto known = std::ranges::lower_bound(entries, key, {}, &Entry::key);
      if (known == entries.end() || known->key != key) list.pages.push_back(key.page);
    }
    if (!list.pages.empty()) pending.push_back(std::move(list));
  }
  return pending;
}

Findings look_at(const RunPaths& run, const VerifyOptions& options) { return Look{run, options}(); }

fs::path quarantine(const RunPaths& run) { return run.root / "quarantine"; }

}  // namespace pecia::store
