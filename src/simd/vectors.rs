//! Vectors of one register, and the few operations that the direct loop needs.
//!
//! Auto-vectorisation of that loop over arrays was good for some block sizes and
//! spilled the sums to memory for others: 24 megapixels on AVX-512 took from 44 to
//! 3800 ms in 15x15 f32, and from 2 to 600 in 3x3 i16. With these operations they take
//! 44 and 2 at every block size.

/// The operations of a level on vectors of `T`.
///
/// The implementor is a token that exists only where its instructions do, so
/// its methods are safe to call.
pub(crate) trait Vectors<T>: Copy {
    /// One register of numbers.
    type Vector: Copy;
    /// The numbers in a register.
    const LANES: usize;

    /// Loads the first `LANES` numbers of `from`; panics if there are fewer.
    fn load(self, from: &[T]) -> Self::Vector;
    /// Stores to the first `LANES` numbers of `to`; panics if there are fewer.
    fn store(self, vector: Self::Vector, to: &mut [T]);
    /// The same number in every lane.
    fn splat(self, value: T) -> Self::Vector;
    /// `a + b`; integers wrap.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once where the level has fused multiply-add;
    /// integers wrap.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
}

/// Loads of samples that are no numbers of the lane.
pub(crate) trait LoadWide<S, T>: Vectors<T> {
    /// Converts the first `LANES` samples of `from`; panics if there are fewer.
    fn load_wide(self, from: &[S]) -> Self::Vector;
}

