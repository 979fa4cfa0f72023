//! What may have been meant by a name that does not exist.

/// The names that `wanted` is most likely a slip of, at most three.
///
/// Case, hyphens and a third of the characters may be wrong, and a name may be
/// cut short: `gauss`.
pub(super) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // No name is this long, and the distance takes quadratic time.
    const LONGEST: usize = 64;
    let wanted: Vec<char> = wanted
        .chars()
        .take(LONGEST)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' || c == ' ' { '_' } else { c })
        .collect();
    let most = (wanted.len() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let letters: Vec<char> = name.chars().collect();
            let slips = distance(&wanted, &letters);
            if slips <= most && slips < wanted.len() {
                Some((slips, name))
            } else if wanted.len() >= 3 && letters.starts_with(&wanted) {
                Some((most + 1, name))
            } else {
                None
            }
        })
        .collect();
    // Stable: names of the same distance stay in their order.
    found.sort_by_key(|&(slips, _)| slips);
    let least = found.first().map_or(0, |&(slips, _)| slips);
    found.retain(|&(slips, _)| slips == least);
    found.truncate(3);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How many characters to insert, remove, replace or swap with their neighbour
/// to make `a` of `b` (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
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
    fn a_swap_of_neighbours_is_one_slip() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        for (a, b, slips) in [("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(&letters(a), &letters(b)), slips);
        }
    }
}
