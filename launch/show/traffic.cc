// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/traffic.h"

#include <stdio.h>

namespace interimap {

namespace {

std::string twoDecimals(double number) {
  char text[32];
  snprintf(text, sizeof text, "%.2f", number);
  return text;
}

std::string direction(const char* verb, std::uint64_t octets, bool compressed, std::uint64_t onTheWire) {
  std::string text = std::string(" ") + verb + " " + octetsText(octets);
  if (compressed && octets > 0)
    text += " (compr. " + octetsText(onTheWire) + ", factor " +
            twoDecimals(static_cast<double>(onTheWire) / static_cast<double>(octets)) + ")";
  return text;
}

}  // namespace

std::string octetsText(std::uint64_t octets) {
  if (octets < 1024) return std::to_string(octets);
  double number = static_cast<double>(octets) / 1024;
  for (const char* unit : {"K", "M"}) {
    if (number < 1024) return twoDecimals(number) + unit;
    number /= 1024;
  }
  return twoDecimals(number) + "G";
}

// What is not compressed goes over the wire as it is.
void add(Traffic& sum, const Traffic& more) {
  sum.received += more.received;
  sum.sent += more.sent;
  sum.receivedCompressed += more.compressed ? more.receivedCompressed : more.received;
  sum.sentCompressed += more.compressed ? more.sentCompressed : more.sent;
  sum.compressed = sum.compressed || more.compressed;
}

std::string trafficText(const Traffic& traffic) {
  return "IMAP traffic (bytes):" +
         direction("recv", traffic.received, traffic.compressed, traffic.receivedCompressed) +
         direction("sent", traffic.sent, traffic.compressed, traffic.sentCompressed);
}

}  // namespace interimap
