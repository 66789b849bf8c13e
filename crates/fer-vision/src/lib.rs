//! fer-vision
