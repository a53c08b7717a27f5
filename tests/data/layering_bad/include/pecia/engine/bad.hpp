#include <nlohmann/json.hpp>
#include <tesseract/baseapi.h>
