//! Tokens, which prove the features of a level, and methods compiled for these features.
//!
//! In a function that is compiled for their features, intrinsics without pointers are safe.
//! What is unsafe is to call that function: `methods` alone does.

#[cfg(target_arch = "aarch64")]
use std::arch::is_aarch64_feature_detected;

use super::Body;
#[cfg(target_arch = "x86_64")]
use super::QuadBody;

/// Calls a macro with the features of a token. They are listed nowhere else, so what is
/// detected is what is compiled for.
macro_rules! with_features {
    // Every x86-64 has SSE2; other targets have no `methods` of this token.
    (Portable: $macro:ident! $input:tt) => {
        $macro! { Portable ["sse2"] $input }
    };
    (Avx2: $macro:ident! $input:tt) => {
        $macro! { Avx2 ["avx2", "fma"] $input }
    };
    (Avx512: $macro:ident! $input:tt) => {
        $macro! { Avx512 ["avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"] $input }
    };
    (Dots: $macro:ident! $input:tt) => {
        $macro! {
            Dots ["avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"] $input
        }
    };
    (Neon: $macro:ident! $input:tt) => {
        $macro! { Neon ["neon"] $input }
    };
}

/// Methods of a token, written without `self`; their bodies are compiled for its features.
/// That `self` is this token is checked by its type.
macro_rules! methods {
    ($token:ident $features:tt {}) => {};
    ($token:ident [$($feature:tt),*] {
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident $(<$generic:ident: $bound:ident>)? (
            $($argument:ident: $type:ty),*
        ) $(-> $output:ty)? $body:block
        $($others:tt)*
    }) => {
        $(#[$attribute])*
        #[inline(always)]
        #[allow(unsafe_code, reason = "calling what is compiled for features; a token proves them")]
        $visibility fn $name $(<$generic: $bound>)? (self, $($argument: $type),*) $(-> $output)? {
            #[inline]
            #[deny(unsafe_code)]
            $(#[target_feature(enable = $feature)])*
            fn compiled $(<$generic: $bound>)? ($($argument: $type),*) $(-> $output)? $body

            let _: $token = self;
            // SAFETY: this processor has the features, since a token of them is made by
            // `detect` or by a function compiled for them alone, and every x86-64 has SSE2.
            unsafe { compiled($($argument),*) }
        }

        methods! { $token [$($feature),*] { $($others)* } }
    };
}

/// A token, its detection, and the method that runs code with it.
macro_rules! token {
    ($token:ident [$($feature:tt),*] ($is_detected:ident, $run:tt)) => {
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) struct $token(());

        impl $token {
            /// The token, if this processor has the features.
            pub(super) fn detect() -> Option<Self> {
                ($($is_detected!($feature))&&*).then_some(Self(()))
            }

            methods! { $token [$($feature),*] $run }
        }
    };
}

#[cfg(target_arch = "x86_64")]
with_features!(Avx2: token!(is_x86_feature_detected, {
    /// Runs the copy of `body` that is compiled for AVX2.
    pub(super) fn run<B: Body>(body: B) -> B::Output { body.run(Avx2(())) }
}));

#[cfg(target_arch = "x86_64")]
with_features!(Avx512: token!(is_x86_feature_detected, {
    /// Runs the copy of `body` that is compiled for AVX-512.
    pub(super) fn run<B: Body>(body: B) -> B::Output { body.run(Avx512(())) }
}));

#[cfg(target_arch = "x86_64")]
with_features!(Dots: token!(is_x86_feature_detected, {
    /// Runs `body`, which is compiled for AVX-512 and VNNI.
    pub(super) fn run<B: QuadBody>(body: B) { body.run(Dots(())) }
}));

#[cfg(target_arch = "x86_64")]
impl From<Dots> for Avx512 {
    fn from(_: Dots) -> Self {
        // Its features are among those of dot products.
        Self(())
    }
}

#[cfg(target_arch = "aarch64")]
with_features!(Neon: token!(is_aarch64_feature_detected, {
    /// Runs the copy of `body` that is compiled for NEON.
    pub(super) fn run<B: Body>(body: B) -> B::Output { body.run(Neon(())) }
}));

#[cfg(target_arch = "x86_64")]
pub(super) use {methods, with_features};
