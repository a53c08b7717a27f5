#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "export_list.hpp"

namespace pecia::exporting {

/// What is left of a document when it is written: what goes into files that hold all documents.
struct Finished {
  DocumentId id;
  std::optional<std::string> entry;  ///< its line of export.json
  std::optional<std::string> lines;  ///< of jsonl
  std::uint64_t lines_digest = 0;
  std::uint64_t weight = 0;  ///< of what it took of the memory for documents on their way
};

/// The files that hold all documents, in the order of the manifest, whichever document is done first. For several threads.
class OrderedOutput {
 public:
  /// `lines_name`: of the file of jsonl; empty: none is written. `give_back`: is told the weight of each document that is
  /// written out.
  OrderedOutput(const std::filesystem::path& out, const std::string& lines_name, std::unique_ptr<ListWriter> list,
                std::function<void(std::uint64_t weight)> give_back);

  /// Each position from 0 once.
  void put(std::size_t position, Finished finished);
  /// Of those behind a position that nobody put, the lines of export.json alone: that of jsonl is not finished then.
  void give_up();
  /// The file of jsonl is there; says where each document stands in it.
  [[nodiscard]] LinesFile finish_lines();
  /// Once all are put: export.json, to be finished, and the documents that stand in it, sorted.
  [[nodiscard]] ListWriter& list() noexcept { return *list_; }
  [[nodiscard]] std::vector<DocumentId> listed() const;
  [[nodiscard]] std::uint64_t lines_bytes() const noexcept { return offset_; }

 private:
  void write(Finished& finished);
  void list(Finished& finished);

  std::mutex mutex_;
  std::unique_ptr<PartFile> lines_;
  LinesFile lines_file_;
  std::uint64_t offset_ = 0;
  std::unique_ptr<ListWriter> list_;
  std::function<void(std::uint64_t)> give_back_;
  std::map<std::size_t, Finished> waiting_;
  std::size_t next_ = 0;
  std::vector<DocumentId> listed_;
};

}  // namespace pecia::exporting
