//! Suggestions for misspelled names, by edit distance.

/// The names that `wanted` is most likely a misspelling of, at most three.
///
/// Case, hyphens and a third of the characters may be wrong, and `wanted` may be
/// a prefix: `gauss` finds `gaussian3`.
pub(super) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Longer than any name. The edit distance takes quadratic time.
    const MAX_LENGTH: usize = 64;
    let wanted: Vec<char> = wanted
        .chars()
        .take(MAX_LENGTH)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' || c == ' ' { '_' } else { c })
        .collect();
    let max_edits = (wanted.len() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let letters: Vec<char> = name.chars().collect();
            let edits = distance(&wanted, &letters);
            if edits <= max_edits && edits < wanted.len() {
                Some((edits, name))
            } else if wanted.len() >= 3 && letters.starts_with(&wanted) {
                Some((max_edits + 1, name))
            } else {
                None
            }
        })
        .collect();
    // A stable sort: names of equal distance keep their order.
    found.sort_by_key(|&(edits, _)| edits);
    let fewest = found.first().map_or(0, |&(edits, _)| edits);
    found.retain(|&(edits, _)| edits == fewest);
    found.truncate(3);
    found.into_iter().map(|(_, name)| name).collect()
}

/// The edit distance with insertions, deletions, substitutions and
/// transpositions of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(rows[i - 2][j - 2] + 1);
            }
            row.push(fewest);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_found_and_unrelated_names_are_not() {
        let names = ["gaussian3", "gaussian5", "sobel", "sobel_x", "weights"];
        for (wanted, expected) in [
            ("sobell", &["sobel"][..]),
            ("wieghts", &["weights"]),
            ("Sobel-X", &["sobel_x"]),
            ("gauss", &["gaussian3", "gaussian5"]),
            ("s", &[]),
            ("", &[]),
            ("photograph", &[]),
        ] {
            assert_eq!(nearest(wanted, names), expected, "{wanted}");
        }
        assert!(nearest(&"x".repeat(1_000_000), names).is_empty());
    }

    #[test]
    fn a_transposition_is_one_edit() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        for (a, b, edits) in [("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(&letters(a), &letters(b)), edits);
        }
    }
}
