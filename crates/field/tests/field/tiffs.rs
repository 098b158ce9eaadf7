//! TIFF files written tag by tag, for what encoders do not write.

/// The values of a tag.
#[derive(Clone)]
pub(crate) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Text(&'static str),
    Fraction(u32, u32),
    Bytes(Vec<u8>),
}

/// What packs the bytes of a strip or tile of so many px.
pub(crate) type Packer = fn(Vec<u8>, (usize, usize)) -> Vec<u8>;

/// A page: its samples, and how they are stored.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The samples of each plane, row by row.
    pub(crate) planes: Vec<Vec<u16>>,
    pub(crate) bits: usize,
    pub(crate) photometric: u16,
    pub(crate) is_planar: bool,
    /// The width and height of the tiles; none for strips.
    pub(crate) tile: Option<(usize, usize)>,
    pub(crate) strip_rows: usize,
    /// The number of the packing, and its function.
    pub(crate) packing: (u16, Packer),
    pub(crate) is_predicted: bool,
    pub(crate) is_big_endian: bool,
    pub(crate) tags: Vec<(u16, Value)>,
}

/// The number and the function of no packing.
pub(crate) const PLAIN: (u16, Packer) = (1, |bytes, _| bytes);

impl Page {
    /// A page of interleaved 8-bit planes in strips of 24 rows.
    pub(crate) fn eight(width: usize, planes: &[Vec<u8>]) -> Self {
        let planes: Vec<Vec<u16>> = planes
            .iter()
            .map(|plane| plane.iter().copied().map(u16::from).collect())
            .collect();
        Self {
            bits: 8,
            ..Self::sixteen(width, &planes)
        }
    }

    /// The same of 16 bit.
    pub(crate) fn sixteen(width: usize, planes: &[Vec<u16>]) -> Self {
        Self {
            width,
            height: planes[0].len() / width,
            planes: planes.to_vec(),
            bits: 16,
            photometric: if planes.len() == 3 { 2 } else { 1 },
            is_planar: false,
            tile: None,
            strip_rows: 24,
            packing: PLAIN,
            is_predicted: false,
            is_big_endian: false,
            tags: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, tag: u16, value: Value) -> Self {
        self.tags.push((tag, value));
        self
    }

    /// The strips or tiles, those of a plane after those of another where the planes lie apart.
    fn chunks(&self) -> Vec<Vec<u8>> {
        let (width, height) = self.tile.unwrap_or((self.width, self.strip_rows));
        let all: Vec<usize> = (0..self.planes.len()).collect();
        let groups: Vec<&[usize]> = if self.is_planar {
            all.chunks(1).collect()
        } else {
            vec![&all]
        };
        let mut chunks = Vec::new();
        for group in groups {
            for top in (0..self.height).step_by(height) {
                for left in (0..self.width).step_by(width) {
                    // The last strip ends with the image, the last tile does not.
                    let rows = match self.tile {
                        Some(_) => height,
                        None => height.min(self.height - top),
                    };
                    let rows_of_bytes =
                        (top..top + rows).flat_map(|y| self.row(group, left, y, width));
                    chunks.push((self.packing.1)(rows_of_bytes.collect(), (width, rows)));
                }
            }
        }
        chunks
    }

    fn row(&self, group: &[usize], left: usize, y: usize, width: usize) -> Vec<u8> {
        let sample = |x: usize, plane: usize| match x < self.width && y < self.height {
            true => self.planes[plane][y * self.width + x],
            false => 0,
        };
        let mut samples: Vec<u16> = (left..left + width)
            .flat_map(|x| group.iter().map(move |&plane| sample(x, plane)))
            .collect();
        if self.is_predicted {
            for position in (group.len()..samples.len()).rev() {
                samples[position] = samples[position].wrapping_sub(samples[position - group.len()]);
            }
        }
        match self.bits {
            16 => samples
                .iter()
                .flat_map(|&sample| self.short(sample))
                .collect(),
            8 => samples.iter().map(|&sample| sample as u8).collect(),
            bits => {
                let mut row = vec![0; (samples.len() * bits).div_ceil(8)];
                for (position, sample) in samples.iter().enumerate() {
                    for bit in 0..bits {
                        if sample >> (bits - 1 - bit) & 1 == 1 {
                            let place = position * bits + bit;
                            row[place / 8] |= 0x80 >> (place % 8);
                        }
                    }
                }
                row
            }
        }
    }

    fn short(&self, value: u16) -> [u8; 2] {
        match self.is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        match self.is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        }
    }

