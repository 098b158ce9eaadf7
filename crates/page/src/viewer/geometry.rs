//! The place of the picture on the stage: fitting, zooming, panning and their limits.

/// Zooming by buttons and keys multiplies the scale by this, or divides by it.
pub(super) const STEP: f64 = 1.5;

/// No sample of a plate is drawn larger than this, in pixels of the screen.
const LARGEST_SAMPLE: f64 = 32.0;

/// A width and a height, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A rectangle, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A point of the stage, in pixels of the screen.
pub(super) type Point = (f64, f64);

/// The scale and place of a picture on the stage.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct View {
    /// Pixels of the screen for one of the picture.
    pub(super) scale: f64,
    /// The picture's left edge on the stage, in pixels of the screen.
    pub(super) left: f64,
    /// The picture's top edge on the stage, in pixels of the screen.
    pub(super) top: f64,
}

/// A picture and the stage it is shown on, which together decide the possible views.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Setting {
    /// The stage, in pixels of the screen.
    pub(super) stage: Size,
    /// The picture, in pixels of the plates.
    pub(super) picture: Size,
    /// Pixels of the field for one of the plates: over 1 where the plates are smaller than the field.
    pub(super) reduction: f64,
}

impl Setting {
    /// The view of the whole picture, as large as the stage allows.
    pub(super) fn fitted(&self) -> View {
        let scale =
            (self.stage.width / self.picture.width).min(self.stage.height / self.picture.height);
        self.settled(View {
            scale,
            left: 0.0,
            top: 0.0,
        })
    }

    /// The view at a scale that keeps what is seen at `at` there.
    pub(super) fn scaled(&self, view: View, scale: f64, at: Point) -> View {
        let (smallest, largest) = self.limits();
        let scale = within(scale, smallest, largest);
        let factor = scale / view.scale;
        self.settled(View {
            scale,
            left: at.0 - (at.0 - view.left) * factor,
            top: at.1 - (at.1 - view.top) * factor,
        })
    }

    /// The view moved by this much.
    pub(super) fn panned(&self, view: View, by: Point) -> View {
        self.settled(View {
            scale: view.scale,
            left: view.left + by.0,
            top: view.top + by.1,
        })
    }

    /// The view that shows the same middle on this stage as `view` did on a former one.
    pub(super) fn moved(&self, view: View, former: Size) -> View {
        let by = (
            (self.stage.width - former.width) / 2.0,
            (self.stage.height - former.height) / 2.0,
        );
        let moved = self.panned(view, by);
        self.scaled(moved, view.scale, self.middle())
    }

    /// The view of another picture on the same stage that shows the same part of it.
    pub(super) fn likewise(&self, view: View, other: &Self) -> View {
        let (stage, picture) = (self.stage, self.picture);
        let scale = view.scale * other.fitted().scale / self.fitted().scale;
        // The place of the stage's middle in the picture, as a share of its side.
        let start = |stage: f64, start: f64, picture: f64, other: f64| {
            let share = (stage / 2.0 - start) / (view.scale * picture);
            stage / 2.0 - share * other * scale
        };
        View {
            scale,
            left: start(stage.width, view.left, picture.width, other.picture.width),
            top: start(stage.height, view.top, picture.height, other.picture.height),
        }
    }

    /// The stage's middle.
    pub(super) fn middle(&self) -> Point {
        (self.stage.width / 2.0, self.stage.height / 2.0)
    }

    /// The scale at which a pixel of the field is one of the screen.
    pub(super) fn actual(&self) -> f64 {
        self.reduction
    }

    /// A scale as people read it: 100 where a pixel of the field is one of the screen.
    pub(super) fn percent(&self, view: View) -> f64 {
        view.scale / self.reduction * 100.0
    }

    /// The lower right corner of what is seen of the picture on a canvas, in pixels of it.
    pub(super) fn corner(&self, canvas: Size, view: View) -> Point {
        let right = view.left + self.picture.width * view.scale;
        let bottom = view.top + self.picture.height * view.scale;
        (right.min(canvas.width), bottom.min(canvas.height))
    }

    /// The part of the picture that the stage shows, out to whole pixels of the picture.
    pub(super) fn visible(&self, view: View) -> Area {
        let span = |start: f64, stage: f64, picture: f64| {
            let first = (-start / view.scale).max(0.0).floor();
            let last = ((stage - start) / view.scale).min(picture).ceil();
            (first, last - first)
        };
        let (left, width) = span(view.left, self.stage.width, self.picture.width);
        let (top, height) = span(view.top, self.stage.height, self.picture.height);
        Area {
            left,
            top,
            width,
            height,
        }
    }

    /// The smallest and the largest scale: both the whole picture and its single pixels can be seen.
    fn limits(&self) -> (f64, f64) {
        let fit = self.fitted().scale;
        (fit.min(self.actual()), fit.max(LARGEST_SAMPLE))
    }

    /// The nearest view that loses no part of the stage: a picture smaller than the stage lies in its
    /// middle, and a larger one leaves no gap at any edge.
    fn settled(&self, view: View) -> View {
        let place = |start: f64, stage: f64, picture: f64| {
            let room = stage - picture * view.scale;
            if room >= 0.0 {
                room / 2.0
            } else {
                within(start, room, 0.0)
            }
        };
        View {
            scale: view.scale,
            left: place(view.left, self.stage.width, self.picture.width),
            top: place(view.top, self.stage.height, self.picture.height),
        }
    }
}

