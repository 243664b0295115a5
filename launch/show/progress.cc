// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "launch/show/amounts.h"
#include "launch/show/escape.h"
#include "launch/show/readable.h"
#include "launch/show/traffic.h"

namespace interimap {

namespace {

constexpr std::string_view kErase = "\r\x1b[K";
constexpr std::size_t kColumns = 80;

std::size_t columnsOf(int terminal) {
  winsize size{};
  return ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kColumns;
}

// Less than a hundred as long as there is a line to show.
int percentOf(const Progress& progress) {
  const std::uint64_t of = std::max(progress.ofOctets, progress.octets);
  if (of == 0) return 0;
  return std::min(static_cast<int>(static_cast<double>(progress.octets) / static_cast<double>(of) * 100), 99);
}

// A terminal that refuses a progress line has lost nothing.
void put(int terminal, std::string_view text) { (void)!write(terminal, text.data(), text.size()); }

}  // namespace

// What was copied before, in another round say, begins anew.
void CopyRate::note(const Progress& progress, Clock::time_point now) {
  if (!samples_.empty() && progress.octets < samples_.back().octets) samples_.clear();
  // The last is kept up to date; the one before it is at least kBetween older than the one before that.
  const bool replaces = samples_.size() > 1 && now - samples_[samples_.size() - 2].at < kBetween;
  if (replaces) samples_.pop_back();
  samples_.push_back({now, progress.octets});
  while (samples_.size() > 2 && now - samples_.front().at > kSpan) samples_.pop_front();
}

std::optional<double> CopyRate::octets() const {
  if (samples_.empty()) return std::nullopt;
  const std::chrono::duration<double> time = samples_.back().at - samples_.front().at;
  if (time < kBetween || samples_.back().octets == samples_.front().octets) return std::nullopt;
  return static_cast<double>(samples_.back().octets - samples_.front().octets) / time.count();
}

std::string progressText(const Progress& progress, const CopyRate& rate) {
  const bool complete = progress.messages == progress.ofMessages;
  std::string text = std::to_string(progress.messages);
  if (progress.ofMessages > 0) text += " of " + std::to_string(progress.ofMessages);
  text += " messages, " + octetsText(progress.octets);
  const std::uint64_t of = std::max(progress.ofOctets, progress.octets), left = of - progress.octets;
  if (progress.ofOctets > 0 && !complete) {
    text += " of " + octetsText(of) + " (" + std::to_string(percentOf(progress)) + "%)";
  }
  if (auto octets = rate.octets(); octets && !complete) {
    text += ", " + octetsText(static_cast<std::uint64_t>(*octets)) + "/s";
    const double seconds = static_cast<double>(left) / *octets;
    constexpr double kLongest = 100.0 * 86400;
    if (progress.ofOctets > 0 && seconds < kLongest)
      text += ", " + timeText(std::chrono::seconds(static_cast<std::int64_t>(seconds + 1))) + " left";
  }
  return text;
}

std::optional<std::string> MailboxProgress::note(const Progress& progress, Clock::time_point now) {
  last_ = {progress.target, progress.mailbox};
  Mailbox& mailbox = underWay_.try_emplace(last_, Mailbox{now, {}, {}}).first->second;
  mailbox.progress = progress;
  mailbox.rate.note(progress, now);
  if (progress.messages < progress.ofMessages) return std::nullopt;
  std::string text =
      "Done: " + countText(progress.messages) + (progress.messages == 1 ? " message" : " messages");
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - mailbox.begun);
  underWay_.erase(last_);
  return text + " (" + sizeText(progress.octets) + ") in " + timeText(time);
}

std::optional<std::string> MailboxProgress::text(const Progress& all) const {
  auto place = underWay_.find(last_);
  if (place == underWay_.end()) place = underWay_.begin();
  if (place == underWay_.end()) return std::nullopt;
  const auto& [name, mailbox] = *place;
  return std::to_string(percentOf(all)) + "% of all; " + nameOf(name.first) + "(" +
         escape(readable(name.second)) + "): " + progressText(mailbox.progress, mailbox.rate);
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
