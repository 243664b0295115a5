// From the settings to a connected socket. All of it happens before lock-in.
#pragma once

#include <string>

#include "ipc/body.h"
#include "ipc/launch.h"

namespace interimap {

// Tries the addresses of the host one after the other, each for deadlines::kConnect; a host that begins with
// "/" is the path of a Unix socket. The socket is non-blocking, close-on-exec, and sends small writes at
// once. Throws Failure(unavailable) with each address's reason.
Descriptor connectTo(const settings::Delivery& settings);

// "[::1]:25", "mx.example.org:25", "/run/lmtp": for messages.
std::string endpointText(const settings::Delivery& settings);

}  // namespace interimap
