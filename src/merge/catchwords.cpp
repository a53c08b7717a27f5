#include "catchwords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "characters.hpp"
#include "signatures.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t catchword_window_pages = 24;

/// What may be one, of a page.
struct CatchwordCandidate {
  EdgeLine* line = nullptr;
  bool catches = false;  ///< the next page begins with it
  bool aside = false;    ///< it stands at the right, alone
  std::optional<Signature> signature;
};

bool is_outermost(const PageEdges& page, const EdgeLine& line) {
  return std::ranges::all_of(page.lines, [&](const EdgeLine& other) {
    return !other.foot || other.row > line.row || &other == &line || other.found() || (other.row == line.row && &other != &line);
  });
}

class CatchwordFinder {
 public:
  CatchwordFinder(std::span<const PageModel> pages, std::span<PageEdges> edges) : pages_{pages}, edges_{edges}, candidates_(pages.size()) {}

  void operator()() {
    for (std::uint32_t page = 0; page < pages_.size(); ++page) look_at(page);
    for (std::uint32_t page = 0; page < pages_.size(); ++page) {
      for (auto& candidate : candidates_[page]) decide(page, candidate);
    }
  }

 private:
  void look_at(std::uint32_t page) {
    const auto next = next_beginning(page);
    for (auto& line : edges_[page].lines) {
      if (!line.foot || line.found() || line.row > 2 || !is_outermost(edges_[page], line)) continue;
      const auto text = text_of(pages_[page], pages_[page].lines[line.line].text);
      if (text.size() > 40 || pages_[page].lines.size() < 4) continue;
      CatchwordCandidate candidate;
      candidate.line = &line;
      candidate.signature = parse_signature(text);
      const auto words = candidate.signature && !candidate.signature->rest.empty() ? candidate.signature->rest : text;
      candidate.catches = catches(words, next);
      // A letter with words behind it is a signature only if these are a catchword.
      if (candidate.signature && !candidate.signature->rest.empty() && !candidate.catches) candidate.signature.reset();
      candidate.aside = line.y >= 0 && line.left > .5F;
      if (candidate.catches || candidate.signature) candidates_[page].push_back(candidate);
    }
  }

  /// The letters with which the text of the next page begins.
  [[nodiscard]] std::string next_beginning(std::uint32_t page) const {
    if (page + 1 >= pages_.size() || !pages_[page + 1].has_text) return {};
    const auto& next = pages_[page + 1];
    for (const auto& block : next.blocks) {
      if (!has_running_text(block.role) || !is_in_flow(block.role)) continue;
      for (auto line = block.lines_begin; line < block.lines_end; ++line) {
        const bool known =
            std::ranges::any_of(edges_[page + 1].lines, [&](const EdgeLine& edge) { return edge.line == line && edge.found(); });
        if (!known) return letters_of(text_of(next, next.lines[line].text));
      }
    }
    return {};
  }

  [[nodiscard]] static bool catches(std::string_view words, std::string_view next) {
    if (std::ranges::count(trim(words), ' ') > 2) return false;
    const auto key = letters_of(words);
    if (key.size() < 2 || key.size() > 24 || next.size() <= key.size()) return false;
    if (key.size() < 5) return next.starts_with(key);
    return alike(key, next.substr(0, key.size()), key.size() / 4);
  }

  void decide(std::uint32_t page, const CatchwordCandidate& candidate) {
    auto& line = *candidate.line;
    int catching = 0, in_order = 0, with_leaf = 0;
    const auto begin = page > catchword_window_pages ? page - catchword_window_pages : 0;
    const auto end = std::min<std::size_t>(pages_.size(), page + catchword_window_pages + 1);
    for (auto other = begin; other < end; ++other) {
      if (other == page) continue;
      catching += static_cast<int>(std::ranges::any_of(candidates_[other], &CatchwordCandidate::catches));
      for (const auto& theirs : candidates_[other]) {
        if (!theirs.signature || !candidate.signature || !follows(*candidate.signature, page, *theirs.signature, other)) continue;
        ++in_order;
        with_leaf += static_cast<int>(theirs.signature->leaf > 0);  // more certain than a letter alone
      }
    }
    const bool signature = candidate.signature && in_order + with_leaf >= (candidate.signature->leaf > 0 ? 1 : 2);
    if (signature && candidate.signature->rest.empty()) {
      line.role = Role::signature;
      line.evidence = fmt::format("is in order with the signatures of {} pages nearby", in_order);
    } else if (candidate.catches && (catching >= 1 || candidate.aside) && (!candidate.signature || signature)) {
      line.role = Role::catchword;
      line.evidence = catching > 0 ? fmt::format("the next page begins with it, as with those of {} pages nearby", catching)
                                   : std::string{"stands alone at the right, and the next page begins with it"};
    }
  }

  /// Later sheets and leaves stand on later pages, a leaf has two.
  static bool follows(const Signature& one, std::uint32_t page, const Signature& other, std::uint32_t other_page) {
    const auto sheets = other.sheet - one.sheet;
    const auto pages = static_cast<int>(other_page) - static_cast<int>(page);
    if (sheets != 0) return (sheets > 0) == (pages > 0) && std::abs(pages) >= 2 * (std::abs(sheets) - 1);
    const auto leaf = std::max(one.leaf, 1), other_leaf = std::max(other.leaf, 1);
    return leaf != other_leaf && pages == 2 * (other_leaf - leaf);
  }

  std::span<const PageModel> pages_;
  std::span<PageEdges> edges_;
  std::vector<std::vector<CatchwordCandidate>> candidates_;
};

}  // namespace

void find_catchwords(std::span<const PageModel> pages, std::span<PageEdges> edges) { CatchwordFinder{pages, edges}(); }

}  // namespace pecia::merge
