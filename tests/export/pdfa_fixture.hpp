#pragma once

#include <functional>
#include <qpdf/QPDFWriter.hh>

#include "export/pdf_fixture.hpp"

namespace pecia::test {

inline constexpr PdfSettings archival{.pdfa = true};

/// The rules of PDF/A-2b (ISO 19005-2) that docs/export_pdf.md lists; its clauses in brackets.
class PdfaTest : public PdfTest {
 protected:
  PdfResult write_archival(const Source& from) {
    return write(from, {page_of(from, {line_of({word_at("text", 2, 2, 30, 10)})})}, archival);
  }
  void expect_refusal(const Source& from, const std::string& because) {
    const auto result = write_archival(from);
    EXPECT_EQ(result.status, PdfResult::Status::written) << "as plain PDF";
    EXPECT_FALSE(result.pdfa) << because;
    EXPECT_NE(result.not_pdfa.find(because), std::string::npos) << result.not_pdfa;
    EXPECT_EQ(bytes().find("pdfaid:part"), std::string::npos);
    const bool with_metadata = made()->getRoot().hasKey("/Metadata");
    EXPECT_EQ(with_metadata ? metadata().find("pdfaid") : std::string::npos, std::string::npos);
  }
  /// A scan of one page, changed by `change`.
  Source scan(const std::string& name, const std::function<void(QPDF&, QPDFPageObjectHelper)>& change) {
    QPDF pdf;
    pdf.processFile(source("scan.pdf", page_with(gray_jpeg, make_jpeg(1))).file.c_str());
    change(pdf, QPDFPageDocumentHelper{pdf}.getAllPages().at(0));
    const auto file = folder_.path() / name;
    QPDFWriter writer{pdf, file.c_str()};
    writer.setDecodeLevel(qpdf_dl_none);
    writer.setCompressStreams(false);
    writer.write();
    return source(name);
  }
  /// In front of the page's contents, coded as `keys` say.
  Source scan_with_stream(const std::string& name, const std::string& data, const std::string& keys) {
    return scan(name, [&](QPDF& pdf, QPDFPageObjectHelper page) {
      auto stream = QPDFObjectHandle::newStream(&pdf, data);
      for (auto more = QPDFObjectHandle::parse("<<" + keys + ">>"); const auto& key : more.getKeys())
        stream.getDict().replaceKey(key, more.getKey(key));
      page.addPageContents(stream, true);
    });
  }
  /// With these XMP metadata, and entries of the information.
  Source scan_with_metadata(const std::string& name, const std::string& packet, const std::string& information = {}) {
    return scan(name, [&](QPDF& pdf, QPDFPageObjectHelper) {
      auto metadata = QPDFObjectHandle::newStream(&pdf, packet);
      metadata.getDict().replaceKey("/Type", QPDFObjectHandle::newName("/Metadata"));
      metadata.getDict().replaceKey("/Subtype", QPDFObjectHandle::newName("/XML"));
      pdf.getRoot().replaceKey("/Metadata", metadata);
      if (!information.empty())
        pdf.getTrailer().replaceKey("/Info", pdf.makeIndirectObject(QPDFObjectHandle::parse("<<" + information + ">>")));
    });
  }
  /// Of the copy.
  std::string metadata() {
    const auto data = made()->getRoot().getKey("/Metadata").getStreamData();
    return {reinterpret_cast<const char*>(data->getBuffer()), data->getSize()};
  }
  std::unique_ptr<QPDF> made() {
    auto pdf = std::make_unique<QPDF>();
    pdf->processFile(out_.c_str());
    return pdf;
  }
};

/// An XMP packet with these rdf:Description.
inline std::string xmp_packet(const std::string& descriptions) {
  return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta "
         "xmlns:x=\"adobe:ns:meta/\">"
         "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">" +
         descriptions + "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";
}

}  // namespace pecia::test