/// `clamp` without its panic, whose message brings the formatting of all floats into the program.
fn within(value: f64, least: f64, most: f64) -> f64 {
    value.max(least).min(most)
}

/// The largest square in the middle of a picture: all that the network sees of it.
pub(super) fn central_square(picture: Size) -> Area {
    let side = picture.width.min(picture.height);
    Area {
        left: (picture.width - side) / 2.0,
        top: (picture.height - side) / 2.0,
        width: side,
        height: side,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: f64, height: f64) -> Size {
        Size { width, height }
    }

    fn setting() -> Setting {
        Setting {
            stage: size(600.0, 400.0),
            picture: size(200.0, 100.0),
            reduction: 1.0,
        }
    }

    /// The point of the picture at a point of the stage.
    fn seen(view: View, at: Point) -> Point {
        (
            (at.0 - view.left) / view.scale,
            (at.1 - view.top) / view.scale,
        )
    }

    #[test]
    fn a_fitted_picture_fills_one_side_and_lies_in_the_middle_of_the_other() {
        let fitted = setting().fitted();
        let expected = View {
            scale: 3.0,
            left: 0.0,
            top: 50.0,
        };
        assert_eq!(fitted, expected);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let setting = setting();
        let near = setting.scaled(setting.fitted(), 8.0, (300.0, 200.0));
        let at = (350.0, 180.0);
        let nearer = setting.scaled(near, 16.0, at);
        let (before, after) = (seen(near, at), seen(nearer, at));
        assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9);
    }

    #[test]
    fn scales_stay_between_the_whole_picture_and_single_pixels() {
        let setting = setting();
        let out = setting.scaled(setting.fitted(), 1e-6, (0.0, 0.0));
        assert_eq!(out.scale, 1.0);
        assert_eq!((out.left, out.top), (200.0, 150.0));
        let near = setting.scaled(setting.fitted(), 1e6, (0.0, 0.0));
        assert_eq!(near.scale, LARGEST_SAMPLE);
        let large = Setting {
            picture: size(6000.0, 4000.0),
            ..setting
        };
        assert_eq!(
            large.scaled(large.fitted(), 1e-6, (0.0, 0.0)),
            large.fitted()
        );
    }

    #[test]
    fn a_picture_cannot_be_pushed_off_the_stage() {
        let setting = setting();
        let near = setting.scaled(setting.fitted(), 6.0, (300.0, 200.0));
        let pushed = setting.panned(near, (1e9, -1e9));
        assert_eq!((pushed.left, pushed.top), (0.0, 400.0 - 600.0));
        let fitted = setting.fitted();
        assert_eq!(setting.panned(fitted, (40.0, 40.0)), fitted);
    }

    #[test]
    fn another_stage_shows_the_same_middle() {
        let setting = setting();
        let near = setting.scaled(setting.fitted(), 10.0, (250.0, 220.0));
        let narrow = Setting {
            stage: size(300.0, 300.0),
            ..setting
        };
        let moved = narrow.moved(near, setting.stage);
        assert_eq!(seen(near, setting.middle()), seen(moved, narrow.middle()));
    }

    #[test]
    fn a_second_picture_shows_the_same_part() {
        let setting = setting();
        let near = setting.scaled(setting.fitted(), 9.0, (250.0, 220.0));
        let same = setting.likewise(near, &setting);
        let is_near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(is_near(same.left, near.left) && is_near(same.top, near.top));
        // Of twice the size: the middle of the stage is at twice the place, at half the scale.
        let double = Setting {
            picture: size(400.0, 200.0),
            ..setting
        };
        let other = setting.likewise(near, &double);
        assert!(is_near(other.scale, near.scale / 2.0));
        let (here, there) = (seen(near, setting.middle()), seen(other, setting.middle()));
        assert!(is_near(2.0 * here.0, there.0) && is_near(2.0 * here.1, there.1));
    }

    #[test]
    fn a_hundred_percent_is_one_pixel_of_the_field() {
        let reduced = Setting {
            reduction: 2.0,
            ..setting()
        };
        let view = reduced.scaled(reduced.fitted(), reduced.actual(), (0.0, 0.0));
        assert_eq!(view.scale, 2.0);
        assert_eq!(reduced.percent(view), 100.0);
    }

    #[test]
    fn the_visible_part_is_whole_pixels_of_the_picture() {
        let setting = setting();
        let whole = Area {
            left: 0.0,
            top: 0.0,
            width: 200.0,
            height: 100.0,
        };
        assert_eq!(setting.visible(setting.fitted()), whole);
        let view = View {
            scale: 8.0,
            left: -12.0,
            top: -100.0,
        };
        let part = Area {
            left: 1.0,
            top: 12.0,
            width: 76.0 - 1.0 + 1.0,
            height: 63.0 - 12.0,
        };
        // From 1.5 to 76.5 px and from 12.5 to 62.5 px.
        assert_eq!(setting.visible(view), part);
    }

    #[test]
    fn the_network_sees_the_middle_square() {
        let square = central_square(size(200.0, 120.0));
        assert_eq!((square.left, square.top), (40.0, 0.0));
        assert_eq!((square.width, square.height), (120.0, 120.0));
    }
}
