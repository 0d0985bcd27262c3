//! All cases again and again in another process: a run that follows may hold no more memory,
//! handles and threads than the run before.

use crate::repeated::{self, Case, cases};
use crate::{bodies, headers, targets};

const CASES: &[Case] = &cases![
    bodies::an_endless_request_ends_at_32_mebibytes,
    bodies::an_object_of_a_million_fields_is_refused,
    bodies::a_body_never_is_a_second_request,
    bodies::a_guest_that_reads_slowly_gets_every_byte,
    bodies::a_call_ends_with_the_guest_that_does_not_read_its_answer,
    bodies::a_call_ends_with_the_guest_that_breaks_off,
    bodies::an_answer_without_end_is_not_read_ahead_of_the_guest,
    bodies::a_budget_holds_for_all_instances_of_a_guest,
    headers::no_header_of_the_guest_says_who_calls_or_how_a_request_is_framed,
    headers::a_header_that_frames_or_splits_a_request_is_refused,
    headers::a_flood_of_headers_reaches_no_backend,
    targets::no_look_alike_of_the_reserved_name_is_answered,
    targets::no_address_port_or_scheme_stands_for_the_reserved_name,
    targets::no_target_names_another_place,
    targets::no_path_that_only_means_the_same_is_an_endpoint,
    targets::no_method_reaches_the_backend_but_that_of_the_endpoint,
    targets::no_line_break_or_nul_splits_a_request,
];

#[test]
fn a_second_run_of_all_cases_holds_no_more_memory_handles_or_threads() {
    repeated::assert_that_nothing_stays(CASES);
}

#[test]
fn no_case_is_left_out() {
    repeated::assert_that_no_case_is_left_out(CASES);
}
