#include "mets_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "url.hpp"
#include "xml_writers.hpp"

namespace pecia::exporting {
namespace {

constexpr std::string_view pdf_suffix = ".pdf";

/// What a format of an export is in METS.
struct FileGroup {
  std::string_view format, use, suffix, mime_type;
  bool per_page = false;
};
constexpr std::array<FileGroup, 7> groups{{{"alto", "ALTO", alto_suffix, "application/xml", true},
                                           {"page", "PAGE", page_suffix, "application/xml", true},
                                           {"hocr", "HOCR", hocr_suffix, "text/html"},
                                           {"html", "HTML", html_suffix, "text/html"},
                                           {"pdf", "PDF", pdf_suffix, "application/pdf"},
                                           {"md", "MARKDOWN", ".md", "text/markdown"},
                                           {"txt", "TEXT", ".txt", "text/plain"}}};

bool is_written(const FileGroup& group, const MetsFiles& files) {
  const auto& formats = files.context.formats;
  return std::ranges::find(formats, group.format) != formats.end() && (group.suffix != pdf_suffix || files.has_pdf);
}

std::string id_of(const FileGroup& group) { return fmt::format("file_{}", group.format); }
std::string id_of(const FileGroup& group, std::uint32_t page) { return fmt::format("file_{}_{:04}", group.format, page); }

void write_file(XmlFile& file, const std::string& id, std::string_view mime_type, std::string_view url) {
  pugi::xml_document document;
  auto node = document.append_child("file");
  set(node, "ID", id);
  set(node, "MIMETYPE", mime_type);
  auto location = node.append_child("FLocat");
  set(location, "LOCTYPE", "URL");
  set(location, "xlink:type", "simple");
  set(location, "xlink:href", url);
  file.write(node);
}

void open_group(XmlFile& file, std::string_view use) {
  pugi::xml_document document;
  auto group = document.append_child("fileGrp");
  set(group, "USE", use);
  file.open(group);
}

void write_source(const merge::Book& book, const WriteContext& context, XmlFile& file) {
  open_group(file, "IMAGES");
  pugi::xml_document document;
  auto node = document.append_child("file");
  set(node, "ID", "file_source");
  if (context.listed != nullptr) {
    set(node, "MIMETYPE", mime_type_of(context.listed->format));
    set_number(node, "SIZE", static_cast<std::int64_t>(context.listed->size_bytes));
  }
  auto location = node.append_child("FLocat");
  set(location, "LOCTYPE", "URL");
  set(location, "USE", "relative to the root of the corpus");
  set(location, "xlink:type", "simple");
  set(location, "xlink:href", url_of_path(book.document->path));
  file.write(node);
  file.close();
}

void write_figures(const WriteContext& context, XmlFile& file) {
  bool open = false;
  for (const auto& [page, links] : context.figures) {
    for (std::size_t n = 0; n < links.size(); ++n) {
      if (links[n].empty()) continue;
      if (!open) open_group(file, "FIGURES");
      open = true;
      write_file(file, fmt::format("file_figure_{:04}_{}", page, n + 1), "image/png", links[n]);
    }
  }
  if (open) file.close();
}

}  // namespace

std::string_view mime_type_of(corpus::Format format) noexcept {
  switch (format) {
    case corpus::Format::pdf: return "application/pdf";
    case corpus::Format::tiff: return "image/tiff";
    case corpus::Format::jpeg: return "image/jpeg";
    case corpus::Format::png: return "image/png";
    case corpus::Format::jpeg2000: return "image/jp2";
    case corpus::Format::docx: return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    case corpus::Format::odt: return "application/vnd.oasis.opendocument.text";
    case corpus::Format::unknown: break;
  }
  return "application/octet-stream";
}

MetsFiles mets_files(const merge::Book& book, const WriteContext& context, const DocumentFiles& files) {
  const std::string_view name{files.name()};
  const auto pdf = files.out() / (files.name() + std::string{pdf_suffix});
  return {book, context, url_of_path(name.substr(name.rfind('/') + 1)), std::filesystem::exists(pdf)};
}

void write_files(const MetsFiles& files, XmlFile& file) {
  file.open("fileSec");
  write_source(files.book, files.context, file);
  write_figures(files.context, file);
  for (const auto& group : groups) {
    if (!is_written(group, files)) continue;
    open_group(file, group.use);
    if (group.per_page) {
      for (const auto& page : files.book.pages) {
        const auto url = fmt::format("{}{}{}", files.url, group.suffix, page_file(page.number));
        write_file(file, id_of(group, page.number), group.mime_type, url);
      }
    } else {
      write_file(file, id_of(group), group.mime_type, fmt::format("{}{}", files.url, group.suffix));
    }
    file.close();
  }
  file.close();
}

std::vector<std::string> file_ids_of(std::uint32_t page_number, const MetsFiles& files) {
  std::vector<std::string> ids{"file_source"};
  for (const auto& group : groups) {
    if (is_written(group, files)) ids.push_back(group.per_page ? id_of(group, page_number) : id_of(group));
  }
  const auto figures = files.context.figures.find(page_number);
  if (figures == files.context.figures.end()) return ids;
  for (std::size_t n = 0; n < figures->second.size(); ++n) {
    if (!figures->second[n].empty()) ids.push_back(fmt::format("file_figure_{:04}_{}", page_number, n + 1));
  }
  return ids;
}

}  // namespace pecia::exporting
