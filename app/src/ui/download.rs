//! A CSV download with the choice of what happens to cells that a spreadsheet would run as formulas.

use crate::text::lang;
use leptos::prelude::*;

crate::texts! {
    neutralise = "Safe for spreadsheets", "电子表格安全";
    neutralise_help = "Puts a ' before cells that begin with =, +, - or @, which a spreadsheet would run as formulas. Switch it off to get the data unchanged.",
        "在以 =、+、- 或 @ 开头的单元格前加 '，防止电子表格将其作为公式执行。如需原样数据，请取消勾选。";
}

/// A button for the CSV file at `action`. Cells are made harmless unless the person objects.
#[component]
pub fn CsvDownload(#[prop(into)] action: String, label: &'static str) -> impl IntoView {
    let l = lang();
    // A page may have several downloads.
    let help = format!("neutralise-help{}", action.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    view! {
        <form class="actions" method="get" action=action>
            <input type="hidden" name="format" value="csv"/>
            <button class="button button-small" type="submit">{label}</button>
            <label class="check">
                <input type="checkbox" name="neutralise_formulas" value="true" checked aria-describedby=help.clone()/>
                <span>{neutralise(l)}</span>
            </label>
            <span class="help" id=help>{neutralise_help(l)}</span>
        </form>
    }
}
