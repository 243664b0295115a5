// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/mail_data.h"

#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

std::string mailData(MailData::Transparency transparency, std::string_view octets, std::size_t step) {
  MailData data(transparency);
  std::string out;
  fuzz::inPieces(octets, step, [&](std::string_view piece) { data.feed(piece, out); });
  data.finish(out);
  return out;
}

}  // namespace

FUZZ(mail_data) {
  using Transparency = MailData::Transparency;
  std::string plain = mailData(Transparency::none, octets, octets.size());
  std::string dotted = mailData(Transparency::dots, octets, octets.size());
  require(
      plain == mailData(Transparency::none, octets, 1) && dotted == mailData(Transparency::dots, octets, 1),
      "however it is cut, a message becomes the same");
  require(plain.ends_with("\r\n"), "the last line is complete");
  char last = 0;
  for (char c : plain) {
    require(c != '\0' && (c == '\n') == (last == '\r'), "no CR, LF or NUL stands alone");
    last = c;
  }
  require(("\r\n" + dotted).find("\r\n.\r\n") == std::string::npos, "no end of data in a message");
  require(mailData(Transparency::none, plain, plain.size()) == plain, "what is normal stays as it is");
}
