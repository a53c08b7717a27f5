#include "pecia/comm/communicator.hpp"
