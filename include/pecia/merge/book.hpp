#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/dictionaries.hpp"
#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// What a document mostly is; decides how its pages are joined.
enum class Kind : std::uint8_t {
  automatic,  ///< to be found out
  text,       ///< paragraphs go on over page breaks
  forms,      ///< each page for itself; tables may go on
  mixed,      ///< both, block by block
};
[[nodiscard]] std::string_view name(Kind kind) noexcept;

/// How a piece follows the one before it in its unit.
enum class Joint : std::uint8_t {
  first,        ///< it is the first
  space,        ///< a line end became a blank
  hyphen,       ///< the word was hyphenated: its parts are one word, the hyphen lies in no piece
  kept_hyphen,  ///< the hyphen belongs to the word: nothing between the parts
  line,         ///< a line end stays one (verse, lists, tables)
  adjacent,     ///< nothing: of scripts without blanks between words
};
/// What stands between the pieces: "", " " or "\n".
[[nodiscard]] std::string_view between(Joint joint) noexcept;

/// A stretch of one block's text; at most a line, but for tables and the text of models, which have no lines.
struct Piece {
  std::uint32_t page = 0;   ///< of `Book::pages`, from 0
  std::uint32_t block = 0;  ///< of `PageModel::blocks`
  Span text;
  Joint joint = Joint::first;
};

/// A paragraph, heading, table, ... of the document, over page breaks where it goes on.
struct Unit {
  Role role = Role::paragraph;
  int level = 0;  ///< of a heading
  std::vector<Piece> pieces;
  bool padded = false;  ///< a table whose short rows end in empty cells (a repair)
};

enum class ChangeKind : std::uint8_t {
  joined_hyphen, joined_paragraph, joined_table, dropped_head_row, removed_running_head, removed_page_number,
  removed_catchword, removed_signature, removed_duplicate, moved_block, repaired,
};
[[nodiscard]] std::string_view name(ChangeKind kind) noexcept;

/// What the document differs in from its pages, and why.
struct Change {
  ChangeKind kind = ChangeKind::joined_hyphen;
  std::uint32_t page = 0;  ///< of `Book::pages`; of a joint over a page break the second, of a hyphen its own
  Span text;               ///< what was removed (a hyphen, a running head); empty where nothing was
  std::string evidence;    ///< for a person: "seen at the head of 14 pages", "the document has 'because' 7 times"
};

/// An entry of the table of contents.
struct Heading {
  int level = 1;
  std::string title;
  std::uint32_t page = 0;  ///< of `Book::pages`
};

enum class Severity : std::uint8_t { note, warning, error };
[[nodiscard]] std::string_view name(Severity severity) noexcept;

enum class FindingKind : std::uint8_t {
  unexplained_text, page_order, heading_order, duplicate_page, duplicate_block, broken_table, broken_formula, missing_page,
  failed_page, pending_page, language_change, mended_text, running_heads_kept,
};
[[nodiscard]] std::string_view name(FindingKind kind) noexcept;

/// Something about a document that its users should know.
struct Finding {
  FindingKind kind = FindingKind::unexplained_text;
  Severity severity = Severity::note;
  std::uint32_t page = 0;  ///< its number (`PageModel::number`); 0: of the document as a whole
  std::string detail;      ///< for a person
  bool repaired = false;   ///< then it is in `Book::changes`, too
};

/// Where the characters of all pages went (Unicode code points but white space). `unexplained`, which counts what is kept
/// twice, too, is 0, or a bug.
struct Balance {
  std::uint64_t characters = 0, kept = 0, removed = 0, unexplained = 0;
};

/// What a document itself says of its parts; empty where it does not.
struct Outline {
  std::vector<Heading> entries;           ///< of a PDF's outline; `page` counts from 0
  std::vector<std::string> page_labels;   ///< of a PDF's pages, in their order
};

struct MergeSettings {
  Kind kind = Kind::automatic;
  bool join_hyphens = true, join_paragraphs = true, join_tables = true;
  bool remove_running_heads = true;  ///< page numbers, catchwords and signatures, too
  bool order_columns = true;
  bool repair = true;                ///< what checks find and is safe to repair
  std::vector<std::string> dictionaries;  ///< folders with hunspell dictionaries (*.dic); empty: the usual ones
  /// Opened once for all documents that are bound with copies of these settings, also in several threads.
  std::shared_ptr<Dictionaries> opened_dictionaries = std::make_shared<Dictionaries>();
};

/// A document put together: its pages as they were read, and the flow of its text over them.
struct Book {
  const Document* document = nullptr;
  Kind kind = Kind::text;
  std::vector<PageModel> pages;
  std::vector<Unit> units;      ///< in reading order; footnotes behind the last unit that begins on their page
  std::vector<Change> changes;  ///< in the order of pages
  std::vector<Heading> contents;
  std::vector<Finding> findings;
  Balance balance;
};

/// Never throws for what a document holds. `document` must outlive the book.
[[nodiscard]] Book bind(const Document& document, const MergeSettings& settings = {}, const Outline& outline = {});

/// The text of a unit, its pieces joined. Markup stays as it was read.
[[nodiscard]] std::string text_of(const Book& book, const Unit& unit);

}  // namespace pecia::merge
