//! Merkle trees of transparency logs (RFC 6962 section 2.1, RFC 9162 section 2.1), with SHA-256.
//!
//! A log that signs the root of its tree has signed every entry in it: an inclusion proof is the list of hashes that
//! lead from one entry to the root. What is checked here says only that entry and root belong together; whose root it
//! is, a checkpoint says ([`note`](crate::format::note)).

use crate::digest::{Algorithm, Hasher};
use crate::limits;

/// A hash of a leaf, an inner node or a root.
pub type Hash = [u8; 32];

/// An inclusion proof does not lead from the leaf to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inclusion proof does not lead from the entry to the root of the tree")]
pub struct ProofInvalid;

/// The hash of a leaf: SHA-256 of `0x00` and the entry (RFC 9162 section 2.1.1).
pub fn leaf(entry: &[u8]) -> Hash {
    hash(&[&[0], entry])
}

/// The hash of an inner node: SHA-256 of `0x01` and both children (RFC 9162 section 2.1.1).
pub fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

/// Where a leaf stands in which tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The leaf's index, from 0.
    pub index: u64,
    /// Leaves in the tree.
    pub size: u64,
}

impl Place {
    /// Checks an inclusion proof (RFC 9162 section 2.1.3.2).
    ///
    /// # Errors
    /// [`ProofInvalid`] when the index is outside of the tree, or the proof too short, too long or of another leaf.
    pub fn prove(self, leaf: Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofInvalid> {
        if self.index >= self.size || proof.len() > limits::PROOF_HASHES {
            return Err(ProofInvalid);
        }
        let (mut index, mut last, mut hash) = (self.index, self.size - 1, leaf);
        for sibling in proof {
            if last == 0 {
                return Err(ProofInvalid);
            }
            if index & 1 == 1 || index == last {
                hash = node(sibling, &hash);
                while index & 1 == 0 && index != 0 {
                    (index, last) = (index >> 1, last >> 1);
                }
            } else {
                hash = node(&hash, sibling);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        if last == 0 && hash == *root { Ok(()) } else { Err(ProofInvalid) }
    }
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for part in parts {
        hasher.update(part);
    }
    let mut hash = Hash::default();
    hash.copy_from_slice(hasher.finish().bytes());
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The root as RFC 9162 section 2.1.1 defines it.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => hash(&[]),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node(&root(left), &root(right))
            }
        }
    }

    /// The proof as RFC 9162 section 2.1.3.1 defines it.
    fn proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut path, other) = match index.checked_sub(left.len()) {
            None => (proof(left, index), root(right)),
            Some(index) => (proof(right, index), root(left)),
        };
        path.push(other);
        path
    }

    /// The largest power of two below `count`.
    fn split(count: usize) -> usize {
        count.next_power_of_two() / 2
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|entry| leaf(&entry.to_be_bytes())).collect()
    }

    /// The leaf of an empty entry and the root of an empty tree, and the tree of its test data (RFC 6962, as in
    /// certificate-transparency's `merkletree` tests).
    #[test]
    fn known_hashes() {
        let hex = |hash: Hash| hex::encode(hash);
        assert_eq!(hex(leaf(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let entries: [&[u8]; 8] = [
            b"",
            b"\0",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let tree: Vec<_> = entries.into_iter().map(leaf).collect();
        assert_eq!(hex(root(&tree)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }

    proptest! {
        #[test]
        fn every_leaf_of_every_tree_is_proven((size, index) in (1_usize..200).prop_flat_map(|size| (Just(size), 0..size))) {
            let tree = leaves(size);
            let path = proof(&tree, index);
            let place = Place { index: index as u64, size: size as u64 };
            prop_assert_eq!(place.prove(tree[index], &path, &root(&tree)), Ok(()));
        }

        #[test]
        fn nothing_else_is_proven(
            (size, index) in (1_usize..200).prop_flat_map(|size| (Just(size), 0..size)),
            bit in any::<prop::sample::Index>(),
            other in 0_u64..400,
        ) {
            let tree = leaves(size);
            let (path, root) = (proof(&tree, index), root(&tree));
            let place = Place { index: index as u64, size: size as u64 };
            let flipped = |mut hash: Hash| {
                let bit = bit.index(256);
                hash[bit / 8] ^= 1 << (bit % 8);
                hash
            };
            prop_assert!(place.prove(flipped(tree[index]), &path, &root).is_err());
            prop_assert!(place.prove(tree[index], &path, &flipped(root)).is_err());
            prop_assert!(place.prove(tree[index], &[path.clone(), vec![root]].concat(), &root).is_err());
            let elsewhere = Place { index: other, ..place };
            prop_assert!(elsewhere == place || elsewhere.prove(tree[index], &path, &root).is_err());
            if !path.is_empty() {
                prop_assert!(place.prove(tree[index], &path[1..], &root).is_err());
                let mut changed = path.clone();
                let step = bit.index(path.len());
                changed[step] = flipped(changed[step]);
                prop_assert!(place.prove(tree[index], &changed, &root).is_err());
            }
        }
    }

    #[test]
    fn an_index_outside_of_the_tree_is_no_proof() {
        let only = leaf(b"x");
        assert_eq!(Place { index: 0, size: 1 }.prove(only, &[], &only), Ok(()));
        for place in [Place { index: 0, size: 0 }, Place { index: 1, size: 1 }, Place { index: 0, size: 2 }] {
            assert_eq!(place.prove(only, &[], &only), Err(ProofInvalid), "{place:?}");
        }
        let endless = Place { index: 0, size: u64::MAX };
        assert_eq!(endless.prove(only, &[only; 65], &only), Err(ProofInvalid));
    }
}
