//! Groups of alike vectors, the same ones every time: no random start, ties go to the earlier vector.
//!
//! Few vectors are joined by average link (UPGMA, Sokal & Michener 1958) along chains of nearest neighbours (Murtagh 1983), which
//! takes n² time and memory. Many are divided by spherical k-means (Dhillon & Modha 2001) from centres far apart.

use super::feature::{similarity, unit};

/// Vectors up to which average link is used: 16 MB of similarities.
pub const MAX_LINKED: usize = 2000;
/// Mean similarity of two groups from which on they are one.
pub const THRESHOLD: f32 = 0.3;
/// Most groups of k-means.
const MAX_CENTRES: usize = 100;
const ROUNDS: usize = 15;

/// The group of each vector, counted from 0, largest first; `None` for those that are like no other. Vectors have length 1.
#[must_use]
pub fn clusters(vectors: &[Vec<f32>]) -> Vec<Option<usize>> {
    let raw = if vectors.len() <= MAX_LINKED { linked(vectors) } else { k_means(vectors) };
    in_order(&raw)
}

/// Numbers groups by size, and by their first vector where sizes are equal. Groups of one are none.
fn in_order(raw: &[Option<usize>]) -> Vec<Option<usize>> {
    let groups = raw.iter().flatten().max().map_or(0, |n| n + 1);
    let (mut sizes, mut firsts) = (vec![0usize; groups], vec![usize::MAX; groups]);
    for (i, group) in raw.iter().enumerate() {
        if let Some(group) = group {
            sizes[*group] += 1;
            firsts[*group] = firsts[*group].min(i);
        }
    }
    let mut order: Vec<usize> = (0..groups).filter(|group| sizes[*group] > 1).collect();
    order.sort_by_key(|group| (std::cmp::Reverse(sizes[*group]), firsts[*group]));
    let mut number = vec![None; groups];
    for (n, group) in order.into_iter().enumerate() {
        number[group] = Some(n);
    }
    raw.iter().map(|group| group.and_then(|group| number[group])).collect()
}

/// Groups being joined: similarities between them, row by row, in the place of their first vector.
struct Linkage {
    count: usize,
    similarities: Vec<f32>,
    sizes: Vec<usize>,
}

impl Linkage {
    fn new(vectors: &[Vec<f32>]) -> Self {
        let count = vectors.len();
        let mut similarities = vec![0.0; count * count];
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate().skip(i + 1) {
                let s = similarity(a, b);
                similarities[i * count + j] = s;
                similarities[j * count + i] = s;
            }
        }
        Self { count, similarities, sizes: vec![1; count] }
    }

    fn between(&self, a: usize, b: usize) -> f32 {
        self.similarities[a * self.count + b]
    }

    /// The group most like this one. `before` wins where several are, so that a chain ends.
    fn nearest(&self, group: usize, before: Option<usize>) -> Option<usize> {
        let mut best = before;
        for other in (0..self.count).filter(|other| *other != group && self.sizes[*other] > 0) {
            if best.is_none_or(|best| self.between(group, other) > self.between(group, best)) {
                best = Some(other);
            }
        }
        best
    }

    /// Joins `b` to `a`: its similarity to a third one is the mean over all pairs.
    fn join(&mut self, a: usize, b: usize) {
        let (size_a, size_b) = (self.sizes[a] as f32, self.sizes[b] as f32);
        for other in (0..self.count).filter(|other| *other != a && *other != b) {
            let mean = (size_a * self.between(a, other) + size_b * self.between(b, other)) / (size_a + size_b);
            self.similarities[a * self.count + other] = mean;
            self.similarities[other * self.count + a] = mean;
        }
        self.sizes[a] += self.sizes[b];
        self.sizes[b] = 0;
    }
}

/// Average link, cut at [`THRESHOLD`].
fn linked(vectors: &[Vec<f32>]) -> Vec<Option<usize>> {
    let mut linkage = Linkage::new(vectors);
    let mut parent: Vec<usize> = (0..vectors.len()).collect();
    let mut chain: Vec<usize> = Vec::new();
    for _ in 1..vectors.len() {
        if chain.is_empty() {
            chain.extend((0..vectors.len()).find(|group| linkage.sizes[*group] > 0));
        }
        // Similarities rise along the chain, so it ends with two that are nearest to each other.
        while let Some(last) = chain.last().copied() {
            let before = chain.len().checked_sub(2).map(|i| chain[i]);
            match linkage.nearest(last, before) {
                Some(next) if Some(next) == before => break,
                Some(next) => chain.push(next),
                None => break,
            }
        }
        let (Some(b), Some(a)) = (chain.pop(), chain.pop()) else { break };
        let (a, b) = (a.min(b), a.max(b));
        // Groups within have been at least as similar, so a join that is left out leaves no other one wrong.
        if linkage.between(a, b) >= THRESHOLD {
            let (root_a, root_b) = (root(&parent, a), root(&parent, b));
            parent[root_a.max(root_b)] = root_a.min(root_b);
        }
        linkage.join(a, b);
    }
    (0..vectors.len()).map(|i| Some(root(&parent, i))).collect()
}

fn root(parent: &[usize], mut i: usize) -> usize {
    while parent[i] != i {
        i = parent[i];
    }
    i
}

