#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pecia/store/run.hpp"

namespace pecia::store {

/// A file of the run that another room understands; `parse` throws on contents that make no sense.
struct FileCheck {
  std::filesystem::path file;
  std::function<void(const std::string& contents)> parse;
};

struct VerifyOptions {
  bool deep = false;              ///< every record is decoded, in the shards and through corpus.h5
  std::vector<FileCheck> checks;  ///< of run.yaml and the like, if they are there
};

/// Pages of one document, for a person.
struct PageList {
  std::string document;  ///< printable path
  std::vector<std::uint32_t> pages;
};

/// What `verify` found, in words and numbers.
struct VerifyReport {
  std::uint64_t pages = 0;  ///< of the manifest
  std::uint64_t by_state[5] = {};  ///< indexed by result::State
  std::uint64_t pending = 0;       ///< pages without an outcome
  std::uint64_t orphans = 0;       ///< records of no page in the manifest
  std::uint64_t superseded = 0;
  std::uint64_t shards = 0, segments = 0, records = 0;  ///< read
  bool indexed = false;            ///< corpus.h5 is in place and holds every outcome
  bool manifest_short = false;     ///< the run knew of more pages: the next job lists its documents again
  std::vector<std::string> problems;  ///< damage; empty = sound
  std::vector<std::string> notes;     ///< what is there and is no damage
  std::vector<PageList> pending_pages;
  [[nodiscard]] bool sound() const noexcept { return problems.empty(); }
};
/// Every page of the manifest in exactly one state; whole-file checksums of sealed shards; all rows and
/// states; no record of no page, no file of nothing; the counts of journals, shards, ledger and corpus.h5
/// equal. May be called while a job writes.
[[nodiscard]] VerifyReport verify(const RunPaths& run, const VerifyOptions& options = {});

struct RepairReport {
  std::uint32_t epoch = 0;          ///< of the repair: quarantine/<epoch>/ holds what was set aside
  std::vector<std::string> done;    ///< in words, in order; empty: there was nothing to repair
};
/// Sets aside what is damaged, keeps the records in it that can be read, and writes corpus.h5 if every page has
/// an outcome: all that is lost then is pending. Deletes nothing. Takes the run's lock as `lock` says and an
/// epoch. Killed half-way it can be called again. `options.deep` is taken for set.
[[nodiscard]] RepairReport repair(const RunPaths& run, const VerifyOptions& options, const LockSettings& lock);

}  // namespace pecia::store
