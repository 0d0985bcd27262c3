//! Several calls at once.

use super::*;

/// Faults: S16
#[test]
fn the_loser_of_a_race_returns_the_winners_token() {
    let env = TestEnv::with(dead("active", json!({})));
    let meanwhile = |env: &TestEnv| {
        env.expect(TOKEN, grant("rt-2"));
        token(env).expect("a token");
    };
    env.meanwhile(Op::Set, "credential", 0, meanwhile);
    let record = token(&env).expect("the winner's");
    assert_eq!(
        json!(access(&record)),
        env.stored("credential")["access_token"]
    );
    assert_eq!(env.paths(), [TOKEN]);
}

/// A service that grants each refresh token once.
fn strict_service(env: &TestEnv) -> Arc<Mutex<(HashSet<String>, u64)>> {
    let seen = Arc::new(Mutex::new((HashSet::new(), 1)));
    let service = seen.clone();
    env.serve(TOKEN, move |env, sent| {
        let mut seen = service.lock().expect("no panic");
        let token = sent.json()["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(
            token,
            format!("rt-{}", seen.1),
            "a token that is not the latest"
        );
        assert!(seen.0.insert(token), "a token was presented twice");
        seen.1 += 1;
        let new = format!("rt-{}", seen.1);
        let exp = env.now() + 200;
        ok(json!({"refresh_token": new, "access_token": access_token(&new, exp)}))
    });
    seen
}

#[test]
fn i2_without_faults_no_interleaving_presents_a_token_twice() {
    let mut presented = 0;
    for seed in 1..=1000 {
        let stored = match seed % 3 {
            0 => credential("active", json!({})),
            1 => dead("active", json!({})),
            _ => due(),
        };
        let env = TestEnv::with(stored);
        let seen = strict_service(&env);
        for round in 0..2 {
            env.interleave(2, seed * 7919 + round);
            std::thread::scope(|scope| {
                for number in 0..2 {
                    let env = &env;
                    scope.spawn(move || {
                        let _turns = env.join(number as usize);
                        let mut dice = seed * 31 + round * 7 + number;
                        for _ in 0..2 {
                            one_call(env, number as usize, random(&mut dice));
                        }
                    });
                }
            });
            env.advance(150);
        }
        let stored = env.stored("credential");
        let seen = seen.lock().expect("no panic");
        assert_eq!(stored["state"], "active", "seed {seed}");
        assert_eq!(stored["refresh_token"], json!(format!("rt-{}", seen.1)));
        presented += seen.0.len();
    }
    assert!(presented > 1500, "only {presented} refreshes were tried");
}

fn one_call(env: &TestEnv, number: usize, dice: u64) {
    let worker = env.worker(number);
    let refused = fingerprint(&old_access());
    let result = match dice % 3 {
        0 => refresh::force_refresh(worker.ports()),
        1 => refresh::access_token(worker.ports(), Some(&refused)),
        _ => refresh::access_token(worker.ports(), None),
    };
    let expected = |error: &Error| {
        matches!(
            error.code,
            ErrorCode::RefreshInProgress | ErrorCode::RejectedByBackend
        )
    };
    if let Err(error) = result {
        assert!(expected(&error), "{:?}", error.code);
    }
}
