//! Which character encoding a file has, and reading it as UTF-8.
//!
//! A file that is UTF-8 passes through unchanged, invalid bytes included: the row readers
//! report them by line. In other encodings an invalid byte becomes U+FFFD, and
//! [`TextReader::has_replacements`] tells.

use crate::HEAD_BYTES;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, CoderResult, Decoder, EUC_JP, EUC_KR, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE,
    WINDOWS_1251, WINDOWS_1252,
};
use std::io::{self, Cursor, Read, Seek, SeekFrom};

pub use encoding_rs::Encoding;

/// Encodings a person can choose from when the guess is wrong. Latin-1 is read as
/// Windows-1252, as the WHATWG Encoding Standard does.
pub const CHOICES: [&Encoding; 11] =
    [UTF_8, GB18030, BIG5, UTF_16LE, UTF_16BE, WINDOWS_1252, SHIFT_JIS, EUC_JP, ISO_2022_JP, EUC_KR, WINDOWS_1251];

/// The encoding with this name or alias (`gbk`, `latin1`, `utf-16le` …).
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes()).map(widest)
}

/// Guesses the encoding from a file's first bytes (64 KiB are enough): byte order mark, then
/// UTF-8, then UTF-16 by its zero bytes, then statistics of letters.
#[must_use]
pub fn detect(head: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    if let Some(encoding) = utf16_by_zero_bytes(head) {
        return encoding;
    }
    if is_iso_2022_jp(head) {
        return ISO_2022_JP;
    }
    if looks_like_utf8(head) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(head, head.len() < HEAD_BYTES);
    let guess = widest(detector.guess(None, Utf8Detection::Deny));
    if guess == EUC_KR && is_chinese_rather(head) { GB18030 } else { guess }
}

/// Whether what was taken for Korean is mostly Chinese characters, with which no Korean is written today, and is valid
/// GB18030: of few lines the statistics of letters take one for the other.
fn is_chinese_rather(head: &[u8]) -> bool {
    let korean = EUC_KR.decode_without_bom_handling(head).0;
    let count = |range: std::ops::RangeInclusive<char>| korean.chars().filter(|c| range.contains(c)).count();
    let (hangul, hanja) = (count('\u{ac00}'..='\u{d7a3}'), count('\u{4e00}'..='\u{9fff}'));
    hanja * 4 > hangul && !GB18030.decode_without_bom_handling(whole_lines(head)).1
}

/// Samples taken of a file whose beginning is plain ASCII.
const SAMPLES: u64 = 16;

/// Guesses the encoding of a whole file. Where the beginning is plain ASCII, which nearly every
/// encoding shares, the first other letters may stand anywhere: samples up to the end are looked
/// at. The file is left at its beginning.
pub fn detect_file(file: &mut (impl Read + Seek)) -> io::Result<&'static Encoding> {
    let size = file.seek(SeekFrom::End(0))?;
    let head = read_at(file, 0)?;
    let mut found = detect(&head);
    if found == UTF_8 && head.is_ascii() && size > HEAD_BYTES as u64 {
        let mut letters = Vec::new();
        for i in 1..=SAMPLES {
            let sample = read_at(file, size.saturating_sub(HEAD_BYTES as u64) / SAMPLES * i)?;
            letters.extend_from_slice(whole_lines(&sample));
        }
        found = detect(&letters);
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(found)
}

