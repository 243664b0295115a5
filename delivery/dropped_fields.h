// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Takes header fields out of a message on its way (deliver-drop). Postfix, for one, takes a message with a
// Delivered-To of the recipient for a loop, and bounces it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace interimap {

class DroppedFields {
 public:
  // `names` outlive it. Without any, all octets pass as they are.
  explicit DroppedFields(const std::vector<std::string>& names) : names_(&names), inHeader_(!names.empty()) {}

  // What is left of these octets; the pieces of a message may be cut anywhere. Good until the next call: it
  // is `octets` itself, or kept here.
  std::string_view feed(std::string_view octets);
  // The end of the message: the beginning of a line that could have become a field's.
  std::string_view finish();

 private:
  bool isNamed(std::string_view line) const;
  bool mayBeNamed(std::string_view line) const;
  void header(char c);

  const std::vector<std::string>* names_;
  bool inHeader_;
  bool undecided_ = true;  // the line so far, in line_, could still be one that goes
  bool dropping_ = false;  // this line goes, and what is folded into it
  std::string line_, kept_;
};

}  // namespace interimap
