//! The picture itself, without fonts or scripts of its own.

use std::fmt::{self, Write};

use super::axis::{Linear, Logarithmic};
use super::{Curve, Panel, Point};

/// Of one panel, with what is written around its curves.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 480.0;
/// Of the room for curves in it.
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;
const INNER_WIDTH: f64 = 460.0;
const INNER_HEIGHT: f64 = 320.0;
/// By the order of curves: one that prints well, and that colour-blind people tell from the other.
const COLOURS: [&str; 2] = ["#1f5fa8", "#c8601a"];
/// Of p99: p50 has a line without gaps.
const DASHES: &str = "6 4";

/// Which of a point's times, and how its line looks.
#[derive(Clone, Copy)]
enum Percentile {
    Half,
    Most,
}

impl Percentile {
    fn ms(self, point: &Point) -> f64 {
        let time = match self {
            Self::Half => point.p50,
            Self::Most => point.p99,
        };
        time.as_secs_f64() * 1e3
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Half => "p50",
            Self::Most => "p99",
        }
    }

    fn dashes(self) -> String {
        match self {
            Self::Half => String::new(),
            Self::Most => format!(" stroke-dasharray=\"{DASHES}\""),
        }
    }

    const fn fill(self, colour: &str) -> &str {
        match self {
            Self::Half => colour,
            Self::Most => "white",
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Panels side by side.
pub(crate) fn draw(panels: &[Panel]) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let width = WIDTH * f64::from(u32::try_from(panels.len()).unwrap_or(1));
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">"
    )?;
    writeln!(out, "<title>Latency against load</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>")?;
    let mut x = 0.0;
    for panel in panels {
        writeln!(out, "<g transform=\"translate({x} 0)\">")?;
        draw_panel(&mut out, panel)?;
        writeln!(out, "</g>")?;
        x += WIDTH;
    }
    writeln!(out, "</svg>")?;
    Ok(out)
}

fn draw_panel(out: &mut String, panel: &Panel) -> fmt::Result {
    let points = || panel.curves.iter().flat_map(|curve| &curve.points);
    let across = Linear::up_to(panel.curves.iter().map(Curve::most).fold(0.0, f64::max));
    let least = points().map(|point| Percentile::Half.ms(point)).fold(f64::MAX, f64::min);
    let upwards = Logarithmic::between(least, points().map(|point| Percentile::Most.ms(point)).fold(least, f64::max));
    let (x, y) = (
        |value: f64| LEFT + across.share(value) * INNER_WIDTH,
        |value: f64| TOP + (1.0 - upwards.share(value)) * INNER_HEIGHT,
    );
    let (right, bottom, middle) = (LEFT + INNER_WIDTH, TOP + INNER_HEIGHT, LEFT + INNER_WIDTH / 2.0);
    let title = escaped(&panel.title);
    writeln!(out, "<text x=\"{middle}\" y=\"26\" text-anchor=\"middle\" font-size=\"16\">{title}</text>")?;
    for tick in across.ticks() {
        let x = x(tick);
        writeln!(out, "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#e4e4e4\"/>")?;
        writeln!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>", bottom + 18.0)?;
    }
    for tick in upwards.ticks() {
        let y = y(tick);
        writeln!(out, "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#e4e4e4\"/>")?;
        writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>", LEFT - 8.0, y + 4.5)?;
    }
    writeln!(out, "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#333\"/>")?;
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{} a second</text>",
        bottom + 38.0,
        panel.what
    )?;
    let half = TOP + INNER_HEIGHT / 2.0;
    writeln!(
        out,
        "<text transform=\"translate(20 {half}) rotate(-90)\" text-anchor=\"middle\">latency, ms (logarithmic)</text>"
    )?;
    for (at, (curve, colour)) in (0_u32..).zip(panel.curves.iter().zip(COLOURS.into_iter().cycle())) {
        for (kind, row) in [(Percentile::Half, 0.0), (Percentile::Most, 1.0)] {
            let places: Vec<(f64, f64)> =
                curve.points.iter().map(|point| (x(point.per_second), y(kind.ms(point)))).collect();
            draw_line(out, &places, colour, kind)?;
            let at = (LEFT + f64::from(at) * INNER_WIDTH / 2.0, bottom + 62.0 + 20.0 * row);
            draw_line(out, &[(at.0, at.1), (at.0 + 36.0, at.1)], colour, kind)?;
            let who = escaped(&curve.who);
            writeln!(out, "<text x=\"{}\" y=\"{}\">{who}, {}</text>", at.0 + 46.0, at.1 + 4.5, kind.name())?;
        }
        for point in &curve.points {
            let (x, y) = (x(point.per_second) + 7.0, y(Percentile::Half.ms(point)) + 14.0);
            writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"10\" fill=\"{colour}\">{}</text>",
                point.in_flight
            )?;
        }
    }
    writeln!(
        out,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#555\">a number beside a point: requests under way</text>",
        HEIGHT - 8.0
    )
}

fn draw_line(out: &mut String, places: &[(f64, f64)], colour: &str, kind: Percentile) -> fmt::Result {
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{}/>",
        path.join(" "),
        kind.dashes()
    )?;
    for (x, y) in places {
        let fill = kind.fill(colour);
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.5\"/>"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::Rate;

    #[test]
    fn a_picture_names_its_axes_and_curves_and_every_load() {
        let rate = |millis| Rate::of(&mut [Duration::from_millis(millis)], Duration::from_millis(millis));
        let points = [(1, 2), (16, 5)].map(|(in_flight, millis)| Point::new(in_flight, &rate(millis))).to_vec();
        let curves = vec![Curve { who: "a < b".to_owned(), points }];
        let picture = draw(&[Panel { title: "Tokens".to_owned(), what: "tokens", curves }]).unwrap();
        for part in [">Tokens<", "tokens a second", "latency, ms", ">a &lt; b, p99<", ">16<", "</svg>"] {
            assert!(picture.contains(part), "{part}");
        }
    }
}
