//! The tokens of a source file, as far as the shape of its items goes.
//!
//! A macro gets only its own item. `proc_macro` could read a file into tokens, but those do not outlive the call, and each costs a
//! call of the compiler to learn its place. A file with many aggregates would be read once for each of them. These tokens are plain
//! values, read once.

/// A line and a column, each counted from 1 as the compiler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A token. Comments, lifetimes and the content of literals are left out.
#[derive(Debug)]
pub(crate) enum Token {
    Word(String),
    Sign(char),
    Literal,
    Group(Group),
}

/// What stands in brackets.
#[derive(Debug)]
pub(crate) struct Group {
    /// The opening bracket.
    pub(crate) open: char,
    pub(crate) start: Place,
    pub(crate) end: Place,
    pub(crate) tokens: Vec<Token>,
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn is_group(&self) -> bool {
        matches!(self, Self::Group(_))
    }

    pub(crate) fn is(&self, sign: char) -> bool {
        matches!(self, Self::Sign(found) if *found == sign)
    }

    /// The group, if it opens with this bracket.
    pub(crate) fn group(&self, open: char) -> Option<&Group> {
        match self {
            Self::Group(group) if group.open == open => Some(group),
            _ => None,
        }
    }
}

/// Whether a word stands among the tokens, or in their brackets.
pub(super) fn mentions(tokens: &[Token], word: &str) -> bool {
    tokens.iter().any(|token| match token {
        Token::Word(found) => found == word,
        Token::Group(group) => mentions(&group.tokens, word),
        _ => false,
    })
}

/// The tokens of a file; `None` if its brackets do not match.
pub(crate) fn read(text: &str) -> Option<Vec<Token>> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        place: Place { line: 1, column: 1 },
    };
    if text.starts_with("#!/") {
        reader.skip_while(|letter| letter != '\n');
    }
    let (mut open, mut tokens) = (Vec::new(), Vec::new());
    while let Some(letter) = reader.peek(0) {
        let place = reader.place;
        match letter {
            '(' | '[' | '{' => {
                open.push((letter, place, tokens));
                tokens = Vec::new();
                reader.skip(1);
            }
            ')' | ']' | '}' => {
                let (opening, start, outside) = open.pop()?;
                let group = Group {
                    open: opening,
                    start,
                    end: place,
                    tokens,
                };
                tokens = outside;
                tokens.push(Token::Group(group));
                reader.skip(1);
            }
            _ => tokens.extend(reader.token(letter)),
        }
    }
    open.is_empty().then_some(tokens)
}

struct Reader {
    text: Vec<char>,
    at: usize,
    place: Place,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            match self.peek(0) {
                Some('\n') => {
                    self.place.line += 1;
                    self.place.column = 1;
                }
                Some(_) => self.place.column += 1,
                None => return,
            }
            self.at += 1;
        }
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&keep) {
            self.skip(1);
        }
    }

    /// The token that begins with `letter`, which is no bracket; `None` for a space, a comment or a lifetime.
    fn token(&mut self, letter: char) -> Option<Token> {
        match (letter, self.peek(1)) {
            ('/', Some('/')) => self.skip_while(|letter| letter != '\n'),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => return Some(self.quoted('"')),
            ('\'', Some('\\')) => return Some(self.quoted('\'')),
            ('\'', Some(_)) if self.peek(2) == Some('\'') => {
                self.skip(3);
                return Some(Token::Literal);
            }
            ('\'', _) => {
                self.skip(1);
                self.skip_while(is_of_word);
            }
            _ if letter.is_whitespace() => self.skip(1),
            _ if is_of_word(letter) => return Some(self.word()),
            _ => {
                self.skip(1);
                return Some(Token::Sign(letter));
            }
        }
        None
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    /// Text or a character, in which a backslash protects the letter behind it.
    fn quoted(&mut self, end: char) -> Token {
        self.skip(1);
        while let Some(letter) = self.peek(0) {
            self.skip(if letter == '\\' { 2 } else { 1 });
            if letter == end {
                break;
            }
        }
        Token::Literal
    }

    /// A word or a number, or the literal that begins with one, such as `r#"…"#`.
    fn word(&mut self) -> Token {
        let start = self.at;
        self.skip_while(is_of_word);
        let word: String = self.text[start..self.at].iter().collect();
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == Some('#'));
        match (word.as_str(), hashes.count()) {
            ("b" | "c", 0) if self.peek(0) == Some('"') => self.quoted('"'),
            ("b", 0) if self.peek(0) == Some('\'') => self.quoted('\''),
            ("r" | "br" | "cr", hashes) if self.peek(hashes) == Some('"') => {
                self.skip(hashes + 1);
                let is_end =
                    |reader: &Self| (1..=hashes).all(|ahead| reader.peek(ahead) == Some('#'));
                while let Some(letter) = self.peek(0) {
                    if letter == '"' && is_end(self) {
                        self.skip(hashes + 1);
                        break;
                    }
                    self.skip(1);
                }
                Token::Literal
            }
            ("r", 1) => {
                self.skip(1);
                self.word()
            }
            _ if word.starts_with(|letter: char| letter.is_ascii_digit()) => Token::Literal,
            _ => Token::Word(word),
        }
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::{Token, read};

    /// The words outside and inside brackets, in their order.
    fn words(tokens: &[Token]) -> Vec<String> {
        let inside = |token: &Token| match token {
            Token::Word(word) => vec![word.clone()],
            Token::Group(group) => words(&group.tokens),
            _ => Vec::new(),
        };
        tokens.iter().flat_map(inside).collect()
    }

    #[test]
    fn literals_comments_and_lifetimes_hide_no_bracket() {
        let text = r####"
            // a {
            /* b { /* c } */ ( */
            fn r#type<'a>(x: &'a str) { "d { \" }"; r#"e " ) "#; br"f \"; b'}'; '{'; '\''; '\u{7d}'; 1.5e3; 'g: loop {} }
        "####;
        let words = words(&read(text).unwrap());
        assert_eq!(words, ["fn", "type", "x", "str", "loop"]);
    }

    #[test]
    fn brackets_that_do_not_match_are_no_tokens() {
        assert!(read("fn f() { (").is_none());
        assert!(read("}").is_none());
    }

    #[test]
    fn groups_know_their_place() {
        let tokens = read("mod é {\n  ()\n}").unwrap();
        let Some(Token::Group(group)) = tokens.last() else {
            panic!("no group");
        };
        let inner = group.tokens[0].group('(').unwrap();
        let places = [group.start, inner.start, inner.end, group.end];
        let places = places.map(|place| (place.line, place.column));
        assert_eq!(places, [(1, 7), (2, 3), (2, 4), (3, 1)]);
    }
}