fn read_at(file: &mut (impl Read + Seek), at: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What lies between the first and the last line feed, so that no character is cut in two.
fn whole_lines(sample: &[u8]) -> &[u8] {
    let start = sample.iter().position(|b| *b == b'\n');
    let end = sample.iter().rposition(|b| *b == b'\n');
    start.zip(end).map_or(sample, |(start, end)| &sample[start..=end])
}

/// Text of ASCII bytes alone that switches into a Japanese character set.
fn is_iso_2022_jp(head: &[u8]) -> bool {
    head.is_ascii() && [&b"\x1b$B"[..], b"\x1b$@"].iter().any(|escape| head.windows(3).any(|w| w == *escape))
}

/// GB18030 reads everything GBK does and more.
fn widest(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == GBK { GB18030 } else { encoding }
}

/// UTF-16 of text with some ASCII in it (JSON and CSV have) has zero in one of two bytes.
fn utf16_by_zero_bytes(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = head.len() / 20;
    if odd > enough && odd > 10 * even {
        Some(UTF_16LE)
    } else if even > enough && even > 10 * odd {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Valid UTF-8, or UTF-8 with a few broken places: ten valid multi-byte characters for each
/// invalid stretch do not come about by chance in another encoding.
fn looks_like_utf8(head: &[u8]) -> bool {
    let (mut multibyte, mut invalid) = (0usize, 0usize);
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        multibyte += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        // The last character may be cut in two by the end of the head.
        let is_cut = chunks.peek().is_none() && chunk.invalid().len() < 4 && head.len() >= HEAD_BYTES;
        invalid += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    invalid == 0 || multibyte >= 10 * invalid
}

/// Reads a file of any encoding as UTF-8, without its byte order mark.
pub struct TextReader<R> {
    source: io::Chain<Cursor<Vec<u8>>, R>,
    encoding: &'static Encoding,
    /// `None` for UTF-8, which is not touched.
    transcoder: Option<Transcoder>,
}

impl<R: Read> TextReader<R> {
    /// Reads the file's head and guesses the encoding, unless one is given. A byte order mark
    /// is removed in either case. Fails when `source` cannot be read.
    pub fn new(mut source: R, encoding: Option<&'static Encoding>) -> io::Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let encoding = encoding.unwrap_or_else(|| detect(&head));
        if let Some((marked, length)) = Encoding::for_bom(&head)
            && marked == encoding
        {
            head.drain(..length);
        }
        let transcoder = (encoding != UTF_8).then(|| Transcoder::new(encoding));
        Ok(Self { source: Cursor::new(head).chain(source), encoding, transcoder })
    }

    /// The encoding the file is read in.
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// Whether bytes that are invalid in the encoding were replaced so far. Never true of
    /// UTF-8.
    #[must_use]
    pub fn has_replacements(&self) -> bool {
        self.transcoder.as_ref().is_some_and(|t| t.has_replacements)
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.transcoder {
            None => self.source.read(buffer),
            Some(transcoder) => transcoder.read(&mut self.source, buffer),
        }
    }
}

/// Bytes of `input[input_at..]` still to decode and of `output[output_at..]` still to hand out.
struct Transcoder {
    decoder: Decoder,
    input: Vec<u8>,
    input_at: usize,
    input_ended: bool,
    output: Vec<u8>,
    output_at: usize,
    finished: bool,
    has_replacements: bool,
}

impl Transcoder {
    fn new(encoding: &'static Encoding) -> Self {
        Self {
            decoder: encoding.new_decoder_without_bom_handling(),
            input: Vec::new(),
            input_at: 0,
            input_ended: false,
            output: Vec::new(),
            output_at: 0,
            finished: false,
            has_replacements: false,
        }
    }

    fn read(&mut self, source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        while self.output_at == self.output.len() && !self.finished {
            self.refill(source)?;
        }
        let n = (self.output.len() - self.output_at).min(buffer.len());
        buffer[..n].copy_from_slice(&self.output[self.output_at..self.output_at + n]);
        self.output_at += n;
        Ok(n)
    }

    fn refill(&mut self, source: &mut impl Read) -> io::Result<()> {
        if self.input_at == self.input.len() && !self.input_ended {
            self.input.resize(HEAD_BYTES, 0);
            let n = source.read(&mut self.input)?;
            self.input.truncate(n);
            self.input_at = 0;
            self.input_ended = n == 0;
        }
        self.output.resize(HEAD_BYTES, 0);
        let (result, read, written, replaced) =
            self.decoder.decode_to_utf8(&self.input[self.input_at..], &mut self.output, self.input_ended);
        self.input_at += read;
        self.output.truncate(written);
        self.output_at = 0;
        self.has_replacements |= replaced;
        self.finished = self.input_ended && result == CoderResult::InputEmpty;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    const CHINESE: &str = "{\"text\": \"看过嘟嘟和巴豆后，就觉得这本书买怨了。\", \"label\": \"差评\"}\n{\"text\": \"房间视个人喜好而定\"}\n";
    const TRADITIONAL: &str =
        "文本,標籤\n這家飯店的服務非常好，下次還會再來,好評\n房間太小了，隔音也很差，不會再來,差評\n";

    fn read(bytes: &[u8], encoding: Option<&'static Encoding>) -> (&'static Encoding, String) {
        let mut reader = TextReader::new(bytes, encoding).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        (reader.encoding(), text)
    }

    fn utf16(text: &str, big_endian: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big_endian { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn detects_and_reads_each_encoding() {
        let (gb, _, _) = GB18030.encode(CHINESE);
        assert_eq!(read(&gb, None), (GB18030, CHINESE.to_owned()));
        let (big5, _, _) = BIG5.encode(TRADITIONAL);
        assert_eq!(read(&big5, None), (BIG5, TRADITIONAL.to_owned()));
        let french = "texte;étiquette\nÇa a été très agréable, même à Noël;positif\n";
        let (latin1, _, _) = WINDOWS_1252.encode(french);
        assert_eq!(read(&latin1, None), (WINDOWS_1252, french.to_owned()));
        assert_eq!(read(CHINESE.as_bytes(), None), (UTF_8, CHINESE.to_owned()));
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        for mark in [true, false] {
            assert_eq!(read(&utf16(CHINESE, false, mark), None), (UTF_16LE, CHINESE.to_owned()));
            assert_eq!(read(&utf16(CHINESE, true, mark), None), (UTF_16BE, CHINESE.to_owned()));
        }
    }

    #[test]
    fn a_utf8_mark_is_removed() {
        assert_eq!(read(b"\xef\xbb\xbfa,b\n", None), (UTF_8, "a,b\n".to_owned()));
    }

    /// Two lines of each language are told apart: the least that a person may send.
    #[test]
    fn short_files_are_recognised() {
        let simplified = [
            "文本,标签\n质量很好,好评\n太差了,差评\n",
            "问题,答案\n中国的首都是哪里？,北京\n水的化学式是什么？,水由氢和氧组成\n",
            "{\"instruction\": \"将下面的句子翻译成英文\", \"output\": \"The weather is nice today\"}\n",
        ];
        for text in simplified {
            assert_eq!(detect(&GB18030.encode(text).0), GB18030, "{text}");
        }
        for text in [TRADITIONAL, "問題,答案\n台灣的首都是哪裡？,臺北\n水的化學式是什麼？,水由氫和氧組成\n"]
        {
            assert_eq!(detect(&BIG5.encode(text).0), BIG5, "{text}");
        }
        let korean = "질문,답\n대한민국의 수도는 어디입니까?,서울입니다\n물의 화학식은 무엇입니까?,물은 수소와 산소\n";
        assert_eq!(detect(&EUC_KR.encode(korean).0), EUC_KR);
        let german = "Text;Urteil\nSchöne Grüße aus München, es war großartig!;gut\nÜbel;schlecht\n";
        assert_eq!(detect(&WINDOWS_1252.encode(german).0), WINDOWS_1252);
        for text in [simplified[0], german] {
            assert_eq!(detect(&utf16(text, false, false)), UTF_16LE, "{text}");
            assert_eq!(detect(&utf16(text, true, true)), UTF_16BE, "{text}");
        }
    }

    #[test]
    fn a_few_broken_bytes_do_not_hide_utf8() {
        let mut bytes = CHINESE.as_bytes().to_vec();
        bytes.push(0xff);
        assert_eq!(detect(&bytes), UTF_8);
    }

    #[test]
    fn a_character_cut_by_the_head_is_no_error() {
        let text = "中".repeat(HEAD_BYTES);
        assert_eq!(detect(&text.as_bytes()[..HEAD_BYTES]), UTF_8);
        let (gb, _, _) = GB18030.encode(&text);
        assert_eq!(read(&gb, Some(GB18030)).1, text);
    }

    #[test]
    fn japanese_in_seven_bits_is_recognised() {
        let text = b"text,label\n\x1b$B$3$N%[%F%k\x1b(B,good\n";
        assert_eq!(read(text, None), (ISO_2022_JP, "text,label\nこのホテル,good\n".to_owned()));
    }

    #[test]
    fn letters_far_behind_the_head_decide() {
        let ascii = "plain ascii text here,good\n".repeat(4000);
        for (tail, expected) in [("中文内容在后面,好评\n", GB18030), ("café très,bon\n", WINDOWS_1252)] {
            let mut file = ascii.clone().into_bytes();
            file.extend_from_slice(&expected.encode(&tail.repeat(50)).0);
            assert_eq!(detect_file(&mut Cursor::new(&file)).unwrap(), expected);
        }
        assert_eq!(detect_file(&mut Cursor::new(ascii + "中文\n")).unwrap(), UTF_8);
    }

    #[test]
    fn a_chosen_encoding_wins_and_replacements_are_told() {
        let mut reader = TextReader::new(&b"abc\xff\xff"[..], by_name("gbk")).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("abc\u{fffd}") && reader.has_replacements());
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_utf8_in_any_encoding(bytes in prop::collection::vec(any::<u8>(), 0..2000), i in 1..CHOICES.len()) {
            read(&bytes, Some(CHOICES[i]));
            prop_assert!(!detect(&bytes).name().is_empty());
        }
    }
}
