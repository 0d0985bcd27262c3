//! All cases again and again in another process: a run that follows may hold no more memory,
//! handles and threads than the run before.

use crate::repeated::{self, Case, cases};
use crate::{
    answers, computing, deaths, growing, headers, host, instantiation, names, storing, targets,
};

const CASES: &[Case] = &cases![
    answers::a_redirect_is_an_answer_wherever_it_leads,
    answers::a_request_to_upgrade_or_to_go_on_changes_nothing,
    answers::of_a_flood_of_headers_the_guest_sees_none_or_those_that_it_reads,
    answers::a_body_without_end_is_read_no_further_than_its_limit,
    answers::a_compressed_body_is_not_inflated,
    answers::a_slow_head_or_body_ends_after_thirty_seconds_whatever_the_timeouts,
    answers::a_guest_with_timeouts_of_0_waits_no_longer_than_a_connection_takes,
    computing::a_guest_that_computes_forever_is_stopped_after_two_seconds,
    computing::others_get_their_turn_while_a_guest_computes,
    computing::a_guest_that_waits_forever_is_stopped_when_its_call_is_over,
    computing::a_guest_that_breaks_off_ends_its_call_alone,
    computing::every_one_of_many_calls_at_once_gets_a_sandbox,
    deaths::a_guest_that_breaks_off_before_its_request_changes_nothing,
    deaths::a_request_ends_with_the_guest_that_breaks_off_after_it,
    deaths::a_guest_that_spends_the_refresh_token_and_stops_ends_only_this_login,
    growing::memory_ends_at_64_mebibytes,
    growing::handles_of_every_kind_end_at_256,
    growing::a_host_call_gives_and_takes_no_more_than_it_must,
    headers::no_header_of_the_guests_says_where_a_request_goes_or_how_it_is_framed,
    headers::a_flood_of_headers_ends_the_call_before_anything_leaves,
    headers::a_body_that_is_too_large_does_not_leave,
    host::a_call_whose_caller_has_gone_comes_to_its_end,
    host::a_host_that_drains_lets_its_calls_end_and_begins_none,
    host::a_panic_of_the_store_ends_its_own_call_and_no_other,
    host::a_call_that_finds_a_refresh_waits_for_its_end,
    host::it_waits_forty_seconds_at_most,
    host::the_embedded_component_loads_beside_a_compiler,
    host::bytes_that_are_no_component_are_refused,
    instantiation::a_start_function_that_computes_forever_is_stopped_after_two_seconds,
    instantiation::a_module_that_takes_too_much_before_it_is_called_is_stopped,
    instantiation::two_memories_have_64_mebibytes_together,
    instantiation::a_call_finds_nothing_of_an_earlier_call_in_its_memory,
    instantiation::a_table_ends_at_ten_thousand_elements,
    names::a_name_that_leads_to_this_machine_or_network_is_prohibited,
    names::a_name_is_resolved_once_and_what_was_checked_is_connected_to,
    names::a_name_that_leads_nowhere_is_no_place,
    storing::a_guest_opens_no_bucket_but_its_own,
    storing::a_key_is_a_plain_word_or_denied,
    storing::a_value_beyond_its_limit_is_refused,
    storing::a_profile_cannot_be_filled_with_keys,
    storing::nothing_is_written_over_unread,
    storing::nothing_that_a_guest_writes_or_returns_ends_up_in_another_profile,
    targets::no_other_host_is_reached_however_much_it_looks_like_one_of_the_two,
    targets::no_address_is_reached_in_place_of_a_name,
    targets::no_other_port_or_scheme_is_used,
    targets::no_target_names_another_place,
    targets::no_other_path_or_method_is_used,
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
