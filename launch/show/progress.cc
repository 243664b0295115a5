// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include "launch/show/traffic.h"

namespace interimap {

namespace {

constexpr std::string_view kErase = "\r\x1b[K";
constexpr std::size_t kColumns = 80;

std::size_t columnsOf(int terminal) {
  winsize size{};
  return ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kColumns;
}

// A terminal that refuses a progress line has lost nothing.
void put(int terminal, std::string_view text) { (void)!write(terminal, text.data(), text.size()); }

}  // namespace

std::string progressText(const Progress& progress, std::size_t columns) {
  std::string text = std::to_string(progress.messages);
  if (progress.ofMessages > 0) text += " of " + std::to_string(progress.ofMessages);
  text += " messages, " + octetsText(progress.octets);
  return text.substr(0, columns);
}

void ProgressLine::show(std::string text, Clock::time_point now) {
  if (terminal_ < 0 || ofAnother_) return;
  kept_ = std::move(text);
  if (now - drawn_ >= kBetween) draw(now);
}

std::optional<ProgressLine::Clock::time_point> ProgressLine::due() const {
  return kept_ ? std::optional(drawn_ + kBetween) : std::nullopt;
}

void ProgressLine::draw(Clock::time_point now) {
  if (!kept_) return;
  // One column is left free: some terminals wrap as soon as the last one is written.
  put(terminal_, std::string(kErase) + kept_->substr(0, columnsOf(terminal_) - 1));
  kept_.reset();
  visible_ = true;
  drawn_ = now;
}

void ProgressLine::erase() {
  kept_.reset();
  if (ofAnother_) return;
  if (auto text = makeWay(); !text.empty()) put(terminal_, text);
}

std::string_view ProgressLine::makeWay() {
  return std::exchange(visible_, ofAnother_ && terminal_ >= 0) ? kErase : std::string_view();
}

}  // namespace interimap
