//! What is drawn, before it is known how: shapes with places and inks.

use super::{font, ink::Ink};

/// A picture of shapes, the last on top.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    /// Width and height.
    pub(super) size: [f64; 2],
    /// Its name, for those who do not see it.
    pub(super) title: String,
    pub(super) shapes: Vec<Shape>,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A filled rectangle.
    Rectangle {
        at: [f64; 2],
        size: [f64; 2],
        ink: Ink,
    },
    /// The outline of a rectangle.
    Frame {
        at: [f64; 2],
        size: [f64; 2],
        width: f64,
        ink: Ink,
    },
    /// A line through these points.
    Line {
        points: Vec<[f64; 2]>,
        width: f64,
        dash: Dash,
        ink: Ink,
    },
    /// Rows of filled cells.
    Cells {
        at: [f64; 2],
        cell: [f64; 2],
        columns: usize,
        inks: Vec<Ink>,
    },
    /// Text on a baseline.
    Text {
        at: [f64; 2],
        text: String,
        size: f64,
        anchor: Anchor,
        ink: Ink,
    },
}

/// How a line is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
    Mixed,
}

impl Dash {
    /// Lengths of dashes and gaps in turn; of a solid line none.
    pub(super) const fn lengths(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[6.0, 4.0],
            Self::Dotted => &[2.0, 3.0],
            Self::Mixed => &[8.0, 3.0, 2.0, 3.0],
        }
    }
}

/// Which end of a text is at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Scene {
    pub(super) fn new(title: String, width: f64) -> Self {
        Self {
            size: [width, 0.0],
            title,
            shapes: Vec::new(),
        }
    }

    pub(super) fn rectangle(&mut self, at: [f64; 2], size: [f64; 2], ink: Ink) {
        self.shapes.push(Shape::Rectangle { at, size, ink });
    }

    pub(super) fn line(&mut self, points: Vec<[f64; 2]>, width: f64, dash: Dash, ink: Ink) {
        self.shapes.push(Shape::Line {
            points,
            width,
            dash,
            ink,
        });
    }

    pub(super) fn text(
        &mut self,
        at: [f64; 2],
        size: f64,
        anchor: Anchor,
        ink: Ink,
        text: impl Into<String>,
    ) {
        let text = text.into();
        self.shapes.push(Shape::Text {
            at,
            text,
            size,
            anchor,
            ink,
        });
    }

    /// Lines of text from `at` down, wrapped to a width; returns where the next would stand.
    pub(super) fn paragraph(
        &mut self,
        [x, mut y]: [f64; 2],
        width: f64,
        size: f64,
        ink: Ink,
        text: &str,
    ) -> f64 {
        for line in font::wrapped(text, size, width) {
            self.text([x, y], size, Anchor::Start, ink, line);
            y += (LEADING * size).round();
        }
        y
    }
}

/// From one line of text to the next, in sizes of its letters.
const LEADING: f64 = 1.4;
