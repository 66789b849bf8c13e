//! Winograd's minimal filtering algorithms F(2, 3) and F(4, 3), one dimension at a time.
//!
//! F(m, 3) computes m outputs of a 3-tap filter g over m + 2 inputs d with m + 2 products: `y = A^T ((G g) * (B^T d))`. Nested in both
//! dimensions it takes (m + 2)^2 products for m^2 outputs, 4 times fewer than the definition for m = 4, and 2.25 times for m = 2.
//! Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. The interpolation points are 0, ±1, ±2 and infinity
//! for m = 4, and 0, ±1 and infinity for m = 2.

use crate::simd::Simd;

/// A linear map of `N` vectors to `M` vectors, lane by lane.
pub(super) trait Transform<const N: usize, const M: usize> {
    /// Applies the map.
    fn apply<S: Simd>(simd: S, x: [S::Vector; N]) -> [S::Vector; M];
}

/// The maps of F(`OUT`, 3), where `IN = OUT + 2`.
pub(super) trait Algorithm<const OUT: usize, const IN: usize> {
    /// `B^T`
    type Input: Transform<IN, IN>;
    /// `A^T`
    type Output: Transform<IN, OUT>;
    /// `A`, the adjoint of `Output`
    type OutputAdjoint: Transform<OUT, IN>;
    /// `G`
    type Filter: Transform<3, IN>;
    /// `G^T`, the adjoint of `Filter`
    type FilterAdjoint: Transform<IN, 3>;
}

/// Applies `T` to the columns and then to the rows of a square.
#[inline(always)]
pub(super) fn nested<S: Simd, T: Transform<N, M>, const N: usize, const M: usize>(
    simd: S,
    square: [[S::Vector; N]; N],
) -> [[S::Vector; M]; M] {
    let mut half = [[simd.zero(); N]; M];
    for column in 0..N {
        let transformed = T::apply(simd, std::array::from_fn(|row| square[row][column]));
        for row in 0..M {
            half[row][column] = transformed[row];
        }
    }
    let mut result = [[simd.zero(); M]; M];
    for row in 0..M {
        result[row] = T::apply(simd, half[row]);
    }
    result
}

/// F(2, 3).
pub(super) struct Two;

impl Algorithm<2, 4> for Two {
    type Input = Self;
    type Output = Self;
    type OutputAdjoint = Self;
    type Filter = Self;
    type FilterAdjoint = Adjoint<Self>;
}

/// F(4, 3).
pub(super) struct Four;

impl Algorithm<4, 6> for Four {
    type Input = Self;
    type Output = Self;
    type OutputAdjoint = Self;
    type Filter = Self;
    type FilterAdjoint = Adjoint<Self>;
}

/// Marks the adjoint of an algorithm's filter transform.
pub(super) struct Adjoint<A>(A);

impl Transform<4, 4> for Two {
    /// `B^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, d: [S::Vector; 4]) -> [S::Vector; 4] {
        [
            simd.sub(d[0], d[2]),
            simd.add(d[1], d[2]),
            simd.sub(d[2], d[1]),
            simd.sub(d[1], d[3]),
        ]
    }
}

impl Transform<4, 2> for Two {
    /// `A^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, m: [S::Vector; 4]) -> [S::Vector; 2] {
        [
            simd.add(m[0], simd.add(m[1], m[2])),
            simd.sub(simd.sub(m[1], m[2]), m[3]),
        ]
    }
}

impl Transform<2, 4> for Two {
    /// `A`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, y: [S::Vector; 2]) -> [S::Vector; 4] {
        [
            y[0],
            simd.add(y[0], y[1]),
            simd.sub(y[0], y[1]),
            simd.sub(simd.zero(), y[1]),
        ]
    }
}

impl Transform<3, 4> for Two {
    /// `G`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, g: [S::Vector; 3]) -> [S::Vector; 4] {
        let half = simd.splat(0.5);
        let even = simd.mul(half, simd.add(g[0], g[2]));
        let odd = simd.mul(half, g[1]);
        [g[0], simd.add(even, odd), simd.sub(even, odd), g[2]]
    }
}

impl Transform<4, 3> for Adjoint<Two> {
    /// `G^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, u: [S::Vector; 4]) -> [S::Vector; 3] {
        let half = simd.splat(0.5);
        let even = simd.mul(half, simd.add(u[1], u[2]));
        let odd = simd.mul(half, simd.sub(u[1], u[2]));
        [simd.add(u[0], even), odd, simd.add(even, u[3])]
    }
}

