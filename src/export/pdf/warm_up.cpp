#include "warm_up.hpp"

#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>
#include <string>

namespace pecia::exporting::pdf {

/// An encrypted document is written and read again: hashes, AES and random numbers.
void warm_up() {
  QPDF pdf;
  pdf.emptyPDF();
  QPDFWriter writer{pdf};
  writer.setOutputMemory();
  writer.setR6EncryptionParameters("pecia", "pecia", true, true, true, true, true, true, qpdf_r3p_full, true);
  writer.write();
  const auto bytes = writer.getBufferSharedPointer();
  QPDF again;
  again.processMemoryFile("warm up", reinterpret_cast<const char*>(bytes->getBuffer()), bytes->getSize(), "pecia");
  QPDFWriter plain{again};
  plain.setOutputMemory();
  plain.setDeterministicID(true);
  plain.setPreserveEncryption(false);
  plain.write();
}

}  // namespace pecia::exporting::pdf
