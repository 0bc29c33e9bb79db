//! A number that tells one list of tokens from another.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// FNV-1a over the tokens as they are written, without spaces, comments and spans; never 0. The type's own name counts as `Self`, so
/// that a renamed type has the same number.
pub(crate) fn fingerprint(tokens: TokenStream, own: &Ident) -> u32 {
    let mut hash = Fnv {
        hash: 0x811c_9dc5,
        own,
    };
    hash.tokens(tokens);
    hash.hash.max(1)
}

struct Fnv<'a> {
    hash: u32,
    own: &'a Ident,
}

impl Fnv<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.word(open);
                    self.tokens(group.stream());
                    self.word(close);
                }
                TokenTree::Ident(ident) if ident == *self.own => self.word("Self"),
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Punct(punct) => self.word(punct.as_char().encode_utf8(&mut [0; 4])),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
            }
        }
    }

    /// A word and its end. Invisible delimiters do not count.
    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        for byte in word.bytes().chain([0]) {
            self.hash = (self.hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
}