/// Spherical k-means with √n centres; vectors that are not like their centre are in no group.
fn k_means(vectors: &[Vec<f32>]) -> Vec<Option<usize>> {
    let count = ((vectors.len() as f64).sqrt().ceil() as usize).clamp(1, MAX_CENTRES);
    let mut centres = far_apart(vectors, count);
    let mut of = vec![0usize; vectors.len()];
    for _ in 0..ROUNDS {
        let next: Vec<usize> = vectors.iter().map(|v| nearest_centre(v, &centres).0).collect();
        let settled = next == of;
        of = next;
        if settled {
            break;
        }
        centres = means(vectors, &of, &centres);
    }
    let member = |(v, centre): (&Vec<f32>, &usize)| (similarity(v, &centres[*centre]) >= THRESHOLD).then_some(*centre);
    vectors.iter().zip(&of).map(member).collect()
}

/// Centres: the vector nearest to the mean of all, then each time the one least like all before.
fn far_apart(vectors: &[Vec<f32>], count: usize) -> Vec<Vec<f32>> {
    let all = vec![0; vectors.len()];
    let mean = means(vectors, &all, &[Vec::new()]);
    let first = (0..vectors.len()).max_by(|a, b| {
        similarity(&vectors[*a], &mean[0]).total_cmp(&similarity(&vectors[*b], &mean[0])).then(b.cmp(a))
    });
    let mut centres: Vec<Vec<f32>> = first.into_iter().map(|i| vectors[i].clone()).collect();
    let mut nearest: Vec<f32> = vec![f32::NEG_INFINITY; vectors.len()];
    while let Some(latest) = centres.last().filter(|_| centres.len() < count) {
        nearest.iter_mut().zip(vectors).for_each(|(s, v)| *s = s.max(similarity(v, latest)));
        let least = (0..vectors.len()).min_by(|a, b| nearest[*a].total_cmp(&nearest[*b]));
        match least {
            // All that are left stand on a centre.
            Some(i) if nearest[i] < 1.0 - 1e-6 => centres.push(vectors[i].clone()),
            _ => break,
        }
    }
    centres
}

fn nearest_centre(vector: &[f32], centres: &[Vec<f32>]) -> (usize, f32) {
    let mut best = (0, f32::NEG_INFINITY);
    for (i, centre) in centres.iter().enumerate() {
        let s = similarity(vector, centre);
        if s > best.1 {
            best = (i, s);
        }
    }
    best
}

/// The direction in which the members of each group lie; a group without any keeps its centre.
fn means(vectors: &[Vec<f32>], of: &[usize], before: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let length = vectors.first().map_or(0, Vec::len);
    let mut sums = vec![vec![0.0f32; length]; before.len()];
    for (vector, group) in vectors.iter().zip(of) {
        sums[*group].iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
    }
    let or_before = |(sum, before): (Vec<f32>, &Vec<f32>)| {
        if sum.iter().all(|x| *x == 0.0) { before.clone() } else { unit(sum) }
    };
    sums.into_iter().zip(before).map(or_before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors in four dimensions around two axes, and one by itself.
    fn two_and_one() -> Vec<Vec<f32>> {
        let near = |axis: usize, off: f32| {
            let mut v = vec![0.0; 4];
            v[axis] = 1.0;
            v[3] = off;
            unit(v)
        };
        vec![near(0, 0.1), near(1, 0.2), near(0, 0.0), near(2, 0.0), near(1, 0.1), near(0, 0.2)]
    }

    #[test]
    fn both_ways_find_the_groups() {
        let wanted = [Some(0), Some(1), Some(0), None, Some(1), Some(0)];
        assert_eq!(clusters(&two_and_one()), wanted);
        assert_eq!(in_order(&k_means(&two_and_one())), wanted);
    }

    #[test]
    fn the_same_cases_give_the_same_groups() {
        let many: Vec<Vec<f32>> = (0..200u32)
            .map(|i| unit((0..8u32).map(|j| ((i * 31 + j * 17 + i * j) % 23) as f32 - 11.0).collect()))
            .collect();
        assert_eq!(clusters(&many), clusters(&many));
        let groups = clusters(&many);
        let sizes: Vec<usize> = (0..groups.iter().flatten().max().map_or(0, |n| n + 1))
            .map(|g| groups.iter().filter(|x| **x == Some(g)).count())
            .collect();
        assert!(sizes.windows(2).all(|w| w[0] >= w[1]) && sizes.iter().all(|n| *n > 1), "{sizes:?}");
    }

    #[test]
    fn average_link_takes_the_mean_of_all_pairs() {
        // a and b are alike; c is like b alone, on average too little.
        let (a, b) = (vec![1.0, 0.0, 0.0], unit(vec![1.0, 0.5, 0.0]));
        let c = unit(vec![0.0, 1.0, 0.5]);
        let mean = (similarity(&a, &c) + similarity(&b, &c)) / 2.0;
        assert!(similarity(&b, &c) > THRESHOLD && mean < THRESHOLD);
        assert_eq!(clusters(&[a, b, c]), [Some(0), Some(0), None]);
    }

    #[test]
    fn few_or_equal_vectors_are_no_trouble() {
        assert_eq!(clusters(&[]), []);
        assert_eq!(clusters(&[vec![1.0]]), [None]);
        let same = vec![vec![1.0, 0.0]; 5];
        assert_eq!(clusters(&same), [Some(0); 5]);
        assert_eq!(in_order(&k_means(&same)), [Some(0); 5]);
        assert_eq!(clusters(&vec![vec![0.0, 0.0]; 3]), [None; 3]);
    }
}