    /// All tags but those of the places of samples.
    fn all_tags(&self) -> Vec<(u16, Value)> {
        let short = |value: usize| Value::Short(vec![value as u16]);
        let mut tags = vec![
            (256, short(self.width)),
            (257, short(self.height)),
            (258, Value::Short(vec![self.bits as u16; self.planes.len()])),
            (259, Value::Short(vec![self.packing.0])),
            (262, Value::Short(vec![self.photometric])),
            (277, short(self.planes.len())),
            (284, short(if self.is_planar { 2 } else { 1 })),
        ];
        match self.tile {
            Some((width, height)) => tags.extend([(322, short(width)), (323, short(height))]),
            None => tags.push((278, short(self.strip_rows))),
        }
        if self.is_predicted {
            tags.push((317, short(2)));
        }
        // A tag given takes the place of one of these.
        tags.retain(|(tag, _)| self.tags.iter().all(|(given, _)| given != tag));
        tags.extend(self.tags.clone());
        tags
    }

    fn bytes_of(&self, value: &Value) -> (u16, u32, Vec<u8>) {
        match value {
            Value::Short(values) => {
                let bytes = values.iter().flat_map(|&value| self.short(value)).collect();
                (3, values.len() as u32, bytes)
            }
            Value::Long(values) => {
                let bytes = values.iter().flat_map(|&value| self.long(value)).collect();
                (4, values.len() as u32, bytes)
            }
            Value::Text(text) => (2, text.len() as u32 + 1, [text.as_bytes(), b"\0"].concat()),
            Value::Fraction(above, below) => {
                (5, 1, [self.long(*above), self.long(*below)].concat())
            }
            Value::Bytes(bytes) => (7, bytes.len() as u32, bytes.clone()),
        }
    }
}

/// A tag whose value is the position of the last page's directory, which is then no page of its own.
pub(crate) const LAST_PAGE_BELOW: (u16, Value) = (330, Value::Long(Vec::new()));

/// A file of these pages.
pub(crate) fn tiff(pages: &[Page]) -> Vec<u8> {
    let first = &pages[0];
    let mut file = if first.is_big_endian {
        b"MM\0\x2a\0\0\0\0".to_vec()
    } else {
        b"II\x2a\0\0\0\0\0".to_vec()
    };
    // Where the position of the next directory is to be written, and of one below.
    let (mut link, mut below) = (4, None);
    for (number, page) in pages.iter().enumerate() {
        let mut offsets = Vec::new();
        let chunks = page.chunks();
        for chunk in &chunks {
            offsets.push(file.len() as u32);
            file.extend(chunk);
        }
        let counts = chunks.iter().map(|chunk| chunk.len() as u32).collect();
        let (offset_tag, count_tag) = if page.tile.is_some() {
            (324, 325)
        } else {
            (273, 279)
        };
        let mut tags = page.all_tags();
        let is_given = |tag: u16| page.tags.iter().any(|(given, _)| *given == tag);
        if !is_given(offset_tag) {
            tags.push((offset_tag, Value::Long(offsets)));
        }
        if !is_given(count_tag) {
            tags.push((count_tag, Value::Long(counts)));
        }
        tags.sort_by_key(|(tag, _)| *tag);
        let directory = file.len();
        let is_below = number + 1 == pages.len() && below.is_some();
        let place = if is_below {
            below.take().unwrap_or(link)
        } else {
            link
        };
        file[place..place + 4].copy_from_slice(&page.long(directory as u32));
        file.extend(page.short(tags.len() as u16));
        let after = directory + 2 + 12 * tags.len() + 4;
        let mut elsewhere = Vec::new();
        for (tag, value) in &tags {
            let (kind, mut count, bytes) = page.bytes_of(value);
            if *tag == LAST_PAGE_BELOW.0 {
                below = Some(file.len() + 8);
                count = 1;
            }
            file.extend(page.short(*tag));
            file.extend(page.short(kind));
            file.extend(page.long(count));
            if bytes.len() <= 4 {
                file.extend(&bytes);
                file.extend(vec![0; 4 - bytes.len()]);
            } else {
                file.extend(page.long((after + elsewhere.len()) as u32));
                elsewhere.extend(bytes);
            }
        }
        link = file.len();
        file.extend([0; 4]);
        file.extend(elsewhere);
    }
    file
}
