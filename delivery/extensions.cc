#include "delivery/extensions.h"

#include <charconv>
#include <string>
#include <string_view>

namespace interimap {

namespace {

std::string upperCase(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// size-value ::= 1*20DIGIT, and 0 means no fixed limit (RFC 1870 section 4).
std::optional<std::uint64_t> sizeLimit(std::string_view text) {
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size == 0) return std::nullopt;
  return size;
}

}  // namespace

Extensions Extensions::parse(const Reply& reply) {
  Extensions extensions;
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    std::string_view line = reply.lines[i];
    std::size_t blank = line.find(' ');
    std::string keyword = upperCase(line.substr(0, blank));
    std::string_view parameter = blank == std::string_view::npos ? "" : line.substr(blank + 1);
    if (keyword == "PIPELINING") extensions.pipelining = true;
    if (keyword == "8BITMIME") extensions.eightBitMime = true;
    if (keyword == "SMTPUTF8") extensions.smtpUtf8 = true;
    if (keyword == "CHUNKING") extensions.chunking = true;
    if (keyword != "SIZE") continue;
    extensions.size = true;
    extensions.most = sizeLimit(parameter);
  }
  return extensions;
}

}  // namespace interimap
