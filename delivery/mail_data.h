// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Mail data: a message as it goes over the wire. Whatever the octets of the mailbox were, what leaves here is
// lines that end in CRLF, the last one included, with no CR, LF or NUL anywhere else, so that no server can
// see an end of data where there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/body.h"

namespace interimap {

class MailData {
 public:
  enum class Transparency : bool {
    none,  // BDAT
    dots,  // DATA: a dot at the beginning of a line is doubled; RFC 5321 section 4.5.2
  };
  explicit MailData(Transparency transparency) : dots_(transparency == Transparency::dots) {}

  // Appends to `out` what these octets become; the pieces of a message may be cut anywhere. A bare LF is a
  // line end, so is a bare CR; CRs in a row before an LF are one line end with it. A NUL becomes 0x80, as in
  // Dovecot.
  void feed(std::string_view octets, std::string& out);
  // The end of the message: completes its last line. An empty message becomes one empty line.
  void finish(std::string& out);

 private:
  void line(std::string_view octets,
            std::string& out);  // what stands before an LF, or before the piece's end
  void text(std::string_view run, std::string& out);
  void lineEnds(std::string& out, std::size_t count);

  bool dots_;
  bool lineBegins_ = true, empty_ = true;
  std::size_t carriageReturns_ = 0;  // seen, and not known yet whether an LF follows
};

// What has to be known of mail data before it is sent: reads the message once.
struct MailDataSurvey {
  std::uint64_t size = 0;  // octets, without the doubled dots: what SIZE= and BDAT say
  bool eightBit = false;   // has octets above 0x7f
  // Without the header fields of these names.
  static MailDataSurvey of(Bodies& bodies, BodyRange range, const std::vector<std::string>& dropped = {});
};

}  // namespace interimap