/// Stores R rows of N vectors, each in P phases: the first of the phases of a row lie `pitch` numbers
/// apart, and so do rows of phases; the next P vectors of a row come right of the first.
///
/// # Panics
///
/// If `to` is shorter than that.
#[allow(
    clippy::needless_range_loop,
    reason = "vectors that iterators carry may be in memory"
)]
#[inline(always)]
pub(crate) fn store_phases<V: Vectors<T>, T, const P: usize, const R: usize, const N: usize>(
    v: V,
    rows: [[V::Vector; N]; R],
    to: &mut [T],
    pitch: usize,
) {
    let last = const { R * P - 1 };
    assert!(N.is_multiple_of(P), "rows are of whole groups");
    let width = const { N / P * V::LANES };
    let end = last.checked_mul(pitch).and_then(|at| at.checked_add(width));
    assert!(end.is_some_and(|end| end <= to.len()));
    for r in 0..R {
        for n in 0..N {
            let at = (r * P + n % P) * pitch + n / P * V::LANES;
            #[allow(
                unsafe_code,
                reason = "checks of sixteen stores took a tenth of the time"
            )]
            // SAFETY: `r * P + n % P` is at most `last`, and `n / P * LANES + LANES` at most `width`,
            // so that this ends before `end`, which does not overflow and is in `to`.
            let to = unsafe { to.get_unchecked_mut(at..at + V::LANES) };
            v.store(rows[r][n], to);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{
        super::{
            Avx2, Avx512, Portable,
            tokens::{methods, with_features},
        },
        LoadWide, Vectors,
    };

    macro_rules! vectors {
        (
            $isa:ident, $number:ty, $vector:ty, $lanes:literal:
            $splat:ident, $add:ident, |$a:ident, $b:ident, $c:ident| $mul_add:expr
        ) => {
            impl Vectors<$number> for $isa {
                type Vector = $vector;
                const LANES: usize = $lanes;

                #[inline(always)]
                fn load(self, from: &[$number]) -> $vector {
                    let from: &[$number; $lanes] = from
                        .first_chunk()
                        .expect("there is a number for every lane");
                    bytemuck::must_cast(*from)
                }

                #[inline(always)]
                fn store(self, vector: $vector, to: &mut [$number]) {
                    let to: &mut [$number; $lanes] =
                        to.first_chunk_mut().expect("there is room for every lane");
                    *to = bytemuck::must_cast(vector);
                }

                with_features!($isa: methods! {
                    fn splat(value: $number) -> $vector { $splat(value) }
                    fn add(a: $vector, b: $vector) -> $vector { $add(a, b) }
                    fn mul_add($a: $vector, $b: $vector, $c: $vector) -> $vector { $mul_add }
                });
            }
        };
    }

    macro_rules! wide_loads {
        ($isa:ident, $sample:ty => $number:ty, $vector:ty: |$array:ident| $convert:expr) => {
            impl LoadWide<$sample, $number> for $isa {
                with_features!($isa: methods! {
                    fn load_wide(from: &[$sample]) -> $vector {
                        let $array = *from
                            .first_chunk::<{ <$isa as Vectors<$number>>::LANES }>()
                            .expect("there is a sample for every lane");
                        $convert
                    }
                });
            }
        };
    }

    wide_loads!(Portable, u8 => f32, __m128: |four| {
        let (bytes, zero) = (_mm_cvtsi32_si128(i32::from_ne_bytes(four)), _mm_setzero_si128());
        _mm_cvtepi32_ps(_mm_unpacklo_epi16(_mm_unpacklo_epi8(bytes, zero), zero))
    });
    wide_loads!(Portable, u16 => f64, __m128d: |two| {
        let words = _mm_cvtsi32_si128(bytemuck::must_cast(two));
        _mm_cvtepi32_pd(_mm_unpacklo_epi16(words, _mm_setzero_si128()))
    });
    wide_loads!(Avx2, u8 => f32, __m256: |eight| {
        let bytes = _mm_cvtsi64_si128(i64::from_ne_bytes(eight));
        _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))
    });
    wide_loads!(Avx2, u16 => f64, __m256d: |four| {
        let words = _mm_cvtsi64_si128(bytemuck::must_cast(four));
        _mm256_cvtepi32_pd(_mm_cvtepu16_epi32(words))
    });
    wide_loads!(Avx512, u8 => f32, __m512: |bytes| {
        _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytemuck::must_cast(bytes)))
    });
    wide_loads!(Avx512, u16 => f64, __m512d: |words| {
        _mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(bytemuck::must_cast(words)))
    });

    vectors!(Portable, i16, __m128i, 8: _mm_set1_epi16, _mm_add_epi16,
        |a, b, c| _mm_add_epi16(_mm_mullo_epi16(a, b), c));
    vectors!(Portable, f32, __m128, 4: _mm_set1_ps, _mm_add_ps,
        |a, b, c| _mm_add_ps(_mm_mul_ps(a, b), c));
    vectors!(Portable, f64, __m128d, 2: _mm_set1_pd, _mm_add_pd,
        |a, b, c| _mm_add_pd(_mm_mul_pd(a, b), c));

    vectors!(Avx2, i16, __m256i, 16: _mm256_set1_epi16, _mm256_add_epi16,
        |a, b, c| _mm256_add_epi16(_mm256_mullo_epi16(a, b), c));
    vectors!(Avx2, f32, __m256, 8: _mm256_set1_ps, _mm256_add_ps,
        |a, b, c| _mm256_fmadd_ps(a, b, c));
    vectors!(Avx2, f64, __m256d, 4: _mm256_set1_pd, _mm256_add_pd,
        |a, b, c| _mm256_fmadd_pd(a, b, c));

    vectors!(Avx512, i16, __m512i, 32: _mm512_set1_epi16, _mm512_add_epi16,
        |a, b, c| _mm512_add_epi16(_mm512_mullo_epi16(a, b), c));
    vectors!(Avx512, f32, __m512, 16: _mm512_set1_ps, _mm512_add_ps,
        |a, b, c| _mm512_fmadd_ps(a, b, c));
    vectors!(Avx512, f64, __m512d, 8: _mm512_set1_pd, _mm512_add_pd,
        |a, b, c| _mm512_fmadd_pd(a, b, c));
}

