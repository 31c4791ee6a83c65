//! A CSV download with the choice of what happens to cells that a spreadsheet would run as formulas.

use crate::text::lang;
use leptos::prelude::*;

crate::texts! {
    keep = "Unchanged, also formulas", "保持原样（包括公式）";
    keep_help = "Without this, a ' stands before cells that begin with =, +, -, @ or a tab, which a spreadsheet would run as formulas.",
        "未勾选时，以 =、+、-、@ 或制表符开头的单元格前会加 '，防止电子表格将其作为公式执行。";
}

/// A button for the CSV file at `action`, of a `version` where it has several. Cells are made harmless unless the person objects.
#[component]
pub fn CsvDownload(
    #[prop(into)] action: String,
    label: &'static str,
    #[prop(optional)] version: Option<u32>,
) -> impl IntoView {
    let l = lang();
    // A page may have several downloads.
    let help = format!("formulas-help{}", action.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let version = version.map(|version| view! { <input type="hidden" name="version" value=version.to_string()/> });
    view! {
        <form class="actions" method="get" action=action>
            <input type="hidden" name="format" value="csv"/>
            {version}
            <button class="button button-small" type="submit">{label}</button>
            <label class="check">
                <input type="checkbox" name="keep_formulas" value="true" aria-describedby=help.clone()/>
                <span>{keep(l)}</span>
            </label>
            <span class="help" id=help>{keep_help(l)}</span>
        </form>
    }
}
