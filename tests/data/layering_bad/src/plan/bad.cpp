#include "pecia/comm/communicator.hpp"
#include <mpi.h>
#include "tiffio.h"
#  include <pecia/store/writer.hpp>
