//! From views to the network's input.

use fer_core::{ErrorKind, ImageView, Normalization, PixelFormat, Preprocessing, ResizeFilter};

use crate::noisy_pixels;

fn face(preprocessing: &Preprocessing, view: &ImageView<'_>) -> Vec<u8> {
    let mut face = vec![0; preprocessing.face_len()];
    preprocessing.face_bytes(view, &mut face).unwrap();
    face
}

fn normalized(preprocessing: &Preprocessing, face: &[u8]) -> Vec<f32> {
    let mut input = vec![0.0; face.len()];
    preprocessing.normalize(face, &mut input).unwrap();
    input
}

/// The same colors in every format that can hold them.
fn in_every_color_format(rgb: &[u8]) -> [(PixelFormat, Vec<u8>); 3] {
    let pixels = || rgb.chunks(3).enumerate();
    [
        (PixelFormat::Rgb8, rgb.to_vec()),
        (
            PixelFormat::Bgr8,
            pixels().flat_map(|(_, p)| [p[2], p[1], p[0]]).collect(),
        ),
        (
            PixelFormat::Rgba8,
            pixels()
                .flat_map(|(i, p)| [p[0], p[1], p[2], i as u8])
                .collect(),
        ),
    ]
}

#[test]
fn formats_of_the_same_content_agree_to_the_bit() {
    let preprocessing = Preprocessing::default();
    for (width, height) in [(48, 48), (97, 61), (20, 31)] {
        let rgb = noisy_pixels(width * height * 3);
        let faces = in_every_color_format(&rgb).map(|(format, data)| {
            let view = ImageView::new(&data, width as u32, height as u32, format).unwrap();
            face(&preprocessing, &view)
        });
        assert_eq!(faces[0], faces[1]);
        assert_eq!(faces[0], faces[2]);

        let gray = noisy_pixels(width * height);
        let as_rgb: Vec<u8> = gray.iter().flat_map(|&level| [level; 3]).collect();
        let view =
            |data, format| ImageView::new(data, width as u32, height as u32, format).unwrap();
        assert_eq!(
            face(&preprocessing, &view(&gray, PixelFormat::Gray8)),
            face(&preprocessing, &view(&as_rgb, PixelFormat::Rgb8)),
        );
    }
}

#[test]
fn luma_is_rec_601() {
    let preprocessing = Preprocessing {
        input_size: 2,
        ..Preprocessing::default()
    };
    let rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    let view = ImageView::new(&rgb, 2, 2, PixelFormat::Rgb8).unwrap();
    assert_eq!(face(&preprocessing, &view), [76, 150, 29, 255]);
}

#[test]
fn a_gray_view_of_the_right_size_passes_unchanged() {
    let gray = noisy_pixels(48 * 48);
    let view = ImageView::new(&gray, 48, 48, PixelFormat::Gray8).unwrap();
    assert_eq!(face(&Preprocessing::default(), &view), gray);
}

#[test]
fn rows_with_gaps_and_crops_are_read_like_copies() {
    let (width, height, stride) = (50usize, 40usize, 64usize);
    let data = noisy_pixels(stride * height);
    for format in [PixelFormat::Gray8, PixelFormat::Rgb8] {
        let (columns, rows) = ((width / format.channels()) as u32, height as u32);
        let gappy = ImageView::with_row_stride(&data, columns, rows, stride, format).unwrap();
        let copy = gappy.to_image();
        let preprocessing = Preprocessing::default();
        assert_eq!(
            face(&preprocessing, &gappy),
            face(&preprocessing, &copy.view())
        );

        let crop = gappy.crop(3, 5, columns - 7, rows - 6).unwrap();
        let copied = crop.to_image();
        assert_eq!(
            face(&preprocessing, &crop),
            face(&preprocessing, &copied.view())
        );
        assert_eq!(copied.pixels()[0], data[5 * stride + 3 * format.channels()]);
    }
}

