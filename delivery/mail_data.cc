// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/mail_data.h"

#include <algorithm>
#include <vector>

#include "delivery/dropped_fields.h"
#include "delivery/limits.h"
#include "ipc/failure.h"

namespace interimap {

void MailData::feed(std::string_view octets, std::string& out) {
  while (!octets.empty()) {
    std::size_t lineFeed = octets.find('\n');
    line(octets.substr(0, lineFeed), out);
    if (lineFeed == std::string_view::npos) return;
    carriageReturns_ = 0;
    lineEnds(out, 1);
    octets.remove_prefix(lineFeed + 1);
  }
}

// RFC 5321 section 2.3.8: CR and LF MUST only be sent together. Which of a line's CRs are bare is known when
// something else follows.
void MailData::line(std::string_view octets, std::string& out) {
  while (!octets.empty()) {
    std::size_t carriageReturn = octets.find('\r');
    if (carriageReturn != 0) text(octets.substr(0, carriageReturn), out);
    if (carriageReturn == std::string_view::npos) return;
    if (++carriageReturns_ > limits::kMostCarriageReturns) {
      lineEnds(out, 1);
      --carriageReturns_;
    }
    octets.remove_prefix(carriageReturn + 1);
  }
}

// A run without CR and LF, which shows that the CRs before it were bare.
void MailData::text(std::string_view run, std::string& out) {
  lineEnds(out, carriageReturns_);
  carriageReturns_ = 0;
  // RFC 5321 section 4.5.2
  if (lineBegins_ && dots_ && run.front() == '.') out += '.';
  std::size_t from = out.size();
  out += run;
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), '\0', '\x80');
  lineBegins_ = empty_ = false;
}

void MailData::lineEnds(std::string& out, std::size_t count) {
  for (; count > 0; --count) {
    out += "\r\n";
    lineBegins_ = true;
    empty_ = false;
  }
}

// Mail data ends with a line that is complete, though what a server stores need not: a dot behind half a line
// would be text.
void MailData::finish(std::string& out) {
  lineEnds(out, carriageReturns_);
  carriageReturns_ = 0;
  if (empty_ || !lineBegins_) lineEnds(out, 1);
}

// Counts what will be sent, not what is stored: SIZE= speaks of the message as it goes over the wire (RFC
// 1870 section 5), and BDAT has to name every octet.
MailDataSurvey MailDataSurvey::of(Bodies& bodies, BodyRange range, const std::vector<std::string>& dropped) {
  MailDataSurvey survey;
  DroppedFields fields(dropped);
  MailData data(MailData::Transparency::none);
  std::vector<char> buffer(std::min<std::uint64_t>(limits::kBodyPiece, range.size));
  std::string out;
  auto count = [&] {
    survey.size += out.size();
    unsigned char all = 0;
    for (char c : out) all |= static_cast<unsigned char>(c);
    survey.eightBit |= all >= 0x80;
    out.clear();
  };
  while (range.size > 0) {
    std::size_t size = bodies.read(
        range.offset, std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), range.size)));
    if (size == 0)
      throw Failure(ExitStatus::io, "read message bodies in memory: they are shorter than they were");
    data.feed(fields.feed({buffer.data(), size}), out);
    count();
    range.offset += size;
    range.size -= size;
  }
  data.feed(fields.finish(), out);
  data.finish(out);
  count();
  return survey;
}

}  // namespace interimap
