// Number formats and calibrations that cannot be: what is said of them, and where.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::BadInput;
using lathe_test::check_bad_inputs;
using lathe_test::Words;

namespace {

// linear layers of jsc-tiny with that entry.
BadInput entry(const std::string& what, const std::string& text, std::vector<std::string> says,
               int exit_code = 2) {
  return {what,
          {},
          {"transform", "jsc-tiny", "jsc-sim", "--passes", "quantize<by=type,linear=" + text + ">"},
          exit_code,
          std::move(says)};
}

BadInput option(const std::string& what, const std::string& text, std::vector<std::string> says) {
  return {what,
          {},
          {"transform", "jsc-tiny", "jsc-sim", "--passes",
           "quantize<by=type,linear.name=integer," + text + ">"},
          2,
          std::move(says)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(options_of_formats_out_of_range_are_refused_with_what_is_allowed) {
  check_bad_inputs({
      entry("no bits", "{name=integer,weight={width=0}}", {"width", "0", "1..64"}),
      entry("too many bits", "{name=integer,weight={width=65}}", {"width", "65", "1..64"}),
      entry("a point too far", "{name=integer,weight={frac_width=65}}", {"frac_width", "-64..64"}),
      entry("bits that are text", "{name=integer,weight={width=eight}}", {"width", "eight"}),
      entry("a minifloat without mantissa or exponent",
            "{name=minifloat_ieee,weight={width=4,exponent_width=4}}",
            {"no mantissa", "4 bits of exponent"}),
      entry("a minifloat wider than its bits",
            "{name=minifloat_denorm,weight={width=4,exponent_width=8}}",
            {"no mantissa", "8 bits of exponent"}),
      entry("a block of nothing", "{name=block_fp,weight={block_size=[0]}}", {"block_size", "0"}),
      entry("a block below nothing", "{name=mxint,weight={block_size=[-2]}}", {"block_size", "-2"}),
      entry("a block that is no number", "{name=mxfp,weight={block_size=[big]}}",
            {"block_size", "big"}),
      entry("a scale of zero", "{name=affine,weight={scale=0,zero_point=0}}", {"scale", "0"}),
      entry("a scale below zero", "{name=affine,weight={scale=-0.5,zero_point=0}}",
            {"scale", "-0.5"}),
      entry("a zero point outside the codes",
            "{name=affine,weight={width=4,scale=0.5,zero_point=8}}", {"zero_point", "8"}),
      entry("an unknown way to round", "{name=affine,weight={rounding=upwards}}",
            {"rounding", "upwards", "half_even"}),
      entry("an option of another format", "{name=log,weight={frac_width=2}}",
            {"frac_width", "log"}),
  });
}

BOOST_AUTO_TEST_CASE(formats_that_are_not_there_are_refused_with_the_nearest_name) {
  check_bad_inputs({
      entry("of all operands", "{name=minifloat_iee}", {"minifloat_iee", "'minifloat_ieee'"}),
      entry("of one operand", "{weight={name=ternery}}", {"ternery", "'ternary'"}),
      entry("an empty name", "{weight={name=\"\"}}", {"no format ''", "known: affine"}),
      entry("both spellings for one operand",
            "{name=integer,weight_width=4,weight={name=integer,width=8}}",
            {"weight", "weight_width"}),
      entry("an operand that is none", "{name=integer,wieght={width=8}}", {"wieght", "weight"}),
  });
}

BOOST_AUTO_TEST_CASE(calibrations_that_cannot_be_are_refused) {
  check_bad_inputs({
      option("an unknown one", "calibration=minmax", {"calibration", "minmax", "range"}),
      option("one that is nearly known", "calibration=percentil", {"'percentile'"}),
      option("no per cent", "calibration=percentile,calibration_percentile=0",
             {"calibration_percentile", "0"}),
      option("more than all", "calibration=percentile,calibration_percentile=101",
             {"calibration_percentile", "101", "100"}),
      option("per cent that are text", "calibration=percentile,calibration_percentile=most",
             {"calibration_percentile", "most"}),
      option("samples below zero", "calibration=range,calibration_samples=-1",
             {"calibration_samples", "-1"}),
      option("an unknown split", "calibration=range,calibration_split=valid",
             {"calibration_split", "valid", "validation"}),
  });
}

BOOST_AUTO_TEST_CASE(a_split_without_rows_to_calibrate_from_is_refused_with_its_option) {
  check_bad_inputs({
      {"no validation rows",
       {{"train.csv", "a,b,label\n1,2,0\n3,4,1\n"}},
       {"transform", "mlp<hidden=[2]>", "csv<train=train.csv>", "--passes",
        "quantize<by=type,linear.name=integer,calibration=mse,calibration_split=validation>"},
       1,
       {"no rows in its split 'validation'", "calibration_split"}},
      {"no data at all",
       {},
       {"transform", "jsc-tiny", "--passes",
        "quantize<by=type,linear.name=integer,calibration=mse>"},
       2,
       {"needs data"}},
  });
}

BOOST_AUTO_TEST_CASE(formats_that_do_not_suit_an_operand_are_refused_with_its_place) {
  check_bad_inputs({
      entry("an axis that is not there", "{weight={name=affine,width=8,axis=2}}",
            {"seq_blocks_2", "weight", "axis", "2"}),
      entry("a scale for each of other channels",
            "{weight={name=affine,width=8,axis=0,scale=[0.5,0.25],zero_point=[0,0]}}",
            {"seq_blocks_2", "weight", "2", "5"}),
      entry("blocks of more dimensions than there are",
            "{weight={name=block_fp,block_size=[4,4,4,4]}}",
            {"seq_blocks_2", "weight", "block_size"}),
  });
}
