//! The suite that every schedule must pass.

use crate::ProfileName;
use crate::schedule::{Paused, Schedule};

/// Checks a schedule, which must be empty.
pub async fn check_schedule(schedule: &dyn Schedule) {
    a_login_is_taken_when_its_time_has_come(schedule).await;
    the_earliest_logins_are_taken_first(schedule).await;
    a_time_is_replaced_and_one_that_is_there_is_not_added(schedule).await;
    many_callers_share_the_logins(schedule).await;
    a_pause_is_not_shortened_unless_its_clock_was_wrong(schedule).await;
}

fn name(number: u32) -> ProfileName {
    format!("due-{number}").parse().unwrap()
}

async fn remove(schedule: &dyn Schedule, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        schedule.remove_due(&name(number)).await.unwrap();
    }
}

async fn a_login_is_taken_when_its_time_has_come(schedule: &dyn Schedule) {
    schedule.set_due(&name(1), 100).await.unwrap();
    assert_eq!(schedule.count_due(99).await, Ok(0));
    assert_eq!(schedule.take_due(99, 200, 9).await, Ok(vec![]));
    assert_eq!(schedule.count_due(100).await, Ok(1));
    assert_eq!(schedule.take_due(100, 200, 9).await, Ok(vec![name(1)]));
    assert_eq!(schedule.take_due(199, 300, 9).await, Ok(vec![]));
    assert_eq!(schedule.take_due(200, 300, 9).await, Ok(vec![name(1)]));
    remove(schedule, [1]).await;
    assert_eq!(schedule.count_due(u64::MAX).await, Ok(0));
}

async fn the_earliest_logins_are_taken_first(schedule: &dyn Schedule) {
    for (number, at) in [(1, 30), (2, 10), (3, 20)] {
        schedule.set_due(&name(number), at).await.unwrap();
    }
    let mut taken = schedule.take_due(100, 200, 2).await.unwrap();
    taken.sort_unstable();
    assert_eq!(taken, [name(2), name(3)]);
    assert_eq!(schedule.take_due(100, 200, 2).await, Ok(vec![name(1)]));
    remove(schedule, 1..=3).await;
}

async fn a_time_is_replaced_and_one_that_is_there_is_not_added(schedule: &dyn Schedule) {
    schedule.add_due(&name(1), 50).await.unwrap();
    schedule.add_due(&name(1), 10).await.unwrap();
    assert_eq!(schedule.count_due(49).await, Ok(0));
    schedule.set_due(&name(1), 10).await.unwrap();
    assert_eq!(schedule.count_due(10).await, Ok(1));
    remove(schedule, [1]).await;
}

async fn many_callers_share_the_logins(schedule: &dyn Schedule) {
    for number in 0..40 {
        schedule.set_due(&name(number), 10).await.unwrap();
    }
    let take = || schedule.take_due(100, 200, 10);
    let (one, two, three, four) = tokio::join!(take(), take(), take(), take());
    let mut taken = [one, two, three, four].map(Result::unwrap).concat();
    // A caller may find rows that another one is taking.
    taken.extend(schedule.take_due(100, 200, 40).await.unwrap());
    taken.sort_unstable();
    let mut all: Vec<_> = (0..40).map(name).collect();
    all.sort_unstable();
    assert_eq!(taken, all);
    remove(schedule, 0..40).await;
}

async fn a_pause_is_not_shortened_unless_its_clock_was_wrong(schedule: &dyn Schedule) {
    let until = async || schedule.paused_until(Paused::Token).await.unwrap();
    assert_eq!(until().await, 0);
    let wrong = 1_000_000_000;
    for (pause, lasts) in [
        (100, 100),
        (50, 100),
        (150, 150),
        (wrong, wrong),
        (200, 200),
    ] {
        schedule.pause(Paused::Token, pause).await.unwrap();
        assert_eq!(until().await, lasts);
    }
}
