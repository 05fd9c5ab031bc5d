use super::*;

#[test]
fn an_inconsistent_design_is_refused_with_its_key() {
    let factor = "[[factors]]\nname = 'AI'\npaths = ['A.*']\n";
    for (text, said) in [
        (format!("{factor}probability = 1.5"), "factors[0] (AI).probability: 1.5 is not between 0 and 1"),
        (format!("{factor}probability = nan"), "factors[0] (AI).probability: NaN is not between 0 and 1"),
        (format!("{factor}count = 5\nof = 4"), "factors[0] (AI).count: 5 of 4 cases is impossible"),
        (format!("{factor}count = 1\nprobability = 0.5"), "factors[0] (AI): has probability and count"),
        (factor.to_owned(), "factors[0] (AI): needs a probability or a count"),
        (
            format!("{factor}probability = 1\n{factor}probability = 1"),
            "factors[1].name: AI is already the name of another",
        ),
        (format!("{factor}count = 1\n[arms.a]\nfactors = []"), "arms.a.factors: leaves out AI"),
        ("[arms.a]\nfactors = ['AI']".to_owned(), "arms.a.factors: there is no factor AI"),
        ("[arms.a]\nratio = 0".to_owned(), "arms.a.ratio: must be from 1 to 1000000"),
        ("arms_block = 4\n[arms.a]\n[arms.b]\nratio = 2".to_owned(), "arms_block: 4 is not a multiple of 3"),
        ("readers_per_case = 0".to_owned(), "readers_per_case: must be from 1 to 1000000"),
        ("[second_reading]\narm = 'other'".to_owned(), "second_reading.arm: there is no other arm"),
        ("never = ['']".to_owned(), "never[0]: the path is empty"),
    ] {
        let told = Design::parse(&text).unwrap_err();

        assert!(told.starts_with(said), "{told}\n{said}");
    }
}