/// Separable convolution in fixed point, as fast_image_resize defines it (after Pillow): columns first, 8 bits between
/// the passes, 16-bit weights. Integer sums do not care for their order, so agreement with it on this machine, whatever
/// its instruction set, is agreement between machines.
fn resize_by_definition(
    gray: &[u8],
    width: usize,
    height: usize,
    size: usize,
    kernel: fn(f64) -> f64,
    radius: f64,
) -> Vec<u8> {
    let transposed = |pixels: &[u8], width: usize| -> Vec<u8> {
        let height = pixels.len() / width;
        (0..pixels.len())
            .map(|i| pixels[i % height * width + i / height])
            .collect()
    };
    let columns = transposed(gray, width);
    let narrow = transposed(&resize_rows(&columns, height, size, kernel, radius), size);
    resize_rows(&narrow, width, size, kernel, radius)
}

fn resize_rows(
    pixels: &[u8],
    length: usize,
    size: usize,
    kernel: fn(f64) -> f64,
    radius: f64,
) -> Vec<u8> {
    if length == size {
        return pixels.to_vec();
    }
    let scale = length as f64 / size as f64;
    let widened = scale.max(1.0);
    let window = |target: usize| {
        let center = (target as f64 + 0.5) * scale;
        let start = (center - radius * widened).floor().max(0.0) as usize;
        let end = ((center + radius * widened).ceil() as usize).min(length);
        let raw: Vec<f64> = (start..end)
            .map(|x| kernel((x as f64 - (center - 0.5)) * (1.0 / widened)))
            .collect();
        let total: f64 = raw.iter().sum();
        (
            start,
            raw.into_iter()
                .map(|weight| weight / total)
                .collect::<Vec<_>>(),
        )
    };
    let windows: Vec<_> = (0..size).map(window).collect();
    let largest = windows
        .iter()
        .flat_map(|(_, w)| w)
        .copied()
        .fold(0.0, f64::max);
    let overflows = |bits: u32| (largest * f64::from(1u32 << (bits + 1))).round() as i32 >= 1 << 15;
    let bits = (0..22).find(|&bits| overflows(bits)).unwrap_or(21);
    let one = f64::from(1u32 << bits);
    let resized = |row: &[u8]| -> Vec<u8> {
        let pixel = |(start, weights): &(usize, Vec<f64>)| {
            let products = weights
                .iter()
                .zip(&row[*start..])
                .map(|(weight, &pixel)| (weight * one).round() as i32 * i32::from(pixel));
            ((products.sum::<i32>() + (1 << (bits - 1))) >> bits).clamp(0, 255) as u8
        };
        windows.iter().map(pixel).collect()
    };
    pixels.chunks(length).flat_map(resized).collect()
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

fn catmull_rom(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        1.5 * x * x * x - 2.5 * x * x + 1.0
    } else if x < 2.0 {
        -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0
    } else {
        0.0
    }
}

#[test]
fn every_machine_resizes_to_the_same_bytes() {
    let sizes = [
        (48, 97),
        (97, 48),
        (300, 211),
        (1000, 777),
        (20, 31),
        (47, 49),
        (5, 3),
        (2048, 16),
    ];
    let filters = [
        (ResizeFilter::Bilinear, triangle as fn(f64) -> f64, 1.0),
        (ResizeFilter::CatmullRom, catmull_rom, 2.0),
    ];
    for (width, height) in sizes {
        let gray = noisy_pixels(width * height);
        let view = ImageView::new(&gray, width as u32, height as u32, PixelFormat::Gray8).unwrap();
        for (filter, kernel, radius) in filters {
            let preprocessing = Preprocessing {
                filter,
                ..Preprocessing::default()
            };
            let expected = resize_by_definition(&gray, width, height, 48, kernel, radius);
            let found = face(&preprocessing, &view);
            let differing = found.iter().zip(&expected).filter(|(f, e)| f != e).count();
            assert_eq!(
                differing,
                0,
                "{filter:?} from {width}x{height}: {differing} of {} bytes",
                found.len()
            );
        }
    }
}

