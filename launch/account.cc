#include "launch/account.h"

#include <algorithm>
#include <string_view>

namespace interimap {

namespace {

// Octets. Larger than any server we know of lets anyone append, small enough for the memory of most machines.
constexpr std::uint64_t kMaxMessageSize = 512ULL << 20;

bool isType(std::string_view value) { return value == "imap" || value == "imaps" || value == "tunnel"; }

bool isOctets(std::string_view value) { return octets(value).has_value(); }

// Anything but NUL, which neither SASL PLAIN (RFC 4616) nor an IMAP string can carry. 8-bit is fine: it goes
// out as a literal or in BASE64.
bool isCredential(std::string_view value) { return !value.empty() && value.find('\0') == value.npos; }

// Items between single blanks, at least one.
bool areItems(std::string_view value, bool (*isItem)(std::string_view)) {
  while (true) {
    auto blank = value.find(' ');
    if (!isItem(value.substr(0, blank))) return false;
    if (blank == value.npos) return true;
    value.remove_prefix(blank + 1);
  }
}

bool isAtom(std::string_view value) { return !value.empty() && std::ranges::all_of(value, isAtomCharacter); }
bool areAtoms(std::string_view value) { return areItems(value, isAtom); }

bool isProtocolVersion(std::string_view value) {
  for (std::string_view known : {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})
    if (value == known) return true;
  return false;
}

bool isProtocol(std::string_view value) {
  if (value.starts_with('!')) value.remove_prefix(1);
  return value == "SSLv2" || value == "TLSv1.0" || isProtocolVersion(value);
}
bool areProtocols(std::string_view value) { return areItems(value, isProtocol); }

// [ALGO$]HEX
bool isFingerprint(std::string_view value) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  auto hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  auto alnum = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (auto dollar = value.find('$'); dollar != value.npos) {
    std::string_view algorithm = value.substr(0, dollar);
    if (algorithm.empty() || !std::ranges::all_of(algorithm, alnum)) return false;
    value.remove_prefix(dollar + 1);
  }
  return !value.empty() && std::ranges::all_of(value, hex);
}
bool areFingerprints(std::string_view value) { return areItems(value, isFingerprint); }

constexpr Key kKeys[] = {
    {"type", isType},
    {"host", isText},
    {"port", isText},
    {"proxy", isText, true},  // may name a password
    {"command", isText},
    {"null-stderr", isYesNo},
    {"STARTTLS", isYesNo},
    {"username", isCredential},
    {"password", isCredential, true},
    {"password-file", isText},
    {"password-command", isText},
    {"auth", areAtoms},
    {"compress", isYesNo},
    {"max-message-size", isOctets},
    {"user", isText},
    {"SSL_protocols", areProtocols},
    {"SSL_protocol_min", isText},
    {"SSL_protocol_max", isText},
    {"SSL_cipherlist", isText},
    {"SSL_ciphersuites", isTextOrEmpty},
    {"SSL_fingerprint", areFingerprints},
    {"SSL_verify", isYesNo},
    {"SSL_CAfile", isText},
    {"SSL_CApath", isText},
    {"SSL_hostname", isTextOrEmpty},
};

std::string protocolBound(const Keys& keys, std::string_view key) {
  std::string version = keys.get(key, "");
  if (!version.empty() && !isProtocolVersion(version))
    keys.refuse(key, "Unknown protocol version " + version);
  return version;
}

settings::Tls readTls(const Keys& keys) {
  settings::Tls tls;
  tls.verify = keys.yes("SSL_verify", true);
  tls.caFile = keys.get("SSL_CAfile", "");
  tls.caPath = keys.get("SSL_CApath", "");
  for (const std::string& pin : splitAtBlanks(keys.get("SSL_fingerprint", "")))
    tls.fingerprints.push_back(pin.find('$') == pin.npos ? "sha256$" + pin : pin);
  tls.hostname = keys.get("SSL_hostname");
  tls.protocolMin = protocolBound(keys, "SSL_protocol_min");
  tls.protocolMax = protocolBound(keys, "SSL_protocol_max");
  tls.protocols = splitAtBlanks(keys.get("SSL_protocols", ""));
  tls.cipherList = keys.get("SSL_cipherlist", "");
  tls.cipherSuites = keys.get("SSL_ciphersuites");
  return tls;
}

}  // namespace

const std::span<const Key> kAccountKeys(kKeys);

settings::Net readAccount(const Keys& keys, bool compressByDefault) {
  using settings::Transport;
  settings::Net net;
  std::string type = keys.get("type", "imaps");
  net.transport = type == "imap" ? Transport::imap : type == "imaps" ? Transport::imaps : Transport::tunnel;
  net.host = keys.get("host", "localhost");
  net.port = keys.get("port", net.transport == Transport::imap ? "143" : "993");
  net.proxy = keys.get("proxy", "");
  net.command = keys.get("command", "");
  if (net.transport == Transport::tunnel && net.command.empty()) keys.refuse("Missing tunnel command");
  net.nullStderr = keys.yes("null-stderr", false);
  net.startTls = keys.yes("STARTTLS", true);
  net.compress = keys.yes("compress", compressByDefault);
  net.tls = readTls(keys);
  net.auth = splitAtBlanks(upperCase(keys.get("auth", "PLAIN LOGIN")));
  net.username = keys.get("username", "");
  if (keys.oneOf({"password", "password-file", "password-command"}) == "password")
    net.password = keys.secret("password");
  net.maxMessageSize = octets(keys.get("max-message-size", "")).value_or(kMaxMessageSize);
  net.user = keys.get("user", "nobody");
  return net;
}

std::string accountName(const settings::Net& net) {
  if (net.transport == settings::Transport::tunnel) return "tunnel:" + net.command;
  return net.username + "@" + net.host;
}

}  // namespace interimap
