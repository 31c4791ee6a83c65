//! A report as one HTML file that needs nothing else: for people who have no account here, and for keeping. Links lead to this
//! server. It has no script.

use super::{document::Document, view};
use leptos::prelude::*;

/// The file. `site` is the address of this server, without a trailing slash.
#[must_use]
pub fn html(site: &str, document: Document) -> String {
    let Document { lang, title, front, sections } = document.reaching(site);
    let sections = sections.into_iter().map(view::section).collect_view();
    let body = view! {
        <main class="report" lang=lang.tag()>
            <h1 dir="auto">{title.clone()}</h1>
            {view::parts(front)}
            {sections}
        </main>
    };
    let head = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{}</title><style>{SHEET}</style></head><body>",
        lang.tag(),
        escape(&title),
    );
    format!("{head}{}</body></html>\n", body.to_html())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The tokens and components that a report uses, from the site's own style sheets.
const SHEET: &str = concat!(
    include_str!("../../../style/tokens.css"),
    include_str!("../../../style/base.css"),
    include_str!("../../../style/card.css"),
    include_str!("../../../style/table.css"),
    include_str!("../../../style/chart.css"),
    include_str!("../../../style/reports.css"),
);

#[cfg(test)]
mod tests {
    use super::{
        super::document::{Cell, Part, Section, Span, Table},
        *,
    };
    use domain::lang::Lang;

    #[test]
    fn links_lead_to_the_server_and_nothing_is_markup() {
        let mut table = Table::new(["A"]);
        table.push([Cell::link("1", "/p/1/runs/2")]);
        let text = vec![Span::plain("</style><script>x</script>"), Span::link("y", "https://example.org/")];
        let parts = vec![Part::Table(table), Part::Paragraph(text)];
        let section = Section { key: 1, heading: "结果".to_owned(), parts };
        let title = "<b>T</b>".to_owned();
        let file =
            html("https://lathe.test", Document { lang: Lang::Zh, title, front: Vec::new(), sections: vec![section] });
        assert!(
            file.contains("href=\"https://lathe.test/p/1/runs/2\"") && file.contains("href=\"https://example.org/\"")
        );
        assert!(!file.contains("<script") && !file.contains("<b>") && !file.contains(" src="), "{file}");
        assert!(file.starts_with("<!DOCTYPE html>\n<html lang=\"zh-CN\">"));
    }
}
