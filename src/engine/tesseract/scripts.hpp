#pragma once

#include <string>
#include <string_view>

namespace pecia::engine {

/// Whether a model of this name is a language in which a page could be: not of orientation, formulas or a script, and no twin
/// for vertical lines.
[[nodiscard]] bool is_language(std::string_view model) noexcept;

/// The script of one of Tesseract's languages, as its model `osd` names it: Fraktur is one, beside
/// Latin. "script/Greek" is of its own name. Languages that are not known here are Latin.
[[nodiscard]] std::string_view script_of(std::string_view language) noexcept;

/// The same for what `osd` says of a page: several of its scripts are one here.
[[nodiscard]] std::string_view script_of_page(std::string_view script) noexcept;

}  // namespace pecia::engine
