//! The chat template: how a conversation becomes the one text a model was trained on.
//!
//! Templates are Jinja programs that come with a model, so they are hostile input: a fuel limit
//! and a recursion limit bound them, and they can reach nothing outside their arguments.

use domain::sample::Message;
use minijinja::{Environment, Error, ErrorKind, Value, context};

/// ChatML, used for models that bring no template of their own.
pub const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// Steps a template may take for one rendering: thousands of turns' worth.
const FUEL: u64 = 2_000_000;
/// Longest template source accepted.
const MAX_SOURCE_BYTES: usize = 1 << 20;
const NAME: &str = "chat";

/// A compiled chat template with the special tokens it may write.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    bos_token: String,
    eos_token: String,
}

/// Why a conversation could not be rendered, or a template not compiled.
#[derive(Debug, thiserror::Error)]
#[error("the chat template cannot be used: {0}")]
pub struct TemplateError(String);

impl ChatTemplate {
    /// Compiles the model's template, or ChatML when it has none.
    pub fn new(source: Option<&str>, bos_token: &str, eos_token: &str) -> Result<Self, TemplateError> {
        if source.is_some_and(|s| s.len() > MAX_SOURCE_BYTES) {
            return Err(TemplateError("it is longer than 1 MiB".to_owned()));
        }
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(64);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", |format: String| release_date(&format));
        environment
            .add_template_owned(NAME, source.unwrap_or(CHATML).to_owned())
            .map_err(|e| TemplateError(describe(&e)))?;
        Ok(Self { environment, bos_token: bos_token.to_owned(), eos_token: eos_token.to_owned() })
    }

    /// The text of a conversation. With `add_generation_prompt` it ends where the assistant's next
    /// answer begins. Special tokens are written out, so it is to be encoded without adding any.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String, TemplateError> {
        let template = self.environment.get_template(NAME).map_err(|e| TemplateError(describe(&e)))?;
        template
            .render(context! {
                messages => messages,
                add_generation_prompt => add_generation_prompt,
                bos_token => self.bos_token,
                eos_token => self.eos_token,
                tools => Value::from(()),
                documents => Value::from(()),
            })
            .map_err(|e| TemplateError(describe(&e)))
    }
}

/// The error with its place in the template, on one short line.
fn describe(error: &Error) -> String {
    let detail: String = error.detail().unwrap_or("").chars().take(300).collect();
    let place = error.line().map(|l| format!(" (line {l})")).unwrap_or_default();
    if detail.is_empty() { format!("{}{place}", error.kind()) } else { format!("{detail}{place}") }
}

/// What templates get as today's date. It never moves: the same sample must give the same tokens
/// on every day, and 26 July 2024 is what Llama 3's own template falls back to.
fn release_date(format: &str) -> String {
    let mut out = String::new();
    let mut letters = format.chars();
    while let Some(c) = letters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        out.push_str(match letters.next() {
            Some('Y') => "2024",
            Some('y') => "24",
            Some('m') => "07",
            Some('d') => "26",
            Some('b') => "Jul",
            Some('B') => "July",
            Some('a') => "Fri",
            Some('A') => "Friday",
            Some('H' | 'M' | 'S') => "00",
            Some('%') => "%",
            _ => "",
        });
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::sample::Speaker;

    fn chat() -> Vec<Message> {
        vec![Message::new(Speaker::User, "hi"), Message::new(Speaker::Assistant, "{{ hello }}")]
    }

    #[test]
    fn default_is_chatml() {
        let t = ChatTemplate::new(None, "", "").unwrap();
        assert_eq!(t.render(&chat()[..1], true).unwrap(), "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
        assert!(t.render(&chat(), false).unwrap().contains("{{ hello }}<|im_end|>"), "content is data, not template");
    }

    #[test]
    fn python_methods_and_block_trimming_work() {
        let source = "{%- for m in messages %}\n    {%- if m['role'] == 'user' %}\n{{ bos_token + m.content.strip().upper() }}\n    {% endif %}\n{%- endfor %}";
        let t = ChatTemplate::new(Some(source), "<s>", "</s>").unwrap();
        assert_eq!(t.render(&chat(), false).unwrap(), "<s>HI\n");
    }

    #[test]
    fn a_template_can_refuse() {
        let t = ChatTemplate::new(Some("{{ raise_exception('no system role') }}"), "", "").unwrap();
        assert!(t.render(&chat(), false).unwrap_err().to_string().contains("no system role"));
    }

    #[test]
    fn endless_templates_are_stopped() {
        let loops = "{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}";
        let recursion = "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}";
        for source in [loops, recursion] {
            assert!(ChatTemplate::new(Some(source), "", "").unwrap().render(&chat(), false).is_err());
        }
        assert!(ChatTemplate::new(Some("{% for %}"), "", "").is_err());
    }

    #[test]
    fn dates_are_fixed() {
        let t = ChatTemplate::new(Some("{{ strftime_now('%d %b %Y') }}"), "", "").unwrap();
        assert_eq!(t.render(&[], false).unwrap(), "26 Jul 2024");
    }
}
