// INTERNALDATE: when a message arrived (RFC 3501 section 2.3.3), passed on verbatim.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace interimap {

class InternalDate {
 public:
  // date-time without its quotes: "17-Jul-1996 02:44:25 -0700", the day padded with a blank or a zero.
  static std::optional<InternalDate> parse(std::string_view text);

  const std::string& text() const { return text_; }  // exactly as it came
  // Seconds since 1970: servers turn the zone into their own, the instant stays.
  std::int64_t seconds() const { return seconds_; }
  bool operator==(const InternalDate& other) const { return seconds_ == other.seconds_; }

 private:
  InternalDate(std::string text, std::int64_t seconds) : text_(std::move(text)), seconds_(seconds) {}
  std::string text_;
  std::int64_t seconds_;
};

}  // namespace interimap