impl Transform<6, 6> for Four {
    /// `B^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, d: [S::Vector; 6]) -> [S::Vector; 6] {
        let (four, five) = (simd.splat(4.0), simd.splat(5.0));
        let even_1 = simd.neg_mul_add(four, d[2], d[4]);
        let odd_1 = simd.neg_mul_add(four, d[1], d[3]);
        let even_2 = simd.sub(d[4], d[2]);
        let half_odd_2 = simd.sub(d[3], d[1]);
        let odd_2 = simd.add(half_odd_2, half_odd_2);
        [
            simd.mul_add(four, d[0], simd.neg_mul_add(five, d[2], d[4])),
            simd.add(even_1, odd_1),
            simd.sub(even_1, odd_1),
            simd.add(even_2, odd_2),
            simd.sub(even_2, odd_2),
            simd.mul_add(four, d[1], simd.neg_mul_add(five, d[3], d[5])),
        ]
    }
}

impl Transform<6, 4> for Four {
    /// `A^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, m: [S::Vector; 6]) -> [S::Vector; 4] {
        let (two, four, eight) = (simd.splat(2.0), simd.splat(4.0), simd.splat(8.0));
        let (sum_1, difference_1) = (simd.add(m[1], m[2]), simd.sub(m[1], m[2]));
        let (sum_2, difference_2) = (simd.add(m[3], m[4]), simd.sub(m[3], m[4]));
        [
            simd.add(m[0], simd.add(sum_1, sum_2)),
            simd.mul_add(two, difference_2, difference_1),
            simd.mul_add(four, sum_2, sum_1),
            simd.add(simd.mul_add(eight, difference_2, difference_1), m[5]),
        ]
    }
}

impl Transform<4, 6> for Four {
    /// `A`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, y: [S::Vector; 4]) -> [S::Vector; 6] {
        let (four, eight) = (simd.splat(4.0), simd.splat(8.0));
        let (even_1, odd_1) = (simd.add(y[0], y[2]), simd.add(y[1], y[3]));
        let even_2 = simd.mul_add(four, y[2], y[0]);
        let odd_2 = simd.mul_add(eight, y[3], simd.add(y[1], y[1]));
        [
            y[0],
            simd.add(even_1, odd_1),
            simd.sub(even_1, odd_1),
            simd.add(even_2, odd_2),
            simd.sub(even_2, odd_2),
            y[3],
        ]
    }
}

impl Transform<3, 6> for Four {
    /// `G`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, g: [S::Vector; 3]) -> [S::Vector; 6] {
        let minus_sixth = simd.splat(-1.0 / 6.0);
        let even_1 = simd.mul(minus_sixth, simd.add(g[0], g[2]));
        let odd_1 = simd.mul(minus_sixth, g[1]);
        let sixth = simd.mul(simd.splat(1.0 / 6.0), g[2]);
        let even_2 = simd.mul_add(simd.splat(1.0 / 24.0), g[0], sixth);
        let odd_2 = simd.mul(simd.splat(1.0 / 12.0), g[1]);
        [
            simd.mul(simd.splat(0.25), g[0]),
            simd.add(even_1, odd_1),
            simd.sub(even_1, odd_1),
            simd.add(even_2, odd_2),
            simd.sub(even_2, odd_2),
            g[2],
        ]
    }
}

impl Transform<6, 3> for Adjoint<Four> {
    /// `G^T`
    #[inline(always)]
    fn apply<S: Simd>(simd: S, u: [S::Vector; 6]) -> [S::Vector; 3] {
        let (sixth, minus_sixth) = (simd.splat(1.0 / 6.0), simd.splat(-1.0 / 6.0));
        let (sum_1, difference_1) = (simd.add(u[1], u[2]), simd.sub(u[1], u[2]));
        let (sum_2, difference_2) = (simd.add(u[3], u[4]), simd.sub(u[3], u[4]));
        let outer = simd.mul(simd.splat(1.0 / 24.0), sum_2);
        let outer = simd.mul_add(minus_sixth, sum_1, outer);
        let twelfth = simd.mul(simd.splat(1.0 / 12.0), difference_2);
        [
            simd.mul_add(simd.splat(0.25), u[0], outer),
            simd.mul_add(minus_sixth, difference_1, twelfth),
            simd.mul_add(sixth, simd.sub(sum_2, sum_1), u[5]),
        ]
    }
}
