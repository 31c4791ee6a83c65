//! Agreement of raters gives what Python's packages give: Cohen's κ (scikit-learn), Fleiss' κ (statsmodels) and Krippendorff's
//! α (krippendorff), on a seeded table of twenty raters with missing ratings. Needs a Python with those; the one that
//! LATHE_AGREEMENT_PYTHON names, else `python3`; says so and passes where there is none (`scripts/agreement-venv.sh` makes one).

use domain::agreement::{Distance, Ratings, Weights, cohen, fleiss, krippendorff};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::process::Command;

const SCRIPT: &str = include_str!("../agreement/measure.py");
const RATERS: usize = 20;
/// Largest difference of a measure.
const TOLERANCE: f64 = 1e-9;

/// A Python that can import what the script does.
fn python() -> Option<String> {
    let program = std::env::var("LATHE_AGREEMENT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program).args(["-c", "import krippendorff, sklearn, statsmodels"]).output();
    found.is_ok_and(|o| o.status.success()).then_some(program)
}

/// Ratings from 1 to 5 that scatter about what an item is worth; those of the last third of items are partly missing.
fn table() -> Vec<Vec<Option<u32>>> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let items = 300;
    (0..items)
        .map(|item| {
            let worth = random.random_range(1..=5_i32);
            (0..RATERS)
                .map(|_| {
                    let rating = (worth + random.random_range(-1..=1_i32)).clamp(1, 5);
                    let is_missing = item >= items / 3 * 2 && random.random_range(0..10) < 4;
                    (!is_missing).then_some(rating.cast_unsigned())
                })
                .collect()
        })
        .collect()
}

#[test]
fn measures_are_those_of_python() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with krippendorff, scikit-learn and statsmodels");
        return;
    };
    let rows = table();
    let folder = tempfile::tempdir().unwrap();
    let (script, input) = (folder.path().join("measure.py"), folder.path().join("rows.json"));
    std::fs::write(&script, SCRIPT).unwrap();
    std::fs::write(&input, serde_json::to_string(&rows).unwrap()).unwrap();
    let run = Command::new(python).args([script, input]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let theirs: HashMap<String, f64> = serde_json::from_slice(&run.stdout).unwrap();

    let all = Ratings::of_categories(rows.clone());
    let whole = Ratings::of_categories(rows.into_iter().filter(|row| row.iter().all(Option::is_some)));
    assert!(whole.items() >= 200 && whole.items() < all.items());
    let pair = whole.pair(0, 1);
    let ours = [
        ("kappa", cohen(&pair, Weights::None)),
        ("kappa_linear", cohen(&pair, Weights::Linear)),
        ("kappa_quadratic", cohen(&pair, Weights::Quadratic)),
        ("fleiss", fleiss(&whole)),
        ("alpha_nominal", krippendorff(&all, Distance::Nominal)),
        ("alpha_ordinal", krippendorff(&all, Distance::Ordinal)),
        ("alpha_interval", krippendorff(&all, Distance::Interval)),
        ("alpha_ratio", krippendorff(&all, Distance::Ratio)),
    ];
    for (name, value) in ours {
        let (ours, theirs) = (value.unwrap(), theirs[name]);
        assert!((ours - theirs).abs() < TOLERANCE, "{name}: {ours} here, {theirs} there");
    }
}
