// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/path.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

namespace interimap {

namespace {

bool isAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool allAscii(std::string_view text) { return std::all_of(text.begin(), text.end(), isAscii); }

// The length of the UTF-8 character at the front (RFC 3629 section 4); 0 if there is none, or if it is a
// control character.
std::size_t utf8Character(std::string_view in) {
  auto octet = [&](std::size_t i) { return i < in.size() ? static_cast<unsigned char>(in[i]) : 0U; };
  auto tails = [&](std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i)
      if (octet(i) < 0x80 || octet(i) > 0xbf) return false;
    return true;
  };
  unsigned first = octet(0), second = octet(1);
  if (first < 0x80) return in.empty() || first < 0x20 || first == 0x7f ? 0 : 1;
  if (first == 0xc2 && second < 0xa0) return 0;  // C1 controls
  if (first >= 0xc2 && first <= 0xdf) return tails(1, 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f))
      return 0;  // overlong, surrogate
    return tails(1, 2) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;  // overlong, too high
  return tails(1, 3) ? 4 : 0;
}

// Printable, as UTF-8, and without what would end the brackets.
bool isWritable(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = utf8Character(text);
    if (length == 0 || text[0] == '<' || text[0] == '>') return false;
    text.remove_prefix(length);
  }
  return true;
}

// atext, RFC 5322 section 3.2.3, and UTF8-non-ascii, RFC 6531 section 3.3
bool isAtext(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return isDigit(c) || isLetter(c) || !isAscii(c) || kOthers.find(c) != std::string_view::npos;
}

// Dot-string = Atom *("." Atom)
bool isDotString(std::string_view text) {
  bool atomStarts = true;
  for (char c : text) {
    if (c == '.' ? atomStarts : !isAtext(c)) return false;
    atomStarts = c == '.';
  }
  return !atomStarts;
}

// Quoted-string, of qtextSMTP and quoted-pairSMTP. The octets have been found writable.
bool isQuotedString(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;  // "" is one
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\' && (++i == text.size() || !isAscii(text[i]))) return false;
  }
  return true;
}

bool isLocalPart(std::string_view text) { return isDotString(text) || isQuotedString(text); }

// sub-domain = Let-dig [Ldh-str] / U-label. An underscore is not allowed there, but occurs in host names, and
// mail servers take it.
bool isLabel(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return isDigit(c) || isLetter(c) || c == '-' || c == '_' || !isAscii(c); });
}

// address-literal = "[" ( IPv4-address-literal / "IPv6:" IPv6-addr ) "]"
bool isAddressLiteral(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
  std::string address(text.substr(1, text.size() - 2));
  in6_addr parsed;
  if (inet_pton(AF_INET, address.c_str(), &parsed) == 1) return true;
  return address.starts_with("IPv6:") && inet_pton(AF_INET6, address.c_str() + 5, &parsed) == 1;
}

bool isDomain(std::string_view text) {
  if (isAddressLiteral(text)) return true;
  if (text.size() > 255) return false;
  while (true) {
    std::size_t dot = text.find('.');
    if (!isLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// A quoted local part may hold an "@", a domain may not.
bool isMailbox(std::string_view text) {
  std::size_t at = text.rfind('@');
  return at != std::string_view::npos && isLocalPart(text.substr(0, at)) && isDomain(text.substr(at + 1));
}

bool isAcceptable(std::string_view text) { return text.size() <= kLongestPath && isWritable(text); }

std::string quoted(std::string_view localPart) {
  std::string out = "\"";
  for (char c : localPart) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string_view localPartOf(std::string_view path) {
  return isLocalPart(path) ? path : path.substr(0, path.rfind('@'));
}

// Of a local part: what it says, without the quotes.
std::string unquoted(std::string_view localPart) {
  if (!localPart.starts_with('"')) return std::string(localPart);
  std::string out;
  for (std::size_t i = 1; i + 1 < localPart.size(); ++i) {
    if (localPart[i] == '\\') ++i;
    out += localPart[i];
  }
  return out;
}

// What Dovecot puts into an ENVELOPE in place of a half that the header lacks.
bool quirkMissingHalf(std::string_view localPart, std::string_view host) {
  return localPart == "MISSING_MAILBOX" || host == "MISSING_DOMAIN";
}

}  // namespace

std::optional<ReversePath> ReversePath::parse(std::string_view text) {
  if (text.empty()) return ReversePath();
  if (!isAcceptable(text) || !isMailbox(text)) return std::nullopt;
  return ReversePath(std::string(text));
}

ReversePath ReversePath::ofSender(std::string_view localPart, std::string_view host) {
  if (quirkMissingHalf(localPart, host)) return {};
  std::string text = isDotString(localPart) ? std::string(localPart) : quoted(localPart);
  return parse(text.append("@").append(host)).value_or(ReversePath());
}

bool ReversePath::needsSmtpUtf8() const { return !allAscii(text_); }

std::optional<ForwardPath> ForwardPath::parse(std::string_view text) {
  if (!isAcceptable(text) || !(isLocalPart(text) || isMailbox(text))) return std::nullopt;
  return ForwardPath(std::string(text));
}

bool ForwardPath::namesMailbox(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('%', at)) != text.npos; at += 2)
    if (text.substr(at, 2) == "%l") return true;
  return false;
}

std::optional<ForwardPath> ForwardPath::ofMailbox(std::string_view text, std::string_view mailbox) {
  if (text.find('%') == text.npos) return parse(text);
  const std::string_view its = localPartOf(text), domain = text.substr(its.size());
  // The account's server makes names, and some mail servers take these for routes: a%example.net@example.org.
  if (namesMailbox(text) && mailbox.find_first_of("@%!|") != mailbox.npos) return std::nullopt;
  const std::string pattern = unquoted(its);
  std::string local;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const std::string_view two = std::string_view(pattern).substr(at, 2);
    if (two == "%l")
      local += mailbox;
    else
      local += pattern[at];
    if (two == "%l" || two == "%%") ++at;
  }
  return parse((isDotString(local) ? local : quoted(local)).append(domain));
}

bool ForwardPath::needsSmtpUtf8() const { return !allAscii(text_); }

std::string_view ForwardPath::localPart() const { return localPartOf(text_); }

}  // namespace interimap
