// Bad options of reports and metadata passes.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::check_bad_inputs;

BOOST_AUTO_TEST_CASE(a_wrong_option_of_a_report_is_named) {
  check_bad_inputs({
      {"a part of the metadata that is none",
       {},
       {"transform", "jsc-tiny", "--passes", "report_node_meta_param<which=[common,softwar]>"},
       2,
       {"'softwar' is none of all, common, hardware, software", "which"}},
      {"a file outside the folder",
       {},
       {"transform", "jsc-tiny", "--passes", "report_graph<file=../graph.dot>"},
       2,
       {"'../graph.dot'", "must be relative", "file"}},
      {"an absolute save_path",
       {},
       {"transform", "jsc-tiny", "--passes", "report_node_meta_param<save_path=/tmp/x.txt>"},
       2,
       {"'/tmp/x.txt'", "must be relative", "save_path"}},
      {"two names of one option",
       {},
       {"transform", "jsc-tiny", "--passes", "report_graph<file=a.txt,file_name=b.txt>"},
       2,
       {"file and file_name are two names of one option"}},
      {"a verifier's option that is no boolean",
       {},
       {"transform", "jsc-tiny", "--passes", "verify_metadata<strict=maybe>"},
       2,
       {"strict", "maybe"}},
  });
}
