// The lies, by name. Those of a net are told in answers to sync's requests, those of a delivery in what it
// says of messages.
#pragma once

#include <optional>
#include <string>

#include "tests/compromised/between.h"

namespace interimap::compromised {

// Nothing if there is none of this name. "corrupt:SEED:N" changes a random word of every Nth packet, for
// ever.
std::optional<Between::Lie> lieNamed(const std::string& name);

std::optional<Between::Lie> netLie(const std::string& name);
std::optional<Between::Lie> deliveryLie(const std::string& name);

}  // namespace interimap::compromised
