use super::*;
use crate::InstructionSet;
use crate::cpu::{Cpu, Kernel};
use crate::gemm::MicroKernel;

const A: [f32; LANES] = [
    1.0, -2.0, 3.5, 0.0, -0.5, 7.0, 8.0, -9.0, 10.0, 0.25, 12.0, -13.0, 14.0, 15.5, -16.0, 17.0,
];
const B: [f32; LANES] = [
    2.0,
    -2.0,
    0.5,
    1.0,
    -1.5,
    3.0,
    8.0,
    4.0,
    -5.0,
    0.5,
    6.0,
    -13.0,
    7.0,
    2.5,
    8.0,
    f32::NAN,
];

/// Every operation on `A` and `B`, as arrays of lanes.
struct Everything;

impl Kernel for Everything {
    type Output = Vec<[f32; LANES]>;

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) -> Self::Output {
        // SAFETY: both arrays hold 16 values.
        let (a, b) = unsafe { (simd.load(A.as_ptr()), simd.load(B.as_ptr())) };
        let (one, zero) = (simd.splat(1.0), simd.zero());
        let (greater, equal) = (simd.greater(a, b), simd.equal(a, b));
        let indicator = |mask| simd.select(mask, one, zero);
        let positive = simd.greater(a, zero);
        // SAFETY: `A` holds 16 values.
        let partial = unsafe { simd.load_partial(A.as_ptr(), 5) };
        [
            simd.add(a, b),
            simd.sub(a, b),
            simd.mul(a, b),
            simd.mul_add(a, b, one),
            simd.neg_mul_add(a, b, one),
            simd.max(a, b),
            simd.max(b, a),
            indicator(greater),
            indicator(equal),
            indicator(simd.and_not(positive, greater)),
            partial,
        ]
        .into_iter()
        .map(|vector| simd.to_array(vector))
        .collect()
    }
}

/// Computes the results of [`Everything`] lane by lane. The operands make each exact, so the rounding of `mul_add` does not show.
fn expected() -> Vec<[f32; LANES]> {
    let lanes = |f: &dyn Fn(f32, f32) -> f32| std::array::from_fn(|i| f(A[i], B[i]));
    let indicator = |truth: bool| f32::from(u8::from(truth));
    vec![
        lanes(&|a, b| a + b),
        lanes(&|a, b| a - b),
        lanes(&|a, b| a * b),
        lanes(&|a, b| a * b + 1.0),
        lanes(&|a, b| 1.0 - a * b),
        lanes(&|a, b| if a > b { a } else { b }),
        lanes(&|a, b| if b > a { b } else { a }),
        lanes(&|a, b| indicator(a > b)),
        lanes(&|a, b| indicator(a == b)),
        lanes(&|a, b| indicator(a > 0.0 && (a <= b || b.is_nan()))),
        std::array::from_fn(|i| if i < 5 { A[i] } else { 0.0 }),
    ]
}

#[test]
fn every_set_computes_the_same() {
    for set in InstructionSet::available() {
        let found = Cpu::new(set).unwrap().run(Everything);
        for (operation, (found, expected)) in found.iter().zip(expected()).enumerate() {
            for (lane, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert!(
                    *found == expected || (found.is_nan() && expected.is_nan()),
                    "{set}, operation {operation}, lane {lane}: {found} instead of {expected}"
                );
            }
        }
    }
}

#[test]
fn partial_stores_leave_the_rest_alone() {
    struct Store(usize);
    impl Kernel for Store {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<S: MicroKernel>(self, simd: S) -> Self::Output {
            let mut target = [9.0; LANES];
            // SAFETY: `target` holds 16 values.
            unsafe { simd.store_partial(target.as_mut_ptr(), simd.splat(1.0), self.0) };
            target
        }
    }
    for set in InstructionSet::available() {
        for count in 0..=LANES {
            let target = Cpu::new(set).unwrap().run(Store(count));
            assert!(target[..count].iter().all(|&value| value == 1.0));
            assert!(target[count..].iter().all(|&value| value == 9.0));
        }
    }
}

#[test]
fn sets_of_other_architectures_are_refused() {
    for set in InstructionSet::ALL {
        assert_eq!(Cpu::new(set).is_ok(), set.is_supported());
    }
}