#[test]
fn shrinking_does_not_alias() {
    // One-pixel checks average to gray; a filter that skips pixels would keep some of them.
    let checks: Vec<u8> = (0..480 * 480)
        .map(|i| if (i / 480 + i % 480) % 2 == 0 { 255 } else { 0 })
        .collect();
    let view = ImageView::new(&checks, 480, 480, PixelFormat::Gray8).unwrap();
    for filter in [
        ResizeFilter::Box,
        ResizeFilter::Bilinear,
        ResizeFilter::CatmullRom,
    ] {
        let preprocessing = Preprocessing {
            filter,
            ..Preprocessing::default()
        };
        let face = face(&preprocessing, &view);
        assert!(
            face.iter().all(|level| level.abs_diff(128) <= 3),
            "{filter:?}"
        );
    }
}

#[test]
fn brightness_and_contrast_drop_out() {
    let preprocessing = Preprocessing::default();
    let dark: Vec<u8> = noisy_pixels(48 * 48)
        .iter()
        .map(|level| level / 4)
        .collect();
    let bright: Vec<u8> = dark.iter().map(|level| level * 3 + 40).collect();
    let pairs = normalized(&preprocessing, &dark)
        .into_iter()
        .zip(normalized(&preprocessing, &bright));
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn per_image_normalization_has_mean_0_and_deviation_1() {
    let input = normalized(&Preprocessing::default(), &noisy_pixels(48 * 48));
    let mean = input.iter().sum::<f32>() / input.len() as f32;
    let variance = input.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / input.len() as f32;
    assert!(
        mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-4,
        "{mean} {variance}"
    );
    assert_eq!(
        normalized(&Preprocessing::default(), &[7; 48 * 48]),
        [0.0; 48 * 48]
    );
}

#[test]
fn fixed_normalization_and_many_faces() {
    let preprocessing = Preprocessing {
        input_size: 2,
        normalization: Normalization::Fixed {
            mean: 100.0,
            std: 50.0,
        },
        ..Preprocessing::default()
    };
    let faces = [0, 50, 100, 150, 200, 250, 0, 0];
    assert_eq!(
        normalized(&preprocessing, &faces),
        [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, -2.0, -2.0]
    );

    let per_image = Preprocessing {
        normalization: Normalization::PerImage { min_std: 1.0 },
        ..preprocessing
    };
    let together = normalized(&per_image, &faces);
    let apart = [
        normalized(&per_image, &faces[..4]),
        normalized(&per_image, &faces[4..]),
    ]
    .concat();
    assert_eq!(together, apart);
}

#[test]
fn wrong_lengths_are_errors() {
    let preprocessing = Preprocessing::default();
    let gray = [0; 4];
    let view = ImageView::new(&gray, 2, 2, PixelFormat::Gray8).unwrap();
    let errors = [
        preprocessing.face_bytes(&view, &mut [0; 5]).unwrap_err(),
        preprocessing
            .normalize(&[0; 100], &mut [0.0; 100])
            .unwrap_err(),
        preprocessing
            .normalize(&[0; 48 * 48], &mut [0.0; 5])
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let with = |normalization| Preprocessing {
        normalization,
        ..Preprocessing::default()
    };
    for preprocessing in [
        Preprocessing {
            input_size: 0,
            ..Preprocessing::default()
        },
        Preprocessing {
            input_size: 100_000,
            ..Preprocessing::default()
        },
        with(Normalization::PerImage { min_std: 0.0 }),
        with(Normalization::PerImage { min_std: f32::NAN }),
        with(Normalization::Fixed {
            mean: f32::NAN,
            std: 1.0,
        }),
        with(Normalization::Fixed {
            mean: 0.0,
            std: -1.0,
        }),
    ] {
        assert_eq!(
            preprocessing.validate().unwrap_err().kind(),
            ErrorKind::InvalidConfig
        );
    }
    Preprocessing::default().validate().unwrap();
}
