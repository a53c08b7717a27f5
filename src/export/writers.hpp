#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/export/texts.hpp"
#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// What stands in the place of a page without text: "page 7 could not be read: timeout — ...",
/// "page 3 is blank"; of the whole document if its pages could not be counted. Empty for a page
/// with text.
[[nodiscard]] std::string notice(const merge::Page& page);

/// The boxes of a page that images stand in.
[[nodiscard]] std::vector<result::Box> image_boxes(const result::Reading& reading);

/// The text of a model's page as Markdown, with a line end. `links`: as in ImageLinks.
[[nodiscard]] std::string model_markdown(const result::Reading& reading, std::span<const std::string> links);
/// Text of a model's page as Markdown: what a page shows must not become anything but text and tables where it is shown.
void append_model_text(std::string& out, std::string_view text);
/// One page as a line of JSON, with its newline. Always UTF-8.
[[nodiscard]] std::string to_json_line(const merge::Document& document, const merge::Page& page);
/// A whole document as a line of JSON, with its newline. Always UTF-8.
[[nodiscard]] std::string to_json_line(const merge::Book& book);

}  // namespace pecia::exporting
