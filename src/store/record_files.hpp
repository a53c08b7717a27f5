#pragma once

#include <functional>
#include <span>

#include "findings.hpp"

// One shard, segment or corpus.h5, and what is wrong with it.
namespace pecia::store {

/// `use` gets each record that can be read. `promised`: what the ledger says of the file, or nullptr. `deep`:
/// every record is decoded; of a file with problems it always is.
[[nodiscard]] RecordFile look_at_file(const std::filesystem::path& path, bool sealed, const LedgerFile* promised, bool deep,
                                      const std::function<void(const Entry&)>& use);

/// corpus.h5 against the records of the run, sorted by key, the best first. An index of before the last shards
/// is no problem; `current` tells of it.
[[nodiscard]] std::string problem_of_index(const RunPaths& run, std::span<const Entry> entries, bool deep, bool& current);

}  // namespace pecia::store
