// Tesseract packs the image of each line as PNG, only to unpack it for its network at once (ImageData::SetPix), unless it
// was built with TESSERACT_IMAGEDATA_AS_PIX (https://github.com/tesseract-ocr/tesseract/pull/2965), which distributions do
// not. That is some 4 % of a page's time. A program that has this file in it calls the function below in Leptonica's
// place, from libtesseract, too: such images are copied, and Leptonica knows the form when it reads them.
#include <dlfcn.h>
#include <leptonica/allheaders.h>

extern "C" __attribute__((visibility("default"))) l_ok pixWriteMem(l_uint8** data, size_t* size, PIX* pix, l_int32 format) {
  if (format == IFF_PNG) return pixWriteMemSpix(data, size, pix);
  static const auto write = reinterpret_cast<decltype(&pixWriteMem)>(dlsym(RTLD_NEXT, "pixWriteMem"));
  return write == nullptr ? 1 : write(data, size, pix, format);
}
