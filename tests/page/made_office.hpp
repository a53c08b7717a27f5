#pragma once

#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

namespace pecia::test {

/// A zip archive of files as they are, not compressed.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& files) {
  const auto number = [](std::size_t value, int bytes) {
    std::string out;
    for (int n = 0; n < bytes; ++n) out += static_cast<char>(value >> (8 * n) & 0xFF);
    return out;
  };
  std::string archive, directory;
  for (const auto& [name, contents] : files) {
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(contents.data()), static_cast<uInt>(contents.size()));
    const auto common = number(20, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(crc, 4) + number(contents.size(), 4) +
                        number(contents.size(), 4) + number(name.size(), 2) + number(0, 2);
    directory += std::string{"PK\1\2"} + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
                 number(archive.size(), 4) + name;
    archive += std::string{"PK\3\4"} + common + name + contents;
  }
  return archive + directory + "PK\5\6" + number(0, 4) + number(files.size(), 2) + number(files.size(), 2) + number(directory.size(), 4) +
         number(archive.size(), 4) + number(0, 2);
}

/// A page for each of `pages`.
inline std::string make_docx(const std::vector<std::string>& pages) {
  std::string body;
  for (std::size_t n = 0; n < pages.size(); ++n) {
    const auto* const broken = n + 1 < pages.size() ? R"(<w:r><w:br w:type="page"/></w:r>)" : "";
    body += "<w:p><w:r><w:t>" + pages[n] + "</w:t></w:r>" + broken + "</w:p>";
  }
  return zip({{"[Content_Types].xml",
               R"(<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">)"
               R"(<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>)"
               R"(<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>)"},
              {"_rels/.rels",
               R"(<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">)"
               R"(<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>)"},
              {"word/document.xml",
               R"(<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>)" +
                   body + "</w:body></w:document>"}});
}

/// What Word makes of a document that it encrypts, as far as its directory: a compound file with these streams.
inline std::string make_compound_file(const std::vector<std::string>& streams) {
  std::string file = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
  file.resize(512, '\0');
  for (const auto& name : streams) {
    std::string entry;
    for (const char letter : name) entry += std::string{letter, '\0'};
    entry.resize(128, '\0');
    entry[64] = static_cast<char>(2 * (name.size() + 1));  // bytes of the name and its end
    entry[66] = 2;                                         // a stream
    file += entry;
  }
  file.resize((file.size() + 511) / 512 * 512, '\0');
  return file;
}

inline std::string make_odt(const std::string& text) {
  return zip({{"mimetype", "application/vnd.oasis.opendocument.text"},
              {"META-INF/manifest.xml",
               R"(<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">)"
               R"(<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>)"
               R"(<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>)"},
              {"content.xml",
               R"(<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" )"
               R"(xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:text><text:p>)" +
                   text + "</text:p></office:text></office:body></office:document-content>"}});
}

}  // namespace pecia::test