/// Arrays for targets without intrinsics here; the compiler vectorises them.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod arrays {
    use super::{LoadWide, Vectors};

    macro_rules! vectors {
        (
            $isa:ty, $number:ty, $lanes:literal:
            |$x:ident, $y:ident| $add:expr, |$a:ident, $b:ident, $c:ident| $mul_add:expr
        ) => {
            impl Vectors<$number> for $isa {
                type Vector = [$number; $lanes];
                const LANES: usize = $lanes;

                #[inline(always)]
                fn load(self, from: &[$number]) -> Self::Vector {
                    *from
                        .first_chunk()
                        .expect("there is a number for every lane")
                }

                #[inline(always)]
                fn store(self, vector: Self::Vector, to: &mut [$number]) {
                    *to.first_chunk_mut().expect("there is room for every lane") = vector;
                }

                #[inline(always)]
                fn splat(self, value: $number) -> Self::Vector {
                    [value; $lanes]
                }

                #[inline(always)]
                fn add(self, $x: Self::Vector, $y: Self::Vector) -> Self::Vector {
                    std::array::from_fn(|i| {
                        let ($x, $y) = ($x[i], $y[i]);
                        $add
                    })
                }

                #[inline(always)]
                fn mul_add(
                    self,
                    $a: Self::Vector,
                    $b: Self::Vector,
                    $c: Self::Vector,
                ) -> Self::Vector {
                    std::array::from_fn(|i| {
                        let ($a, $b, $c) = ($a[i], $b[i], $c[i]);
                        $mul_add
                    })
                }
            }
        };
    }

    macro_rules! wide_loads {
        ($isa:ty, $($sample:ty => $number:ty),*) => { $(
            impl LoadWide<$sample, $number> for $isa {
                #[inline(always)]
                fn load_wide(self, from: &[$sample]) -> <Self as Vectors<$number>>::Vector {
                    let samples = &from[..<Self as Vectors<$number>>::LANES];
                    std::array::from_fn(|i| samples[i].into())
                }
            }
        )* };
    }

    #[cfg(test)]
    wide_loads!(super::tests::Arrays, u8 => f32, u16 => f64);
    #[cfg(not(target_arch = "x86_64"))]
    wide_loads!(Portable, u8 => f32, u16 => f64);
    #[cfg(target_arch = "aarch64")]
    wide_loads!(Neon, u8 => f32, u16 => f64);

    #[cfg(test)]
    vectors!(super::tests::Arrays, i16, 8: |a, b| a.wrapping_add(b), |a, b, c| a.wrapping_mul(b).wrapping_add(c));
    #[cfg(test)]
    vectors!(super::tests::Arrays, f32, 4: |a, b| a + b, |a, b, c| a * b + c);
    #[cfg(test)]
    vectors!(super::tests::Arrays, f64, 2: |a, b| a + b, |a, b, c| a * b + c);

    #[cfg(not(target_arch = "x86_64"))]
    use super::super::Portable;
    #[cfg(not(target_arch = "x86_64"))]
    vectors!(Portable, i16, 8: |a, b| a.wrapping_add(b), |a, b, c| a.wrapping_mul(b).wrapping_add(c));
    #[cfg(not(target_arch = "x86_64"))]
    vectors!(Portable, f32, 4: |a, b| a + b, |a, b, c| a * b + c);
    #[cfg(not(target_arch = "x86_64"))]
    vectors!(Portable, f64, 2: |a, b| a + b, |a, b, c| a * b + c);

    #[cfg(target_arch = "aarch64")]
    use super::super::Neon;
    #[cfg(target_arch = "aarch64")]
    vectors!(Neon, i16, 8: |a, b| a.wrapping_add(b), |a, b, c| a.wrapping_mul(b).wrapping_add(c));
    #[cfg(target_arch = "aarch64")]
    vectors!(Neon, f32, 4: |a, b| a + b, |a, b, c| a.mul_add(b, c));
    #[cfg(target_arch = "aarch64")]
    vectors!(Neon, f64, 2: |a, b| a + b, |a, b, c| a.mul_add(b, c));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::simd::{Body, Isa, Simd};

    #[derive(Clone, Copy)]
    pub(in crate::simd) struct Arrays;

    /// `a * b + c` and `a + b`, number by number through vectors.
    fn through_vectors<T: Copy + Default, V: Vectors<T>>(
        v: V,
        a: &[T],
        b: &[T],
        c: &[T],
    ) -> [Vec<T>; 2] {
        let mut out = [vec![T::default(); a.len()], vec![T::default(); a.len()]];
        for at in (0..a.len()).step_by(V::LANES) {
            let [x, y, z] = [a, b, c].map(|from| v.load(&from[at..]));
            v.store(v.mul_add(x, y, z), &mut out[0][at..]);
            v.store(v.add(x, y), &mut out[1][at..]);
        }
        assert!(a.len().is_multiple_of(V::LANES));
        out
    }

    struct All;

    /// Integers in every lane type: no product or sum of them is rounded.
    fn numbers<T>(from: impl Fn(i16) -> T) -> [Vec<T>; 3] {
        [7_i16, -3, 11].map(|step| (0..64).map(|i: i16| from(i * step - 100)).collect())
    }

    impl Body for All {
        type Output = ([Vec<i16>; 2], [Vec<f32>; 2], [Vec<f64>; 2]);

        fn run<I: Isa>(self, isa: I) -> Self::Output {
            let [a, b, c] = numbers(|n| n.wrapping_mul(300));
            let [d, e, f] = numbers(f32::from);
            let [g, h, i] = numbers(f64::from);
            (
                through_vectors::<i16, I>(isa, &a, &b, &c),
                through_vectors::<f32, I>(isa, &d, &e, &f),
                through_vectors::<f64, I>(isa, &g, &h, &i),
            )
        }
    }

    /// 8-bit and 16-bit samples as the numbers of a lane, through vectors.
    fn widened<V: LoadWide<u8, f32> + LoadWide<u16, f64>>(v: V) -> (Vec<f32>, Vec<f64>) {
        let (bytes, words) = samples();
        let mut out = (vec![0.0; bytes.len()], vec![0.0; words.len()]);
        for at in (0..bytes.len()).step_by(<V as Vectors<f32>>::LANES) {
            v.store(v.load_wide(&bytes[at..]), &mut out.0[at..]);
        }
        for at in (0..words.len()).step_by(<V as Vectors<f64>>::LANES) {
            v.store(v.load_wide(&words[at..]), &mut out.1[at..]);
        }
        out
    }

    fn samples() -> (Vec<u8>, Vec<u16>) {
        let bytes = (0..=u8::MAX).collect();
        (bytes, (0..256).map(|n| (n * 257) ^ 0x80).collect())
    }

    struct Widened;

    impl Body for Widened {
        type Output = (Vec<f32>, Vec<f64>);

        fn run<I: Isa>(self, isa: I) -> Self::Output {
            widened(isa)
        }
    }

    #[test]
    fn samples_are_widened_to_numbers() {
        let (bytes, words) = samples();
        let expected = (
            bytes.into_iter().map(f32::from).collect(),
            words.into_iter().map(f64::from).collect(),
        );
        for simd in Simd::available() {
            assert_eq!(simd.run(Widened), expected, "{simd:?}");
        }
        assert_eq!(widened(Arrays), expected);
    }

    #[test]
    fn vectors_compute_what_numbers_do() {
        let [a, b, c] = numbers(|n| n.wrapping_mul(300));
        let [d, e, f] = numbers(f32::from);
        let [g, h, i] = numbers(f64::from);
        let each = |f: &dyn Fn(usize) -> i16| (0..64).map(f).collect::<Vec<i16>>();
        let expected = (
            [
                each(&|n| a[n].wrapping_mul(b[n]).wrapping_add(c[n])),
                each(&|n| a[n].wrapping_add(b[n])),
            ],
            [
                (0..64).map(|n| d[n] * e[n] + f[n]).collect::<Vec<_>>(),
                (0..64).map(|n| d[n] + e[n]).collect(),
            ],
            [
                (0..64).map(|n| g[n] * h[n] + i[n]).collect::<Vec<_>>(),
                (0..64).map(|n| g[n] + h[n]).collect(),
            ],
        );
        for simd in Simd::available() {
            assert_eq!(simd.run(All), expected, "{simd:?}");
        }
        let arrays = (
            through_vectors::<i16, _>(Arrays, &a, &b, &c),
            through_vectors::<f32, _>(Arrays, &d, &e, &f),
            through_vectors::<f64, _>(Arrays, &g, &h, &i),
        );
        assert_eq!(arrays, expected);
        assert_eq!(Vectors::<f32>::splat(Arrays, 2.5), [2.5; 4]);
    }
}
