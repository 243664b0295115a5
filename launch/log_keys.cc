#include "launch/log_keys.h"

namespace interimap {

namespace {

// "local(INBOX): ", "local: " or nothing.
constexpr std::string_view kPrefix = "%?n?%?m?%n(%m)&%n?: ?";

constexpr Key kKeys[] = {{"logfile", isAbsolute}, {"log-prefix", isTextOrEmpty}};

}  // namespace

const std::span<const Key> kLogKeys(kKeys);

LogKeys LogKeys::read(const Keys& keys) { return {keys.get("logfile"), keys.get("log-prefix", kPrefix)}; }

}  // namespace interimap
