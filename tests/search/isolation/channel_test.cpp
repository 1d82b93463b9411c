#include "core/search/isolation/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

using namespace lathe;

namespace {

struct Ends {
  DescriptorPair sockets = connected_sockets();
  int raw = sockets.theirs.get();
  Channel ours{std::move(sockets.ours)};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(channel)

BOOST_AUTO_TEST_CASE(messages_come_in_order_however_they_are_cut) {
  Ends ends;
  Channel theirs(std::move(ends.sockets.theirs));
  BOOST_TEST(theirs.send(MessageKind::log, "one"));
  BOOST_TEST(theirs.send(MessageKind::outcome, std::string(100000, 'x')));
  BOOST_TEST(ends.ours.receive()->body == "one");
  const auto second = ends.ours.receive();
  BOOST_TEST((second->kind == MessageKind::outcome));
  BOOST_TEST(second->body.size() == 100000);
  BOOST_TEST(ends.ours.take());
  BOOST_TEST(!ends.ours.next());
}

BOOST_AUTO_TEST_CASE(an_end_that_is_gone_is_told_and_kills_nobody) {
  Ends ends;
  ends.sockets.theirs.close();
  BOOST_TEST(!ends.ours.send(MessageKind::ready));
  BOOST_TEST(!ends.ours.receive());
  BOOST_TEST(!ends.ours.take());
}

BOOST_AUTO_TEST_CASE(garbage_is_no_message) {
  Ends ends;
  const std::string garbage = "what a plugin writes to any descriptor it finds";
  BOOST_TEST(send(ends.raw, garbage.data(), garbage.size(), 0) ==
             static_cast<ssize_t>(garbage.size()));
  BOOST_TEST(!ends.ours.receive());
  BOOST_TEST(ends.ours.garbled());
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_was_closed_by_others_counts_as_gone) {
  DescriptorPair sockets = connected_sockets();
  const int number = sockets.ours.get();
  Channel channel(std::move(sockets.ours));
  close(number);
  BOOST_TEST(!channel.send(MessageKind::ready));
  const int other = open("/dev/null", O_WRONLY);  // has the number now, or another one
  BOOST_TEST(!channel.send(MessageKind::ready));
  if (other != number) close(other);
}

BOOST_AUTO_TEST_SUITE_END()
