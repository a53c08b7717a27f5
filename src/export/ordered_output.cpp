#include "ordered_output.hpp"

#include <algorithm>
#include <utility>

#include "pecia/base/text.hpp"

namespace pecia::exporting {

OrderedOutput::OrderedOutput(const std::filesystem::path& out, const std::string& lines_name, std::unique_ptr<ListWriter> list,
                             std::function<void(std::uint64_t weight)> give_back)
    : lines_{lines_name.empty() ? nullptr : std::make_unique<PartFile>(out / lines_name)},
      lines_file_{lines_name, {}},
      list_{std::move(list)},
      give_back_{std::move(give_back)} {}

void OrderedOutput::put(std::size_t position, Finished finished) {
  const std::lock_guard lock{mutex_};
  waiting_.emplace(position, std::move(finished));
  while (!waiting_.empty() && waiting_.begin()->first == next_) {
    write(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    ++next_;
  }
}

void OrderedOutput::write(Finished& finished) {
  if (lines_ && finished.lines) {
    const auto& lines = *finished.lines;
    lines_->append(lines);
    lines_file_.documents.push_back({finished.id, finished.lines_digest, offset_, lines.size(), crc32c(lines)});
    offset_ += lines.size();
  }
  list(finished);
  give_back_(finished.weight);
}

void OrderedOutput::list(Finished& finished) {
  if (!finished.entry) return;
  list_->add(*finished.entry);
  listed_.push_back(finished.id);
}

void OrderedOutput::give_up() {
  const std::lock_guard lock{mutex_};
  for (auto& [position, finished] : waiting_) list(finished);
  waiting_.clear();
}

LinesFile OrderedOutput::finish_lines() {
  lines_->finish();
  return std::move(lines_file_);
}

std::vector<DocumentId> OrderedOutput::listed() const {
  auto sorted = listed_;
  std::ranges::sort(sorted);
  return sorted;
}

}  // namespace pecia::exporting
